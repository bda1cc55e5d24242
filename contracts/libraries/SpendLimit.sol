// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../types/Reason.sol";
import {Charge, Effect, Evaluation, Image, Kind, Rule} from "../types/Evaluation.sol";
import {Program} from "./Program.sol";
import {Window} from "./Window.sol";

/// @notice Charges effects to limits, `docs/program.md` §2.6 and §5: checked against what is stored and what this
/// request charged so far, written once at the end.
library SpendLimit {
    using Program for Image;

    /// @notice Charges the effect to the limits that the rules list, and to the everywhere limits of its asset.
    /// @param rules The first of those that decide.
    function charge(Evaluation memory e, Effect memory effect, Rule memory rules) internal view returns (bool) {
        uint256 mask = effect.hasAsset ? e.image.everywhere(effect.asset) : 0;
        if (effect.kind == Kind.OPAQUE && mask != 0) {
            return e.denyByRule(Reason.OpaqueUnderEverywhere, _lowest(mask), effect.selector, 0);
        }
        mask |= _listed(e.image, effect, rules);
        if (e.image.failed()) return e.denyFault();
        for (uint256 index = 0; mask >> index != 0; ++index) {
            if (mask & (1 << index) != 0 && !_add(e, effect, index, rules)) return false;
        }
        return true;
    }

    /// @notice Whether the effect would still fit the limit. Spoils the image if the limit is not well formed.
    function fits(Evaluation memory e, Effect memory effect, uint256 index) internal view returns (bool) {
        Image memory image = e.image;
        if (index >= image.limitCount) return image.spoil();
        (, uint256 terms,) = image.limit(index);
        if (!Window.isSound(terms)) return image.spoil();
        if (!_concerns(image, effect, index)) return false;
        if (Window.scope(terms) == Window.RECIPIENT && !effect.hasRecipient) return false;
        if (_isFree(effect, terms)) return true;
        Charge memory c = _meter(e, effect, index);
        if (image.failed()) return false;
        uint256 amount = _amount(c, effect, terms);
        return _sums(c, amount) && Window.fits(c, c.pending + amount);
    }

    /// @notice Writes what was charged: one word for each limit and key that keep any.
    function commit(Evaluation memory e) internal {
        for (uint256 cursor = e.charges; cursor != 0;) {
            Charge memory c = _chargeAt(cursor);
            if (c.pending != 0) Window.commit(c);
            cursor = c.next;
        }
    }

    /// @dev The limits that the rules list, as a mask by index.
    function _listed(Image memory image, Effect memory effect, Rule memory rule) private pure returns (uint256 mask) {
        while (true) {
            for (uint256 i = 0; i < rule.limitCount; ++i) {
                uint256 index = _byteAt(rule.limits + i);
                if (index >= image.limitCount || !_concerns(image, effect, index)) {
                    image.spoil();
                    return 0;
                }
                mask |= 1 << index;
            }
            if (rule.next == 0) return mask;
            rule = rule.following();
        }
    }

    /// @dev Whether the limit can count the effect, or adds up amounts of its asset.
    function _concerns(Image memory image, Effect memory effect, uint256 index) private pure returns (bool) {
        (, uint256 terms, address limited) = image.limit(index);
        return Window.counts(terms) || effect.hasAmount && limited == effect.asset;
    }

    function _isFree(Effect memory effect, uint256 terms) private pure returns (bool) {
        return effect.amount == 0 && !Window.counts(terms);
    }

    function _add(Evaluation memory e, Effect memory effect, uint256 index, Rule memory rules)
        private
        view
        returns (bool)
    {
        (, uint256 terms,) = e.image.limit(index);
        if (_isFree(effect, terms)) return true;
        bool keyed = Window.scope(terms) != Window.RECIPIENT || effect.hasRecipient;
        if (!Window.isSound(terms) || !keyed) e.image.spoil();
        if (e.image.failed()) return e.denyFault();
        Charge memory c = _meter(e, effect, index);
        if (e.image.failed()) return e.denyFault();

        uint256 amount = _amount(c, effect, terms);
        uint256 pending = c.pending;
        bool sums = _sums(c, amount);
        if (sums && Window.fits(c, pending + amount)) {
            c.pending = pending + amount;
            return true;
        }
        e.rule = _lister(rules, index);
        if (!sums) return e.denyByRule(Reason.AmountOverflow, index, pending, amount);
        return e.denyByRule(Reason.LimitExceeded, index, Window.remaining(c), amount);
    }

    /// @dev The charge of the limit and of what its scope names, read from storage when it is first asked for.
    function _meter(Evaluation memory e, Effect memory effect, uint256 index) private view returns (Charge memory c) {
        (uint256 id, uint256 terms, address asset) = e.image.limit(index);
        uint256 scope = Window.scope(terms);
        address key;
        if (scope == Window.RECIPIENT) key = effect.recipient;
        else if (scope == Window.INITIATOR) key = e.initiator;
        for (uint256 cursor = e.charges; cursor != 0; cursor = c.next) {
            c = _chargeAt(cursor);
            if (c.limit == index && c.key == key) return c;
        }
        bool sound;
        (sound, c) = Window.load(e.account, id, terms, asset, key);
        if (!sound) e.image.spoil();
        c.limit = index;
        c.key = key;
        c.next = e.charges;
        e.charges = _pointerTo(c);
    }

    /// @dev A count grows once in a request.
    function _amount(Charge memory c, Effect memory effect, uint256 terms) private pure returns (uint256) {
        if (!Window.counts(terms)) return effect.amount;
        return c.pending == 0 ? 1 : 0;
    }

    function _sums(Charge memory c, uint256 amount) private pure returns (bool) {
        return Window.isTimely(c) && amount <= type(uint256).max - c.pending;
    }

    /// @dev The first rule that lists the limit, or else the first.
    function _lister(Rule memory rules, uint256 index) private pure returns (uint256) {
        Rule memory rule = rules;
        while (true) {
            for (uint256 i = 0; i < rule.limitCount; ++i) {
                if (_byteAt(rule.limits + i) == index) return rule.index;
            }
            if (rule.next == 0) return rules.index;
            rule = rule.following();
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

    /// @dev A memory struct is its pointer; kept as a number so that 0 can say that there is none.
    function _pointerTo(Charge memory c) private pure returns (uint256 pointer) {
        assembly ("memory-safe") {
            pointer := c
        }
    }

    function _chargeAt(uint256 pointer) private pure returns (Charge memory c) {
        assembly ("memory-safe") {
            c := pointer
        }
    }
}
