//! The portcullis command line: check, compile and read policies, and see what the chain will decide.
//!
//! stdout is the result and stderr the talk. Exit codes: 0 done, 1 error, 2 something changes, 3 the policy denies,
//! 4 undecided, 5 the chain and the mirror disagree.

mod commands;
mod embedded;
mod exit;
mod facts_file;
mod fork;
mod history;
mod message_file;
mod mirror;
mod moment;
mod outlook;
mod output;
mod policy_file;
mod site;
mod tx_file;
mod witness;
mod words;

use clap::{Parser, Subcommand};
use exit::Exit;
use output::Output;
use portcullis_eval::Undecided;
use portcullis_report::units;
use portcullis_simulate::Unread;
use std::process::ExitCode;

/// A treasury policy in front of a Safe.
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, about)]
struct Args {
    /// Print one JSON object on stdout
    #[arg(long, global = true)]
    json: bool,
    /// Show where an error comes from; with RUST_BACKTRACE=1, the backtrace too
    #[arg(long, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a policy to begin with
    Init(commands::init::Init),
    /// Check a policy and say what it holds
    Check(commands::check::Check),
    /// Lay a policy out, keeping what it says and every comment
    Fmt(commands::fmt::Fmt),
    /// Print the JSON Schema of policies, for editors, or of reports
    Schema(commands::schema::Schema),
    /// Compile a policy to a program
    Compile(commands::compile::Compile),
    /// Read a program back as a policy
    Decompile(commands::decompile::Decompile),
    /// Say what is wrong with a policy that compiles, each with a request that shows it
    Lint(commands::lint::Lint),
    /// Say what another version of a policy loosens and tightens, each with a request that shows it
    Diff(commands::diff::Diff),
    /// Say, offline and in words, what a policy decides on a transaction and which rule decides
    Explain(commands::explain::Explain),
    /// Ask the chain and the mirror for their verdict on a transaction
    Simulate(Box<commands::simulate::Simulate>),
    /// Simulate a bundle again, without a network
    Replay(commands::replay::Replay),
    /// Replay past requests under a policy, and say what it would have changed
    Backtest(commands::backtest::Backtest),
    /// Collect what a Safe has executed from a node, for `backtest`
    History(commands::history::History),
    /// Play a treasury's day on real Safes, every verdict twice
    Demo(commands::demo::Demo),
}

fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(answer) => {
            // Help is an answer; anything else an error, which clap would end with the code for changes.
            let exit = if answer.use_stderr() { Exit::Error } else { Exit::Done };
            return match answer.print() {
                Ok(()) => exit.into(),
                Err(_) => Exit::Error.into(),
            };
        }
    };
    let output = Output { json: args.json };
    // Without it, reports still print; only their layout differs.
    color_eyre::config::HookBuilder::blank().install().ok();
    let outcome = match args.command {
        Command::Init(command) => command.run(&output),
        Command::Check(command) => command.run(&output),
        Command::Fmt(command) => command.run(&output),
        Command::Schema(command) => command.run(),
        Command::Compile(command) => command.run(&output),
        Command::Decompile(command) => command.run(&output),
        Command::Lint(command) => command.run(&output),
        Command::Diff(command) => command.run(&output),
        Command::Explain(command) => command.run(&output),
        Command::Simulate(command) => command.run(&output),
        Command::Replay(command) => command.run(&output),
        Command::Backtest(command) => command.run(&output),
        Command::History(command) => command.run(&output),
        Command::Demo(command) => command.run(&output),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(report) => {
            let is_undecided =
                report.downcast_ref::<Undecided>().is_some() || report.downcast_ref::<Unread>().is_some();
            let exit = if is_undecided { Exit::Undecided } else { Exit::Error };
            output::error(&report, args.verbose);
            exit.into()
        }
    }
}
