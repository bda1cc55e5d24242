// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {ISafe} from "../interfaces/ISafe.sol";
import {Reason} from "../types/Reason.sol";
import {Route, StagedKind} from "../types/Types.sol";
import {ControlWord, StagedWord} from "../types/Words.sol";
import {Calldata} from "./Calldata.sol";
import {State} from "./State.sol";

/// @notice The slot changes of one request.
struct SlotChanges {
    bytes32 digest;
    // Named by the last call of each kind, if there is one.
    bool guardNamed;
    address guard;
    bool moduleGuardNamed;
    address moduleGuard;
    bool hooksNamed;
    address hooks;
}

/// @notice Changes of the slots that hold the hook in place: only as staged, matured and whole, `docs/program.md` §4. A
/// contract of its own, since they are rare; delegatecalled.
library Slots {
    using Calldata for bytes;

    /// @notice How long a matured staged change can be carried out, in seconds.
    uint256 internal constant CHANGE_WINDOW = 14 days;

    /// @dev Target and length of a call.
    uint256 private constant HEAD = 52;

    function fold(bytes32 digest, address to, bytes calldata data) internal pure returns (bytes32) {
        return keccak256(abi.encode(digest, to, keccak256(data)));
    }

    /// @notice Why the request's slot changes are not the staged ones, in time and whole, if they are not; or
    /// else whether they leave the route.
    /// @param calls Each as `to:20 ‖ length:32 ‖ data`, end to end, at least one.
    function allow(address account, ControlWord control, address manager, bytes calldata calls)
        external
        view
        returns (Reason reason, uint256 have, uint256 need, bool removal)
    {
        SlotChanges memory changes = _read(calls);
        StagedWord staged = State.staged(account);
        bool listed = staged.stagedKind() == StagedKind.Slots;
        bytes32 digest = listed ? State.stagedDigest(account) : bytes32(0);
        if (!listed || digest != changes.digest) {
            return (Reason.SlotsNotStaged, uint256(digest), uint256(changes.digest), false);
        }
        uint256 maturesAt = uint256(staged.stagedAt()) + control.changeDelay();
        if (block.timestamp < maturesAt) return (Reason.SlotsNotMatured, maturesAt, block.timestamp, false);
        uint256 expiresAt = maturesAt + CHANGE_WINDOW;
        if (block.timestamp >= expiresAt) return (Reason.StagedExpired, expiresAt, block.timestamp, false);

        Route route = control.route();
        address holder = route == Route.Manager ? manager : address(this);
        bool guardLeft = changes.guardNamed && changes.guard != holder;
        bool moduleGuardLeft = changes.moduleGuardNamed && changes.moduleGuard != address(this);
        if (route == Route.Guards && guardLeft != moduleGuardLeft) return (Reason.HalfRoute, 0, 0, false);
        // Hooks are only ever among them on the manager route.
        removal = guardLeft || changes.hooksNamed && changes.hooks != address(this);
    }

    function _read(bytes calldata calls) private pure returns (SlotChanges memory changes) {
        while (calls.length != 0) {
            uint256 end = HEAD + calls.word(HEAD - 32);
            _note(changes, address(bytes20(calls)), calls[HEAD:end]);
            calls = calls[end:];
        }
    }

    function _note(SlotChanges memory changes, address to, bytes calldata data) private pure {
        changes.digest = fold(changes.digest, to, data);
        address target = data.addressAt(4);
        uint32 selector = data.selector();
        if (selector == uint32(ISafe.setGuard.selector)) {
            (changes.guardNamed, changes.guard) = (true, target);
        } else if (selector == uint32(ISafe.setModuleGuard.selector)) {
            (changes.moduleGuardNamed, changes.moduleGuard) = (true, target);
        } else if (selector != uint32(ISafe.setFallbackHandler.selector)) {
            (changes.hooksNamed, changes.hooks) = (true, target);
        }
    }
}
