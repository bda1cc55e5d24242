//! Conditions that ask other contracts: registries and static calls.

use alloy_primitives::{Address, B256, Bytes, U256, address};
use portcullis_eval::{Evaluation, MemoryState, Missing, Reason, State, Undecided, evaluate};

use crate::common::{
    CHAIN, Draft, HOOK, NATIVE_CLASSES, NOW, PAYEE, active, allow_with, native, native_rule, pay, reason, request, run,
    word,
};

const REGISTRY: Address = address!("4e90000000000000000000000000000000000001");
const CONTAINS: [u8; 4] = [0x5d, 0xbe, 0x47, 0xe8];
const ORACLE: Address = address!("04ac1e0000000000000000000000000000000001");

fn registry() -> Vec<u8> {
    [&[0, 0, 255], REGISTRY.as_slice(), &CONTAINS].concat()
}

/// Rules with these conditions, in which `[0; 3]` behind the recipient's op becomes the registry.
fn under_registry(semantics: u8, rules: &[&dyn Fn([u8; 3]) -> Vec<u8>]) -> Vec<u8> {
    let draft = Draft { semantics, classes: NATIVE_CLASSES, lists: vec![registry()], ..Draft::default() };
    draft.bytes(|lists| rules.iter().map(|rule| native_rule(rule(lists[0]))).collect())
}

fn recipient(list: [u8; 3]) -> Vec<u8> {
    [&[3], list.as_slice()].concat()
}

fn group(op: u8, members: &[u8]) -> Vec<u8> {
    [&[op, 0, members.len() as u8], members].concat()
}

fn answering(answer: Option<Vec<u8>>) -> MemoryState {
    let mut state = active();
    let call = [CONTAINS.as_slice(), PAYEE.into_word().as_slice()].concat();
    state.answers.extend(answer.map(|answer| ((REGISTRY, Bytes::from(call)), Bytes::from(answer))));
    state
}

fn paid(bytes: &[u8], state: &MemoryState) -> Evaluation {
    run(bytes, state, &request(vec![pay(U256::ONE)]))
}

/// Everything that is neither yes nor no.
fn broken_answers() -> [Option<Vec<u8>>; 7] {
    let two = word(2).to_vec();
    let mut high = word(1);
    high[0] = 0x80;
    [
        None,
        Some(vec![]),
        Some(word(1)[..31].to_vec()),
        Some([word(1).as_slice(), &[0]].concat()),
        Some([word(1), word(1)].concat()),
        Some(two),
        Some(high.to_vec()),
    ]
}

#[test]
fn a_registry_that_does_not_say_yes_or_no_denies_whatever_stands_around_it() {
    let shapes: [&dyn Fn([u8; 3]) -> Vec<u8>; 5] = [
        &|list| allow_with(&recipient(list)),
        &|list| allow_with(&group(0x22, &recipient(list))),
        &|list| allow_with(&group(0x20, &[recipient(list), vec![0x21, 0, 0]].concat())),
        &|list| allow_with(&group(0x22, &group(0x20, &group(0x21, &recipient(list))))),
        // A denying rule that does not match would let the next one allow.
        &|list| [&[0, 0, 0, 0, 0, 0], recipient(list).as_slice()].concat(),
    ];
    let anything = |_| allow_with(&[]);
    for answer in broken_answers() {
        let state = answering(answer.clone());
        for (number, shape) in shapes.iter().enumerate() {
            for semantics in 0..3 {
                let verdict = paid(&under_registry(semantics, &[shape, &anything]), &state).verdict;
                assert_eq!(verdict.reason, Reason::RegistryFailed, "shape {number}, {semantics}: {answer:?}");
                assert_eq!((verdict.rule, verdict.effect), (Some(0), 0));
                assert_eq!(verdict.have, U256::from_be_bytes(REGISTRY.into_word().0));
            }
        }
    }
}

#[test]
fn a_failing_registry_behind_what_decides_is_not_asked() {
    let state = answering(None);
    let anything = |_| allow_with(&[]);
    let asks = |list| allow_with(&recipient(list));
    assert_eq!(paid(&under_registry(0, &[&anything, &asks]), &state).verdict.reason, Reason::Allowed);
    assert_eq!(paid(&under_registry(2, &[&anything, &asks]), &state).verdict.reason, Reason::Allowed);
    assert_eq!(paid(&under_registry(1, &[&anything, &asks]), &state).verdict.reason, Reason::RegistryFailed);
    let too_much = |list| allow_with(&[&[4, 1, 9], recipient(list).as_slice()].concat());
    assert_eq!(paid(&under_registry(0, &[&too_much]), &state).verdict.reason, Reason::NoRule);
}

#[test]
fn a_registry_decides_as_a_list_does() {
    let listed = |list| allow_with(&recipient(list));
    let unlisted = |list| allow_with(&group(0x22, &recipient(list)));
    let (yes, no) = (answering(Some(word(1).to_vec())), answering(Some(word(0).to_vec())));
    assert_eq!(paid(&under_registry(0, &[&listed]), &no).verdict.reason, Reason::NoRule);
    assert_eq!(paid(&under_registry(0, &[&listed]), &yes).verdict.reason, Reason::Allowed);
    assert_eq!(paid(&under_registry(0, &[&unlisted]), &yes).verdict.reason, Reason::NoRule);
    assert_eq!(paid(&under_registry(0, &[&unlisted]), &no).verdict.reason, Reason::Allowed);
}

/// `[words, index, cmp, value]` of a call of `paused()`.
fn asks([words, index, comparison, value]: [u8; 4]) -> Vec<u8> {
    let terms = [0, 0xc3, 0x50, words, index, comparison, 1, value, 4, 0x5c, 0x97, 0x5a, 0xbb];
    [&[0x0f], ORACLE.as_slice(), &terms].concat()
}

fn oracle(answer: &[u8]) -> MemoryState {
    let mut state = active();
    state.answers.insert((ORACLE, Bytes::from_static(&[0x5c, 0x97, 0x5a, 0xbb])), Bytes::copy_from_slice(answer));
    state
}

#[test]
fn a_static_call_without_exactly_its_words_denies_whatever_stands_around_it() {
    let whole = [word(7), word(8)].concat();
    let states = [active(), oracle(&[]), oracle(&whole[..63]), oracle(&[&whole[..], &[0]].concat()), oracle(&word(7))];
    for (number, state) in states.iter().enumerate() {
        for comparison in 0..6 {
            let asks = asks([2, 0, comparison, 7]);
            for conditions in
                [asks.clone(), group(0x22, &asks), group(0x20, &[asks.clone(), vec![0x21, 0, 0]].concat())]
            {
                let verdict = paid(&native(allow_with(&conditions), &[]), state).verdict;
                assert_eq!(verdict.reason, Reason::StaticCallFailed, "answer {number}");
                assert_eq!((verdict.rule, verdict.have), (Some(0), ORACLE.into_word().into()));
            }
        }
    }
}

#[test]
fn the_named_word_of_an_answer_is_compared() {
    let state = oracle(&[word(7), word(9)].concat());
    for (terms, expected) in [
        ([2, 0, 0, 7], Reason::Allowed),
        ([2, 1, 0, 7], Reason::NoRule),
        ([2, 1, 0, 9], Reason::Allowed),
        ([2, 0, 1, 7], Reason::NoRule),
        ([2, 0, 2, 7], Reason::NoRule),
        ([2, 0, 3, 7], Reason::Allowed),
        ([2, 1, 4, 9], Reason::NoRule),
        ([2, 1, 5, 9], Reason::Allowed),
    ] {
        let bytes = native(allow_with(&asks(terms)), &[]);
        assert_eq!(reason(&bytes, &state, vec![pay(U256::ONE)]), expected, "{terms:?}");
    }
}

/// Knows storage, and nobody else's answers.
struct Alone(MemoryState);

impl State for Alone {
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

#[test]
fn an_answer_that_is_not_known_leaves_the_request_undecided() {
    let not = |conditions: &[u8]| native(allow_with(&group(0x22, conditions)), &[]);
    let listed = under_registry(0, &[&|list| allow_with(&group(0x22, &recipient(list)))]);
    for (bytes, missing) in [
        (not(&[6]), Missing::CodeHash(PAYEE)),
        (not(&asks([1, 0, 0, 0])), Missing::StaticCall(ORACLE)),
        (listed, Missing::StaticCall(REGISTRY)),
    ] {
        let undecided = evaluate(&bytes, CHAIN, HOOK, &Alone(active()), &request(vec![pay(U256::ONE)]), NOW);
        assert_eq!(undecided, Err(Undecided::Missing(missing)));
    }
}

#[test]
fn calls_are_made_with_the_gas_of_the_page() {
    struct Gas(MemoryState, Address, u32);
    impl State for Gas {
        fn word(&self, slot: U256) -> Result<U256, Missing> {
            self.0.word(slot)
        }
        fn code_hash(&self, address: Address) -> Result<B256, Missing> {
            self.0.code_hash(address)
        }
        fn static_call(&self, target: Address, _: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
            assert_eq!((target, gas), (self.1, self.2));
            Ok(Some(word(1).into()))
        }
    }
    let listed = under_registry(0, &[&|list| allow_with(&recipient(list))]);
    let called = native(allow_with(&asks([1, 0, 0, 1])), &[]);
    for (bytes, target, gas) in [(listed, REGISTRY, 100_000), (called, ORACLE, 50_000)] {
        let state = Gas(active(), target, gas);
        let evaluation = evaluate(&bytes, CHAIN, HOOK, &state, &request(vec![pay(U256::ONE)]), NOW).unwrap();
        assert_eq!(evaluation.verdict.reason, Reason::Allowed);
    }
}
