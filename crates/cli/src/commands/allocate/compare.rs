//! `allocate compare`: the same history under two sets of policies.

use super::folder::Folder;
use super::{object, portfolio};
use crate::exit::Exit;
use crate::output::Output;
use clap::Args;
use eyre::{Result, WrapErr, bail};
use portcullis_allocate::{Inputs, Outlook, outlook};
use serde_json::{Value, json};
use std::path::PathBuf;

// Arguments of `allocate compare`.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// The folder of the history: snapshots, risk profiles, and the policies of their time
    documents: PathBuf,
    /// A folder with other policies, drafts included; risk profiles in it replace those of the history
    #[arg(long)]
    with: PathBuf,
    /// The portfolio; needed where a snapshot has several
    #[arg(long)]
    portfolio: Option<String>,
}

impl Compare {
    /// Ends with 2 where the two lead to different allocations.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (history, other) = (Folder::read(&self.documents)?, Folder::read(&self.with)?);
        let mut snapshots: Vec<_> = history.snapshots.iter().collect();
        snapshots.sort_by_key(|snapshot| (snapshot.body.taken_at, snapshot.hash));
        if snapshots.is_empty() {
            bail!("{}: there is no allocation-snapshot; add the history to compare on", self.documents.display());
        }
        let (mut rows, mut lines, mut differ) = (Vec::new(), Vec::new(), 0_usize);
        for snapshot in snapshots {
            // Profiles of a snapshot are often computed after it, on the same day.
            let newest = history.risks.iter().map(|risk| risk.body.computed_at).max();
            let at = snapshot
                .body
                .taken_at
                .max(newest.filter(|_| history.risks.len() == 1).unwrap_or(snapshot.body.taken_at));
            let portfolio = portfolio(self.portfolio.as_deref(), &snapshot.body)?;
            let risk = history.risk(at)?;
            let theirs = if other.risks.is_empty() { risk } else { other.risk(at)? };
            let old = Inputs { snapshot, risk, policies: &history.policies, portfolio, at, trial: false };
            let new = Inputs { risk: theirs, policies: &other.policies, trial: true, ..old };
            let id = &snapshot.body.id;
            let old = outlook(&old).wrap_err_with(|| format!("under the old policies, on {id}"))?;
            let new = outlook(&new).wrap_err_with(|| format!("under the new policies, on {id}"))?;
            let moved: Vec<_> = old.targets.iter().zip(&new.targets).filter(|(old, new)| old != new).collect();
            differ = differ.saturating_add(usize::from(!moved.is_empty()));
            let unit = &snapshot.body.unit;
            for (name, side) in [("old", &old), ("new", &new)] {
                lines.push(format!(
                    "{id} {name}: {} violated by {}, {} moves, {} remains; {}",
                    side.breaches.len(),
                    unit.show(side.violation_now),
                    unit.show(side.turnover),
                    unit.show(side.violation_after),
                    side.policies.join(", "),
                ));
            }
            for (old, new) in &moved {
                lines.push(format!(
                    "  {}: {} under the old, {} under the new",
                    old.0,
                    unit.show(old.1),
                    unit.show(new.1)
                ));
            }
            rows.push(json!({
                "snapshot": id, "at": at.to_string(), "old": side(&old)?, "new": side(&new)?,
                "differ": moved.iter().map(|(old, new)| {
                    json!({"subject": old.0, "old": old.1, "new": new.1})
                }).collect::<Vec<_>>(),
            }));
        }
        lines.push(format!("{differ} of {} snapshots would be allocated otherwise", rows.len()));
        output.result(|| lines.join("\n"), json!({ "rows": rows }))?;
        Ok(if differ == 0 { Exit::Done } else { Exit::Changed })
    }
}

fn side(outlook: &Outlook) -> Result<Value> {
    Ok(json!({
        "policies": outlook.policies,
        "model": outlook.model,
        "breaches": object(&outlook.breaches)?,
        "violation_now": outlook.violation_now,
        "violation_after": outlook.violation_after,
        "turnover": outlook.turnover,
    }))
}
