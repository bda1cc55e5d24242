// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EFFECT, EVALUATION, Evaluation, IMAGE, chargeAt} from "../types/Evaluation.sol";
import {Window} from "./Window.sol";

/// @notice What this request charges, by limit and by what the limit's scope names. A part of {SpendLimit}.
library Charges {
    /// @dev Bytes of a limit in the program, and where its parts are.
    uint256 private constant LIMIT = 84;
    uint256 private constant TERMS = 32;
    uint256 private constant ASSET = 64;
    uint256 private constant SCOPE_SHIFT = 50;
    /// @dev Fields of {Evaluation}, {Effect} and {Image}.
    uint256 private constant INITIATOR = 0x40;
    uint256 private constant CHARGES = 0x2c0;
    uint256 private constant RECIPIENT = 0x100;
    uint256 private constant LIMITS = 0x160;
    /// @dev Bytes of a {Charge}.
    uint256 private constant CHARGE = 0x160;

    /// @notice A pointer to the charge of the limit and of what its scope names, read from storage when it is first asked
    /// for; 0 if the limit is not well formed.
    function find(Evaluation memory e, uint256 index) internal view returns (uint256 pointer) {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        uint256 limit;
        uint256 who;
        assembly ("memory-safe") {
            limit := add(mload(add(IMAGE, LIMITS)), mul(LIMIT, index))
            who := index
            let scope := and(shr(SCOPE_SHIFT, mload(add(limit, TERMS))), 3)
            if scope {
                let key := mload(add(EFFECT, RECIPIENT))
                if eq(scope, 2) { key := mload(add(EVALUATION, INITIATOR)) }
                who := or(shl(8, key), index)
            }
            // The charge's first fields are the next and whom it is about.
            pointer := mload(add(EVALUATION, CHARGES))
            for {} pointer { pointer := mload(pointer) } { if eq(mload(add(pointer, 0x20)), who) { break } }
        }
        if (pointer == 0) return _open(e, limit, who);
    }

    function _open(Evaluation memory e, uint256 limit, uint256 who) private view returns (uint256 pointer) {
        uint256 id;
        uint256 terms;
        address account;
        address asset;
        assembly ("memory-safe") {
            pointer := mload(0x40)
            mstore(0x40, add(pointer, CHARGE))
            mstore(pointer, mload(add(EVALUATION, CHARGES)))
            mstore(add(pointer, 0x20), who)
            mstore(add(EVALUATION, CHARGES), pointer)
            account := mload(EVALUATION)
            id := mload(limit)
            terms := mload(add(limit, TERMS))
            asset := shr(96, mload(add(limit, ASSET)))
            who := shr(8, who)
        }
        if (Window.load(chargeAt()(pointer), account, id, terms, asset, address(uint160(who)))) return pointer;
        e.image.spoil();
        return 0;
    }
}
