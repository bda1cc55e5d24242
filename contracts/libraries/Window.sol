// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.28;

import {DateTimeLib} from "solady/utils/DateTimeLib.sol";

import {Charge} from "../types/Evaluation.sol";
import {State} from "./State.sol";

/// @notice What a limit's window has used up, `docs/program.md` §5. One storage word for each window:
///
///     calendar | period (64) | used in base units (192) |
///     rolling  | zero (3) | lane index (40) | exponent (6) | 9 lanes of 23 bits, the current one lowest |
library Window {
    /// @notice Scopes.
    uint256 internal constant ACCOUNT = 0;
    uint256 internal constant RECIPIENT = 1;
    uint256 internal constant INITIATOR = 2;

    uint256 private constant WINDOW_SHIFT = 56;
    uint256 private constant FLAGS_SHIFT = 48;
    uint256 private constant LANE_SECONDS_SHIFT = 16;
    /// @dev The flag that stands at bit 48 of the descriptor.
    uint256 private constant COUNTS = 2 << FLAGS_SHIFT;
    /// @dev What of the terms the descriptor has besides the window, where it has it.
    uint256 private constant LANE_SECONDS = 0xffffffff << 8;
    uint256 private constant SCOPE = 3 << 40;
    uint256 private constant COUNT = 1 << 48;
    uint256 private constant SCOPE_SHIFT = 2;
    uint256 private constant MAX_FLAGS = 11;
    /// @dev The flags of a limit that meters: that, and everywhere.
    uint256 private constant METERED_FLAGS = 17;
    uint256 private constant METERS = 16 << FLAGS_SHIFT;

    uint256 private constant TRANSACTION = 0;
    uint256 private constant DAY = 1;
    uint256 private constant WEEK = 2;
    uint256 private constant MONTH = 3;
    uint256 private constant ROLLING = 4;

    uint256 private constant LANE_BITS = 23;
    uint256 private constant LANE_MAX = 0x7fffff;
    uint256 private constant ALL_LANES = 0x7fffffffffffffffffffffffffffffffffffffffffffffffffff;
    /// @dev The first, the third, and so on.
    uint256 private constant EVEN_LANES = 0x7fffff000001fffffc000007fffff000001fffffc000007fffff;
    uint256 private constant EXPONENT_SHIFT = 207;
    uint256 private constant EXPONENT_MAX = 57;
    uint256 private constant LANE_INDEX_SHIFT = 213;
    uint256 private constant LANE_INDEX_MAX = 0xffffffffff;
    uint256 private constant MAX_CAP_UNITS = 8_000_000;
    /// @dev 2^46 − 1
    uint256 private constant PAIR_MAX = 0x3fffffffffff;
    /// @dev Fields of {Charge}.
    uint256 private constant KIND = 0x40;
    uint256 private constant SLOT = 0x60;
    uint256 private constant SCALE = 0x80;
    uint256 private constant CAP_UNITS = 0xa0;
    uint256 private constant USED_UNITS = 0xc0;
    uint256 private constant PENDING = 0xe0;
    uint256 private constant PERIOD = 0x100;
    uint256 private constant LANE_WORD = 0x120;
    uint256 private constant EXPONENT = 0x140;

    /// @notice Makes a charge of nothing yet, from a limit's terms and storage.
    /// @param c Filled but for what tells it from others.
    /// @param terms cap (192) | window (8) | flags (8) | lane seconds (32) | exponent (8) | zero (8)
    /// @param asset As every address here, without anything in the upper bytes.
    /// @param key What the limit's scope names, zero for the account.
    /// @return Whether the terms are well formed.
    function load(Charge memory c, address account, uint256 id, uint256 terms, address asset, address key)
        internal
        view
        returns (bool)
    {
        uint256 window;
        assembly ("memory-safe") {
            window := byte(24, terms)
            // keccak256(account ‖ id ‖ asset ‖ descriptor ‖ key), where there is free memory.
            let free := mload(0x40)
            mstore(free, account)
            mstore(add(free, 0x20), id)
            mstore(add(free, 0x40), asset)
            let kept := or(and(shr(8, terms), LANE_SECONDS), or(and(shr(10, terms), SCOPE), and(shr(1, terms), COUNT)))
            mstore(add(free, 0x60), or(window, kept))
            mstore(add(free, 0x80), key)
            mstore(add(c, KIND), window)
            mstore(add(c, SLOT), keccak256(free, 0xa0))
            mstore(add(c, SCALE), 1)
            mstore(add(c, CAP_UNITS), shr(64, terms))
            // Nothing used, nothing pending, no period, lanes or exponent.
            calldatacopy(add(c, USED_UNITS), calldatasize(), 0xa0)
        }
        if (window == ROLLING) return _loadRolling(c, terms);
        if (window > ROLLING) return false;
        if (window != TRANSACTION) _loadCalendar(c);
        return true;
    }

    /// @notice Whether what every limit has is well formed.
    function isSound(uint256 terms) internal pure returns (bool) {
        uint256 flags = (terms >> FLAGS_SHIFT) & 0xff;
        return (terms >> WINDOW_SHIFT) & 0xff <= ROLLING && (flags <= MAX_FLAGS || flags == METERED_FLAGS);
    }

    /// @notice Whether the limit meters the account's balance.
    function meters(uint256 terms) internal pure returns (bool) {
        return terms & METERS != 0;
    }

    /// @notice Whether the limit counts requests.
    function counts(uint256 terms) internal pure returns (bool) {
        return terms & COUNTS != 0;
    }

    /// @notice What usage is kept for: {ACCOUNT}, {RECIPIENT} or {INITIATOR}.
    function scope(uint256 terms) internal pure returns (uint256) {
        return (terms >> (FLAGS_SHIFT + SCOPE_SHIFT)) & 3;
    }

    /// @notice Whether the lane index of this moment fits its field.
    function isTimely(Charge memory c) internal pure returns (bool timely) {
        assembly ("memory-safe") {
            let rolling := eq(mload(add(c, KIND)), ROLLING)
            timely := iszero(and(rolling, gt(mload(add(c, PERIOD)), LANE_INDEX_MAX)))
        }
    }

    /// @notice Whether the window has room for what this request charges, in base units.
    function fits(Charge memory c, uint256 amount) internal pure returns (bool yes) {
        assembly ("memory-safe") {
            let capUnits := mload(add(c, CAP_UNITS))
            let scale := mload(add(c, SCALE))
            // Rounded up.
            let more := add(div(amount, scale), iszero(iszero(mod(amount, scale))))
            // The first test keeps the sum small, whose other term is at most nine lanes or 192 bits.
            yes := iszero(or(gt(more, capUnits), gt(add(mload(add(c, USED_UNITS)), more), capUnits)))
        }
    }

    /// @notice What the window has left besides what this request charged so far, in base units.
    function remaining(Charge memory c) internal pure returns (uint256) {
        // Unchecked: each difference is of a larger and a smaller, and the product is at most the cap.
        unchecked {
            if (c.usedUnits >= c.capUnits) return 0;
            uint256 left = (c.capUnits - c.usedUnits) * c.scale;
            return left > c.pending ? left - c.pending : 0;
        }
    }

    /// @notice Writes the window's word with what this request charged.
    function commit(Charge memory c) internal {
        if (c.window == TRANSACTION) return;
        assembly ("memory-safe") {
            let pending := mload(add(c, PENDING))
            let scale := mload(add(c, SCALE))
            let units := add(div(pending, scale), iszero(iszero(mod(pending, scale))))
            let period := mload(add(c, PERIOD))
            // What is written was found to fit. The lowest lane stays below 2^23, since it is at most the sum of all
            // lanes, which fits the cap.
            let word := or(shl(192, period), add(mload(add(c, USED_UNITS)), units))
            if eq(mload(add(c, KIND)), ROLLING) {
                word := or(shl(LANE_INDEX_SHIFT, period), shl(EXPONENT_SHIFT, mload(add(c, EXPONENT))))
                word := or(word, add(mload(add(c, LANE_WORD)), units))
            }
            sstore(mload(add(c, SLOT)), word)
        }
    }

    /// @notice Makes a charge that was loaded after this request committed `pending` what it was before: so that what
    /// comes on top is rounded with it, once.
    function resume(Charge memory c, uint256 pending) internal pure {
        c.pending = pending;
        if (c.window == TRANSACTION) return;
        uint256 units = _divideUp(pending, c.scale);
        c.usedUnits -= units;
        if (c.window == ROLLING) c.lanes -= units;
    }

    function _loadCalendar(Charge memory c) private view {
        uint256 word = State.read(c.slot);
        uint256 stored = word >> 192;
        uint256 period = _period(c.window);
        if (stored < period) {
            c.period = period;
        } else {
            c.period = stored;
            c.usedUnits = uint192(word);
        }
    }

    function _period(uint256 window) private view returns (uint256) {
        uint256 day = block.timestamp / 1 days;
        if (window == DAY) return day;
        if (window == WEEK) return (day + 3) / 7;
        (uint256 year, uint256 month,) = DateTimeLib.epochDayToDate(day);
        return 12 * (year - 1970) + month - 1;
    }

    /// @dev Moves the stored lanes to the present and into this limit's unit, rounded against the spender. A word of
    /// zero has no lanes.
    function _loadRolling(Charge memory c, uint256 terms) private view returns (bool sound) {
        uint256 lanes;
        uint256 from;
        uint256 to;
        assembly ("memory-safe") {
            to := byte(30, terms)
            let laneSeconds := and(shr(LANE_SECONDS_SHIFT, terms), 0xffffffff)
            let scale := exp(10, to)
            let capUnits := div(shr(64, terms), scale)
            // A power that overflows comes with an exponent that is too large.
            sound := iszero(or(or(iszero(laneSeconds), gt(to, EXPONENT_MAX)), gt(capUnits, MAX_CAP_UNITS)))
            if sound {
                let period := div(timestamp(), laneSeconds)
                let word := sload(mload(add(c, SLOT)))
                let stored := and(shr(LANE_INDEX_SHIFT, word), LANE_INDEX_MAX)
                // A stored lane that is ahead stays. Far behind, a shift by 256 and more leaves nothing, and so does one
                // by nine lanes; the factor cannot overflow, for both numbers are far below 2^248.
                let behind := mul(sub(period, stored), lt(stored, period))
                lanes := and(shl(mul(LANE_BITS, behind), word), ALL_LANES)
                from := and(shr(EXPONENT_SHIFT, word), 63)
                mstore(add(c, SCALE), scale)
                // Nothing fits a lane whose index does not fit its field, see {isTimely}.
                mstore(add(c, CAP_UNITS), mul(capUnits, iszero(gt(period, LANE_INDEX_MAX))))
                mstore(add(c, PERIOD), add(stored, behind))
                mstore(add(c, EXPONENT), to)
            }
        }
        if (lanes != 0 && from != to) lanes = _convert(lanes, from, to);
        assembly ("memory-safe") {
            mstore(add(c, LANE_WORD), lanes)
            // In pairs first, so that each sum has 46 bits; then the remainder by 2^46 − 1 is the sum of these, which
            // is smaller than that.
            let pairs := add(and(lanes, EVEN_LANES), and(shr(LANE_BITS, lanes), EVEN_LANES))
            mstore(add(c, USED_UNITS), mod(pairs, PAIR_MAX))
        }
    }

    /// @dev The lanes in another unit, each rounded up or saturated.
    function _convert(uint256 lanes, uint256 from, uint256 to) private pure returns (uint256 converted) {
        // Unchecked: exponents are compared before they are subtracted.
        unchecked {
            for (uint256 cursor = 0; cursor < EXPONENT_SHIFT; cursor += LANE_BITS) {
                uint256 lane = (lanes >> cursor) & LANE_MAX;
                if (from < to) lane = _divideUp(lane, _powerOfTen(to - from));
                else lane = _min(lane * _powerOfTen(from - to), LANE_MAX);
                converted |= lane << cursor;
            }
        }
    }

    /// @dev Unchecked: exponents have at most 6 bits, and 10^63 is below 2^210. Times a lane, below 2^233.
    function _powerOfTen(uint256 exponent) private pure returns (uint256) {
        unchecked {
            return 10 ** exponent;
        }
    }

    /// @dev Unchecked: `y` is a power of ten.
    function _divideUp(uint256 x, uint256 y) private pure returns (uint256) {
        unchecked {
            return x == 0 ? 0 : (x - 1) / y + 1;
        }
    }

    function _min(uint256 x, uint256 y) private pure returns (uint256) {
        return x < y ? x : y;
    }
}
