// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Asking} from "./libraries/Asking.sol";
import {Calldata} from "./libraries/Calldata.sol";
import {Decoder} from "./libraries/Decoder.sol";
import {Index} from "./libraries/Index.sol";
import {Program} from "./libraries/Program.sol";
import {Rules} from "./libraries/Rules.sol";
import {SpendLimit} from "./libraries/SpendLimit.sol";
import {ActionView} from "./types/Data.sol";
import {EFFECT, EVALUATION, Evaluation, IMAGE} from "./types/Evaluation.sol";
import {Effect, Image, Kind, Reach, Rule, Semantics, newRules, rulesAt} from "./types/Image.sol";
import {Reason} from "./types/Reason.sol";

/// @title What an action that is not for the account or the hook comes to: its effects, and under which rules
/// @notice Half of {Engine}, with its conventions.
abstract contract Ruling {
    using Calldata for bytes;

    /// @dev Fields of {Evaluation}, {Image} and {Rule}.
    uint256 private constant EFFECTS = 0x1c0;
    uint256 private constant RULE = 0x1e0;
    uint256 private constant ATTESTER_SETS = 0x140;
    uint256 private constant HEAD = 0x20;
    uint256 private constant OBLIGATIONS_LENGTH = 0x80;
    uint256 private constant NEXT = 0xe0;
    uint256 private constant SELECTOR = 4;
    uint256 private constant CALL = 4;
    uint256 private constant ONE_WORD = 36;

    /// @param reach Which rules can match what its calldata does.
    function _ordinary(Evaluation memory e, ActionView memory a, uint256 reach) internal view returns (bool) {
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
