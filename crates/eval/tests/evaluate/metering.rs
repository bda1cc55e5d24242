//! Limits that meter what left the account.

use alloy_primitives::{Address, Bytes, U256};
use portcullis_eval::{Action, MemoryState, Metering, Missing, Reason, State, Undecided, account_slot, evaluate};

use super::common::*;

const METERS: u8 = 1 | 16;
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
const ROUTER: Address = Address::repeat_byte(0x40);

fn flagged(cap: u64, window: u8, flags: u8, asset: Address) -> [u8; 84] {
    let mut bytes = limit(cap, window, false);
    bytes[57] = flags;
    bytes[64..].copy_from_slice(asset.as_slice());
    bytes
}

/// Everything is allowed that the tests do.
fn metered(limits: &[[u8; 84]]) -> Vec<u8> {
    let rule = |kind, subject| Rule { kind, subject, selector: [0; 4], body: ALLOW.to_vec() };
    let rules = [rule(0x42, TOKEN), rule(0x43, TOKEN), rule(0x44, ROUTER), native_rule(ALLOW.to_vec())];
    let classes = 0xf << 4 | 0xf << 8 | 0xf << 12 | 0xf << 16;
    program(classes, limits, &[TOKEN], &rules, &[PAYEE])
}

fn has(state: &mut MemoryState, amount: u64) {
    let question = [[0x70, 0xa0, 0x82, 0x31].as_slice(), ACCOUNT.into_word().as_slice()].concat();
    state.answers.insert((TOKEN, question.into()), Bytes::copy_from_slice(&word(amount)));
}

fn holding(amount: u64) -> MemoryState {
    let mut state = active();
    has(&mut state, amount);
    state
}

fn token(selector: [u8; 4], amount: u64) -> Action {
    call_of(TOKEN, selector, &[PAYEE.into_word().0, word(amount)])
}

fn draw() -> Action {
    call(ROUTER, vec![1; 4])
}

fn noted(program: &[u8], state: &MemoryState, actions: Vec<Action>) -> Metering {
    let evaluation = run(program, state, &request(actions));
    assert_eq!(evaluation.verdict.reason, Reason::Allowed);
    evaluation.metering.unwrap()
}

#[test]
fn what_left_beyond_the_transfers_is_charged_and_no_more() {
    let program = metered(&[flagged(100, 1, METERS, TOKEN)]);
    let before = holding(1_000);
    let metering = noted(&program, &before, vec![token(TRANSFER, 30), draw()]);
    assert_eq!((metering.effects, metering.limits[0].declared()), (2, U256::from(30)));
    for (now, beyond) in [(1_200, 0), (990, 0), (970, 0), (969, 1), (900, 70)] {
        let charged = metering.settle(ACCOUNT, &holding(now)).unwrap().unwrap();
        let amounts: Vec<_> = charged.iter().map(|excess| excess.amount).collect();
        assert_eq!(amounts, if beyond == 0 { vec![] } else { vec![U256::from(beyond)] }, "{now}");
    }
    let denied = metering.settle(ACCOUNT, &holding(899)).unwrap().unwrap_err();
    assert_eq!((denied.reason, denied.effect, denied.rule), (Reason::BalanceExceeded, 2, None));
    assert_eq!((denied.have, denied.need), (U256::from(70), U256::from(71)));
}

#[test]
fn an_allowance_is_charged_and_is_not_what_left() {
    let program = metered(&[flagged(100, 0, METERS, TOKEN)]);
    let metering = noted(&program, &holding(1_000), vec![token(APPROVE, 60), draw()]);
    assert_eq!(metering.limits[0].declared(), U256::ZERO);
    assert_eq!(metering.limits[0].remaining(), U256::from(40));
    assert!(metering.settle(ACCOUNT, &holding(960)).unwrap().is_ok());
    assert_eq!(metering.settle(ACCOUNT, &holding(940)).unwrap().unwrap_err().need, U256::from(60));
}

#[test]
fn the_word_is_that_of_one_charge() {
    let program = metered(&[flagged(100, 1, METERS, TOKEN)]);
    let metering = noted(&program, &holding(1_000), vec![token(TRANSFER, 30)]);
    let charged = metering.settle(ACCOUNT, &holding(950)).unwrap().unwrap();
    let whole = run(&program, &holding(1_000), &request(vec![token(TRANSFER, 50)]));
    assert_eq!(charged[0].write, whole.writes.first().copied());
}

#[test]
fn a_call_of_another_asset_is_metered_too_and_control_is_not() {
    let program = metered(&[flagged(100, 1, METERS, TOKEN)]);
    assert_eq!(noted(&program, &holding(1), vec![pay(U256::ONE)]).limits.len(), 1);
    let cancel = call(HOOK, alloy_primitives::keccak256("cancelStaged()")[..4].to_vec());
    let control = run(&program, &active(), &request(vec![cancel]));
    assert_eq!((control.verdict.reason, control.metering), (Reason::Allowed, None));
}

#[test]
fn a_balance_that_is_not_told_denies_before_and_after() {
    let program = metered(&[flagged(100, 1, METERS, TOKEN)]);
    let denied = run(&program, &active(), &request(vec![draw()])).verdict;
    assert_eq!((denied.reason, denied.effect, denied.rule), (Reason::BalanceUnreadable, 1, None));
    assert_eq!(denied.have, U256::from_be_slice(TOKEN.as_slice()));
    let after = noted(&program, &holding(1), vec![draw()]).settle(ACCOUNT, &active()).unwrap();
    assert_eq!(after.unwrap_err().reason, Reason::BalanceUnreadable);
    let mut long = active();
    has(&mut long, 1);
    long.answers.values_mut().for_each(|answer| *answer = [answer.to_vec(), vec![0]].concat().into());
    assert_eq!(reason(&program, &long, vec![draw()]), Reason::BalanceUnreadable);
}

#[test]
fn no_manager_holds_a_program_that_meters() {
    let program = metered(&[flagged(100, 1, METERS, TOKEN)]);
    let mut state = holding(1);
    let control = U256::from(0xda7a) | U256::from(3) << 224;
    state.words.insert(account_slot(ACCOUNT, 0), control);
    assert_eq!(reason(&program, &state, vec![draw()]), Reason::BalanceUnwatched);
}

#[test]
fn any_other_way_of_metering_is_malformed() {
    for flags in (16..=255).filter(|flags| flags & 16 == 16 && *flags != METERS) {
        let program = metered(&[flagged(100, 1, flags, TOKEN)]);
        assert_eq!(reason(&program, &holding(1), vec![draw()]), Reason::MalformedProgram, "{flags}");
    }
    let program = metered(&[flagged(100, 5, METERS, TOKEN)]);
    assert_eq!(reason(&program, &holding(1), vec![draw()]), Reason::MalformedProgram);
}

#[test]
fn a_balance_that_nobody_told_is_unknown_and_not_nothing() {
    struct Silent(MemoryState);
    impl State for Silent {
        fn word(&self, slot: U256) -> Result<U256, Missing> {
            self.0.word(slot)
        }
        fn code_hash(&self, address: Address) -> Result<alloy_primitives::B256, Missing> {
            self.0.code_hash(address)
        }
        fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
            self.0.static_call(target, data, gas)
        }
    }
    let program = metered(&[flagged(100, 1, METERS, Address::ZERO)]);
    let request = request(vec![draw()]);
    let found = evaluate(&program, CHAIN, HOOK, &Silent(active()), &request, NOW);
    assert_eq!(found.unwrap_err(), Undecided::Missing(Missing::Balance(ACCOUNT)));
    let mut state = active();
    state.balances.insert(ACCOUNT, U256::from(5));
    let metering = noted(&program, &state, vec![draw()]);
    state.balances.insert(ACCOUNT, U256::from(2));
    assert_eq!(metering.settle(ACCOUNT, &state).unwrap().unwrap()[0].amount, U256::from(3));
}
