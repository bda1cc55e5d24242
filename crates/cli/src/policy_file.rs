//! Policies from files.

use eyre::{Result, WrapErr, bail};
use portcullis_policy::{Compiled, Policy, compile};
use std::path::Path;

/// A policy and its program.
#[derive(Debug)]
pub(crate) struct PolicyFile {
    pub(crate) policy: Policy,
    pub(crate) compiled: Compiled,
}

/// Reads, checks and compiles a policy.
pub(crate) fn load(path: &Path) -> Result<PolicyFile> {
    let policy = read(path)?;
    let compiled = compile(&policy).wrap_err_with(|| path.display().to_string())?;
    Ok(PolicyFile { policy, compiled })
}

/// Reads and checks a policy.
pub(crate) fn read(path: &Path) -> Result<Policy> {
    Ok(Policy::parse(&text(path)?, &path.display().to_string())?)
}

/// Reads a text file; files that no person wrote are refused before they fill the memory.
pub(crate) fn text(path: &Path) -> Result<String> {
    const MOST: u64 = 16 * 1024 * 1024;
    let shown = path.display();
    let size = std::fs::metadata(path).wrap_err_with(|| format!("cannot read `{shown}`"))?.len();
    if size > MOST {
        bail!("`{shown}` is {size} bytes, more than the {MOST} that are read");
    }
    std::fs::read_to_string(path).wrap_err_with(|| format!("cannot read `{shown}`"))
}
