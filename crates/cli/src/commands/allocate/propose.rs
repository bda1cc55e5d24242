//! `allocate propose`: the best way back within the policies.

use super::{Where, object, write};
use crate::exit::Exit;
use crate::output::Output;
use clap::Args;
use eyre::Result;
use portcullis_allocate::documents::{MoveKind, Proposal, SideKind};
use portcullis_allocate::propose;
use serde_json::json;
use std::path::PathBuf;

// Arguments of `allocate propose`.
#[derive(Debug, Args)]
pub(super) struct Propose {
    #[command(flatten)]
    place: Where,
    /// Write the proposal there
    #[arg(long, short)]
    out: Option<PathBuf>,
}

impl Propose {
    /// Ends with 2 if something moves, or if bounds collide.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (folder, at) = self.place.read()?;
        let proposal = propose(&self.place.inputs(&folder, at)?)?;
        if let Some(out) = &self.out {
            write(out, "proposal", &proposal)?;
        }
        output.result(|| text(&proposal), json!({ "proposal": object(&proposal)? }))?;
        let calm = proposal.phases.is_empty() && proposal.collisions.is_empty();
        Ok(if calm { Exit::Done } else { Exit::Changed })
    }
}

fn text(proposal: &Proposal) -> String {
    let (unit, totals) = (&proposal.unit, &proposal.totals);
    let mut lines = vec![format!("proposal {}", proposal.id)];
    for phase in &proposal.phases {
        lines.push(format!("phase {}, not before {}:", phase.number, phase.not_before));
        lines.extend(phase.moves.iter().map(|step| {
            let sign = if step.kind == MoveKind::Increase { '+' } else { '-' };
            format!("  {} {sign}{}", step.subject, unit.show(step.amount))
        }));
    }
    for collision in &proposal.collisions {
        lines.push(format!("these bounds cannot all be kept, by {}:", unit.show(collision.by)));
        lines.extend(collision.sides.iter().map(|side| {
            let word = if side.bound == SideKind::Cap { "at most" } else { "at least" };
            format!("  {} {word} {} ({})", side.subject, unit.show(side.amount), side.clause)
        }));
    }
    lines.push(format!(
        "{}: {} of {} moves in {} phases; violated by {} now, by {} after",
        proposal.portfolio,
        unit.show(totals.turnover),
        unit.show(totals.total),
        proposal.phases.len(),
        unit.show(totals.violation_now),
        unit.show(totals.violation_after),
    ));
    if proposal.manual_review {
        lines.push("a person must review it before anything is executed".to_owned());
    }
    lines.join("\n")
}
