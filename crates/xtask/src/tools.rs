//! Where things are, and how to start them.

use crate::stage;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A command that runs in the root, without stdin and without what `cargo run` set for this process.
pub(crate) fn command(program: &str, args: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(root()).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Cargo, in the toolchain that runs this.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let program = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    command(&program, args)
}

/// Builds binaries of the workspace as a stage of its own, beside one small test of the same package.
///
/// A test among what is built makes cargo choose the features that `cargo xtask test` builds with. So there is one set
/// of them for every verb, and what is large is compiled once.
pub(crate) fn build(binaries: &[&str], test: &str) -> Result<()> {
    let mut command = cargo(&["build", "--workspace", "--color", "never", "--test", test]);
    command.args(binaries.iter().flat_map(|name| ["--bin", name]));
    stage::must(&format!("build {}", binaries.join(" and ")), command).map(drop)
}

/// A binary that [`build`] built: cargo puts it beside this one.
pub(crate) fn built(name: &str) -> Result<Command> {
    let own = std::env::current_exe().wrap_err("this program does not know where it is")?;
    let path = own.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    Ok(command(&path.to_string_lossy(), &[]))
}

/// A Foundry tool that npm installed: the binary itself, since npm's launcher loses its exit code and outlives
/// being killed.
pub(crate) fn foundry(name: &str, args: &[&str]) -> Result<Command> {
    let packages = root().join("node_modules/@foundry-rs");
    let prefix = format!("{name}-");
    let binary = std::fs::read_dir(&packages)
        .wrap_err("cannot read node_modules/@foundry-rs; run `cargo xtask setup`")?
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path().join("bin").join(name))
        .find(|path| path.exists())
        .ok_or_else(|| eyre!("npm installed no {name} for this machine"))?;
    Ok(command(&binary.to_string_lossy(), args))
}

/// What a command prints, if it runs and succeeds.
pub(crate) fn probe(mut command: Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What a command prints on stdout; its stderr is shown when it fails.
pub(crate) fn capture(mut command: Command) -> Result<String> {
    let shown = format!("{command:?}");
    let output = command.output().wrap_err_with(|| format!("cannot start {shown}"))?;
    if !output.status.success() {
        bail!("{shown} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).map_err(|_| eyre!("{shown} printed something that is not text"))
}

/// Runs a command with this process's stdout and stderr.
pub(crate) fn pass_through(mut command: Command) -> Result<()> {
    let status = command.status().wrap_err("cannot start a command")?;
    match status.code() {
        Some(0) => Ok(()),
        Some(code) => bail!("exit code {code}"),
        None => bail!("ended by a signal"),
    }
}

/// Every file that git knows, relative to the root.
pub(crate) fn tracked_files() -> Result<Vec<String>> {
    let listing = capture(command("git", &["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    Ok(listing.lines().map(str::to_owned).collect())
}

/// A path as it is written in this repository, without the machine's part.
pub(crate) fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// A key of a JSON object; null when it is not there.
pub(crate) fn at<'a>(value: &'a Value, key: &str) -> &'a Value {
    value.get(key).unwrap_or(&Value::Null)
}

/// What figures were measured on.
pub(crate) fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            text.lines().find_map(|line| {
                line.strip_prefix("model name")?.split_once(':').map(|(_, name)| name.trim().to_owned())
            })
        })
        .unwrap_or_else(|| std::env::consts::ARCH.to_owned());
    format!("{cores} cores, {model}, {}", std::env::consts::OS)
}
