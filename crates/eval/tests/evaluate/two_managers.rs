//! The example of payroll and two managers, as it is written.

use std::sync::LazyLock;

use alloy_primitives::{Address, U256, keccak256};
use portcullis_attest::{Binding, Material, seal};
use portcullis_eval::{
    Ask, MemoryState, Obligation, Reason, Request, announcement_id, announcement_slot, approval_slot,
};
use portcullis_policy::{Compiled, Policy, compile};

use crate::common::{ACCOUNT, CHAIN, HOOK, NOW, active, call_of, member, request, run, safe_of, signed_by, word};

static POLICY: LazyLock<Policy> = LazyLock::new(|| {
    let text = include_str!("../../../../examples/two-managers/policy.toml");
    Policy::parse(text, "policy.toml").unwrap().with_account(ACCOUNT)
});
static COMPILED: LazyLock<Compiled> = LazyLock::new(|| compile(&POLICY).unwrap());

const DAY: u64 = 86_400;
/// Executes, and signs as no owner does.
const INITIATOR: u8 = 9;

fn managers() -> &'static [Address] {
    POLICY.groups["management"].addresses()
}

fn payroll() -> &'static [Address] {
    POLICY.lists["payroll"].addresses()
}

/// A payment in whole units, signed by the two owners that the account asks for.
fn payment(to: Address, units: u64) -> Request {
    let token = POLICY.assets["USDC"].standard.token().unwrap();
    let transfer = call_of(token, [0xa9, 0x05, 0x9c, 0xbb], &[to.into_word().0, word(units * 1_000_000)]);
    signed_by(&[1, 2], Request { initiator: member(INITIATOR), ..request(vec![transfer]) })
}

fn treasury() -> MemoryState {
    let mut state = active();
    safe_of(&mut state, 2, &[1, 2, 3]);
    state
}

fn approve(state: &mut MemoryState, request: &Request, who: Address) {
    let name = request.hash(CHAIN).unwrap();
    let program = keccak256(&COMPILED.program);
    let binding = Binding { chain_id: CHAIN, hook: HOOK, account: ACCOUNT, request: name, program, epoch: 0 };
    state.words.insert(approval_slot(&binding, who), U256::from(NOW + DAY));
}

fn announce(state: &mut MemoryState, request: &Request, at: u64) {
    let id = announcement_id(ACCOUNT, 0, None, &request.actions);
    state.words.insert(announcement_slot(id), U256::from_be_slice(ACCOUNT.as_slice()) << 96 | U256::from(at));
}

/// The reason and the rule's id.
fn outcome(state: &MemoryState, request: &Request) -> (Reason, &'static str) {
    let verdict = run(&COMPILED.program, state, request).verdict;
    let rule = verdict.rule.and_then(|rule| COMPILED.source_map.rule(rule));
    (verdict.reason, rule.map_or("", |rule| rule.id.as_str()))
}

fn stranger() -> Address {
    Address::repeat_byte(0x57)
}

#[test]
fn above_ten_thousand_nobody_else_is_paid_without_two_managers() {
    let large = payment(stranger(), 10_001);
    let mut state = treasury();
    announce(&mut state, &large, NOW - DAY);
    assert_eq!(outcome(&state, &large), (Reason::TooFewApprovals, "others-large"));
    // Neither one manager nor strangers are two managers.
    approve(&mut state, &large, managers()[0]);
    approve(&mut state, &large, stranger());
    let evaluation = run(&COMPILED.program, &state, &large);
    assert_eq!(evaluation.verdict.reason, Reason::TooFewApprovals);
    let [Obligation { ask: Ask::Approvals { list, .. }, have: Some(1), need: 2, .. }] = evaluation.obligations[..]
    else {
        panic!("{:?}", evaluation.obligations)
    };
    assert_eq!(COMPILED.source_map.list(list).unwrap().name, "@management");
    // What was approved for one payment is nothing for another.
    approve(&mut state, &large, managers()[1]);
    assert_eq!(outcome(&state, &large).0, Reason::Allowed);
    let larger = payment(stranger(), 10_002);
    announce(&mut state, &larger, NOW - DAY);
    assert_eq!(outcome(&state, &larger), (Reason::TooFewApprovals, "others-large"));
}

#[test]
fn a_manager_who_executes_is_not_one_of_the_two() {
    let large = Request { initiator: managers()[0], ..payment(stranger(), 10_001) };
    let mut state = treasury();
    announce(&mut state, &large, NOW - DAY);
    approve(&mut state, &large, managers()[0]);
    approve(&mut state, &large, managers()[1]);
    assert_eq!(outcome(&state, &large), (Reason::TooFewApprovals, "others-large"));
    approve(&mut state, &large, managers()[2]);
    assert_eq!(outcome(&state, &large), (Reason::Allowed, "others-large"));
}

#[test]
fn two_managers_never_shorten_the_day() {
    let large = payment(stranger(), 10_001);
    let mut state = treasury();
    approve(&mut state, &large, managers()[1]);
    approve(&mut state, &large, managers()[2]);
    assert_eq!(outcome(&state, &large), (Reason::NotAnnounced, "others-large"));
    announce(&mut state, &large, NOW - DAY + 1);
    assert_eq!(outcome(&state, &large), (Reason::NotMatured, "others-large"));
    announce(&mut state, &large, NOW - DAY);
    assert_eq!(outcome(&state, &large), (Reason::Allowed, "others-large"));
    // An envelope that brings no approvals does not hide those on the chain; an empty item does.
    let nothing = seal(&large.signatures, &Material::default().encode().unwrap());
    let bare = Request { signatures: nothing.into(), ..large.clone() };
    assert_eq!(outcome(&state, &bare), (Reason::Allowed, "others-large"));
    let empty = Material { approvals: Some(vec![]), ..Material::default() };
    let emptied = Request { signatures: seal(&large.signatures, &empty.encode().unwrap()).into(), ..large };
    assert_eq!(outcome(&state, &emptied), (Reason::TooFewApprovals, "others-large"));
}

#[test]
fn payroll_never_gets_more_than_fifty_thousand_a_day() {
    assert_eq!(payroll().len(), 10);
    let mut state = treasury();
    assert_eq!(outcome(&state, &payment(payroll()[0], 50_001)), (Reason::LimitExceeded, "payroll"));
    for (at, employee) in payroll().iter().enumerate() {
        let salary = payment(*employee, 5_000);
        let evaluation = run(&COMPILED.program, &state, &salary);
        assert_eq!(evaluation.verdict.reason, Reason::Allowed, "{at}");
        assert_eq!(evaluation.obligations, []);
        state.words.extend(evaluation.writes);
    }
    assert_eq!(outcome(&state, &payment(payroll()[9], 1)), (Reason::LimitExceeded, "payroll"));
    // Neither managers nor an announcement help, and others are not concerned.
    let more = payment(payroll()[0], 20_000);
    announce(&mut state, &more, NOW - DAY);
    managers().iter().for_each(|manager| approve(&mut state, &more, *manager));
    assert_eq!(outcome(&state, &more), (Reason::LimitExceeded, "payroll"));
    assert_eq!(outcome(&state, &payment(stranger(), 10_000)), (Reason::Allowed, "others"));
}
