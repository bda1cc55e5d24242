//! `allocate explain`: what led to one subject's number?

use super::check::line;
use super::folder::Folder;
use super::{object, verify};
use crate::exit::Exit;
use crate::output::Output;
use clap::Args;
use eyre::{Result, eyre};
use portcullis_allocate::documents::{Amount, MoveKind};
use portcullis_allocate::{Inputs, explain};
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `allocate explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The proposal
    proposal: PathBuf,
    /// The folder of the documents that it names
    documents: PathBuf,
    /// A validator, pool, provider, network or group
    subject: String,
}

/// How wide a bar of everything is.
const WIDTH: i128 = 40;

impl Explain {
    /// Explains a proposal that its documents bear out, and no other.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (proposal, folder) = (verify::read(&self.proposal)?, Folder::read(&self.documents)?);
        let body = &proposal.body;
        let absent = || eyre!("{}: its snapshot or risk profiles are not in the folder; add them", proposal.name);
        let snapshot = folder.snapshots.iter().find(|snapshot| snapshot.hash == body.snapshot.hash);
        let risk = folder.risks.iter().find(|risk| risk.hash == body.risk.hash);
        let (snapshot, risk) = snapshot.zip(risk).ok_or_else(absent)?;
        portcullis_allocate::verify(body, snapshot, risk, &folder.policies)
            .map_err(|refused| eyre!("{}: {refused}", proposal.name))?;
        let (portfolio, at) = (body.portfolio.as_str(), body.evaluated_at);
        let inputs = Inputs { snapshot, risk, policies: &folder.policies, portfolio, at, trial: false };
        let found = explain(&inputs, body, &self.subject)?;
        let most = found.course.iter().max().copied().unwrap_or_default();
        output.result(
            || {
                let unit = &body.unit;
                let mut lines = Vec::new();
                for (number, amount) in found.course.iter().enumerate() {
                    let label = if number == 0 { "now".to_owned() } else { format!("phase {number}") };
                    lines.push(format!("{label:>9} {} {}", bar(*amount, most), unit.show(*amount)));
                }
                lines.push(format!("clauses about {}, its parts, and what it is part of:", self.subject));
                lines.extend(found.records.iter().map(|record| format!("  {}", line(record, unit))));
                lines.extend(found.flows.iter().map(|(phase, kind, subject, amount)| {
                    let sign = if *kind == MoveKind::Increase { '+' } else { '-' };
                    format!("phase {phase}: {subject} {sign}{}", unit.show(*amount))
                }));
                lines.join("\n")
            },
            json!({
                "subject": self.subject,
                "proposal": body.id,
                "course": found.course,
                "records": object(&found.records)?,
                "flows": found.flows.iter().map(|(phase, kind, subject, amount)| {
                    json!({"phase": phase, "move": kind, "subject": subject, "amount": amount})
                }).collect::<Vec<_>>(),
            }),
        )?;
        Ok(Exit::Done)
    }
}

fn bar(amount: Amount, most: Amount) -> String {
    let filled = amount.units().saturating_mul(WIDTH).checked_div(most.units()).unwrap_or(0);
    (0..WIDTH).map(|at| if at < filled { '█' } else { '░' }).collect()
}
