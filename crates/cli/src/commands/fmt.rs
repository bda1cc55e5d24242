//! `fmt`: the canonical layout.

use crate::exit::Exit;
use crate::output::Output;
use crate::policy_file;
use clap::Args;
use eyre::{Result, WrapErr, eyre};
use portcullis_policy::format;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

// Arguments of `fmt`.
#[derive(Debug, Args)]
pub(crate) struct Fmt {
    /// The policy, in TOML or JSON
    policy: PathBuf,
    /// Only say whether it is laid out; an error if not
    #[arg(long)]
    check: bool,
}

impl Fmt {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let shown = self.policy.display().to_string();
        let before = policy_file::text(&self.policy)?;
        let after = format(&before, &shown)?;
        let changes = before != after;
        if changes && !self.check {
            replace(&self.policy, &after).wrap_err_with(|| format!("cannot write `{shown}`"))?;
        }
        let is_faulty = changes && self.check;
        output.result(
            || match (changes, self.check) {
                (false, _) => format!("{shown}: laid out"),
                (true, false) => format!("{shown}: laid out anew"),
                (true, true) => format!("{shown}: not laid out; run `portcullis fmt {shown}`"),
            },
            json!({ "file": shown, "laid_out": !is_faulty, "changed": changes && !self.check }),
        )?;
        Ok(if is_faulty { Exit::Error } else { Exit::Done })
    }
}

/// In one step, so that a policy is never half written.
fn replace(path: &Path, text: &str) -> Result<()> {
    let path = path.canonicalize()?;
    let folder = path.parent().ok_or_else(|| eyre!("it is no file"))?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    fs::set_permissions(file.path(), fs::metadata(&path)?.permissions())?;
    file.persist(&path)?;
    Ok(())
}
