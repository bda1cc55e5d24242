//! Whatever goes wrong between a plan and its end, nothing is sent twice, and what stood still goes on.

use crate::support;

use portcullis_chain::Ledger;
use portcullis_chain::safe::Version;
use serde_json::{Value, json};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use support::operator::{Ended, Operator};
use support::relay::{Fate, Relay};
use support::treasury::who;

/// What becomes of each answer.
type Lie = Box<dyn Fn(&str, &Value) -> Fate + Send + Sync>;

/// A plan for a fresh Safe, its program on the chain already, so that the one transaction left is the Safe's.
fn planned(version: Version) -> Operator {
    let operator = Operator::new(version);
    let yes = ["deploy", "--rpc", "$NODE", "--policy", "policy.toml", "--key-env", "PAYER", "--yes"];
    assert_eq!(operator.run(&yes).0, 0);
    let (code, plan, talk) = operator.plan();
    assert_eq!(code, 2, "{plan} {talk}");
    operator
}

/// Applied at last, and executed once: of the Safe's transactions, and of the payer's.
fn ends_once(operator: &Operator, before: (u64, u64), paid: u64) {
    let (code, done, talk) = operator.apply();
    assert_eq!(code, 0, "{done} {talk}");
    assert_eq!((operator.executed(), operator.paid()), (before.0 + 1, before.1 + paid), "{talk}");
    let (code, again, talk) = operator.apply();
    assert_eq!(code, 0, "once more changes nothing: {again} {talk}");
    assert_eq!((operator.executed(), operator.paid()), (before.0 + 1, before.1 + paid), "{talk}");
    assert_eq!(operator.plan().0, 0, "and nothing is left to do");
}

fn counts(operator: &Operator) -> (u64, u64) {
    (operator.executed(), operator.paid())
}

fn fails(ended: &Ended, why: &str) {
    let (code, shown, talk) = ended;
    assert_eq!(*code, 1, "{shown} {talk}");
    assert!(talk.contains(why), "{why}: {talk}");
}

const SOON: [&str; 4] = ["--patience", "2", "--timeout", "2"];

#[test]
fn a_machine_whose_clock_is_not_the_chains_sends_nothing() {
    let operator = Operator::new(Version::V1_3_0);
    let applying = Operator::applying("$NODE", &[]);
    assert_eq!(operator.plan().0, 2);
    let counted = counts(&operator);
    operator.wait(1_000);
    fails(&operator.run_on_time(&applying), "after this machine's clock, so nothing is sent: set the clock");
    assert_eq!(counts(&operator), counted, "nothing was sent");
    let (code, _, talk) = operator.run_on_time(&[&applying[..], &["--clock", "1200"]].concat());
    assert_eq!(code, 0, "{talk}");
}

#[test]
fn a_nonce_that_moved_stops_the_plan() {
    let mut operator = planned(Version::V1_3_0);
    operator.execute(&operator.call(who("payee"), 1, Vec::new()));
    let before = counts(&operator);
    fails(&operator.apply(), "the nonce");
    assert_eq!(counts(&operator), before);
}

#[test]
fn a_reorganisation_before_it_stops_the_plan_and_one_after_it_is_told() {
    let operator = planned(Version::V1_5_0);
    let snapshot = operator.ask("evm_snapshot", json!([]));
    operator.wait(10);
    assert_eq!(operator.plan().0, 2);
    assert_eq!(operator.ask("evm_revert", json!([snapshot])), json!(true));
    operator.wait(20);
    let before = counts(&operator);
    fails(&operator.apply(), "no longer part of the chain");
    assert_eq!(counts(&operator), before);

    assert_eq!(operator.plan().0, 2);
    let snapshot = operator.ask("evm_snapshot", json!([]));
    assert_eq!(operator.apply().0, 0);
    assert_eq!(operator.executed(), before.0 + 1);
    assert_eq!(operator.ask("evm_revert", json!([snapshot])), json!(true));
    assert_eq!(counts(&operator), before, "the chain forgot it");
    let (code, _, talk) = operator.read(&Operator::applying("$NODE", &[]));
    assert!(code == 0 && talk.contains("a reorganisation undid"), "{talk}");
    assert_eq!(counts(&operator), (before.0 + 1, before.1 + 1));
}

#[test]
fn a_node_that_fails_or_lies_delays_and_repeats_nothing() {
    let operator = planned(Version::V1_4_1);
    let before = counts(&operator);
    let node = operator.anvil.url.clone();
    let through = |fate: Lie, why: &str| {
        let relay = Relay::start(&node, fate);
        fails(&operator.run(&Operator::applying(&relay.url, &SOON)), why);
    };
    // Before anything is sent.
    let on = |method: &'static str, fate: Fate| {
        let fate = move |asked: &str, _: &Value| if asked == method { fate.clone() } else { Fate::Pass };
        Box::new(fate) as Lie
    };
    through(on("eth_chainId", Fate::Result(json!("0x5"))), "the node is on chain 5");
    through(on("eth_getStorageAt", Fate::Error("out of order")), "out of order");
    through(on("eth_estimateGas", Fate::Body(502, "bad gateway")), "502");
    through(on("eth_getStorageAt", Fate::Hang), "no node answers");
    assert_eq!(counts(&operator), before);
    assert!(!journal(&operator).contains("signed"), "nothing was signed");
    // While it is sent: the node takes it, then nobody answers any more.
    let gone = AtomicBool::new(false);
    through(
        Box::new(move |asked, _| {
            let sent = gone.fetch_or(asked == "eth_sendRawTransaction", Ordering::SeqCst);
            if sent || asked == "eth_sendRawTransaction" { Fate::Body(502, "bad gateway") } else { Fate::Pass }
        }),
        "cannot execute twice",
    );
    assert_eq!(counts(&operator), (before.0 + 1, before.1 + 1), "the node had it all the same");
    ends_once(&operator, before, 1);
}

#[test]
fn an_answer_that_is_lost_is_looked_up() {
    let operator = planned(Version::V1_5_0);
    let before = counts(&operator);
    let lost = |asked: &str, _: &Value| match asked {
        "eth_sendRawTransaction" => Fate::Body(502, "bad gateway"),
        _ => Fate::Pass,
    };
    let relay = Relay::start(&operator.anvil.url, lost);
    let (code, done, talk) = operator.run(&Operator::applying(&relay.url, &SOON));
    assert_eq!(code, 0, "{done} {talk}");
    ends_once(&operator, before, 1);
}

#[test]
fn a_dropped_transaction_is_sent_again_as_it_was() {
    let operator = planned(Version::V1_4_1);
    let before = counts(&operator);
    operator.ask("evm_setAutomine", json!([false]));
    fails(&operator.run(&Operator::applying("$NODE", &SOON)), "is in no block");
    let hash = last_hash(&operator);
    operator.ask("anvil_dropTransaction", json!([hash]));
    assert_eq!(operator.ask("eth_getTransactionByHash", json!([hash])), Value::Null, "the node forgot it");
    operator.ask("evm_setAutomine", json!([true]));
    ends_once(&operator, before, 1);
    assert_eq!(journal(&operator).matches("\"is\":\"signed\"").count(), 1, "the same bytes");
}

#[test]
fn a_replaced_transaction_is_told_and_then_sent_anew() {
    let operator = planned(Version::V1_3_0);
    let before = counts(&operator);
    operator.ask("evm_setAutomine", json!([false]));
    fails(&operator.run(&Operator::applying("$NODE", &SOON)), "is in no block");
    let hash = last_hash(&operator);
    operator.ask("anvil_dropTransaction", json!([hash]));
    operator.ask("evm_setAutomine", json!([true]));
    operator.ask("anvil_impersonateAccount", json!([who("payer")]));
    operator.ask("eth_sendTransaction", json!([{ "from": who("payer"), "to": who("payee"), "value": "0x1" }]));
    fails(&operator.apply(), "was replaced");
    assert_eq!(operator.executed(), before.0);
    ends_once(&operator, before, 2);
}

#[test]
fn a_transaction_that_reverts_is_told_and_the_plan_is_over() {
    let mut operator = planned(Version::V1_4_1);
    let before = counts(&operator);
    operator.ask("evm_setAutomine", json!([false]));
    fails(&operator.run(&Operator::applying("$NODE", &SOON)), "is in no block");
    let raw = written(&operator, "raw");
    operator.ask("anvil_dropTransaction", json!([last_hash(&operator)]));
    operator.ask("evm_setAutomine", json!([true]));
    // Another transaction of the Safe takes its nonce, paid by somebody else, and then the plan's own comes.
    let data = operator.signed(&operator.call(who("payee"), 1, Vec::new()));
    let safe = operator.safe;
    assert!(operator.node.send(who("cem"), safe, Default::default(), data).unwrap().success);
    operator.ask("eth_sendRawTransaction", json!([raw]));
    fails(&operator.apply(), "GS026");
    fails(&operator.apply(), "the nonce");
    assert_eq!(counts(&operator), (before.0 + 1, before.1 + 1));
}

#[test]
fn killed_in_the_middle_it_goes_on_where_it_stood() {
    let operator = planned(Version::V1_5_0);
    let before = counts(&operator);
    operator.ask("evm_setAutomine", json!([false]));
    let mut child = operator.spawn(&Operator::applying("$NODE", &[]));
    until(|| journal(&operator).contains("\"is\":\"signed\""));
    child.kill().unwrap();
    child.wait().unwrap();
    operator.ask("evm_setAutomine", json!([true]));
    ends_once(&operator, before, 1);
}

#[test]
fn of_two_operators_at_once_one_sends_and_the_other_says_so() {
    let operator = planned(Version::V1_4_1);
    let before = counts(&operator);
    operator.ask("evm_setAutomine", json!([false]));
    let first = operator.spawn(&Operator::applying("$NODE", &[]));
    until(|| journal(&operator).contains("\"is\":\"signed\""));
    fails(&operator.apply(), "is held by another portcullis");
    operator.ask("evm_mine", json!([]));
    operator.ask("evm_setAutomine", json!([true]));
    let ended = first.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    // On another machine nothing is known of this journal, but the chain tells.
    let (code, done, talk) = operator.run(&Operator::applying("$NODE", &["--journal", "elsewhere"]));
    assert!(code == 0 && done["message"].as_str().unwrap().contains("was carried out before"), "{done} {talk}");
    ends_once(&operator, before, 1);
}

#[test]
fn it_waits_until_it_is_as_deep_as_asked() {
    let operator = planned(Version::V1_4_1);
    let child = operator.spawn(&Operator::applying("$NODE", &["--confirmations", "3"]));
    until(|| operator.info().guard == portcullis_chain::deploy::hook_at());
    std::thread::sleep(Duration::from_millis(300));
    assert!(!journal(&operator).contains("\"is\":\"mined\""), "one block is not enough");
    operator.ask("anvil_mine", json!(["0x2"]));
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
}

fn journal(operator: &Operator) -> String {
    fs::read_to_string(operator.file(&format!(".portcullis/1-{}.jsonl", operator.safe))).unwrap_or_default()
}

/// A field of the last line.
fn written(operator: &Operator, field: &str) -> Value {
    let line: Value = serde_json::from_str(journal(operator).lines().last().unwrap()).unwrap();
    line[field].clone()
}

/// The hash of the transaction that was written down last.
fn last_hash(operator: &Operator) -> Value {
    written(operator, "hash")
}

fn until(happened: impl Fn() -> bool) {
    let started = Instant::now();
    while !happened() {
        assert!(started.elapsed() < Duration::from_secs(30), "it does not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}
