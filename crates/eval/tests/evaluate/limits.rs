//! Count limits, scopes and the question whether an effect still fits.

use alloy_primitives::{Address, B256, U256};
use portcullis_eval::{Action, Charge, Reason, Request, limit_descriptor, limit_slot};

use crate::common::{
    ACCOUNT, ALLOW, Draft, NATIVE_CLASSES, NOW, PAYEE, Rule, active, allow_with, call, limit, native, native_rule, pay,
    reason, request, run,
};

const RECIPIENT: u8 = 1 << 2;
const INITIATOR: u8 = 2 << 2;
const COUNT: u8 = 2;
/// Allows and lists limit 0.
const LISTS: [u8; 7] = [1, 1, 0, 0, 0, 0, 0];

fn with_flags(cap: u64, window: u8, flags: u8) -> [u8; 84] {
    let mut bytes = limit(cap, window, false);
    bytes[57] = flags;
    bytes
}

fn slot(limit: &[u8; 84], key: Address) -> U256 {
    let (window, flags) = (limit[56], limit[57]);
    let descriptor = limit_descriptor(window, 0, flags >> 2, flags & COUNT != 0);
    limit_slot(ACCOUNT, B256::from_slice(&limit[..32]), Address::ZERO, descriptor, key)
}

fn to(recipient: Address, amount: u64) -> Action {
    Action { to: recipient, value: U256::from(amount), ..Action::default() }
}

/// Today's word of a daily limit.
fn used(requests: u64) -> U256 {
    U256::from(NOW / 86_400) << 192 | U256::from(requests)
}

#[test]
fn terms_outside_the_table_deny_when_charged_and_when_asked() {
    for (window, flags) in [(5, 0), (255, 0), (0, 12), (0, 13), (0, 16), (0, 128)] {
        let broken = with_flags(100, window, flags);
        for body in [LISTS.to_vec(), allow_with(&[0x10, 0]), allow_with(&[0x22, 0, 2, 0x10, 0])] {
            let bytes = native(body, &[broken]);
            assert_eq!(reason(&bytes, &active(), vec![pay(U256::ONE)]), Reason::MalformedProgram, "{window} {flags}");
        }
    }
}

#[test]
fn a_count_of_nothing_lets_no_request_pass() {
    for window in 0..4 {
        let verdict =
            run(&native(LISTS.to_vec(), &[with_flags(0, window, COUNT)]), &active(), &request(vec![pay(U256::MAX)]));
        assert_eq!(verdict.verdict.reason, Reason::LimitExceeded);
        assert_eq!((verdict.verdict.have, verdict.verdict.need), (U256::ZERO, U256::ONE));
    }
}

#[test]
fn a_request_counts_once_however_many_effects_it_has() {
    let daily = with_flags(3, 1, COUNT);
    let bytes = native(LISTS.to_vec(), &[daily]);
    let mut state = active();
    state.words.insert(slot(&daily, Address::ZERO), used(2));
    let many = request(vec![pay(U256::MAX), pay(U256::MAX), pay(U256::ONE)]);
    let evaluation = run(&bytes, &state, &many);
    assert_eq!(evaluation.verdict.reason, Reason::Allowed);
    assert_eq!(evaluation.charges.len(), 1);
    assert_eq!(evaluation.writes, [(slot(&daily, Address::ZERO), used(3))]);
    state.words.extend(evaluation.writes);
    assert_eq!(run(&bytes, &state, &many).verdict.reason, Reason::LimitExceeded);
}

#[test]
fn a_count_charges_effects_of_every_kind() {
    let draft = Draft { classes: 8 << 16, limits: vec![with_flags(1, 1, COUNT)], ..Draft::default() };
    let bytes = draft.bytes(|_| vec![Rule { kind: 0x80 | 0x40 | 4, ..native_rule(LISTS.to_vec()) }]);
    let mut state = active();
    let evaluation = run(&bytes, &state, &request(vec![call(PAYEE, vec![1, 2, 3, 4])]));
    assert_eq!(evaluation.verdict.reason, Reason::Allowed);
    state.words.extend(evaluation.writes);
    assert_eq!(reason(&bytes, &state, vec![call(PAYEE, vec![1, 2, 3, 4])]), Reason::LimitExceeded);
}

#[test]
fn a_limit_that_asks_for_a_recipient_refuses_effects_without_one() {
    let draft = Draft { classes: 8 << 16, limits: vec![with_flags(1, 1, COUNT | RECIPIENT)], ..Draft::default() };
    let bytes = |body: &[u8]| draft.bytes(|_| vec![Rule { kind: 0x80 | 0x40 | 4, ..native_rule(body.to_vec()) }]);
    let calls = vec![call(PAYEE, vec![1, 2, 3, 4])];
    assert_eq!(reason(&bytes(&LISTS), &active(), calls.clone()), Reason::MalformedProgram);
    assert_eq!(reason(&bytes(&allow_with(&[0x10, 0])), &active(), calls), Reason::NoRule);
}

#[test]
fn each_recipient_and_each_initiator_has_its_own_word() {
    let other = Address::repeat_byte(0x0e);
    let owner = request(vec![]).initiator;
    for (flags, keys) in [(RECIPIENT, vec![other, PAYEE]), (INITIATOR, vec![owner])] {
        let daily = with_flags(10, 1, flags);
        let bytes = native(LISTS.to_vec(), &[daily]);
        let asked = request(vec![to(PAYEE, 4), to(other, 3), to(PAYEE, 3)]);
        let evaluation = run(&bytes, &active(), &asked);
        assert_eq!(evaluation.verdict.reason, Reason::Allowed);
        let mut written = evaluation.writes;
        written.sort_unstable();
        let expected = match keys.as_slice() {
            [one] => vec![(slot(&daily, *one), used(10))],
            _ => vec![(slot(&daily, other), used(3)), (slot(&daily, PAYEE), used(7))],
        };
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(written, expected);
    }
}

#[test]
fn a_full_limit_of_one_recipient_leaves_the_others_theirs() {
    let other = Address::repeat_byte(0x0e);
    let daily = with_flags(10, 1, RECIPIENT);
    let bytes = native(LISTS.to_vec(), &[daily]);
    let mut state = active();
    state.words.insert(slot(&daily, PAYEE), used(10));
    assert_eq!(reason(&bytes, &state, vec![to(other, 1), to(PAYEE, 1)]), Reason::LimitExceeded);
    assert_eq!(reason(&bytes, &state, vec![to(other, 11)]), Reason::LimitExceeded);
    assert_eq!(reason(&bytes, &state, vec![to(other, 10)]), Reason::Allowed);
}

#[test]
fn modules_are_their_own_initiators() {
    let module = Address::repeat_byte(0x0d);
    let daily = with_flags(1, 1, COUNT | INITIATOR);
    let mut body = LISTS.to_vec();
    body[0] = 3;
    let bytes = native(body, &[daily]);
    let asked = Request { origin: Some(module), initiator: module, ..request(vec![pay(U256::ONE)]) };
    let evaluation = run(&bytes, &active(), &asked);
    assert_eq!(
        evaluation.charges,
        [Charge { limit: 0, key: module, effect: 0, amount: U256::ONE, remaining_before: U256::ONE }]
    );
}

/// Allows what still fits limit 0, and charges what passes to it; the rest is allowed by a rule without limits.
fn within_or_else(limits: &[[u8; 84]]) -> Vec<u8> {
    let draft = Draft { classes: NATIVE_CLASSES, limits: limits.to_vec(), ..Draft::default() };
    let charged = [LISTS.as_slice(), &[0x10, 0]].concat();
    draft.bytes(|_| vec![native_rule(charged.clone()), native_rule(ALLOW.to_vec())])
}

#[test]
fn what_does_not_fit_any_more_falls_to_the_next_rule() {
    let bytes = within_or_else(&[limit(10, 1, false)]);
    let rules = |amounts: &[u64]| {
        let actions = amounts.iter().map(|amount| pay(U256::from(*amount))).collect();
        let evaluation = run(&bytes, &active(), &request(actions));
        assert_eq!(evaluation.verdict.reason, Reason::Allowed);
        evaluation.decisions.iter().map(|decision| decision.rule.unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(rules(&[10]), [0]);
    assert_eq!(rules(&[11]), [1]);
    assert_eq!(rules(&[4, 7, 6, 1]), [0, 1, 0, 1]);
    let wraps = run(&bytes, &active(), &request(vec![pay(U256::ONE), pay(U256::MAX)]));
    assert_eq!(wraps.decisions[1].rule, Some(1), "an overflow does not fit");
}

#[test]
fn asking_charges_nothing_and_writes_nothing() {
    let bytes = native(allow_with(&[0x10, 0]), &[limit(10, 1, false)]);
    let evaluation = run(&bytes, &active(), &request(vec![pay(U256::from(10)), pay(U256::from(10))]));
    assert_eq!(evaluation.verdict.reason, Reason::Allowed);
    assert!(evaluation.writes.is_empty() && evaluation.charges.is_empty());
}

#[test]
fn an_amount_limit_of_another_asset_never_holds() {
    let mut other = limit(u64::MAX, 0, false);
    other[83] = 1;
    assert_eq!(reason(&native(allow_with(&[0x10, 0]), &[other]), &active(), vec![pay(U256::ONE)]), Reason::NoRule);
    let mut charged = LISTS.to_vec();
    charged[0] = 1;
    assert_eq!(reason(&native(charged, &[other]), &active(), vec![pay(U256::ONE)]), Reason::MalformedProgram);
}

#[test]
fn a_count_still_fits_the_request_that_has_taken_its_last() {
    let bytes = within_or_else(&[with_flags(1, 1, COUNT)]);
    let evaluation = run(&bytes, &active(), &request(vec![pay(U256::ONE), pay(U256::ONE)]));
    assert_eq!(evaluation.decisions.iter().map(|decision| decision.rule).collect::<Vec<_>>(), [Some(0), Some(0)]);
    let mut state = active();
    state.words.extend(evaluation.writes);
    let later = run(&bytes, &state, &request(vec![pay(U256::ONE)]));
    assert_eq!(later.decisions[0].rule, Some(1));
}

#[test]
fn a_rolling_limit_that_cannot_be_charged_is_malformed_or_does_not_fit() {
    // Zero lane seconds.
    let bytes = native(allow_with(&[0x22, 0, 2, 0x10, 0]), &[limit(10, 4, false)]);
    assert_eq!(reason(&bytes, &active(), vec![pay(U256::ONE)]), Reason::MalformedProgram);
    // A lane index above its field.
    let mut seconds = limit(10, 4, false);
    seconds[61] = 1;
    let asks = native(allow_with(&[0x10, 0]), &[seconds]);
    let asked = request(vec![pay(U256::ONE)]);
    let far = portcullis_eval::evaluate(&asks, crate::common::CHAIN, crate::common::HOOK, &active(), &asked, 1 << 40)
        .unwrap();
    assert_eq!(far.verdict.reason, Reason::NoRule);
    let charges = native(LISTS.to_vec(), &[seconds]);
    let far =
        portcullis_eval::evaluate(&charges, crate::common::CHAIN, crate::common::HOOK, &active(), &asked, 1 << 40)
            .unwrap();
    assert_eq!((far.verdict.reason, far.verdict.need), (Reason::AmountOverflow, U256::ONE));
}

#[test]
fn descriptors_tell_windows_lanes_scopes_and_counts_apart() {
    assert_eq!(limit_descriptor(4, 0xaabb_ccdd, 2, true), 1 << 48 | 2 << 40 | 0xaabb_ccdd << 8 | 4);
    let mut slots = Vec::new();
    for flags in [0, COUNT, RECIPIENT, COUNT | RECIPIENT, INITIATOR] {
        slots.push(slot(&with_flags(1, 1, flags), PAYEE));
        slots.push(slot(&with_flags(1, 2, flags), PAYEE));
        slots.push(slot(&with_flags(1, 1, flags), ACCOUNT));
    }
    let all = slots.len();
    slots.sort_unstable();
    slots.dedup();
    assert_eq!(slots.len(), all);
}
