// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../types/Reason.sol";
import {CHARGED, Charge, EFFECT, EVALUATION, Evaluation, IMAGE, chargeAt} from "../types/Evaluation.sol";
import {Effect, Image, Kind, Rule, ruleAt} from "../types/Image.sol";
import {Charges} from "./Charges.sol";
import {Program} from "./Program.sol";
import {Window} from "./Window.sol";

/// @notice Charges effects to limits, `docs/program.md` §2.6 and §5: checked against what is stored and what this
/// request charged so far, written once at the end.
library SpendLimit {
    using Program for Image;

    /// @dev Bytes of a limit in the program, where its parts are, and its highest window and flags, unless it meters.
    uint256 private constant LIMIT = 84;
    uint256 private constant TERMS = 32;
    uint256 private constant ASSET = 64;
    uint256 private constant COUNTS_SHIFT = 49;
    uint256 private constant LAST_WINDOW = 4;
    uint256 private constant LAST_FLAGS = 11;
    /// @dev {Kind.APPROVE}.
    uint256 private constant APPROVE = 3;
    /// @dev Fields of {Evaluation} and {Effect}.
    uint256 private constant MORE = 0x3e0;
    uint256 private constant METERED = 0x440;
    uint256 private constant HAS_RECIPIENT = 0xe0;
    uint256 private constant HAS_AMOUNT = 0x120;
    uint256 private constant AMOUNT = 0x140;
    uint256 private constant HAS_ASSET = 0x160;
    uint256 private constant EFFECT_ASSET = 0x180;
    /// @dev Fields of {Image} and {Rule}.
    uint256 private constant LIMITS = 0x160;
    uint256 private constant RULE_LIMITS = 0x40;
    uint256 private constant LIMIT_COUNT = 0x120;
    uint256 private constant HEAD = 0x20;
    uint256 private constant NEXT = 0xe0;
    /// @dev The flag of a limit that meters.
    uint256 private constant METERS = 16;
    /// @dev From {CHARGED}, behind the entry of the rule.
    uint256 private constant CHARGED_ASSET = 0x20;
    uint256 private constant CHARGED_MASK = 0x40;
    /// @dev Fields of {Charge}.
    uint256 private constant SCALE = 0x80;
    uint256 private constant CAP_UNITS = 0xa0;
    uint256 private constant USED_UNITS = 0xc0;
    uint256 private constant PENDING = 0xe0;

    /// @notice Charges the effect to the limits that the rules list, and to the everywhere limits of its asset.
    /// @param rules The first of those that decide.
    function charge(Evaluation memory e, Effect memory effect, Rule memory rules) internal view {
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
        }
        uint256 mask;
        bool known;
        assembly ("memory-safe") {
            // One rule alone, the one before, for the same asset: transactions of a batch are often alike. The entry
            // tells the kind of effect.
            let same := eq(mload(add(CHARGED, CHARGED_ASSET)), mload(add(EFFECT, EFFECT_ASSET)))
            known := gt(and(same, eq(mload(CHARGED), mload(rules))), mload(add(rules, NEXT)))
            mask := mload(add(CHARGED, CHARGED_MASK))
        }
        if (!known) mask = _limits(e, effect, rules);
        // Unchecked: there are at most 32 limits.
        unchecked {
            for (uint256 index = 0; mask != 0; ++index) {
                if (mask & 1 != 0) _add(e, index, rules);
                mask >>= 1;
            }
        }
    }

    /// @notice Whether the effect would still fit the limit. Spoils the image if the limit is not well formed.
    function fits(Evaluation memory e, Effect memory effect, uint256 index) internal view returns (bool) {
        assembly ("memory-safe") {
            e := EVALUATION
            effect := EFFECT
        }
        Image memory image = e.image;
        if (index >= image.limitCount) return image.spoil();
        (, uint256 terms,) = image.limit(index);
        if (!Window.isSound(terms)) return image.spoil();
        if (!_concerns(image, effect, index)) return false;
        if (Window.scope(terms) == Window.RECIPIENT && !effect.hasRecipient) return false;
        if (effect.amount == 0 && !Window.counts(terms)) return true;
        uint256 pointer = Charges.find(e, index);
        if (pointer == 0) return false;
        Charge memory c = chargeAt()(pointer);
        uint256 amount = _amount(c, effect, terms);
        return _sums(c, amount) && Window.fits(c, c.pending + amount);
    }

    /// @notice Writes what was charged: one word for each limit and key that keep any.
    function commit(Evaluation memory e) internal {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        for (uint256 cursor = e.charges; cursor != 0;) {
            Charge memory c = chargeAt()(cursor);
            if (c.pending != 0) Window.commit(c);
            cursor = c.next;
        }
    }

    /// @dev The limits that are to be charged, as a mask by index. Denies where that is not possible.
    function _limits(Evaluation memory e, Effect memory effect, Rule memory rules) private pure returns (uint256 mask) {
        uint256 concerned;
        (mask, concerned) = _everywhere();
        if (mask != 0 && effect.kind == Kind.OPAQUE) {
            e.denyByRule(Reason.OpaqueUnderEverywhere, _lowest(mask), effect.selector, 0);
        }
        uint256 listed = _listed(rules);
        if (listed & ~concerned != 0) _malformed(e);
        mask |= listed;
        assembly ("memory-safe") {
            mstore(CHARGED, mul(mload(rules), iszero(mload(add(rules, NEXT)))))
            mstore(add(CHARGED, CHARGED_ASSET), mload(add(EFFECT, EFFECT_ASSET)))
            mstore(add(CHARGED, CHARGED_MASK), mask)
        }
    }

    /// @dev Masks by index: the limits that charge every outflow of the effect's asset, if it has one, and those that
    /// concern the effect, as {_concerns}. Where some limit meters, whatever its asset, begins the tally: for each
    /// limit what was declared to leave, and what allowances were granted.
    function _everywhere() private pure returns (uint256 mask, uint256 concerned) {
        assembly ("memory-safe") {
            let limit := mload(add(IMAGE, LIMITS))
            let asset := mload(add(EFFECT, EFFECT_ASSET))
            let hasAsset := mload(add(EFFECT, HAS_ASSET))
            let hasAmount := mload(add(EFFECT, HAS_AMOUNT))
            let n := mload(add(IMAGE, LIMIT_COUNT))
            let every := 0
            for { let i := 0 } lt(i, n) { i := add(i, 1) } {
                let same := eq(shr(96, mload(add(limit, ASSET))), asset)
                let flags := byte(25, mload(add(limit, TERMS)))
                mask := or(mask, shl(i, and(and(same, hasAsset), flags)))
                concerned := or(concerned, shl(i, or(and(same, hasAmount), and(shr(1, flags), 1))))
                every := or(every, flags)
                limit := add(limit, LIMIT)
            }
            // A pointer is more than the flag.
            if gt(and(every, METERS), mload(add(EVALUATION, METERED))) {
                let tally := mload(0x40)
                mstore(add(EVALUATION, METERED), tally)
                mstore(add(EVALUATION, MORE), 1)
                let size := shl(6, n)
                mstore(tally, size)
                calldatacopy(add(tally, 0x20), calldatasize(), size)
                mstore(0x40, add(add(tally, 0x20), size))
            }
        }
    }

    /// @dev The limits that the rules list, as a mask by index, which has one byte.
    function _listed(Rule memory rule) private pure returns (uint256 mask) {
        assembly ("memory-safe") {
            for {} rule { rule := mload(add(rule, NEXT)) } {
                let cursor := mload(add(rule, RULE_LIMITS))
                for { let end := add(cursor, byte(27, mload(add(rule, HEAD)))) } lt(cursor, end) {
                    cursor := add(cursor, 1)
                } { mask := or(mask, shl(byte(0, mload(cursor)), 1)) }
            }
        }
    }

    /// @dev Whether the limit can count the effect, or adds up amounts of its asset.
    function _concerns(Image memory image, Effect memory effect, uint256 index) private pure returns (bool) {
        (, uint256 terms, address limited) = image.limit(index);
        return Window.counts(terms) || effect.hasAmount && limited == effect.asset;
    }

    function _add(Evaluation memory e, uint256 index, Rule memory rules) private view {
        assembly ("memory-safe") {
            e := EVALUATION
        }
        uint256 terms;
        bool free;
        bool odd;
        assembly ("memory-safe") {
            terms := mload(add(add(mload(add(IMAGE, LIMITS)), mul(LIMIT, index)), TERMS))
            // As in {fits}.
            let flags := byte(25, terms)
            free := iszero(or(mload(add(EFFECT, AMOUNT)), and(flags, 2)))
            odd := or(free, or(gt(byte(24, terms), LAST_WINDOW), gt(flags, LAST_FLAGS)))
            // Or it asks for a recipient and there is none.
            odd := or(odd, gt(eq(shr(2, flags), 1), mload(add(EFFECT, HAS_RECIPIENT))))
        }
        if (odd) {
            if (free) return;
            if (!Window.isSound(terms) || !Window.meters(terms)) _malformed(e);
            _declare(index);
        }
        uint256 c = Charges.find(e, index);
        if (c == 0) e.denyFault();
        assembly ("memory-safe") {
            let pending := mload(add(c, PENDING))
            let amount := mload(add(EFFECT, AMOUNT))
            // A count grows once in a request.
            if and(shr(COUNTS_SHIFT, terms), 1) { amount := iszero(pending) }
            let sum := add(pending, amount)
            // As {Window.fits}.
            let scale := mload(add(c, SCALE))
            let more := add(div(sum, scale), iszero(iszero(mod(sum, scale))))
            let capUnits := mload(add(c, CAP_UNITS))
            let beyond := gt(add(mload(add(c, USED_UNITS)), more), capUnits)
            odd := or(lt(sum, amount), or(gt(more, capUnits), beyond))
            if iszero(odd) { mstore(add(c, PENDING), sum) }
        }
        if (odd) _exceeds(e, chargeAt()(c), index, rules, terms);
    }

    /// @dev Adds the effect to the tally of a limit that meters. What overflows is denied when it is charged.
    function _declare(uint256 index) private pure {
        assembly ("memory-safe") {
            let granted := eq(mload(EFFECT), APPROVE)
            let cursor := add(mload(add(EVALUATION, METERED)), add(0x20, shl(5, add(shl(1, index), granted))))
            mstore(cursor, add(mload(cursor), mload(add(EFFECT, AMOUNT))))
        }
    }

    function _malformed(Evaluation memory e) private pure {
        e.image.spoil();
        e.denyFault();
    }

    /// @dev The limit has no room for the effect.
    function _exceeds(Evaluation memory e, Charge memory c, uint256 index, Rule memory rules, uint256 terms)
        private
        pure
    {
        e.rule = _lister(rules, index);
        uint256 amount = _amount(c, e.effect, terms);
        if (!_sums(c, amount)) e.denyByRule(Reason.AmountOverflow, index, c.pending, amount);
        e.denyByRule(Reason.LimitExceeded, index, Window.remaining(c), amount);
    }

    /// @dev A count grows once in a request.
    function _amount(Charge memory c, Effect memory effect, uint256 terms) private pure returns (uint256) {
        if (!Window.counts(terms)) return effect.amount;
        return c.pending == 0 ? 1 : 0;
    }

    function _sums(Charge memory c, uint256 amount) private pure returns (bool sums) {
        uint256 pending = c.pending;
        bool timely = Window.isTimely(c);
        assembly ("memory-safe") {
            sums := and(timely, iszero(gt(amount, not(pending))))
        }
    }

    /// @dev The first rule that lists the limit, or else the first.
    function _lister(Rule memory rules, uint256 index) private pure returns (uint256) {
        Rule memory rule = rules;
        while (true) {
            for (uint256 i = 0; i < rule.limitCount(); ++i) {
                if (_byteAt(rule.limits + i) == index) return rule.index();
            }
            if (rule.next == 0) return rules.index();
            rule = ruleAt()(rule.next);
        }
    }

    function _lowest(uint256 mask) private pure returns (uint256 index) {
        while (mask & (1 << index) == 0) ++index;
    }

    function _byteAt(uint256 pointer) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, mload(pointer))
        }
    }
}
