//! `allocate check`: does the portfolio keep its policies?

use super::{Where, object};
use crate::exit::Exit;
use crate::output::{Output, paint};
use anstyle::AnsiColor;
use clap::Args;
use eyre::Result;
use portcullis_allocate::documents::{Direction, Record, Unit};
use portcullis_allocate::measure;
use serde_json::json;

/// Arguments of `allocate check`.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Where,
}

impl Check {
    /// Ends with 2 if a clause is violated.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (folder, at) = self.place.read()?;
        let inputs = self.place.inputs(&folder, at)?;
        let measured = measure(&inputs)?;
        let breaches: Vec<&Record> = measured.records.iter().filter(|record| !record.satisfied).collect();
        let policies: Vec<String> = measured.policies.iter().map(|policy| policy.body.version()).collect();
        let unit = &inputs.snapshot.body.unit;
        output.result(
            || {
                let mut lines: Vec<String> = breaches.iter().map(|record| line(record, unit)).collect();
                for alert in &measured.alerts {
                    let review = if alert.manual_review { ", review by a person" } else { "" };
                    let to = alert.notify.join(", ");
                    lines.push(format!("alert {}/{} for {} to {to}{review}", alert.policy, alert.alert, alert.subject));
                }
                let (count, broken) = (measured.records.len(), breaches.len());
                lines.push(format!(
                    "{}: {count} checks, {broken} violated, under {}",
                    inputs.portfolio,
                    policies.join(", ")
                ));
                lines.join("\n")
            },
            json!({
                "portfolio": inputs.portfolio,
                "at": at.to_string(),
                "snapshot": {"id": inputs.snapshot.body.id, "hash": inputs.snapshot.hash},
                "risk": {"id": inputs.risk.body.id, "hash": inputs.risk.hash, "model": inputs.risk.body.model},
                "policies": policies,
                "records": object(&measured.records)?,
                "alerts": object(&measured.alerts)?,
                "manual_review": measured.manual_review,
            }),
        )?;
        Ok(if breaches.is_empty() { Exit::Done } else { Exit::Changed })
    }
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
