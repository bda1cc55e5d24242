// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "../interfaces/IPolicyHook.sol";
import {ISafe} from "../interfaces/ISafe.sol";
import {viewsOf} from "../types/Data.sol";
import {Image} from "../types/Image.sol";
import {Binding} from "../types/Obligation.sol";
import {Action} from "../types/Types.sol";
import {ControlWord} from "../types/Words.sol";
import {Calldata} from "./Calldata.sol";
import {Consents} from "./Consents.sol";
import {ExactCalldata} from "./ExactCalldata.sol";
import {Joining} from "./Joining.sol";
import {Attestation, Kept} from "./Kept.sol";
import {Material} from "./Material.sol";
import {Messages} from "./Messages.sol";
import {Opening, Openings} from "./Openings.sol";
import {Posted} from "./Posted.sol";
import {Program} from "./Program.sol";
import {Signers} from "./Signers.sol";
import {State} from "./State.sol";
import {Timelock} from "./Timelock.sol";
import {Whitelist} from "./Whitelist.sol";

/// @notice Opens module requests and takes the material for them, `docs/program.md` §8.9 and 10. A contract of its own, as
/// {Lifecycle}; where the account is the caller, the hook has authenticated it before.
library ModuleRequests {
    using Calldata for bytes;
    using Openings for Opening;
    using Program for Image;

    /// @dev In {IPolicyHook.BadMaterial}.
    uint256 private constant APPROVALS = 1;
    uint256 private constant ATTESTATION = 2;

    /// @notice See {IPolicyHook.open}.
    function open(address account, address module, Action[] calldata actions) external returns (bytes32 request) {
        // A Safe among the callers may have the hook for its handler, which would then speak for it.
        ExactCalldata.check(keccak256(msg.data[4:]) == keccak256(abi.encode(account, module, actions)));
        (Image memory image, uint256 epoch) = _image(account);
        require(_mayOpen(image, account, module), IPolicyHook.NotAllowed(msg.sender));
        Opening memory opening = Opening(account, epoch, module, Timelock.contentOf(viewsOf(actions)));
        (bytes32 before, uint256 openedAt) = opening.live(image.announcementExpiry());
        require(before == 0, IPolicyHook.AlreadyOpened(before, openedAt));
        uint64 serial;
        (request, serial) = opening.write();
        emit IPolicyHook.Opened(account, module, request, msg.sender, serial, actions);
    }

    /// @notice See {IPolicyHook.post}.
    function post(address account, address module, bytes32 content, bytes calldata payload) external {
        (Image memory image, uint256 epoch) = _image(account);
        Binding memory b;
        (b.request,) = Opening(account, epoch, module, content).live(image.announcementExpiry());
        require(b.request != 0, IPolicyHook.NotOpened(module, content));
        require(Posted.isSound(payload), IPolicyHook.MalformedMaterial());
        (b.account, b.epoch, b.version, b.separator) = (account, epoch, image.source.codehash, Messages.domain());
        while (payload.length != 0) {
            (uint256 kind, bytes calldata body, bytes calldata rest) = Posted.next(payload);
            if (kind == Posted.APPROVALS) _keepApprovals(b, body);
            else _keepAttestation(image, b, body);
            payload = rest;
        }
    }

    /// @dev The active program, and the account's epoch.
    function _image(address account) private view returns (Image memory image, uint256 epoch) {
        ControlWord control = State.control(account);
        require(control.program() != address(0), IPolicyHook.NotInstalled());
        image.open(control.program());
        epoch = control.epoch();
    }

    /// @dev A list that cannot be read, and a registry that does not answer, have nobody.
    function _mayOpen(Image memory image, address account, address module) private view returns (bool) {
        if (msg.sender == account || msg.sender == module) return true;
        uint256 list = image.announcers();
        if (!image.failed() && list != 0 && Whitelist.contains(image, list, msg.sender)) return true;
        return ISafe(account).isOwner(msg.sender);
    }

    function _keepApprovals(Binding memory b, bytes calldata entries) private {
        (address[] memory signers, uint256 why) = Signers.ofApprovals(b, entries);
        require(why == 0, IPolicyHook.BadMaterial(APPROVALS, signers.length, why));
        for (uint256 i = 0; i < signers.length; ++i) {
            uint64 deadline = uint64(entries.word(1) >> 192);
            entries = entries[Material.entryLength(entries, true):];
            uint256 slot = Consents.approvalSlot(b, signers[i]);
            // Anybody posts, so posting an older approval must neither end a newer one nor revive one that was taken back.
            uint256 kept = State.read(slot);
            if (deadline <= kept || kept == Consents.TAKEN_BACK) continue;
            State.write(slot, deadline);
            emit IPolicyHook.Approved(b.account, b.request, signers[i], b.version, deadline);
        }
    }

    function _keepAttestation(Image memory image, Binding memory b, bytes calldata item) private {
        Attestation memory a;
        uint256 set;
        (set, a.deadline, a.effects, a.proposal) = Posted.stated(item);
        require(block.timestamp <= a.deadline, IPolicyHook.BadMaterial(ATTESTATION, 0, Signers.EXPIRED));
        _checkAttesters(image, b, item, set, a);
        // As with approvals.
        if (a.deadline < Kept.read(b, set).deadline) return;
        bytes calldata statement = Posted.statement(item);
        Kept.write(b, set, a, statement);
        emit IPolicyHook.AttestationPosted(
            b.account, b.request, uint8(set), uint64(a.deadline), a.effects, a.proposal, statement
        );
    }

    /// @dev That enough members of the set have signed. Of a registry nobody has: who leaves it must not count on.
    function _checkAttesters(
        Image memory image,
        Binding memory b,
        bytes calldata item,
        uint256 set,
        Attestation memory a
    ) private view {
        (uint256 list, uint256 m,) = Joining.attesters(image, set);
        require(!image.failed(), IPolicyHook.UnknownSet(uint8(set)));
        bytes32 digest = Messages.attestation(b, a.effects, set, Posted.statement(item), a.proposal, a.deadline);
        (address[] memory signers, uint256 why) = Signers.ofAttestation(digest, Posted.attesters(item));
        require(why == 0, IPolicyHook.BadMaterial(ATTESTATION, signers.length, why));
        (, uint256 listed) = Whitelist.inline_(image, list);
        uint256 members = 0;
        for (uint256 i = 0; listed != 0 && i < signers.length; ++i) {
            if (Whitelist.contains(image, list, signers[i])) ++members;
        }
        require(members >= m, IPolicyHook.TooFewAttesters(uint8(set), members, m));
    }
}
