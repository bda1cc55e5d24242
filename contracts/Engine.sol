// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Ruling} from "./Ruling.sol";
import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Asking} from "./libraries/Asking.sol";
import {Calldata} from "./libraries/Calldata.sol";
import {ControlCalls, Leaf} from "./libraries/ControlCalls.sol";
import {ExactCalldata} from "./libraries/ExactCalldata.sol";
import {Forward} from "./libraries/Forward.sol";
import {Lifecycle} from "./libraries/Lifecycle.sol";
import {Marker} from "./libraries/Marker.sol";
import {MultiSend} from "./libraries/MultiSend.sol";
import {Obligations} from "./libraries/Obligations.sol";
import {ReadRequest, Requests} from "./libraries/Requests.sol";
import {Slots} from "./libraries/Slots.sol";
import {SpendLimit} from "./libraries/SpendLimit.sol";
import {State} from "./libraries/State.sol";
import {Timelock} from "./libraries/Timelock.sol";
import {ActionView} from "./types/Data.sol";
import {EVALUATION, Evaluation, NO_RULE} from "./types/Evaluation.sol";
import {Effect, Reach} from "./types/Image.sol";
import {Reason} from "./types/Reason.sol";
import {Route, Verdict} from "./types/Types.sol";
import {StagedWord} from "./types/Words.sol";

/// @title The one core behind every entry: evaluate in view, then commit
/// @notice `docs/program.md` §2 in the order in which it is written there. The functions that decide return
/// whether the evaluation goes on; before they return false they set the verdict.
abstract contract Engine is Ruling {
    using Calldata for bytes;

    /// @dev A field of {Evaluation}.
    uint256 private constant MANAGER = 0x140;
    uint256 private constant MAX_BATCH_DEPTH = 2;

    /// @dev What an entry fills in: account, origin, initiator and the gas fields.
    function _enforce(Evaluation memory e, ActionView[] memory actions) internal {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        if (!_decide(e, actions)) {
            Verdict memory v = e.verdict;
            revert IPolicyHook.Denied(v.reason, v.effect, v.rule, v.detail, v.have, v.need);
        }
        _commit(e);
    }

    /// @dev Sets the verdict.
    function _evaluate(Evaluation memory e, ActionView[] memory actions) internal view {
        if (_decide(e, actions)) e.denyAt(Reason.Allowed, e.effects, e.rule, 0, 0, 0);
    }

    function _decide(Evaluation memory e, ActionView[] memory actions) private view returns (bool) {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        e.control = State.control(e.account);
        if (e.control.route() == Route.Manager) e.manager = State.manager(e.account);
        e.rule = NO_RULE;
        return _request(e, actions);
    }

    /// @dev For the entries that have their request read to them.
    /// @param reader The function of {Requests} that reads this call.
    function _read(Evaluation memory e, bytes4 reader, bool checking) internal returns (ActionView[] memory) {
        ReadRequest memory request = abi.decode(Forward.read(address(Requests), reader), (ReadRequest));
        e.account = ExactCalldata.addressArgument(0);
        e.origin = request.origin;
        e.initiator = request.initiator;
        e.safeTxGas = request.safeTxGas;
        e.gasPrice = request.gasPrice;
        (e.words, e.baseGasAt, e.nonce) = (request.words, request.baseGasAt, request.nonce);
        e.checking = checking;
        return request.actions;
    }

    function _commit(Evaluation memory e) private {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        if (e.charges != 0) SpendLimit.commit(e);
        if (e.more) _commitMore(e);
    }

    /// @dev A removal comes with slot changes.
    function _commitMore(Evaluation memory e) private {
        if (e.announcement != 0) State.clearAnnouncement(e.announcement);
        Marker.addAll(e.markers);
        if (e.slots.length != 0) State.setStaged(e.account, StagedWord.wrap(0), 0);
        if (e.joined.length != 0) Obligations.commit(e.met);
        if (e.removal) Lifecycle.remove(e.account);
    }

    function _request(Evaluation memory e, ActionView[] memory actions) private view returns (bool) {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        if (e.safeTxGas | e.gasPrice != 0) return e.deny(Reason.GasRefund, e.safeTxGas, e.gasPrice);
        uint256 n = actions.length;
        if (n == 0) return e.deny(Reason.MalformedBatch, 0, 0);
        // Unchecked: as many as calldata holds.
        unchecked {
            for (uint256 i = 0; i < n; ++i) {
                if (!_action(e, actions[i], 0)) return false;
            }
        }
        return !e.more || _slots(e) && Asking.meets(e, actions) && Timelock.allows(e, actions);
    }

    function _action(Evaluation memory e, ActionView memory a, uint256 depth) private view returns (bool) {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        if (a.operation == 0) return _leaf(e, a);
        if (a.operation > 1) return e.deny(Reason.BadOperation, a.operation, 0);
        if (a.value != 0) return e.deny(Reason.DelegatecallValue, a.value, 0);
        (bool known, bool delegates, bool zeroIsAccount) = MultiSend.recognise(a.to);
        if (!known) return e.deny(Reason.DelegatecallDenied, uint256(uint160(a.to)), 0);
        if (depth == MAX_BATCH_DEPTH) return e.deny(Reason.BatchTooDeep, 0, 0);

        (uint256 cursor, uint256 end) = MultiSend.open(a.data.bytesOf());
        if (cursor == end) return e.deny(Reason.MalformedBatch, 0, 0);
        address zero = zeroIsAccount ? e.account : address(0);
        ActionView memory inner;
        while (cursor < end) {
            cursor = MultiSend.next(cursor, zero, inner);
            if (inner.operation == 1 && !delegates) return e.deny(Reason.BadOperation, 1, 0);
            if (!_action(e, inner, depth + 1)) return false;
        }
        return true;
    }

    function _leaf(Evaluation memory e, ActionView memory a) private view returns (bool) {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        bool special;
        assembly ("memory-safe") {
            // `to` and `account` are the first fields.
            let to := mload(a)
            let managed := and(eq(to, mload(add(e, MANAGER))), iszero(iszero(to)))
            special := or(or(eq(to, mload(e)), eq(to, address())), managed)
        }
        if (!special) return _ordinary(e, a, Reach.EVERY);
        bytes calldata data = a.data.bytesOf();
        bool active = e.control.program() != address(0);
        Leaf memory leaf = Leaf(e.account, e.manager, e.control, e.origin == address(0), a.to, a.value);
        (uint256 kind, Reason reason, uint256 have) = ControlCalls.judge(leaf, data);
        if (reason != Reason.Allowed) return e.deny(reason, have, 0);
        if (kind < ControlCalls.SLOT) return _ordinary(e, a, kind);
        e.more = true;
        if (active && kind == ControlCalls.SLOT) _note(e, a);
        else if (active) e.markers = Marker.push(e.markers, Marker.keyOf(e.account, data));

        e.rule = NO_RULE;
        // Whether anybody attests is not known before the program is open.
        Effect memory none;
        (none.target, none.selector) = (a.to, data.selector());
        Asking.fold(e, none);
        ++e.effects;
        return true;
    }

    function _note(Evaluation memory e, ActionView memory a) private pure {
        if (e.slots.length == 0) e.firstSlot = e.effects;
        bytes calldata data = a.data.bytesOf();
        e.slots = bytes.concat(e.slots, abi.encodePacked(a.to, data.length), data);
    }

    function _slots(Evaluation memory e) private view returns (bool) {
        if (e.slots.length == 0) return true;
        (Reason reason, uint256 have, uint256 need, bool removal) =
            Slots.allow(e.account, e.control, e.manager, e.slots);
        e.removal = removal;
        return reason == Reason.Allowed || e.denyAt(reason, e.firstSlot, NO_RULE, 0, have, need);
    }
}
