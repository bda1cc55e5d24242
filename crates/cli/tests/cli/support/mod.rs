//! The binary, and a real anvil for as long as a value lives.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod desk;
pub(crate) mod keys;
pub(crate) mod operator;
pub(crate) mod owners;
pub(crate) mod relay;
pub(crate) mod treasury;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// Makes the command take chains as they are: in tests their time goes by at will.
pub(crate) const ANY_TIME: [(&str, &str); 1] = [("PORTCULLIS_CLOCK", "18446744073709551615")];

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Runs with a transaction file; returns exit code, JSON and stderr.
pub(crate) fn run(arguments: &[&str], transaction: &Value) -> (i32, Value, String) {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tx.json");
    std::fs::write(&file, transaction.to_string()).unwrap();
    let file = file.display().to_string();
    let arguments: Vec<&str> = arguments.iter().map(|word| if *word == "TX" { file.as_str() } else { word }).collect();
    let output = assert_cmd::Command::cargo_bin("portcullis")
        .unwrap()
        .current_dir(root())
        .args(arguments)
        .arg("--json")
        .output()
        .unwrap();
    let shown = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
    (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
}

/// A node on a free port, ended by its own process id.
#[derive(Debug)]
pub(crate) struct Anvil {
    child: Child,
    pub(crate) url: String,
}

impl Anvil {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With more arguments.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        // npm's launcher would leave the node behind when it is killed, so the binary is started itself.
        let binary = std::fs::read_dir(root().join("node_modules/@foundry-rs"))
            .expect("node_modules is missing: run `cargo xtask setup`")
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("anvil-"))
            .map(|path| path.join("bin/anvil"))
            .find(|path| path.exists())
            .expect("npm installed no anvil for this machine");
        let mut child = Command::new(binary)
            .args(["--port", "0"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("Listening on ").map(str::to_owned))
            .expect("anvil ended without listening");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, url: format!("http://{}", address.trim()) }
    }
}

impl Drop for Anvil {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
