//! Calls that only a rule that names them admits, and those of the manager's route.

use alloy_primitives::{Address, U256, address};
use portcullis_eval::{Action, EffectKind, MemoryState, Reason, Request, account_slot, selectors};

use crate::common::{
    ACCOUNT, ALLOW, Draft, HOOK, PAYEE, Rule, active, call, call_of, list, native_rule, request, run, word,
};

const MANAGER: Address = address!("3a9a6e4000000000000000000000000000000001");
const MODULE: Address = PAYEE;
const ENABLE_MODULE: [u8; 4] = [0x61, 0x0b, 0x59, 0x25];
const MANAGER_CALLS: [[u8; 4]; 3] = [[0x1e, 0xa2, 0x46, 0x16], [0xdf, 0x52, 0x36, 0xe1], [0x0d, 0x7e, 0x35, 0x8e]];
const OWN: u8 = 0x20;
const ANY_SUBJECT: u8 = 0x80;
const ANY_SELECTOR: u8 = 0x40;

/// A program with one rule on calls by this key, with these conditions; a list of the module stands at `[0; 3]`.
fn program(key: u8, subject: Address, selector: [u8; 4], conditions: &dyn Fn([u8; 3]) -> Vec<u8>) -> Vec<u8> {
    let draft = Draft { classes: 0x000f_0000, lists: vec![list(&[MODULE])], ..Draft::default() };
    draft.bytes(|lists| {
        let body = [ALLOW.as_slice(), &conditions(lists[0])].concat();
        vec![Rule { kind: key | 4, subject, selector, body }]
    })
}

fn names(list: [u8; 3]) -> Vec<u8> {
    [&[3], list.as_slice()].concat()
}

fn nothing(_: [u8; 3]) -> Vec<u8> {
    Vec::new()
}

fn enable(module: Address) -> Action {
    call_of(ACCOUNT, ENABLE_MODULE, &[module.into_word().0])
}

fn managed() -> MemoryState {
    let mut state = active();
    state.words.insert(account_slot(ACCOUNT, 0), U256::from(0xda7a) | U256::from(3) << 224);
    state.words.insert(account_slot(ACCOUNT, 3), MANAGER.into_word().into());
    state
}

fn reason(program: &[u8], state: &MemoryState, action: Action) -> Reason {
    run(program, state, &request(vec![action])).verdict.reason
}

#[test]
fn a_module_is_enabled_only_by_a_rule_that_names_it_first() {
    let own = |conditions: &dyn Fn([u8; 3]) -> Vec<u8>| program(OWN, Address::ZERO, ENABLE_MODULE, conditions);
    assert_eq!(reason(&own(&nothing), &active(), enable(MODULE)), Reason::NoRule);
    let later = |list| [vec![0x0a, 255], names(list)].concat();
    assert_eq!(reason(&own(&later), &active(), enable(MODULE)), Reason::NoRule);
    let in_group = |list| [vec![0x21, 0, 4], names(list)].concat();
    assert_eq!(reason(&own(&in_group), &active(), enable(MODULE)), Reason::NoRule);
    assert_eq!(reason(&own(&names), &active(), enable(MANAGER)), Reason::NoRule);
    assert_eq!(reason(&own(&names), &active(), enable(MODULE)), Reason::Allowed);
}

#[test]
fn rules_that_do_not_name_subject_and_selector_never_enable_a_module() {
    for (key, selector) in [
        (OWN | ANY_SELECTOR, [0; 4]),
        (ANY_SUBJECT, ENABLE_MODULE),
        (ANY_SUBJECT | ANY_SELECTOR, [0; 4]),
        // The account by its address, where the flag stands for it.
        (0, ENABLE_MODULE),
    ] {
        let subject = if key == 0 { ACCOUNT } else { Address::ZERO };
        let bytes = program(key, subject, selector, &names);
        assert_eq!(reason(&bytes, &active(), enable(MODULE)), Reason::NoRule, "{key:#x}");
    }
}

#[test]
fn enabling_a_module_must_be_canonical() {
    let bytes = program(OWN, Address::ZERO, ENABLE_MODULE, &names);
    let whole = enable(MODULE).data;
    let mut dirty = MODULE.into_word().0;
    dirty[0] = 1;
    for spoilt in [
        call_of(ACCOUNT, ENABLE_MODULE, &[]),
        call_of(ACCOUNT, ENABLE_MODULE, &[dirty]),
        call_of(ACCOUNT, ENABLE_MODULE, &[MODULE.into_word().0, word(0)]),
        call(ACCOUNT, whole[..35].to_vec()),
        call(ACCOUNT, [&whole[..], &[0]].concat()),
    ] {
        assert_eq!(reason(&bytes, &active(), spoilt.clone()), Reason::NonCanonicalCalldata, "{spoilt:?}");
    }
    // Elsewhere it is a call like any other.
    let elsewhere = program(ANY_SUBJECT | ANY_SELECTOR, Address::ZERO, [0; 4], &nothing);
    assert_eq!(reason(&elsewhere, &active(), call_of(MANAGER, ENABLE_MODULE, &[])), Reason::Allowed);
}

#[test]
fn enabling_a_module_is_a_call_whose_recipient_is_the_module() {
    let bytes = program(OWN, Address::ZERO, ENABLE_MODULE, &names);
    let evaluation = run(&bytes, &active(), &request(vec![enable(MODULE)]));
    let effect = evaluation.decisions[0].effect;
    assert_eq!((effect.kind, effect.recipient, effect.amount), (EffectKind::Call, Some(MODULE), None));
    assert_eq!((effect.subject, effect.asset), (ACCOUNT, None));
}

#[test]
fn an_account_that_is_declared_as_a_token_does_not_hide_what_it_enables() {
    let draft =
        Draft { classes: 0x00ff_0000, tokens: vec![(ACCOUNT, 1)], lists: vec![list(&[MODULE])], ..Draft::default() };
    let bytes = draft.bytes(|_| vec![Rule { kind: OWN | 5, selector: ENABLE_MODULE, ..native_rule(ALLOW.to_vec()) }]);
    assert_eq!(reason(&bytes, &active(), enable(MODULE)), Reason::NoRule);
}

#[test]
fn most_of_the_manager_is_closed_to_requests() {
    let anything = program(0, MANAGER, [0; 4], &nothing);
    for data in [vec![], vec![1], vec![1, 2, 3], vec![0, 0, 0, 0], selectors::SET_GUARD.to_vec(), vec![9; 36]] {
        let verdict = run(&anything, &managed(), &request(vec![call(MANAGER, data.clone())])).verdict;
        assert_eq!(verdict.reason, Reason::ControlDenied, "{data:?}");
        let mut inactive = managed();
        inactive.words.insert(account_slot(ACCOUNT, 0), U256::from(3) << 224);
        assert_eq!(reason(&anything, &inactive, call(MANAGER, data.clone())), Reason::ControlDenied);
        let by_module = Request { origin: Some(MODULE), ..request(vec![call(MANAGER, data)]) };
        assert_eq!(run(&anything, &managed(), &by_module).verdict.reason, Reason::ControlDenied);
    }
    let paid = Action { value: U256::ONE, ..call(MANAGER, vec![]) };
    assert_eq!(reason(&anything, &managed(), paid), Reason::ControlDenied);
    assert_eq!(reason(&anything, &active(), call(MANAGER, vec![0, 0, 0, 0])), Reason::Allowed, "on another route");
}

#[test]
fn plugins_and_functions_change_only_by_rules_that_name_the_call() {
    for selector in MANAGER_CALLS {
        for (to, named) in [(MANAGER, (0, MANAGER)), (ACCOUNT, (OWN, Address::ZERO))] {
            let asked = || call_of(to, selector, &[word(1), word(1)]);
            let by_name = program(named.0, named.1, selector, &nothing);
            assert_eq!(reason(&by_name, &managed(), asked()), Reason::Allowed, "{selector:x?} {to}");
            let any_selector = program(named.0 | ANY_SELECTOR, named.1, [0; 4], &nothing);
            assert_eq!(reason(&any_selector, &managed(), asked()), Reason::NoRule, "{selector:x?} {to}");
            let any_subject = program(ANY_SUBJECT, Address::ZERO, selector, &nothing);
            assert_eq!(reason(&any_subject, &managed(), asked()), Reason::NoRule, "{selector:x?} {to}");
        }
    }
}

#[test]
fn on_other_routes_plugins_are_calls_like_any_other() {
    let [selector, ..] = MANAGER_CALLS;
    let bytes = program(ANY_SUBJECT | ANY_SELECTOR, Address::ZERO, [0; 4], &nothing);
    assert_eq!(reason(&bytes, &active(), call_of(MANAGER, selector, &[])), Reason::Allowed);
    assert_eq!(reason(&bytes, &managed(), call_of(MANAGER, selector, &[])), Reason::NoRule);
    assert_eq!(reason(&bytes, &managed(), call_of(MODULE, selector, &[])), Reason::Allowed);
    assert_eq!(reason(&bytes, &managed(), call_of(HOOK, selector, &[])), Reason::NoRule);
}

#[test]
fn a_manager_that_is_nobody_closes_nothing() {
    let mut state = managed();
    state.words.insert(account_slot(ACCOUNT, 3), U256::ZERO);
    let anything = program(0, Address::ZERO, [9; 4], &nothing);
    assert_eq!(reason(&anything, &state, call(Address::ZERO, vec![9; 4])), Reason::Allowed);
    assert_eq!(reason(&anything, &state, call(Address::ZERO, vec![8; 4])), Reason::NoRule);
}
