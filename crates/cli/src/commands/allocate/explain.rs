//! `allocate explain`: what led to one subject's number?

use super::check::line;
use super::folder::Folder;
use super::{chart, object, verify};
use crate::exit::Exit;
use crate::output::{Output, talk};
use clap::Args;
use eyre::{Result, WrapErr};
use portcullis_allocate::documents::{Amount, MoveKind};
use portcullis_allocate::{Inputs, explain};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

// Arguments of `allocate explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The proposal
    proposal: PathBuf,
    /// The folder of the documents that it names
    documents: PathBuf,
    /// A validator, pool, provider, network or group
    subject: String,
    /// Write a page with a chart
    #[arg(long, value_name = "FILE.html")]
    report: Option<PathBuf>,
}

/// How wide a bar of everything is.
const WIDTH: i128 = 40;

impl Explain {
    /// Explains a proposal that its documents bear out, and no other.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (proposal, folder) = (verify::read(&self.proposal)?, Folder::read(&self.documents)?);
        let body = &proposal.body;
        let (snapshot, risk) = folder.proved(&proposal)?;
        let (portfolio, at) = (body.portfolio.as_str(), body.evaluated_at);
        let inputs = Inputs { snapshot, risk, policies: &folder.policies, portfolio, at, trial: false };
        let found = explain(&inputs, body, &self.subject)?;
        let most = found.course.iter().max().copied().unwrap_or_default();
        if let Some(file) = &self.report {
            let lines: Vec<String> = found
                .records
                .iter()
                .map(|record| anstream::adapter::strip_str(&line(record, &body.unit)).to_string())
                .collect();
            let shown = file.display();
            fs::write(file, chart::page(body, &self.subject, &found, &lines))
                .wrap_err_with(|| format!("cannot write `{shown}`"))?;
            talk(format!("wrote {shown}"));
        }
        output.result(
            || {
                let unit = &body.unit;
                let mut lines = Vec::new();
                for (number, amount) in found.course.iter().enumerate() {
                    let label = chart::label(number);
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
    let filled = chart::part(amount, most, WIDTH);
    (0..WIDTH).map(|at| if at < filled { '█' } else { '░' }).collect()
}
