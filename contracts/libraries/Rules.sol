// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EFFECT, EVALUATION, Evaluation, IMAGE} from "../types/Evaluation.sol";
import {Effect, Image, Rule} from "../types/Image.sol";
import {integerAt} from "./Bytes.sol";
import {Conditions} from "./Conditions.sol";
import {Program} from "./Program.sol";

/// @notice Reads and matches rule bodies, `docs/program.md` §1.
library Rules {
    using Program for Image;

    uint256 private constant RECIPIENT_IN = 0x03;
    /// @dev The second without obligations.
    uint256 private constant HIGHEST_OUTCOME = 7;
    uint256 private constant LAST_PLAIN_OUTCOME = 3;
    uint256 private constant NAMED_RECIPIENT = 2;
    /// @dev Fields of {Evaluation}, {Effect} and {Image}.
    uint256 private constant ORIGIN = 0x20;
    uint256 private constant RULE = 0x1e0;
    uint256 private constant REACH = 0x20;
    uint256 private constant BASE = 0x40;
    uint256 private constant LOADED = 0x60;
    /// @dev Fields of {Rule}, and a bit of its head.
    uint256 private constant MODULES_SHIFT = 41;
    uint256 private constant HEAD = 0x20;
    uint256 private constant LIMITS = 0x40;
    uint256 private constant OBLIGATIONS_LENGTH = 0x80;
    uint256 private constant CONDITIONS = 0xa0;
    uint256 private constant END = 0xc0;
    /// @dev Outcome, number of limits and delay.
    uint256 private constant PREFIX = 6;

    /// @notice Whether the rule that an entry of the index points to is for the request's origin and all its conditions
    /// hold. Denies where one of them cannot be told.
    /// @param rule What it is read into, unless it stands there.
    function inScope(Evaluation memory e, Effect memory effect, Rule memory rule, uint256 entry)
        internal
        view
        returns (bool)
    {
        bool known;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
            mstore(add(EVALUATION, RULE), and(shr(40, entry), 0xffff))
            known := eq(mload(rule), entry)
        }
        if (!known) _read(e, rule, entry);
        bool fits;
        bool odd;
        assembly ("memory-safe") {
            let modules := and(shr(MODULES_SHIFT, mload(add(rule, HEAD))), 1)
            fits := eq(modules, iszero(iszero(mload(add(EVALUATION, ORIGIN)))))
            odd := or(iszero(fits), eq(mload(add(EFFECT, REACH)), NAMED_RECIPIENT))
        }
        if (odd && !(fits && _namesRecipient(rule))) return false;
        if (Conditions.hold(e, effect, rule.conditions, rule.end)) return true;
        if (e.image.failed()) e.denyFault();
        return false;
    }

    function _read(Evaluation memory e, Rule memory rule, uint256 entry) private view {
        uint256 cursor;
        bool near;
        assembly ("memory-safe") {
            let offset := and(shr(16, entry), 0xffffff)
            cursor := add(mload(add(IMAGE, BASE)), offset)
            near := iszero(gt(add(offset, and(entry, 0xffff)), mload(add(IMAGE, LOADED))))
        }
        if (!near) {
            cursor = e.image.fetch((entry >> 16) & 0xffffff, entry & 0xffff);
            if (e.image.failed()) e.denyFault();
        }
        bool odd;
        assembly ("memory-safe") {
            let head := shr(208, mload(cursor))
            let limits := add(cursor, PREFIX)
            let conditions := add(limits, byte(27, head))
            let end := add(cursor, and(entry, 0xffff))
            mstore(rule, entry)
            mstore(add(rule, HEAD), head)
            mstore(add(rule, LIMITS), limits)
            mstore(add(rule, OBLIGATIONS_LENGTH), 0)
            mstore(add(rule, CONDITIONS), conditions)
            mstore(add(rule, END), end)
            // Malformed, or with obligations, or both.
            odd := or(gt(conditions, end), gt(byte(26, head), LAST_PLAIN_OUTCOME))
        }
        if (odd) _readOdd(e, e.image, rule);
    }

    function _readOdd(Evaluation memory e, Image memory image, Rule memory rule) private pure {
        if (rule.conditions > rule.end || rule.head >> 40 > HIGHEST_OUTCOME) image.spoil();
        else _readObligations(image, rule);
        if (image.failed()) e.denyFault();
    }

    /// @dev They stand before the conditions, behind their size.
    function _readObligations(Image memory image, Rule memory rule) private pure {
        uint256 left = rule.end - rule.conditions;
        uint256 size = integerAt(rule.conditions, 2);
        if (left < 2 || left - 2 < size) {
            image.spoil();
            return;
        }
        rule.obligations = rule.conditions + 2;
        rule.obligationsLength = size;
        rule.conditions += 2 + size;
    }

    function _namesRecipient(Rule memory rule) private pure returns (bool) {
        return rule.conditions < rule.end && integerAt(rule.conditions, 1) == RECIPIENT_IN;
    }
}
