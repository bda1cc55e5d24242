// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {EFFECT, EVALUATION, Evaluation, IMAGE} from "../types/Evaluation.sol";
import {Effect, Image, OBLIGATIONS, Reach, Rule} from "../types/Image.sol";
import {integerAt} from "./Bytes.sol";
import {Conditions} from "./Conditions.sol";
import {Program} from "./Program.sol";

/// @notice Reads and matches rule bodies, `docs/program.md` §1.
library Rules {
    using Program for Image;

    uint256 private constant RECIPIENT_IN = 0x03;
    uint256 private constant HIGHEST_OUTCOME = 7;
    /// @dev Fields of {Evaluation} and {Image}.
    uint256 private constant ORIGIN = 0x20;
    uint256 private constant BASE = 0x40;
    uint256 private constant LOADED = 0x60;
    /// @dev Fields of {Rule}, and a bit of its head.
    uint256 private constant MODULES_SHIFT = 41;
    uint256 private constant INDEX = 0x00;
    uint256 private constant HEAD = 0x20;
    uint256 private constant LIMITS = 0x40;
    uint256 private constant OBLIGATIONS_LENGTH = 0x80;
    uint256 private constant CONDITIONS = 0xa0;
    uint256 private constant END = 0xc0;
    /// @dev Outcome, number of limits and delay.
    uint256 private constant PREFIX = 6;

    /// @notice The rule that an entry of the index points to. Spoils the image, and returns false, if it cannot be read.
    /// @param rule What it is read into.
    function read(Image memory image, uint256 entry, Rule memory rule) internal view returns (bool) {
        uint256 cursor;
        bool near;
        assembly ("memory-safe") {
            image := IMAGE
            let offset := and(shr(16, entry), 0xffffff)
            cursor := add(mload(add(IMAGE, BASE)), offset)
            near := iszero(gt(add(offset, and(entry, 0xffff)), mload(add(IMAGE, LOADED))))
        }
        if (!near) cursor = image.fetch((entry >> 16) & 0xffffff, entry & 0xffff);
        uint256 head;
        bool broken;
        assembly ("memory-safe") {
            head := shr(208, mload(cursor))
            let limits := add(cursor, PREFIX)
            let conditions := add(limits, byte(27, head))
            let end := add(cursor, and(entry, 0xffff))
            mstore(add(rule, INDEX), and(shr(40, entry), 0xffff))
            mstore(add(rule, HEAD), head)
            mstore(add(rule, LIMITS), limits)
            mstore(add(rule, OBLIGATIONS_LENGTH), 0)
            mstore(add(rule, CONDITIONS), conditions)
            mstore(add(rule, END), end)
            broken := or(gt(conditions, end), gt(byte(26, head), HIGHEST_OUTCOME))
        }
        if (broken) return image.spoil();
        if (head & OBLIGATIONS != 0) _readObligations(image, rule);
        return !image.failed();
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

    /// @notice Whether the rule is for the request's origin and all its conditions hold.
    function matches(Evaluation memory e, Effect memory effect, Rule memory rule) internal view returns (bool) {
        bool fits;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
            let modules := and(shr(MODULES_SHIFT, mload(add(rule, HEAD))), 1)
            fits := eq(modules, iszero(iszero(mload(add(EVALUATION, ORIGIN)))))
        }
        if (!fits) return false;
        if (effect.reach == Reach.NAMED_RECIPIENT && !_namesRecipient(rule)) return false;
        return Conditions.hold(e, effect, rule.conditions, rule.end);
    }

    function _namesRecipient(Rule memory rule) private pure returns (bool) {
        return rule.conditions < rule.end && integerAt(rule.conditions, 1) == RECIPIENT_IN;
    }
}
