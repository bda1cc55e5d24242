//! `bench`, and `bench eval`: the evaluator beside other policy engines, in the workspace of its own under `benches/`.
//!
//! Never part of `test` or of CI: it builds the other engines, and what it prints depends on the machine.

use crate::bench_backtest::{self, BacktestArgs};
use crate::{stage, tools};
use clap::{Args, Subcommand};
use eyre::{Result, WrapErr};

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(subcommand)]
    what: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Decisions beside cedar-policy, regorus and cel, on the same policies and requests
    Eval(EvalArgs),
    /// A million past requests under two policies
    Backtest(BacktestArgs),
}

#[derive(Debug, Args)]
struct EvalArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &BenchArgs) -> Result<()> {
    let args = match &args.what {
        Bench::Eval(args) => args,
        Bench::Backtest(args) => return bench_backtest::run(args),
    };
    let common = ["--release", "--locked", "--manifest-path", "benches/Cargo.toml"];
    let build = [["build", "--color", "never"].as_slice(), &common].concat();
    stage::must("build benches", tools::cargo(&build))?;
    let mut command = tools::cargo(&[["run", "--quiet"].as_slice(), &common, &["--", "eval"]].concat());
    if args.json {
        command.arg("--json");
    }
    tools::pass_through(command).wrap_err("bench eval")
}
