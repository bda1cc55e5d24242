// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {IPolicyHook} from "./interfaces/IPolicyHook.sol";
import {Asking} from "./libraries/Asking.sol";
import {Calldata} from "./libraries/Calldata.sol";
import {ControlCalls, Leaf} from "./libraries/ControlCalls.sol";
import {Decoder} from "./libraries/Decoder.sol";
import {Index} from "./libraries/Index.sol";
import {Lifecycle} from "./libraries/Lifecycle.sol";
import {Marker} from "./libraries/Marker.sol";
import {MultiSend} from "./libraries/MultiSend.sol";
import {Obligations} from "./libraries/Obligations.sol";
import {Program} from "./libraries/Program.sol";
import {ReadRequest} from "./libraries/Requests.sol";
import {Rules} from "./libraries/Rules.sol";
import {Slots} from "./libraries/Slots.sol";
import {SpendLimit} from "./libraries/SpendLimit.sol";
import {State} from "./libraries/State.sol";
import {Timelock} from "./libraries/Timelock.sol";
import {ActionView} from "./types/Data.sol";
import {Effect, Evaluation, Image, Kind, NO_RULE, Reach, Rule, Semantics, evaluations} from "./types/Evaluation.sol";
import {Reason} from "./types/Reason.sol";
import {Route, Verdict} from "./types/Types.sol";
import {StagedWord} from "./types/Words.sol";

/// @title The one core behind every entry: evaluate in view, then commit
/// @notice `docs/program.md` §2 in the order in which it is written there. The functions that decide return
/// whether the evaluation goes on; before they return false they set the verdict.
abstract contract Engine {
    using Calldata for bytes;

    uint256 private constant MAX_BATCH_DEPTH = 2;
    uint256 private constant SELECTOR = 4;
    uint256 private constant ONE_WORD = 36;

    /// @dev What an entry fills in: account, origin, initiator and the gas fields.
    function _enforce(Evaluation memory e, ActionView[] memory actions) internal {
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
        e.control = State.control(e.account);
        if (e.control.route() == Route.Manager) e.manager = State.manager(e.account);
        e.rule = NO_RULE;
        return _request(e, actions);
    }

    /// @dev For the entries that have their request read to them.
    function _evaluation(address account, ReadRequest memory request, bool checking)
        internal
        pure
        returns (Evaluation memory)
    {
        Evaluation memory e = evaluations()();
        e.account = account;
        e.origin = request.origin;
        e.initiator = request.initiator;
        e.safeTxGas = request.safeTxGas;
        e.gasPrice = request.gasPrice;
        (e.words, e.baseGasAt, e.nonce) = (request.words, request.baseGasAt, request.nonce);
        e.checking = checking;
        return e;
    }

    function _commit(Evaluation memory e) private {
        SpendLimit.commit(e);
        if (e.announcement != 0) State.clearAnnouncement(e.announcement);
        Marker.addAll(e.markers);
        if (e.slots.length != 0) State.setStaged(e.account, StagedWord.wrap(0), 0);
        if (e.joined.length != 0) Obligations.commit(e.met);
        if (e.removal) Lifecycle.remove(e.account);
    }

    function _request(Evaluation memory e, ActionView[] memory actions) private view returns (bool) {
        if (e.safeTxGas != 0 || e.gasPrice != 0) return e.deny(Reason.GasRefund, e.safeTxGas, e.gasPrice);
        if (actions.length == 0) return e.deny(Reason.MalformedBatch, 0, 0);
        for (uint256 i = 0; i < actions.length; ++i) {
            if (!_action(e, actions[i], 0)) return false;
        }
        return _slots(e) && Asking.meets(e, actions) && Timelock.allows(e, actions);
    }

    function _action(Evaluation memory e, ActionView memory a, uint256 depth) private view returns (bool) {
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
        bool special = a.to == e.account || a.to == address(this) || a.to == e.manager && a.to != address(0);
        if (!special) return _ordinary(e, a, Reach.EVERY);
        bytes calldata data = a.data.bytesOf();
        bool active = e.control.program() != address(0);
        Leaf memory leaf = Leaf(e.account, e.manager, e.control, e.origin == address(0), a.to, a.value);
        (uint256 kind, Reason reason, uint256 have) = ControlCalls.judge(leaf, data);
        if (reason != Reason.Allowed) return e.deny(reason, have, 0);
        if (kind < ControlCalls.SLOT) return _ordinary(e, a, kind);
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

    /// @param reach Which rules can match what its calldata does.
    function _ordinary(Evaluation memory e, ActionView memory a, uint256 reach) private view returns (bool) {
        if (e.control.program() == address(0)) return e.deny(Reason.NoProgram, 0, 0);
        if (e.control.frozen()) return e.deny(Reason.Frozen, 0, 0);
        if (!e.opened) {
            e.opened = true;
            Program.open(e.image, e.control.program());
        }
        if (e.image.failed()) return e.denyFault();

        uint256 length = a.data.bytesOf().length;
        if (length != 0 && length < SELECTOR) return e.deny(Reason.ShortCalldata, length, 0);
        if (a.value != 0) {
            Effect memory native = e.effect;
            _bare(native, a);
            native.kind = Kind.NATIVE;
            native.hasRecipient = native.hasAmount = native.hasAsset = true;
            native.recipient = a.to;
            native.amount = a.value;
            if (!_effect(e, native)) return false;
            if (length == 0) return true;
        }
        return _call(e, a, reach);
    }

    /// @dev What all effects of an action share, and nothing else.
    function _bare(Effect memory effect, ActionView memory a) private pure {
        bytes calldata data = a.data.bytesOf();
        effect.kind = Kind.CALL;
        effect.reach = Reach.EVERY;
        effect.target = a.to;
        effect.subject = a.to;
        effect.data = a.data;
        effect.hasSelector = data.length != 0;
        effect.selector = data.selector();
        effect.hasRecipient = effect.hasAmount = effect.hasAsset = false;
        effect.recipient = effect.asset = address(0);
        effect.amount = 0;
    }

    /// @dev What the action's calldata does.
    function _call(Evaluation memory e, ActionView memory a, uint256 reach) private view returns (bool) {
        Effect memory effect = e.effect;
        _bare(effect, a);
        if (!effect.hasSelector) return _effect(e, effect);
        (bool canonical, uint256 count) = (true, 1);
        effect.reach = reach;
        if (effect.reach == Reach.EVERY) {
            (canonical, count) = _decode(e, effect);
            if (e.image.failed()) return e.denyFault();
        } else if (effect.reach == Reach.NAMED_RECIPIENT) {
            bytes calldata data = a.data.bytesOf();
            canonical = data.length == ONE_WORD && data.isAddress(SELECTOR);
            effect.hasRecipient = true;
            effect.recipient = data.addressAt(SELECTOR);
        }
        if (!canonical) return e.deny(Reason.NonCanonicalCalldata, effect.selector, 0);
        if (!_effect(e, effect)) return false;
        for (uint256 i = 1; i < count; ++i) {
            effect.amount = Decoder.amountAt(effect, i);
            if (!_effect(e, effect)) return false;
        }
        return true;
    }

    /// @dev Turns a call into what it does to a declared token, if it is one to a token or to Permit2.
    function _decode(Evaluation memory e, Effect memory effect) private view returns (bool canonical, uint256 count) {
        uint256 standard = Index.standardOf(e.image, effect.target);
        if (standard != 0) {
            effect.hasAsset = true;
            effect.asset = effect.target;
            return Decoder.decode(effect, standard, e.account);
        }
        (bool named, address token) = Decoder.permit2Token(effect);
        bool permits = named && Index.standardOf(e.image, token) == Decoder.ERC20;
        return (!permits || Decoder.permit2(effect, token), 1);
    }

    /// @dev Tests the rules in order. Which of those in scope decide is the program's semantics: the first; all, the
    /// first that denies at once; the first that allows, or else the first.
    function _effect(Evaluation memory e, Effect memory effect) private view returns (bool) {
        Image memory image = e.image;
        uint256[17] memory runs = e.runs;
        Index.lookUp(image, effect, e.account, runs);
        if (image.failed()) return e.denyFault();
        Rule memory rule = e.candidate;
        Rule memory first = rule;
        Rule memory last = rule;
        bool any = false;
        for (uint256 entry = Index.next(runs); entry != 0; entry = Index.next(runs)) {
            Rules.read(image, entry, rule);
            e.rule = rule.index;
            bool inScope = Rules.matches(e, effect, rule);
            if (image.failed()) return e.denyFault();
            if (!inScope) continue;
            bool atOnce = rule.allows == (image.semantics == Semantics.ALLOW_OVERRIDES);
            if (image.semantics == Semantics.FIRST_MATCH || atOnce) return _outcome(e, effect, rule);
            if (any) last.append(rule);
            else first = rule;
            last = rule;
            any = true;
            // The one before is kept.
            Rule memory another;
            e.candidate = rule = another;
        }
        return any ? _outcome(e, effect, first) : e.deny(Reason.NoRule, effect.kind, 0);
    }

    /// @param rules The first of the rules that decide. One that denies is alone, or the first of several that do.
    function _outcome(Evaluation memory e, Effect memory effect, Rule memory rules) private view returns (bool) {
        e.rule = rules.index;
        if (!rules.allows) return e.denyByRule(Reason.RuleDenies, 0, effect.kind, 0);
        if (!SpendLimit.charge(e, effect, rules)) return false;
        Rule memory rule = rules;
        while (true) {
            if (rule.delay > e.delay) {
                e.delay = rule.delay;
                e.delayRule = rule.index;
                e.delayEffect = e.effects;
            }
            if (rule.obligationsLength != 0 && !Asking.join(e, rule)) return e.denyFault();
            if (rule.next == 0) break;
            rule = rule.following();
        }
        if (e.image.attesterSets != 0) Asking.fold(e, effect);
        ++e.effects;
        return true;
    }
}
