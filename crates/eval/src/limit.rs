//! What a request charges to a limit, `docs/program.md` §5.

use alloy_primitives::{Address, U256};

use crate::layout::{Missing, State, limit_descriptor, limit_slot};
use crate::program::{Limit, Malformed};

/// Lanes that a rolling window is long.
pub const WINDOW_LANES: u32 = 8;
/// Lanes that are kept: those of the window, and the present one.
const LANES: usize = WINDOW_LANES as usize + 1;
const LANE_BITS: usize = 23;
const LANE_MAX: u64 = (1 << LANE_BITS) - 1;
const EXPONENT_AT: usize = 207;
const INDEX_AT: usize = 213;
const MAX_EXPONENT: u8 = 57;
const MAX_UNITS: u64 = 8_000_000;
const DAY: u64 = 86_400;

/// Why a limit could not be opened.
pub(crate) enum Unopened {
    Malformed,
    Overflow,
    Missing(Missing),
}

impl From<Missing> for Unopened {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl From<Malformed> for Unopened {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// Why a charge does not fit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// What is left of the limit.
    Exceeded(U256),
    /// What was pending.
    Overflow(U256),
}

/// A limit as this request found it, and what the request has charged to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meter {
    slot: U256,
    window: Window,
    cap: U256,
    pending: U256,
    /// Of what is pending, what calldata declared to leave: all but allowances.
    declared: U256,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Window {
    Transaction,
    Calendar { period: u64, used: U256 },
    Rolling { lanes: [u64; LANES], index: u64, exponent: u8, scale: U256 },
}

impl Meter {
    /// Reads the limit's word for what its scope names, once per request.
    pub(crate) fn open<S: State>(
        limit: &Limit,
        account: Address,
        key: Address,
        state: &S,
        now: u64,
    ) -> Result<Self, Unopened> {
        let descriptor = limit_descriptor(limit.window, limit.lane_seconds, limit.scope(), limit.counts());
        let slot = limit_slot(account, limit.id, limit.asset, descriptor, key);
        let window = match limit.window {
            0 => Window::Transaction,
            1..=3 => calendar(state.word(slot)?, period(limit.window, now)),
            4 => {
                let scale = ten_to(limit.exponent).filter(|_| limit.exponent <= MAX_EXPONENT).ok_or(Malformed)?;
                let lane = now.checked_div(u64::from(limit.lane_seconds)).ok_or(Malformed)?;
                if units_below(limit.cap, scale) > U256::from(MAX_UNITS) {
                    return Err(Unopened::Malformed);
                }
                if lane >= 1 << 40 {
                    return Err(Unopened::Overflow);
                }
                rolling(state.word(slot)?, lane, limit.exponent, scale)
            }
            _ => return Err(Unopened::Malformed),
        };
        Ok(Self { slot, window, cap: limit.cap, pending: U256::ZERO, declared: U256::ZERO })
    }

    /// Whether this request has charged it.
    pub(crate) fn charged(&self) -> bool {
        !self.pending.is_zero()
    }

    /// What can still be charged.
    pub(crate) fn remaining(&self) -> U256 {
        let free = match &self.window {
            Window::Transaction => self.cap,
            Window::Calendar { used, .. } => self.cap.saturating_sub(*used),
            // At most the cap.
            Window::Rolling { lanes, scale, .. } => {
                units_below(self.cap, *scale).saturating_sub(sum(lanes)).saturating_mul(*scale)
            }
        };
        free.saturating_sub(self.pending)
    }

    /// When some of what is used frees up, in seconds; none where nothing is used.
    pub(crate) fn frees_at(&self, limit: &Limit, now: u64) -> Option<u64> {
        match &self.window {
            Window::Transaction => None,
            Window::Calendar { period: current, used } => {
                let midnight = |day: u64| (now / DAY).saturating_add(day).saturating_mul(DAY);
                // No period is longer than 31 days.
                let next = (1..=31).map(midnight).find(|time| period(limit.window, *time) > *current);
                next.filter(|_| !used.is_zero())
            }
            Window::Rolling { lanes, index, .. } => {
                let oldest = u64::try_from(lanes.iter().rposition(|units| *units > 0)?).ok()?;
                let lane = index.saturating_add(LANES as u64).saturating_sub(oldest);
                Some(lane.saturating_mul(u64::from(limit.lane_seconds)))
            }
        }
    }

    /// What calldata declared to leave.
    pub(crate) const fn declared(&self) -> U256 {
        self.declared
    }

    /// Charges the amount, if it fits.
    pub(crate) fn charge(&mut self, amount: U256) -> Result<(), Refused> {
        self.pending = self.with(amount)?;
        Ok(())
    }

    /// Notes that so much of what was charged was declared to leave.
    pub(crate) const fn declare(&mut self, amount: U256) {
        // No more than what is pending.
        self.declared = self.declared.saturating_add(amount);
    }

    /// What would be pending with the amount, if it fits.
    pub(crate) fn with(&self, amount: U256) -> Result<U256, Refused> {
        let total = self.pending.checked_add(amount).ok_or(Refused::Overflow(self.pending))?;
        let fits = match &self.window {
            Window::Transaction => total <= self.cap,
            Window::Calendar { used, .. } => used.checked_add(total).is_some_and(|all| all <= self.cap),
            Window::Rolling { lanes, scale, .. } => sum(lanes)
                .checked_add(units_above(total, *scale))
                .is_some_and(|all| all <= units_below(self.cap, *scale)),
        };
        if fits { Ok(total) } else { Err(Refused::Exceeded(self.remaining())) }
    }

    /// The slot and the word to commit; none where nothing was charged and for a window that stores nothing.
    pub(crate) fn write(&self) -> Option<(U256, U256)> {
        if !self.charged() {
            return None;
        }
        let word = match &self.window {
            Window::Transaction => return None,
            // What fits the cap is below 2^192.
            Window::Calendar { period, used } => at(*period, 192) | used.saturating_add(self.pending),
            Window::Rolling { lanes, index, exponent, scale } => {
                let grown = units_above(self.pending, *scale).saturating_to::<u64>();
                let mut word = at(u64::from(*exponent), EXPONENT_AT) | at(*index, INDEX_AT);
                for (i, lane) in lanes.iter().enumerate() {
                    let units = if i == 0 { lane.saturating_add(grown) } else { *lane };
                    word |= at(units, i.saturating_mul(LANE_BITS));
                }
                word
            }
        };
        Some((self.slot, word))
    }
}

fn at(value: u64, bit: usize) -> U256 {
    U256::from(value).wrapping_shl(bit)
}

fn field(word: U256, bit: usize, bits: usize) -> u64 {
    let mask = (1_u64 << bits).saturating_sub(1);
    (word.wrapping_shr(bit) & U256::from(mask)).saturating_to()
}

fn sum(lanes: &[u64; LANES]) -> U256 {
    // Nine lanes of 23 bits.
    U256::from(lanes.iter().fold(0_u64, |total, lane| total.saturating_add(*lane)))
}

fn ten_to(exponent: u8) -> Option<U256> {
    U256::from(10).checked_pow(U256::from(exponent))
}

/// Whole units in the amount. A scale is never zero.
fn units_below(amount: U256, scale: U256) -> U256 {
    amount.checked_div(scale).unwrap_or(U256::MAX)
}

/// Units that cover the amount.
fn units_above(amount: U256, scale: U256) -> U256 {
    let begun = amount.checked_rem(scale).is_some_and(|rest| !rest.is_zero());
    units_below(amount, scale).saturating_add(U256::from(begun))
}

fn calendar(word: U256, current: u64) -> Window {
    let stored = word.wrapping_shr(192).saturating_to::<u64>();
    if stored < current {
        return Window::Calendar { period: current, used: U256::ZERO };
    }
    let mask = U256::MAX.wrapping_shr(64);
    Window::Calendar { period: stored, used: word & mask }
}

fn rolling(word: U256, lane: u64, exponent: u8, scale: U256) -> Window {
    let mut lanes = [0; LANES];
    if word.is_zero() {
        return Window::Rolling { lanes, index: lane, exponent, scale };
    }
    let stored = field(word, INDEX_AT, 40);
    let behind = usize::try_from(lane.saturating_sub(stored)).unwrap_or(LANES);
    let found = field(word, EXPONENT_AT, 6);
    for (i, slot) in lanes.iter_mut().enumerate().skip(behind) {
        let units = field(word, i.saturating_sub(behind).saturating_mul(LANE_BITS), LANE_BITS);
        *slot = rescale(units, found, u64::from(exponent));
    }
    Window::Rolling { lanes, index: stored.max(lane), exponent, scale }
}

/// Units of 10^found as units of 10^wanted, rounded up and saturating.
fn rescale(units: u64, found: u64, wanted: u64) -> u64 {
    // Exponents have six bits, so no power here overflows.
    let power = U256::from(10).saturating_pow(U256::from(found.abs_diff(wanted)));
    let units = U256::from(units);
    let scaled = if found < wanted { units_above(units, power) } else { units.saturating_mul(power) };
    scaled.saturating_to::<u64>().min(LANE_MAX)
}

/// The number of the calendar period that `now` lies in: day, week from Monday, or month, since 1970.
fn period(window: u8, now: u64) -> u64 {
    let days = now / DAY;
    match window {
        1 => days,
        2 => days.saturating_add(3) / 7,
        _ => month(days),
    }
}

/// Months since January 1970. Eras of 400 years that begin in March, so that the leap day ends a year.
fn month(days: u64) -> u64 {
    let days = days.saturating_add(719_468);
    let era = days / 146_097;
    let day = days % 146_097;
    let without_leap_days = day.saturating_add(day / 36_524).saturating_sub(day / 1_460).saturating_sub(day / 146_096);
    let year = without_leap_days / 365;
    let in_year = day.saturating_add(year / 100).saturating_sub(year.saturating_mul(365).saturating_add(year / 4));
    let march_month = in_year.saturating_mul(5).saturating_add(2) / 153;
    let years = era.saturating_mul(400).saturating_add(year);
    years.saturating_mul(12).saturating_add(march_month).saturating_add(2).saturating_sub(1970 * 12)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests put words together by hand")]
#[path = "limit_tests.rs"]
mod tests;
