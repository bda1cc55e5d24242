//! `explain` and `simulate`: what the policy decides, in words, before anybody signs.

use crate::support;

use alloy_primitives::{Address, B256, U256};
use portcullis_chain::install::{self, Installation};
use portcullis_chain::safe::{self, Artifacts, Deployment, Version};
use portcullis_chain::{Ledger, Node, PrivateKeySigner, deploy, read};
use portcullis_eval::Action;
use portcullis_policy::{Policy, compile};
use serde_json::{Value, json};
use std::fs;
use support::{Anvil, root, run};

const TREASURY: &str = "examples/treasury/policy.toml";
const USDC: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
const EMPLOYEE: &str = "228cc9cdd34f2f72025c482a374a9fa75b2089d3";
const STRANGER: &str = "1111111111111111111111111111111111111111";
const MODULE: &str = "0xF37C7C5585Be70358a472a0dBc5a9765C357B8B0";
const OPERATIONS: &str = "0x3cBb94b41Be328FE8096b92F51f97c4Ee490FefA";

/// A transfer of whole USDC.
fn transfer(to: &str, units: u64) -> Value {
    let data = format!("0xa9059cbb{to:0>64}{:064x}", units * 1_000_000);
    json!({ "to": USDC, "value": "0", "data": data, "operation": 0 })
}

fn wei(to: &str, value: &str) -> Value {
    json!({ "to": to, "value": value, "data": "0x", "operation": 0 })
}

fn owners(actions: &[Value]) -> Value {
    json!({ "actions": actions })
}

const EXPLAIN: [&str; 3] = ["explain", TREASURY, "TX"];

#[test]
fn a_denial_is_explained_by_the_rule_and_the_values_that_decide() {
    let (code, shown, _) = run(&EXPLAIN, &owners(&[transfer(STRANGER, 5)]));
    assert_eq!((code, &shown["verdict"], &shown["rule"]), (3, &json!("deny"), &json!("-")));
    assert_eq!(shown["words"], "no rule matches this transfer");

    let blocked = "039761c89bce45ca570d9b0cc7adb8b38dbd9e98";
    let (code, shown, _) = run(&EXPLAIN, &owners(&[transfer(blocked, 5)]));
    assert_eq!(
        (code, &shown["rule"], &shown["words"]),
        (3, &json!("blocked"), &json!("rule blocked denies this transfer"))
    );

    let salaries: Vec<Value> = (0..5).map(|_| transfer(EMPLOYEE, 45_000)).collect();
    let (code, shown, _) = run(&EXPLAIN, &owners(&salaries));
    assert_eq!((code, &shown["reason"]), (3, &json!("LimitExceeded")));
    assert_eq!(shown["words"], "20,000.00 USDC left of usdc-day, 45,000.00 USDC asked");
}

#[test]
fn an_allowed_batch_is_explained_effect_by_effect() {
    let (code, shown, _) = run(&EXPLAIN, &owners(&[transfer(EMPLOYEE, 5), wei(&format!("0x{EMPLOYEE}"), "7")]));
    assert_eq!((code, &shown["verdict"]), (0, &json!("allow")));
    let rules: Vec<&Value> = shown["effects"].as_array().unwrap().iter().map(|effect| &effect["rule"]).collect();
    assert_eq!(rules, ["payroll", "ether"]);
    assert!(shown["effects"][0]["effect"].as_str().unwrap().starts_with("transfer 5.00 USDC to 0x228Cc9"));
}

#[test]
fn the_embedded_chain_and_the_mirror_agree_on_every_safe_version() {
    for version in ["1.3.0", "1.4.1", "1.5.0"] {
        let simulate = ["simulate", "--policy", TREASURY, "--tx", "TX", "--safe-version", version];
        let (code, shown, talk) = run(&simulate, &owners(&[wei(&format!("0x{EMPLOYEE}"), "7")]));
        assert_eq!((code, &shown["chain"], &shown["rust"]), (0, &json!("allow"), &json!("allow")), "{talk}");
        // The policy's own account, not one of the simulation's.
        assert_eq!(shown["safe"], "0xe8e0f9b9ad645f5b37e8596b8b78cfc956397bb8");
        assert_eq!((&shown["agree"], &shown["failure"]), (&json!(true), &Value::Null));

        let (code, shown, talk) = run(&simulate, &owners(&[transfer(EMPLOYEE, 5), transfer(STRANGER, 5)]));
        assert_eq!((code, &shown["chain"], &shown["rust"]), (3, &json!("deny"), &json!("deny")), "{talk}");
        assert_eq!(shown["words"], "no rule matches this transfer (effect 2 of the batch)");
    }
}

/// The treasury, whose module may pay salaries that a manager approves.
const APPROVED_MODULE: &str = r#"
[[rules]]
id   = "module-pays-salaries"
when = { origin = "0xF37C7C5585Be70358a472a0dBc5a9765C357B8B0", effect = "transfer", asset = "USDC", recipient = "@payroll" }
then = { allow = true, approvals = { group = "management", at_least = 1 } }
"#;

#[test]
fn a_module_request_is_told_what_it_is_called_and_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.toml");
    fs::write(&path, fs::read_to_string(root().join(TREASURY)).unwrap() + APPROVED_MODULE).unwrap();
    let path = path.to_str().unwrap();
    let mut transaction = owners(&[transfer(EMPLOYEE, 5)]);
    transaction["origin"] = json!(MODULE);
    let simulate = ["simulate", "--tx", "TX", "--policy", path, "--safe-version", "1.5.0"];
    for arguments in [&["explain", path, "TX"][..], &simulate] {
        let (code, shown, _) = run(arguments, &transaction);
        assert_eq!((code, &shown["reason"]), (3, &json!("TooFewApprovals")), "{shown}");
        assert_eq!(shown["rule"], "module-pays-salaries");
        assert_eq!(shown["asked"].as_array().map(Vec::len), Some(1), "{shown}");
        let opening = &shown["opening"];
        assert_eq!((&opening["request"], &opening["opened_at"]), (&Value::Null, &json!(0)), "it is not open");
        assert!(MODULE.eq_ignore_ascii_case(opening["module"].as_str().unwrap()));
        let action = Action { to: USDC.parse().unwrap(), data: call_data(&transaction), ..Action::default() };
        assert_eq!(opening["content"], json!(portcullis_eval::content(&[action])));
    }
}

fn call_data(transaction: &Value) -> alloy_primitives::Bytes {
    transaction["actions"][0]["data"].as_str().unwrap().parse().unwrap()
}

#[test]
fn a_module_is_simulated_where_its_guard_sees_it_and_refused_where_not() {
    let mut transaction = owners(&[wei(OPERATIONS, "100000000000000000")]);
    transaction["origin"] = json!(MODULE);
    let simulate = ["simulate", "--policy", TREASURY, "--tx", "TX", "--safe-version"];
    let (code, shown, talk) = run(&[&simulate[..], &["1.5.0"]].concat(), &transaction);
    assert_eq!((code, &shown["chain"], &shown["rule"]), (0, &json!("allow"), &json!("automation-gas")), "{talk}");
    transaction["actions"][0]["value"] = json!("100000000000000001");
    let (code, shown, _) = run(&[&simulate[..], &["1.5.0"]].concat(), &transaction);
    assert_eq!((code, &shown["chain"], &shown["rust"]), (3, &json!("deny"), &json!("deny")));
    let (code, _, talk) = run(&[&simulate[..], &["1.4.1"]].concat(), &transaction);
    assert_eq!(code, 1);
    assert_eq!(
        talk,
        "error: modules bypass the guard of Safe 1.4.1; simulate a module's request with --safe-version 1.5.0\n"
    );
}

struct OnNode {
    anvil: Anvil,
    node: Node,
    key: PrivateKeySigner,
    contracts: Deployment,
    safe: Address,
}

impl OnNode {
    fn new() -> Self {
        let anvil = Anvil::start();
        let key = PrivateKeySigner::from_bytes(&B256::repeat_byte(7)).unwrap();
        let mut node = Node::connect(&anvil.url, vec![key.clone()]).unwrap();
        node.put_singleton_factory().unwrap();
        node.fund(key.address(), U256::from(10).pow(U256::from(20))).unwrap();
        let artifacts = Artifacts::load(&root().join("node_modules"), Version::V1_5_0).unwrap();
        let contracts = artifacts.deploy(&mut node, key.address()).unwrap();
        let owner = key.address();
        let safe = contracts.create_safe(&mut node, owner, contracts.singleton, &[owner], 1, U256::ZERO).unwrap();
        Self { anvil, node, key, contracts, safe }
    }

    fn install(&mut self) {
        let policy = Policy::parse(&fs::read_to_string(root().join(TREASURY)).unwrap(), TREASURY).unwrap();
        let owner = self.key.address();
        let hook = deploy::deploy_hook(&mut self.node, owner).unwrap();
        let program = deploy::deploy_program(&mut self.node, owner, &compile(&policy).unwrap().program).unwrap();
        let what = Installation { hook, program, change_delay: 60, bypassing: Vec::new(), handler: None };
        let info = read::safe(&self.node, self.safe).unwrap();
        let batch = install::transaction(&info, self.contracts.multi_send_call_only, &what).unwrap();
        let hash = safe::hash(&batch, self.safe, self.node.chain_id());
        let exec = safe::exec(&batch, safe::sign(hash, std::slice::from_ref(&self.key)).unwrap());
        self.node.send(owner, self.safe, U256::ZERO, exec).unwrap().expect_success("installing").unwrap();
    }

    fn simulate(&self, safe: Address, more: &[&str], transaction: &Value) -> (i32, Value, String) {
        let safe = safe.to_string();
        let arguments = ["simulate", "--rpc", &self.anvil.url, "--safe", &safe, "--tx", "TX"];
        run(&[&arguments[..], more].concat(), transaction)
    }
}

#[test]
fn a_safe_on_a_node_is_simulated_only_with_its_guard_on() {
    let mut chain = OnNode::new();
    let pay = owners(&[transfer(EMPLOYEE, 5)]);
    let nowhere = Address::repeat_byte(0x11);
    let (code, _, talk) = chain.simulate(nowhere, &[], &pay);
    assert_eq!((code, talk.lines().count()), (1, 1));
    assert!(talk.starts_with(&format!("error: there is no contract at `{nowhere}` on chain 31337")), "{talk}");
    let (code, _, talk) = chain.simulate(chain.safe, &[], &pay);
    assert_eq!(code, 1);
    assert_eq!(
        talk,
        format!(
            "error: Portcullis is not in the guard slot of the Safe `{}`, so its policy decides nothing there\n",
            chain.safe
        )
    );

    chain.install();
    let (code, shown, talk) = chain.simulate(chain.safe, &["--policy", TREASURY], &pay);
    assert_eq!((code, &shown["chain"], &shown["rust"]), (0, &json!("allow"), &json!("allow")), "{talk}");
    assert_eq!((&shown["rule"], &shown["agree"]), (&json!("payroll"), &json!(true)));
    let (code, shown, _) = chain.simulate(chain.safe, &[], &owners(&[transfer(STRANGER, 5)]));
    assert_eq!((code, &shown["chain"], &shown["rust"]), (3, &json!("deny"), &json!("deny")));
    let (code, _, talk) = chain.simulate(chain.safe, &["--policy", "examples/minimal/policy.toml"], &pay);
    assert_eq!(code, 1);
    assert!(talk.starts_with("error: `examples/minimal/policy.toml` is not the policy on the chain"), "{talk}");
}
