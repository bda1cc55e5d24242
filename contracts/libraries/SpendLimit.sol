// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Reason} from "../types/Reason.sol";
import {Charge, Effect, Evaluation, Image, Kind} from "../types/Evaluation.sol";
import {Program} from "./Program.sol";
import {Whitelist} from "./Whitelist.sol";
import {Window} from "./Window.sol";

/// @notice Charges effects to limits, `docs/program.md` §2.6 and §5: checked against what is stored and what this
/// request charged so far, written once at the end.
library SpendLimit {
    using Program for Image;

    /// @notice Charges the effect to the `n` limits listed at `listed` and to the everywhere limits of its asset.
    function charge(Evaluation memory e, Effect memory effect, uint256 listed, uint256 n) internal view returns (bool) {
        Image memory image = e.image;
        bool moves = Whitelist.moves(effect);
        address asset = effect.kind == Kind.NATIVE ? address(0) : effect.subject;
        uint256 mask = moves || effect.kind == Kind.OPAQUE ? image.everywhere(asset) : 0;
        if (effect.kind == Kind.OPAQUE && mask != 0) {
            return e.denyByRule(Reason.OpaqueUnderEverywhere, _lowest(mask), effect.selector, 0);
        }
        for (uint256 i = 0; i < n; ++i) {
            uint256 index = _byteAt(listed + i);
            if (!moves || index >= image.limitCount) return e.malformed();
            (,, address limited) = image.limit(index);
            if (limited != asset) return e.malformed();
            mask |= 1 << index;
        }
        if (!moves || effect.amount == 0) return true;
        for (uint256 index = 0; mask >> index != 0; ++index) {
            if (mask & (1 << index) != 0 && !_add(e, index, effect.amount)) return false;
        }
        return true;
    }

    /// @notice Writes what was charged: one word for each limit that keeps any.
    function commit(Evaluation memory e) internal {
        for (uint256 i = 0; i < e.charges.length; ++i) {
            if (e.charges[i] != 0) Window.commit(_chargeAt(e.charges[i]));
        }
    }

    function _add(Evaluation memory e, uint256 index, uint256 amount) private view returns (bool) {
        if (e.charges[index] == 0) {
            (uint256 id, uint256 terms, address asset) = e.image.limit(index);
            (bool sound, Charge memory fresh) = Window.load(e.account, id, terms, asset);
            if (!sound) return e.malformed();
            e.charges[index] = _pointerTo(fresh);
        }
        Charge memory c = _chargeAt(e.charges[index]);
        uint256 pending = c.pending;
        if (!Window.isTimely(c) || amount > type(uint256).max - pending) {
            return e.denyByRule(Reason.AmountOverflow, index, pending, amount);
        }
        if (!Window.fits(c, pending + amount)) {
            return e.denyByRule(Reason.LimitExceeded, index, Window.remaining(c), amount);
        }
        c.pending = pending + amount;
        return true;
    }

    function _lowest(uint256 mask) private pure returns (uint256 index) {
        while (mask & (1 << index) == 0) ++index;
    }

    function _byteAt(uint256 pointer) private pure returns (uint256 value) {
        assembly ("memory-safe") {
            value := byte(0, mload(pointer))
        }
    }

    /// @dev A memory struct is its pointer; kept as a number so that 0 can say that there is none yet.
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
