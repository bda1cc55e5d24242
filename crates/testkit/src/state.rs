//! Random storage of the hook: the account's words, and limits as other days and other programs left them.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};
use portcullis_eval::{account_slot, limit_descriptor, limit_slot};

use crate::dice::Dice;
use crate::plain::period;
use crate::world;

/// A limit as the program's bytes tell.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    id: B256,
    /// Base units, or requests.
    pub cap: U256,
    /// As programs number it.
    pub window: u8,
    /// Whether it counts requests.
    pub count: bool,
    /// Whether it meters the account's balance.
    pub meters: bool,
    /// As programs number it.
    pub scope: u8,
    /// Of a rolling one.
    pub lane_seconds: u32,
    /// Of a rolling one.
    pub exponent: u8,
    /// Zero for native.
    pub asset: Address,
}

impl Limit {
    /// Where its word is for this recipient or initiator; zero for the account's.
    #[must_use]
    pub fn slot(&self, key: Address) -> U256 {
        let descriptor = limit_descriptor(self.window, self.lane_seconds, self.scope, self.count);
        limit_slot(world::ACCOUNT, self.id, self.asset, descriptor, key)
    }
}

/// The limits that stand in the program, damaged as they may be.
#[must_use]
pub fn limits_of(program: &[u8]) -> Vec<Limit> {
    let count = usize::from(program.get(8).copied().unwrap_or_default());
    let all = program.get(64..).unwrap_or_default().chunks_exact(84).take(count.min(32));
    all.filter_map(|bytes| {
        let [window, flags, s0, s1, s2, s3, exponent, _] = *bytes.get(56..64)?.first_chunk()?;
        Some(Limit {
            id: B256::from_slice(bytes.get(..32)?),
            cap: U256::from_be_slice(bytes.get(32..56)?),
            window,
            count: flags & 2 != 0,
            meters: flags & 16 != 0,
            scope: flags >> 2 & 3,
            lane_seconds: u32::from_be_bytes([s0, s1, s2, s3]),
            exponent,
            asset: Address::from_slice(bytes.get(64..)?),
        })
    })
    .collect()
}

/// A word that the limit may have.
fn limit_word(dice: &mut Dice, limit: &Limit, now: u64) -> U256 {
    if dice.percent(25) {
        return U256::ZERO;
    }
    if limit.window < 4 {
        let current = period(limit.window, now);
        let period = match dice.below(10) {
            0..=3 => current,
            4..=6 => current.saturating_sub(dice.below(4)),
            7 | 8 => current.saturating_add(1),
            _ => 0,
        };
        let used = match dice.below(6) {
            0 => limit.cap,
            1 => dice.near(limit.cap),
            2 => dice.word() >> 64,
            _ => limit.cap / U256::from(1 + dice.below(9)),
        };
        return U256::from(period) << 192 | (used & (U256::MAX >> 64));
    }
    let lane = now.checked_div(u64::from(limit.lane_seconds)).unwrap_or_default();
    let index = match dice.below(10) {
        0..=2 => lane,
        3..=7 => lane.saturating_sub(dice.below(12)),
        _ => lane.saturating_add(1 + dice.below(5)),
    };
    let exponent = match dice.below(10) {
        0..=5 => limit.exponent,
        6 | 7 => limit.exponent.saturating_add(u8::try_from(1 + dice.below(3)).unwrap_or(1)),
        8 => limit.exponent.saturating_sub(u8::try_from(1 + dice.below(3)).unwrap_or(1)),
        _ => u8::try_from(dice.below(64)).unwrap_or(0),
    };
    let power = U256::from(10).checked_pow(U256::from(limit.exponent)).unwrap_or(U256::MAX);
    let cap_units = (limit.cap / power).saturating_to::<u64>().min(8_388_607);
    let mut word = U256::from(exponent & 63) << 207 | U256::from(index & ((1 << 40) - 1)) << 213;
    for i in 0..9 {
        let units = match dice.below(12) {
            0..=4 => 0,
            5..=9 => dice.below(cap_units / 8 + 1),
            10 => cap_units,
            _ => dice.below(8_388_608),
        };
        word |= U256::from(units) << (23 * i);
    }
    word
}

/// Words for the limits of the program, for these recipients and this initiator.
pub fn limit_words(
    dice: &mut Dice,
    program: &[u8],
    now: u64,
    (recipients, initiator): (&[Address], Address),
    words: &mut BTreeMap<U256, U256>,
) {
    for limit in limits_of(program) {
        let keys = match limit.scope {
            0 => vec![Address::ZERO],
            1 => recipients.to_vec(),
            _ => vec![initiator],
        };
        for key in keys {
            words.insert(limit.slot(key), limit_word(dice, &limit, now));
        }
    }
}

/// Words for the account itself. `route` as stored.
pub fn account_words(dice: &mut Dice, route: u8, words: &mut BTreeMap<U256, U256>) {
    let program = if dice.percent(95) { world::PROGRAM } else { Address::ZERO };
    let delay = dice.pick(&[0_u32, 3_600, 172_800, 2_592_000]);
    let epoch = dice.below(4);
    let control = U256::from_be_slice(program.as_slice())
        | U256::from(delay) << 160
        | U256::from(epoch) << 192
        | U256::from(route) << 224
        | U256::from(u8::from(dice.percent(2))) << 232;
    words.insert(account_slot(world::ACCOUNT, 0), control);
    if route == 3 {
        words.insert(account_slot(world::ACCOUNT, 3), U256::from_be_slice(world::MANAGER.as_slice()));
    }
    if dice.percent(10) {
        words.insert(account_slot(world::ACCOUNT, 1), U256::from(dice.below(3)) << 232 | (dice.word() >> 24));
        words.insert(account_slot(world::ACCOUNT, 2), dice.word());
    }
}

/// A time that something turns at, or any.
pub fn time(dice: &mut Dice, program: &[u8]) -> u64 {
    const LEAP: [u64; 8] = [
        1_709_164_800, // 29 February 2024
        1_709_251_200, // 1 March 2024
        1_835_395_200, // 29 February 2028
        1_740_787_200, // 1 March 2025
        4_107_542_400, // 1 March 2100, after no leap day
        951_782_400,   // 29 February 2000
        1_767_225_600, // 1 January 2026
        1_798_761_600, // 1 January 2027
    ];
    let any = 1_600_000_000 + dice.below(1_000_000_000);
    match dice.below(20) {
        0..=3 => {
            let turn = dice.pick(&LEAP);
            dice.near_time(turn)
        }
        4..=6 => dice.near_time(any / 86_400 * 86_400),
        7 => dice.near_time((any / 604_800 * 604_800) + 4 * 86_400),
        8..=12 => {
            let lane = u64::from(dice.pick(&limits_of(program).iter().map(|l| l.lane_seconds).collect::<Vec<_>>()));
            any.checked_div(lane).map_or(any, |index| dice.near_time(index * lane))
        }
        // The last lane that has a number.
        13 if dice.percent(40) => {
            let lanes = limits_of(program).iter().map(|l| u64::from(l.lane_seconds)).collect::<Vec<_>>();
            dice.pick(&lanes).checked_mul(1 << 40).map_or(any, |end| dice.near_time(end))
        }
        13 if dice.percent(20) => dice.below(1 << 50),
        _ => any,
    }
}

#[derive(Clone, Copy, Debug)]
/// Times at which something staged or announced turns.
pub struct Turn {
    /// Seconds until it matures.
    pub delay: u64,
    /// Seconds, counted from the same moment, until it expires.
    pub expiry: u64,
}

impl Turn {
    /// When it was made, seen from `now`: on an edge, mature, or not.
    pub fn made(self, dice: &mut Dice, now: u64) -> u64 {
        let open = self.expiry.saturating_sub(self.delay);
        let age = match dice.below(10) {
            0..=2 => dice.near_time(self.delay),
            3 | 4 => dice.near_time(self.expiry),
            5 => dice.below(self.delay + 1),
            6 => self.expiry.saturating_add(dice.below(1_000_000)),
            _ => self.delay.saturating_add(dice.below(open)),
        };
        now.saturating_sub(age)
    }
}
