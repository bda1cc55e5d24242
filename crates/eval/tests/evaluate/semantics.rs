//! How the rules in scope of one effect combine.

use alloy_primitives::{Address, U256};
use portcullis_eval::{Evaluation, Reason, announcement_id, announcement_slot};

use crate::common::{ACCOUNT, Draft, NATIVE_CLASSES, NOW, active, limit, native_rule, pay, request, run};

const FIRST_MATCH: u8 = 0;
const ALL_MUST_PASS: u8 = 1;
const ALLOW_OVERRIDES: u8 = 2;

const ALLOW: &[u8] = &[1, 0, 0, 0, 0, 0];
const DENY: &[u8] = &[0, 0, 0, 0, 0, 0];
/// Allows, but only more than a payment of 5.
const ELSEWHERE: &[u8] = &[1, 0, 0, 0, 0, 0, 4, 1, 6];
const BROKEN: &[u8] = &[1, 0, 0, 0, 0, 0, 0x7f];

fn bytes(semantics: u8, limits: &[[u8; 84]], rules: &[&[u8]]) -> Vec<u8> {
    let draft = Draft { semantics, classes: NATIVE_CLASSES, limits: limits.to_vec(), ..Draft::default() };
    draft.bytes(|_| rules.iter().map(|body| native_rule(body.to_vec())).collect())
}

fn paid(semantics: u8, limits: &[[u8; 84]], rules: &[&[u8]]) -> Evaluation {
    run(&bytes(semantics, limits, rules), &active(), &request(vec![pay(U256::from(5))]))
}

fn verdict(semantics: u8, rules: &[&[u8]]) -> (Reason, Option<u16>) {
    let verdict = paid(semantics, &[], rules).verdict;
    (verdict.reason, verdict.rule)
}

#[test]
fn nothing_in_scope_is_denied_under_every_semantics() {
    for semantics in 0..3 {
        assert_eq!(verdict(semantics, &[]), (Reason::NoRule, None));
        assert_eq!(verdict(semantics, &[ELSEWHERE, ELSEWHERE]), (Reason::NoRule, None));
    }
}

#[test]
fn only_denying_rules_never_allow() {
    for semantics in 0..3 {
        assert_eq!(verdict(semantics, &[ELSEWHERE, DENY, DENY]), (Reason::RuleDenies, Some(1)));
    }
}

#[test]
fn the_first_match_decides_alone() {
    assert_eq!(verdict(FIRST_MATCH, &[ELSEWHERE, DENY, ALLOW]), (Reason::RuleDenies, Some(1)));
    assert_eq!(verdict(FIRST_MATCH, &[ELSEWHERE, ALLOW, DENY, BROKEN]), (Reason::Allowed, Some(1)));
}

#[test]
fn one_denial_ends_all_must_pass_wherever_it_stands() {
    assert_eq!(verdict(ALL_MUST_PASS, &[DENY, BROKEN]), (Reason::RuleDenies, Some(0)));
    assert_eq!(verdict(ALL_MUST_PASS, &[ALLOW, ALLOW, DENY, BROKEN]), (Reason::RuleDenies, Some(2)));
    assert_eq!(verdict(ALL_MUST_PASS, &[ALLOW, BROKEN]), (Reason::MalformedProgram, None));
    assert_eq!(verdict(ALL_MUST_PASS, &[ELSEWHERE, ALLOW, ALLOW]), (Reason::Allowed, Some(1)));
}

#[test]
fn an_allowing_rule_overrides_denying_ones_but_no_fault_before_it() {
    assert_eq!(verdict(ALLOW_OVERRIDES, &[BROKEN, ALLOW]), (Reason::MalformedProgram, None));
    assert_eq!(verdict(ALLOW_OVERRIDES, &[DENY, ELSEWHERE]), (Reason::RuleDenies, Some(0)));
    assert_eq!(verdict(ALLOW_OVERRIDES, &[DENY, ELSEWHERE, ALLOW, BROKEN]), (Reason::Allowed, Some(2)));
}

#[test]
fn the_rules_in_scope_are_told() {
    let told = |semantics, rules: &[&[u8]]| {
        let evaluation = paid(semantics, &[], rules);
        evaluation.in_scope.iter().map(|found| (found.rule, found.allows)).collect::<Vec<_>>()
    };
    assert_eq!(told(FIRST_MATCH, &[ELSEWHERE, ALLOW, ALLOW]), [(1, true)]);
    assert_eq!(told(ALL_MUST_PASS, &[ALLOW, ELSEWHERE, ALLOW]), [(0, true), (2, true)]);
    assert_eq!(told(ALLOW_OVERRIDES, &[DENY, ALLOW, ALLOW]), [(0, false), (1, true)]);
}

fn two_limits() -> [[u8; 84]; 2] {
    let mut second = limit(5, 0, false);
    second[0] = b'm';
    [limit(4, 0, false), second]
}

#[test]
fn a_denial_by_a_joined_limit_names_the_first_rule_that_lists_it() {
    let lists_second: &[u8] = &[1, 1, 0, 0, 0, 0, 1];
    let lists_both: &[u8] = &[1, 2, 0, 0, 0, 0, 0, 1];
    let verdict = paid(ALL_MUST_PASS, &two_limits(), &[ALLOW, lists_second, lists_both]).verdict;
    assert_eq!((verdict.reason, verdict.rule, verdict.detail), (Reason::LimitExceeded, Some(2), 0));
    let everywhere = [limit(4, 0, true)];
    let verdict = paid(ALL_MUST_PASS, &everywhere, &[ELSEWHERE, ALLOW, ALLOW]).verdict;
    assert_eq!((verdict.reason, verdict.rule), (Reason::LimitExceeded, Some(1)));
}

#[test]
fn a_joined_limit_is_charged_once_and_others_of_the_rules_that_do_not_decide_are_not() {
    let lists: &[u8] = &[1, 1, 0, 0, 0, 0, 1];
    let limits = two_limits();
    let charged = |semantics, rules: &[&[u8]]| {
        let evaluation = paid(semantics, &limits, rules);
        assert_eq!(evaluation.verdict.reason, Reason::Allowed);
        evaluation.charges.iter().map(|charge| (charge.limit, charge.amount.to::<u64>())).collect::<Vec<_>>()
    };
    assert_eq!(charged(ALL_MUST_PASS, &[lists, ALLOW, lists]), [(1, 5)]);
    assert_eq!(charged(FIRST_MATCH, &[ALLOW, lists]), []);
    assert_eq!(charged(ALLOW_OVERRIDES, &[DENY, ALLOW, lists]), []);
}

#[test]
fn a_broken_limit_of_any_joined_rule_denies_but_a_denying_rule_comes_first() {
    let no_such: &[u8] = &[1, 1, 0, 0, 0, 0, 9];
    assert_eq!(verdict(ALL_MUST_PASS, &[no_such, ALLOW]), (Reason::MalformedProgram, None));
    assert_eq!(verdict(ALL_MUST_PASS, &[ALLOW, no_such]), (Reason::MalformedProgram, None));
    assert_eq!(verdict(ALL_MUST_PASS, &[no_such, DENY]), (Reason::RuleDenies, Some(1)));
}

#[test]
fn the_longest_joined_delay_counts_and_names_who_asked_for_it_first() {
    let delays = |seconds: u8| [1, 0, 0, 0, 0, seconds];
    let (short, long) = (delays(50), delays(100));
    let bytes = bytes(ALL_MUST_PASS, &[], &[&short, &long, &long, ALLOW]);
    let asked = request(vec![pay(U256::from(5))]);
    let slot = announcement_slot(announcement_id(ACCOUNT, 0, None, &asked.actions));
    for (age, expected) in [(99, Reason::NotMatured), (100, Reason::Allowed)] {
        let mut state = active();
        state.words.insert(slot, U256::from(NOW - age));
        assert_eq!(run(&bytes, &state, &asked).verdict.reason, expected);
    }
    let evaluation = run(&bytes, &active(), &asked);
    assert_eq!((evaluation.verdict.reason, evaluation.verdict.rule), (Reason::NotAnnounced, Some(1)));
    assert_eq!(evaluation.decisions[0].delay, 100);
    assert_eq!(evaluation.decisions[0].rule, Some(0));
}

#[test]
fn a_rule_for_the_other_origin_is_out_of_scope_under_every_semantics() {
    let for_modules: &[u8] = &[3, 0, 0, 0, 0, 0];
    let against_modules: &[u8] = &[2, 0, 0, 0, 0, 0];
    for semantics in 0..3 {
        assert_eq!(verdict(semantics, &[for_modules]), (Reason::NoRule, None));
        assert_eq!(verdict(semantics, &[against_modules, ALLOW]), (Reason::Allowed, Some(1)));
        let mut asked = request(vec![pay(U256::from(5))]);
        asked.origin = Some(Address::repeat_byte(9));
        assert_eq!(run(&bytes(semantics, &[], &[ALLOW]), &active(), &asked).verdict.reason, Reason::NoRule);
    }
}
