//! What the README says works as it is written there.

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The fenced blocks of one language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A payment that the README's policy allows: 1,000 USDC to the first address of its payroll.
const PAYMENT: &str = r#"{"actions": [{
  "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "value": "0", "operation": 0,
  "data": "0xa9059cbb00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8000000000000000000000000000000000000000000000000000000003b9aca00"
}]}"#;

/// Something to be signed.
const MESSAGE: &str = r#"{
  "types": { "EIP712Domain": [{ "name": "name", "type": "string" }], "Note": [{ "name": "text", "type": "string" }] },
  "primaryType": "Note", "domain": { "name": "Notes" }, "message": { "text": "hello" }
}"#;

#[test]
fn every_command_of_the_readme_runs_on_the_policy_of_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("policy.toml"), &blocks(&readme, "toml")[0]).unwrap();
    fs::write(folder.path().join("tx.json"), PAYMENT).unwrap();
    let past =
        format!("{{\"at\":1772442000,\"happened\":\"executed\",{}", PAYMENT.replacen('{', "", 1).replace('\n', ""));
    fs::write(folder.path().join("history.jsonl"), past).unwrap();
    // `simulate` looks for the Safes of the npm packages in the folder where it runs.
    std::os::unix::fs::symlink(root().join("node_modules").canonicalize().unwrap(), folder.path().join("node_modules"))
        .unwrap();

    let shell = blocks(&readme, "sh").concat();
    let commands: Vec<&str> =
        shell.lines().filter_map(|line| line.split('#').next().unwrap().trim().strip_prefix("portcullis ")).collect();
    assert_eq!(commands.len(), 12, "{commands:?}");
    fs::write(folder.path().join("m.json"), MESSAGE).unwrap();
    for command in commands {
        if command.starts_with("diff ") {
            // Of the same policy, in which nothing differs.
            fs::copy(folder.path().join("new.toml"), folder.path().join("old.toml")).unwrap();
        }
        let output = Command::cargo_bin("portcullis")
            .unwrap()
            .current_dir(folder.path())
            .args(command.split_whitespace())
            .output()
            .unwrap();
        // The README's policy has no message rules.
        let code = if command.contains("--message") { 3 } else { 0 };
        assert_eq!(
            output.status.code(),
            Some(code),
            "portcullis {command}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert!(folder.path().join("policy.bin").exists());
}
