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
import {
    EFFECT,
    EVALUATION,
    Effect,
    Evaluation,
    IMAGE,
    Image,
    Kind,
    NO_RULE,
    Reach,
    Rule,
    Semantics,
    newRules,
    rulesAt
} from "./types/Evaluation.sol";
import {Reason} from "./types/Reason.sol";
import {Route, Verdict} from "./types/Types.sol";
import {StagedWord} from "./types/Words.sol";

/// @title The one core behind every entry: evaluate in view, then commit
/// @notice `docs/program.md` §2 in the order in which it is written there. The functions that decide return
/// whether the evaluation goes on; before they return false they set the verdict.
abstract contract Engine {
    using Calldata for bytes;

    /// @dev Fields of {Evaluation}, {Image} and {Rule}.
    uint256 private constant MANAGER = 0x140;
    uint256 private constant EFFECTS = 0x1c0;
    uint256 private constant RULE = 0x1e0;
    uint256 private constant ATTESTER_SETS = 0x140;
    uint256 private constant HEAD = 0x20;
    uint256 private constant OBLIGATIONS_LENGTH = 0x80;
    uint256 private constant NEXT = 0xe0;
    uint256 private constant MAX_BATCH_DEPTH = 2;
    uint256 private constant SELECTOR = 4;
    uint256 private constant CALL = 4;
    uint256 private constant ONE_WORD = 36;

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
    function _read(Evaluation memory e, address account, ReadRequest memory request, bool checking) internal pure {
        e.account = account;
        e.origin = request.origin;
        e.initiator = request.initiator;
        e.safeTxGas = request.safeTxGas;
        e.gasPrice = request.gasPrice;
        (e.words, e.baseGasAt, e.nonce) = (request.words, request.baseGasAt, request.nonce);
        e.checking = checking;
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

    /// @param reach Which rules can match what its calldata does.
    function _ordinary(Evaluation memory e, ActionView memory a, uint256 reach) private view returns (bool) {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        if (!e.opened && !_open(e)) return false;
        if (e.image.failed()) return e.denyFault();

        uint256 length = a.data.bytesOf().length;
        bool short;
        assembly ("memory-safe") {
            // 1 to 3.
            short := lt(sub(length, 1), sub(SELECTOR, 1))
        }
        if (short) return e.deny(Reason.ShortCalldata, length, 0);
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

    function _open(Evaluation memory e) private view returns (bool) {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        address program = e.control.program();
        if (program == address(0)) return e.deny(Reason.NoProgram, 0, 0);
        if (e.control.frozen()) return e.deny(Reason.Frozen, 0, 0);
        e.opened = true;
        Program.open(e.image, program);
        return true;
    }

    /// @dev What all effects of an action share, and nothing else. The calldata has no bytes, or a selector.
    function _bare(Effect memory effect, ActionView memory a) private pure {
        assembly ("memory-safe") {
            effect := EFFECT
            let to := mload(a)
            let data := mload(add(a, 0x40))
            // Less than 2^128 bytes.
            let calls := iszero(iszero(shl(128, data)))
            mstore(effect, CALL)
            mstore(add(effect, 0x20), 0) // reach: every
            mstore(add(effect, 0x40), to) // target
            mstore(add(effect, 0x60), to) // subject
            mstore(add(effect, 0x80), calls) // hasSelector
            mstore(add(effect, 0xa0), mul(calls, shr(224, calldataload(shr(128, data))))) // selector
            mstore(add(effect, 0xc0), data)
            // No recipient, amount or asset.
            calldatacopy(add(effect, 0xe0), calldatasize(), 0xc0)
        }
    }

    /// @dev What the action's calldata does.
    function _call(Evaluation memory e, ActionView memory a, uint256 reach) private view returns (bool) {
        Effect memory effect = e.effect;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
        }
        _bare(effect, a);
        if (!effect.hasSelector) return _effect(e, effect);
        if (reach != Reach.EVERY) return _named(e, a, reach);
        (bool canonical, uint256 count) = _decode(e, effect);
        if (e.image.failed()) return e.denyFault();
        if (!canonical) return e.deny(Reason.NonCanonicalCalldata, effect.selector, 0);
        if (count == 1) return _effect(e, effect);
        for (uint256 i = 0; i < count; ++i) {
            effect.amount = Decoder.amountAt(effect, i);
            if (!_effect(e, effect)) return false;
        }
        return true;
    }

    /// @dev A call that only rules match that name it, with its recipient if they must name that too.
    function _named(Evaluation memory e, ActionView memory a, uint256 reach) private view returns (bool) {
        Effect memory effect = e.effect;
        effect.reach = reach;
        if (reach == Reach.NAMED_RECIPIENT) {
            bytes calldata data = a.data.bytesOf();
            bool canonical = data.length == ONE_WORD && data.isAddress(SELECTOR);
            if (!canonical) return e.deny(Reason.NonCanonicalCalldata, effect.selector, 0);
            effect.hasRecipient = true;
            effect.recipient = data.addressAt(SELECTOR);
        }
        return _effect(e, effect);
    }

    /// @dev Turns a call into what it does to a declared token, if it is one to a token or to Permit2.
    function _decode(Evaluation memory e, Effect memory effect) private view returns (bool canonical, uint256 count) {
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
        }
        uint256 standard = Index.standardOf(e.image, effect.target);
        if (standard != 0) {
            effect.hasAsset = true;
            effect.asset = effect.target;
            return Decoder.decode(effect, standard, e.account);
        }
        if (effect.target != Decoder.PERMIT2) return (true, 1);
        (bool named, address token) = Decoder.permit2Token(effect);
        bool permits = named && Index.standardOf(e.image, token) == Decoder.ERC20;
        return (!permits || Decoder.permit2(effect, token), 1);
    }

    /// @dev Tests the rules in order. Which of those in scope decide is the program's semantics: the first; all, the
    /// first that denies at once; the first that allows, or else the first.
    function _effect(Evaluation memory e, Effect memory effect) private view returns (bool) {
        Image memory image = e.image;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
            image := IMAGE
        }
        uint256 entry = Index.first(image, e.account);
        if (image.failed()) return e.denyFault();
        Rule memory rule = e.candidate;
        Rule memory first = rule;
        Rule memory last = rule;
        bool any = false;
        for (; entry != 0; entry = Index.next()) {
            bool sound = Rules.read(image, entry, rule);
            e.rule = rule.index;
            if (!sound) return e.denyFault();
            if (!Rules.matches(e, effect, rule)) {
                if (image.failed()) return e.denyFault();
                continue;
            }
            uint256 semantics = image.semantics;
            if (semantics == Semantics.FIRST_MATCH) return _outcome(e, effect, rule);
            if (rule.allows() == (semantics == Semantics.ALLOW_OVERRIDES)) return _outcome(e, effect, rule);
            if (any) last.append(rule);
            else first = rule;
            last = rule;
            any = true;
            // The one before is kept.
            e.candidate = rule = newRules()[0];
        }
        return any ? _outcome(e, effect, first) : e.deny(Reason.NoRule, effect.kind, 0);
    }

    /// @param rules The first of the rules that decide. One that denies is alone, or the first of several that do.
    function _outcome(Evaluation memory e, Effect memory effect, Rule memory rules) private view returns (bool) {
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
            mstore(add(EVALUATION, RULE), mload(rules))
        }
        if (!rules.allows()) return e.denyByRule(Reason.RuleDenies, 0, effect.kind, 0);
        if (!SpendLimit.charge(e, effect, rules)) return false;
        bool more;
        assembly ("memory-safe") {
            let asks := or(and(mload(add(rules, HEAD)), 0xffffffff), mload(add(rules, OBLIGATIONS_LENGTH)))
            more := or(or(asks, mload(add(rules, NEXT))), mload(add(IMAGE, ATTESTER_SETS)))
        }
        if (more && !_join(e, effect, rules)) return false;
        assembly ("memory-safe") {
            mstore(add(EVALUATION, EFFECTS), add(mload(add(EVALUATION, EFFECTS)), 1))
        }
        return true;
    }

    /// @dev What the rules ask for besides limits.
    function _join(Evaluation memory e, Effect memory effect, Rule memory rule) private view returns (bool) {
        while (true) {
            if (rule.delay() > e.delay) {
                e.more = true;
                e.delay = rule.delay();
                e.delayRule = rule.index;
                e.delayEffect = e.effects;
            }
            if (rule.obligationsLength != 0) {
                e.more = true;
                if (!Asking.join(e, rule)) return e.denyFault();
            }
            if (rule.next == 0) break;
            rule = rulesAt(rule.next)[0];
        }
        if (e.image.attesterSets != 0) Asking.fold(e, effect);
        return true;
    }
}
