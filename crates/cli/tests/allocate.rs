//! What the page on allocation shows works as it is written there, on the portfolio of `examples/staking`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests fail by panicking")]

use assert_cmd::Command;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const AT: &str = "2026-11-20T12:00:00Z";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder in which the examples are where the page says.
fn place() -> TempDir {
    let folder = TempDir::new().unwrap();
    let examples = root().join("examples").canonicalize().unwrap();
    std::os::unix::fs::symlink(examples, folder.path().join("examples")).unwrap();
    let modules = root().join("node_modules").canonicalize().unwrap();
    std::os::unix::fs::symlink(modules, folder.path().join("node_modules")).unwrap();
    folder
}

/// Exit code, result and talk of a command.
fn run(folder: &TempDir, command: &str) -> (i32, String, String) {
    let mut portcullis = Command::cargo_bin("portcullis").unwrap();
    let output = portcullis.current_dir(folder.path()).args(command.split_whitespace()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(folder: &TempDir, command: &str, code: i32) -> Value {
    let (ended, result, talk) = run(folder, &format!("{command} --json"));
    assert_eq!(ended, code, "{command}: {talk}");
    serde_json::from_str(&result).unwrap()
}

#[test]
fn every_command_of_the_page_runs_on_the_staking_portfolio() {
    let page = fs::read_to_string(root().join("docs/allocation.md")).unwrap();
    let shell: String = page.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let commands: Vec<&str> = shell.lines().filter_map(|line| line.strip_prefix("portcullis ")).collect();
    assert_eq!(commands.len(), 9, "{commands:?}");
    let folder = place();
    for command in commands {
        // What is breached, moves or differs ends with 2, and what nobody has attested with 3.
        let is = |words: &[&str]| words.iter().any(|word| command.contains(&format!("allocate {word}")));
        let ends = match command {
            _ if is(&["check", "propose", "compare"]) => 2,
            _ if is(&["simulate"]) => 3,
            _ => 0,
        };
        let (code, result, talk) = run(&folder, command);
        assert_eq!(code, ends, "portcullis {command}\n{talk}");
        assert!(ends != 3 || result.contains("attest"), "portcullis {command}\n{result}");
        assert!(!result.is_empty(), "portcullis {command}");
    }
}

#[test]
fn the_incident_stops_increases_and_the_rest_comes_back_within_its_limits() {
    let folder = place();
    let propose = format!("allocate propose examples/staking --at {AT} --out proposal.json");
    let proposal = json(&folder, &propose, 2)["proposal"].clone();
    assert_eq!(proposal["totals"]["violation_after"], "0", "{}", proposal["collisions"]);
    assert_ne!(proposal["totals"]["violation_now"], "0");
    assert_eq!(proposal["manual_review"], true);
    assert_eq!(proposal["subjects"].as_array().unwrap().len(), 200);
    assert!(proposal["phases"].as_array().unwrap().len() > 1);
    let cedar = json(&folder, "allocate explain proposal.json examples/staking cedar --report cedar.html", 0);
    let page = fs::read_to_string(folder.path().join("cedar.html")).unwrap();
    assert_eq!(page.matches("<rect").count(), cedar["course"].as_array().unwrap().len());
    assert!(page.contains("slashing-cedar-1") && !page.contains('\u{1b}'), "{page}");
    let flows = cedar["flows"].as_array().unwrap();
    assert!(flows.iter().all(|flow| flow["move"] == "decrease"), "{flows:?}");
    let records = cedar["records"].as_array().unwrap();
    assert!(
        records.iter().any(|record| record["clause"] == "incident" && record["values"]["event"] == "slashing-cedar-1")
    );
}

/// `PORTCULLIS_WRITE_EXAMPLES=1 cargo test --workspace --test allocate` writes them anew.
#[test]
fn the_proposal_of_the_example_and_the_batch_of_each_phase_are_what_its_documents_give() {
    let folder = place();
    let kept = |name: &str| root().join("examples/staking/result").join(name);
    json(&folder, &format!("allocate propose examples/staking --at {AT} --out proposal.json"), 2);
    let build = "allocate build proposal.json examples/staking --mapping examples/staking/safe/mapping.toml";
    for (phase, nonce) in [(1, 0), (2, 1)] {
        let out = format!("--safe-version 1.4.1 --phase {phase} --nonce {nonce} --out phase-{phase}.json");
        json(&folder, &format!("{build} {out}"), 0);
    }
    for name in ["proposal.json", "phase-1.json", "phase-2.json"] {
        let made = fs::read_to_string(folder.path().join(name)).unwrap();
        if std::env::var_os("PORTCULLIS_WRITE_EXAMPLES").is_some() {
            fs::write(kept(name), &made).unwrap();
        }
        assert_eq!(made, fs::read_to_string(kept(name)).unwrap(), "{name}");
    }
    json(&folder, "allocate verify examples/staking/result/proposal.json examples/staking", 0);
}

#[test]
fn a_proposal_that_somebody_changed_is_refused() {
    let folder = place();
    json(&folder, &format!("allocate propose examples/staking --at {AT} --out proposal.json"), 2);
    let file = folder.path().join("proposal.json");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replacen("\"manual_review\": true", "\"manual_review\": false", 1)).unwrap();
    let (code, _, talk) = run(&folder, "allocate verify proposal.json examples/staking");
    assert_eq!(code, 1);
    assert!(talk.contains("the id is not the hash of the proposal"), "{talk}");
}

#[test]
fn a_profile_that_is_too_old_is_an_error_that_says_what_to_do() {
    let (code, result, talk) = run(&place(), "allocate check examples/staking --at 2026-11-25T00:00:00Z");
    assert_eq!((code, result.as_str()), (1, ""));
    assert!(talk.contains("examples/staking/risk.toml: profiles[alder].at"), "{talk}");
    assert!(talk.contains("measure alder again"), "{talk}");
    assert_eq!(talk.lines().count(), 1);
}
