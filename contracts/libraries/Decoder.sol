// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Effect, Kind} from "../types/Evaluation.sol";
import {Calldata} from "./Calldata.sol";

/// @notice What calldata does to a declared ERC-20, `docs/program.md` §2.5.
library Decoder {
    using Calldata for bytes;

    uint32 private constant TRANSFER = 0xa9059cbb;
    uint32 private constant TRANSFER_FROM = 0x23b872dd;
    uint32 private constant APPROVE = 0x095ea7b3;
    uint32 private constant INCREASE_ALLOWANCE = 0x39509351;

    /// @notice Fills kind, recipient and amount from a call of at least 4 bytes to a declared token, whose selector
    /// the effect already has.
    /// @return canonical Whether a known call is in exact ABI encoding.
    function decode(Effect memory effect, bytes calldata data, address account) internal pure returns (bool canonical) {
        uint32 selector = effect.selector;
        if (selector == TRANSFER_FROM) return _transferFrom(effect, data, account);
        if (selector == TRANSFER) {
            effect.kind = Kind.TRANSFER;
        } else if (selector == APPROVE || selector == INCREASE_ALLOWANCE) {
            effect.kind = Kind.APPROVE;
        } else {
            effect.kind = Kind.OPAQUE;
            return true;
        }
        if (data.length != 68 || !data.isAddress(4)) return false;
        effect.recipient = data.addressAt(4);
        effect.amount = data.word(36);
        return true;
    }

    /// @dev What another owner's allowance moves is not this account's transfer.
    function _transferFrom(Effect memory effect, bytes calldata data, address account) private pure returns (bool) {
        if (data.length != 100 || !data.isAddress(4) || !data.isAddress(36)) return false;
        if (data.addressAt(4) != account) {
            effect.kind = Kind.OPAQUE;
            return true;
        }
        effect.kind = Kind.TRANSFER;
        effect.recipient = data.addressAt(36);
        effect.amount = data.word(68);
        return true;
    }
}
