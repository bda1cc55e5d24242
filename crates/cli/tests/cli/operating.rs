//! What `docs/operating.md` says works as it is written there.

use crate::support;

use alloy_primitives::Address;
use portcullis_chain::deploy;
use portcullis_chain::safe::Version;
use std::fs;
use std::process::{Command, Stdio};
use support::operator::Operator;
use support::treasury::{key, who};
use support::{ANY_TIME, root};

/// The change delay of the page's policy, in seconds.
const DELAY: u64 = 48 * 3_600;

/// The fenced blocks of one language, in order.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

/// A line, as a shell runs it in the operator's folder.
fn shell(operator: &Operator, line: &str) -> (Option<i32>, String) {
    let program = assert_cmd::cargo::cargo_bin("portcullis");
    let path = format!("{}:{}", program.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(operator.folder.path()).stdin(Stdio::null());
    command.env("PATH", path).env("RPC_URL", &operator.anvil.url).envs(ANY_TIME);
    for (name, role) in [("PAYER_KEY", "payer"), ("ANN_KEY", "ann"), ("BOB_KEY", "bob"), ("GUARDIAN_KEY", "cem")] {
        command.env(name, key(role).to_bytes().to_string());
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn every_command_of_the_page_runs_and_ends_as_the_page_says() {
    let page = fs::read_to_string(root().join("docs/operating.md")).unwrap();
    let operator = Operator::bare(Version::V1_4_1);
    for (file, text) in ["portcullis.toml", "policy.toml"].iter().zip(blocks(&page, "toml")) {
        let text = text.replace("0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE", &operator.safe.to_string());
        let text = text.replace("0xF6Db2dC3AA3D1A6e5a9A4bb5A1F5E5b5A5A5A5A5", &who("cem").to_string());
        fs::write(operator.file(file), text).unwrap();
    }
    // Where the reader ran `npm ci`.
    std::os::unix::fs::symlink(root().join("node_modules"), operator.file("node_modules")).unwrap();
    let blocks = blocks(&page, "sh");
    assert_eq!(blocks.len(), 10);
    let mut guarded = Vec::new();
    for block in &blocks {
        for line in block.lines() {
            let expected = if line.contains("# ends with 2") { 2 } else { 0 };
            let (code, text) = shell(&operator, line);
            assert_eq!(code, Some(expected), "{line}\n{text}");
            if line.contains("drift --markdown") {
                assert!(text.contains("`pay` decided"), "by the names that were planned: {text}");
            }
            if line.contains("# nothing to do") {
                assert!(text.contains("nothing to do"), "{line}\n{text}");
            }
        }
        guarded.push(operator.info().guard == deploy::hook_at());
        // Between the blocks the change delay passes.
        operator.wait(DELAY);
    }
    assert_eq!(guarded, [false, true, true, true, true, true, true, true, true, false]);
    assert_eq!((operator.info().guard, operator.info().handler), (Address::ZERO, deploy::handler_at()));
}
