//! Proposals: from documents to the best allocation, written down with everything it depends on.

use crate::documents::{
    Amount, Certificate, Change, CollisionLine, Fault, Kind, Move, MoveKind, Phase, PolicyReference, PortfolioTotals,
    Proposal, Reference, Share, SideKind, SideLine, SubjectLine, hash,
};
use crate::inputs::Inputs;
use crate::measure::{Measured, later, measure};
use crate::solve::{Collision, Crossing, Families, Problem, Side, Unphased, Unsolved, optimum, phases, shortfall};
use crate::verify::{Refused, verify};
use alloy_primitives::B256;
use thiserror::Error;

/// There is no proposal.
#[derive(Debug, Error)]
pub enum Unproposed {
    /// A document is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The limits cross in a third direction.
    #[error(transparent)]
    Crossing(#[from] Crossing),
    /// The optimum could not be computed.
    #[error(transparent)]
    Unsolved(#[from] Unsolved),
    /// The change limits are too tight.
    #[error(transparent)]
    Unphased(#[from] Unphased),
    /// The checker refuses what was found.
    #[error("the checker refuses the proposal: {0}; this is a fault of portcullis, please report it")]
    Refused(#[from] Refused),
}

/// The one best way back within the policies in force, checked before it is returned.
///
/// # Errors
///
/// A fault of a document, limits that cross three ways, or change limits that take too many phases.
pub fn propose(inputs: &Inputs<'_>) -> Result<Proposal, Unproposed> {
    let measured = measure(inputs)?;
    let problem = &measured.problem;
    let families = Families::of(problem)?;
    let best = optimum(problem, &families)?;
    let steps = phases(problem, &families, &best.amounts, measured.phases)?;
    let short = if problem.violation(&best.amounts) > 0 { shortfall(problem, &families)? } else { None };
    let solution = Solution {
        amounts: best.amounts,
        prices: best.prices.iter().map(ToString::to_string).collect(),
        phases: steps,
        cut: short.map(|collision| collision.cut).unwrap_or_default(),
    };
    let proposal = describe(inputs, &measured, &families, &solution)?;
    verify(&proposal, inputs.snapshot, inputs.risk, inputs.policies)?;
    Ok(proposal)
}

/// What was computed, or read back from a proposal.
pub(crate) struct Solution {
    /// By leaf.
    pub(crate) amounts: Vec<i128>,
    /// Of the entry, of the end, by group.
    pub(crate) prices: Vec<String>,
    /// By phase, by leaf.
    pub(crate) phases: Vec<Vec<i128>>,
    /// Nodes.
    pub(crate) cut: Vec<usize>,
}

/// Writes a proposal: all of it follows from the documents and the solution.
pub(crate) fn describe(
    inputs: &Inputs<'_>,
    measured: &Measured<'_>,
    families: &Families,
    solution: &Solution,
) -> Result<Proposal, Fault> {
    let (problem, snapshot) = (&measured.problem, inputs.snapshot);
    let total = problem.total();
    let turnover = problem.leaves.iter().zip(&solution.amounts).map(|(leaf, x)| x.saturating_sub(leaf.now).max(0));
    let mut collisions = Vec::new();
    if problem.violation(&solution.amounts) > 0 {
        collisions.extend(Collision::alone(problem));
        if !solution.cut.is_empty() {
            collisions.push(Collision::of(problem, families, solution.cut.clone()));
        }
    }
    let mut proposal = Proposal {
        kind: Kind("allocation-proposal".to_owned()),
        format: 1,
        id: B256::ZERO,
        portfolio: inputs.portfolio.to_owned(),
        evaluated_at: inputs.at,
        snapshot: Reference::snapshot(snapshot),
        risk: Reference::risk(inputs.risk),
        policies: measured.policies.iter().map(|policy| PolicyReference::of(policy)).collect(),
        unit: snapshot.body.unit.clone(),
        totals: PortfolioTotals {
            total: amount(total),
            violation_now: amount(problem.violation(&problem.now())),
            violation_after: amount(problem.violation(&solution.amounts)),
            turnover: amount(turnover.fold(0, i128::saturating_add)),
        },
        manual_review: measured.manual_review,
        breaches: measured.records.iter().filter(|record| !record.satisfied).cloned().collect(),
        alerts: measured.alerts.clone(),
        subjects: problem
            .leaves
            .iter()
            .zip(&solution.amounts)
            .map(|(leaf, target)| SubjectLine {
                subject: leaf.id.clone(),
                now: amount(leaf.now),
                target: amount(*target),
                change: Change(target.saturating_sub(leaf.now)),
                weight: Share::ratio(*target, total),
            })
            .collect(),
        phases: described_phases(measured, solution),
        collisions: collisions.into_iter().map(line).collect(),
        certificate: certificate(problem, solution),
    };
    proposal.id = identity(&proposal)?;
    Ok(proposal)
}

/// What a proposal's id has to be: the hash of everything but the id itself.
///
/// # Errors
///
/// A proposal that does not fit in JSON.
pub fn identity(proposal: &Proposal) -> Result<B256, Fault> {
    let name = "proposal";
    let mut value = serde_json::to_value(proposal)
        .map_err(|error| Fault::new(name, "document", error.to_string(), "report this"))?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("id");
    }
    hash(name, &value)
}

fn described_phases(measured: &Measured<'_>, solution: &Solution) -> Vec<Phase> {
    let mut before = measured.problem.now();
    let mut phases = Vec::new();
    for (number, after) in (0_u32..).zip(&solution.phases) {
        let changes = || measured.problem.leaves.iter().zip(before.iter().zip(after));
        let moves = |kind| {
            changes().filter_map(move |(leaf, (before, after))| {
                let change = after.saturating_sub(*before);
                let change = if kind == MoveKind::Increase { change } else { change.saturating_neg() };
                (change > 0).then(|| Move { kind, subject: leaf.id.clone(), amount: amount(change) })
            })
        };
        let moves = moves(MoveKind::Decrease).chain(moves(MoveKind::Increase)).collect();
        let wait = i64::from(number).saturating_mul(measured.window);
        phases.push(Phase { number: number.saturating_add(1), not_before: later(measured.begins, wait), moves });
        before.clone_from(after);
    }
    phases
}

fn line(collision: Collision) -> CollisionLine {
    let side = |side| match side {
        Side::Cap { id, amount: units, clause } => {
            SideLine { bound: SideKind::Cap, subject: id, amount: amount(units), clause }
        }
        Side::Floor { id, amount: units, clause } => {
            SideLine { bound: SideKind::Floor, subject: id, amount: amount(units), clause }
        }
    };
    let sides = collision.sides.into_iter().map(side).collect();
    CollisionLine { by: amount(collision.by), places: Change(collision.total), sides }
}

fn certificate(problem: &Problem, solution: &Solution) -> Certificate {
    let price = |at: usize| solution.prices.get(at).cloned().unwrap_or_default();
    let groups = || problem.groups.iter().zip(2_usize..);
    let name = |at: &usize| match at {
        0 => Some("entry".to_owned()),
        1 => Some("end".to_owned()),
        at => groups().find(|(_, node)| node == at).map(|(group, _)| format!("group:{}", group.id)),
    };
    Certificate {
        entry: price(0),
        end: price(1),
        groups: groups().map(|(group, node)| (group.id.clone(), price(node))).collect(),
        cut: solution.cut.iter().filter_map(name).collect(),
    }
}

/// Amounts of a problem are in range, as they come from documents.
fn amount(units: i128) -> Amount {
    Amount::new(units.clamp(0, Amount::LARGEST)).unwrap_or_default()
}
