//! What the account signs.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_attest::{SignedMessage, safe_message, sign};
use portcullis_eval::{
    Asked, MemoryState, MessageRequest, Missing, Reason, State, Undecided, Verdict, account_slot, evaluate_message,
};

use crate::common::{ACCOUNT, CHAIN, Draft, active, ascending, key, limit, list, member, safe_of};

const DOMAIN: B256 = B256::repeat_byte(0xd0);
const ORDER: B256 = B256::repeat_byte(0x0d);
const PERMIT: B256 = B256::repeat_byte(0xbe);

/// A record: domain, type and terms.
fn record(domain: B256, kind: B256, terms: [u8; 8]) -> Vec<u8> {
    [domain.as_slice(), kind.as_slice(), &terms].concat()
}

/// A program with these message rules and no others, behind a list of the owners 1 and 2.
fn program(everywhere: bool, records: impl Fn([u8; 3]) -> Vec<Vec<u8>>) -> Vec<u8> {
    let mut members = [1, 2].map(member);
    members.sort_unstable();
    let list = list(&members);
    let draft = Draft { limits: vec![limit(9, 1, everywhere)], lists: vec![list.clone()], ..Draft::default() };
    let mut bytes = draft.bytes(|_| Vec::new());
    let offset = |at: usize| <[u8; 3]>::try_from(&(at as u32).to_be_bytes()[1..]).unwrap();
    let records = records(offset(bytes.len() - list.len()));
    let table = bytes.len();
    bytes[28..31].copy_from_slice(&offset(table));
    bytes[31] = records.len() as u8;
    bytes.extend(records.concat());
    bytes
}

fn orders() -> Vec<u8> {
    program(false, |_| vec![record(B256::ZERO, PERMIT, [0; 8]), record(DOMAIN, B256::ZERO, [1, 0, 0, 0, 0, 0, 0, 0])])
}

fn message(kind: B256) -> SignedMessage {
    SignedMessage { domain: DOMAIN, type_hash: kind, encoded: Bytes::from(vec![7; 64]) }
}

fn treasury() -> MemoryState {
    let mut state = active();
    safe_of(&mut state, 2, &[1, 2, 3, 4]);
    state
}

fn signatures(owners: &[u8], asked: &Asked, chain: u64, account: Address) -> Vec<u8> {
    let hash = keccak256(safe_message(account, chain, asked.message()));
    ascending(owners).into_iter().flat_map(|owner| sign(&key(owner), hash).unwrap()).collect()
}

fn signed(owners: &[u8], message: &SignedMessage) -> MessageRequest {
    let asked = Asked::Digest(message.digest());
    let signature = message.show(&signatures(owners, &asked, CHAIN, ACCOUNT)).into();
    MessageRequest { account: ACCOUNT, asked, signature }
}

fn decide(program: &[u8], state: &MemoryState, request: &MessageRequest) -> (Reason, Option<u16>) {
    let verdict = evaluate_message(program, CHAIN, state, request).unwrap();
    assert_eq!((verdict.effect, verdict.detail), (0, 0));
    (verdict.reason, verdict.rule)
}

#[test]
fn nothing_is_signed_without_a_rule_a_program_or_while_frozen() {
    let request = signed(&[1, 2], &message(ORDER));
    assert_eq!(decide(&program(false, |_| Vec::new()), &treasury(), &request), (Reason::MalformedProgram, None));
    let mut none = orders();
    none[28..32].fill(0);
    assert_eq!(decide(&none, &treasury(), &request), (Reason::NoMessageRule, None));
    assert_eq!(decide(&[], &treasury(), &request), (Reason::MalformedProgram, None));
    assert_eq!(decide(&orders(), &MemoryState::default(), &request), (Reason::NoProgram, None));
    let mut frozen = treasury();
    *frozen.words.get_mut(&account_slot(ACCOUNT, 0)).unwrap() |= U256::ONE << 232;
    assert_eq!(decide(&orders(), &frozen, &request), (Reason::Frozen, None));
    assert_eq!(decide(&orders(), &treasury(), &request), (Reason::Allowed, Some(1)));
}

#[test]
fn the_first_rule_that_fits_decides_and_only_what_it_is_about() {
    assert_eq!(decide(&orders(), &treasury(), &signed(&[1, 2], &message(PERMIT))), (Reason::MessageDenied, Some(0)));
    let elsewhere = SignedMessage { domain: B256::repeat_byte(1), ..message(ORDER) };
    assert_eq!(decide(&orders(), &treasury(), &signed(&[1, 2], &elsewhere)), (Reason::NoMessageRule, None));
}

#[test]
fn what_is_shown_must_be_what_is_asked_about() {
    let permit = message(PERMIT);
    let asked = Asked::Digest(permit.digest());
    let owners = signatures(&[1, 2], &asked, CHAIN, ACCOUNT);
    for signature in [owners.clone(), message(ORDER).show(&owners), Vec::new(), permit.show(&owners)[1..].to_vec()] {
        let request = MessageRequest { account: ACCOUNT, asked: asked.clone(), signature: signature.into() };
        let (reason, rule) = decide(&orders(), &treasury(), &request);
        assert!(reason == Reason::MessageUnknown && rule.is_none() || reason == Reason::MessageDenied);
        assert_ne!(reason, Reason::Allowed);
    }
    let odd = SignedMessage { encoded: Bytes::from(vec![7; 33]), ..message(ORDER) };
    assert_eq!(decide(&orders(), &treasury(), &signed(&[1, 2], &odd)), (Reason::MessageUnknown, None));
}

#[test]
fn signatures_for_another_chain_account_or_form_never_count() {
    let order = message(ORDER);
    let digest = Asked::Digest(order.digest());
    let data = Asked::Data(order.data().into());
    for (asked, signed_as, chain, account) in [
        (&digest, &digest, CHAIN + 1, ACCOUNT),
        (&digest, &digest, CHAIN, Address::repeat_byte(9)),
        (&digest, &data, CHAIN, ACCOUNT),
        (&data, &digest, CHAIN, ACCOUNT),
    ] {
        let signature = order.show(&signatures(&[1, 2], signed_as, chain, account)).into();
        let request = MessageRequest { account: ACCOUNT, asked: asked.clone(), signature };
        assert_eq!(decide(&orders(), &treasury(), &request), (Reason::BadOwnerSignatures, Some(1)));
    }
    let signature = order.show(&signatures(&[1, 2], &data, CHAIN, ACCOUNT)).into();
    let request = MessageRequest { account: ACCOUNT, asked: data, signature };
    assert_eq!(decide(&orders(), &treasury(), &request).0, Reason::Allowed);
}

#[test]
fn an_everywhere_limit_wants_trust() {
    let with = |outcome: u8, everywhere| {
        program(everywhere, |_| vec![record(B256::ZERO, B256::ZERO, [outcome, 0, 0, 0, 0, 0, 0, 0])])
    };
    let request = signed(&[1, 2], &message(ORDER));
    assert_eq!(decide(&with(1, true), &treasury(), &request), (Reason::MessageUntrusted, Some(0)));
    assert_eq!(decide(&with(3, true), &treasury(), &request).0, Reason::Allowed);
    assert_eq!(decide(&with(1, false), &treasury(), &request).0, Reason::Allowed);
    assert_eq!(decide(&with(4, false), &treasury(), &request), (Reason::MalformedProgram, None));
}

#[test]
fn a_rule_may_ask_for_more_owners_and_for_certain_ones() {
    let asking = program(false, |[a, b, c]| vec![record(B256::ZERO, B256::ZERO, [1, 3, a, b, c, 2, 0, 0])]);
    let check = |owners: &[u8]| decide(&asking, &treasury(), &signed(owners, &message(ORDER))).0;
    assert_eq!(check(&[]), Reason::TooFewSignatures);
    assert_eq!(check(&[1, 2]), Reason::TooFewSignatures);
    assert_eq!(check(&[1, 3, 4]), Reason::TooFewNamedSigners);
    assert_eq!(check(&[1, 2, 9]), Reason::BadOwnerSignatures);
    assert_eq!(check(&[1, 2, 4]), Reason::Allowed);
}

#[test]
fn what_was_signed_on_chain_counts_for_the_threshold_alone() {
    let order = message(ORDER);
    let request = signed(&[], &order);
    let mut state = treasury();
    let hash = keccak256(safe_message(ACCOUNT, CHAIN, request.asked.message()));
    let call = [[0x5a, 0xe6, 0xbd, 0x37].as_slice(), hash.as_slice()].concat();
    assert_eq!(decide(&orders(), &state, &request).0, Reason::TooFewSignatures);
    state.answers.insert((ACCOUNT, call.into()), U256::ONE.to_be_bytes::<32>().into());
    assert_eq!(decide(&orders(), &state, &request), (Reason::Allowed, Some(1)));
    let three = program(false, |_| vec![record(B256::ZERO, B256::ZERO, [1, 3, 0, 0, 0, 0, 0, 0])]);
    assert_eq!(decide(&three, &state, &request).0, Reason::TooFewSignatures);
}

#[test]
fn an_account_without_a_threshold_signs_nothing() {
    let mut state = active();
    safe_of(&mut state, 0, &[1]);
    let verdict = evaluate_message(&orders(), CHAIN, &state, &signed(&[], &message(ORDER))).unwrap();
    assert_eq!((verdict.reason, verdict.have), (Reason::BadOwnerSignatures, U256::MAX));
}

#[test]
fn what_is_not_known_is_undecided_and_never_allowed() {
    /// A state that knows its words alone.
    struct Words(MemoryState);

    impl State for Words {
        fn word(&self, slot: U256) -> Result<U256, Missing> {
            self.0.word(slot)
        }

        fn code_hash(&self, address: Address) -> Result<B256, Missing> {
            Err(Missing::CodeHash(address))
        }

        fn static_call(&self, target: Address, _: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
            Err(Missing::StaticCall(target))
        }
    }

    let request = signed(&[1, 2], &message(ORDER));
    let undecided: Result<Verdict, Undecided> = evaluate_message(&orders(), CHAIN, &Words(active()), &request);
    assert!(matches!(undecided, Err(Undecided::Missing(Missing::StaticCall(ACCOUNT)))));
    let denied = evaluate_message(&orders(), CHAIN, &Words(active()), &signed(&[1, 2], &message(PERMIT)));
    assert_eq!(denied.map(|verdict| verdict.reason), Ok(Reason::MessageDenied));
}
