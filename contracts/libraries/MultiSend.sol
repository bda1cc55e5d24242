// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ActionView} from "../types/Data.sol";

/// @notice Recognises Safe's batch contracts and takes their calldata apart, `docs/program.md` §3. Strict: whatever
/// the contract might read differently from this parser is refused.
library MultiSend {
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
        bool sound;
        uint256 length;
        assembly ("memory-safe") {
            let offset := data.offset
            length := calldataload(add(offset, 36))
            cursor := add(offset, PREFIX)
            end := add(cursor, length)
            let rest := sub(data.length, PREFIX)
            let padding := sub(rest, length)
            let named := and(eq(shr(224, calldataload(offset)), MULTI_SEND), eq(calldataload(add(offset, 4)), 32))
            // The lengths that were subtracted are none above what they were subtracted from.
            let inside := iszero(or(lt(data.length, PREFIX), gt(length, rest)))
            let exact := iszero(or(gt(padding, 31), and(rest, 31)))
            // Shifted so that only the padding is left; by a whole word where there is none.
            let zeros := iszero(shr(shl(3, sub(32, padding)), calldataload(end)))
            sound := and(and(named, inside), and(exact, zeros))
        }
        if (!sound) return (0, 0);
        // Unchecked: positions in calldata; lengths are compared with what is there before they are used.
        unchecked {
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
        assembly ("memory-safe") {
            let to := shr(96, calldataload(add(cursor, TARGET)))
            if iszero(to) { to := zero }
            let length := calldataload(add(cursor, LENGTH))
            let data := add(cursor, TRANSACTION)
            mstore(action, to)
            mstore(add(action, 0x20), calldataload(add(cursor, VALUE)))
            // As {dataOf}.
            mstore(add(action, 0x40), or(shl(128, data), length))
            mstore(add(action, 0x60), byte(0, calldataload(cursor)))
            behind := add(data, length)
        }
    }

    function _load(uint256 position) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := calldataload(position)
        }
    }
}
