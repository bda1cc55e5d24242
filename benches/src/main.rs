//! Measures Portcullis beside others: `eval` beside policy engines.
//!
//! stdout carries the result; progress goes to stderr.

mod eval;
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
}

fn main() -> ExitCode {
    let outcome = match Args::parse().verb {
        Verb::Eval(args) => eval::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            eprintln!("error: {report:#}");
            ExitCode::FAILURE
        }
    }
}
