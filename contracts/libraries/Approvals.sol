// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Case, Obligation, Op} from "../types/Obligation.sol";
import {Reason} from "../types/Reason.sol";
import {integerAt} from "./Bytes.sol";
import {Cases} from "./Cases.sol";
import {Consents} from "./Consents.sol";
import {Material} from "./Material.sol";
import {Signers} from "./Signers.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice Whom a request has been approved by, `docs/program.md` §8.7.5.
library Approvals {
    using Cases for Case;
    using Signers for address[];

    /// @dev In the verdict of bad material.
    uint256 private constant DETAIL = 1;
    uint256 private constant INITIATOR_COUNTS = 1;
    uint256 private constant OWNERS_COUNT = 2;
    uint256 private constant MEMBER = 20;

    /// @notice Whether enough members of each list have approved, and none has denied.
    function meet(Case memory c, bytes calldata payload) internal view returns (bool) {
        if (!c.has(Op.APPROVALS)) return true;
        (, Obligation memory first) = c.find(Op.APPROVALS);
        (bool brought, bytes calldata entries) = Material.approvals(payload);
        uint256 why;
        (c.approvers, why) = Signers.ofApprovals(c.binding, entries);
        if (why != 0) return _bad(c, first, why);
        for (uint256 i = 0; i < c.obligations.length; ++i) {
            Obligation memory o = c.obligations[i];
            if (o.op == Op.APPROVALS && !_meets(c, o, brought)) return false;
        }
        return true;
    }

    function _bad(Case memory c, Obligation memory o, uint256 why) private pure returns (bool) {
        return c.deny(o, Reason.BadMaterial, DETAIL, c.approvers.length, why);
    }

    /// @param brought Whether the request brings approvals, which are then all that count.
    function _meets(Case memory c, Obligation memory o, bool brought) private view returns (bool) {
        bool denied = c.binding.request != 0 && Consents.isDenied(c.binding, o.key);
        if (denied) return c.deny(o, Reason.ApprovalDenied, 0, o.key, 0);
        uint256 members = brought ? _signed(c, o) : _onChain(c, o);
        if (c.image.failed()) return c.denyFault(o);
        return members >= o.n || c.deny(o, Reason.TooFewApprovals, 0, members, o.n);
    }

    function _signed(Case memory c, Obligation memory o) private view returns (uint256 n) {
        address[] memory signers = c.approvers;
        for (uint256 i = 0; i < signers.length && !c.image.failed(); ++i) {
            if (_counts(c, o, signers[i]) && Whitelist.contains(c.image, o.key, signers[i])) ++n;
        }
    }

    /// @dev The members who approved on chain, where the program knows them. A request without a name has none.
    function _onChain(Case memory c, Obligation memory o) private view returns (uint256 n) {
        (uint256 pointer, uint256 members) = Whitelist.inline_(c.image, o.key);
        if (c.binding.request == 0) return 0;
        for (uint256 i = 0; i < members; ++i) {
            address member = address(uint160(integerAt(pointer + MEMBER * i, MEMBER)));
            if (_counts(c, o, member) && Consents.hasApproved(c.binding, member)) ++n;
        }
    }

    /// @dev Who asks for the request, or has signed it as an owner, approves it besides only if the group says so.
    function _counts(Case memory c, Obligation memory o, address who) private pure returns (bool) {
        if (o.flags & INITIATOR_COUNTS == 0 && who == c.asked.initiator) return false;
        return o.flags & OWNERS_COUNT != 0 || !c.owners.contain(who);
    }
}
