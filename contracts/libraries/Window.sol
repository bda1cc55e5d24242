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
    uint256 private constant COUNT = 2;
    uint256 private constant SCOPE_SHIFT = 2;
    uint256 private constant MAX_FLAGS = 11;

    uint256 private constant TRANSACTION = 0;
    uint256 private constant DAY = 1;
    uint256 private constant WEEK = 2;
    uint256 private constant MONTH = 3;
    uint256 private constant ROLLING = 4;

    uint256 private constant LANES = 9;
    uint256 private constant LANE_BITS = 23;
    uint256 private constant LANE_MAX = 2 ** 23 - 1;
    uint256 private constant ALL_LANES = 2 ** 207 - 1;
    uint256 private constant EXPONENT_SHIFT = 207;
    uint256 private constant EXPONENT_MAX = 57;
    uint256 private constant LANE_INDEX_SHIFT = 213;
    uint256 private constant LANE_INDEX_MAX = 2 ** 40 - 1;
    uint256 private constant MAX_CAP_UNITS = 8_000_000;

    /// @notice A charge of nothing yet, from a limit's terms and storage.
    /// @param terms cap (192) | window (8) | flags (8) | lane seconds (32) | exponent (8) | zero (8)
    /// @param key What the limit's scope names, zero for the account.
    /// @return sound Whether the terms are well formed.
    function load(address account, uint256 id, uint256 terms, address asset, address key)
        internal
        view
        returns (bool sound, Charge memory c)
    {
        uint256 window = (terms >> WINDOW_SHIFT) & 0xff;
        uint256 laneSeconds = (terms >> 16) & 0xffffffff;
        c.window = window;
        c.capUnits = terms >> 64;
        c.scale = 1;
        sound = window <= ROLLING;
        if (window == TRANSACTION || !sound) return (sound, c);
        uint256 descriptor = window | laneSeconds << 8 | scope(terms) << 40 | (counts(terms) ? 1 << 48 : 0);
        c.slot = uint256(keccak256(abi.encode(account, id, asset, descriptor, key)));
        if (window == ROLLING) sound = _loadRolling(c, laneSeconds, (terms >> 8) & 0xff);
        else _loadCalendar(c);
    }

    /// @notice Whether what every limit has is well formed.
    function isSound(uint256 terms) internal pure returns (bool) {
        return (terms >> WINDOW_SHIFT) & 0xff <= ROLLING && (terms >> FLAGS_SHIFT) & 0xff <= MAX_FLAGS;
    }

    /// @notice Whether the limit counts requests.
    function counts(uint256 terms) internal pure returns (bool) {
        return (terms >> FLAGS_SHIFT) & COUNT != 0;
    }

    /// @notice What usage is kept for: {ACCOUNT}, {RECIPIENT} or {INITIATOR}.
    function scope(uint256 terms) internal pure returns (uint256) {
        return (terms >> (FLAGS_SHIFT + SCOPE_SHIFT)) & 3;
    }

    /// @notice Whether the lane index of this moment fits its field.
    function isTimely(Charge memory c) internal pure returns (bool) {
        return c.window != ROLLING || c.period <= LANE_INDEX_MAX;
    }

    /// @notice Whether the window has room for what this request charges, in base units.
    function fits(Charge memory c, uint256 amount) internal pure returns (bool) {
        // Unchecked: the first test keeps the sum small, and the other term is at most nine lanes or 192 bits.
        unchecked {
            // The first test also keeps the sum from overflowing.
            uint256 more = _units(c, amount);
            return more <= c.capUnits && c.usedUnits + more <= c.capUnits;
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
        if (c.window == ROLLING) {
            // The lowest lane stays below 2^23, since it is at most the sum of all lanes, which fits the cap.
            uint256 word = c.lanes + _units(c, c.pending);
            State.write(c.slot, word | c.exponent << EXPONENT_SHIFT | c.period << LANE_INDEX_SHIFT);
        } else {
            State.write(c.slot, c.period << 192 | (c.usedUnits + c.pending));
        }
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

    function _loadRolling(Charge memory c, uint256 laneSeconds, uint256 exponent) private view returns (bool sound) {
        if (laneSeconds == 0 || exponent > EXPONENT_MAX) return false;
        c.scale = _powerOfTen(exponent);
        c.capUnits /= c.scale;
        if (c.capUnits > MAX_CAP_UNITS) return false;
        c.exponent = exponent;
        c.period = block.timestamp / laneSeconds;
        uint256 word = State.read(c.slot);
        if (word != 0) _carryOver(c, word);
        return true;
    }

    /// @dev Moves the stored lanes to the present and into this limit's unit, rounded against the spender.
    function _carryOver(Charge memory c, uint256 word) private pure {
        // Unchecked: nine lanes of 23 bits, moved by less than nine lanes; exponents are compared before they are subtracted.
        unchecked {
            uint256 lanes = word & (ALL_LANES);
            uint256 stored = (word >> LANE_INDEX_SHIFT) & LANE_INDEX_MAX;
            if (stored < c.period) {
                uint256 behind = c.period - stored;
                lanes = behind < LANES ? (lanes << (LANE_BITS * behind)) & (ALL_LANES) : 0;
            } else {
                c.period = stored;
            }
            uint256 from = (word >> EXPONENT_SHIFT) & 63;
            for (uint256 cursor = 0; cursor < EXPONENT_SHIFT; cursor += LANE_BITS) {
                uint256 lane = (lanes >> cursor) & LANE_MAX;
                if (from < c.exponent) lane = _divideUp(lane, _powerOfTen(c.exponent - from));
                else if (from > c.exponent) lane = _min(lane * _powerOfTen(from - c.exponent), LANE_MAX);
                c.usedUnits += lane;
                c.lanes |= lane << cursor;
            }
        }
    }

    /// @dev Unchecked: exponents have at most 6 bits, and 10^63 is below 2^210. Times a lane, below 2^233.
    function _powerOfTen(uint256 exponent) private pure returns (uint256) {
        unchecked {
            return 10 ** exponent;
        }
    }

    function _units(Charge memory c, uint256 amount) private pure returns (uint256) {
        return _divideUp(amount, c.scale);
    }

    function _divideUp(uint256 x, uint256 y) private pure returns (uint256) {
        return x == 0 ? 0 : (x - 1) / y + 1;
    }

    function _min(uint256 x, uint256 y) private pure returns (uint256) {
        return x < y ? x : y;
    }
}
