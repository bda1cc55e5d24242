//! Delegatecalls that rules allow.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_eval::{Action, Evaluation, MemoryState, Missing, Reason, State, Undecided, account_slot, evaluate};

use super::common::*;

const CODE: Address = Address::repeat_byte(0xc0);

/// Rules that allow delegatecalls, by flags and subject of their keys.
fn trusting(keys: &[(u8, Address)]) -> Vec<u8> {
    let rule = |(flags, subject): &(u8, Address)| Rule {
        kind: 6 | flags,
        subject: *subject,
        selector: [0; 4],
        body: ALLOW.to_vec(),
    };
    let rules: Vec<Rule> = keys.iter().map(rule).collect();
    program(0xf << 24, &[], &[], &rules, &[PAYEE])
}

fn delegatecall(to: Address, data: &[u8]) -> Action {
    Action { to, data: Bytes::copy_from_slice(data), operation: 1, ..Action::default() }
}

/// What the account tells of itself, in the order in which it is asked.
fn told(state: &mut MemoryState, words: [u64; 7]) {
    let plain = |signature: &str| keccak256(signature)[..4].to_vec();
    let slot = |name: &str| {
        let one = U256::ONE.to_be_bytes::<32>();
        [plain("getStorageAt(uint256,uint256)"), keccak256(name).to_vec(), one.to_vec()].concat()
    };
    let questions = [
        plain("masterCopy()"),
        slot("guard_manager.guard.address"),
        slot("module_manager.module_guard.address"),
        slot("fallback_manager.handler.address"),
        plain("getOwners()"),
        plain("getThreshold()"),
        plain("nonce()"),
    ];
    for (question, word) in questions.into_iter().zip(words) {
        let answer = U256::from(word).to_be_bytes::<32>();
        state.answers.insert((ACCOUNT, question.into()), Bytes::copy_from_slice(&answer));
    }
}

fn evaluated(keys: &[(u8, Address)], actions: Vec<Action>) -> Evaluation {
    let mut state = active();
    told(&mut state, [1, 2, 3, 4, 5, 6, 7]);
    run(&trusting(keys), &state, &request(actions))
}

#[test]
fn only_a_rule_that_names_the_target_allows_it() {
    let named = [(0x40, CODE)];
    assert_eq!(evaluated(&named, vec![delegatecall(CODE, &[1; 4])]).verdict.reason, Reason::Allowed);
    assert_eq!(evaluated(&named, vec![delegatecall(CODE, &[])]).verdict.reason, Reason::Allowed);
    let denied = evaluated(&named, vec![delegatecall(PAYEE, &[1; 4])]).verdict;
    assert_eq!((denied.reason, denied.have), (Reason::DelegatecallDenied, U256::from_be_slice(PAYEE.as_slice())));
    for any in [0x80, 0xc0] {
        let denied = evaluated(&[(any, Address::ZERO)], vec![delegatecall(CODE, &[0; 4])]).verdict;
        assert_eq!(denied.reason, Reason::DelegatecallDenied);
    }
    assert_eq!(evaluated(&named, vec![call(CODE, vec![1; 4])]).verdict.reason, Reason::NoRule);
    assert_eq!(evaluated(&named, vec![delegatecall(CODE, &[1; 3])]).verdict.reason, Reason::ShortCalldata);
    let paying = Action { value: U256::ONE, ..delegatecall(CODE, &[]) };
    assert_eq!(evaluated(&named, vec![paying]).verdict.reason, Reason::DelegatecallValue);
}

#[test]
fn what_could_change_what_is_compared_does_not_come_with_it() {
    let rules = [
        Rule { kind: 0x46, subject: CODE, selector: [0; 4], body: ALLOW.to_vec() },
        Rule { kind: 0x64, subject: Address::ZERO, selector: [0; 4], body: ALLOW.to_vec() },
    ];
    let bytes = program(0xf << 24 | 0xf << 16, &[], &[], &rules, &[PAYEE]);
    let verdict = |actions| {
        let mut state = active();
        told(&mut state, [0; 7]);
        run(&bytes, &state, &request(actions)).verdict
    };
    let both = verdict(vec![call(ACCOUNT, vec![1; 4]), delegatecall(CODE, &[])]);
    assert_eq!((both.reason, both.effect, both.rule), (Reason::DelegatecallMixed, 1, Some(0)));
    assert_eq!(verdict(vec![call(ACCOUNT, vec![1; 4])]).reason, Reason::Allowed);
    assert_eq!(verdict(vec![delegatecall(CODE, &[])]).reason, Reason::Allowed);
}

#[test]
fn an_account_that_does_not_tell_all_of_it_has_none() {
    let bytes = trusting(&[(0x40, CODE)]);
    let asked = request(vec![delegatecall(CODE, &[])]);
    let mut whole = active();
    told(&mut whole, [0; 7]);
    for question in whole.answers.keys() {
        let mut state = whole.clone();
        state.answers.remove(question);
        let verdict = run(&bytes, &state, &asked).verdict;
        assert_eq!((verdict.reason, verdict.rule), (Reason::AccountUnreadable, Some(0)));
        assert!((1..=7).contains(&verdict.detail));
        // Nothing, and more than words, are no answers.
        for answer in [Bytes::new(), Bytes::from_static(&[0; 33])] {
            state.answers.insert(question.clone(), answer);
            assert_eq!(run(&bytes, &state, &asked).verdict, verdict);
        }
    }
}

#[test]
fn under_a_manager_nobody_would_look_afterwards() {
    let mut state = active();
    let word = state.words.entry(account_slot(ACCOUNT, 0)).or_default();
    *word = *word & !(U256::from(0xff_u64) << 224_usize) | U256::from(3_u64) << 224_usize;
    told(&mut state, [0; 7]);
    let verdict = run(&trusting(&[(0x40, CODE)]), &state, &request(vec![delegatecall(CODE, &[])])).verdict;
    assert_eq!((verdict.reason, verdict.rule), (Reason::DelegatecallUnwatched, Some(0)));
}

#[test]
fn the_check_that_comes_after_compares_each_and_lets_the_nonce_rise() {
    let before = evaluated(&[(0x40, CODE)], vec![delegatecall(CODE, &[])]).watched.unwrap();
    let after = |words: [u64; 7]| {
        let mut state = active();
        told(&mut state, words);
        before.verdict(ACCOUNT, &state).unwrap()
    };
    assert_eq!(after([1, 2, 3, 4, 5, 6, 7]), None);
    assert_eq!(after([1, 2, 3, 4, 5, 6, 8]), None);
    for at in 0..7 {
        let mut words = [1, 2, 3, 4, 5, 6, 7];
        words[at] -= 1;
        let verdict = after(words).unwrap();
        assert_eq!((verdict.reason, verdict.rule), (Reason::AccountChanged, Some(0)));
        assert_eq!(usize::from(verdict.detail), at + 1);
    }
    let silent = before.verdict(ACCOUNT, &active()).unwrap().unwrap();
    assert_eq!((silent.reason, silent.detail, silent.need), (Reason::AccountChanged, 1, U256::ONE));
}

#[test]
fn what_is_not_known_of_the_account_leaves_it_undecided() {
    struct Silent(MemoryState);
    impl State for Silent {
        fn word(&self, slot: U256) -> Result<U256, Missing> {
            self.0.word(slot)
        }
        fn code_hash(&self, address: Address) -> Result<B256, Missing> {
            self.0.code_hash(address)
        }
        fn static_call(&self, target: Address, _: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
            Err(Missing::StaticCall(target))
        }
    }
    let (bytes, asked) = (trusting(&[(0x40, CODE)]), request(vec![delegatecall(CODE, &[])]));
    let undecided = evaluate(&bytes, CHAIN, HOOK, &Silent(active()), &asked, NOW);
    assert_eq!(undecided, Err(Undecided::Missing(Missing::StaticCall(ACCOUNT))));
}
