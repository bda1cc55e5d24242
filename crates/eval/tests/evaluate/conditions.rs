//! Conditions on what the request itself says. Every program allows native value where its conditions hold.

use alloy_primitives::{Address, B256, KECCAK256_EMPTY, U256};
use portcullis_eval::{Action, MemoryState, Reason, Request, evaluate};

use crate::common::{
    ACCOUNT, ALLOW, CHAIN, Draft, HOOK, NATIVE_CLASSES, NOW, PAYEE, Rule, TOKEN, active, allow_with, call, list,
    native, native_rule, pay, reason, request, run,
};

/// Whether conditions let a payment of 5 pass.
fn verdict(conditions: &[u8]) -> Reason {
    reason(&native(allow_with(conditions), &[]), &active(), vec![pay(U256::from(5))])
}

/// Holds for a payment of 5, and does not.
const HOLDS: [u8; 3] = [0x04, 1, 5];
const FAILS: [u8; 3] = [0x04, 1, 6];
/// In no table.
const UNKNOWN: u8 = 0x7f;

fn group(op: u8, members: &[u8]) -> Vec<u8> {
    let [high, low] = (members.len() as u16).to_be_bytes();
    [&[op, high, low], members].concat()
}

fn nested(depth: usize, inside: &[u8]) -> Vec<u8> {
    (0..depth).fold(inside.to_vec(), |members, _| group(0x21, &members))
}

#[test]
fn an_unknown_op_denies_wherever_it_is_reached() {
    for op in [0x00, 0x11, 0x1f, 0x23, 0x7f, 0x80, 0xff] {
        assert_eq!(verdict(&[op]), Reason::MalformedProgram, "{op:#x}");
        for around in 0x20..=0x22 {
            assert_eq!(verdict(&group(around, &[op])), Reason::MalformedProgram, "{op:#x} in {around:#x}");
        }
    }
}

#[test]
fn an_operand_cut_short_denies_even_where_the_condition_could_not_hold() {
    let whole: [&[u8]; 18] = [
        &[0x01, 0, 0, 0],
        &[0x02, 0, 0, 0],
        &[0x03, 0, 0, 0],
        &[0x04, 2, 0, 0],
        &[0x05, 2, 0, 0],
        &[0x07, 0, 0, 0],
        &[0x08, 0, 0, 0],
        &[0x09, 1, 0, 0, 0, 0],
        &[0x0a, 0],
        &[0x0b, 0, 0, 0, 0, 0, 1],
        &[0x0c, 1],
        &[0x0d, 0, 0, 0, 1, 1, 1, 1],
        &[0x0e, 0, 0, 0, 0, 0],
        &[0x0f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 4, 1, 2, 3, 4],
        &[0x10, 0],
        &[0x20, 0, 3, 4, 1, 5],
        &[0x21, 0, 3, 4, 1, 5],
        &[0x22, 0, 3, 4, 1, 5],
    ];
    for condition in whole {
        for cut in 1..condition.len() {
            assert_eq!(verdict(&condition[..cut]), Reason::MalformedProgram, "{cut} bytes of {condition:?}");
            let inside = group(0x20, &condition[..cut]);
            let followed = [inside.as_slice(), &[0; 40]].concat();
            assert_eq!(verdict(&followed), Reason::MalformedProgram, "{cut} bytes of {condition:?} in a group");
        }
    }
}

#[test]
fn operands_outside_their_bounds_deny() {
    let malformed: [&[u8]; 18] = [
        &[0x04, 0],
        &[0x05, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        // One second behind the end of the day.
        &[0x0b, 1, 0x51, 0x81, 0, 0, 1],
        &[0x0b, 0, 0, 0, 1, 0x51, 0x81],
        &[0x0c, 0],
        &[0x0c, 128],
        &[0x0d, 0, 0, 6, 0, 1, 0],
        &[0x0d, 0, 0, 255, 0, 1, 0],
        &[0x0d, 0, 0, 0, 33, 1, 0],
        &[0x0d, 0, 0, 0, 0, 0],
        // words 0, words 9, index = words, cmp 6, dlen 3, vlen 0.
        &[0x0f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 4, 1, 2, 3, 4],
        &[0x0f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 9, 0, 0, 1, 1, 4, 1, 2, 3, 4],
        &[0x0f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 4, 1, 2, 3, 4],
        &[0x0f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 6, 1, 1, 4, 1, 2, 3, 4],
        &[0x0f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 3, 1, 2, 3],
        &[0x0f, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 4, 1, 2, 3, 4],
        &[0x10, 0],
        &[0x10, 255],
    ];
    for condition in malformed {
        assert_eq!(verdict(condition), Reason::MalformedProgram, "{condition:?}");
        assert_eq!(verdict(&group(0x22, condition)), Reason::MalformedProgram, "not {condition:?}");
    }
}

#[test]
fn a_ninth_level_denies_once_it_is_reached() {
    assert_eq!(verdict(&nested(8, &HOLDS)), Reason::Allowed);
    assert_eq!(verdict(&nested(9, &HOLDS)), Reason::MalformedProgram);
    assert_eq!(verdict(&nested(40, &HOLDS)), Reason::MalformedProgram);
    let unreached = [&FAILS[..], &nested(9, &HOLDS)].concat();
    assert_eq!(verdict(&unreached), Reason::NoRule);
}

#[test]
fn what_a_group_has_decided_is_not_read_on() {
    let garbage = [UNKNOWN];
    assert_eq!(verdict(&group(0x20, &[&HOLDS[..], &garbage].concat())), Reason::Allowed);
    assert_eq!(verdict(&group(0x20, &[&FAILS[..], &garbage].concat())), Reason::MalformedProgram);
    assert_eq!(verdict(&group(0x21, &[&FAILS[..], &garbage].concat())), Reason::NoRule);
    assert_eq!(verdict(&group(0x21, &[&HOLDS[..], &garbage].concat())), Reason::MalformedProgram);
    assert_eq!(verdict(&group(0x22, &[&FAILS[..], &garbage].concat())), Reason::Allowed);
    assert_eq!(verdict(&group(0x22, &[&HOLDS[..], &garbage].concat())), Reason::MalformedProgram);
}

#[test]
fn groups_hold_as_their_members_say() {
    for (op, expected) in [
        // Nothing, one that fails, one that holds, both.
        (0x20, [Reason::NoRule, Reason::NoRule, Reason::Allowed, Reason::Allowed]),
        (0x21, [Reason::Allowed, Reason::NoRule, Reason::Allowed, Reason::NoRule]),
        (0x22, [Reason::NoRule, Reason::Allowed, Reason::NoRule, Reason::Allowed]),
    ] {
        let both = [FAILS, HOLDS].concat();
        for (members, expected) in [&[][..], &FAILS, &HOLDS, &both].into_iter().zip(expected) {
            assert_eq!(verdict(&group(op, members)), expected, "{op:#x} of {members:?}");
            // What follows a group is tested too.
            assert_eq!(verdict(&[group(op, members), FAILS.to_vec()].concat()), Reason::NoRule);
        }
    }
}

#[test]
fn tests_are_told_with_their_depth_and_groups_behind_their_members() {
    let conditions = [group(0x20, &[FAILS.to_vec(), group(0x22, &FAILS)].concat()), HOLDS.to_vec()].concat();
    let evaluation = run(&native(allow_with(&conditions), &[]), &active(), &request(vec![pay(U256::from(5))]));
    let told: Vec<_> = evaluation.tests.iter().map(|test| (test.op, test.depth, test.held)).collect();
    assert_eq!(told, [(4, 1, false), (4, 2, false), (0x22, 1, true), (0x20, 0, true), (4, 0, true)]);
}

#[test]
fn what_an_effect_does_not_have_never_holds() {
    // A call without value has neither recipient nor amount nor asset.
    let draft = Draft { classes: 8 << 16, lists: vec![list(&[Address::ZERO, PAYEE])], ..Draft::default() };
    let calls = |condition: &[u8], not: bool| {
        let bytes = draft.bytes(|lists| {
            let condition = if condition.len() == 1 && condition[0] != 6 {
                [condition, &lists[0]].concat()
            } else {
                condition.to_vec()
            };
            let body = if not { group(0x22, &condition) } else { condition };
            vec![Rule { kind: 0x80 | 0x40 | 4, ..native_rule(allow_with(&body)) }]
        });
        let mut state = active();
        state.code_hashes.insert(PAYEE, B256::repeat_byte(1));
        reason(&bytes, &state, vec![call(PAYEE, vec![1, 2, 3, 4])])
    };
    for condition in [&[3][..], &[4, 1, 0], &[5, 1, 255], &[6], &[8]] {
        assert_eq!(calls(condition, false), Reason::NoRule, "{condition:?}");
        assert_eq!(calls(condition, true), Reason::Allowed, "not {condition:?}");
    }
    assert_eq!(calls(&[7], false), Reason::Allowed, "it does have a target");
}

#[test]
fn lists_are_those_of_origin_initiator_recipient_target_and_asset() {
    let owner = Address::repeat_byte(1);
    let module = Address::repeat_byte(2);
    for (op, in_list) in [(1, module), (2, owner), (3, PAYEE), (7, PAYEE), (8, Address::ZERO)] {
        for listed in [in_list, Address::repeat_byte(0x77)] {
            let draft = Draft { classes: NATIVE_CLASSES, lists: vec![list(&[listed])], ..Draft::default() };
            let outcome = if op == 1 { 3 } else { 1 };
            let bytes =
                draft.bytes(|lists| vec![native_rule([&[outcome, 0, 0, 0, 0, 0, op], lists[0].as_slice()].concat())]);
            let mut asked = request(vec![pay(U256::ONE)]);
            asked.origin = (op == 1).then_some(module);
            let expected = if listed == in_list { Reason::Allowed } else { Reason::NoRule };
            assert_eq!(run(&bytes, &active(), &asked).verdict.reason, expected, "{op} {listed}");
        }
    }
}

#[test]
fn a_list_that_cannot_matter_is_not_read_and_another_must_be_sound() {
    let with = |condition: u8, list: Vec<u8>, action: Action, kind: u8| {
        let draft = Draft { classes: NATIVE_CLASSES | 8 << 16, lists: vec![list], ..Draft::default() };
        let bytes = draft.bytes(|lists| {
            vec![Rule { kind, ..native_rule(allow_with(&[&[condition], lists[0].as_slice()].concat())) }]
        });
        reason(&bytes, &active(), vec![action])
    };
    let broken = [
        vec![0, 0, 0],
        vec![0, 1, 16],
        vec![0, 1, 254],
        vec![0, 1, 0],
        vec![0, 1, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        vec![0, 0, 255, 1],
    ];
    for list in broken {
        let paid = with(3, list.clone(), pay(U256::ONE), 0x80 | 0x40 | 1);
        assert_eq!(paid, Reason::MalformedProgram, "{list:?}");
        let called = with(3, list, call(PAYEE, vec![1, 2, 3, 4]), 0x80 | 0x40 | 4);
        assert_eq!(called, Reason::NoRule, "a call has no recipient");
    }
}

#[test]
fn a_recipient_is_a_contract_only_with_code() {
    for (hash, expected) in
        [(None, Reason::NoRule), (Some(KECCAK256_EMPTY), Reason::NoRule), (Some(B256::repeat_byte(1)), Reason::Allowed)]
    {
        let mut state = active();
        state.code_hashes.extend(hash.map(|hash| (PAYEE, hash)));
        let bytes = native(allow_with(&[6]), &[]);
        assert_eq!(reason(&bytes, &state, vec![pay(U256::ONE)]), expected, "{hash:?}");
    }
}

#[test]
fn selectors_match_only_actions_that_have_one() {
    let paid = |data: Vec<u8>| Action { data: data.into(), ..pay(U256::ONE) };
    let bytes = |condition: &[u8]| {
        let body = allow_with(condition);
        let call = Rule { kind: 0x80 | 0x40 | 4, ..native_rule(ALLOW.to_vec()) };
        Draft { classes: NATIVE_CLASSES | 8 << 16, ..Draft::default() }
            .bytes(|_| vec![native_rule(body.clone()), call.clone()])
    };
    let two = bytes(&[9, 2, 1, 2, 3, 4, 0, 0, 0, 0]);
    assert_eq!(reason(&two, &active(), vec![paid(vec![])]), Reason::NoRule, "no calldata is not four zero bytes");
    assert_eq!(reason(&two, &active(), vec![paid(vec![1, 2, 3, 5])]), Reason::NoRule);
    assert_eq!(reason(&two, &active(), vec![paid(vec![1, 2, 3, 4])]), Reason::Allowed);
    assert_eq!(reason(&two, &active(), vec![paid(vec![0, 0, 0, 0, 9])]), Reason::Allowed);
    assert_eq!(reason(&bytes(&[9, 0]), &active(), vec![paid(vec![1, 2, 3, 4])]), Reason::NoRule);
}

#[test]
fn kinds_match_by_their_bits() {
    assert_eq!(verdict(&[0x0a, 0]), Reason::NoRule);
    assert_eq!(verdict(&[0x0a, 0b1111_1101]), Reason::NoRule);
    assert_eq!(verdict(&[0x0a, 0b0000_0010]), Reason::Allowed);
}

#[test]
fn spans_of_the_day_hold_their_start_and_not_their_end_and_may_pass_midnight() {
    // NOW is a midnight.
    let at = |conditions: &[u8], second: u64| {
        let bytes = native(allow_with(conditions), &[]);
        evaluate(&bytes, CHAIN, HOOK, &active(), &request(vec![pay(U256::ONE)]), NOW + second).unwrap().verdict.reason
    };
    let span = |from: u32, to: u32| [&[0x0b][..], &from.to_be_bytes()[1..], &to.to_be_bytes()[1..]].concat();
    let held = |span: &[u8], second| at(span, second) == Reason::Allowed;
    let office = span(32_400, 61_200);
    assert_eq!([32_399, 32_400, 61_199, 61_200].map(|second| held(&office, second)), [false, true, true, false]);
    let night = span(61_200, 32_400);
    assert_eq!([32_399, 32_400, 61_199, 61_200].map(|second| held(&night, second)), [true, false, false, true]);
    assert_eq!([0, 86_399].map(|second| held(&span(86_400, 0), second)), [false, false]);
    assert_eq!([0, 86_399].map(|second| held(&span(0, 86_400), second)), [true, true]);
    assert_eq!([0, 86_399].map(|second| held(&span(5, 5), second)), [true, true]);
}

#[test]
fn weekdays_begin_on_monday() {
    // 1 January 2026 was a Thursday.
    for day in 0..14_u64 {
        let bit = 1_u8 << ((day + 3) % 7);
        for (days, expected) in [(bit, Reason::Allowed), (127 & !bit, Reason::NoRule)] {
            let Some(days) = Some(days).filter(|days| *days > 0) else { continue };
            let bytes = native(allow_with(&[0x0c, days]), &[]);
            for second in [0, 86_399] {
                let now = NOW + day * 86_400 + second;
                let evaluation = evaluate(&bytes, CHAIN, HOOK, &active(), &request(vec![pay(U256::ONE)]), now).unwrap();
                assert_eq!(evaluation.verdict.reason, expected, "day {day}");
            }
        }
    }
}

#[test]
fn words_compare_unsigned_on_both_sides_of_the_value() {
    let data = |number: U256| {
        let word: [u8; 32] = number.to_be_bytes();
        Action { data: [&[1, 2, 3, 4], word.as_slice()].concat().into(), ..pay(U256::ONE) }
    };
    let compare = |comparison: u8, mask: &[u8], number: U256| {
        let condition = [&[0x0d, 0, 4, comparison, mask.len() as u8], mask, &[2, 1, 0]].concat();
        let call = Rule { kind: 0x80 | 0x40 | 4, ..native_rule(ALLOW.to_vec()) };
        let draft = Draft { classes: NATIVE_CLASSES | 8 << 16, ..Draft::default() };
        let bytes = draft.bytes(|_| vec![native_rule(allow_with(&condition)), call.clone()]);
        reason(&bytes, &active(), vec![data(number)]) == Reason::Allowed
    };
    let numbers = [U256::from(255), U256::from(256), U256::from(257), U256::MAX];
    for (comparison, expected) in [
        (0, [false, true, false, false]),
        (1, [true, false, true, true]),
        (2, [true, false, false, false]),
        (3, [true, true, false, false]),
        (4, [false, false, true, true]),
        (5, [false, true, true, true]),
    ] {
        assert_eq!(numbers.map(|number| compare(comparison, &[], number)), expected, "{comparison}");
    }
    assert!(compare(0, &[0xff, 0], U256::from(0x01fe)), "the mask hides the low byte");
    assert!(!compare(0, &[0xff, 0], U256::from(0x02fe)));
    assert!(!compare(0, &[0], U256::from(256)), "a mask of zero is no mask of ones");
}

#[test]
fn words_beyond_the_calldata_are_zero() {
    let zero_at = |offset: u16, data: Vec<u8>| {
        let [a, b] = offset.to_be_bytes();
        let call = Rule { kind: 0x80 | 0x40 | 4, ..native_rule(ALLOW.to_vec()) };
        let draft = Draft { classes: NATIVE_CLASSES | 8 << 16, ..Draft::default() };
        let condition = [0x0d, a, b, 0, 0, 1, 0];
        let bytes = draft.bytes(|_| vec![native_rule(allow_with(&condition)), call.clone()]);
        reason(&bytes, &active(), vec![Action { data: data.into(), ..pay(U256::ONE) }]) == Reason::Allowed
    };
    assert!(zero_at(0, vec![]));
    assert!(zero_at(u16::MAX, vec![1; 40]));
    assert!(zero_at(40, vec![1; 40]));
    assert!(!zero_at(39, vec![1; 40]));
    // The word's first byte is the one at the offset.
    let condition = [&[0x0d, 0, 39, 0, 0, 32, 1], [0; 31].as_slice()].concat();
    let call = Rule { kind: 0x80 | 0x40 | 4, ..native_rule(ALLOW.to_vec()) };
    let draft = Draft { classes: NATIVE_CLASSES | 8 << 16, ..Draft::default() };
    let bytes = draft.bytes(|_| vec![native_rule(allow_with(&condition)), call.clone()]);
    let action = Action { data: vec![1; 40].into(), ..pay(U256::ONE) };
    assert_eq!(reason(&bytes, &active(), vec![action]), Reason::Allowed);
}

#[test]
fn a_word_with_more_than_an_address_is_in_no_list_and_reads_none() {
    let with = |list: Vec<u8>, argument: [u8; 32]| {
        let call_rule = Rule { kind: 0x80 | 0x40 | 4, ..native_rule(ALLOW.to_vec()) };
        let draft = Draft { classes: NATIVE_CLASSES | 8 << 16, lists: vec![list], ..Draft::default() };
        let bytes = draft.bytes(|lists| {
            vec![native_rule(allow_with(&[&[0x0e, 0, 4], lists[0].as_slice()].concat())), call_rule.clone()]
        });
        let data = [&[1, 2, 3, 4], argument.as_slice()].concat();
        reason(&bytes, &active(), vec![Action { data: data.into(), ..pay(U256::ONE) }])
    };
    let clean = PAYEE.into_word().0;
    let mut dirty = clean;
    dirty[11] = 1;
    assert_eq!(with(list(&[PAYEE]), dirty), Reason::NoRule);
    assert_eq!(with(vec![0, 0, 0], dirty), Reason::NoRule);
    assert_eq!(with(vec![0, 0, 0], clean), Reason::MalformedProgram);
    assert_eq!(with(list(&[TOKEN]), clean), Reason::NoRule);
    assert_eq!(with(list(&[PAYEE]), clean), Reason::Allowed);
}

#[test]
fn conditions_never_make_what_is_not_active_pass() {
    let bytes = native(allow_with(&[0x21, 0, 0]), &[]);
    let asked = Request { account: ACCOUNT, ..request(vec![pay(U256::ONE)]) };
    assert_eq!(run(&bytes, &MemoryState::default(), &asked).verdict.reason, Reason::NoProgram);
    assert_eq!(run(&bytes, &active(), &asked).verdict.reason, Reason::Allowed);
}
