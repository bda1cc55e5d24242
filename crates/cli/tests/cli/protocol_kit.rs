//! A new user's trial: Safe's own SDK, which knows nothing of Portcullis, on a Safe that Portcullis guards.

use crate::support;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::Safe;
use portcullis_chain::safe::{SafeTx, Version};
use portcullis_chain::{Ledger, deploy};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};
use support::operator::Operator;
use support::root;
use support::treasury::{action, ether, key, who};

/// A tenth of an ether, in wei.
const TENTH: u64 = 100_000_000_000_000_000;

/// The line of `docs/signing.md` that this file holds.
const DOCUMENTED: &str = "node tools/protocol-kit.mjs pay.json";

/// Runs the page's line on a transaction of these actions, and further ones after it: exit code, what it printed of
/// each, and what it said besides.
fn with_the_sdk(operator: &Operator, transactions: &[Vec<Value>]) -> (i32, Vec<Value>, String) {
    let mut words = DOCUMENTED.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.arg(root().join(words.next().unwrap())).current_dir(operator.folder.path()).stdin(Stdio::null());
    assert_eq!(words.collect::<Vec<_>>(), ["pay.json"]);
    for (number, actions) in transactions.iter().enumerate() {
        let name = if number == 0 { "pay.json".to_owned() } else { format!("pay{number}.json") };
        fs::write(operator.file(&name), json!({ "actions": actions }).to_string()).unwrap();
        command.arg(name);
    }
    command.env("NODE", &operator.anvil.url).env("SAFE", operator.safe.to_string());
    command.env("OWNERS", "ANN,BOB").env("PAYER", "PAYING");
    for (name, role) in [("ANN", "ann"), ("BOB", "bob"), ("PAYING", "payer")] {
        command.env(name, key(role).to_bytes().to_string());
    }
    let output = command.output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let shown = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
}

/// The name of the reason with which our own command denies the transaction of a file.
fn by_our_own_command(operator: &Operator, file: &str) -> Value {
    let arguments = ["transact", "--tx", file, "--policy", "policy.toml", "--rpc", "$NODE", "--yes"];
    let keys = ["--key-env", "PAYER", "--key-env", "ANN", "--key-env", "BOB"];
    let (code, shown, talk) = operator.run(&[&arguments[..], &keys].concat());
    assert_eq!(code, 3, "{shown} {talk}");
    shown["rehearsal"]["reason"].clone()
}

fn hash_of(operator: &Operator, tx: &SafeTx) -> B256 {
    portcullis_chain::safe::hash(tx, operator.safe, operator.node.chain_id())
}

/// Deploys, plans and applies as a new user does, then pays with the SDK.
fn what_the_policy_allows_passes_and_what_it_denies_says_why(version: Version) {
    let operator = Operator::bare(version);
    let deploying = ["deploy", "--policy", "policy.toml", "--rpc", "$NODE", "--key-env", "PAYER", "--yes"];
    let (code, _, talk) = operator.run(&deploying);
    assert_eq!(code, 0, "{talk}");
    operator.change();
    assert_eq!(operator.info().guard, deploy::hook_at());

    // One call, and a batch through the MultiSend that the SDK chooses.
    let balance = |operator: &Operator| operator.node.balance(who("payee")).unwrap();
    let before = balance(&operator);
    let expected = hash_of(&operator, &operator.call(who("payee"), TENTH, Vec::new()));
    let batch = vec![ether("payee", TENTH), ether("payee", 2)];
    let (code, shown, talk) = with_the_sdk(&operator, &[vec![ether("payee", TENTH)], batch]);
    assert_eq!((code, shown.len()), (0, 2), "{shown:?} {talk}");
    assert_eq!(shown[0]["safeTxHash"], json!(expected), "the SDK and we hash alike");
    assert_eq!(balance(&operator), before + U256::from(2 * TENTH + 2));

    // Theft, the same in a batch, too much, and taking the guard away. What the SDK's user sees is what our own command
    // foretells.
    let (executed, paid) = (operator.executed(), operator.paid());
    let unguard = Safe::setGuardCall { guard: Address::ZERO }.abi_encode();
    let denied = [
        (vec![ether("stranger", TENTH)], "NoRule"),
        (vec![ether("payee", 1), ether("stranger", 1)], "NoRule"),
        (vec![ether("payee", 7 * TENTH)], "NoRule"),
        (vec![action(operator.safe, 0, &unguard)], "SlotsNotStaged"),
    ];
    let (code, shown, talk) = with_the_sdk(&operator, &denied.clone().map(|(actions, _)| actions));
    assert_eq!((code, shown.len()), (3, denied.len()), "{shown:?} {talk}");
    for (number, (shown, (_, name))) in shown.iter().zip(&denied).enumerate() {
        assert_eq!(shown["denied"]["name"], json!(name), "{talk}");
        let line = talk.lines().nth(number).unwrap();
        assert!(line.contains(&format!("denied: {name} (")), "the reason is what the user sees: {line}");
        let file = if number == 0 { "pay.json".to_owned() } else { format!("pay{number}.json") };
        assert_eq!(by_our_own_command(&operator, &file), json!(name));
    }
    assert_eq!((operator.executed(), operator.paid()), (executed, paid), "nothing of it was sent");
}

#[test]
fn with_safes_own_sdk_a_guarded_safe_1_3_0_pays_what_is_allowed_and_says_why_it_pays_nothing_else() {
    what_the_policy_allows_passes_and_what_it_denies_says_why(Version::V1_3_0);
}

#[test]
fn with_safes_own_sdk_a_guarded_safe_1_4_1_pays_what_is_allowed_and_says_why_it_pays_nothing_else() {
    what_the_policy_allows_passes_and_what_it_denies_says_why(Version::V1_4_1);
}

#[test]
fn with_safes_own_sdk_a_guarded_safe_1_5_0_pays_what_is_allowed_and_says_why_it_pays_nothing_else() {
    what_the_policy_allows_passes_and_what_it_denies_says_why(Version::V1_5_0);
}

#[test]
fn the_page_tells_this_very_line() {
    let page = fs::read_to_string(root().join("docs/signing.md")).unwrap();
    assert!(page.lines().any(|line| line == DOCUMENTED), "docs/signing.md does not say: {DOCUMENTED}");
}
