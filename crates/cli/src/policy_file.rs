//! Policies from files.

use alloy_primitives::keccak256;
use eyre::{Result, WrapErr, bail};
use portcullis_policy::{Compiled, Policy, compile};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

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

/// Keeps a policy in a folder under the version of its program, so that its names are there when the program is on the
/// chain.
pub(crate) fn keep(folder: &Path, file: &PolicyFile) -> Result<()> {
    let path = kept_at(folder, &file.compiled.program);
    let cannot = || format!("cannot write `{}`", path.display());
    std::fs::create_dir_all(folder).wrap_err_with(cannot)?;
    std::fs::write(&path, file.policy.to_toml()).wrap_err_with(cannot)
}

/// The policy of a program, where it was kept and compiles to exactly that.
pub(crate) fn kept(folder: &Path, program: &[u8]) -> Option<PolicyFile> {
    load(&kept_at(folder, program)).ok().filter(|file| file.compiled.program == program)
}

fn kept_at(folder: &Path, program: &[u8]) -> PathBuf {
    folder.join(format!("{}.toml", keccak256(program)))
}

/// Reads and checks a policy, with the lists that it imports from its folder.
pub(crate) fn read(path: &Path) -> Result<Policy> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let import = |file: &str| bytes(&folder.join(file)).map_err(|report| report.root_cause().to_string());
    Ok(Policy::parse_with(&text(path)?, &path.display().to_string(), &import)?)
}

/// Reads a text file; files that no person wrote are refused before they fill the memory.
pub(crate) fn text(path: &Path) -> Result<String> {
    let shown = path.display();
    String::from_utf8(bytes(path)?).wrap_err_with(|| format!("cannot read `{shown}`"))
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    const MOST: u64 = 16 * 1024 * 1024;
    let shown = path.display();
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MOST + 1).read_to_end(&mut bytes));
    read.wrap_err_with(|| format!("cannot read `{shown}`"))?;
    if bytes.len() as u64 > MOST {
        bail!("`{shown}` is more than the {MOST} bytes that are read");
    }
    Ok(bytes)
}
