//! `allocate`: a portfolio against its policies, and the best way back.

mod build;
mod chart;
mod check;
mod compare;
mod decide;
mod executed;
mod explain;
mod folder;
mod propose;
mod records;
mod simulate;
mod verify;

use crate::exit::Exit;
use crate::output::{Output, talk};
use clap::{Args, Subcommand, ValueEnum};
use eyre::{Result, WrapErr, eyre};
use folder::Folder;
use jiff::Timestamp;
use portcullis_allocate::Inputs;
use portcullis_allocate::documents::{
    AllocationPolicy, Compliance, Decision, Execution, Mapping, Proposal, Risk, Snapshot, Verdict, schema,
};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

// Arguments of `allocate`.
#[derive(Debug, Args)]
pub(crate) struct Allocate {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure a portfolio against the policies in force
    Check(check::Check),
    /// Compute the best allocation within the policies, with the phases to it and a certificate
    Propose(propose::Propose),
    /// Check a proposal from its documents and certificate alone
    Verify(verify::Verify),
    /// Put the same history under two sets of policies, side by side
    Compare(compare::Compare),
    /// Say what led to one subject's number
    Explain(explain::Explain),
    /// Write down that somebody approves a proposal, and why
    Approve(decide::Decide),
    /// Write down that somebody rejects a proposal, and why
    Reject(decide::Decide),
    /// Turn a phase of a proposal into one Safe transaction, for `sign` and `execute`
    Build(build::Build),
    /// Run the transaction of a phase with the guard on
    Simulate(Box<simulate::Simulate>),
    /// Write down how the chain executed an attested phase
    Executed(executed::Executed),
    /// Put documents into a folder of records, where nothing is ever changed
    Put(records::put::Put),
    /// List the documents of a folder of records
    List(records::show::List),
    /// Say what a document of a folder of records refers to, and what refers to it
    Show(records::show::Show),
    /// Print the JSON Schema of a kind of document
    Schema {
        /// The kind
        kind: Kind,
    },
}

/// The documents of `allocate`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Snapshot,
    Risk,
    Policy,
    Proposal,
    Mapping,
    Decision,
    Execution,
    Compliance,
}

impl Allocate {
    /// 2 where something is breached or moves.
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        match &self.command {
            Command::Check(command) => command.run(output),
            Command::Propose(command) => command.run(output),
            Command::Verify(command) => command.run(output),
            Command::Compare(command) => command.run(output),
            Command::Explain(command) => command.run(output),
            Command::Approve(command) => command.run(Verdict::Approved, output),
            Command::Reject(command) => command.run(Verdict::Rejected, output),
            Command::Build(command) => command.run(output),
            Command::Simulate(command) => command.run(output),
            Command::Executed(command) => command.run(output),
            Command::Put(command) => command.run(output),
            Command::List(command) => command.run(output),
            Command::Show(command) => command.run(output),
            Command::Schema { kind } => {
                let schema = match kind {
                    Kind::Snapshot => schema::<Snapshot>(),
                    Kind::Risk => schema::<Risk>(),
                    Kind::Policy => schema::<AllocationPolicy>(),
                    Kind::Proposal => schema::<Proposal>(),
                    Kind::Mapping => schema::<Mapping>(),
                    Kind::Decision => schema::<Decision>(),
                    Kind::Execution => schema::<Execution>(),
                    Kind::Compliance => schema::<Compliance>(),
                };
                anstream::println!("{}", serde_json::to_string_pretty(&schema)?);
                Ok(Exit::Done)
            }
        }
    }
}

// Where documents are, for which portfolio, and at what time.
#[derive(Debug, Args)]
struct Where {
    /// A folder of snapshots, risk profiles and policies, in TOML or JSON
    documents: PathBuf,
    /// The portfolio; needed where a snapshot has several
    #[arg(long)]
    portfolio: Option<String>,
    /// The time of the evaluation, as 2026-11-20T12:00:00Z; now, if not given
    #[arg(long)]
    at: Option<Timestamp>,
}

impl Where {
    fn read(&self) -> Result<(Folder, Timestamp)> {
        Ok((Folder::read(&self.documents)?, self.at.unwrap_or_else(Timestamp::now)))
    }

    /// The newest documents that are not from after the evaluation.
    fn inputs<'a>(&'a self, folder: &'a Folder, at: Timestamp) -> Result<Inputs<'a>> {
        let snapshot = folder.snapshot(at)?;
        let portfolio = portfolio(self.portfolio.as_deref(), &snapshot.body)?;
        Ok(Inputs { snapshot, risk: folder.risk(at)?, policies: &folder.policies, portfolio, at, trial: false })
    }
}

fn portfolio<'a>(named: Option<&'a str>, snapshot: &'a Snapshot) -> Result<&'a str> {
    match (named, snapshot.portfolios.as_slice()) {
        (Some(named), _) => Ok(named),
        (None, [only]) => Ok(&only.id),
        (None, several) => {
            let ids: Vec<_> = several.iter().map(|portfolio| portfolio.id.as_str()).collect();
            Err(eyre!("the snapshot has the portfolios {}; name one with --portfolio", ids.join(", ")))
        }
    }
}

pub(crate) use build::Plan;
pub(crate) use decide::Review;
pub(crate) use executed::executed;

/// Writes a document that is made anew from the same inputs, and says where.
fn write(out: &Path, what: &str, document: &impl serde::Serialize) -> Result<()> {
    let shown = out.display();
    let text = serde_json::to_string_pretty(document)
        .wrap_err_with(|| format!("what is written as {what} does not fit in JSON"))?;
    fs::write(out, text + "\n").wrap_err_with(|| format!("cannot write `{shown}`"))?;
    talk(format!("wrote {shown}"));
    Ok(())
}

/// A part of a result as JSON.
fn object(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).wrap_err("the result does not fit in JSON")
}
