//! `parity`: the compiled contract against the Rust evaluator, by the testkit's own binary.

use crate::{setup, tools};
use clap::Args;
use eyre::{Result, WrapErr};

#[derive(Debug, Args)]
pub(crate) struct ParityArgs {
    /// How many random cases
    #[arg(long)]
    cases: Option<u64>,
    /// The seed to start from; printed, so that a run can be repeated
    #[arg(long)]
    seed: Option<u64>,
    /// Plant known faults in both evaluators; each must be caught
    #[arg(long)]
    self_test: bool,
    /// Compare what accounts sign instead of what they execute
    #[arg(long)]
    messages: bool,
    /// Compare batches with what Safe's contracts execute, instead of verdicts
    #[arg(long, conflicts_with_all = ["messages", "self_test"])]
    batches: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ParityArgs) -> Result<()> {
    setup::run()?;
    build()?;
    let mut command = binary()?;
    if let Some(cases) = args.cases {
        command.arg("--cases").arg(cases.to_string());
    }
    if let Some(seed) = args.seed {
        command.arg("--seed").arg(seed.to_string());
    }
    if args.self_test {
        command.arg("--self-test");
    }
    if args.messages {
        command.arg("--messages");
    }
    if args.batches {
        command.arg("--batches");
    }
    if args.json {
        command.arg("--json");
    }
    tools::pass_through(command).wrap_err("parity")
}

/// Builds the harness as a stage of its own, so that measuring does not time the compiler.
pub(crate) fn build() -> Result<()> {
    tools::build(&["parity"], "posting")
}

/// The built harness.
pub(crate) fn binary() -> Result<std::process::Command> {
    tools::built("parity")
}
