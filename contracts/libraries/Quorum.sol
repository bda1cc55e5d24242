// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Case, Obligation, Op} from "../types/Obligation.sol";
import {Reason} from "../types/Reason.sol";
import {Cases} from "./Cases.sol";
import {OwnerSignatures, Signed} from "./OwnerSignatures.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice How many owners have signed, and which, `docs/program.md` §8.7.3 and 4.
library Quorum {
    using Cases for Case;

    /// @dev In the flags of approvals: owners who signed count as approvers.
    uint256 private constant OWNERS_COUNT = 2;

    /// @notice Whether enough owners, and of each list enough, have signed. Reads the owners who did, if anybody asks.
    /// @param signatures What the Safe reads, without the envelope.
    function meet(Case memory c, bytes calldata signatures) internal view returns (bool) {
        if (!c.has(Op.SIGNATURES) && !c.has(Op.NAMED_SIGNERS) && !c.has(Op.APPROVALS)) return true;
        (bool asked, Obligation memory asker) = _asker(c);
        return !asked || _read(c, asker, signatures) && _named(c);
    }

    /// @dev Who asks for owner signatures: for a number of them, for certain ones, or for approvals by somebody else. A
    /// module's request has no signers whose approvals would not count.
    function _asker(Case memory c) private pure returns (bool found, Obligation memory o) {
        (found, o) = c.find(Op.SIGNATURES);
        if (!found) (found, o) = c.find(Op.NAMED_SIGNERS);
        for (uint256 i = 0; i < c.obligations.length && !found && c.asked.module == address(0); ++i) {
            o = c.obligations[i];
            found = o.op == Op.APPROVALS && o.flags & OWNERS_COUNT == 0;
        }
    }

    function _read(Case memory c, Obligation memory asker, bytes calldata signatures) private view returns (bool) {
        (bool known, bool byHash, uint256 need) = OwnerSignatures.terms(c.asked.account);
        if (!known) return c.deny(asker, Reason.BadOwnerSignatures, 0, type(uint256).max, 0);
        if (asker.op == Op.SIGNATURES && asker.n > need) need = asker.n;
        uint256 have = signatures.length / OwnerSignatures.PART;
        if (have < need) return c.deny(asker, Reason.TooFewSignatures, 0, have, need);
        Signed memory signed = Signed(c.asked.account, c.asked.initiator, c.binding.request, c.preimage, byHash, need);
        c.owners = OwnerSignatures.read(signed, signatures);
        if (c.owners.length < need) return c.deny(asker, Reason.BadOwnerSignatures, 0, c.owners.length, 0);
        return true;
    }

    function _named(Case memory c) private view returns (bool) {
        for (uint256 i = 0; i < c.obligations.length; ++i) {
            Obligation memory o = c.obligations[i];
            if (o.op != Op.NAMED_SIGNERS) continue;
            uint256 members = 0;
            for (uint256 j = 0; j < c.owners.length; ++j) {
                if (Whitelist.contains(c.image, o.key, c.owners[j])) ++members;
                if (c.image.failed()) return c.denyFault(o);
            }
            if (members < o.n) return c.deny(o, Reason.TooFewNamedSigners, 0, members, o.n);
        }
        return true;
    }
}
