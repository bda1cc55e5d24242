// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {Image} from "../types/Image.sol";
import {Asked, Case, Obligation, Op, caseAt, newCase} from "../types/Obligation.sol";
import {Reason} from "../types/Reason.sol";
import {Approvals} from "./Approvals.sol";
import {Attestations} from "./Attestations.sol";
import {Calldata} from "./Calldata.sol";
import {Cases} from "./Cases.sol";
import {Joining} from "./Joining.sol";
import {Material} from "./Material.sol";
import {Messages} from "./Messages.sol";
import {Opening, Openings} from "./Openings.sol";
import {OwnerSignatures} from "./OwnerSignatures.sol";
import {Program} from "./Program.sol";
import {Quorum} from "./Quorum.sol";
import {State} from "./State.sol";
import {Statements} from "./Statements.sol";

/// @notice Joins and meets obligations, `docs/program.md` §8, in a contract of its own: programs without any never come
/// here. Delegatecalled, so that static calls, storage and events are the hook's.
library Obligations {
    using Calldata for bytes;
    using Cases for Case;
    using Openings for Opening;
    using Program for Image;

    uint256 private constant USED = 4;
    /// @dev Bytes of what a request leaves behind, and of each obligation that is told.
    uint256 private constant MET = 5 * 32;
    uint256 private constant TOLD = 4 * 32;

    /// @notice See {Joining.join}.
    function join(address source, bytes calldata joined, bytes calldata obligations, uint256 rule, uint256 effect)
        external
        view
        returns (bytes memory longer)
    {
        Image memory image;
        Program.open(image, source);
        return Joining.join(image, joined, obligations, rule, effect);
    }

    /// @notice What the request's attestation states of an effect and a hybrid rule. An answer is joined.
    /// @param place Set and index, as the condition names them.
    /// @return fault Allowed if there is none; AttestationRequired where nothing is stated.
    function told(
        address source,
        bytes calldata joined,
        bytes calldata signatures,
        uint256 place,
        uint256 rule,
        uint256 effect
    ) external view returns (Reason fault, bool holds, bytes memory longer) {
        (bool sound, uint256 pair) = _place(source, place, effect);
        if (!sound) return (Reason.MalformedProgram, false, longer);
        uint256 truth = Statements.pairAt(_statement(signatures, place >> 16), pair);
        if (truth != Statements.FALSE && truth != Statements.TRUE) return (Reason.AttestationRequired, false, longer);
        bytes memory record = abi.encodePacked(uint16(rule), uint32(effect), uint8(Op.ATTESTATION), uint8(place >> 16));
        return (Reason.Allowed, truth == Statements.TRUE, bytes.concat(joined, record));
    }

    /// @dev Which pair of the statement it is.
    function _place(address source, uint256 place, uint256 effect) private view returns (bool sound, uint256 pair) {
        Image memory image;
        Program.open(image, source);
        (,, uint256 hybridRules) = Joining.attesters(image, place >> 16);
        uint256 index = place & 0xffff;
        return (!image.failed() && index < hybridRules, effect * hybridRules + index);
    }

    /// @dev Empty where there is none in material that is well formed.
    function _statement(bytes calldata signatures, uint256 set) private pure returns (bytes calldata) {
        (bool whole,, bytes calldata payload) = Material.split(signatures);
        if (!whole || !Material.isSound(payload)) return signatures[:0];
        (bool found, bytes calldata item) = Material.attestation(payload, set);
        return found ? Material.statement(item) : signatures[:0];
    }

    /// @notice Whether the request meets what was joined.
    /// @param signatures As the Safe was given them, material included.
    /// @param asked An encoded {Asked}, which the hook alone writes.
    /// @return ok Whether it does.
    /// @return result For {commit}; or else the {Verdict}, encoded.
    function meet(bytes calldata asked, bytes calldata joined, bytes calldata signatures)
        external
        view
        returns (bool ok, bytes memory result)
    {
        Case memory c = caseAt()(newCase(asked));
        Program.open(c.image, c.asked.program);
        c.take(Joining.read(joined));
        uint256 opening = _name(c);
        if (!c.asked.owners) signatures = signatures[:0];
        if (!_meets(c, signatures)) return (false, abi.encode(c.verdict));
        return (true, _met(c, opening));
    }

    /// @notice Notes what the executing request used up, and tells what it was allowed by.
    /// @param met As {meet} leaves it.
    function commit(bytes calldata met) external {
        (address account, bytes32 request, bytes32 used, address module, uint256 opening) =
            abi.decode(met, (address, bytes32, bytes32, address, uint256));
        if (used != 0) {
            assembly ("memory-safe") {
                tstore(used, 1)
            }
        }
        if (opening != 0) {
            State.write(opening, 0);
            emit IPolicyHook.Consumed(account, module, request);
        }
        for (uint256 at = MET; at < met.length; at += TOLD) {
            uint256 key = met.load(at + 0x20);
            uint256 rule = met.load(at + 0x40);
            if (met.load(at) == Op.NOTIFY) emit IPolicyHook.Notified(account, bytes32(key), uint16(rule));
            else emit IPolicyHook.Attested(account, request, uint8(key), bytes32(met.load(at + 0x60)));
        }
    }

    /// @dev What a request that meets its obligations leaves behind: five words, and four more of each obligation that
    /// is told.
    /// @param opening Where the module's request is open, if that ends here; 0 if not.
    function _met(Case memory c, uint256 opening) private pure returns (bytes memory met) {
        met = abi.encode(c.asked.account, c.binding.request, c.used, c.asked.module, opening);
        for (uint256 i = 0; i < c.obligations.length; ++i) {
            Obligation memory o = c.obligations[i];
            bool isTold = o.op == Op.NOTIFY || o.op == Op.ATTESTATION;
            if (isTold) met = bytes.concat(met, abi.encode(o.op, o.key, o.rule, c.proposals[i]));
        }
    }

    function _meets(Case memory c, bytes calldata signatures) private view returns (bool) {
        (bool whole, bytes calldata owners, bytes calldata payload) = Material.split(signatures);
        return _isSound(c, whole, payload) && Attestations.meet(c, payload) && Quorum.meet(c, owners)
            && Approvals.meet(c, payload) && _isNew(c);
    }

    /// @param whole Whether the envelope holds what it says.
    function _isSound(Case memory c, bool whole, bytes calldata payload) private pure returns (bool) {
        bool looks = _looks(c);
        bool asks = looks || c.has(Op.SIGNATURES) || c.has(Op.NAMED_SIGNERS);
        if (!asks || whole && (!looks || Material.isSound(payload))) return true;
        return c.deny(c.firstBut(Op.NOTIFY), Reason.MalformedMaterial, 0, 0, 0);
    }

    /// @dev Whether anything was joined that is bound to the request's name.
    function _looks(Case memory c) private pure returns (bool) {
        return c.has(Op.APPROVALS) || c.has(Op.ATTESTATION);
    }

    /// @dev Finds the request's name. Returns where it is open, 0 where it is not or stays so.
    function _name(Case memory c) private view returns (uint256 opening) {
        Asked memory a = c.asked;
        c.binding.account = a.account;
        c.binding.version = a.program.codehash;
        c.binding.epoch = a.epoch;
        if (a.module == address(0)) {
            _nameOwners(c);
        } else if (_looks(c)) {
            Opening memory o = Opening(a.account, a.epoch, a.module, a.content);
            (c.binding.request,) = o.live(c.image.announcementExpiry());
            opening = o.slotOf();
        }
    }

    function _nameOwners(Case memory c) private view {
        Asked memory a = c.asked;
        uint256 nonce = a.nonce;
        if (a.owners && a.executing) {
            (bool known, uint256 next) = OwnerSignatures.nonce(a.account);
            if (!known || next == 0) a.owners = false;
            else nonce = next - 1;
        }
        if (!a.owners) return;
        a.nonce = nonce;
        c.preimage = Messages.safeTransaction(a);
        c.binding.separator = Messages.domain();
        c.binding.request = keccak256(c.preimage);
        if (a.executing) c.used = keccak256(abi.encode(a.account, nonce, USED));
    }

    /// @dev A nonce serves once. That holds on every Safe; here it does not depend on one.
    function _isNew(Case memory c) private view returns (bool) {
        bytes32 used = c.used;
        uint256 before;
        assembly ("memory-safe") {
            before := tload(used)
        }
        if (used == 0 || before == 0) return true;
        return c.deny(c.obligations[0], Reason.RequestReplayed, 0, c.asked.nonce, 0);
    }
}
