//! What the mirror asks of other contracts, in process and on a node.

use crate::common;

use alloy_primitives::{Address, B256, Bytes, U256, address, hex, keccak256};
use common::{Anvil, InProcess, PAYER, who};
use portcullis_bindings::deployer;
use portcullis_chain::{Ledger, LedgerState, create2};
use portcullis_eval::{Missing, State};

const HOOK: Address = address!("4001000000000000000000000000000000000001");

/// Returns its caller, the size of its calldata and the first word of it.
const ECHO: &[u8] = &hex!("335f52366020525f3560405260605ff3");
/// Returns the gas that it has left behind the opcode that tells, which costs 2.
const GAS: &[u8] = &hex!("5a5f5260205ff3");
/// Writes storage and returns a word.
const WRITES: &[u8] = &hex!("60015f5560205ff3");
/// Reverts with a word.
const REVERTS: &[u8] = &hex!("60205ffd");
/// Returns the time.
const TIME: &[u8] = &hex!("425f5260205ff3");
/// Never ends.
const LOOPS: &[u8] = &hex!("5b5f56");
/// With calldata stores its first word, without returns what is stored.
const KEEPS: &[u8] = &hex!("36600c575f545f5260205ff35b5f355f5500");

/// Puts a contract of this code, at most 255 bytes, on the ledger.
fn deploy(ledger: &mut dyn Ledger, code: &[u8]) -> Address {
    ledger.fund(who(PAYER), U256::from(10).pow(U256::from(20))).unwrap();
    let size = u8::try_from(code.len()).unwrap();
    let init_code = [&[0x60, size, 0x80, 0x60, 9, 0x3d, 0x39, 0x3d, 0xf3], code].concat();
    create2(ledger, who(PAYER), deployer::ARACHNID, B256::ZERO, &init_code).unwrap()
}

fn answer(ledger: &dyn Ledger, target: Address, data: &[u8], gas: u32) -> Option<Bytes> {
    LedgerState::new(ledger, HOOK, None).static_call(target, data, gas).unwrap()
}

fn word(number: u64) -> [u8; 32] {
    U256::from(number).to_be_bytes()
}

fn everything_holds(ledger: &mut dyn Ledger) {
    for code in [WRITES, REVERTS, LOOPS] {
        let target = deploy(ledger, code);
        assert_eq!(answer(ledger, target, &[], 100_000), None, "{}", hex::encode(code));
    }

    let gas = deploy(ledger, GAS);
    for given in [15, 1_000, 100_000, (1 << 24) - 1] {
        let left = word(u64::from(given) - 2);
        assert_eq!(answer(ledger, gas, &[], given), Some(left.into()), "exactly {given} gas");
    }
    assert_eq!(answer(ledger, gas, &[], 10), None, "too little to return");

    let echo = deploy(ledger, ECHO);
    let data = [7; 36];
    let told = [HOOK.into_word().0, word(36), [7; 32]].concat();
    assert_eq!(answer(ledger, echo, &data, 50_000), Some(told.into()));
    assert_eq!(answer(ledger, who("nobody"), &data, 50_000), Some(Bytes::new()), "nobody answers nothing");

    let keeps = deploy(ledger, KEEPS);
    let mut blocks = Vec::new();
    for number in 1..4 {
        let stored = ledger.send(who(PAYER), keeps, U256::ZERO, word(number).to_vec().into()).unwrap();
        blocks.push((stored.block, number));
    }
    // Another, so that the last is in the past too.
    deploy(ledger, &keccak256("another")[..]);
    for (block, number) in blocks {
        let state = LedgerState::new(ledger, HOOK, Some(block));
        assert_eq!(state.static_call(keeps, &[], 50_000), Ok(Some(word(number).into())), "after block {block}");
    }
    assert_eq!(answer(ledger, keeps, &[], 50_000), Some(word(3).into()));
    assert_eq!(answer(ledger, keeps, &word(9), 50_000), None, "storing is no static call");
    assert_eq!(answer(ledger, keeps, &[], 50_000), Some(word(3).into()));

    let unknown = LedgerState::new(ledger, HOOK, Some(1_000_000));
    assert_eq!(unknown.static_call(keeps, &[], 50_000), Err(Missing::StaticCall(keeps)));
    assert!(ledger.code(HOOK, None).unwrap().is_empty(), "asking leaves nothing");
}

#[test]
fn contracts_answer_the_hook_in_process() {
    everything_holds(&mut InProcess::new());
}

#[test]
fn contracts_answer_the_hook_on_a_node() {
    everything_holds(&mut Anvil::start().node());
}

#[test]
fn a_node_that_is_gone_leaves_its_answers_missing() {
    let anvil = Anvil::start();
    let node = anvil.node();
    let state = LedgerState::new(&node, HOOK, None);
    assert_eq!(state.static_call(who("nobody"), &[], 50_000), Ok(Some(Bytes::new())));
    drop(anvil);
    assert_eq!(state.static_call(who("nobody"), &[], 50_000), Err(Missing::StaticCall(who("nobody"))));
}

#[test]
fn a_call_runs_at_the_time_that_the_node_is_asked_for_and_not_at_that_of_the_block_to_come() {
    let anvil = Anvil::start();
    let mut node = anvil.node();
    let target = deploy(&mut node, TIME);
    std::thread::sleep(std::time::Duration::from_millis(2_100));
    let called = node.call(who(PAYER), target, U256::ZERO, Bytes::new()).unwrap();
    assert_eq!(U256::from_be_slice(&called.output), U256::from(node.now().unwrap()));
}
