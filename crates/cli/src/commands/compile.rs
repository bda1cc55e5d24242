//! `compile`: from policy to program.

use crate::exit::Exit;
use crate::output::Output;
use crate::policy_file;
use alloy_primitives::{hex, keccak256};
use clap::Args;
use eyre::{Result, WrapErr};
use serde_json::json;
use std::path::PathBuf;

// Arguments of `compile`.
#[derive(Debug, Args)]
pub(crate) struct Compile {
    /// The policy, in TOML or JSON
    policy: PathBuf,
    /// Where to write the program
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Write hex digits instead of bytes
    #[arg(long)]
    hex: bool,
}

impl Compile {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        // Everything that can be wrong with the policy is found before anything is written.
        let program = policy_file::load(&self.policy)?.compiled.program;
        let bytes =
            if self.hex { format!("{}\n", hex::encode_prefixed(&program)).into_bytes() } else { program.clone() };
        std::fs::write(&self.output, bytes).wrap_err_with(|| format!("cannot write `{}`", self.output.display()))?;
        let version = keccak256(&program);
        output.result(
            || format!("{}: {} bytes, version {version}", self.output.display(), program.len()),
            json!({ "file": self.output.display().to_string(), "bytes": program.len(), "version": version }),
        )?;
        Ok(Exit::Done)
    }
}
