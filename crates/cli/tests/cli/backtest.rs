//! The past under another policy, through the binary.

use crate::support;

use serde_json::{Value, json};
use std::fs;
use support::{root, run};
use tempfile::TempDir;

const NEW: &str = "examples/backtest/policy.toml";
const OLD: &str = "examples/two-managers/policy.toml";
const PAST: &str = "examples/backtest/history.jsonl";

fn backtest(arguments: &[&str]) -> (i32, Value, String) {
    run(&[["backtest"].as_slice(), arguments].concat(), &Value::Null)
}

/// Line, change, and both sides' words.
fn told(result: &Value) -> Vec<(u64, String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let side = |value: &Value| format!("{}: {}", text(&value["verdict"]), text(&value["why"]));
    let rows = result["requests"].as_array().unwrap().iter();
    rows.map(|row| (row["line"].as_u64().unwrap(), text(&row["change"]), side(&row["before"]), side(&row["after"])))
        .collect()
}

fn row(line: u64, change: &str, before: &str, after: &str) -> (u64, String, String, String) {
    (line, change.to_owned(), before.to_owned(), after.to_owned())
}

const UNKNOWN: &str = "unknown: the code hash of `0x84Fb3901c78B09353020C61455152a1c7Dd3FD9c` is not known";

#[test]
fn the_example_tells_what_becomes_looser_and_what_stricter() {
    let (code, result, talk) = backtest(&["--policy", NEW, "--against", OLD, "--history", PAST]);
    assert_eq!(code, 2, "{talk}");
    assert_eq!(result["summary"], json!({ "same": 4, "looser": 1, "stricter": 2, "indeterminate": 1 }));
    let notice = "deny: not announced; needs 24 h notice";
    assert_eq!(
        told(&result),
        [
            row(
                3,
                "stricter",
                "allow: rule payroll allows",
                "deny: 10,000.00 USDC left of payroll-day, 15,000.00 USDC asked"
            ),
            row(4, "looser", notice, "allow: rule others allows"),
            row(7, "indeterminate", "allow: rule others allows", UNKNOWN),
            row(
                9,
                "stricter",
                "ask: rule others-large allows, with 2 approvals by @management",
                "ask: rule others-large allows, with 3 approvals by @management"
            ),
        ]
    );
}

#[test]
fn without_another_policy_the_past_is_compared_with() {
    let (code, result, talk) = backtest(&["--policy", NEW, "--history", PAST, "--all"]);
    assert_eq!(code, 2, "{talk}");
    let rows = told(&result);
    assert_eq!(rows.len(), 8, "{rows:?}");
    assert_eq!(rows[0], row(2, "same", "allow: it was executed", "allow: rule payroll allows"));
    assert_eq!(rows[2].1, "looser");
    assert_eq!(rows[4], row(7, "indeterminate", "allow: it was executed", UNKNOWN));
    assert_eq!(rows[7], row(10, "same", "deny: it was denied", "deny: no rule matches this call"));
}

#[test]
fn a_policy_never_differs_from_itself() {
    let (code, result, talk) = backtest(&["--policy", OLD, "--against", OLD, "--history", PAST]);
    assert_eq!((code, &result["requests"]), (0, &json!([])), "{talk}");
    assert_eq!(result["summary"]["same"], json!(8));
}

#[test]
fn a_table_and_a_summary_are_what_people_read() {
    let output = assert_cmd::Command::cargo_bin("portcullis")
        .unwrap()
        .current_dir(root())
        .args(["backtest", "--policy", NEW, "--against", OLD, "--history", PAST])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("8 requests, 2026-03-02 09:00:00 UTC to 2026-03-03 12:00:00 UTC"), "{text}");
    assert!(text.contains("  looser        1\n  stricter      2\n  indeterminate 1"), "{text}");
    assert!(text.contains("stricter") && text.contains("3 approvals by @management"), "{text}");
}

#[test]
fn a_history_that_does_not_read_says_where() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("history.jsonl");
    let past = fs::read_to_string(root().join(PAST)).unwrap();
    let path = file.to_str().unwrap();
    for (text, error) in [
        (
            past.replacen("1772445600", "1772441999", 1),
            "line 3: it is earlier than the line before: sort the history by `at`",
        ),
        (past.replacen("\"happened\"", "\"hapened\"", 1), "line 2: unknown field `hapened`"),
        (format!("{past}\n{{}}\n"), "line 12: missing field `at`"),
    ] {
        fs::write(&file, text).unwrap();
        let (code, _, talk) = backtest(&["--policy", NEW, "--history", path]);
        assert_eq!(code, 1);
        assert!(talk.contains(error), "{talk}");
    }
    let elsewhere = folder.path().join("policy.toml");
    let text = fs::read_to_string(root().join(OLD)).unwrap();
    fs::write(
        &elsewhere,
        text.replace(
            "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8",
            "eth:0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE",
        ),
    )
    .unwrap();
    let (code, _, talk) = backtest(&["--policy", NEW, "--against", elsewhere.to_str().unwrap(), "--history", PAST]);
    assert_eq!(code, 1);
    assert!(talk.contains("the two policies are for different accounts"), "{talk}");
}

#[test]
fn who_executes_is_never_guessed() {
    let folder = TempDir::new().unwrap();
    let (policy, file) = (folder.path().join("policy.toml"), folder.path().join("history.jsonl"));
    let text = fs::read_to_string(root().join(OLD)).unwrap();
    let asks = text.replace("recipient = \"@payroll\" }", "recipient = \"@payroll\", initiator = \"@management\" }");
    assert_ne!(asks, text);
    fs::write(&policy, asks).unwrap();
    let past = fs::read_to_string(root().join(PAST)).unwrap();
    fs::write(&file, &past).unwrap();
    let arguments = ["--policy", policy.to_str().unwrap(), "--history", file.to_str().unwrap(), "--all"];
    let (code, result, _) = backtest(&arguments);
    assert_eq!((code, &result["summary"]["indeterminate"]), (4, &json!(8)));
    let named =
        past.replace("\"happened\"", "\"initiator\":\"0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3\",\"happened\"");
    fs::write(&file, named).unwrap();
    let (_, result, _) = backtest(&arguments);
    assert_eq!(told(&result)[0].3, "allow: rule payroll allows");
}
