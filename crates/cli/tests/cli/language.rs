//! What rules can ask, on an embedded Safe: the hook and the mirror must say the same.

use crate::support;

use serde_json::{Value, json};
use std::fs;
use support::run;
use tempfile::TempDir;

const ACCOUNT: &str = "0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8";
const FRIEND: &str = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3";
const BLOCKED: &str = "0x039761C89Bce45Ca570d9B0cC7AdB8B38dbD9e98";
const OPERATOR: &str = "0x3cBb94b41Be328FE8096b92F51f97c4Ee490FefA";
const NFT: &str = "0xBC4CA0EdA7647A8aB7C2061c2E118A18a936f13D";
const ITEMS: &str = "0x76BE3b62873462d2142405439777e971754E8E77";
const USDC: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";

fn policy(semantics: &str, rest: &str) -> String {
    format!(
        r#"
version = 1
name = "language"
account = "eth:{ACCOUNT}"
semantics = "{semantics}"
[control]
change_delay = "24h"
announcement_expiry = "3d"
[assets]
ETH = {{ standard = "native", decimals = 18 }}
USDC = {{ standard = "erc20", address = "{USDC}", decimals = 6 }}
NFT = {{ standard = "erc721", address = "{NFT}" }}
ITEMS = {{ standard = "erc1155", address = "{ITEMS}" }}
{rest}"#
    )
}

/// Both commands on one policy and transaction, `explain` first.
fn ask(policy: &str, actions: &[Value]) -> [(i32, Value, String); 2] {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("policy.toml");
    fs::write(&file, policy).unwrap();
    let file = file.to_str().unwrap();
    let transaction = json!({ "actions": actions });
    [
        run(&["explain", file, "TX"], &transaction),
        run(&["simulate", "--policy", file, "--tx", "TX", "--safe-version", "1.5.0"], &transaction),
    ]
}

/// What both evaluators and `explain` say: verdict, rule and words.
fn agreed(policy: &str, actions: &[Value]) -> (String, String, String) {
    let [(_, explained, _), (_, simulated, talk)] = ask(policy, actions);
    assert_eq!(simulated["agree"], json!(true), "{talk}");
    assert_eq!(simulated["chain"], explained["verdict"], "{talk}");
    assert_eq!(simulated["reason"], explained["reason"], "{talk}");
    let text = |key: &str| explained[key].as_str().unwrap().to_owned();
    (text("verdict"), text("rule"), text("words"))
}

fn wei(to: &str, value: &str) -> Value {
    json!({ "to": to, "value": value, "data": "0x", "operation": 0 })
}

fn word(number: u64) -> String {
    format!("{number:064x}")
}

fn who(address: &str) -> String {
    format!("{:0>64}", address.trim_start_matches("0x").to_lowercase())
}

fn call(to: &str, selector: &str, words: &[String]) -> Value {
    json!({ "to": to, "value": "0", "data": format!("0x{selector}{}", words.concat()), "operation": 0 })
}

const SMALL: &str = "100000000000000000";
const LARGE: &str = "950000000000000000";

#[test]
fn one_rule_that_denies_is_enough_where_all_must_pass() {
    let rules = |semantics| {
        policy(
            semantics,
            &format!(
                r#"
[lists]
blocked = ["{BLOCKED}"]
[limits.day]
count = 2
window = {{ calendar = "day" }}
[[rules]]
id = "ether"
when = {{ effect = "transfer", asset = "ETH" }}
then = {{ allow = true, limits = ["day"] }}
[[rules]]
id = "not-much"
when = {{ asset = "ETH", any = [{{ amount = {{ min = "0.9" }} }}, {{ recipient = "@blocked" }}] }}
then = {{ deny = true }}
"#
            ),
        )
    };
    for (semantics, verdict, rule) in [
        ("first-match", "allow", "ether"),
        ("all-must-pass", "deny", "not-much"),
        ("allow-overrides", "allow", "ether"),
    ] {
        for action in [wei(FRIEND, LARGE), wei(BLOCKED, SMALL)] {
            let (said, by, words) = agreed(&rules(semantics), &[action]);
            assert_eq!((said.as_str(), by.as_str()), (verdict, rule), "{semantics}: {words}");
        }
    }
    let (said, _, words) = agreed(&rules("all-must-pass"), &[wei(FRIEND, SMALL), wei(FRIEND, SMALL)]);
    assert_eq!((said.as_str(), words.as_str()), ("allow", "rule ether allows; 1 requests left of day"));
}

#[test]
fn every_rule_that_is_tried_in_vain_says_why() {
    let rules = policy(
        "first-match",
        &format!(
            r#"
[[rules]]
id = "never"
when = {{ effect = "transfer", asset = "ETH", weekday = ["mon"], not = {{ weekday = ["mon"] }} }}
then = {{ allow = true }}
[[rules]]
id = "friends"
when = {{ effect = "transfer", asset = "ETH", recipient = "{FRIEND}" }}
then = {{ allow = true }}
[[rules]]
id = "more"
when = {{ effect = "transfer", asset = "ETH", any = [{{ amount = {{ min = "1" }} }}] }}
then = {{ allow = true }}
"#
        ),
    );
    let [(code, explained, talk), _] = ask(&rules, &[wei(BLOCKED, SMALL)]);
    assert_eq!(code, 3, "{talk}");
    let unmatched = explained["effects"][0]["unmatched"].as_array().unwrap();
    let told: Vec<_> =
        unmatched.iter().map(|one| (one["rule"].as_str().unwrap(), one["why"].as_str().unwrap())).collect();
    // A day is a Monday or none, so which half of the contradiction fails depends on it.
    let [("never", never), friends, more] = told[..] else { panic!("{told:?}") };
    assert!(["it is for other weekdays", "what it excludes holds"].contains(&never), "{never}");
    assert_eq!(friends, ("friends", "there is no recipient in its list"));
    assert_eq!(more, ("more", "none of its alternatives holds"));
    let (said, by, _) = agreed(&rules, &[wei(FRIEND, SMALL)]);
    assert_eq!((said.as_str(), by.as_str()), ("allow", "friends"));
}

#[test]
fn everything_that_rules_ask_for_is_told_with_who_is_asked() {
    let rules = policy(
        "all-must-pass",
        &format!(
            r#"
[groups]
board = ["{FRIEND}", "{BLOCKED}"]
[attesters.risk]
members = "{OPERATOR}"
at_least = 1
[[rules]]
id = "ether"
when = {{ effect = "transfer", asset = "ETH" }}
then = {{ allow = true, approvals = {{ group = "board", at_least = 2, initiator = true }}, attestation = "risk" }}
[[rules]]
id = "also"
when = {{ asset = "ETH" }}
then = {{ allow = true, signatures = 3, signers = {{ list = "@board", at_least = 1 }} }}
"#
        ),
    );
    let [(code, explained, talk), (_, simulated, _)] = ask(&rules, &[wei(FRIEND, SMALL)]);
    assert_eq!((code, explained["reason"].as_str()), (3, Some("AttestationRequired")), "{talk}");
    assert_eq!(explained["words"], "rule ether needs an attestation by set risk, and none says anything of it");
    assert_eq!(
        explained["asked"],
        json!([
            "2 approvals by @board, not by owners who sign (rule ether)",
            "an attestation by 1 of set risk; 0 there (rule ether)",
            "3 owner signatures (rule also)",
            "1 owner signature by @board (rule also)",
        ])
    );
    assert_eq!((&simulated["agree"], &simulated["reason"]), (&json!(true), &explained["reason"]));
}

#[test]
fn what_only_the_chain_knows_is_never_explained_as_allowed_or_denied() {
    let asks = |when: &str| {
        policy(
            "first-match",
            &format!(
                r#"
[lists]
vendors = {{ registry = "{NFT}" }}
[[rules]]
id = "asks"
when = {{ effect = "transfer", asset = "ETH", {when} }}
then = {{ allow = true }}
"#
            ),
        )
    };
    let threshold = |least: &str| {
        asks(&format!(r#"static_call = {{ target = "{ACCOUNT}", call = "getThreshold()", at_least = "{least}" }}"#))
    };
    for (rules, verdict, reason) in [
        (asks(r#"recipient = "@vendors""#), "deny", "RegistryFailed"),
        (asks(r#"not = { recipient = "@vendors" }"#), "deny", "RegistryFailed"),
        (
            asks(&format!(r#"static_call = {{ target = "{NFT}", call = "paused()", equals = "0" }}"#)),
            "deny",
            "StaticCallFailed",
        ),
        (threshold("1"), "allow", "Allowed"),
        // What the account would be said to have offline must not allow anything either.
        (
            asks(&format!(r#"static_call = {{ target = "{ACCOUNT}", call = "getThreshold()", at_most = "1" }}"#)),
            "deny",
            "NoRule",
        ),
        (
            asks(&format!(r#"static_call = {{ target = "{ACCOUNT}", call = "VERSION()", at_least = "1" }}"#)),
            "deny",
            "StaticCallFailed",
        ),
        (threshold("99"), "deny", "NoRule"),
        (asks("recipient_is_contract = true"), "deny", "NoRule"),
        (asks("recipient_is_contract = false"), "allow", "Allowed"),
    ] {
        let [(code, explained, talk), (_, simulated, simulated_talk)] = ask(&rules, &[wei(FRIEND, SMALL)]);
        assert_eq!((code, explained), (4, Value::Null), "{talk}");
        assert!(talk.contains("ask `simulate --rpc` instead"), "{talk}");
        assert_eq!((&simulated["chain"], &simulated["rust"]), (&json!(verdict), &json!(verdict)), "{simulated_talk}");
        assert_eq!((&simulated["reason"], &simulated["agree"]), (&json!(reason), &json!(true)), "{simulated_talk}");
        let hinted = simulated_talk.contains("are not on the embedded chain");
        assert_eq!(hinted, reason.ends_with("Failed"), "{simulated_talk}");
    }
}

#[test]
fn tokens_of_their_own_and_operators_are_read_out_of_calldata() {
    let rules = policy(
        "first-match",
        &format!(
            r#"
[[rules]]
id = "no-operators"
when = {{ effect = "approve", asset = "NFT", amount = {{ min = "2" }} }}
then = {{ deny = true }}
[[rules]]
id = "gifts"
when = {{ effect = "transfer", asset = ["NFT", "ITEMS"], recipient = "{FRIEND}" }}
then = {{ allow = true }}
[[rules]]
id = "permits"
when = {{ effect = "approve", asset = "USDC", recipient = "{OPERATOR}" }}
then = {{ allow = true }}
"#
        ),
    );
    let gift = call(NFT, "42842e0e", &[who(ACCOUNT), who(FRIEND), word(9)]);
    let (said, by, words) = agreed(&rules, &[gift]);
    assert_eq!((said.as_str(), by.as_str()), ("allow", "gifts"), "{words}");
    let numbers: Vec<String> = [160, 256, 352, 2, 7, 8, 2, 1, 3, 0].map(word).to_vec();
    let batch = call(ITEMS, "2eb2c2d6", &[vec![who(ACCOUNT), who(FRIEND)], numbers].concat());
    let [(_, explained, talk), _] = ask(&rules, std::slice::from_ref(&batch));
    assert_eq!(explained["effects"].as_array().map(Vec::len), Some(2), "{explained} {talk}");
    assert_eq!(agreed(&rules, &[batch]).0, "allow");
    let stolen = call(NFT, "42842e0e", &[who(ACCOUNT), who(BLOCKED), word(9)]);
    assert_eq!(agreed(&rules, &[stolen]).0, "deny");
    let operator = call(NFT, "a22cb465", &[who(OPERATOR), word(1)]);
    let (said, by, _) = agreed(&rules, std::slice::from_ref(&operator));
    assert_eq!((said.as_str(), by.as_str()), ("deny", "no-operators"));
    let [(_, explained, _), _] = ask(&rules, &[operator]);
    assert!(
        explained["effects"][0]["effect"].as_str().unwrap().starts_with("approve any amount of NFT"),
        "{explained}"
    );

    let permit2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3";
    let permit = call(permit2, "87517c45", &[who(USDC), who(OPERATOR), word(1), word(1)]);
    let [(_, explained, talk), _] = ask(&rules, std::slice::from_ref(&permit));
    let effect = explained["effects"][0]["effect"].as_str().unwrap_or_default();
    assert!(effect.ends_with(&format!("through {permit2}")), "{explained} {talk}");
    let (said, by, words) = agreed(&rules, &[permit]);
    assert_eq!((said.as_str(), by.as_str()), ("allow", "permits"), "{words}");
}
