//! Requests as a whole: programs, batches, limits, announcements.

use crate::common::{
    ACCOUNT, ALLOW, CHAIN, HOOK, NOW, PAYEE, Rule, TOKEN, active, allow_with, call, limit, list_at, native, pay,
    program, reason, request, run, staged,
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_eval::{
    Action, MULTI_SENDS, MemoryState, Missing, Reason, Request, State, Undecided, account_slot, announcement_id,
    announcement_slot, evaluate, selectors,
};

#[test]
fn an_account_without_a_program_is_denied_whatever_bytes_are_given() {
    let program = native(ALLOW.to_vec(), &[]);
    assert_eq!(reason(&program, &MemoryState::default(), vec![pay(U256::ONE)]), Reason::NoProgram);
    assert_eq!(reason(&program, &active(), vec![pay(U256::ONE)]), Reason::Allowed);
}

#[test]
fn a_program_cut_short_anywhere_denies_as_malformed() {
    let cap = limit(100, 1, true);
    let body = |list: [u8; 3]| [&[1, 1, 0, 0, 0, 0, 0, 3], list.as_slice(), &[4, 1, 1, 5, 2, 0, 100]].concat();
    let probe = native(body([0; 3]), &[cap]);
    let whole = native(body(list_at(&probe, &[PAYEE])), &[cap]);
    let actions = vec![pay(U256::from(100))];
    assert_eq!(reason(&whole, &active(), actions.clone()), Reason::Allowed);
    for cut in 0..whole.len() {
        assert_eq!(reason(&whole[..cut], &active(), actions.clone()), Reason::MalformedProgram, "{cut} bytes");
    }
}

#[test]
fn unread_garbage_behind_a_program_changes_nothing() {
    let mut bytes = native(ALLOW.to_vec(), &[]);
    bytes.extend([0xff; 99]);
    assert_eq!(reason(&bytes, &active(), vec![pay(U256::ONE)]), Reason::Allowed);
}

#[test]
fn a_header_that_breaks_the_table_is_malformed() {
    let whole = native(ALLOW.to_vec(), &[]);
    for (at, byte) in [(0, 1), (1, 0), (1, 2), (2, 3), (2, 255), (3, 16), (8, 33)] {
        let mut bytes = whole.clone();
        bytes[at] = byte;
        assert_eq!(reason(&bytes, &active(), vec![pay(U256::ONE)]), Reason::MalformedProgram, "byte {at}");
    }
}

#[test]
fn a_condition_outside_the_table_is_malformed_when_it_is_reached() {
    for condition in [&[0][..], &[0x11], &[0x23], &[0xff], &[4, 0], &[4, 33], &[5, 2, 1], &[3, 0, 0], &[4]] {
        let bytes = native(allow_with(condition), &[]);
        assert_eq!(reason(&bytes, &active(), vec![pay(U256::ONE)]), Reason::MalformedProgram, "{condition:?}");
    }
    // The amount is below 9, so what follows is not reached.
    let bytes = native(allow_with(&[4, 1, 9, 0]), &[]);
    assert_eq!(reason(&bytes, &active(), vec![pay(U256::ONE)]), Reason::NoRule);
}

#[test]
fn amounts_match_their_bounds_inclusively() {
    let bytes = native(allow_with(&[4, 1, 10, 5, 1, 20]), &[]);
    for (amount, expected) in [(9, Reason::NoRule), (10, Reason::Allowed), (20, Reason::Allowed), (21, Reason::NoRule)]
    {
        assert_eq!(reason(&bytes, &active(), vec![pay(U256::from(amount))]), expected, "{amount}");
    }
}

#[test]
fn a_cap_holds_for_the_whole_request() {
    let bytes = native(vec![1, 1, 0, 0, 0, 0, 0], &[limit(100, 0, false)]);
    let two = |amount: u64| vec![pay(U256::from(60)), pay(U256::from(amount))];
    let evaluation = run(&bytes, &active(), &request(two(41)));
    assert_eq!(evaluation.verdict.reason, Reason::LimitExceeded);
    assert_eq!((evaluation.verdict.effect, evaluation.verdict.rule), (1, Some(0)));
    assert_eq!((evaluation.verdict.have, evaluation.verdict.need), (U256::from(40), U256::from(41)));
    assert!(evaluation.writes.is_empty(), "a denied request writes nothing");
    assert_eq!(reason(&bytes, &active(), two(40)), Reason::Allowed);
}

#[test]
fn a_charge_that_would_wrap_is_an_overflow() {
    let bytes = native(vec![1, 1, 0, 0, 0, 0, 0], &[limit(100, 0, false)]);
    let actions = vec![pay(U256::ONE), pay(U256::MAX)];
    assert_eq!(reason(&bytes, &active(), actions), Reason::AmountOverflow);
}

#[test]
fn a_limit_index_that_does_not_exist_is_malformed_even_for_nothing() {
    let rule = Rule { kind: 0x40 | 2, subject: TOKEN, selector: [0; 4], body: vec![1, 1, 0, 0, 0, 0, 1] };
    let bytes = program(2 << 8, &[limit(1, 0, false)], &[TOKEN], &[rule], &[PAYEE]);
    let mut transfer = vec![0xa9, 0x05, 0x9c, 0xbb];
    transfer.extend([0; 64]);
    assert_eq!(reason(&bytes, &active(), vec![call(TOKEN, transfer)]), Reason::MalformedProgram);
}

#[test]
fn an_everywhere_limit_meets_rules_that_do_not_name_it() {
    let bytes = native(ALLOW.to_vec(), &[limit(5, 0, true)]);
    assert_eq!(reason(&bytes, &active(), vec![pay(U256::from(6))]), Reason::LimitExceeded);
    assert_eq!(reason(&bytes, &active(), vec![pay(U256::from(5))]), Reason::Allowed);
}

#[test]
fn a_rule_for_modules_never_matches_owners_nor_the_other_way_round() {
    for (outcome, by_owner, by_module) in [(1, Reason::Allowed, Reason::NoRule), (3, Reason::NoRule, Reason::Allowed)] {
        let bytes = native(vec![outcome, 0, 0, 0, 0, 0], &[]);
        let mut asked = request(vec![pay(U256::ONE)]);
        assert_eq!(run(&bytes, &active(), &asked).verdict.reason, by_owner);
        asked.origin = Some(Address::repeat_byte(2));
        assert_eq!(run(&bytes, &active(), &asked).verdict.reason, by_module);
    }
}

#[test]
fn wildcards_never_reach_the_account_or_the_hook() {
    let bytes = native(ALLOW.to_vec(), &[]);
    for to in [ACCOUNT, HOOK] {
        let action = Action { to, value: U256::ONE, ..Action::default() };
        assert_eq!(reason(&bytes, &active(), vec![action]), Reason::NoRule);
    }
}

#[test]
fn gas_refunds_are_denied_before_anything_else() {
    let bytes = native(ALLOW.to_vec(), &[]);
    for (safe_tx_gas, gas_price) in [(1, 0), (0, 1)] {
        let asked =
            Request { safe_tx_gas: U256::from(safe_tx_gas), gas_price: U256::from(gas_price), ..request(vec![]) };
        assert_eq!(run(&bytes, &active(), &asked).verdict.reason, Reason::GasRefund);
    }
}

#[test]
fn what_is_not_known_is_undecided_and_never_allowed() {
    struct Nothing;
    impl State for Nothing {
        fn word(&self, slot: U256) -> Result<U256, Missing> {
            Err(Missing::Word(slot))
        }
        fn code_hash(&self, address: Address) -> Result<B256, Missing> {
            Err(Missing::CodeHash(address))
        }
        fn static_call(&self, target: Address, _: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
            Err(Missing::StaticCall(target))
        }
    }
    let bytes = native(ALLOW.to_vec(), &[]);
    let undecided = evaluate(&bytes, CHAIN, HOOK, &Nothing, &request(vec![pay(U256::ONE)]), NOW);
    assert_eq!(undecided, Err(Undecided::Missing(Missing::Word(account_slot(ACCOUNT, 0)))));

    struct NoCode(MemoryState);
    impl State for NoCode {
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
    let delegatecall = Action { operation: 1, ..call(PAYEE, vec![]) };
    let undecided = evaluate(&bytes, CHAIN, HOOK, &NoCode(active()), &request(vec![delegatecall]), NOW);
    assert_eq!(undecided, Err(Undecided::Missing(Missing::CodeHash(PAYEE))));
}

#[test]
fn known_code_at_another_address_is_no_batch_contract() {
    let bytes = native(ALLOW.to_vec(), &[]);
    let mut state = active();
    state.code_hashes.insert(PAYEE, MULTI_SENDS[0].code_hash);
    let action = Action { operation: 1, ..call(PAYEE, vec![]) };
    assert_eq!(reason(&bytes, &state, vec![action]), Reason::DelegatecallDenied);
}

#[test]
fn a_delayed_request_passes_only_between_maturity_and_expiry_and_is_consumed() {
    let bytes = native(vec![1, 0, 0, 0, 0, 100], &[]);
    let asked = request(vec![pay(U256::ONE)]);
    let slot = announcement_slot(announcement_id(ACCOUNT, 0, None, &asked.actions));
    let mut state = active();
    for (made, expected) in [
        (0, Reason::NotAnnounced),
        (NOW - 99, Reason::NotMatured),
        (NOW - 100, Reason::Allowed),
        (NOW - 1_209_599, Reason::Allowed),
        (NOW - 1_209_600, Reason::AnnouncementExpired),
    ] {
        state.words.insert(slot, U256::from(made));
        let evaluation = run(&bytes, &state, &asked);
        assert_eq!(evaluation.verdict.reason, expected, "made at {made}");
        let consumed = evaluation.writes.contains(&(slot, U256::ZERO));
        assert_eq!(consumed, expected == Reason::Allowed);
    }
}

fn set(selector: [u8; 4], named: Address) -> Action {
    call(ACCOUNT, [selector.as_slice(), named.into_word().as_slice()].concat())
}

fn digest(actions: &[Action]) -> B256 {
    actions
        .iter()
        .fold(B256::ZERO, |digest, action| keccak256([digest, action.to.into_word(), keccak256(&action.data)].concat()))
}

#[test]
fn the_hook_leaves_both_guards_as_staged_or_not_at_all() {
    let bytes = native(ALLOW.to_vec(), &[]);
    let half = vec![set(selectors::SET_GUARD, Address::ZERO)];
    let whole = vec![half[0].clone(), set(selectors::SET_MODULE_GUARD, Address::ZERO)];
    assert_eq!(reason(&bytes, &active(), whole.clone()), Reason::SlotsNotStaged);
    let mut state = active();
    staged(&mut state, digest(&half), NOW - 3_600);
    assert_eq!(reason(&bytes, &state, half), Reason::HalfRoute);
    for (age, expected) in [
        (3_599, Reason::SlotsNotMatured),
        (3_600, Reason::Allowed),
        (3_600 + 14 * 86_400 - 1, Reason::Allowed),
        (3_600 + 14 * 86_400, Reason::StagedExpired),
    ] {
        staged(&mut state, digest(&whole), NOW - age);
        let evaluation = run(&bytes, &state, &request(whole.clone()));
        assert_eq!(evaluation.verdict.reason, expected, "{age} seconds after staging");
        assert_eq!(evaluation.removal, expected == Reason::Allowed);
    }
}

#[test]
fn a_removal_clears_the_account_and_raises_its_epoch() {
    let bytes = native(ALLOW.to_vec(), &[]);
    let whole = vec![set(selectors::SET_GUARD, Address::ZERO), set(selectors::SET_MODULE_GUARD, Address::ZERO)];
    let mut state = active();
    staged(&mut state, digest(&whole), NOW - 3_600);
    let evaluation = run(&bytes, &state, &request(whole));
    state.words.extend(evaluation.writes);
    state.words.retain(|_, word| !word.is_zero());
    assert_eq!(state.words.into_iter().collect::<Vec<_>>(), [(account_slot(ACCOUNT, 0), U256::ONE << 192)]);
}

#[test]
fn control_is_denied_to_modules_with_value_and_to_the_handler() {
    let bytes = native(ALLOW.to_vec(), &[]);
    let stop = call(HOOK, selectors::CANCEL_STAGED);
    assert_eq!(reason(&bytes, &active(), vec![stop.clone()]), Reason::Allowed);
    let paid = Action { value: U256::ONE, ..stop.clone() };
    assert_eq!(reason(&bytes, &active(), vec![paid]), Reason::ControlDenied);
    let by_module = Request { origin: Some(PAYEE), ..request(vec![stop]) };
    assert_eq!(run(&bytes, &active(), &by_module).verdict.reason, Reason::ControlDenied);
    assert_eq!(reason(&bytes, &active(), vec![set(selectors::SET_FALLBACK_HANDLER, HOOK)]), Reason::ControlDenied);
    for entry in selectors::ENTRIES {
        assert_eq!(reason(&bytes, &active(), vec![call(HOOK, entry)]), Reason::ControlDenied);
    }
}
