//! A Safe that exists comes under a policy, gets another one, and is free again; what must not be sent is not.

use crate::support;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::deployer;
use portcullis_bindings::safe::Safe;
use portcullis_chain::safe::Version;
use portcullis_chain::{create2, deploy};
use serde_json::{Value, json};
use std::fs;
use support::operator::{DELAY, Operator};
use support::root;
use support::treasury::who;

/// From unguarded to unguarded again, through a policy and another one.
fn a_used_safe_goes_all_the_way(version: Version) {
    let mut operator = Operator::new(version);
    let guarded = version.has_module_guard();
    if !guarded {
        let (code, _, talk) = operator.run(&["plan", "--policy", "policy.toml", "--rpc", "$NODE"]);
        assert_eq!(code, 1);
        assert!(talk.contains(&who("module").to_string()) && talk.contains("--acknowledge-module"), "{talk}");
    }
    let used = operator.executed();
    let plan = operator.change();
    assert_eq!(plan["step"]["doing"], "install", "{plan}");
    assert_eq!(plan["way_out"].as_array().unwrap().len(), 2, "the removal was rehearsed: {plan}");
    assert_eq!(operator.info().guard, deploy::hook_at());
    assert_eq!(operator.executed(), used + 1);
    let (code, shown, talk) = operator.plan();
    assert_eq!((code, &shown["changes"]), (0, &json!(false)), "nothing to do after it: {shown} {talk}");

    // The policy decides now.
    let ether = U256::from(10).pow(U256::from(17));
    let pay = |operator: &Operator, to: &str, tenths: u64| {
        let call = operator.call(who(to), 0, Vec::new());
        portcullis_chain::safe::SafeTx { value: ether * U256::from(tenths), ..call }
    };
    assert!(!operator.try_execute(&pay(&operator, "stranger", 1)));
    assert!(!operator.try_execute(&pay(&operator, "payee", 7)));
    operator.execute(&pay(&operator, "payee", 5));

    // Another policy, which takes its time.
    operator.policy("0.8");
    let plan = operator.change();
    assert_eq!(plan["step"]["doing"], "stage");
    let loosened = plan["differences"]["looser"].as_array().unwrap();
    assert!(!loosened.is_empty() && plan["differences"]["stricter"] == json!([]), "{plan}");
    assert_eq!(loosened[0]["new_rule"], "pay", "{plan}");
    let (code, shown, _) = operator.plan();
    assert_eq!((code, &shown["changes"]), (0, &json!(false)), "it waits: {shown}");
    operator.wait(DELAY);
    let plan = operator.change();
    assert_eq!(plan["step"]["doing"], "activate");
    assert_eq!(operator.plan().0, 0);

    // What was staged and not activated in time cannot be, not even by a plan that was made in time.
    operator.policy("0.3");
    operator.change();
    operator.wait(DELAY);
    assert_eq!(operator.plan().1["step"]["doing"], "activate");
    operator.wait(14 * 86_400);
    let (code, _, talk) = operator.apply();
    assert!(code == 1 && talk.contains("has passed"), "{talk}");
    operator.policy("0.8");
    assert_eq!(operator.plan().0, 0);

    // And out.
    let removing = ["remove", "--safe", &operator.safe.to_string(), "--rpc", "$NODE", "-o", "plan.json"];
    for doing in ["stage_removal", "remove"] {
        let (code, plan, talk) = operator.run(&removing);
        assert_eq!((code, &plan["step"]["doing"]), (2, &json!(doing)), "{plan} {talk}");
        let (code, done, talk) = operator.apply();
        assert_eq!(code, 0, "{done} {talk}");
        if doing == "stage_removal" {
            assert_eq!(operator.run(&removing).0, 0, "it waits");
            operator.wait(DELAY);
        }
    }
    assert_eq!(operator.run(&removing).0, 0);
    let info = operator.info();
    assert_eq!((info.guard, info.module_guard), (Address::ZERO, Address::ZERO));
}

#[test]
fn a_used_safe_1_3_0_comes_under_a_policy_changes_it_and_leaves() {
    a_used_safe_goes_all_the_way(Version::V1_3_0);
}

#[test]
fn a_used_safe_1_4_1_comes_under_a_policy_changes_it_and_leaves() {
    a_used_safe_goes_all_the_way(Version::V1_4_1);
}

#[test]
fn a_used_safe_1_5_0_comes_under_a_policy_changes_it_and_leaves() {
    a_used_safe_goes_all_the_way(Version::V1_5_0);
}

/// A guard of Safe's own examples.
fn another_guard(operator: &mut Operator) -> Address {
    let path = "node_modules/@safe-global/safe-contracts/build/artifacts/contracts/examples/guards/\
                ReentrancyTransactionGuard.sol/ReentrancyTransactionGuard.json";
    let artifact: Value = serde_json::from_str(&fs::read_to_string(root().join(path)).unwrap()).unwrap();
    let code: Bytes = artifact["bytecode"].as_str().unwrap().parse().unwrap();
    create2(&mut operator.node, who("payer"), deployer::ARACHNID, B256::ZERO, &code).unwrap()
}

#[test]
fn another_guard_is_refused_until_it_is_removed() {
    let mut operator = Operator::new(Version::V1_4_1);
    let guard = another_guard(&mut operator);
    operator.execute(&operator.call(operator.safe, 0, Safe::setGuardCall { guard }.abi_encode()));
    let (code, _, talk) = operator.plan();
    assert!(code == 1 && talk.contains(&guard.to_string()) && talk.contains("remove it"), "{talk}");
    let none = Safe::setGuardCall { guard: Address::ZERO }.abi_encode();
    operator.execute(&operator.call(operator.safe, 0, none));
    operator.change();
}

#[test]
fn the_signature_handler_comes_with_installing_and_goes_with_removing() {
    let operator = Operator::new(Version::V1_5_0);
    let before = operator.info().handler;
    let planning = [&operator.planning()[..], &["--handler"]].concat();
    let (code, _, talk) = operator.run(&planning);
    assert!(code == 1 && talk.contains("deploy --handler"), "{talk}");
    let deploying = ["deploy", "--handler", "--rpc", "$NODE", "--key-env", "PAYER", "--yes"];
    assert_eq!(operator.run(&deploying).0, 0);
    assert_eq!((operator.run(&planning).0, operator.apply().0), (2, 0));
    assert_eq!(operator.info().handler, deploy::handler_at());
    let (safe, before) = (operator.safe.to_string(), before.to_string());
    for doing in ["stage_removal", "remove"] {
        let removing = ["remove", "--safe", &safe, "--rpc", "$NODE", "--handler", &before, "-o", "plan.json"];
        let (code, plan, talk) = operator.run(&removing);
        assert_eq!((code, &plan["step"]["doing"]), (2, &json!(doing)), "{talk}");
        assert_eq!(operator.apply().0, 0);
        operator.wait(DELAY);
    }
    let info = operator.info();
    assert_eq!((info.guard, info.handler.to_string()), (Address::ZERO, before));
}

#[test]
fn half_an_installation_is_refused() {
    let mut operator = Operator::new(Version::V1_5_0);
    let half = Safe::setModuleGuardCall { moduleGuard: deploy::hook_at() }.abi_encode();
    operator.execute(&operator.call(operator.safe, 0, half));
    let (code, _, talk) = operator.plan();
    assert!(code == 1 && talk.contains("half installed"), "{talk}");
}

#[test]
fn deploying_says_where_first_and_twice_is_once() {
    let operator = Operator::bare(Version::V1_4_1);
    let (code, _, talk) = operator.plan();
    assert!(code == 1 && talk.contains("portcullis deploy"), "{talk}");
    let deploying = ["deploy", "--rpc", "$NODE", "--policy", "policy.toml", "--handler", "--key-env", "PAYER"];
    let (code, _, text) = operator.read(&[&deploying[..], &["--dry-run"]].concat());
    assert!(code == 2 && text.contains(&deploy::hook_at().to_string()), "{text}");
    let (code, _, talk) = operator.run(&deploying);
    assert!(code == 1 && talk.contains("--yes"), "nobody can be asked: {talk}");
    assert_eq!(operator.executed(), 0);
    let paid = operator.paid();
    let yes = [&deploying[..], &["--yes"]].concat();
    let (code, shown, talk) = operator.run(&yes);
    let sent = shown["sent"].as_array().unwrap().len() as u64;
    assert_eq!((code, operator.paid()), (0, paid + sent), "{talk}");
    assert_eq!(sent, 15, "twelve libraries, the hook, the handler, the program");
    let (code, shown, talk) = operator.run(&yes);
    assert_eq!((code, &shown["sent"], operator.paid()), (0, &json!([]), paid + sent), "{talk}");
}

/// Code that answers every call with the text `1.2.0`.
const ANSWERS_1_2_0: &str = "0x60205f52600560205264312e322e3060d81b60405260605ff3";

/// Refused in one line that says `why`, with nothing sent.
fn refused(operator: &Operator, ended: (i32, Value, String), why: &str) {
    let (code, shown, talk) = ended;
    assert_eq!((code, &shown), (1, &Value::Null), "{why}: {talk}");
    let errors: Vec<&str> = talk.lines().filter(|line| line.starts_with("error")).collect();
    assert!(errors.len() == 1 && errors[0].contains(why), "{why}: {talk}");
    assert_eq!(operator.executed(), 2, "nothing was executed");
}

#[test]
fn bad_input_is_one_line_and_nothing_is_sent() {
    let operator = Operator::new(Version::V1_4_1);
    let plan = |more: &[&str]| operator.run(&[&operator.planning(), more].concat());
    let paid = operator.paid();
    let other = who("stranger").to_string();
    refused(&operator, plan(&["--safe", &other]), "is the policy of");
    refused(&operator, plan(&["--safe", "eth:0x1"]), "is not an address");
    let policy = fs::read_to_string(operator.file("policy.toml")).unwrap();
    let with = |old: &str, new: &str| fs::write(operator.file("policy.toml"), policy.replace(old, new)).unwrap();
    with("eth:", "base:");
    refused(&operator, plan(&[]), "the node is on chain 1");
    with(&operator.safe.to_string(), &other);
    refused(&operator, plan(&[]), "there is no contract at");
    operator.ask("anvil_setCode", json!([who("vendor"), ANSWERS_1_2_0]));
    with(&operator.safe.to_string(), &who("vendor").to_string());
    refused(&operator, plan(&[]), "has version `1.2.0`");
    with(&operator.safe.to_string(), &deploy::hook_at().to_string());
    refused(&operator, plan(&[]), "is not a Safe");
    fs::write(operator.file("policy.toml"), &policy).unwrap();
    refused(
        &operator,
        operator.run(&["plan", "--policy", "policy.toml", "--rpc", "http://127.0.0.1:9"]),
        "no node answers",
    );
    refused(&operator, operator.run(&["plan", "--policy", "policy.toml", "--rpc", "$NOWHERE"]), "`NOWHERE` is not set");

    assert_eq!(plan(&[]).0, 2);
    let apply = |arguments: &[&str]| operator.run(&[&["apply", "plan.json", "--rpc", "$NODE"], arguments].concat());
    refused(&operator, apply(&["--key-env", "PAYER", "--key-env", "ANN", "--key-env", "BOB"]), "--yes");
    refused(&operator, apply(&["--yes", "--key-env", "ANN", "--key-env", "BOB"]), "nothing to pay with");
    refused(&operator, apply(&["--yes"]), "key");
    refused(&operator, apply(&["--yes", "--key-env", "ANN"]), "asks for 2 signatures");
    let stranger = ["--yes", "--key-env", "ANN", "--key-env", "BOB", "--key-env", "STRANGER"];
    refused(&operator, apply(&stranger), "is not an owner");
    let whole = fs::read_to_string(operator.file("plan.json")).unwrap();
    let nonce = format!("\"nonce\": \"{:#x}\"", operator.info().nonce);
    for (edited, why) in [
        (whole.replacen(&nonce, "\"nonce\": \"0x9\"", 1), "edited"),
        (whole.replace("\"operation\": 1", "\"operation\": 0"), "edited"),
        (whole.chars().take(whole.len() / 2).collect(), "cannot be applied"),
        (String::new(), "cannot be applied"),
    ] {
        assert_ne!(edited, whole);
        fs::write(operator.file("plan.json"), edited).unwrap();
        refused(&operator, operator.apply(), why);
    }
    assert_eq!(operator.paid(), paid, "nothing was sent");
    fs::write(operator.file("plan.json"), whole).unwrap();
    assert_eq!(operator.apply().0, 0);
}

#[test]
fn a_plan_is_signed_by_owners_elsewhere_or_taken_to_the_transaction_builder() {
    let operator = Operator::new(Version::V1_4_1);
    assert_eq!(operator.plan().0, 2);
    let deploying = ["deploy", "--policy", "policy.toml", "--rpc", "$NODE", "--key-env", "PAYER", "--yes"];
    assert_eq!(operator.run(&deploying).0, 0);
    let signing = ["apply", "plan.json", "--rpc", "$NODE", "--signatures", "signed.json", "--key-env"];
    for (name, have) in [("ANN", 1), ("BOB", 2)] {
        let (code, shown, talk) = operator.run(&[&signing[..], &[name]].concat());
        assert_eq!((code, &shown["ended"]["have"]), (0, &json!(have)), "{shown} {talk}");
    }
    let (code, shown, talk) = operator.run(&["apply", "plan.json", "--rpc", "$NODE", "--batch", "batch.json"]);
    assert_eq!((code, &shown["ended"]["how"]), (0, &json!("batch")), "{talk}");
    let batch: Value = serde_json::from_str(&fs::read_to_string(operator.file("batch.json")).unwrap()).unwrap();
    let to = |tx: &Value| tx["to"].as_str().unwrap().parse::<Address>().unwrap();
    let to: Vec<Address> = batch["transactions"].as_array().unwrap().iter().map(to).collect();
    assert_eq!(to, [operator.safe, deploy::hook_at()]);

    assert_eq!(operator.executed(), 2, "nothing was sent");
    let executing = ["execute", "signed.json", "--rpc", "$NODE", "--key-env", "PAYER", "--yes"];
    let (code, shown, talk) = operator.run(&executing);
    assert_eq!(code, 0, "{shown} {talk}");
    assert_eq!((operator.executed(), operator.plan().0), (3, 0));
    let (code, again, talk) = operator.apply();
    assert_eq!((code, &again["ended"]["transaction"]), (0, &shown["ended"]["transaction"]), "{talk}");
    assert_eq!(operator.executed(), 3, "it was done already");
}
