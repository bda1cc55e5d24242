// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ActionView, dataOf} from "../types/Data.sol";
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

    /// @notice Whether a known batch contract is at the address, whether it may delegatecall, and whether it takes a
    /// target of zero for the account.
    function recognise(address target) internal view returns (bool known, bool delegates, bool zeroIsAccount) {
        bytes32 code = target.codehash;
        zeroIsAccount = code == CALL_ONLY_150 || code == CODE_150;
        delegates = code == CODE_150 && target == AT_150 || code == CODE_141 && target == AT_141 || code == CODE_130
            && target == AT_130 || code == CODE_130_EIP155 && target == AT_130_EIP155;
        known = delegates || code == CALL_ONLY_150 || code == CALL_ONLY_141 || code == CALL_ONLY_130;
    }

    /// @notice The transactions of a batch, in order; none at all unless the calldata is canonical to the last byte.
    /// @param zero What a target of zero stands for.
    function unwrap(bytes calldata data, address zero) internal pure returns (ActionView[] memory actions) {
        // Unchecked: {_count} has found every transaction to lie inside the bytes.
        unchecked {
            if (!_canonical(data)) return actions;
            uint256 length = data.word(36);
            bytes calldata packed = data[PREFIX:PREFIX + length];
            uint256 n = _count(packed);
            actions = new ActionView[](n);
            uint256 cursor = 0;
            for (uint256 i = 0; i < n; ++i) {
                uint256 start = cursor;
                cursor = start + TRANSACTION + _dataLength(packed, start);
                address to = address(uint160(packed.word(start + 1) >> 96));
                ActionView memory action = actions[i];
                action.to = to == address(0) ? zero : to;
                action.value = packed.word(start + 21);
                action.data = dataOf(packed[start + TRANSACTION:cursor]);
                action.operation = packed.word(start) >> 248;
            }
        }
    }

    function _canonical(bytes calldata data) private pure returns (bool) {
        // Unchecked: `length` is compared with what is there before it is used.
        unchecked {
            if (data.length < PREFIX || data.selector() != MULTI_SEND || data.word(4) != 32) return false;
            uint256 length = data.word(36);
            uint256 rest = data.length - PREFIX;
            if (length > rest || rest - length >= 32 || rest % 32 != 0) return false;
            return data.word(PREFIX + length) == 0;
        }
    }

    /// @dev 0 unless transactions fill the bytes end to end.
    function _count(bytes calldata packed) private pure returns (uint256 n) {
        // Unchecked: `length` is compared with what is left before it is added.
        unchecked {
            uint256 cursor = 0;
            while (cursor < packed.length) {
                uint256 left = packed.length - cursor;
                if (left < TRANSACTION) return 0;
                uint256 length = _dataLength(packed, cursor);
                if (length > left - TRANSACTION) return 0;
                cursor += TRANSACTION + length;
                ++n;
            }
        }
    }

    function _dataLength(bytes calldata packed, uint256 cursor) private pure returns (uint256) {
        // Unchecked: the cursor is inside calldata.
        unchecked {
            return packed.word(cursor + 53);
        }
    }
}
