// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Ruling} from "./Ruling.sol";
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
import {Watch} from "./libraries/Watch.sol";
import {ActionView} from "./types/Data.sol";
import {EVALUATION, Evaluation, NO_RULE} from "./types/Evaluation.sol";
import {Effect, Reach} from "./types/Image.sol";
import {Reason} from "./types/Reason.sol";
import {Route} from "./types/Types.sol";
import {ControlWord, StagedWord} from "./types/Words.sol";

/// @title The one core behind every entry: evaluate in view, then commit
/// @notice `docs/program.md` §2 in the order in which it is written there. The first denial ends the call, so the
/// functions that decide return only if the evaluation goes on.
abstract contract Engine is Ruling {
    using Calldata for bytes;

    /// @dev Fields of {Evaluation}.
    uint256 private constant SAFE_TX_GAS = 0x60;
    uint256 private constant GAS_PRICE = 0x80;
    uint256 private constant CONTROL = 0x120;
    uint256 private constant MANAGER = 0x140;
    uint256 private constant RULE = 0x1e0;
    uint256 private constant METERED = 0x440;
    /// @dev Where {ControlWord} has the route, and {Route.Manager}.
    uint256 private constant ROUTE = 224;
    uint256 private constant MANAGER_ROUTE = 3;
    uint256 private constant MAX_BATCH_DEPTH = 2;

    /// @dev What an entry fills in: account, origin, initiator and the gas fields.
    function _enforce(Evaluation memory e, ActionView[] memory actions) internal {
        _decide(e, actions);
        assembly ("memory-safe") {
            e := EVALUATION
        }
        if (e.charges != 0) SpendLimit.commit(e);
        if (e.more) _commitMore(e);
    }

    /// @dev Only for {IPolicyHook.check}.
    function _evaluate(Evaluation memory e, ActionView[] memory actions) internal view {
        _decide(e, actions);
        e.denyAt(Reason.Allowed, e.effects, e.rule, 0, 0, 0);
    }

    function _decide(Evaluation memory e, ActionView[] memory actions) private view {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        uint256 control = ControlWord.unwrap(State.control(e.account));
        bool odd;
        assembly ("memory-safe") {
            mstore(add(EVALUATION, CONTROL), control)
            mstore(add(EVALUATION, RULE), NO_RULE)
            odd := or(mload(add(EVALUATION, SAFE_TX_GAS)), mload(add(EVALUATION, GAS_PRICE)))
            odd := or(or(odd, eq(and(shr(ROUTE, control), 0xff), MANAGER_ROUTE)), iszero(mload(actions)))
            // {Watch.LOCK} of the account.
            odd := or(odd, tload(shl(96, mload(EVALUATION))))
            odd := iszero(iszero(odd))
        }
        if (odd) _begin(e, actions.length);
        _actions(e, actions, e.leaf);
        if (!e.more) return;
        _slots(e);
        if (e.trusted != 0) _watch(e);
        if (e.metered != 0) _meter(e);
        Asking.demand(e, actions);
        Timelock.demand(e, actions);
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

    /// @dev A removal comes with slot changes.
    function _commitMore(Evaluation memory e) private {
        if (e.announcement != 0) State.clearAnnouncement(e.announcement);
        Marker.addAll(e.markers);
        if (e.slots.length != 0) State.setStaged(e.account, StagedWord.wrap(0), 0);
        if (e.joined.length != 0) Obligations.commit(e.met);
        if (e.removal) Lifecycle.remove(e.account);
        if (e.trusted | e.metered != 0) Watch.note(e.account, e.trusted, _bytesAt(e.metered));
    }

    /// @dev What most requests are without.
    function _begin(Evaluation memory e, uint256 count) private view {
        if (State.noted(e.account, Watch.LOCK) != 0) e.deny(Reason.AccountLocked, 0, 0);
        if (e.control.route() == Route.Manager) e.manager = State.manager(e.account);
        if (e.safeTxGas | e.gasPrice != 0) e.deny(Reason.GasRefund, e.safeTxGas, e.gasPrice);
        if (count == 0) e.deny(Reason.MalformedBatch, 0, 0);
    }

    /// @param a Any, to begin with: the compiler would check the bounds of each.
    function _actions(Evaluation memory e, ActionView[] memory actions, ActionView memory a) private view {
        uint256 cursor;
        uint256 end;
        assembly ("memory-safe") {
            e := EVALUATION
            cursor := add(actions, 0x20)
            end := add(cursor, shl(5, mload(actions)))
        }
        while (true) {
            assembly ("memory-safe") {
                a := mload(cursor)
                cursor := add(cursor, 0x20)
            }
            if (a.operation == 0) _leaf(e, a);
            else _batch(e, a, 0);
            if (cursor == end) return;
        }
    }

    function _batch(Evaluation memory e, ActionView memory a, uint256 depth) private view {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        if (a.operation > 1) e.deny(Reason.BadOperation, a.operation, 0);
        if (a.value != 0) e.deny(Reason.DelegatecallValue, a.value, 0);
        (bool known, bool delegates, bool zeroIsAccount) = MultiSend.recognise(a.to);
        if (!known) return _delegated(e, a);
        if (depth == MAX_BATCH_DEPTH) e.deny(Reason.BatchTooDeep, 0, 0);

        (uint256 cursor, uint256 end) = MultiSend.open(a.data.bytesOf());
        if (cursor == end) e.deny(Reason.MalformedBatch, 0, 0);
        address zero = zeroIsAccount ? e.account : address(0);
        // The batch itself may stand there; it was read.
        a = e.leaf;
        while (cursor < end) {
            cursor = MultiSend.next(cursor, zero, a);
            if (a.operation == 0) {
                _leaf(e, a);
                continue;
            }
            if (a.operation == 1 && !delegates) e.deny(Reason.BadOperation, 1, 0);
            _batch(e, a, depth + 1);
        }
    }

    /// @dev A delegatecall that is no batch, which only rules match that name its target.
    function _delegated(Evaluation memory e, ActionView memory a) private view {
        _ordinary(e, a, Reach.NAMED_SUBJECT);
        e.more = true;
        if (e.trusted == 0) e.trusted = Watch.trust(e.effects - 1, e.rule);
    }

    function _leaf(Evaluation memory e, ActionView memory a) private view {
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
        uint256 reach = Reach.EVERY;
        if (special) {
            reach = _special(e, a);
            if (reach == Reach.NONE) return;
        }
        _ordinary(e, a, reach);
    }

    /// @dev An action for the account, the hook or the manager. Returns which rules can match it if that is for them.
    function _special(Evaluation memory e, ActionView memory a) private view returns (uint256) {
        bytes calldata data = a.data.bytesOf();
        bool active = e.control.program() != address(0);
        if (a.to == e.account) e.callsItself = true;
        Leaf memory leaf = Leaf(e.account, e.manager, e.control, e.origin == address(0), a.to, a.value);
        (uint256 kind, Reason reason, uint256 have) = ControlCalls.judge(leaf, data);
        if (reason != Reason.Allowed) e.deny(reason, have, 0);
        if (kind < ControlCalls.SLOT) return kind;
        e.more = true;
        if (active && kind == ControlCalls.SLOT) _note(e, a);
        else if (active) e.markers = Marker.push(e.markers, Marker.keyOf(e.account, data));

        e.rule = NO_RULE;
        // Whether anybody attests is not known before the program is open.
        Effect memory none;
        (none.target, none.selector) = (a.to, data.selector());
        Asking.fold(e, none);
        ++e.effects;
        return Reach.NONE;
    }

    function _note(Evaluation memory e, ActionView memory a) private pure {
        if (e.slots.length == 0) e.firstSlot = e.effects;
        bytes calldata data = a.data.bytesOf();
        e.slots = bytes.concat(e.slots, abi.encodePacked(a.to, data.length), data);
    }

    /// @dev Denies a delegatecall after which nobody could tell whether it left the account as it must.
    function _watch(Evaluation memory e) private view {
        (Reason reason, uint256 detail) = Watch.allow(e.account, e.control, e.callsItself);
        if (reason == Reason.Allowed) return;
        (uint256 effect, uint256 rule) = Watch.asker(e.trusted);
        e.denyAt(reason, effect, rule, detail, 0, 0);
    }

    /// @dev Reads the balances that limits meter, and denies where nobody could tell what left.
    function _meter(Evaluation memory e) private view {
        (Reason reason, uint256 detail, uint256 have, bytes memory notes) =
            Watch.meter(e.account, e.control, e.effects, _bytesAt(e.metered));
        assembly ("memory-safe") {
            mstore(add(EVALUATION, METERED), notes)
        }
        if (reason != Reason.Allowed) e.denyAt(reason, e.effects, NO_RULE, detail, have, 0);
    }

    /// @dev None at 0.
    function _bytesAt(uint256 pointer) private pure returns (bytes memory found) {
        assembly ("memory-safe") {
            if pointer { found := pointer }
        }
    }

    function _slots(Evaluation memory e) private view {
        if (e.slots.length == 0) return;
        (Reason reason, uint256 have, uint256 need, bool removal) =
            Slots.allow(e.account, e.control, e.manager, e.slots);
        e.removal = removal;
        if (reason != Reason.Allowed) e.denyAt(reason, e.firstSlot, NO_RULE, 0, have, need);
    }
}
