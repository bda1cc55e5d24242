use alloc::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};

use super::{LANE_MAX, Meter, Refused, Unopened, period};
use crate::layout::{MemoryState, limit_descriptor, limit_slot};
use crate::program::Limit;

const ACCOUNT: Address = Address::repeat_byte(0xac);
const NOW: u64 = 1_767_225_600;

fn limit(window: u8, cap: u64, lane_seconds: u32, exponent: u8) -> Limit {
    Limit {
        id: B256::repeat_byte(1),
        cap: U256::from(cap),
        window,
        flags: 0,
        lane_seconds,
        exponent,
        asset: Address::ZERO,
    }
}

fn state(limit: &Limit, word: U256) -> MemoryState {
    let descriptor = limit_descriptor(limit.window, limit.lane_seconds, 0, false);
    let slot = limit_slot(ACCOUNT, limit.id, limit.asset, descriptor, Address::ZERO);
    MemoryState { words: BTreeMap::from([(slot, word)]), ..MemoryState::default() }
}

fn open(limit: &Limit, word: U256, now: u64) -> Meter {
    Meter::open(limit, ACCOUNT, Address::ZERO, &state(limit, word), now).unwrap_or_else(|_| panic!("it opens"))
}

/// A rolling word: exponent, lane index and lanes.
fn word(exponent: u8, index: u64, lanes: &[u64]) -> U256 {
    let mut word = U256::from(exponent) << 207 | U256::from(index) << 213;
    for (i, lane) in lanes.iter().enumerate() {
        word |= U256::from(*lane) << (23 * i);
    }
    word
}

#[test]
fn nothing_fits_a_cap_of_zero() {
    for window in 0..=4 {
        let mut meter = open(&limit(window, 0, 10, 0), U256::ZERO, NOW);
        assert_eq!(meter.charge(U256::ONE), Err(Refused::Exceeded(U256::ZERO)), "window {window}");
    }
}

#[test]
fn the_greatest_amount_neither_fits_nor_wraps() {
    for window in 0..=4 {
        let mut meter = open(&limit(window, 100, 10, 0), U256::ZERO, NOW);
        assert_eq!(meter.charge(U256::MAX), Err(Refused::Exceeded(U256::from(100))), "window {window}");
        assert_eq!(meter.charge(U256::ONE), Ok(()));
        assert_eq!(meter.charge(U256::MAX), Err(Refused::Overflow(U256::ONE)), "window {window}");
        assert_eq!(meter.charge(U256::from(99)), Ok(()));
        assert_eq!(meter.charge(U256::ONE), Err(Refused::Exceeded(U256::ZERO)), "window {window}");
    }
}

#[test]
fn a_transaction_limit_stores_nothing() {
    let mut meter = open(&limit(0, 5, 0, 0), U256::MAX, NOW);
    assert_eq!(meter.charge(U256::from(5)), Ok(()));
    assert_eq!(meter.write(), None);
}

#[test]
fn malformed_rolling_terms_never_open() {
    let terms = [limit(4, 100, 0, 0), limit(4, 100, 10, 58), limit(4, 8_000_001, 10, 0), limit(5, 100, 10, 0)];
    for limit in terms {
        assert!(matches!(
            Meter::open(&limit, ACCOUNT, Address::ZERO, &MemoryState::default(), NOW),
            Err(Unopened::Malformed)
        ));
    }
    assert!(Meter::open(&limit(4, 8_000_000, 10, 0), ACCOUNT, Address::ZERO, &MemoryState::default(), NOW).is_ok());
    assert!(Meter::open(&limit(4, 80_000_009, 10, 1), ACCOUNT, Address::ZERO, &MemoryState::default(), NOW).is_ok());
    assert!(Meter::open(&limit(4, 100, 10, 57), ACCOUNT, Address::ZERO, &MemoryState::default(), NOW).is_ok());
}

#[test]
fn a_lane_index_above_its_field_overflows() {
    let limit = limit(4, 100, 1, 0);
    assert!(matches!(
        Meter::open(&limit, ACCOUNT, Address::ZERO, &MemoryState::default(), 1 << 40),
        Err(Unopened::Overflow)
    ));
    assert!(Meter::open(&limit, ACCOUNT, Address::ZERO, &MemoryState::default(), (1 << 40) - 1).is_ok());
}

#[test]
fn usage_counts_until_its_lane_is_nine_back() {
    let limit = limit(4, 100, 10, 0);
    let full = word(0, 1_000, &[100]);
    // The last second of the eighth lane after, and the first of the ninth.
    assert_eq!(open(&limit, full, 10_089).remaining(), U256::ZERO);
    assert_eq!(open(&limit, full, 10_090).remaining(), U256::from(100));
}

#[test]
fn only_lanes_that_are_nine_back_are_dropped() {
    let limit = limit(4, 100, 10, 0);
    let stored = word(0, 1_000, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let mut meter = open(&limit, stored, 10_020);
    assert_eq!(meter.remaining(), U256::from(100 - 28));
    assert_eq!(meter.charge(U256::from(10)), Ok(()));
    assert_eq!(meter.write().unwrap().1, word(0, 1_002, &[10, 0, 1, 2, 3, 4, 5, 6, 7]));
}

#[test]
fn a_lane_index_ahead_of_the_clock_stays() {
    let limit = limit(4, 100, 10, 0);
    let mut meter = open(&limit, word(0, 2_000, &[40, 50]), 10_000);
    assert_eq!(meter.charge(U256::from(11)), Err(Refused::Exceeded(U256::from(10))));
    assert_eq!(meter.charge(U256::from(10)), Ok(()));
    assert_eq!(meter.write().unwrap().1, word(0, 2_000, &[50, 50]));
}

#[test]
fn finer_usage_is_rounded_up_into_a_coarser_unit() {
    let limit = limit(4, 1_000, 10, 2);
    let mut meter = open(&limit, word(0, 1_000, &[1, 100, 101]), 10_000);
    // 1, 1 and 2 of 10 units of a hundred.
    assert_eq!(meter.remaining(), U256::from(600));
    assert_eq!(meter.charge(U256::from(501)), Ok(()));
    assert_eq!(meter.write().unwrap().1, word(2, 1_000, &[7, 1, 2]));
}

#[test]
fn coarser_usage_saturates_in_a_finer_unit() {
    let limit = limit(4, 8_000_000, 10, 0);
    assert_eq!(open(&limit, word(3, 1_000, &[7]), 10_000).remaining(), U256::from(8_000_000 - 7_000));
    let saturated = open(&limit, word(63, 1_000, &[LANE_MAX, 1]), 10_000);
    assert_eq!(saturated.remaining(), U256::ZERO);
}

#[test]
fn charges_of_one_request_are_rounded_once() {
    let limit = limit(4, 1_000, 10, 2);
    let mut meter = open(&limit, U256::ZERO, 10_000);
    for _ in 0..10 {
        assert_eq!(meter.charge(U256::from(10)), Ok(()));
    }
    assert_eq!(meter.remaining(), U256::from(900));
    assert_eq!(meter.write().unwrap().1, word(2, 1_000, &[1]));
}

#[test]
fn a_calendar_period_that_is_past_counts_as_unused_and_a_later_one_stays() {
    let limit = limit(1, 100, 0, 0);
    let today = NOW / 86_400;
    let word = |period: u64| U256::from(period) << 192 | U256::from(60);
    for (stored, remaining, written) in [(today - 1, 100, today), (today, 40, today), (today + 1, 40, today + 1)] {
        let mut meter = open(&limit, word(stored), NOW);
        assert_eq!(meter.remaining(), U256::from(remaining));
        assert_eq!(meter.charge(U256::from(40)), Ok(()));
        let used = if stored < today { 40 } else { 100 };
        assert_eq!(meter.write().unwrap().1, U256::from(written) << 192 | U256::from(used));
    }
}

#[test]
fn weeks_begin_on_monday() {
    // Sunday, 4 January 2026, and Monday the 5th.
    let monday = 1_767_571_200;
    assert_eq!(period(2, monday - 1) + 1, period(2, monday));
    assert_eq!(period(2, monday), period(2, monday + 7 * 86_400 - 1));
    assert_eq!(period(2, 0), 0);
}

#[test]
fn months_end_where_the_calendar_says_for_four_hundred_years() {
    let mut day = 0_u64;
    let mut month = 0_u64;
    for year in 1970..2370_u64 {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let february = if leap { 29 } else { 28 };
        for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
            assert_eq!(period(3, day * 86_400), month, "{year}");
            day += length;
            assert_eq!(period(3, day * 86_400 - 1), month, "{year}");
            month += 1;
        }
    }
}

#[test]
fn what_is_used_frees_up_exactly_when_the_meter_says() {
    // 2026-01-01 is a Thursday; the last second of February of a leap year is another case of its own.
    for now in [NOW, NOW + 5 * 86_400, 1_709_251_199] {
        for window in 1..=4 {
            let limit = limit(window, 100, 3_600, 0);
            let empty = open(&limit, U256::ZERO, now);
            assert_eq!(empty.frees_at(&limit, now), None, "nothing is used");
            let mut meter = open(&limit, U256::ZERO, now);
            assert_eq!(meter.charge(U256::from(7)), Ok(()));
            let (_, word) = meter.write().unwrap();
            let used = open(&limit, word, now);
            let at = used.frees_at(&limit, now).unwrap();
            assert!(at > now);
            assert_eq!(open(&limit, word, at - 1).remaining(), U256::from(93), "window {window}, not before");
            assert_eq!(open(&limit, word, at).remaining(), U256::from(100), "window {window}, then");
        }
    }
}
