//! What `status` and `drift` tell is what is on the chain, in few round trips.

use crate::support;

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::IPolicyHook;
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, deploy};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader};
use support::operator::{DELAY, Operator};
use support::relay::{Fate, Relay};
use support::treasury::{ETHER, who};

const STATUS: [&str; 5] = ["status", "--policy", "policy.toml", "--rpc", "$NODE"];
const DRIFT: [&str; 5] = ["drift", "--policy", "policy.toml", "--rpc", "$NODE"];

/// Adds to the policy: a limit that pays charge, a rule that waits, and many that say nothing new.
fn enlarge(operator: &Operator, rules: usize) {
    let mut text = fs::read_to_string(operator.file("policy.toml")).unwrap();
    text = text.replace("change_delay = \"1h\"", "change_delay = \"1h\"\nannouncement_expiry = \"3d\"");
    text = text.replace(
        "[[rules]]\nid = \"pay\"",
        "[limits.hourly]\nasset = \"ETH\"\ncap = \"2\"\nwindow = { rolling = \"8h\" }\neverywhere = true\n\
         [limits.daily]\nasset = \"ETH\"\ncap = \"3\"\nwindow = { calendar = \"day\" }\neverywhere = true\n\
         [[rules]]\nid = \"pay\"",
    );
    let vendor = who("vendor");
    text.push_str(&format!(
        "[[rules]]\nid = \"later\"\nwhen = {{ effect = \"transfer\", asset = \"ETH\", recipient = \"{vendor}\" }}\n\
         then = {{ allow = true, delay = \"24h\" }}\n"
    ));
    for index in 0..rules {
        let target = Address::from_word(U256::from(0x1000 + index).into());
        text.push_str(&format!(
            "[[rules]]\nid = \"r{index}\"\nwhen = {{ target = \"{target}\", selector = \"ping(uint256)\" }}\n\
             then = {{ deny = true }}\n"
        ));
    }
    fs::write(operator.file("policy.toml"), text).unwrap();
}

#[test]
fn limits_announcements_and_freezes_are_told_as_they_are() {
    let mut operator = Operator::new(Version::V1_5_0);
    let (code, shown, talk) = operator.run(&STATUS);
    assert_eq!(code, 2, "nothing is installed: {talk}");
    assert!(shown["drift"][0].as_str().unwrap().contains("nothing is installed"), "{shown}");
    enlarge(&operator, 0);
    operator.change();
    let half = operator.call(who("payee"), ETHER / 2, Vec::new());
    operator.execute(&half);
    let later = IPolicyHook::Action {
        to: who("vendor"),
        value: U256::from(ETHER / 10),
        data: Default::default(),
        operation: 0,
    };
    let announce =
        IPolicyHook::announceCall { account: operator.safe, origin: Address::ZERO, actions: vec![later] }.abi_encode();
    let sent = operator.node.send(who("cem"), deploy::hook_at(), U256::ZERO, announce.into()).unwrap();
    assert!(sent.success, "{sent:?}");

    let (code, shown, talk) = operator.run(&STATUS);
    assert_eq!((code, &shown["drift"]), (0, &json!([])), "{talk}");
    let of = |id: &str| shown["limits"].as_array().unwrap().iter().find(|limit| limit["id"] == id).unwrap().clone();
    let left = |id: &str| of(id)["remaining"].as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(left("daily"), u128::from(ETHER) * 5 / 2);
    assert_eq!(left("hourly"), u128::from(ETHER) * 3 / 2);
    let now = operator.node.now().unwrap();
    let midnight = (now / 86_400 + 1) * 86_400;
    assert_eq!(of("daily")["frees_at"], json!(midnight));
    let frees = of("hourly")["frees_at"].as_u64().unwrap();
    assert!(frees > now + 8 * 3_600 && frees <= now + 9 * 3_600, "after eight hours, within one lane: {frees} {now}");
    let announced = &shown["announced"][0];
    assert_eq!(announced["expires_at"], json!(sent.timestamp + 3 * 86_400), "{shown}");
    assert!(announced["stands"].as_str().unwrap().starts_with("matures at"), "{shown}");

    // What it says is when it happens: at that time the whole limit is free.
    operator.ask("evm_setNextBlockTimestamp", json!([frees - 1]));
    operator.ask("evm_mine", json!([]));
    let left = |shown: &serde_json::Value| shown["limits"][1]["remaining"].as_str().unwrap().to_owned();
    let before = operator.run(&STATUS).1;
    operator.wait(1);
    let after = operator.run(&STATUS).1;
    assert_eq!(after["limits"][1]["id"], "hourly");
    assert!(left(&before).len() == 19 && left(&before) != left(&after), "{before} {after}");
    assert_eq!(left(&after), (u128::from(ETHER) * 2).to_string());
    operator.wait(24 * 3_600);
    let (_, shown, _) = operator.run(&STATUS);
    assert_eq!(shown["announced"][0]["stands"], "can be executed", "{shown}");

    let (_, text, _) = operator.read(&[&STATUS[..], &["--markdown"]].concat());
    assert!(text.contains("### Limits\n\n- daily: 0.00 of 3.00 ETH used"), "{text}");
}

#[test]
fn drift_is_told_until_the_file_is_active() {
    let operator = Operator::new(Version::V1_4_1);
    operator.change();
    assert_eq!(operator.run(&DRIFT).0, 0);
    operator.policy("0.9");
    let (code, text, _) = operator.read(&[&DRIFT[..], &["--markdown"]].concat());
    assert!(code == 2 && text.contains("### Drift") && text.contains("1 looser"), "{text}");
    operator.change();
    let (code, shown, _) = operator.run(&DRIFT);
    assert!(code == 2 && shown["drift"].to_string().contains("the file is staged"), "{shown}");
    // Back to what is active: what is staged is dropped.
    operator.policy("0.5");
    assert_eq!(operator.run(&DRIFT).0, 2);
    assert_eq!(operator.change()["step"]["doing"], "cancel");
    assert_eq!((operator.run(&DRIFT).0, operator.plan().0), (0, 0));
    operator.policy("0.9");
    operator.change();
    operator.wait(DELAY);
    operator.change();
    assert_eq!(operator.run(&DRIFT).0, 0);
}

#[test]
fn a_large_program_takes_three_round_trips() {
    let operator = Operator::new(Version::V1_4_1);
    enlarge(&operator, 320);
    operator.change();
    let relay = Relay::start(&operator.anvil.url, |_, _| Fate::Pass);
    let (code, shown, talk) = operator.run(&["status", "--policy", "policy.toml", "--rpc", &relay.url]);
    assert_eq!(code, 0, "{talk}");
    assert_eq!((relay.trips(), &shown["trips"]), (3, &json!(3)));
}

#[test]
fn watching_follows_new_blocks() {
    let operator = Operator::new(Version::V1_3_0);
    operator.change();
    let mut child = operator.spawn(&[&STATUS[..], &["--watch", "--every", "1", "--json"]].concat());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut block = || -> u64 {
        let shown: serde_json::Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        shown["block"]["number"].as_u64().unwrap()
    };
    let first = block();
    operator.ask("evm_mine", json!([]));
    assert_eq!(block(), first + 1);
    child.kill().unwrap();
    child.wait().unwrap();
}
