// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ActionView, fill} from "../types/Data.sol";
import {Calldata} from "./Calldata.sol";

/// @notice Recognises Safe's batch contracts and takes their calldata apart, `docs/program.md` §3. Strict: whatever
/// the contract might read differently from this parser is refused.
library MultiSend {
    using Calldata for bytes;

    /// @dev MultiSendCallOnly, the same code at every address.
    bytes32 private constant CALL_ONLY_130 = 0xa9865ac2d9c7a1591619b188c4d88167b50df6cc0c5327fcbd1c8c75f7c066ad;
    bytes32 private constant CALL_ONLY_141 = 0xecd5bd14a08c5d2122379900b2f272bdf107a7e92423c10dd5fe3254386c9939;
    bytes32 private constant CALL_ONLY_150 = 0xcdbdcec38d2f1c7d961b0029ff8416b7e86e9974d6f0e9c9580c7d17fcfb6663;

    /// @dev MultiSend, whose code holds its own address. 1.3.0 has two deployments.
    address private constant AT_130 = 0xA238CBeb142c10Ef7Ad8442C6D1f9E89e07e7761;
    bytes32 private constant CODE_130 = 0x0208282bd262360d0320862c5ac70f375f5ed3b9d89a83a615b4d398415bdc83;
    address private constant AT_130_EIP155 = 0x998739BFdAAdde7C933B942a68053933098f9EDa;
    bytes32 private constant CODE_130_EIP155 = 0x81db0e4afdf5178583537b58c5ad403bd47a4ac7f9bde2442ef3e341d433126a;
    address private constant AT_141 = 0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526;
    bytes32 private constant CODE_141 = 0x0e4f7fc66550a322d1e7688e181b75e217e662a4f3f4d6a29b22bc61217c4b77;
    address private constant AT_150 = 0x218543288004CD07832472D464648173c77D7eB7;
    bytes32 private constant CODE_150 = 0xca1147a12963172a93910c5cb2bfa5ad0e941c7f03fc7eb017dd06a8ea4e5604;

    uint32 private constant MULTI_SEND = 0x8d80ff0a;
    /// @dev Selector, offset and length of `multiSend(bytes)`.
    uint256 private constant PREFIX = 68;
    /// @dev Operation, target, value and length of a transaction.
    uint256 private constant TRANSACTION = 85;
    /// @dev Where those are, after the operation.
    uint256 private constant TARGET = 1;
    uint256 private constant VALUE = 21;
    uint256 private constant LENGTH = 53;

    /// @notice Whether a known batch contract is at the address, whether it may delegatecall, and whether it takes a
    /// target of zero for the account.
    function recognise(address target) internal view returns (bool known, bool delegates, bool zeroIsAccount) {
        bytes32 code = target.codehash;
        zeroIsAccount = code == CALL_ONLY_150 || code == CODE_150;
        delegates = code == CODE_150 && target == AT_150 || code == CODE_141 && target == AT_141 || code == CODE_130
            && target == AT_130 || code == CODE_130_EIP155 && target == AT_130_EIP155;
        known = delegates || code == CALL_ONLY_150 || code == CALL_ONLY_141 || code == CALL_ONLY_130;
    }

    /// @notice Where in calldata the transactions of a batch begin and end: nowhere, both zero, unless the batch is
    /// canonical to the last byte and holds at least one.
    function open(bytes calldata data) internal pure returns (uint256 cursor, uint256 end) {
        // Unchecked: positions in calldata; lengths are compared with what is there before they are used.
        unchecked {
            if (data.length < PREFIX || data.selector() != MULTI_SEND || data.word(4) != 32) return (0, 0);
            uint256 length = data.word(36);
            uint256 rest = data.length - PREFIX;
            if (length > rest || rest - length >= 32 || rest % 32 != 0) return (0, 0);
            if (data.word(PREFIX + length) != 0) return (0, 0);
            assembly ("memory-safe") {
                cursor := add(data.offset, PREFIX)
            }
            end = cursor + length;
            uint256 position = cursor;
            while (position < end) {
                uint256 left = end - position;
                if (left < TRANSACTION) return (0, 0);
                length = _load(position + LENGTH);
                if (length > left - TRANSACTION) return (0, 0);
                position += TRANSACTION + length;
            }
        }
    }

    /// @notice Reads the transaction at `cursor`, which {open} has found to lie inside, and returns where the next is.
    /// @param zero What a target of zero stands for.
    function next(uint256 cursor, address zero, ActionView memory action) internal pure returns (uint256 behind) {
        // Unchecked: positions in calldata.
        unchecked {
            address to = address(uint160(_load(cursor + TARGET) >> 96));
            uint256 length = _load(cursor + LENGTH);
            bytes calldata data;
            assembly ("memory-safe") {
                data.offset := add(cursor, TRANSACTION)
                data.length := length
            }
            fill(action, to == address(0) ? zero : to, _load(cursor + VALUE), data, _load(cursor) >> 248);
            return cursor + TRANSACTION + length;
        }
    }

    function _load(uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(position)
        }
    }
}
