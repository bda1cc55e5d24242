//! `allocate check`: does the portfolio keep its policies?

use super::{Where, object, write};
use crate::exit::Exit;
use crate::output::{Output, paint};
use anstyle::AnsiColor;
use clap::Args;
use eyre::Result;
use portcullis_allocate::comply;
use portcullis_allocate::documents::{Compliance, Direction, Record, Unit};
use serde_json::json;
use std::path::PathBuf;

// Arguments of `allocate check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Where,
    /// Write the records there, as a document
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Check {
    /// Ends with 2 if a clause is violated.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (folder, at) = self.place.read()?;
        let found = comply(&self.place.inputs(&folder, at)?)?;
        if let Some(out) = &self.out {
            write(out, "records", &found)?;
        }
        output.result(|| text(&found), json!({ "compliance": object(&found)? }))?;
        Ok(if found.breaches().next().is_none() { Exit::Done } else { Exit::Changed })
    }
}

fn text(found: &Compliance) -> String {
    let mut lines: Vec<String> = found.breaches().map(|record| line(record, &found.unit)).collect();
    for alert in &found.alerts {
        let review = if alert.manual_review { ", review by a person" } else { "" };
        let to = alert.notify.join(", ");
        lines.push(format!("alert {}/{} for {} to {to}{review}", alert.policy, alert.alert, alert.subject));
    }
    let policies: Vec<String> = found.policies.iter().map(|one| format!("{}@{}", one.id, one.revision)).collect();
    lines.push(format!(
        "{}: {} checks, {} violated, under {}",
        found.portfolio,
        found.records.len(),
        found.breaches().count(),
        policies.join(", ")
    ));
    lines.join("\n")
}

/// A record as one line.
pub(super) fn line(record: &Record, unit: &Unit) -> String {
    let clause = format!("{}/{}", record.policy, record.clause);
    let word = match record.direction {
        Direction::Within => paint("ok", AnsiColor::Green),
        Direction::Above => paint(format!("{} above", unit.show(record.deviation)), AnsiColor::Red),
        Direction::Below => paint(format!("{} below", unit.show(record.deviation)), AnsiColor::Red),
        Direction::Ineligible => paint("not eligible", AnsiColor::Red),
    };
    let amounts = ["load", "cap", "floor", "target", "drift"];
    let values: Vec<String> = record
        .values
        .iter()
        .map(|(name, value)| match value.parse() {
            Ok(amount) if amounts.contains(&name.as_str()) => format!("{name} {}", unit.show(amount)),
            _ => format!("{name} {value}"),
        })
        .collect();
    format!("{}: {word} ({clause}: {})", record.subject, values.join("; "))
}
