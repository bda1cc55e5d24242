//! `wasm`: the mirror as WebAssembly, asked in Node.js what it was asked natively.
//!
//! No target can be added to a toolchain where only package registries are reached, so the standard library is built
//! with it, by the compiler that Debian packages with its sources.

use crate::{setup, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const TARGET: &str = "wasm32-unknown-unknown";
/// Debian's compiler, its sources, and the linker.
const PACKAGES: [&str; 4] = ["rustc-web", "rust-web-src", "cargo-web", "lld"];
const PARTS: [&str; 4] = ["/usr/bin/cargo", "/usr/bin/rustc", "/usr/bin/wasm-ld", "/usr/lib/rustlib/src/rust/library"];

#[derive(Debug, Args)]
pub(crate) struct WasmArgs {
    /// How many random cases are asked
    #[arg(long, default_value_t = 2_000)]
    cases: u64,
    /// The seed of the random cases
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &WasmArgs) -> Result<()> {
    let report = measure(args.cases, args.seed)?;
    if args.json {
        println!("{report}");
    } else {
        let count = |name| tools::at(&report, name).as_u64().unwrap_or_default();
        println!(
            "{} questions, {} allowed, {} undecided, {} answered otherwise than natively; {} bytes of module",
            count("cases"),
            count("allowed"),
            count("undecided"),
            count("differences"),
            count("bytes")
        );
    }
    if tools::at(&report, "differences").as_u64() != Some(0) {
        bail!("the module answers otherwise");
    }
    Ok(())
}

/// Builds the module, asks it, and counts.
pub(crate) fn measure(cases: u64, seed: u64) -> Result<Value> {
    setup::run()?;
    install()?;
    let folder = tools::root().join("target/wasm");
    build(&folder)?;
    let module = folder.join(TARGET).join("release/portcullis_wasm.wasm");
    let questions = folder.join("questions.jsonl");
    ask(&questions, cases, seed)?;
    let mut node = tools::command("node", &["crates/wasm/tests/compare.mjs"]);
    node.arg(&module).arg(&questions).stderr(Stdio::inherit());
    let output = node.output().wrap_err("cannot start node")?;
    let mut report: Value =
        serde_json::from_slice(&output.stdout).wrap_err("the comparison in Node.js printed no JSON object")?;
    let bytes = fs::metadata(&module).wrap_err("there is no module")?.len();
    let fields = report.as_object_mut().ok_or_else(|| eyre!("the comparison printed something else"))?;
    fields.insert("bytes".to_owned(), bytes.into());
    Ok(report)
}

fn install() -> Result<()> {
    let lacks = || PARTS.into_iter().find(|part| !Path::new(part).exists());
    let Some(lacking) = lacks() else {
        return Ok(());
    };
    let listed = PACKAGES.join(" ");
    if tools::probe(tools::command("apt-get", &["--version"])).is_none() {
        bail!("`{lacking}` is missing: this needs Debian's packages {listed}");
    }
    stage::must("look for Debian's packages", tools::command("apt-get", &["update", "-qq"]))?;
    let mut args = vec!["install", "-y", "-qq", "--no-install-recommends"];
    args.extend(PACKAGES);
    stage::must("install Debian's Rust", tools::command("apt-get", &args))?;
    match lacks() {
        Some(lacking) => bail!("`{lacking}` is missing, though Debian's packages {listed} are installed"),
        None => Ok(()),
    }
}

/// Compiles the deciding crates where no standard library is to be had, and then builds the module.
fn build(folder: &Path) -> Result<()> {
    let bare = compile(folder, "check", "portcullis-eval", "-Zbuild-std=core,alloc");
    stage::must("check the mirror without std", bare)?;
    let module = compile(folder, "build", "portcullis-wasm", "-Zbuild-std=std,panic_abort");
    stage::must("build the module", module).map(drop)
}

/// Debian's compiler on one package, with these parts of the standard library and no other.
fn compile(folder: &Path, verb: &str, package: &str, parts: &str) -> Command {
    let args = [verb, "--release", "--locked", "--package", package, "--target", TARGET, parts, "--color", "never"];
    let mut command = tools::command("/usr/bin/cargo", &args);
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "/usr/bin/wasm-ld");
    command.env("RUSTC", "/usr/bin/rustc").env("RUSTC_BOOTSTRAP", "1").env("CARGO_TARGET_DIR", folder);
    // What rustup tells its own cargo must not reach this one.
    command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO").env_remove("RUSTFLAGS");
    command
}

fn ask(file: &Path, cases: u64, seed: u64) -> Result<()> {
    tools::build(&["questions"], "posting")?;
    let mut command = tools::built("questions")?;
    command.args(["--cases", &cases.to_string(), "--seed", &seed.to_string()]);
    let file = fs::File::create(file).wrap_err("cannot write the questions")?;
    let status = command.stdout(file).status().wrap_err("cannot start the questions")?;
    if !status.success() {
        bail!("the questions: {status}");
    }
    Ok(())
}
