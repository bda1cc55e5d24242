// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {Window} from "../../contracts/libraries/Window.sol";
import {Charge} from "../../contracts/types/Evaluation.sol";
import {Test} from "../base/Test.sol";
import {VM} from "../base/Vm.sol";

contract WindowTest is Test {
    uint256 private constant TRANSACTION = 0;
    uint256 private constant DAY = 1;
    uint256 private constant WEEK = 2;
    uint256 private constant MONTH = 3;
    uint256 private constant ROLLING = 4;
    uint256 private constant LANE = 3 hours;
    uint256 private constant START = 1_790_000_000;
    address private constant ACCOUNT = address(0xACC);

    struct Payment {
        uint256 time;
        uint256 amount;
    }

    function testFuzz_rolling_neverAuthorisesMoreThanTheCapInAnyInterval(uint256 seed) public {
        uint256 cap = 1 + _draw(seed, 0, 8_000_000_000);
        uint256 exponent = _exponentOf(cap);
        Payment[] memory paid = new Payment[](60);
        uint256 time = START + _draw(seed, 1, 1 days);
        for (uint256 i = 0; i < paid.length; ++i) {
            time += _draw(seed, 3 * i + 2, i % 7 == 0 ? 20 hours : 2 hours);
            uint256 amount = 1 + _draw(seed, 3 * i + 3, cap / (1 + _draw(seed, 3 * i + 4, 12)) + 1);
            VM.warp(time);
            if (_pay(ROLLING, cap, exponent, amount)) paid[i] = Payment(time, amount);
        }
        uint256 window = 8 * LANE;
        for (uint256 i = 0; i < paid.length; ++i) {
            uint256 sum = 0;
            for (uint256 j = i; j < paid.length; ++j) {
                // Both ends belong to the interval.
                if (paid[j].time <= paid[i].time + window) sum += paid[j].amount;
            }
            if (paid[i].amount != 0) assertLe(sum, cap, "authorised in one window");
        }
    }

    function test_rolling_aPaymentCountsUntilTheWholeWindowHasPassed() public {
        VM.warp(START);
        assertTrue(_pay(ROLLING, 100, 0, 100), "the cap itself fits");
        VM.warp(START + 8 * LANE);
        assertFalse(_pay(ROLLING, 100, 0, 1), "one window later it still counts");
        VM.warp(START + 9 * LANE);
        assertTrue(_pay(ROLLING, 100, 0, 100), "nine lanes later it does not");
    }

    function test_rolling_changingTheUnitNeverForgetsUsage() public {
        VM.warp(START);
        assertTrue(_pay(ROLLING, 8_000_000, 0, 3_000_001), "in units of one");
        // A coarser unit rounds up: 3,000,001 becomes 300,001 tens.
        assertEq(_left(ROLLING, 80_000_000, 1), 80_000_000 - 3_000_010, "left of a larger cap");
        assertTrue(_pay(ROLLING, 80_000_000, 1, 9), "rounded up to ten");
        assertEq(_left(ROLLING, 8_000_000, 0), 8_000_000 - 3_000_020, "left of the former cap");
    }

    function test_rolling_aFinerUnitSaturatesInsteadOfWrapping() public {
        VM.warp(START);
        assertTrue(_pay(ROLLING, 8_000_000 * 10 ** 6, 6, 8_000_000 * 10 ** 6), "all of it");
        assertEq(_left(ROLLING, 8_000_000, 0), 0, "left of a small cap");
        assertFalse(_pay(ROLLING, 8_000_000, 0, 1), "nothing fits");
    }

    function test_rolling_aClockBehindTheStoredLaneForgetsNothing() public {
        VM.warp(START + 30 days);
        assertTrue(_pay(ROLLING, 100, 0, 60), "later");
        VM.warp(START);
        assertFalse(_pay(ROLLING, 100, 0, 41), "earlier");
        assertTrue(_pay(ROLLING, 100, 0, 40), "what is left");
    }

    function test_rolling_malformedTermsAreNotSound() public {
        VM.warp(START);
        assertFalse(_sound(ROLLING, 100, 0, 0), "no lane seconds");
        assertFalse(_sound(ROLLING, 100, LANE, 58), "exponent above 57");
        assertFalse(_sound(ROLLING, 8_000_001, LANE, 0), "cap of more units than a lane holds");
        assertTrue(_sound(ROLLING, 8_000_000, LANE, 0), "the largest cap");
        assertFalse(_sound(5, 100, 0, 0), "unknown window");
    }

    function test_rolling_aLaneIndexBeyondItsFieldIsUntimely() public {
        VM.warp(2 ** 40);
        Charge memory c;
        Window.load(c, ACCOUNT, 1, _terms(ROLLING, 100, 1, 0), address(0), address(0));
        assertFalse(Window.isTimely(c), "2^40");
        VM.warp(2 ** 40 - 1);
        Window.load(c, ACCOUNT, 1, _terms(ROLLING, 100, 1, 0), address(0), address(0));
        assertTrue(Window.isTimely(c), "2^40 - 1");
    }

    function test_calendar_resetsAtTheEdgeAndNotBefore() public {
        // 2026-09-30 is a Wednesday and the last of its month.
        uint256 midnight = 1_790_812_800; // 2026-10-01T00:00:00Z
        VM.warp(midnight - 1);
        assertTrue(_pay(DAY, 100, 0, 100), "day");
        assertTrue(_pay(MONTH, 100, 0, 100), "month");
        assertTrue(_pay(WEEK, 100, 0, 100), "week");
        assertFalse(_pay(DAY, 100, 0, 1), "day is full");
        VM.warp(midnight);
        assertTrue(_pay(DAY, 100, 0, 100), "the next day");
        assertTrue(_pay(MONTH, 100, 0, 100), "the next month");
        assertFalse(_pay(WEEK, 100, 0, 1), "the same week");
        VM.warp(midnight + 4 days - 1);
        assertFalse(_pay(WEEK, 100, 0, 1), "Sunday");
        VM.warp(midnight + 4 days);
        assertTrue(_pay(WEEK, 100, 0, 100), "Monday");
    }

    function testFuzz_calendar_neverAuthorisesMoreThanTheCapInOneDay(uint256 seed) public {
        uint256 cap = _draw(seed, 0, type(uint192).max);
        VM.warp(START);
        uint256 sum = 0;
        for (uint256 i = 1; i < 20; ++i) {
            uint256 amount = 1 + _draw(seed, i, cap / 4 + 2);
            if (_pay(DAY, cap, 0, amount)) sum += amount;
        }
        assertLe(sum, cap, "authorised in one day");
        assertEq(_left(DAY, cap, 0), cap - sum, "left");
    }

    /// @dev As what left is, after what was declared was written.
    function testFuzz_whatIsChargedAfterIsRoundedWithWhatWasBefore(uint256 seed) public {
        uint256 window = _draw(seed, 0, ROLLING + 1);
        uint256 cap = 1 + _draw(seed, 1, 8_000_000_000);
        uint256 exponent = window == ROLLING ? _exponentOf(cap) : 0;
        VM.warp(START);
        assertTrue(_pay(window, cap, exponent, _draw(seed, 2, cap / 2 + 1)), "before this request");
        VM.warp(START + _draw(seed, 3, 2 days));
        Charge memory c = _load(window, cap, exponent);
        uint256 declared = _draw(seed, 4, Window.remaining(c) + 1);
        c.pending = declared;
        Window.commit(c);
        Charge memory again = _load(window, cap, exponent);
        Window.resume(again, declared);
        assertEq(abi.encode(again), abi.encode(c), "as it was");
    }

    function test_transaction_keepsNothing() public {
        assertTrue(_pay(TRANSACTION, 100, 0, 100), "once");
        assertTrue(_pay(TRANSACTION, 100, 0, 100), "and again");
        assertFalse(_pay(TRANSACTION, 100, 0, 101), "never above");
        assertFalse(_pay(TRANSACTION, 100, 0, type(uint256).max), "never wraps");
    }

    function _pay(uint256 window, uint256 cap, uint256 exponent, uint256 amount) private returns (bool fits) {
        Charge memory c = _load(window, cap, exponent);
        fits = Window.fits(c, amount);
        assertTrue(fits == (amount <= Window.remaining(c)), "fits exactly what remains");
        if (!fits) return false;
        c.pending = amount;
        Window.commit(c);
    }

    function _left(uint256 window, uint256 cap, uint256 exponent) private view returns (uint256) {
        return Window.remaining(_load(window, cap, exponent));
    }

    function _load(uint256 window, uint256 cap, uint256 exponent) private view returns (Charge memory c) {
        bool sound = Window.load(
            c, ACCOUNT, 1, _terms(window, cap, window == ROLLING ? LANE : 0, exponent), address(0), address(0)
        );
        assertTrue(sound, "sound");
    }

    function _sound(uint256 window, uint256 cap, uint256 lane, uint256 exponent) private view returns (bool sound) {
        Charge memory c;
        sound = Window.load(c, ACCOUNT, 1, _terms(window, cap, lane, exponent), address(0), address(0));
    }

    function _terms(uint256 window, uint256 cap, uint256 lane, uint256 exponent) private pure returns (uint256) {
        return cap << 64 | window << 56 | lane << 16 | exponent << 8;
    }

    function _exponentOf(uint256 cap) private pure returns (uint256 exponent) {
        while (cap / 10 ** exponent > 8_000_000) ++exponent;
    }

    /// @dev A number below `bound`, which is not 0.
    function _draw(uint256 seed, uint256 i, uint256 bound) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, i))) % bound;
    }
}
