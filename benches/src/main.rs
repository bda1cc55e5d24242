//! Measures Portcullis beside others: `eval` beside policy engines, `allocate` beside solvers.
//!
//! stdout carries the result; progress goes to stderr.

mod allocate;
mod eval;
mod figure;
mod machine;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Measures beside others, in one run.
#[derive(Debug, Parser)]
#[command(name = "portcullis-benches", version, about)]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// The evaluator beside cedar-policy, regorus and cel, on the same policies and requests
    Eval(eval::EvalArgs),
    /// The optimum of portfolios beside Clarabel and HiGHS, on the same portfolios
    Allocate(allocate::AllocateArgs),
}

fn main() -> ExitCode {
    let outcome = match Args::parse().verb {
        Verb::Eval(args) => eval::run(&args),
        Verb::Allocate(args) => allocate::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            eprintln!("error: {report:#}");
            ExitCode::FAILURE
        }
    }
}
