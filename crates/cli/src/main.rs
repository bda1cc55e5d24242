//! The portcullis command line: check, compile and read policies, and see what the chain will decide.
//!
//! stdout is the result and stderr the talk. Exit codes: 0 done, 1 error, 2 something changes, 3 the policy denies,
//! 4 undecided, 5 the chain and the mirror disagree.

mod abi_file;
mod calldata;
mod commands;
mod config;
mod embedded;
mod ending;
mod exit;
mod facts_file;
mod fork;
mod history;
mod inputs;
mod member;
mod message_file;
mod mirror;
mod moment;
mod named;
mod outlook;
mod output;
mod overview;
mod policy_file;
mod rehearsal;
mod request;
mod sending;
mod site;
mod sourcify;
mod tx_file;
mod witness;
mod words;

use clap::{CommandFactory, Parser, Subcommand};
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

// The arguments of one of them are described when it is called: to describe all cost a third of the page faults of a
// process that only starts.
// So late, a doc comment on a struct of arguments would be taken for the description of the command, and there is none.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
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
    /// List the most that a policy lets everybody take out of a Safe, with the requests that do
    Audit(commands::audit::Audit),
    /// Replay past requests under a policy, and say what it would have changed
    Backtest(commands::backtest::Backtest),
    /// Put the hook on a chain, and what else an account needs
    Deploy(commands::deploy::Deploy),
    /// Say what differs between a policy and a Safe, and plan the change
    Plan(commands::plan::Plan),
    /// Carry a plan out
    Apply(commands::apply::Apply),
    /// Say what is installed, who can do what, how far limits are used, and what waits
    Status(commands::status::Status),
    /// Say in what the chain differs from a policy file
    Drift(commands::status::Drift),
    /// Plan the removal of the hook from a Safe
    Remove(commands::plan::Remove),
    /// Make a Safe transaction, see the policy's verdict on it, and execute, collect, export or propose it
    Transact(commands::transact::Transact),
    /// Show what owners sign: domain, message and Safe transaction hash, for Safe 1.0.0 to 1.5.0
    Hash(commands::hash::Hash),
    /// Add an owner's signature to a file of signatures
    Sign(commands::sign::Sign),
    /// Execute the transaction in a file of signatures
    Execute(commands::sign::Execute),
    /// Announce a request, which starts its delay
    Announce(commands::announce::Announce),
    /// Cancel an announcement
    Cancel(commands::announce::Cancel),
    /// Approve a request, as a member of a group
    Approve(commands::approve::Approve),
    /// Deny a request for good, as a member of a group
    Deny(commands::approve::Deny),
    /// State, as an attester, what the chain cannot see of a request, once the whole policy allows it
    Attest(Box<commands::attest::Attest>),
    /// Freeze the account at once, as a guardian
    Freeze(commands::freeze::Freeze),
    /// End a freeze, as the account: once to start, and once more after the change delay
    Unfreeze(commands::freeze::Unfreeze),
    /// Add to, remove from, or show a registry
    Registry(commands::registry::Registry),
    /// Print completions for a shell
    Completions(commands::pages::Completions),
    /// Print the manual page
    Man(commands::pages::Man),
    /// Measure portfolios against allocation policies, and propose the best way back with a proof
    Allocate(commands::allocate::Allocate),
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
        Command::Audit(command) => command.run(&output),
        Command::Backtest(command) => command.run(&output),
        Command::Deploy(command) => command.run(&output),
        Command::Plan(command) => command.run(&output),
        Command::Apply(command) => command.run(&output),
        Command::Status(command) => command.run(&output),
        Command::Drift(command) => command.run(&output),
        Command::Remove(command) => command.run(&output),
        Command::Transact(command) => command.run(&output),
        Command::Hash(command) => command.run(&output),
        Command::Sign(command) => command.run(&output),
        Command::Execute(command) => command.run(&output),
        Command::Announce(command) => command.run(&output),
        Command::Cancel(command) => command.run(&output),
        Command::Approve(command) => command.run(&output),
        Command::Deny(command) => command.run(&output),
        Command::Attest(command) => command.run(&output),
        Command::Freeze(command) => command.run(&output),
        Command::Unfreeze(command) => command.run(&output),
        Command::Registry(command) => command.run(&output),
        Command::Completions(command) => command.run(Args::command()),
        Command::Man(command) => command.run(Args::command()),
        Command::Allocate(command) => command.run(&output),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_of_each_command_begins_as_the_list_of_commands_has_it() {
        let command = Args::command();
        assert!(command.get_subcommands().count() > 30);
        for one in command.get_subcommands() {
            let about = one.get_about().map(ToString::to_string).unwrap_or_default();
            let help = Args::try_parse_from(["portcullis", one.get_name(), "--help"]).unwrap_err().to_string();
            assert!(help.starts_with(&format!("{about}\n")), "{}: {help}", one.get_name());
        }
    }
}
