//! What a fresh clone needs: three tools, and the packages that package-lock.json names.

use crate::{stage, tools};
use eyre::{Result, WrapErr, bail};
use std::fs;

/// Says in one line each what is missing, then installs the packages when they are absent or outdated.
pub(crate) fn run() -> Result<()> {
    let wanted = [
        ("node", "Node.js 20 or later, from nodejs.org or your package manager"),
        ("npm", "npm, which comes with Node.js"),
        ("git", "git, from your package manager"),
    ];
    let mut missing = 0_u32;
    for (tool, source) in wanted {
        if tools::probe(tools::command(tool, &["--version"])).is_none() {
            eprintln!("missing: {tool}; install {source}");
            missing = missing.saturating_add(1);
        }
    }
    if tools::probe(tools::cargo(&["--version"])).is_none() {
        eprintln!("missing: cargo; install it with rustup, from rustup.rs");
        missing = missing.saturating_add(1);
    }
    if missing > 0 {
        bail!("{missing} of the tools that set-up needs cannot be found");
    }
    npm()
}

fn npm() -> Result<()> {
    let root = tools::root();
    let lock = fs::read(root.join("package-lock.json")).wrap_err("cannot read package-lock.json")?;
    // The stamp is the lock file that was installed.
    let stamp = root.join("target/xtask/package-lock.installed");
    if root.join("node_modules/.bin/forge").exists() && fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    stage::must("npm ci", tools::command("npm", &["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, &lock).wrap_err("cannot write target/xtask/package-lock.installed")
}
