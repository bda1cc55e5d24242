// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Effect, Evaluation, Image, Reach, Rule} from "../types/Evaluation.sol";
import {integerAt} from "./Bytes.sol";
import {Conditions} from "./Conditions.sol";
import {Index} from "./Index.sol";
import {Program} from "./Program.sol";

/// @notice Reads and matches rule bodies, `docs/program.md` §1.
library Rules {
    using Program for Image;

    uint256 private constant ALLOW = 1;
    uint256 private constant MODULES = 2;
    uint256 private constant RECIPIENT_IN = 0x03;
    uint256 private constant OBLIGATIONS = 4;
    /// @dev Outcome, number of limits and delay.
    uint256 private constant PREFIX = 6;

    /// @notice The rule that an entry of the index points to. Spoils the image if it cannot be read.
    /// @param rule What it is read into.
    function read(Image memory image, uint256 entry, Rule memory rule) internal view {
        (uint256 offset, uint256 length) = Index.bodyOf(entry);
        uint256 cursor = image.slice(offset, length);
        uint256 head;
        assembly ("memory-safe") {
            head := shr(208, mload(cursor))
        }
        uint256 outcome = head >> 40;
        uint256 n = (head >> 32) & 0xff;
        if (length < PREFIX || length < PREFIX + n || outcome > (ALLOW | MODULES | OBLIGATIONS)) {
            image.spoil();
            return;
        }
        rule.index = Index.ruleOf(entry);
        rule.allows = outcome & ALLOW != 0;
        rule.forModules = outcome & MODULES != 0;
        rule.delay = head & 0xffffffff;
        rule.limits = cursor + PREFIX;
        rule.limitCount = n;
        rule.conditions = cursor + PREFIX + n;
        rule.end = cursor + length;
        rule.obligationsLength = 0;
        if (outcome & OBLIGATIONS != 0) _readObligations(image, rule);
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
        if (e.image.failed() || rule.forModules != (e.origin != address(0))) return false;
        if (effect.reach == Reach.NAMED_RECIPIENT && !_namesRecipient(rule)) return false;
        return Conditions.hold(e, effect, rule.conditions, rule.end);
    }

    function _namesRecipient(Rule memory rule) private pure returns (bool) {
        return rule.conditions < rule.end && integerAt(rule.conditions, 1) == RECIPIENT_IN;
    }
}
