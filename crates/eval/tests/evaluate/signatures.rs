//! Owner signatures that rules ask for.

use alloy_primitives::U256;
use portcullis_attest::{SafeTransaction, seal};
use portcullis_eval::{Action, Ask, MemoryState, Reason, Request, Verdict};

use crate::common::{
    ACCOUNT, CHAIN, Draft, NATIVE_CLASSES, PAYEE, active, list, member, native_rule, obliging, pay, request, run,
    safe_of, signed_by,
};

/// One rule on native value, over a list of two owners.
fn program(obligations: impl Fn([u8; 3]) -> Vec<u8>) -> Vec<u8> {
    let mut members = [1, 2].map(member);
    members.sort_unstable();
    let draft = Draft { classes: NATIVE_CLASSES, lists: vec![list(&members)], ..Draft::default() };
    draft.bytes(|lists| vec![native_rule(obliging(&obligations(lists[0]), &[]))])
}

fn payment() -> Request {
    Request { nonce: U256::from(3), ..request(vec![pay(U256::from(5))]) }
}

/// Two of the owners 1 to 5 are enough for the Safe.
fn treasury() -> MemoryState {
    let mut state = active();
    safe_of(&mut state, 2, &[1, 2, 3, 4, 5]);
    state
}

fn outcome(program: &[u8], state: &MemoryState, request: &Request) -> (Reason, U256, U256) {
    let Verdict { reason, have, need, .. } = run(program, state, request).verdict;
    (reason, have, need)
}

fn numbers(reason: Reason, have: u64, need: u64) -> (Reason, U256, U256) {
    (reason, U256::from(have), U256::from(need))
}

#[test]
fn fewer_owners_than_the_rule_asks_for_never_suffice() {
    let three = program(|_| vec![0x02, 3]);
    for few in [&[][..], &[1], &[1, 2], &[4, 5]] {
        let expected = numbers(Reason::TooFewSignatures, few.len() as u64, 3);
        assert_eq!(outcome(&three, &treasury(), &signed_by(few, payment())), expected);
    }
    assert_eq!(run(&three, &treasury(), &signed_by(&[1, 3, 5], payment())).verdict.reason, Reason::Allowed);
    // Below the threshold, the threshold is what counts.
    let one = program(|_| vec![0x02, 1]);
    assert_eq!(outcome(&one, &treasury(), &signed_by(&[1], payment())), numbers(Reason::TooFewSignatures, 1, 2));
}

#[test]
fn strangers_twice_the_same_and_signatures_for_another_nonce_never_count() {
    let three = program(|_| vec![0x02, 3]);
    let bad = |request: &Request| outcome(&three, &treasury(), request).0;
    assert_eq!(bad(&signed_by(&[1, 2, 7], payment())), Reason::BadOwnerSignatures);
    assert_eq!(bad(&signed_by(&[1, 2, 2], payment())), Reason::BadOwnerSignatures);
    let next = Request { nonce: U256::from(4), ..signed_by(&[1, 2, 3], payment()) };
    assert_eq!(bad(&next), Reason::BadOwnerSignatures);
    let by_module = Request { origin: Some(member(9)), ..signed_by(&[1, 2, 3], payment()) };
    assert_ne!(bad(&by_module), Reason::Allowed);
}

#[test]
fn an_account_that_does_not_tell_its_version_or_threshold_meets_nothing() {
    let two = program(|_| vec![0x02, 2]);
    for forgotten in [[0xff, 0xa1, 0xad, 0x74], [0xe7, 0x52, 0x35, 0xb8]] {
        let mut state = treasury();
        state.answers.retain(|(_, call), _| !call.starts_with(&forgotten));
        let expected = (Reason::BadOwnerSignatures, U256::MAX, U256::ZERO);
        assert_eq!(outcome(&two, &state, &signed_by(&[1, 2], payment())), expected);
    }
}

#[test]
fn named_owners_must_be_among_those_who_signed() {
    let both = program(|[a, b, c]| vec![0x03, a, b, c, 2]);
    let some = program(|[a, b, c]| vec![0x03, a, b, c, 1]);
    let check = |program: &[u8], owners: &[u8]| outcome(program, &treasury(), &signed_by(owners, payment()));
    assert_eq!(check(&both, &[1, 3]), numbers(Reason::TooFewNamedSigners, 1, 2));
    assert_eq!(check(&some, &[4, 5]), numbers(Reason::TooFewNamedSigners, 0, 1));
    assert_eq!(check(&some, &[1]), numbers(Reason::TooFewSignatures, 1, 2));
    assert_eq!(check(&some, &[1, 4]).0, Reason::Allowed);
    assert_eq!(check(&both, &[1, 2]).0, Reason::Allowed);
}

#[test]
fn material_behind_the_signatures_is_none_of_them() {
    let three = program(|_| vec![0x02, 3]);
    let signed = signed_by(&[1, 2], payment());
    // The payload would be a third part.
    let padded = Request { signatures: seal(&signed.signatures, &[0; 65]).into(), ..signed.clone() };
    assert_eq!(outcome(&three, &treasury(), &padded), numbers(Reason::TooFewSignatures, 2, 3));
    let mut cut = seal(&signed.signatures, &[]);
    let length_at = cut.len() - 33;
    cut[length_at] = 255;
    assert_eq!(
        outcome(&three, &treasury(), &Request { signatures: cut.into(), ..signed }),
        numbers(Reason::MalformedMaterial, 0, 0)
    );
}

#[test]
fn what_is_there_is_told_beside_what_is_asked_for() {
    let all = program(|[a, b, c]| vec![0x02, 3, 0x03, a, b, c, 2]);
    let evaluation = run(&all, &treasury(), &signed_by(&[1, 3, 4], payment()));
    assert_eq!(evaluation.verdict.reason, Reason::TooFewNamedSigners);
    let told: Vec<_> = evaluation.obligations.iter().map(|one| (one.ask, one.have, one.need)).collect();
    let list = (all.len() - 43) as u32;
    assert_eq!(told, [(Ask::Signatures, Some(3), 3), (Ask::Signers { list }, Some(1), 2)]);
}

#[test]
fn what_owners_sign_is_the_request_field_by_field() {
    // Every field is another than its neighbours, so that none can stand for another.
    let asked = Request {
        safe_tx_gas: U256::from(11),
        base_gas: U256::from(12),
        gas_price: U256::from(13),
        gas_token: member(1),
        refund_receiver: member(2),
        actions: vec![Action { data: vec![4; 5].into(), operation: 1, ..pay(U256::from(5)) }],
        ..payment()
    };
    let transaction = SafeTransaction {
        to: PAYEE,
        value: U256::from(5),
        data: vec![4; 5].into(),
        operation: 1,
        safe_tx_gas: U256::from(11),
        base_gas: U256::from(12),
        gas_price: U256::from(13),
        gas_token: member(1),
        refund_receiver: member(2),
        nonce: U256::from(3),
    };
    assert_eq!(asked.safe_transaction().as_ref(), Some(&transaction));
    assert_eq!(asked.hash(CHAIN), Some(transaction.hash(ACCOUNT, CHAIN)));
    assert_eq!(Request { origin: Some(member(9)), ..asked.clone() }.hash(CHAIN), None);
    assert_eq!(Request { actions: vec![pay(U256::ONE); 2], ..asked }.hash(CHAIN), None);
}
