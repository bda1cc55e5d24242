// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Effect, Evaluation, Image} from "../types/Evaluation.sol";
import {Index} from "./Index.sol";
import {Program} from "./Program.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice A rule's body in memory. `limits` and `conditions` are pointers; the conditions end at `end`.
struct Rule {
    uint256 index;
    bool allows;
    bool forModules;
    uint256 delay;
    uint256 limits;
    uint256 limitCount;
    uint256 conditions;
    uint256 end;
}

/// @notice Reads and matches rule bodies, `docs/program.md` §1.
library Rules {
    using Program for Image;

    uint256 private constant ALLOW = 1;
    uint256 private constant MODULES = 2;
    /// @dev Outcome, number of limits and delay.
    uint256 private constant PREFIX = 6;

    /// @notice The rule that an entry of the index points to. Sets `malformed` if it cannot be read.
    function read(Image memory image, uint256 entry) internal view returns (Rule memory rule) {
        (uint256 offset, uint256 length) = Index.bodyOf(entry);
        uint256 cursor = image.slice(offset, length);
        uint256 head;
        assembly ("memory-safe") {
            head := shr(208, mload(cursor))
        }
        uint256 outcome = head >> 40;
        uint256 n = (head >> 32) & 0xff;
        if (length < PREFIX || length < PREFIX + n || outcome > (ALLOW | MODULES)) {
            image.malformed = true;
            return rule;
        }
        rule.index = Index.ruleOf(entry);
        rule.allows = outcome & ALLOW != 0;
        rule.forModules = outcome & MODULES != 0;
        rule.delay = head & 0xffffffff;
        rule.limits = cursor + PREFIX;
        rule.limitCount = n;
        rule.conditions = cursor + PREFIX + n;
        rule.end = cursor + length;
    }

    /// @notice Whether the rule is for the request's origin and all its conditions hold.
    function matches(Evaluation memory e, Effect memory effect, Rule memory rule) internal view returns (bool) {
        if (e.image.malformed || rule.forModules != (e.origin != address(0))) return false;
        return Whitelist.hold(e, effect, rule.conditions, rule.end);
    }
}
