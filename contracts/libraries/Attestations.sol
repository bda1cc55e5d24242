// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Case, Obligation, Op} from "../types/Obligation.sol";
import {Reason} from "../types/Reason.sol";
import {Cases} from "./Cases.sol";
import {Joining} from "./Joining.sol";
import {Attestation, Kept} from "./Kept.sol";
import {Material} from "./Material.sol";
import {Messages} from "./Messages.sol";
import {Signers} from "./Signers.sol";
import {Statements} from "./Statements.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice What attester sets say of a request, `docs/program.md` §8.7.2.
library Attestations {
    using Cases for Case;

    /// @dev In the verdict of bad material.
    uint256 private constant DETAIL = 2;
    uint256 private constant MAX_SETS = 16;
    /// @dev Why a kept attestation does not count, besides {Signers.EXPIRED}.
    uint256 private constant OTHER_EFFECTS = 5;

    /// @notice Whether every set that was joined has attested, in ascending order.
    function meet(Case memory c, bytes calldata payload) internal view returns (bool) {
        c.proposals = new bytes32[](c.obligations.length);
        if (!c.has(Op.ATTESTATION)) return true;
        for (uint256 set = 0; set < MAX_SETS; ++set) {
            uint256 index;
            (index, set) = _lowest(c, set);
            if (set < MAX_SETS && !_meets(c, c.obligations[index], index, payload)) return false;
        }
        return true;
    }

    /// @dev Of the sets that were joined the first from `set` on, and where it stands; MAX_SETS if there is none.
    function _lowest(Case memory c, uint256 set) private pure returns (uint256 index, uint256 lowest) {
        lowest = MAX_SETS;
        for (uint256 i = 0; i < c.obligations.length; ++i) {
            Obligation memory o = c.obligations[i];
            if (o.op == Op.ATTESTATION && set <= o.key && o.key < lowest) (index, lowest) = (i, o.key);
        }
    }

    function _meets(Case memory c, Obligation memory o, uint256 index, bytes calldata payload)
        private
        view
        returns (bool)
    {
        if (c.asked.module != address(0)) return _isKept(c, o, index);
        (bool found, bytes calldata item) = Material.attestation(payload, o.key);
        if (!found) return c.deny(o, Reason.AttestationRequired, o.key, 0, 0);
        (uint256 deadline, bytes32 proposal) = Material.stated(item);
        c.proposals[index] = proposal;
        return _isTimely(c, o, item, deadline) && _isSigned(c, o, item);
    }

    /// @dev Of a module request: who signed was verified when it was posted.
    function _isKept(Case memory c, Obligation memory o, uint256 index) private view returns (bool) {
        Attestation memory a;
        if (c.binding.request != 0) a = Kept.read(c.binding, o.key);
        if (a.deadline == 0) return c.deny(o, Reason.AttestationRequired, o.key, 0, 0);
        if (a.statementLength != 0) return c.deny(o, Reason.MalformedMaterial, 0, 0, 0);
        c.proposals[index] = a.proposal;
        if (block.timestamp > a.deadline) return c.deny(o, Reason.BadMaterial, DETAIL, 0, Signers.EXPIRED);
        return a.effects == c.asked.digest || c.deny(o, Reason.BadMaterial, DETAIL, 0, OTHER_EFFECTS);
    }

    function _isTimely(Case memory c, Obligation memory o, bytes calldata item, uint256 deadline)
        private
        view
        returns (bool)
    {
        (,, uint256 hybridRules) = Joining.attesters(c.image, o.key);
        bool sound = Statements.isSound(Material.statement(item), c.asked.effects * hybridRules);
        if (!sound) return c.deny(o, Reason.MalformedMaterial, 0, 0, 0);
        return block.timestamp <= deadline || c.deny(o, Reason.BadMaterial, DETAIL, 0, Signers.EXPIRED);
    }

    function _isSigned(Case memory c, Obligation memory o, bytes calldata item) private view returns (bool) {
        bytes32 digest = _digest(c, o.key, item);
        (address[] memory signers, uint256 why) = Signers.ofAttestation(digest, Material.attesters(item));
        if (why != 0) return c.deny(o, Reason.BadMaterial, DETAIL, signers.length, why);
        return _counts(c, o, signers);
    }

    function _counts(Case memory c, Obligation memory o, address[] memory signers) private view returns (bool) {
        (uint256 list, uint256 m,) = Joining.attesters(c.image, o.key);
        uint256 members = 0;
        for (uint256 i = 0; i < signers.length; ++i) {
            if (Whitelist.contains(c.image, list, signers[i])) ++members;
            if (c.image.failed()) return c.denyFault(o);
        }
        return members >= m || c.deny(o, Reason.TooFewAttesters, o.key, members, m);
    }

    function _digest(Case memory c, uint256 set, bytes calldata item) private pure returns (bytes32) {
        (uint256 deadline, bytes32 proposal) = Material.stated(item);
        return Messages.attestation(c.binding, c.asked.digest, set, Material.statement(item), proposal, deadline);
    }
}
