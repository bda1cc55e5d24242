//! Owners make, sign and execute Safe transactions on real Safes; what is wrong is one line, and nothing is sent.

use crate::support;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::{ERC20, Safe};
use portcullis_chain::safe::{self, Version};
use portcullis_chain::{Ledger, read};
use serde_json::{Value, json};
use std::fs;
use support::treasury::{Treasury, ether, who};

const NOTHING: &[&str] = &[];

fn tokens_of(treasury: &Treasury, name: &str) -> U256 {
    let ask = ERC20::balanceOfCall { owner: who(name) };
    read::view(&treasury.node, treasury.token, "balanceOf(address)", ask).unwrap()
}

fn told(shown: &Value, pointer: &str) -> String {
    shown.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer} of {shown}")).to_owned()
}

#[test]
fn two_owners_execute_what_the_policy_allows_and_nothing_that_it_denies() {
    for version in Version::ALL {
        let treasury = Treasury::new(version);
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        treasury.file(at, "pay.json", &[treasury.tokens("payee", 7), ether("vendor", 8)]);
        treasury.file(at, "theft.json", &[treasury.tokens("eve", 7)]);
        let owners = ["ann", "bob"];

        let (code, shown, talk) = treasury.run(at, &["transact", "--tx", "pay.json", "--yes"], &owners);
        assert_eq!(code, 0, "{talk}");
        assert_eq!(told(&shown, "/ended/how"), "executed");
        assert_eq!(tokens_of(&treasury, "payee"), U256::from(7));
        for said in ["does         transfer(to: ", "does         pay 8 wei to", "allow", "signed by    "] {
            assert!(talk.contains(said), "{said}: {talk}");
        }

        let (before, nonce) = (treasury.blocks(), treasury.nonce());
        let (code, shown, talk) = treasury.run(at, &["transact", "--tx", "theft.json", "--yes"], &owners);
        assert_eq!((code, &shown["ended"]), (3, &Value::Null), "{talk}");
        assert_eq!((treasury.blocks(), treasury.nonce()), (before, nonce), "a denied transaction is not sent");
        assert_eq!(told(&shown, "/rehearsal/verdict"), "deny");

        // Nobody is on a terminal, so nobody can be asked.
        let line = treasury.refused(at, &["transact", "--tx", "pay.json"], &owners);
        assert!(line.contains("--yes"), "{line}");
    }
}

#[test]
fn what_is_wrong_is_one_line_that_says_what_to_do_and_nothing_is_sent() {
    let treasury = Treasury::new(Version::V1_4_1);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    treasury.file(at, "pay.json", &[ether("vendor", 8)]);
    let pay = ["transact", "--tx", "pay.json", "--yes"];
    let with = |more: &[&'static str]| [&pay[..], more].concat();
    let cases: [(Vec<&str>, &[&str], &str); 10] = [
        (pay.to_vec(), &["ann"], "the Safe asks for 2 signatures and has 1"),
        (pay.to_vec(), NOTHING, "the Safe asks for 2 signatures and has 0"),
        (pay.to_vec(), &["payer", "ann"], "the Safe asks for 2 signatures and has 1"),
        (pay.to_vec(), &["ann", "eve"], "is not an owner of the Safe"),
        (with(&["--nonce", "0"]), &["ann", "bob"], "nonce 0 is in the past: the Safe is at 1"),
        (with(&["--nonce", "9"]), &["ann", "bob"], "nonce 9 is in the future: the Safe is at 1"),
        (with(&["--chain-id", "1"]), &["ann", "bob"], "the node is on chain 31337, not on chain 1"),
        (
            with(&["--payer", "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE"]),
            &["ann", "bob"],
            "who is to pay, is not given",
        ),
        (with(&["--propose"]), &["ann", "bob"], "no Safe Transaction Service is configured"),
        (
            vec!["transact", "--to", "eth:0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE", "--yes"],
            &["ann", "bob"],
            "`eth:` is chain 1, and this is chain 31337",
        ),
    ];
    for (arguments, keys, expected) in &cases {
        let line = treasury.refused(at, arguments, keys);
        assert!(line.contains(expected), "{arguments:?}: {line}");
    }
    let nowhere = format!("eth:{}", treasury.safe);
    let line = |arguments: &[&str]| {
        let (code, _, talk) = support::owners::portcullis(at, arguments);
        assert_eq!(code, 1, "{talk}");
        talk
    };
    let url = treasury.anvil.url.as_str();
    assert!(line(&["transact", "--tx", "pay.json", "--rpc", url, "--safe", &nowhere]).contains("`eth:` is chain 1"));
    let payer = who("payer").to_string();
    assert!(
        line(&["transact", "--tx", "pay.json", "--rpc", url, "--safe", &payer]).contains("there is no contract at")
    );
    assert!(
        line(&["transact", "--tx", "pay.json", "--rpc", "$NO_SUCH_URL", "--safe", &payer])
            .contains("`NO_SUCH_URL` is not set")
    );
}

#[test]
fn signatures_travel_in_a_file_that_cannot_be_edited() {
    let treasury = Treasury::new(Version::V1_5_0);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    treasury.file(at, "pay.json", &[treasury.tokens("payee", 5)]);
    let file = at.join("pay.sigs");
    let (code, shown, talk) = treasury.run(at, &["transact", "--tx", "pay.json", "--signatures", "pay.sigs"], &["bob"]);
    assert_eq!((code, &shown["ended"]["have"], &shown["ended"]["need"]), (0, &json!(1), &json!(2)), "{talk}");

    let line = treasury.refused(at, &["execute", "pay.sigs", "--yes"], &["payer"]);
    assert!(line.contains("has 1"), "{line}");
    let line = treasury.refused(at, &["sign", "pay.sigs"], &["eve"]);
    assert!(line.contains("is not an owner"), "{line}");

    let (code, shown, talk) = treasury.run(at, &["sign", "pay.sigs"], &["ann"]);
    assert_eq!((code, &shown["ended"]["have"]), (0, &json!(2)), "{talk}");
    let whole = fs::read_to_string(&file).unwrap();
    let written: Value = serde_json::from_str(&whole).unwrap();
    let edits: [(&str, Value, &str); 5] = [
        ("/transaction/to", json!(who("eve")), "it was changed"),
        ("/transaction/value", json!("1"), "it was changed"),
        ("/chain_id", json!(1), "it was changed"),
        ("/hash", json!(B256::ZERO), "it was changed"),
        ("/signatures/0/owner", json!(who("cem")), "the signature is not that of"),
    ];
    for (pointer, value, expected) in edits {
        let mut edited = written.clone();
        *edited.pointer_mut(pointer).unwrap() = value;
        fs::write(&file, edited.to_string()).unwrap();
        let line = treasury.refused(at, &["execute", "pay.sigs", "--yes"], &["payer"]);
        assert!(line.contains(expected), "{pointer}: {line}");
    }
    fs::write(&file, whole.chars().take(whole.len() / 2).collect::<String>()).unwrap();
    treasury.refused(at, &["execute", "pay.sigs", "--yes"], &["payer"]);

    fs::write(&file, &whole).unwrap();
    let (code, _, talk) = treasury.run(at, &["execute", "pay.sigs", "--yes"], &["payer"]);
    assert_eq!(code, 0, "{talk}");
    assert_eq!(tokens_of(&treasury, "payee"), U256::from(5));
    let line = treasury.refused(at, &["execute", "pay.sigs", "--yes"], &["payer"]);
    assert!(line.contains("is in the past"), "{line}");
}

#[test]
fn an_owner_may_approve_on_chain_in_place_of_signing() {
    let mut treasury = Treasury::new(Version::V1_3_0);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let tx = treasury.call(who("vendor"), 8, Vec::new());
    let hash = safe::hash(&tx, treasury.safe, treasury.node.chain_id());
    let approve = Safe::approveHashCall { hash }.abi_encode().into();
    treasury.node.send(who("ann"), treasury.safe, U256::ZERO, approve).unwrap().expect_success("approving").unwrap();
    treasury.file(at, "pay.json", &[ether("vendor", 8)]);
    let before = treasury.node.balance(who("vendor")).unwrap();
    let arguments = ["transact", "--tx", "pay.json", "--yes", "--payer", &who("payer").to_string()];
    let (code, shown, talk) = treasury.run(at, &arguments, &["payer", "bob"]);
    assert_eq!((code, told(&shown, "/hash")), (0, hash.to_string()), "{talk}");
    assert_eq!(treasury.node.balance(who("vendor")).unwrap() - before, U256::from(8));
}

#[test]
fn hashes_are_those_that_the_safe_itself_computes() {
    for version in Version::ALL {
        let treasury = Treasury::new(version);
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for (index, actions) in [
            vec![ether("vendor", 8)],
            vec![treasury.tokens("payee", 3)],
            vec![treasury.tokens("payee", 3), ether("eve", 1)],
        ]
        .iter()
        .enumerate()
        {
            treasury.file(at, "tx.json", actions);
            let nonce = (index * 7).to_string();
            let (code, shown, talk) = treasury.run(at, &["hash", "--tx", "tx.json", "--nonce", &nonce], NOTHING);
            assert_eq!(code, 0, "{talk}");
            let text = |name: &str| told(&shown, &format!("/fields/{name}"));
            let ask = Safe::getTransactionHashCall {
                to: text("to").parse().unwrap(),
                value: text("value").parse().unwrap(),
                data: text("data").parse().unwrap(),
                operation: shown["fields"]["operation"].as_u64().unwrap().try_into().unwrap(),
                safeTxGas: U256::ZERO,
                baseGas: U256::ZERO,
                gasPrice: U256::ZERO,
                gasToken: Address::ZERO,
                refundReceiver: Address::ZERO,
                nonce: nonce.parse().unwrap(),
            };
            let hash = read::view(&treasury.node, treasury.safe, "getTransactionHash", ask).unwrap();
            assert_eq!(told(&shown, "/hash"), hash.to_string());
            let (domain, message) = (told(&shown, "/domain"), told(&shown, "/message"));
            let word = |text: &str| text.parse::<B256>().unwrap();
            let preimage = [&[0x19, 0x01], word(&domain).as_slice(), word(&message).as_slice()].concat();
            assert_eq!(keccak256(preimage), hash);

            // The same without a node.
            let safe = treasury.safe.to_string();
            let offline = [
                "hash",
                "--tx",
                "tx.json",
                "--nonce",
                &nonce,
                "--safe",
                &safe,
                "--chain-id",
                "31337",
                "--safe-version",
                version.as_str(),
            ];
            let (code, again, talk) = support::owners::portcullis(at, &offline);
            assert_eq!((code, &again["hash"]), (0, &shown["hash"]), "{talk}");
        }
    }
}

#[test]
fn a_batch_file_holds_the_calls_and_is_written_only_for_what_is_allowed() {
    let treasury = Treasury::new(Version::V1_4_1);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    treasury.file(at, "pay.json", &[treasury.tokens("payee", 5), ether("vendor", 8)]);
    treasury.file(at, "theft.json", &[treasury.tokens("eve", 5)]);
    let (code, _, talk) = treasury.run(at, &["transact", "--tx", "pay.json", "--batch", "batch.json"], NOTHING);
    assert_eq!(code, 0, "{talk}");
    let file: Value = serde_json::from_slice(&fs::read(at.join("batch.json")).unwrap()).unwrap();
    assert_eq!(told(&file, "/meta/checksum"), portcullis_operate::batch_file::checksum(&file).to_string());
    let data: Bytes = told(&file, "/transactions/0/data").parse().unwrap();
    assert_eq!(data, ERC20::transferCall { to: who("payee"), value: U256::from(5) }.abi_encode());
    let (code, _, talk) = treasury.run(at, &["transact", "--tx", "theft.json", "--batch", "theft.batch"], NOTHING);
    assert_eq!(code, 3, "{talk}");
    assert!(!at.join("theft.batch").exists());
}

#[test]
fn a_safe_that_owns_a_safe_signs_or_approves_and_its_hash_is_the_one_that_hash_shows() {
    for version in Version::ALL {
        let mut treasury = Treasury::new(version);
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        // A Safe of eve's and cem's owns another, beside ann; that one is under the same policy.
        let (outer, inner) = treasury.nested();
        treasury.file(at, "pay.json", &[ether("vendor", 3)]);
        let outer_text = outer.to_string();
        let on = |arguments: &[&str], safe: &str, keys: &[&str]| {
            let mut all = arguments.to_vec();
            all.extend(["--rpc", treasury.anvil.url.as_str(), "--safe", safe]);
            let names: Vec<String> = keys.iter().map(|name| name.to_uppercase()).collect();
            names.iter().for_each(|name| all.extend(["--key-env", name]));
            support::owners::portcullis(at, &all)
        };
        let transact = ["transact", "--tx", "pay.json", "--signatures", "nested.sigs"];
        let (code, _, talk) = on(&transact, &outer_text, &["ann"]);
        assert_eq!(code, 0, "{talk}");
        let inner_text = inner.to_string();
        let (code, shown, talk) = on(&["sign", "nested.sigs", "--as", &inner_text], &outer_text, &["eve", "cem"]);
        assert_eq!(code, 0, "{talk}");
        let hashing = ["hash", "nested.sigs", "--owner-safe", &inner_text];
        let (_, hashes, _) = support::owners::portcullis(at, &hashing);
        assert!(talk.contains(&told(&hashes, "/owner_safe/hash")), "{talk}");
        assert_eq!(shown["hash"], hashes["hash"]);
        let (code, _, talk) = on(&["execute", "nested.sigs", "--yes"], &outer_text, &["payer"]);
        assert_eq!(code, 0, "{version}: {talk}");
        let line = on(&["sign", "nested.sigs", "--as", &inner_text], &outer_text, &["eve", "cem"]).2;
        assert!(line.contains("is in the past") || line.contains("fail"), "{line}");
    }
}
