//! What a policy decides on something to be signed, offline.

use crate::support;

use serde_json::{Value, json};
use std::fs;
use support::run;
use tempfile::TempDir;

const POLICY: &str = r#"
version = 1
name = "messages"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "first-match"
control = { change_delay = "48h" }

[lists]
managers = ["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"]

[[messages]]
id = "no-permits"
domain = "any"
type = "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
then = { deny = true }

[[messages]]
id = "orders"
domain = { name = "Exchange", version = "1", chain = 1, contract = "0x9008D19f58AAbD9eD0D60971565AA8510560ab41" }
type = "Order(address token,uint256 amount)"
then = { allow = true, signatures = 3, signers = { list = "@managers", at_least = 1 } }

[[messages]]
id = "log-in"
domain = "any"
type = "LogIn(string site)"
then = { allow = true }
"#;

fn typed(domain: &Value, name: &str, fields: &[(&str, &str, Value)]) -> Value {
    let types: Vec<Value> = fields.iter().map(|(kind, name, _)| json!({ "name": name, "type": kind })).collect();
    let values: serde_json::Map<String, Value> =
        fields.iter().map(|(_, name, value)| ((*name).to_owned(), value.clone())).collect();
    json!({ "types": { name: types }, "primaryType": name, "domain": domain, "message": values })
}

fn exchange() -> Value {
    json!({
        "name": "Exchange", "version": "1", "chainId": 1,
        "verifyingContract": "0x9008D19f58AAbD9eD0D60971565AA8510560ab41",
    })
}

fn order(domain: &Value) -> Value {
    let token = json!("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
    typed(domain, "Order", &[("address", "token", token), ("uint256", "amount", json!("5"))])
}

fn explain(policy: &str, message: &Value) -> (i32, Value, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("policy.toml");
    fs::write(&file, policy).unwrap();
    run(&["explain", file.to_str().unwrap(), "--message", "TX"], message)
}

#[test]
fn a_permit_is_denied_whatever_its_domain() {
    let owner = json!("0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8");
    let fields = [
        ("address", "owner", owner.clone()),
        ("address", "spender", owner),
        ("uint256", "value", json!("1")),
        ("uint256", "nonce", json!("0")),
        ("uint256", "deadline", json!("9")),
    ];
    let (code, said, talk) = explain(POLICY, &typed(&exchange(), "Permit", &fields));
    assert_eq!(code, 3, "{talk}");
    assert_eq!((&said["verdict"], &said["reason"]), (&json!("deny"), &json!("MessageDenied")));
    assert_eq!((&said["rule"], &said["words"]), (&json!("no-permits"), &json!("message rule no-permits denies")));
}

#[test]
fn an_order_of_another_domain_meets_no_rule() {
    let mut elsewhere = exchange();
    elsewhere["chainId"] = json!(10);
    let (code, said, talk) = explain(POLICY, &order(&elsewhere));
    assert_eq!((code, &said["reason"], &said["rule"]), (3, &json!("NoMessageRule"), &Value::Null), "{talk}");
}

#[test]
fn what_a_rule_asks_for_beyond_the_threshold_is_told() {
    let (code, said, talk) = explain(POLICY, &order(&exchange()));
    assert_eq!((code, &said["reason"], &said["rule"]), (3, &json!("TooFewSignatures"), &json!("orders")), "{talk}");
    assert_eq!(said["asked"], json!(["3 owner signatures", "the signatures of at least 1 of @managers"]));
    assert_eq!(said["type"], json!("Order(address token,uint256 amount)"));
}

#[test]
fn what_the_threshold_may_sign_is_allowed_unless_a_limit_is_everywhere() {
    let login = typed(&json!({ "name": "anybody" }), "LogIn", &[("string", "site", json!("a.example"))]);
    let (code, said, talk) = explain(POLICY, &login);
    assert_eq!((code, &said["verdict"], &said["rule"]), (0, &json!("allow"), &json!("log-in")), "{talk}");
    let limited = POLICY.replace(
        "[lists]",
        "[assets]\nETH = { standard = \"native\", decimals = 18 }\n[limits.day]\nasset = \"ETH\"\ncap = \"1\"\n\
         window = { calendar = \"day\" }\neverywhere = true\n[lists]",
    );
    let (code, said, talk) = explain(&limited, &login);
    assert_eq!((code, &said["reason"]), (3, &json!("MessageUntrusted")), "{talk}");
    assert_eq!(said["words"], json!("message rule log-in is not trusted, and a limit is everywhere"));
}

#[test]
fn what_is_no_typed_data_is_an_error_that_says_what_to_write() {
    let (code, _, talk) = explain(POLICY, &json!({ "hello": 1 }));
    assert_eq!(code, 1);
    assert!(talk.contains("write `types`, `primaryType`, `domain` and `message`"), "{talk}");
}
