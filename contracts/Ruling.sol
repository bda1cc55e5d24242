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
import {Effect, Image, Kind, Reach, Rule, Semantics, newRule, ruleAt} from "./types/Image.sol";
import {Reason} from "./types/Reason.sol";
import {FROZEN} from "./types/Words.sol";

/// @title What an action that is not for the account or the hook comes to: its effects, and under which rules
/// @notice Half of {Engine}, with its conventions.
abstract contract Ruling {
    using Calldata for bytes;

    /// @dev Fields of {Evaluation}, {Image}, {Rule} and {Effect}.
    uint256 private constant CONTROL = 0x120;
    uint256 private constant OPENED = 0x160;
    uint256 private constant EFFECTS = 0x1c0;
    uint256 private constant RULE = 0x1e0;
    uint256 private constant LIMIT_COUNT = 0x120;
    uint256 private constant ATTESTER_SETS = 0x140;
    uint256 private constant HEAD = 0x20;
    uint256 private constant OBLIGATIONS_LENGTH = 0x80;
    uint256 private constant NEXT = 0xe0;
    uint256 private constant TARGET = 0x40;
    uint256 private constant SELECTOR = 4;
    uint256 private constant CALL = 4;
    uint256 private constant ONE_WORD = 36;

    /// @param reach Which rules can match what its calldata does.
    function _ordinary(Evaluation memory e, ActionView memory a, uint256 reach) internal view {
        Effect memory effect = e.effect;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
        }
        if (!e.opened) _open(e);
        uint256 length;
        uint256 odd;
        assembly ("memory-safe") {
            // Less than 2^128 bytes.
            length := shr(128, shl(128, mload(add(a, 0x40))))
            // Value, or calldata of 1 to 3 bytes.
            odd := or(lt(sub(length, 1), sub(SELECTOR, 1)), mload(add(a, 0x20)))
        }
        if (odd != 0 && _native(e, a, length)) return;
        _bare(effect, a);
        uint256 count = 1;
        if (length | reach != 0) count = reach == Reach.EVERY ? _decode(e, effect) : _named(e, a, reach);
        _effect(e, effect);
        if (count != 1) _others(e, effect, count);
    }

    /// @dev They differ in their amounts alone.
    function _others(Evaluation memory e, Effect memory effect, uint256 count) private view {
        // Unchecked: as many as calldata holds.
        unchecked {
            for (uint256 i = 1; i < count; ++i) {
                effect.amount = Decoder.amountAt(effect, i);
                _effect(e, effect);
            }
        }
    }

    function _open(Evaluation memory e) private view {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        Image memory image = e.image;
        address program;
        bool odd;
        assembly ("memory-safe") {
            image := IMAGE
            let control := mload(add(EVALUATION, CONTROL))
            program := shr(96, shl(96, control))
            odd := or(iszero(program), iszero(iszero(and(control, FROZEN))))
            mstore(add(EVALUATION, OPENED), 1)
        }
        if (odd) e.deny(program == address(0) ? Reason.NoProgram : Reason.Frozen, 0, 0);
        Program.open(image, program);
        if (image.failed()) e.denyFault();
    }

    /// @dev Judges the value, if that is what is odd.
    /// @return Whether that was all.
    function _native(Evaluation memory e, ActionView memory a, uint256 length) private view returns (bool) {
        if (length != 0 && length < SELECTOR) e.deny(Reason.ShortCalldata, length, 0);
        Effect memory native = e.effect;
        _bare(native, a);
        native.kind = Kind.NATIVE;
        native.hasRecipient = native.hasAmount = native.hasAsset = true;
        native.recipient = a.to;
        native.amount = a.value;
        _effect(e, native);
        return length == 0;
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

    /// @dev What only rules match that name it: a delegatecall, or a call, with its recipient if they must name that too.
    function _named(Evaluation memory e, ActionView memory a, uint256 reach) private pure returns (uint256 count) {
        Effect memory effect = e.effect;
        effect.reach = reach;
        if (reach == Reach.NAMED_SUBJECT) effect.kind = Kind.DELEGATECALL;
        if (reach == Reach.NAMED_RECIPIENT) {
            bytes calldata data = a.data.bytesOf();
            bool canonical = data.length == ONE_WORD && data.isAddress(SELECTOR);
            if (!canonical) e.deny(Reason.NonCanonicalCalldata, effect.selector, 0);
            effect.hasRecipient = true;
            effect.recipient = data.addressAt(SELECTOR);
        }
        return 1;
    }

    /// @dev Turns a call into what it does to a declared token, if it is one to a token or to Permit2.
    /// @return count How many effects that are, of which this is the first.
    function _decode(Evaluation memory e, Effect memory effect) private view returns (uint256 count) {
        Image memory image = e.image;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
            image := IMAGE
        }
        bool canonical;
        address account;
        address target;
        assembly ("memory-safe") {
            account := mload(EVALUATION)
            target := mload(add(EFFECT, TARGET))
        }
        uint256 standard = Index.standardOf(image, target);
        if (standard == Decoder.ERC20) {
            canonical = Decoder.erc20(effect, account);
            count = 1;
        } else {
            (canonical, count) = _decodeOther(e, effect, image, standard);
        }
        if (!canonical) e.deny(Reason.NonCanonicalCalldata, effect.selector, 0);
    }

    /// @dev A call to a token of another standard, or to no token.
    function _decodeOther(Evaluation memory e, Effect memory effect, Image memory image, uint256 standard)
        private
        view
        returns (bool canonical, uint256 count)
    {
        if (image.failed()) e.denyFault();
        if (standard != 0) return Decoder.decode(effect, standard, e.account);
        if (effect.target != Decoder.PERMIT2) return (true, 1);
        (bool named, address token) = Decoder.permit2Token(effect);
        bool permits = named && Index.standardOf(image, token) == Decoder.ERC20;
        if (image.failed()) e.denyFault();
        return (!permits || Decoder.permit2(effect, token), 1);
    }

    /// @dev Tests the rules in order. Which of those in scope decide is the program's semantics: the first; all, the
    /// first that denies at once; the first that allows, or else the first.
    function _effect(Evaluation memory e, Effect memory effect) private view {
        Image memory image = e.image;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
            image := IMAGE
        }
        address account;
        assembly ("memory-safe") {
            account := mload(EVALUATION)
        }
        uint256 entry = Index.first(image, account);
        Rule memory rule = e.candidate;
        if (image.semantics != Semantics.FIRST_MATCH) return _jointly(e, effect, entry);
        for (; entry != 0; entry = Index.next()) {
            if (Rules.inScope(e, effect, rule, entry)) return _outcome(e, effect, rule);
        }
        _unmatched(e, effect);
    }

    /// @dev No rule is in scope, or what tells could not be read: then no entry was found.
    function _unmatched(Evaluation memory e, Effect memory effect) private pure {
        if (e.image.failed()) e.denyFault();
        if (effect.kind == Kind.DELEGATECALL) e.deny(Reason.DelegatecallDenied, uint160(effect.target), 0);
        e.deny(Reason.NoRule, effect.kind, 0);
    }

    /// @dev The other two.
    function _jointly(Evaluation memory e, Effect memory effect, uint256 entry) private view {
        Rule memory rule = e.candidate;
        Rule memory first = rule;
        Rule memory last = rule;
        bool any = false;
        bool overrides = e.image.semantics == Semantics.ALLOW_OVERRIDES;
        for (; entry != 0; entry = Index.next()) {
            if (!Rules.inScope(e, effect, rule, entry)) continue;
            if (rule.allows() == overrides) return _outcome(e, effect, rule);
            if (any) last.append(rule);
            else first = rule;
            last = rule;
            any = true;
            // The one before is kept.
            e.candidate = rule = ruleAt()(newRule());
        }
        if (!any) _unmatched(e, effect);
        _outcome(e, effect, first);
    }

    /// @param rules The first of the rules that decide. One that denies is alone, or the first of several that do.
    function _outcome(Evaluation memory e, Effect memory effect, Rule memory rules) private view {
        bool allows;
        uint256 limits;
        uint256 more;
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
            mstore(add(EVALUATION, RULE), and(shr(40, mload(rules)), 0xffff))
            let head := mload(add(rules, HEAD))
            let next := mload(add(rules, NEXT))
            allows := and(shr(40, head), 1)
            // A program without limits, and one rule that lists none: a limit would be malformed.
            limits := or(or(mload(add(IMAGE, LIMIT_COUNT)), byte(27, head)), next)
            let asks := or(shl(224, head), mload(add(rules, OBLIGATIONS_LENGTH)))
            more := or(or(asks, next), mload(add(IMAGE, ATTESTER_SETS)))
        }
        if (!allows) e.denyByRule(Reason.RuleDenies, 0, effect.kind, 0);
        if (limits != 0) SpendLimit.charge(e, effect, rules);
        if (more != 0) _join(e, effect, rules);
        assembly ("memory-safe") {
            mstore(add(EVALUATION, EFFECTS), add(mload(add(EVALUATION, EFFECTS)), 1))
        }
    }

    /// @dev What the rules ask for besides limits.
    function _join(Evaluation memory e, Effect memory effect, Rule memory rule) private view {
        while (true) {
            if (rule.delay() > e.delay) {
                e.more = true;
                e.delay = rule.delay();
                e.delayRule = rule.index();
                e.delayEffect = e.effects;
            }
            if (rule.obligationsLength != 0) {
                e.more = true;
                if (!Asking.join(e, rule)) e.denyFault();
            }
            if (rule.next == 0) break;
            rule = ruleAt()(rule.next);
        }
        if (e.image.attesterSets != 0) Asking.fold(e, effect);
    }
}
