//! Limits: what a request has charged, whether more fits, and the words that result.

use alloy_primitives::{Address, U256};

use super::bytes::{hash, word};
use super::program::Limit;

const LANE_MOST: u64 = (1 << 23) - 1;

/// A limit under one key, as this request found it, with what it charged.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub(super) index: u8,
    pub(super) key: U256,
    limit: Limit,
    slot: U256,
    /// The calendar period, or the lane's index.
    time: u64,
    /// Of a calendar window.
    used: U256,
    /// Of a rolling window, the current one first.
    lanes: Vec<u64>,
    /// The time has no number that the word could hold.
    pub(super) endless: bool,
    pub(super) pending: U256,
    pub(super) charged: bool,
}

/// Why a charge does not fit: with what is pending, or with what is left.
#[derive(Clone, Copy, Debug)]
pub(super) enum Refused {
    Overflow(U256),
    Exceeded(U256),
}

fn bits(word: U256, from: usize, n: usize) -> u64 {
    ((word >> from) & ((U256::ONE << n) - U256::ONE)).saturating_to()
}

/// The number of a calendar period since 1970: day, week from Monday, month. By counting.
#[must_use]
pub fn period(window: u8, now: u64) -> u64 {
    let mut days = now / 86_400;
    match window {
        1 => return days,
        2 => return (days + 3) / 7,
        _ => {}
    }
    // 400 years have 146,097 days and 4,800 months.
    let mut months = days / 146_097 * 4_800;
    days %= 146_097;
    loop {
        let year = 1970 + months / 12;
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let length = match months % 12 {
            1 => 28 + u64::from(leap),
            3 | 5 | 8 | 10 => 30,
            _ => 31,
        };
        if days < length {
            return months;
        }
        days -= length;
        months += 1;
    }
}

/// What the limit's key is, if the effect has one.
pub(super) fn key(limit: &Limit, recipient: Option<Address>, initiator: Address) -> Option<U256> {
    match limit.scope {
        0 => Some(U256::ZERO),
        1 => recipient.map(word),
        _ => Some(word(initiator)),
    }
}

fn slot(account: Address, limit: &Limit, key: U256) -> U256 {
    let descriptor = U256::from(limit.window)
        | U256::from(limit.lane_seconds) << 8
        | U256::from(limit.scope) << 40
        | U256::from(limit.count) << 48;
    hash(&[word(account), limit.id, word(limit.asset), descriptor, key])
}

impl Meter {
    /// `stored` reads the hook's storage.
    pub(super) fn open(
        account: Address,
        index: u8,
        limit: &Limit,
        key: U256,
        stored: impl Fn(U256) -> U256,
        now: u64,
    ) -> Self {
        let slot = slot(account, limit, key);
        let mut meter = Self {
            index,
            key,
            limit: limit.clone(),
            slot,
            time: 0,
            used: U256::ZERO,
            lanes: vec![0; 9],
            endless: false,
            pending: U256::ZERO,
            charged: false,
        };
        match limit.window {
            0 => {}
            1..=3 => {
                let word = stored(slot);
                let current = period(limit.window, now);
                let found = bits(word, 192, 64);
                if found >= current {
                    meter.used = word & ((U256::ONE << 192) - U256::ONE);
                }
                meter.time = found.max(current);
            }
            _ => {
                meter.time = now / limit.lane_seconds;
                meter.endless = meter.time >= 1 << 40;
                let word = stored(slot);
                if !word.is_zero() {
                    meter.roll(word);
                }
            }
        }
        meter
    }

    /// Takes over lanes as they were written, perhaps long ago and in other units.
    fn roll(&mut self, word: U256) {
        let found = bits(word, 213, 40);
        let exponent = bits(word, 207, 6);
        let mut lanes: Vec<u64> = (0..9).map(|i| bits(word, 23 * i, 23)).collect();
        for _ in 0..self.time.saturating_sub(found).min(9) {
            lanes.insert(0, 0);
            lanes.pop();
        }
        for lane in &mut lanes {
            // One power of ten at a time; rounding up in steps is rounding up at once.
            for _ in exponent..self.limit.exponent {
                *lane = lane.div_ceil(10);
            }
            for _ in self.limit.exponent..exponent {
                *lane = (*lane * 10).min(LANE_MOST);
            }
        }
        self.lanes = lanes;
        self.time = self.time.max(found);
    }

    fn units(&self, amount: U256) -> U256 {
        let whole = amount / self.limit.unit;
        if whole * self.limit.unit == amount { whole } else { whole + U256::ONE }
    }

    fn used_units(&self) -> U256 {
        U256::from(self.lanes.iter().sum::<u64>())
    }

    /// What can still be charged.
    pub(super) fn remaining(&self) -> U256 {
        let free = match self.limit.window {
            0 => self.limit.cap,
            1..=3 => self.limit.cap.saturating_sub(self.used),
            _ => (self.limit.cap / self.limit.unit).saturating_sub(self.used_units()) * self.limit.unit,
        };
        free.saturating_sub(self.pending)
    }

    /// What an effect of this amount adds.
    pub(super) fn adds(&self, amount: U256) -> U256 {
        if self.limit.count { U256::from(!self.charged) } else { amount }
    }

    /// Whether so much more fits.
    pub(super) fn fits(&self, more: U256) -> Result<(), Refused> {
        let sum = self.pending.checked_add(more).filter(|_| !self.endless);
        let total = sum.ok_or(Refused::Overflow(self.pending))?;
        let fits = match self.limit.window {
            0 => total <= self.limit.cap,
            1..=3 => self.used.checked_add(total).is_some_and(|all| all <= self.limit.cap),
            _ => {
                let all = self.used_units().checked_add(self.units(total));
                all.is_some_and(|all| all <= self.limit.cap / self.limit.unit)
            }
        };
        if fits { Ok(()) } else { Err(Refused::Exceeded(self.remaining())) }
    }

    /// Charges what is known to fit.
    pub(super) fn charge(&mut self, more: U256) {
        self.pending += more;
        self.charged = true;
    }

    /// Slot and new word, if something was charged and the window stores anything.
    pub(super) fn write(&self) -> Option<(U256, U256)> {
        if !self.charged || self.limit.window == 0 {
            return None;
        }
        if self.limit.window < 4 {
            return Some((self.slot, U256::from(self.time) << 192 | (self.used + self.pending)));
        }
        let mut word = U256::from(self.limit.exponent) << 207 | U256::from(self.time) << 213;
        for (i, lane) in self.lanes.iter().enumerate() {
            let grown = if i == 0 { self.units(self.pending) } else { U256::ZERO };
            word |= (U256::from(*lane) + grown) << (23 * i);
        }
        Some((self.slot, word))
    }
}
