//! The real Safes, in process and on a node, without the hook.

use crate::common;

use alloy_primitives::{Address, U256, keccak256};
use alloy_sol_types::SolCall;
use common::{Anvil, InProcess, PAYER, Treasury, key, node_modules, who};
use portcullis_bindings::safe::{
    MULTI_SEND_1_3_0, MULTI_SEND_1_4_1, MULTI_SEND_1_5_0, MULTI_SEND_CALL_ONLY_1_3_0, MULTI_SEND_CALL_ONLY_1_4_1,
    MULTI_SEND_CALL_ONLY_1_5_0, Safe,
};
use portcullis_chain::safe::{Artifacts, Transaction, Version, batch, call, exec, hash, sign};
use portcullis_chain::{Error, Ledger, Node, read};

const OPEN_PORT_OF_NOBODY: &str = "http://127.0.0.1:1";

fn treasuries(ledger: &mut dyn Ledger, check: impl Fn(&mut dyn Ledger, Treasury)) {
    for version in Version::ALL {
        for l2 in [false, true] {
            let treasury = Treasury::new(ledger, version, l2);
            check(ledger, treasury);
        }
    }
}

fn one_signature_is_not_enough(ledger: &mut dyn Ledger, treasury: &Treasury) {
    let tx = call(treasury.token, U256::ZERO, treasury.transfer(who("stranger"), 5), treasury.nonce(ledger));
    let data = treasury.signed(ledger, &tx, &["ann"]);
    let receipt = ledger.send(who(PAYER), treasury.safe, U256::ZERO, data).unwrap();
    assert!(!receipt.success);
    assert_eq!(alloy_sol_types::decode_revert_reason(&receipt.output).as_deref(), Some("revert: GS020"));
    assert!(receipt.gas_used > 21_000, "{receipt:?}");
    assert_eq!(treasury.held(ledger, who("stranger")), U256::ZERO);
}

fn owners_sign_what_the_chain_hashes(ledger: &dyn Ledger, treasury: &Treasury) {
    let mut tx = batch(treasury.contracts.multi_send, &[Transaction::call(who("x"), vec![1, 2, 3, 4])], U256::from(9));
    tx.safeTxGas = U256::from(1);
    tx.baseGas = U256::from(2);
    tx.gasPrice = U256::from(3);
    tx.gasToken = who("y");
    tx.refundReceiver = who("z");
    let asked = Safe::getTransactionHashCall {
        to: tx.to,
        value: tx.value,
        data: tx.data.clone(),
        operation: tx.operation,
        safeTxGas: tx.safeTxGas,
        baseGas: tx.baseGas,
        gasPrice: tx.gasPrice,
        gasToken: tx.gasToken,
        refundReceiver: tx.refundReceiver,
        nonce: tx.nonce,
    };
    let on_chain = read::view(ledger, treasury.safe, "getTransactionHash", asked).unwrap();
    assert_eq!(on_chain, hash(&tx, treasury.safe, ledger.chain_id()));
}

fn two_owners_move_tokens_and_batches(ledger: &mut dyn Ledger, treasury: &Treasury) {
    let tx = call(treasury.token, U256::ZERO, treasury.transfer(who("payee"), 5), treasury.nonce(ledger));
    assert!(treasury.try_out(ledger, &tx).success);
    assert_eq!(treasury.held(ledger, who("payee")), U256::ZERO, "a call must leave nothing behind");
    let receipt = treasury.execute(ledger, &tx);
    assert!(receipt.success, "{receipt:?}");
    assert!((60_000..150_000).contains(&receipt.gas_used), "{receipt:?}");
    assert!(receipt.logs.iter().any(|log| log.address == treasury.token));
    assert_eq!(treasury.held(ledger, who("payee")), U256::from(5));

    for through in [treasury.contracts.multi_send, treasury.contracts.multi_send_call_only] {
        let legs = [1, 20].map(|value| Transaction::call(treasury.token, treasury.transfer(who("payee"), value)));
        let tx = batch(through, &legs, treasury.nonce(ledger));
        let receipt = treasury.execute(ledger, &tx);
        assert!(receipt.success, "{receipt:?}");
    }
    assert_eq!(treasury.held(ledger, who("payee")), U256::from(47));
}

fn reading_finds_what_was_set(ledger: &mut dyn Ledger, treasury: &Treasury) {
    for module in ["m1", "m2", "m3"] {
        let enable = Safe::enableModuleCall { module: who(module) }.abi_encode();
        let tx = call(treasury.safe, U256::ZERO, enable.into(), treasury.nonce(ledger));
        assert!(treasury.execute(ledger, &tx).success);
    }
    let safe = read::safe(ledger, treasury.safe).unwrap();
    assert_eq!(safe.version, treasury.contracts.version);
    assert!([treasury.contracts.singleton, treasury.contracts.singleton_l2].contains(&safe.singleton));
    assert_eq!(safe.owners, ["ann", "bob", "cem"].map(who));
    assert_eq!(safe.threshold, U256::from(2));
    assert_eq!(safe.nonce, treasury.nonce(ledger));
    assert_eq!(safe.handler, treasury.contracts.handler);
    assert_eq!((safe.guard, safe.module_guard), (Address::ZERO, Address::ZERO));
    assert_eq!(safe.modules, ["m3", "m2", "m1"].map(who));
}

fn everything_holds(ledger: &mut dyn Ledger) {
    treasuries(ledger, |ledger, treasury| {
        one_signature_is_not_enough(ledger, &treasury);
        owners_sign_what_the_chain_hashes(ledger, &treasury);
        two_owners_move_tokens_and_batches(ledger, &treasury);
        reading_finds_what_was_set(ledger, &treasury);
    });
}

fn what_is_not_a_safe_is_told_apart(ledger: &mut dyn Ledger) {
    let treasury = Treasury::new(ledger, Version::V1_4_1, false);
    let nobody = read::safe(ledger, who("nobody")).unwrap_err();
    assert!(matches!(nobody, Error::NoCode { chain_id: 31_337, .. }), "{nobody}");
    let token = read::safe(ledger, treasury.token).unwrap_err();
    assert!(matches!(token, Error::NotASafe { .. }), "{token}");
    let no_hook = read::account(ledger, who("nobody"), treasury.safe).unwrap_err();
    assert!(matches!(no_hook, Error::NoCode { .. }), "{no_hook}");
    let other = read::account(ledger, treasury.token, treasury.safe).unwrap_err();
    assert!(matches!(other, Error::BadReturn { .. }), "{other}");
}

#[test]
fn safes_of_every_version_work_in_process() {
    everything_holds(&mut InProcess::new());
}

#[test]
fn safes_of_every_version_work_on_a_node() {
    everything_holds(&mut Anvil::start().node());
}

#[test]
fn gas_in_process_is_gas_on_a_node() {
    let gas = |ledger: &mut dyn Ledger| {
        Version::ALL.map(|version| {
            let treasury = Treasury::new(ledger, version, true);
            let tx = call(treasury.token, U256::ZERO, treasury.transfer(who("payee"), 5), treasury.nonce(ledger));
            treasury.execute(ledger, &tx).gas_used
        })
    };
    assert_eq!(gas(&mut InProcess::new()), gas(&mut Anvil::start().node()));
}

#[test]
fn what_is_not_a_safe_is_told_apart_in_process() {
    what_is_not_a_safe_is_told_apart(&mut InProcess::new());
}

#[test]
fn what_is_not_a_safe_is_told_apart_on_a_node() {
    what_is_not_a_safe_is_told_apart(&mut Anvil::start().node());
}

#[test]
fn multi_sends_land_on_their_canonical_addresses() {
    let canonical = [
        (Version::V1_3_0, MULTI_SEND_1_3_0, MULTI_SEND_CALL_ONLY_1_3_0),
        (Version::V1_4_1, MULTI_SEND_1_4_1, MULTI_SEND_CALL_ONLY_1_4_1),
        (Version::V1_5_0, MULTI_SEND_1_5_0, MULTI_SEND_CALL_ONLY_1_5_0),
    ];
    for (version, multi_send, call_only) in canonical {
        let at = Artifacts::load(&node_modules(), version).unwrap().addresses();
        assert_eq!((at.multi_send, at.multi_send_call_only), (multi_send, call_only), "{version}");
    }
}

#[test]
fn a_missing_package_says_how_to_get_it() {
    let error = Artifacts::load("nowhere".as_ref(), Version::V1_5_0).unwrap_err();
    assert!(error.to_string().ends_with("run `npm ci` first"), "{error}");
}

#[test]
fn signatures_ascend_by_owner() {
    let mut keys = ["ann", "bob", "cem"].map(key).to_vec();
    let signed = sign(keccak256("x"), &keys).unwrap();
    keys.reverse();
    assert_eq!(signed, sign(keccak256("x"), &keys).unwrap());
    assert_eq!(signed.len(), 3 * 65);
}

#[test]
fn a_node_that_does_not_answer_is_named() {
    let error = Node::connect(OPEN_PORT_OF_NOBODY, Vec::new()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(OPEN_PORT_OF_NOBODY), "{error}");
}

#[test]
fn a_url_that_is_none_is_refused_and_a_key_in_one_is_not_repeated() {
    for url in ["", "treasury", "ftp://127.0.0.1", "ws://127.0.0.1:8545"] {
        assert!(matches!(Node::connect(url, Vec::new()), Err(Error::BadUrl { .. })), "{url}");
    }
    let error = Node::connect("http://user:secret@127.0.0.1:1/v2/secret?key=secret", Vec::new()).unwrap_err();
    assert!(!error.to_string().contains("secret"), "{error}");
}

#[test]
#[cfg(feature = "tls")]
fn a_node_behind_https_is_asked_in_tls() {
    // Anvil speaks plain HTTP: the handshake fails, so nothing was sent in the clear.
    let url = Anvil::start().url.replace("http:", "https:");
    let error = Node::connect(&url, Vec::new()).unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error}");
}

#[test]
fn a_node_sends_only_with_a_key_and_keeps_its_clock() {
    let anvil = Anvil::start();
    let mut node = anvil.bare_node(vec![key("poor")]);
    let no_key = node.send(who("ann"), who("bob"), U256::ZERO, exec_of_nothing()).unwrap_err();
    assert!(matches!(no_key, Error::NoKey { .. }), "{no_key}");
    let no_funds = node.send(who("poor"), who("bob"), U256::from(1), exec_of_nothing()).unwrap_err();
    assert!(matches!(no_funds, Error::Refused { .. }), "{no_funds}");

    let before = node.now().unwrap();
    node.advance(86_400).unwrap();
    let passed = node.now().unwrap() - before;
    assert!((86_400..86_430).contains(&passed), "{passed}");
}

fn exec_of_nothing() -> alloy_primitives::Bytes {
    exec(&call(Address::ZERO, U256::ZERO, Default::default(), U256::ZERO), Default::default())
}
