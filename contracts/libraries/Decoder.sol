// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Effect, Kind} from "../types/Evaluation.sol";

/// @notice What calldata does to a declared ERC-20, `docs/program.md` §2.5.
library Decoder {
    bytes4 private constant TRANSFER = 0xa9059cbb;
    bytes4 private constant TRANSFER_FROM = 0x23b872dd;
    bytes4 private constant APPROVE = 0x095ea7b3;
    bytes4 private constant INCREASE_ALLOWANCE = 0x39509351;

    /// @notice Fills kind, recipient and amount from a call of at least 4 bytes to a declared token.
    /// @return canonical Whether a known call is in exact ABI encoding.
    function decode(Effect memory effect, bytes calldata data, address account) internal pure returns (bool canonical) {
        bytes4 selector = bytes4(data);
        if (selector == TRANSFER_FROM) return _transferFrom(effect, data, account);
        if (selector == TRANSFER) {
            effect.kind = Kind.Transfer;
        } else if (selector == APPROVE || selector == INCREASE_ALLOWANCE) {
            effect.kind = Kind.Approve;
        } else {
            effect.kind = Kind.Opaque;
            return true;
        }
        if (data.length != 68 || !isAddress(data, 4)) return false;
        effect.recipient = addressAt(data, 4);
        effect.amount = uint256(bytes32(data[36:68]));
        return true;
    }

    /// @notice Whether the word at `offset` is an address with clean upper bytes. It must lie inside `data`.
    function isAddress(bytes calldata data, uint256 offset) internal pure returns (bool) {
        return uint256(bytes32(data[offset:offset + 32])) >> 160 == 0;
    }

    function addressAt(bytes calldata data, uint256 offset) internal pure returns (address) {
        return address(bytes20(data[offset + 12:offset + 32]));
    }

    /// @dev What another owner's allowance moves is not this account's transfer.
    function _transferFrom(Effect memory effect, bytes calldata data, address account) private pure returns (bool) {
        if (data.length != 100 || !isAddress(data, 4) || !isAddress(data, 36)) return false;
        if (addressAt(data, 4) != account) {
            effect.kind = Kind.Opaque;
            return true;
        }
        effect.kind = Kind.Transfer;
        effect.recipient = addressAt(data, 36);
        effect.amount = uint256(bytes32(data[68:100]));
        return true;
    }
}
