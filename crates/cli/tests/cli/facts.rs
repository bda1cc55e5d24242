//! What `explain` and `simulate` tell of facts, and of what is near a denied transaction.

use crate::support;

use serde_json::{Value, json};
use std::fs;
use support::run;
use tempfile::TempDir;

const FRIEND: &str = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3";
const NOW: u64 = 1_767_225_600;

const POLICY: &str = r#"
version = 1
name = "facts"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "first-match"
[control]
change_delay = "24h"
announcement_expiry = "3d"
[assets]
ETH = { standard = "native", decimals = 18 }
[groups]
management = ["0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3", "0x8D94058064837Cea97Bf0886Ab5CcB619c3AAA63"]
[attesters.risk]
members = "@management"
at_least = 2
[facts.score]
type = "number"
subject = "recipient"
attesters = "risk"
timeout = "3s"
ttl = "10m"
max_age = "1h"
on_unknown = "UNKNOWN"
"#;

/// The policy with this rule, and what follows an unknown score.
fn policy(on_unknown: &str, rules: &str) -> String {
    POLICY.replace("UNKNOWN", on_unknown) + rules
}

const SCREENED: &str = r#"
[[rules]]
id = "screened"
when = { effect = "transfer", asset = "ETH", facts = { score = { at_most = "50" } } }
then = { allow = true }
"#;

fn explain(policy: &str, facts: Option<&Value>, wei: &str) -> (i32, Value, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("policy.toml");
    fs::write(&file, policy).unwrap();
    let known = folder.path().join("facts.json");
    fs::write(&known, facts.unwrap_or(&json!([])).to_string()).unwrap();
    let at = NOW.to_string();
    let mut arguments = vec!["explain", file.to_str().unwrap(), "TX", "--at", &at];
    if facts.is_some() {
        arguments.extend(["--facts", known.to_str().unwrap()]);
    }
    run(&arguments, &json!({ "actions": [{ "to": FRIEND, "value": wei, "data": "0x", "operation": 0 }] }))
}

fn score(value: &str, observed_at: u64) -> Value {
    json!([{ "fact": "score", "subject": FRIEND, "value": value, "observed_at": observed_at }])
}

#[test]
fn what_is_unknown_is_never_explained_as_allowed() {
    let unknown = json!([{ "fact": "score", "subject": FRIEND, "unknown": "timeout" }]);
    for facts in [json!([]), unknown.clone(), score("10", NOW - 3_601), score("10.5", NOW), score("51", NOW)] {
        let (code, told, talk) = explain(&policy("closed", SCREENED), Some(&facts), "1");
        assert_eq!((code, &told["verdict"]), (3, &json!("deny")), "{facts} {told} {talk}");
    }
    let (code, told, _) = explain(&policy("hold", SCREENED), Some(&unknown), "1");
    assert_eq!((code, &told["verdict"]), (4, &json!("hold")), "{told}");
    let words = told["words"].as_str().unwrap();
    assert_eq!(words, format!("score of {FRIEND} is unknown (timeout): people decide"));
    let (code, ..) = explain(&policy("closed", SCREENED), None, "1");
    assert_eq!(code, 3, "without attestations nothing is stated");
}

#[test]
fn what_is_known_is_told_with_the_time_until_which_it_may_be_attested() {
    let (code, told, talk) = explain(&policy("closed", SCREENED), Some(&score("50", NOW - 60)), "1");
    assert_eq!((code, &told["verdict"]), (0, &json!("allow")), "{told} {talk}");
    assert_eq!(told["facts"]["deadline"], json!(NOW - 60 + 600));
    assert_eq!(told["facts"]["asked"][0]["facts"][0]["truth"], json!(true));
    let conditions = json!([
        { "name": "effect", "seen": "chain" },
        { "name": "asset", "seen": "chain" },
        { "name": "facts.score", "seen": "attested" },
    ]);
    assert_eq!(told["effects"][0]["conditions"], conditions);
}

#[test]
fn a_value_that_was_assumed_is_marked_with_its_owner() {
    let open = policy("open\"\nowner = \"desk\"\nassume = \"0", SCREENED);
    let (code, told, talk) = explain(&open, Some(&json!([])), "1");
    assert_eq!((code, &told["verdict"]), (0, &json!("allow")), "{told} {talk}");
    let fact = &told["facts"]["asked"][0]["facts"][0];
    assert_eq!((&fact["assumed_by"], &fact["cause"]), (&json!("desk"), &json!("missing")));
}

#[test]
fn a_simulation_tells_what_is_foreseen_beside_what_the_chain_says() {
    let folder = TempDir::new().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("policy.toml"), policy("hold", SCREENED)).unwrap();
    let transaction = json!({ "actions": [{ "to": FRIEND, "value": "1", "data": "0x", "operation": 0 }] });
    let simulate = |facts: &Value| {
        fs::write(at("facts.json"), facts.to_string()).unwrap();
        let modules = support::root().join("node_modules");
        let (policy, facts) = (at("policy.toml"), at("facts.json"));
        run(
            &[
                "simulate",
                "--tx",
                "TX",
                "--policy",
                &policy,
                "--facts",
                &facts,
                "--artifacts",
                modules.to_str().unwrap(),
            ],
            &transaction,
        )
    };
    let unknown = json!([{ "fact": "score", "subject": FRIEND, "unknown": "timeout" }]);
    let (code, told, talk) = simulate(&unknown);
    // Nobody has attested anything, so the chain denies; what is unknown does not change that.
    assert_eq!((code, &told["chain"]), (3, &json!("deny")), "{told} {talk}");
    assert_eq!(told["foreseen"]["verdict"], json!("hold"), "{told}");
    assert_eq!(told["foreseen"]["words"], json!(format!("score of {FRIEND} is unknown (timeout): people decide")));
    let (code, told, _) = simulate(&json!([]));
    assert_eq!((code, &told["foreseen"]["verdict"]), (3, &json!("hold")), "{told}");
}

#[test]
fn what_is_near_is_told_in_the_policys_words() {
    let near = |rule: &str, wei: &str| {
        let rules = format!("[[rules]]\nid = \"r\"\n{rule}\n");
        let (code, told, talk) = explain(&policy("closed", &rules), None, wei);
        assert_eq!(code, 3, "{told} {talk}");
        told["nearest"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let one = "1000000000000000001";
    let small = "when = { effect = \"transfer\", asset = \"ETH\", amount = { max = \"1\" } }\nthen = { allow = true }";
    assert_eq!(near(small, one), ["up to 1.00 ETH"]);
    let hours = "when = { asset = \"ETH\", time = { from = \"14:00\", to = \"15:00\" } }\nthen = { allow = true }";
    assert_eq!(near(hours, "1"), ["at 2026-01-01 14:00:00 UTC"]);
    let late = "when = { asset = \"ETH\" }\nthen = { allow = true, delay = \"24h\" }";
    assert_eq!(near(late, "1"), ["announced now, at 2026-01-02 00:00:00 UTC"]);
    let two = "when = { asset = \"ETH\", amount = { max = \"1\" } }\n\
               then = { allow = true, approvals = { group = \"management\", at_least = 2, initiator = true, owners = true } }";
    assert_eq!(near(two, "1"), ["with 2 more approvals by @management"]);
    assert_eq!(near(two, one), ["up to 1.00 ETH, with 2 more approvals by @management"]);
    assert_eq!(near("when = { asset = \"ETH\" }\nthen = { deny = true }", "1"), [""; 0]);
}
