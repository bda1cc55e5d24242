//! Every form in which `simulate` takes a transaction says the same of the same one, and none of another.

use crate::support;

use alloy_primitives::{B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall, SolError};
use portcullis_bindings::safe::Safe;
use portcullis_chain::Ledger;
use portcullis_chain::safe::{self, SafeTx, Version};
use serde_json::{Value, json};
use std::fs;
use support::treasury::{Treasury, ether, who};

const AT: &str = "4000000000";

/// Simulates without a file of its own.
fn simulate(treasury: &Treasury, more: &[&str]) -> (i32, Value, String) {
    let safe = treasury.safe.to_string();
    let arguments = ["simulate", "--rpc", &treasury.anvil.url, "--safe", &safe];
    support::run(&[&arguments[..], more].concat(), &Value::Null)
}

fn overrides(shown: &Value) -> Vec<&str> {
    shown["report"]["overrides"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

fn builder(treasury: &Treasury, actions: &[Value]) -> Value {
    let calls: Vec<Value> =
        actions.iter().map(|one| json!({ "to": one["to"], "value": one["value"], "data": one["data"] })).collect();
    let chain = treasury.node.chain_id().to_string();
    json!({ "version": "1.0", "chainId": chain, "createdAt": 1, "meta": { "name": "x" }, "transactions": calls })
}

fn service(treasury: &Treasury, tx: &SafeTx, signers: &[&str], required: usize) -> Value {
    let confirmations: Vec<Value> = signers
        .iter()
        .map(|name| json!({ "owner": who(name).to_string(), "signature": treasury.signed(tx, &[name]) }))
        .collect();
    json!({
        "safe": treasury.safe.to_string(), "to": tx.to.to_string(), "value": tx.value.to_string(), "data": tx.data,
        "operation": tx.operation, "gasToken": null, "safeTxGas": 0, "baseGas": "0", "gasPrice": "0",
        "refundReceiver": null, "nonce": tx.nonce.to_string(), "isExecuted": false,
        "safeTxHash": safe::hash(tx, treasury.safe, treasury.node.chain_id()),
        "confirmationsRequired": required, "confirmations": confirmations, "dataDecoded": null,
    })
}

#[test]
fn every_form_of_a_transaction_is_that_transaction() {
    let mut treasury = Treasury::new(Version::V1_5_0);
    let url = treasury.anvil.url.clone();
    let pay = [treasury.tokens("payee", 7), ether("vendor", 8)];

    let (code, own, talk) = treasury.simulate(&url, &["--at", AT], &json!({ "actions": pay }));
    assert_eq!(code, 0, "{talk}");
    let (code, built, talk) = treasury.simulate(&url, &["--at", AT], &builder(&treasury, &pay));
    assert_eq!((code, &built["report_hash"]), (0, &own["report_hash"]), "{talk}");
    let mut elsewhere = builder(&treasury, &pay);
    elsewhere["chainId"] = json!("1");
    assert_eq!(treasury.simulate(&url, &[], &elsewhere).0, 1);

    let tx = treasury.call(who("vendor"), 9, Vec::new());
    let proposed = service(&treasury, &tx, &["cem", "ann"], 2);
    let (code, shown, talk) = treasury.simulate(&url, &[], &proposed);
    assert_eq!(code, 0, "{talk}");
    assert!(!overrides(&shown).contains(&"approved_hash"), "its own signatures count: {shown}");
    let (code, shown, talk) = treasury.simulate(&url, &[], &service(&treasury, &tx, &["cem"], 2));
    assert!(code == 0 && talk.contains("too few"), "{talk}");
    assert!(overrides(&shown).contains(&"approved_hash"));
    for (key, other) in [("value", json!("10")), ("nonce", json!("99")), ("safe", json!(who("ann").to_string()))] {
        let mut changed = proposed.clone();
        changed[key] = other;
        let (code, shown, talk) = treasury.simulate(&url, &[], &changed);
        assert_eq!((code, shown), (1, Value::Null), "{key} {talk}");
    }

    let signed = safe::exec(&tx, treasury.signed(&tx, &["ann", "bob"]));
    let (code, shown, talk) =
        simulate(&treasury, &["--calldata", &signed.to_string(), "--sender", &who("ann").to_string()]);
    assert_eq!(code, 0, "{talk}");
    assert_eq!(overrides(&shown), ["free_gas"]);
    // What a refund asks for reaches the hook as it is.
    let refund = SafeTx { safeTxGas: U256::from(1), ..tx };
    let data = safe::exec(&refund, Bytes::new()).to_string();
    let (code, shown, talk) = simulate(&treasury, &["--calldata", &data]);
    assert_eq!((code, shown["reason"].as_str()), (3, Some("GasRefund")), "{talk}");

    let module = who("module").to_string();
    let call = Safe::execTransactionFromModuleCall {
        to: who("payee"),
        value: U256::from(5),
        data: Bytes::new(),
        operation: 0,
    };
    let data = hex::encode_prefixed(call.abi_encode());
    let (code, shown, talk) = simulate(&treasury, &["--calldata", &data, "--module", &module]);
    assert_eq!((code, shown["report"]["origin"].as_str()), (0, Some(&*module.to_lowercase())), "{talk}");
    assert_eq!(simulate(&treasury, &["--calldata", &data]).0, 1, "nobody is named");

    // Executed for real: one that is allowed, one that is not, one of the module.
    let denied = treasury.call(who("stranger"), 1, Vec::new());
    let denied = SafeTx { nonce: denied.nonce + U256::ONE, ..denied };
    for (sender, data, outcome) in [
        ("ann", signed, "executes"),
        ("ann", safe::exec(&denied, treasury.signed(&denied, &["ann", "bob"])), "denied"),
        ("module", call.abi_encode().into(), "executes"),
    ] {
        let receipt = treasury.node.send(who(sender), treasury.safe, U256::ZERO, data).unwrap();
        assert_eq!(receipt.success, outcome == "executes");
        let block = treasury.ask("eth_getBlockByNumber", json!(["latest", false]));
        let hash = block["transactions"][0].as_str().unwrap().to_owned();
        let (_, shown, talk) = simulate(&treasury, &["--past", &hash]);
        assert_eq!(shown["outcome"], outcome, "{talk}");
        assert_eq!(shown["gas"].as_u64(), Some(receipt.gas_used));
        assert_eq!(shown["report"]["time"].as_u64(), Some(receipt.timestamp));
    }
    let nothing = simulate(&treasury, &["--past", &B256::repeat_byte(1).to_string()]);
    assert_eq!(nothing.0, 1, "{}", nothing.2);
}

#[test]
fn requests_run_on_what_the_ones_before_left_and_under_the_policy_that_comes_first() {
    let treasury = Treasury::new(Version::V1_4_1);
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| -> String {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    // 600 of the 1,000 that the limit has, and again.
    let pay = write("pay.json", &json!({ "actions": [treasury.tokens("payee", 600_000_000)] }).to_string());
    let bundle = folder.path().join("bundle").to_str().unwrap().to_owned();
    let (code, shown, talk) = simulate(&treasury, &["--tx", &pay, "--tx", &pay, "--bundle", &bundle]);
    assert_eq!(code, 3, "{talk}");
    let requests = shown["requests"].as_array().unwrap();
    assert_eq!((&requests[0]["outcome"], &requests[1]["outcome"]), (&json!("executes"), &json!("denied")));
    assert_eq!(requests[1]["reason"], "LimitExceeded");
    assert!(
        overrides(&requests[1]).contains(&"after_requests") && !overrides(&requests[0]).contains(&"after_requests")
    );
    let (code, replayed, talk) = support::run(&["replay", &bundle], &Value::Null);
    assert_eq!((code, &replayed["report_hash"]), (3, &shown["report_hash"]), "{talk}");

    let tighter = write("tighter.toml", &treasury.policy.replace("\"1_000\"", "\"500\""));
    assert_eq!(simulate(&treasury, &["--tx", &pay]).0, 0);
    let (code, shown, talk) = simulate(&treasury, &["--tx", &pay, "--change", &tighter, "--bundle", &bundle]);
    assert_eq!((code, shown["reason"].as_str()), (3, Some("LimitExceeded")), "{talk}");
    assert!(overrides(&shown).contains(&"policy_changed"));
    let (code, replayed, talk) = support::run(&["replay", &bundle], &Value::Null);
    assert_eq!((code, &replayed["report_hash"]), (3, &shown["report_hash"]), "{talk}");
}

/// What puts code on a chain that reverts with these words.
fn reverting(words: &str) -> Bytes {
    let data = alloy_sol_types::Revert::from(words.to_owned()).abi_encode();
    let size = u8::try_from(data.len()).unwrap();
    // CODECOPY what follows these 12 bytes to memory, then REVERT or RETURN it.
    let copy = |size: u8, end: u8| [0x60, size, 0x60, 12, 0x60, 0, 0x39, 0x60, size, 0x60, 0, end];
    let runtime = [&copy(size, 0xfd)[..], &data].concat();
    let init = [&copy(size + 12, 0xf3)[..], &runtime].concat();
    init.into()
}

#[test]
fn a_contracts_words_never_reach_a_terminal_as_they_are() {
    let init = reverting("no\rchain  allow\u{202e}");
    let proxy = portcullis_bindings::deployer::ARACHNID;
    let at = proxy.create2(B256::ZERO, alloy_primitives::keccak256(&init));
    let folder = tempfile::tempdir().unwrap();
    let (policy, tx) = (folder.path().join("policy.toml"), folder.path().join("tx.json"));
    let text = "version = 1\nname = \"words\"\naccount = \"unknown\"\nsemantics = \"first-match\"\n\
                [control]\nchange_delay = \"1h\"\nannouncement_expiry = \"3d\"\n\
                [[rules]]\nid = \"calls\"\nwhen = { effect = \"call\" }\nthen = { allow = true }\n";
    fs::write(&policy, text).unwrap();
    let deploy = [B256::ZERO.as_slice(), &init].concat();
    let actions = [support::treasury::action(proxy, 0, &deploy), support::treasury::action(at, 0, &[1, 2, 3, 4])];
    fs::write(&tx, json!({ "actions": actions }).to_string()).unwrap();
    let output = assert_cmd::Command::cargo_bin("portcullis")
        .unwrap()
        .current_dir(support::root())
        .args(["simulate", "--safe-version", "1.5.0", "--policy", policy.to_str().unwrap()])
        .args(["--tx", tx.to_str().unwrap()])
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert!(shown.contains("the execution fails: revert: no\\u{d}chain  allow\\u{202e}"), "{shown}{talk}");
    assert!(!shown.contains('\r') && !shown.contains('\u{202e}'), "{shown}");
}
