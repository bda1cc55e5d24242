//! Approvals and attestations of what a module asks for, which bind to what was opened.

use alloy_primitives::{Address, B256, U256, keccak256};
use portcullis_attest::{Binding, EffectRecord, effects, module_request};
use portcullis_eval::{
    MemoryState, Missing, Reason, Request, State, Undecided, Verdict, account_slot, approval_slot, content,
    denial_slot, evaluate, kept_slot, opening_slot,
};

use crate::common::{ACCOUNT, CHAIN, HOOK, NOW, PAYEE, active, member, pay, request, run};
use crate::obligations::{BOTH, approvals, payment, with};

const MODULE: Address = Address::repeat_byte(0x3d);
/// Seconds for which programs of these tests keep openings.
const EXPIRY: u64 = 1_209_600;
const SERIAL: u64 = 5;
/// The body's bit for module requests.
const FOR_MODULES: u8 = 2;

/// One rule that allows modules under these obligations.
fn program(obligations: impl Fn([u8; 3]) -> Vec<u8>) -> Vec<u8> {
    with(|list| {
        let asked = obligations(list);
        let size = (asked.len() as u16).to_be_bytes();
        vec![[[5 | FOR_MODULES, 0, 0, 0, 0, 0].as_slice(), &size, &asked].concat()]
    })
}

fn two_approve(flags: u8) -> Vec<u8> {
    program(|list| approvals(list, 2, flags))
}

/// Two members of set 1 attest.
fn two_attest() -> Vec<u8> {
    program(|_| vec![0x04, 1])
}

fn by_module() -> Request {
    Request { origin: Some(MODULE), initiator: MODULE, ..request(vec![pay(U256::from(5))]) }
}

fn name(module: Address, epoch: u32, content: B256, serial: u64) -> B256 {
    module_request(ACCOUNT, epoch, module, content, U256::from(serial))
}

fn binding(program: &[u8], request: &Request, serial: u64) -> Binding {
    let request = name(request.origin.unwrap_or_default(), 0, content(&request.actions), serial);
    Binding { chain_id: CHAIN, hook: HOOK, account: ACCOUNT, request, program: keccak256(program), epoch: 0 }
}

fn slot_of(request: &Request) -> U256 {
    opening_slot(ACCOUNT, 0, request.origin.unwrap_or_default(), content(&request.actions))
}

/// The request is open.
fn opened(request: &Request, at: u64) -> MemoryState {
    let mut state = active();
    state.words.insert(slot_of(request), U256::from(SERIAL) << 40 | U256::from(at));
    state
}

fn approve(state: &mut MemoryState, binding: &Binding, numbers: &[u8]) {
    for number in numbers {
        state.words.insert(approval_slot(binding, member(*number)), U256::from(NOW));
    }
}

fn paid() -> B256 {
    let paid =
        EffectRecord { kind: 1, target: PAYEE, recipient: PAYEE, amount: U256::from(5), ..EffectRecord::default() };
    effects([&paid])
}

fn keep(state: &mut MemoryState, binding: &Binding, set: u8, word: U256, effects: B256) {
    let base = kept_slot(binding, set);
    state.words.insert(base, word);
    state.words.insert(base + U256::ONE, effects.into());
}

fn outcome(program: &[u8], state: &MemoryState, request: &Request) -> (Reason, u64, u64) {
    let Verdict { reason, have, need, .. } = run(program, state, request).verdict;
    (reason, have.to(), need.to())
}

#[test]
fn nothing_passes_before_it_is_opened_and_approved() {
    let program = two_approve(0);
    let request = by_module();
    let binding = binding(&program, &request, SERIAL);
    let mut state = active();
    approve(&mut state, &binding, &[1, 2]);
    assert_eq!(outcome(&program, &state, &request), (Reason::TooFewApprovals, 0, 2), "not opened");
    let mut state = opened(&request, NOW);
    assert_eq!(outcome(&program, &state, &request), (Reason::TooFewApprovals, 0, 2));
    approve(&mut state, &binding, &[1]);
    assert_eq!(outcome(&program, &state, &request), (Reason::TooFewApprovals, 1, 2));
    approve(&mut state, &binding, &[3]);
    assert_eq!(outcome(&program, &state, &request).0, Reason::Allowed);
}

#[test]
fn executing_uses_the_opening_up_and_nothing_else() {
    let program = two_approve(0);
    let request = by_module();
    let mut state = opened(&request, NOW);
    approve(&mut state, &binding(&program, &request, SERIAL), &[1, 2]);
    let evaluation = run(&program, &state, &request);
    assert_eq!(evaluation.writes, [(slot_of(&request), U256::ZERO)]);
    let opening = evaluation.opening.unwrap();
    assert_eq!((opening.module, opening.opened_at), (MODULE, NOW));
    assert_eq!(opening.request, Some(binding(&program, &request, SERIAL).request));

    state.words.extend(evaluation.writes);
    assert_eq!(outcome(&program, &state, &request), (Reason::TooFewApprovals, 0, 2), "a second time");
    // Opened anew it has another name.
    state.words.insert(slot_of(&request), U256::from(SERIAL + 1) << 40 | U256::from(NOW));
    assert_eq!(outcome(&program, &state, &request), (Reason::TooFewApprovals, 0, 2), "the next one");
}

#[test]
fn an_approval_never_counts_for_another_serial_program_account_epoch_module_or_content() {
    let program = two_approve(0);
    let request = by_module();
    let good = binding(&program, &request, SERIAL);
    let other = Address::repeat_byte(7);
    let elsewhere = [
        Binding { request: name(MODULE, 0, content(&request.actions), SERIAL - 1), ..good },
        Binding { request: name(MODULE, 1, content(&request.actions), SERIAL), ..good },
        Binding { request: name(other, 0, content(&request.actions), SERIAL), ..good },
        Binding { request: name(MODULE, 0, content(&[]), SERIAL), ..good },
        Binding { program: keccak256("another"), ..good },
        Binding { account: other, ..good },
        Binding { epoch: 1, ..good },
    ];
    for binding in elsewhere {
        let mut state = opened(&request, NOW);
        approve(&mut state, &binding, &[1, 2]);
        assert_eq!(outcome(&program, &state, &request), (Reason::TooFewApprovals, 0, 2), "{binding:?}");
    }
    let mut state = opened(&request, NOW);
    approve(&mut state, &good, &[1, 2]);
    let another = Request { origin: Some(other), initiator: other, ..by_module() };
    assert_eq!(outcome(&program, &state, &another), (Reason::TooFewApprovals, 0, 2), "another module");
    let more = Request { actions: vec![pay(U256::from(6))], ..by_module() };
    assert_eq!(outcome(&program, &state, &more), (Reason::TooFewApprovals, 0, 2), "another amount");
    let twice = Request { actions: vec![pay(U256::from(5)), pay(U256::from(5))], ..by_module() };
    assert_eq!(outcome(&program, &state, &twice), (Reason::TooFewApprovals, 0, 2), "twice");
    assert_eq!(outcome(&program, &state, &request).0, Reason::Allowed);
    // A removal raises the epoch, to which all of it is bound.
    let control = state.words[&account_slot(ACCOUNT, 0)] | U256::ONE << 192;
    state.words.insert(account_slot(ACCOUNT, 0), control);
    assert_eq!(outcome(&program, &state, &request), (Reason::TooFewApprovals, 0, 2), "after a removal");
}

#[test]
fn an_opening_ends_with_its_last_second() {
    let program = two_approve(0);
    let request = by_module();
    for (at, expected) in [(NOW - EXPIRY + 1, Reason::Allowed), (NOW - EXPIRY, Reason::TooFewApprovals)] {
        let mut state = opened(&request, at);
        approve(&mut state, &binding(&program, &request, SERIAL), &[1, 2]);
        let evaluation = run(&program, &state, &request);
        assert_eq!(evaluation.verdict.reason, expected);
        assert_eq!(evaluation.opening.unwrap().request.is_some(), expected == Reason::Allowed);
    }
}

#[test]
fn a_denial_ends_it() {
    let program = two_approve(0);
    let request = by_module();
    let binding = binding(&program, &request, SERIAL);
    let mut state = opened(&request, NOW);
    approve(&mut state, &binding, &[1, 2]);
    let Verdict { reason, .. } = run(&program, &state, &request).verdict;
    assert_eq!(reason, Reason::Allowed);
    let [list] = run(&program, &state, &request).obligations[..] else { panic!("one is asked for") };
    let portcullis_eval::Ask::Approvals { list, .. } = list.ask else { panic!("approvals are") };
    state.words.insert(denial_slot(&binding, list), U256::ONE);
    assert_eq!(outcome(&program, &state, &request), (Reason::ApprovalDenied, u64::from(list), 0));
}

#[test]
fn owner_signatures_are_never_there_and_never_looked_for_in_vain() {
    let asks_owners = program(|_| vec![0x02, 1]);
    let request = by_module();
    let mut state = opened(&request, NOW);
    crate::common::safe_of(&mut state, 1, &[1]);
    assert_eq!(outcome(&asks_owners, &state, &request), (Reason::TooFewSignatures, 0, 1));
    // An account that does not say what it is hinders nobody whose owners are not asked.
    for flags in 0..=BOTH {
        let program = two_approve(flags);
        let mut state = opened(&request, NOW);
        approve(&mut state, &binding(&program, &request, SERIAL), &[1, 2]);
        assert_eq!(outcome(&program, &state, &request).0, Reason::Allowed, "{flags}");
    }
}

#[test]
fn material_of_owner_requests_is_not_looked_at() {
    let program = two_approve(0);
    let brought = crate::obligations::approved(&program, &payment(), &[1, 2]);
    let request = Request { signatures: brought.signatures, ..by_module() };
    assert_eq!(outcome(&program, &opened(&request, NOW), &request), (Reason::TooFewApprovals, 0, 2));
}

#[test]
fn an_attestation_counts_until_its_deadline_and_for_its_effects() {
    let program = two_attest();
    let request = by_module();
    let binding = binding(&program, &request, SERIAL);
    let until = |deadline: u64| U256::from(deadline) << 16;
    assert_eq!(outcome(&program, &active(), &request), (Reason::AttestationRequired, 0, 0), "not opened");
    let mut state = opened(&request, NOW);
    assert_eq!(outcome(&program, &state, &request), (Reason::AttestationRequired, 0, 0), "not posted");
    keep(&mut state, &binding, 0, until(NOW), paid());
    assert_eq!(outcome(&program, &state, &request), (Reason::AttestationRequired, 0, 0), "another set");
    for (word, effects, expected) in [
        (until(NOW), paid(), (Reason::Allowed, 0, 0)),
        (until(NOW - 1), paid(), (Reason::BadMaterial, 0, 1)),
        (until(NOW), B256::ZERO, (Reason::BadMaterial, 0, 5)),
        (until(NOW), keccak256("others"), (Reason::BadMaterial, 0, 5)),
        (until(NOW - 1), B256::ZERO, (Reason::BadMaterial, 0, 1)),
        (until(NOW) | U256::ONE, paid(), (Reason::MalformedMaterial, 0, 0)),
        (until(NOW - 1) | U256::ONE, paid(), (Reason::MalformedMaterial, 0, 0)),
        (U256::ONE, paid(), (Reason::AttestationRequired, 0, 0)),
    ] {
        keep(&mut state, &binding, 1, word, effects);
        let evaluation = run(&program, &state, &request);
        let Verdict { reason, detail, have, need, .. } = evaluation.verdict;
        assert_eq!((reason, have.to(), need.to()), expected, "{word:#x}");
        let set = u8::from(reason == Reason::AttestationRequired) + 2 * u8::from(reason == Reason::BadMaterial);
        assert_eq!(detail, set, "detail");
    }
}

#[test]
fn an_attestation_never_counts_for_another_request() {
    let program = two_attest();
    let request = by_module();
    let good = binding(&program, &request, SERIAL);
    for binding in [
        binding(&program, &request, SERIAL + 1),
        Binding { program: keccak256("another"), ..good },
        Binding { epoch: 1, ..good },
        Binding { account: HOOK, ..good },
    ] {
        let mut state = opened(&request, NOW);
        keep(&mut state, &binding, 1, U256::from(NOW) << 16, paid());
        assert_eq!(outcome(&program, &state, &request), (Reason::AttestationRequired, 0, 0), "{binding:?}");
    }
}

#[test]
fn channels_alone_use_nothing_up() {
    let program = program(|_| [[5].as_slice(), &[b'x'; 32]].concat());
    let request = by_module();
    let evaluation = run(&program, &opened(&request, NOW), &request);
    assert_eq!(evaluation.verdict.reason, Reason::Allowed);
    assert_eq!((evaluation.opening, evaluation.writes), (None, Vec::new()));
}

#[test]
fn an_unknown_word_leaves_it_undecided() {
    struct Without<'a>(&'a MemoryState, U256);
    impl State for Without<'_> {
        fn word(&self, slot: U256) -> Result<U256, Missing> {
            if slot == self.1 { Err(Missing::Word(slot)) } else { self.0.word(slot) }
        }
        fn code_hash(&self, address: Address) -> Result<B256, Missing> {
            self.0.code_hash(address)
        }
        fn static_call(&self, _: Address, _: &[u8], _: u32) -> Result<Option<alloy_primitives::Bytes>, Missing> {
            Ok(None)
        }
    }
    let request = by_module();
    let program = two_attest();
    let binding = binding(&program, &request, SERIAL);
    let mut state = opened(&request, NOW);
    keep(&mut state, &binding, 1, U256::from(NOW) << 16, paid());
    let base = kept_slot(&binding, 1);
    for slot in [slot_of(&request), base, base + U256::ONE] {
        let undecided = evaluate(&program, CHAIN, HOOK, &Without(&state, slot), &request, NOW).unwrap_err();
        assert_eq!(undecided, Undecided::Missing(Missing::Word(slot)));
    }
}
