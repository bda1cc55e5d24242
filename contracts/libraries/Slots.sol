// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISafe} from "../interfaces/ISafe.sol";
import {ActionView} from "../types/Data.sol";
import {Evaluation, NO_RULE, SlotChanges} from "../types/Evaluation.sol";
import {Reason} from "../types/Reason.sol";
import {Route, StagedKind} from "../types/Types.sol";
import {StagedWord} from "../types/Words.sol";
import {Calldata} from "./Calldata.sol";
import {State} from "./State.sol";

/// @notice Changes of the slots that hold the hook in place: only as staged, matured and whole, `docs/program.md` §4.
library Slots {
    using Calldata for bytes;

    /// @notice How long a matured staged change can be carried out, in seconds.
    uint256 internal constant CHANGE_WINDOW = 14 days;

    function fold(bytes32 digest, address to, bytes calldata data) internal pure returns (bytes32) {
        return keccak256(abi.encode(digest, to, keccak256(data)));
    }

    /// @notice Notes one slot change of the request.
    function note(Evaluation memory e, ActionView memory a) internal pure {
        bytes calldata data = a.data.bytesOf();
        SlotChanges memory changes = e.slots;
        if (!changes.any) {
            changes.any = true;
            changes.firstEffect = e.effects;
        }
        changes.digest = fold(changes.digest, a.to, data);
        address target = data.addressAt(4);
        uint32 selector = data.selector();
        if (selector == uint32(ISafe.setGuard.selector)) {
            changes.guardNamed = true;
            changes.guard = target;
        } else if (selector == uint32(ISafe.setModuleGuard.selector)) {
            changes.moduleGuardNamed = true;
            changes.moduleGuard = target;
        } else if (selector != uint32(ISafe.setFallbackHandler.selector)) {
            changes.hooksNamed = true;
            changes.hooks = target;
        }
    }

    /// @notice Whether the request's slot changes are the staged ones, in time and whole; notes a removal.
    function allows(Evaluation memory e) internal view returns (bool) {
        SlotChanges memory changes = e.slots;
        if (!changes.any) return true;
        StagedWord staged = State.staged(e.account);
        bool listed = staged.stagedKind() == StagedKind.Slots;
        bytes32 digest = listed ? State.stagedDigest(e.account) : bytes32(0);
        if (!listed || digest != changes.digest) {
            return _deny(e, Reason.SlotsNotStaged, uint256(digest), uint256(changes.digest));
        }
        uint256 maturesAt = uint256(staged.stagedAt()) + e.control.changeDelay();
        if (block.timestamp < maturesAt) return _deny(e, Reason.SlotsNotMatured, maturesAt, block.timestamp);
        uint256 expiresAt = maturesAt + CHANGE_WINDOW;
        if (block.timestamp >= expiresAt) return _deny(e, Reason.StagedExpired, expiresAt, block.timestamp);

        Route route = e.control.route();
        address holder = route == Route.Manager ? e.manager : address(this);
        bool guardLeft = changes.guardNamed && changes.guard != holder;
        bool moduleGuardLeft = changes.moduleGuardNamed && changes.moduleGuard != address(this);
        if (route == Route.Guards && guardLeft != moduleGuardLeft) return _deny(e, Reason.HalfRoute, 0, 0);
        // Hooks are only ever noted on the manager route.
        e.removal = guardLeft || changes.hooksNamed && changes.hooks != address(this);
        return true;
    }

    function _deny(Evaluation memory e, Reason reason, uint256 have, uint256 need) private pure returns (bool) {
        return e.denyAt(reason, e.slots.firstEffect, NO_RULE, 0, have, need);
    }
}
