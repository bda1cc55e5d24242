//! Programs from PyPI, each with its releases in an environment of its own under `target/`.

use crate::{stage, tools};
use eyre::{Result, WrapErr, eyre};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::{env, iter};

/// The environment of that name with these packages, made once for these releases.
pub(crate) fn environment(name: &str, packages: &[&str]) -> Result<PathBuf> {
    let venv = tools::root().join("target").join(name);
    let stamp = venv.join("installed");
    let wanted = packages.join(" ");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(venv);
    }
    let python = ["python3", "python"]
        .into_iter()
        .find(|name| tools::probe(tools::command(name, &["--version"])).is_some())
        .ok_or_else(|| eyre!("{} needs Python 3.11 or later; install it from python.org", wanted))?;
    let mut command = tools::command(python, &["-m", "venv", "--clear"]);
    command.arg(&venv);
    stage::must("make a Python environment", command)?;
    let mut args = vec!["-m", "pip", "install", "--disable-pip-version-check"];
    args.extend(packages);
    stage::must(&format!("install {wanted}"), tools::command(&program(&venv, "python").to_string_lossy(), &args))?;
    fs::write(&stamp, wanted).wrap_err("cannot note what was installed")?;
    Ok(venv)
}

/// A program of an environment.
pub(crate) fn program(venv: &Path, name: &str) -> PathBuf {
    venv.join(if cfg!(windows) { "Scripts" } else { "bin" }).join(name)
}

/// `PATH` with the forge of this repository first, which such programs call by its name.
pub(crate) fn path_with_forge() -> Result<OsString> {
    let forge = tools::foundry("forge", &[])?;
    let folder = Path::new(forge.get_program()).parent().ok_or_else(|| eyre!("forge is nowhere"))?.to_path_buf();
    let paths = env::var_os("PATH").unwrap_or_default();
    env::join_paths(iter::once(folder).chain(env::split_paths(&paths))).wrap_err("PATH does not join")
}
