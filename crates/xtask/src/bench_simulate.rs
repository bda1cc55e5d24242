//! `bench simulate`: one transfer of a guarded Safe, simulated in every way that the command has, beside others.
//!
//! `--record` keeps what was found in `evidence/bench-simulate.json`, for as long as the source stays the same.

use crate::{bench_record, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail};
use serde_json::Value;

/// A peer with a revm of its own.
const FORK_DB: [&str; 5] =
    ["--release", "--locked", "--manifest-path", "benches/Cargo.toml", "--package=portcullis-bench-fork-db"];

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Keep the figures in evidence/
    #[arg(long)]
    record: bool,
}

pub(crate) fn run(args: &SimulateArgs) -> Result<()> {
    let build = ["build", "--release", "--locked", "--package", "portcullis-cli", "--color", "never"];
    stage::must("build portcullis, optimised", tools::cargo(&build))?;
    // The bench itself only waits, so it is built as tests are.
    let common = ["bench", "--profile", "dev", "--locked", "--workspace", "--bench", "simulate"];
    stage::must("build the bench", tools::cargo(&[common.as_slice(), &["--no-run", "--color", "never"]].concat()))?;
    stage::must(
        "build foundry-fork-db, optimised",
        tools::cargo(&[["build", "--color", "never"].as_slice(), &FORK_DB].concat()),
    )?;
    let mut command = tools::cargo(&[common.as_slice(), &["--quiet", "--"]].concat());
    command.env("PORTCULLIS_BENCH_BINARY", tools::root().join("target/release/portcullis"));
    command.env("PORTCULLIS_BENCH_FORK_DB", tools::root().join("benches/target/release/portcullis-bench-fork-db"));
    if !args.json && !args.record {
        return tools::pass_through(command).wrap_err("bench simulate");
    }
    let mut found: Value = serde_json::from_str(&tools::capture({
        command.arg("--json");
        command
    })?)
    .wrap_err("the bench printed something else than JSON")?;
    let missed = bench_record::SIMULATE.complete(&mut found)?;
    if args.record {
        bench_record::SIMULATE.keep(&found)?;
    }
    if args.json {
        println!("{found}");
        return Ok(());
    }
    if !missed.is_empty() {
        bail!("recorded, and missed: {}", missed.join(", "));
    }
    Ok(())
}
