//! The freeze, and what members say on chain.

use alloy_primitives::U256;
use portcullis_eval::{Reason, account_slot, selectors};

use crate::common::{ACCOUNT, ALLOW, HOOK, active, call, call_of, native, pay, request, run, word};

#[test]
fn while_frozen_only_control_and_cancelling_pass() {
    let program = native(ALLOW.to_vec(), &[]);
    let mut frozen = active();
    let control = frozen.words[&account_slot(ACCOUNT, 0)] | U256::ONE << 232;
    frozen.words.insert(account_slot(ACCOUNT, 0), control);
    let own = ACCOUNT.into_word().0;
    let approve = call_of(HOOK, selectors::APPROVE, &[own, word(1), word(2), word(3)]);
    let deny = call_of(HOOK, selectors::DENY, &[own, word(1), word(2)]);
    let announce = call_of(HOOK, selectors::ANNOUNCE, &[own]);
    let cancel = call_of(HOOK, selectors::CANCEL, &[own, word(1)]);
    for action in [pay(U256::ONE), approve, deny, announce] {
        let verdict = run(&program, &frozen, &request(vec![action.clone()])).verdict;
        let found = (verdict.reason, verdict.rule, verdict.effect, verdict.have);
        assert_eq!(found, (Reason::Frozen, None, 0, U256::ZERO));
        assert_eq!(run(&program, &active(), &request(vec![action])).verdict.reason, Reason::Allowed);
    }
    let stage = call_of(HOOK, selectors::STAGE, &[word(1), word(2), word(3)]);
    for action in [cancel, stage, call(HOOK, selectors::START_UNFREEZE), call(HOOK, selectors::UNFREEZE)] {
        assert_eq!(run(&program, &frozen, &request(vec![action])).verdict.reason, Reason::Allowed);
    }
}

#[test]
fn approving_and_denying_must_be_in_exact_encoding() {
    let program = native(ALLOW.to_vec(), &[]);
    let own = ACCOUNT.into_word().0;
    let above = |bits: usize| (U256::ONE << bits).to_be_bytes::<32>();
    for action in [
        call_of(HOOK, selectors::APPROVE, &[own, word(1), word(2)]),
        call_of(HOOK, selectors::APPROVE, &[own, word(1), word(2), above(64)]),
        call_of(HOOK, selectors::DENY, &[own, word(1)]),
        call_of(HOOK, selectors::DENY, &[own, word(1), above(24)]),
        call_of(HOOK, selectors::START_UNFREEZE, &[word(1)]),
        call_of(HOOK, selectors::UNFREEZE, &[word(1)]),
    ] {
        let verdict = run(&program, &active(), &request(vec![action])).verdict;
        assert_eq!(verdict.reason, Reason::NonCanonicalCalldata);
    }
}
