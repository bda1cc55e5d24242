//! `bench`: the evaluator beside other policy engines, in the workspace of its own under `benches/`, the linter,
//! `backtest`, simulations and gas.
//!
//! Only gas is part of CI: what the others print depends on the machine.

use crate::bench_backtest::{self, BacktestArgs};
use crate::bench_gas::{self, GasArgs};
use crate::bench_record::{AGREE, ALLOCATE, Bench, EVAL};
use crate::bench_simulate::{self, SimulateArgs};
use crate::{pypi, stage, tools};
use clap::{Args, Subcommand};
use eyre::{Result, WrapErr, bail};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;

/// HiGHS as its authors publish it, with what it is called by.
const HIGHS: [&str; 2] = ["highspy==1.15.1", "numpy==2.4.6"];

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Decisions beside cedar-policy, regorus and cel, on the same policies and requests
    Eval(EvalArgs),
    /// The optimum of portfolios of 100, 1,000 and 10,000 validators, beside Clarabel and HiGHS
    Allocate(AllocateArgs),
    /// The linter on policies of 10, 100 and 1,000 rules
    Lint(JsonArgs),
    /// A million past requests under two policies
    Backtest(BacktestArgs),
    /// One transfer simulated with the hook installed, beside other ways to ask a node
    Simulate(SimulateArgs),
    /// What treasury work costs on chain, beside other guards
    Gas(GasArgs),
}

#[derive(Debug, Args)]
struct JsonArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct EvalArgs {
    #[command(flatten)]
    json: JsonArgs,
    /// Keep the figures in evidence/
    #[arg(long)]
    record: bool,
}

#[derive(Debug, Args)]
struct AllocateArgs {
    #[command(flatten)]
    common: EvalArgs,
    /// Instead of times: whether all agree on so many small portfolios, whose amounts floats hold exactly
    #[arg(long, value_name = "COUNT")]
    agree: Option<usize>,
}

pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    match &args.what {
        What::Eval(args) => beside("eval", args, &EVAL, |_| {}),
        What::Allocate(args) => {
            let highs = highs();
            let bench = if args.agree.is_some() { AGREE } else { ALLOCATE };
            beside("allocate", &args.common, &bench, |command| {
                command.args(args.agree.map(|count| format!("--agree={count}")));
                command.envs(highs.map(|python| ("PORTCULLIS_HIGHS_PYTHON", python)));
            })
        }
        What::Lint(args) => lint(args),
        What::Backtest(args) => bench_backtest::run(args),
        What::Simulate(args) => bench_simulate::run(args),
        What::Gas(args) => bench_gas::run(args),
    }
}

fn lint(args: &JsonArgs) -> Result<()> {
    let common = ["bench", "--locked", "--package", "portcullis-policy", "--bench", "lint"];
    stage::must(
        "build the linter's bench",
        tools::cargo(&[common.as_slice(), &["--no-run", "--color", "never"]].concat()),
    )?;
    let mut command = tools::cargo(&[common.as_slice(), &["--quiet", "--"]].concat());
    if args.json {
        command.arg("--json");
    }
    tools::pass_through(command).wrap_err("bench lint")
}

/// A Python with HiGHS; where none can be made, the bench says that HiGHS did not run.
fn highs() -> Option<PathBuf> {
    match pypi::environment("highs", &HIGHS) {
        Ok(venv) => Some(pypi::program(&venv, "python")),
        Err(error) => {
            eprintln!("no HiGHS: {error:#}");
            None
        }
    }
}

/// What is measured beside others, in their workspace.
fn beside(what: &str, args: &EvalArgs, bench: &Bench, more: impl FnOnce(&mut Command)) -> Result<()> {
    let common = ["--release", "--locked", "--manifest-path", "benches/Cargo.toml"];
    let build = [["build", "--color", "never"].as_slice(), &common].concat();
    stage::must("build benches", tools::cargo(&build))?;
    let mut command = tools::cargo(&[["run", "--quiet"].as_slice(), &common, &["--", what]].concat());
    more(&mut command);
    if args.json.json || args.record {
        command.arg("--json");
    }
    if !args.record {
        return tools::pass_through(command).wrap_err_with(|| format!("bench {what}"));
    }
    let mut found: Value =
        serde_json::from_str(&tools::capture(command)?).wrap_err("the bench printed something else than JSON")?;
    let missed = bench.complete(&mut found)?;
    bench.keep(&found)?;
    if args.json.json {
        println!("{found}");
    }
    if !missed.is_empty() {
        bail!("recorded, and missed: {}", missed.join(", "));
    }
    Ok(())
}
