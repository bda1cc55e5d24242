//! `allocate`: a portfolio against its policies, and the best way back.

mod check;
mod compare;
mod explain;
mod folder;
mod propose;
mod verify;

use crate::exit::Exit;
use crate::output::Output;
use clap::{Args, Subcommand, ValueEnum};
use eyre::{Result, WrapErr, eyre};
use folder::Folder;
use jiff::Timestamp;
use portcullis_allocate::Inputs;
use portcullis_allocate::documents::{AllocationPolicy, Proposal, Risk, Snapshot, schema};
use serde_json::Value;
use std::path::PathBuf;

/// Arguments of `allocate`.
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
            Command::Schema { kind } => {
                let schema = match kind {
                    Kind::Snapshot => schema::<Snapshot>(),
                    Kind::Risk => schema::<Risk>(),
                    Kind::Policy => schema::<AllocationPolicy>(),
                    Kind::Proposal => schema::<Proposal>(),
                };
                anstream::println!("{}", serde_json::to_string_pretty(&schema)?);
                Ok(Exit::Done)
            }
        }
    }
}

/// Where documents are, for which portfolio, and at what time.
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

/// A part of a result as JSON.
fn object(value: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(value).wrap_err("the result does not fit in JSON")
}
