//! The binary as owners and members run it: keys in variables, nobody on a terminal.

use super::ANY_TIME;
use super::relay::rpc;
use super::treasury::{Treasury, key};
use alloy_primitives::hex;
use serde_json::{Value, json};
use std::path::Path;

/// Everybody whose key is at hand.
const NAMES: [&str; 6] = ["ann", "bob", "cem", "payer", "module", "eve"];

/// Runs with `--json`; exit code, result and talk.
pub(crate) fn portcullis(folder: &Path, arguments: &[&str]) -> (i32, Value, String) {
    let mut command = assert_cmd::Command::cargo_bin("portcullis").unwrap();
    command.current_dir(folder).args(arguments).arg("--json").envs(ANY_TIME);
    for name in NAMES {
        command.env(name.to_uppercase(), hex::encode(key(name).to_bytes()));
    }
    let output = command.output().unwrap();
    let shown = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
}

impl Treasury {
    /// Runs on this Safe; `--key-env NAME` for each who signs or pays.
    pub(crate) fn run(&self, folder: &Path, arguments: &[&str], keys: &[&str]) -> (i32, Value, String) {
        let safe = self.safe.to_string();
        let names: Vec<String> = keys.iter().map(|name| name.to_uppercase()).collect();
        let mut all = arguments.to_vec();
        all.extend(["--rpc", &self.anvil.url, "--safe", &safe]);
        for name in &names {
            all.extend(["--key-env", name]);
        }
        portcullis(folder, &all)
    }

    /// Writes a transaction file.
    pub(crate) fn file(&self, folder: &Path, name: &str, actions: &[Value]) {
        std::fs::write(folder.join(name), json!({ "actions": actions }).to_string()).unwrap();
    }

    /// What a failed command must not move: blocks, and so transactions of anybody.
    pub(crate) fn blocks(&self) -> Value {
        self.ask("eth_blockNumber", json!([]))
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        rpc(&self.anvil.url, "evm_increaseTime", json!([seconds]));
        rpc(&self.anvil.url, "evm_mine", json!([]));
    }

    /// The one line that a command failed with.
    pub(crate) fn refused(&self, folder: &Path, arguments: &[&str], keys: &[&str]) -> String {
        let before = self.blocks();
        let (code, shown, talk) = self.run(folder, arguments, keys);
        assert_eq!((code, &shown), (1, &Value::Null), "{talk}");
        assert_eq!(self.blocks(), before, "nothing is sent");
        let lines: Vec<&str> = talk.lines().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(lines.len(), 1, "{talk}");
        lines.concat()
    }
}
