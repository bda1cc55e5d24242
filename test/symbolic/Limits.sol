// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Window} from "../../contracts/libraries/Window.sol";
import {Charge} from "../../contracts/types/Evaluation.sol";
import {VM} from "../base/Vm.sol";

/// @notice The arithmetic of limits: for every stored word, cap, moment and amount.
contract SymbolicLimits {
    uint256 private constant TRANSACTION = 0;
    uint256 private constant DAY = 1;
    uint256 private constant WEEK = 2;
    uint256 private constant ROLLING = 4;
    /// @dev In seconds. How a moment becomes a lane is one division, which is left out of what is to be proved.
    uint256 private constant LANE = 1;
    uint256 private constant ALL_LANES = 2 ** 207 - 1;
    uint256 private constant NOW = 1_800_000_000;

    function check_transaction_fitsUpToTheCap(uint192 cap, uint256 amount) external view {
        (bool sound, Charge memory c) = _load(TRANSACTION, cap, 0);
        assert(sound);
        assert(Window.fits(c, amount) == (amount <= cap));
    }

    function check_calendar_neverLetsOutMoreThanTheCap(uint192 cap, uint256 word, uint32 time, uint256 amount)
        external
    {
        Charge memory c = _stored(DAY, cap, 0, word, time);
        uint256 used = word >> 192 < time / 1 days ? 0 : uint192(word);
        assert(c.usedUnits == used);
        // Sums of 192 and 256 bits may not fit a word; that is what is to be shown.
        bool fits = amount <= cap && used <= cap - amount;
        assert(Window.fits(c, amount) == fits);
    }

    function check_calendar_notesWhatItLetOut(uint192 cap, uint256 word, uint32 time, uint256 amount) external {
        Charge memory c = _stored(DAY, cap, 0, word, time);
        if (!Window.fits(c, amount)) return;
        uint256 used = c.usedUnits;
        c.pending = amount;
        Window.commit(c);
        (, Charge memory next) = _load(DAY, cap, 0);
        assert(next.usedUnits == used + amount);
        assert(next.usedUnits <= cap);
        assert(next.period == c.period);
    }

    function check_calendar_aLaterPeriodStays(uint192 cap, uint256 word, uint32 time) external {
        if (word >> 192 <= time / 1 days) return;
        Charge memory c = _stored(DAY, cap, 0, word, time);
        assert(c.period == word >> 192 && c.usedUnits == uint192(word));
    }

    function check_calendar_whatRemainsFitsAndNoMore(uint192 cap, uint256 word, uint32 time) external {
        Charge memory c = _stored(WEEK, cap, 0, word, time);
        uint256 left = Window.remaining(c);
        assert(left == 0 ? c.usedUnits >= cap : Window.fits(c, left));
        assert(!Window.fits(c, left + 1));
    }

    /// @dev Two lanes are anything and the others empty, since the solver is slow at the remainder that adds nine up; how far behind the stored ones are is tried one by one, since nothing else of the time
    /// matters.
    function check_rolling_neverLetsOutMoreThanTheCap(uint24 cap, uint24 a, uint24 b, uint24 amount) external {
        if (cap > 8_000_000 || (a | b) >= 2 ** 23) return;
        uint256 lanes = _lanes(a, b);
        for (uint256 behind; behind < 10; behind++) {
            Charge memory c = _stored(ROLLING, cap, 0, lanes | NOW << 213, NOW + behind);
            if (!Window.fits(c, amount)) continue;
            c.pending = amount;
            Window.commit(c);
            (, Charge memory next) = _load(ROLLING, cap, 0);
            assert(next.usedUnits == c.usedUnits + amount);
            assert(next.usedUnits <= cap);
        }
    }

    function check_rolling_moreThanTheCapNeverFits(uint24 cap, uint256 lanes, uint256 amount) external {
        if (cap > 8_000_000 || lanes > ALL_LANES) return;
        Charge memory c = _stored(ROLLING, cap, 0, lanes | NOW << 213, NOW);
        if (Window.fits(c, amount)) assert(amount <= cap && c.usedUnits <= cap - amount);
    }

    function check_rolling_timeOnlyFrees(uint24 a, uint24 b) external {
        if ((a | b) >= 2 ** 23) return;
        uint256 lanes = _lanes(a, b);
        uint256 used = type(uint256).max;
        for (uint256 behind; behind < 11; behind++) {
            uint256 next = _stored(ROLLING, 8_000_000, 0, lanes | NOW << 213, NOW + behind).usedUnits;
            assert(next <= used);
            used = next;
        }
        assert(used == 0);
    }

    function check_rolling_countsForTheWholeWindow(uint24 cap, uint32 time, uint32 later, uint24 amount) external {
        if (cap > 8_000_000 || later < time || later - time > 8 * LANE) return;
        Charge memory c = _stored(ROLLING, cap, 0, 0, time);
        if (!Window.fits(c, amount)) return;
        c.pending = amount;
        Window.commit(c);
        VM.warp(later);
        (, Charge memory next) = _load(ROLLING, cap, 0);
        assert(next.usedUnits == amount);
    }

    function check_rolling_isFreeAfterNineLanes(uint24 cap, uint256 word, uint32 time) external {
        if (cap > 8_000_000 || !_isRolling(word, 0)) return;
        if (time / LANE < ((word >> 213) & (2 ** 40 - 1)) + 9) return;
        assert(_stored(ROLLING, cap, 0, word, time).usedUnits == 0);
    }

    function check_rolling_aLaterLaneStays(uint24 cap, uint256 word, uint32 time) external {
        if (cap > 8_000_000 || !_isRolling(word, 0) || word == 0) return;
        uint256 stored = (word >> 213) & (2 ** 40 - 1);
        if (stored < time / LANE) return;
        Charge memory c = _stored(ROLLING, cap, 0, word, time);
        assert(c.period == stored && c.lanes == word & ALL_LANES);
    }

    /// @dev Another unit carries usage over, rounded against the spender.
    function check_rolling_aCoarserUnitForgetsNothing(uint24 lane, uint32 time) external {
        if (lane >= 2 ** 23) return;
        uint256 word = lane | (uint256(time) / LANE) << 213;
        Charge memory c = _stored(ROLLING, 8_000_000 * 100, 2, word, time);
        if (word != 0) assert(c.usedUnits * 100 >= lane && c.usedUnits * 100 < uint256(lane) + 100);
    }

    function check_rolling_aFinerUnitForgetsNothing(uint24 lane, uint32 time) external {
        if (lane >= 2 ** 23) return;
        uint256 word = lane | uint256(2) << 207 | (uint256(time) / LANE) << 213;
        Charge memory c = _stored(ROLLING, 8_000_000, 0, word, time);
        uint256 exact = uint256(lane) * 100;
        assert(c.usedUnits == (exact < 2 ** 23 ? exact : 2 ** 23 - 1));
    }

    function check_rolling_roundsUp(uint24 amount) external {
        Charge memory c = _stored(ROLLING, 8_000_000 * 100, 2, 0, 1_800_000_000);
        if (!Window.fits(c, amount)) return;
        c.pending = amount;
        Window.commit(c);
        (, Charge memory next) = _load(ROLLING, 8_000_000 * 100, 2);
        assert(next.usedUnits * 100 >= amount && next.usedUnits * 100 < uint256(amount) + 100);
    }

    function check_calendar_whatWasWrittenIsTakenBackExactly(uint192 cap, uint256 word, uint32 time, uint256 amount)
        external
    {
        Charge memory c = _stored(DAY, cap, 0, word, time);
        if (!Window.fits(c, amount)) return;
        c.pending = amount;
        Window.commit(c);
        (, Charge memory next) = _load(DAY, cap, 0);
        Window.resume(next, amount);
        assert(next.usedUnits == c.usedUnits && next.pending == amount && next.period == c.period);
    }

    function check_rolling_whatWasWrittenIsTakenBackExactly(uint24 cap, uint24 a, uint24 b, uint24 amount) external {
        if (cap > 8_000_000 || (a | b) >= 2 ** 23) return;
        Charge memory c = _stored(ROLLING, cap, 0, _lanes(a, b) | NOW << 213, NOW);
        if (!Window.fits(c, amount)) return;
        c.pending = amount;
        Window.commit(c);
        (, Charge memory next) = _load(ROLLING, cap, 0);
        Window.resume(next, amount);
        assert(next.usedUnits == c.usedUnits && next.pending == amount && next.lanes == c.lanes);
    }

    /// @dev Words that the hook itself could have written with this exponent.
    function _isRolling(uint256 word, uint256 exponent) private pure returns (bool) {
        return word >> 253 == 0 && (word >> 207) & 63 == exponent;
    }

    /// @dev The current lane, and the one of half a window ago.
    function _lanes(uint256 a, uint256 b) private pure returns (uint256) {
        return a | b << 92;
    }

    function _stored(uint256 window, uint256 cap, uint256 exponent, uint256 word, uint256 time)
        private
        returns (Charge memory c)
    {
        VM.warp(time);
        (, c) = _load(window, cap, exponent);
        uint256 slot = c.slot;
        assembly ("memory-safe") {
            sstore(slot, word)
        }
        bool sound;
        (sound, c) = _load(window, cap, exponent);
        assert(sound);
    }

    function _load(uint256 window, uint256 cap, uint256 exponent) private view returns (bool sound, Charge memory c) {
        uint256 lane = window == ROLLING ? LANE : 0;
        uint256 terms = cap << 64 | window << 56 | lane << 16 | exponent << 8;
        sound = Window.load(c, address(0xACC), uint256(bytes32("limit")), terms, address(0x70CE), address(0));
    }
}
