//! What would have to change for a denied request to be allowed.

use alloy_primitives::{Address, U256};
use portcullis_eval::{Action, Ask, CALL_ONLY_HASHES, Change, MemoryState, Nearby, Request, nearest};

use crate::common::{
    ALLOW, CHAIN, HOOK, NOW, PAYEE, active, allow_with, limit, native, obliging, pay, request, run, word,
};
use crate::obligations::{approvals, payment, with};

fn near(program: &[u8], state: &MemoryState, request: &Request) -> Vec<Nearby> {
    nearest(program, CHAIN, HOOK, state, request, NOW).unwrap()
}

fn paying(amount: u64) -> Request {
    request(vec![pay(U256::from(amount))])
}

fn alone(change: Change) -> Nearby {
    Nearby { change, missing: Vec::new() }
}

fn at_most(amount: u64) -> Nearby {
    alone(Change::AtMost { effect: 0, amount: U256::from(amount) })
}

#[test]
fn nothing_is_near_what_is_allowed_or_denied_for_ever() {
    assert_eq!(near(&native(ALLOW.to_vec(), &[]), &active(), &paying(5)), []);
    assert_eq!(near(&native(vec![0; 6], &[]), &active(), &paying(5)), []);
}

#[test]
fn an_amount_is_near_exactly_where_it_turns() {
    let most = native(allow_with(&[0x05, 1, 100]), &[]);
    assert_eq!(near(&most, &active(), &paying(101)), [at_most(100)]);
    assert_eq!(near(&most, &active(), &paying(1_000_000)), [at_most(100)]);
    let least = native(allow_with(&[0x04, 1, 100]), &[]);
    let expected = [alone(Change::AtLeast { effect: 0, amount: U256::from(100) })];
    assert_eq!(near(&least, &active(), &paying(99)), expected);
    // A narrow span that no halving meets.
    let span = native(allow_with(&[0x04, 1, 99, 0x05, 1, 100]), &[]);
    assert_eq!(near(&span, &active(), &paying(150)), [at_most(100)]);
}

#[test]
fn what_is_left_of_a_limit_is_near_and_the_next_period_too() {
    let mut body = ALLOW.to_vec();
    body[1] = 1;
    body.push(0);
    let found = near(&native(body.clone(), &[limit(70, 1, false)]), &active(), &paying(71));
    assert_eq!(found, [at_most(70)]);
    // Sixty are used today.
    let program = native(body, &[limit(70, 1, false)]);
    let mut state = active();
    let used = run(&program, &state, &paying(60));
    state.words.extend(used.writes);
    let tomorrow = (NOW / 86_400 + 1) * 86_400;
    assert_eq!(near(&program, &state, &paying(11)), [at_most(10), alone(Change::From(tomorrow))]);
}

#[test]
fn only_the_amount_of_the_denied_effect_of_a_batch_is_changed() {
    let batcher = Address::repeat_byte(0xba);
    let mut state = active();
    state.code_hashes.insert(batcher, CALL_ONLY_HASHES[0].0);
    let mut transactions = Vec::new();
    for amount in [7, 300] {
        transactions.extend([[0].as_slice(), PAYEE.as_slice(), &word(amount), &word(0)].concat());
    }
    let length = word(transactions.len() as u64);
    transactions.resize(transactions.len().next_multiple_of(32), 0);
    let data = [[0x8d, 0x80, 0xff, 0x0a].as_slice(), &word(32), &length, &transactions].concat();
    let batch = Action { to: batcher, data: data.into(), operation: 1, ..Action::default() };
    let program = native(allow_with(&[0x05, 1, 100]), &[]);
    let expected = alone(Change::AtMost { effect: 1, amount: U256::from(100) });
    assert_eq!(near(&program, &state, &request(vec![batch])), [expected]);
}

#[test]
fn a_time_is_near_to_the_second() {
    // Between ten and eleven o'clock and 30 seconds; NOW is midnight of a Thursday.
    let mut span = vec![0x0b];
    span.extend(&36_000_u32.to_be_bytes()[1..]);
    span.extend(&39_630_u32.to_be_bytes()[1..]);
    let program = native(allow_with(&span), &[]);
    assert_eq!(near(&program, &active(), &paying(5)), [alone(Change::From(NOW + 36_000))]);
    span[1..4].copy_from_slice(&36_030_u32.to_be_bytes()[1..]);
    let program = native(allow_with(&span), &[]);
    assert_eq!(near(&program, &active(), &paying(5)), [alone(Change::From(NOW + 36_030))]);
    let saturday = native(allow_with(&[0x0c, 0x20]), &[]);
    assert_eq!(near(&saturday, &active(), &paying(5)), [alone(Change::From(NOW + 2 * 86_400))]);
}

#[test]
fn an_announcement_made_now_is_near_when_it_matures() {
    let program = native(vec![1, 0, 0, 0, 0x0e, 0x10], &[]);
    assert_eq!(near(&program, &active(), &paying(5)), [alone(Change::AnnouncedUntil(NOW + 3_600))]);
}

#[test]
fn what_is_missing_is_near_once_nothing_else_denies() {
    let program = with(|list| vec![obliging(&approvals(list, 2, 3), &[0x05, 1, 100])]);
    let found = near(&program, &active(), &payment());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].change, Change::Nothing);
    assert!(matches!(found[0].missing[0].ask, Ask::Approvals { .. }));
    assert_eq!((found[0].missing[0].have, found[0].missing[0].need), (Some(0), 2));
    let large = Request { actions: vec![pay(U256::from(101))], ..payment() };
    let found = near(&program, &active(), &large);
    assert_eq!(found[0].change, Change::AtMost { effect: 0, amount: U256::from(100) });
    assert_eq!(found[0].missing.len(), 1);
}
