//! `decompile`: from program to policy.

use crate::exit::Exit;
use crate::output::Output;
use alloy_primitives::{hex, keccak256};
use clap::Args;
use eyre::{Result, WrapErr};
use portcullis_policy::decompile;
use serde_json::json;
use std::path::PathBuf;

// Arguments of `decompile`.
#[derive(Debug, Args)]
pub(crate) struct Decompile {
    /// The program, as bytes or as hex digits after 0x
    program: PathBuf,
}

impl Decompile {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let shown = self.program.display().to_string();
        let read = std::fs::read(&self.program).wrap_err_with(|| format!("cannot read `{shown}`"))?;
        // A program begins with a zero byte, so what begins with a digit is hex.
        let program = match std::str::from_utf8(&read) {
            Ok(text) if text.starts_with("0x") => {
                hex::decode(text.trim()).wrap_err_with(|| format!("{shown}: not hex"))?
            }
            _ => read,
        };
        let policy = decompile(&program).wrap_err_with(|| shown.clone())?;
        let text = policy.to_toml();
        output.result(
            || text.clone(),
            json!({ "version": keccak256(&program), "bytes": program.len(), "policy": text }),
        )?;
        Ok(Exit::Done)
    }
}
