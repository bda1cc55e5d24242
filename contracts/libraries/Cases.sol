// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {NO_RULE} from "../types/Evaluation.sol";
import {Case, Obligation} from "../types/Obligation.sol";
import {Reason} from "../types/Reason.sol";
import {Verdict} from "../types/Types.sol";

/// @notice A request's obligations, looked through; and its verdict. As in the engine, what denies returns false.
library Cases {
    /// @notice What the request is to meet, in the order of asking.
    function take(Case memory c, Obligation[] memory obligations) internal pure {
        c.obligations = obligations;
        for (uint256 i = 0; i < obligations.length; ++i) {
            c.ops |= 1 << obligations[i].op;
        }
    }

    function has(Case memory c, uint256 op) internal pure returns (bool) {
        return c.ops & 1 << op != 0;
    }

    /// @notice The first obligation with the op, in the order of asking.
    function find(Case memory c, uint256 op) internal pure returns (bool found, Obligation memory o) {
        for (uint256 i = 0; i < c.obligations.length && !found; ++i) {
            o = c.obligations[i];
            found = o.op == op;
        }
    }

    /// @notice The first obligation with another op. There is one.
    function firstBut(Case memory c, uint256 op) internal pure returns (Obligation memory o) {
        uint256 i = 0;
        while (c.obligations[i].op == op) ++i;
        return c.obligations[i];
    }

    /// @notice Denies in the name of who asked.
    function deny(Case memory c, Obligation memory o, Reason reason, uint256 detail, uint256 have, uint256 need)
        internal
        pure
        returns (bool)
    {
        c.verdict = Verdict(reason, uint32(o.effect), uint16(o.rule), uint8(detail), have, need);
        return false;
    }

    /// @notice Denies with the image's fault, which was found for who asked.
    function denyFault(Case memory c, Obligation memory o) internal pure returns (bool) {
        Reason fault = c.image.fault;
        if (fault != Reason.MalformedProgram) return deny(c, o, fault, 0, uint256(uint160(c.image.culprit)), 0);
        c.verdict = Verdict(fault, uint32(c.asked.effects), NO_RULE, 0, 0, 0);
        return false;
    }
}
