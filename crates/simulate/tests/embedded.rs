//! The in-process chain keeps to a chain's rules.
#![allow(clippy::unwrap_used, reason = "a test fails where its helpers do")]

use alloy_primitives::{Address, B256, Bytes, U256, address, hex, keccak256};
use portcullis_bindings::deployer;
use portcullis_eval::State;
use portcullis_simulate::{BLOCK_SECONDS, Embedded, GENESIS_TIME, Invalid};

const ANN: Address = address!("00000000000000000000000000000000000a0001");
const BOB: Address = address!("00000000000000000000000000000000000a0002");

/// Init code of a contract that stores the time in slot 0 and returns chain id, time and number; any value
/// sent makes it revert with one zero word.
const CLOCK: [u8; 36] = hex!("601b8060095f395ff334601657425f55465f52426020524360405260605ff35b60205ffd");

fn chain() -> Embedded {
    let mut chain = Embedded::new(5);
    chain.set_balance(ANN, U256::from(1_000));
    chain
}

#[test]
fn a_transaction_that_cannot_be_mined_changes_nothing() {
    let mut chain = chain();
    let error = chain.send(ANN, BOB, U256::from(1_001), Bytes::new()).unwrap_err();
    assert!(matches!(error, Invalid::Transaction { from: ANN, .. }), "{error}");
    let proxy = deployer::ARACHNID;
    let error = chain.send(proxy, BOB, U256::ZERO, Bytes::new()).unwrap_err();
    assert!(matches!(error, Invalid::Transaction { .. }), "a contract signs nothing: {error}");
    assert_eq!((chain.block(), chain.now(), chain.balance(ANN)), (1, GENESIS_TIME, U256::from(1_000)));
}

#[test]
fn a_call_leaves_nothing_and_a_transaction_what_it_did() {
    let mut chain = chain();
    let called = chain.call(ANN, BOB, U256::from(7), Bytes::new()).unwrap();
    assert!(called.success);
    assert_eq!(chain.balance(BOB), U256::ZERO);
    let receipt = chain.send(ANN, BOB, U256::from(7), Bytes::new()).unwrap();
    assert_eq!((receipt.success, receipt.gas_used, receipt.timestamp), (true, 21_000, GENESIS_TIME));
    assert_eq!((chain.balance(ANN), chain.balance(BOB)), (U256::from(993), U256::from(7)));
    assert_eq!((chain.block(), chain.now()), (2, GENESIS_TIME + BLOCK_SECONDS));
}

#[test]
fn a_snapshot_returns_state_and_clock_as_often_as_wanted() {
    let mut chain = chain();
    let before = chain.snapshot();
    for _ in 0..2 {
        chain.advance(500);
        chain.send(ANN, BOB, U256::from(7), Bytes::new()).unwrap();
        chain.set_storage(BOB, U256::from(1), U256::from(2));
        chain.revert(&before);
        assert_eq!((chain.balance(BOB), chain.storage(BOB, U256::from(1))), (U256::ZERO, U256::ZERO));
        assert_eq!((chain.block(), chain.now()), (1, GENESIS_TIME));
    }
}

#[test]
fn contracts_see_the_chains_id_and_clock_and_a_revert_undoes_them() {
    let mut chain = chain();
    let clock = chain.create2(ANN, deployer::ARACHNID, B256::ZERO, &CLOCK).unwrap();
    assert_eq!(clock, deployer::ARACHNID.create2(B256::ZERO, keccak256(CLOCK)));
    assert_eq!(chain.create2(ANN, deployer::ARACHNID, B256::ZERO, &CLOCK).unwrap(), clock, "twice is once");
    chain.set_now(2_000_000_000);

    let reverted = chain.send(ANN, clock, U256::from(1), Bytes::new()).unwrap();
    assert_eq!((reverted.success, reverted.output.len(), reverted.halt), (false, 32, None));
    assert!(chain.words(clock).is_empty());
    assert_eq!(chain.balance(ANN), U256::from(1_000));

    let now = U256::from(chain.now());
    let read = chain.send(ANN, clock, U256::ZERO, Bytes::new()).unwrap();
    let words = [U256::from(5), now, U256::from(read.block)].map(|word| word.to_be_bytes::<32>());
    assert_eq!(read.output, words.concat());
    assert_eq!(chain.words(clock), [(U256::ZERO, now)].into());
    assert_eq!(chain.state(clock).word(U256::ZERO), Ok(now));
}

#[test]
fn code_hashes_are_those_of_the_chain() {
    let chain = chain();
    let hash = |who| chain.state(BOB).code_hash(who);
    assert_eq!(hash(BOB), Ok(B256::ZERO), "nobody there");
    assert_eq!(hash(ANN), Ok(keccak256([])), "an account without code");
    assert_eq!(hash(deployer::ARACHNID), Ok(keccak256(deployer::CODE)));
}
