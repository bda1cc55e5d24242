//! The treasury's day: what must happen, in order, on both Safes, in process and on a node.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

#[path = "cli/support/mod.rs"]
mod support;

use assert_cmd::Command;
use serde_json::Value;
use support::{Anvil, root};

/// Verdict, rule and a part of the reason of each step, in order. Steps of one Safe version only are marked.
const DAY: [(&str, &str, &str, &str); 18] = [
    ("", "allow", "payroll", "180,000.00 USDC left of usdc-day"),
    ("", "deny", "-", "no rule matches this transfer"),
    ("", "allow", "payroll", "132,000.00 USDC left of usdc-day"),
    ("", "allow", "payroll", "84,000.00 USDC left of usdc-day"),
    ("", "allow", "payroll", "36,000.00 USDC left of usdc-day"),
    ("", "deny", "payroll", "36,000.00 USDC left of usdc-day, 48,000.00 USDC asked"),
    ("", "deny", "vendors-large", "not announced; needs 24 h notice"),
    ("", "deny", "vendors-large", "announced; matures"),
    ("", "allow", "vendors-large", "140,000.00 USDC left of usdc-day"),
    ("", "deny", "vendors-large", "not announced; needs 24 h notice"),
    ("", "deny", "-", "no rule matches this transfer (effect 2 of the batch)"),
    ("1.4.1", "deny", "-", "no rule matches this call"),
    ("1.5.0", "deny", "-", "no rule matches this transfer"),
    ("", "deny", "-", "delegatecall to USDC"),
    ("", "deny", "-", "slot changes must be staged first"),
    ("", "allow", "-", "control passes under any program"),
    ("", "deny", "-", "slot changes are staged; they mature"),
    ("", "allow", "-", "control passes under any program"),
];

fn demo(arguments: &[&str]) -> Value {
    let mut command = Command::cargo_bin("portcullis").unwrap();
    let output = command.current_dir(root()).args(["demo", "--json"]).args(arguments).output().unwrap();
    let talk = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{talk}");
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "more than one object on stdout");
    serde_json::from_str(&text).unwrap()
}

fn expect_the_day(report: &Value) {
    assert_eq!(report["format_version"], "1.0");
    let steps = report["steps"].as_array().unwrap();
    for safe in ["1.4.1", "1.5.0"] {
        let own: Vec<&Value> = steps.iter().filter(|step| step["safe"] == safe).collect();
        let expected: Vec<_> = DAY.iter().filter(|(only, ..)| only.is_empty() || *only == safe).collect();
        assert_eq!(own.len(), expected.len(), "steps on Safe {safe}");
        for (step, (_, verdict, rule, reason)) in own.iter().zip(expected) {
            let shown = format!("Safe {safe}: {step}");
            assert_eq!(step["chain"], *verdict, "{shown}");
            assert_eq!(step["rust"], *verdict, "{shown}");
            assert_eq!(step["rule"], *rule, "{shown}");
            assert!(step["reason"].as_str().unwrap().contains(reason), "{shown}");
            assert!(step["gas"].as_u64().unwrap() > 21_000, "{shown}");
        }
    }
    assert_eq!(steps.len(), 34);
}

#[test]
fn chain_and_mirror_agree_on_every_step_of_the_day_in_process() {
    expect_the_day(&demo(&[]));
}

#[test]
fn chain_and_mirror_agree_on_every_step_of_the_day_on_a_node_and_again_on_the_same_node() {
    let anvil = Anvil::start();
    expect_the_day(&demo(&["--rpc", &anvil.url]));
    expect_the_day(&demo(&["--rpc", &anvil.url]));
}

#[test]
fn the_table_has_a_row_for_each_step_and_no_colour_without_a_terminal() {
    let mut command = Command::cargo_bin("portcullis").unwrap();
    let output = command.current_dir(root()).arg("demo").output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(!table.contains('\u{1b}'), "colour where nobody sees it");
    for column in ["Safe", "step", "rule", "chain", "rust", "gas", "reason"] {
        assert!(table.lines().nth(1).unwrap().contains(column), "no column {column}");
    }
    let verdicts = table.lines().filter(|line| line.contains("allow") || line.contains("deny")).count();
    assert_eq!(verdicts, 34);
}
