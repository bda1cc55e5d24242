//! The worked audit in `examples/audit/`: what its files say is what its bundles still give, without a network.
//!
//! `PORTCULLIS_WRITE_EXAMPLES=1 cargo test --workspace --test cli example::` makes the Safe anew and writes them.

use crate::support;

use alloy_primitives::U256;
use assert_cmd::Command;
use portcullis_chain::Ledger;
use portcullis_chain::safe::Version;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use support::treasury::{ETHER, Treasury, ether, who};

/// A small company: salaries and vendors in dollars, the odd payment in ether, and a module that tops up the payer's gas.
fn rules() -> String {
    let [payroll, vendor, module] = ["payee", "vendor", "module"].map(|name| who(name).to_string());
    format!(
        r#"
[lists]
payroll = ["{payroll}"]
vendors = ["{vendor}"]

[limits.dollars-day]
asset      = "TUSD"
cap        = "250"
window     = {{ rolling = "24h" }}
everywhere = true

[limits.ether-week]
asset  = "ETH"
cap    = "2"
window = {{ calendar = "week" }}

[[rules]]
id   = "no-allowances"
when = {{ effect = "approve" }}
then = {{ deny = true }}

[[rules]]
id   = "payroll"
when = {{ effect = "transfer", asset = "TUSD", recipient = "@payroll", amount = {{ max = "100" }} }}
then = {{ allow = true }}

[[rules]]
id   = "vendors"
when = {{ effect = "transfer", asset = "TUSD", recipient = "@vendors" }}
then = {{ allow = true, delay = "24h" }}

[[rules]]
id   = "vendors-in-ether"
when = {{ effect = "transfer", asset = "ETH", recipient = "@vendors", amount = {{ max = "0.5" }} }}
then = {{ allow = true, limits = ["ether-week"] }}

[[rules]]
id   = "gas-for-the-payer"
when = {{ origin = "{module}", effect = "transfer", asset = "ETH", recipient = "@payroll", amount = {{ max = "0.05" }} }}
then = {{ allow = true }}
"#
    )
}

fn file(name: &str) -> PathBuf {
    support::root().join("examples/audit").join(name)
}

/// As people would write it, from the repository's root.
fn path(name: &str) -> String {
    format!("examples/audit/{name}")
}

fn printed(arguments: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("portcullis").unwrap();
    let output = command.current_dir(support::root()).args(arguments).output().unwrap();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), if text.is_empty() { talk } else { text })
}

/// The Safe, its transactions and what is found, as files.
fn write() {
    let mut treasury = Treasury::with(Version::V1_5_0, &rules());
    treasury.node.fund(treasury.safe, U256::from(20 * u128::from(ETHER))).unwrap();
    // The name is not part of the program.
    fs::write(file("policy.toml"), treasury.policy.replace("\"fork\"", "\"acme\"")).unwrap();
    assert_eq!(printed(&["fmt", &path("policy.toml")]).0, 0);
    let salary = json!({ "actions": [treasury.tokens("payee", 90_000_000), ether("vendor", ETHER / 4)] });
    let stranger = json!({ "actions": [treasury.tokens("payee", 90_000_000), treasury.allowance("mallory", 5)] });
    let safe = treasury.safe.to_string();
    let on_node = ["--rpc", &treasury.anvil.url, "--safe", &safe, "--policy", &path("policy.toml")];
    for (name, transaction, expected) in [("salaries", &salary, 0), ("allowance", &stranger, 3)] {
        let text = serde_json::to_string_pretty(transaction).unwrap() + "\n";
        fs::write(file(&format!("{name}.json")), text).unwrap();
        let (tx, bundle) = (path(&format!("{name}.json")), path(&format!("{name}.bundle")));
        let simulate = [&["simulate", "--tx", &tx, "--bundle", &bundle], &on_node[..]].concat();
        let (code, text) = printed(&simulate);
        assert_eq!(code, expected, "{text}");
        let page = path(&format!("{name}.html"));
        let replay = ["replay", &bundle, "--policy", &path("policy.toml"), "--report", &page];
        assert_eq!(printed(&replay).0, expected);
    }
    let bundle = path("audit.bundle");
    let (code, text) = printed(&[&["audit", "--bundle", &bundle], &on_node[..]].concat());
    assert_eq!(code, 0, "{text}");
    let (_, text) = printed(&["audit", "--replay", &bundle, "--markdown"]);
    fs::write(file("audit.md"), text).unwrap();
}

#[test]
fn the_worked_audit_says_what_its_bundles_give_without_a_network() {
    if std::env::var_os("PORTCULLIS_WRITE_EXAMPLES").is_some() {
        write();
    }
    let (code, text) = printed(&["audit", "--replay", &path("audit.bundle"), "--markdown"]);
    assert_eq!((code, text), (0, fs::read_to_string(file("audit.md")).unwrap()));

    let folder = tempfile::tempdir().unwrap();
    for (name, expected) in [("salaries", 0), ("allowance", 3)] {
        let page = folder.path().join("page.html");
        let bundle = path(&format!("{name}.bundle"));
        let replay = ["replay", &bundle, "--policy", &path("policy.toml"), "--report", page.to_str().unwrap()];
        let (code, shown, talk) = support::run(&replay, &Value::Null);
        assert_eq!((code, &shown["agree"]), (expected, &json!(true)), "{talk}");
        let written = fs::read_to_string(file(&format!("{name}.html"))).unwrap();
        assert_eq!(fs::read_to_string(page).unwrap(), written, "{name}");
    }
}
