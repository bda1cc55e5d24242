//! What policies would lead to: for comparing versions, and for explaining one subject.

use crate::documents::{Amount, Fault, MoveKind, Proposal, Record};
use crate::inputs::Inputs;
use crate::measure::measure;
use crate::proposal::Unproposed;
use crate::solve::{Families, optimum};
use std::collections::BTreeSet;

/// Where policies would lead a portfolio.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// `id@revision` of the policies, by id.
    pub policies: Vec<String>,
    /// The risk model.
    pub model: String,
    /// What is violated now.
    pub breaches: Vec<Record>,
    /// The sum of it, in base units.
    pub violation_now: Amount,
    /// What no allocation avoids.
    pub violation_after: Amount,
    /// What would move.
    pub turnover: Amount,
    /// The best allocation, by subject.
    pub targets: Vec<(String, Amount)>,
}

/// The best allocation, without its phases and certificate.
///
/// # Errors
///
/// As for a proposal.
pub fn outlook(inputs: &Inputs<'_>) -> Result<Outlook, Unproposed> {
    let measured = measure(inputs)?;
    let problem = &measured.problem;
    let best = optimum(problem, &Families::of(problem)?)?.amounts;
    let amount = |units: i128| Amount::new(units.clamp(0, Amount::LARGEST)).unwrap_or_default();
    let moved = problem.leaves.iter().zip(&best).map(|(leaf, x)| x.saturating_sub(leaf.now).max(0));
    Ok(Outlook {
        policies: measured.policies.iter().map(|policy| policy.body.version()).collect(),
        model: inputs.risk.body.model.clone(),
        violation_now: amount(problem.violation(&problem.now())),
        violation_after: amount(problem.violation(&best)),
        turnover: amount(moved.fold(0, i128::saturating_add)),
        targets: problem.leaves.iter().zip(&best).map(|(leaf, x)| (leaf.id.clone(), amount(*x))).collect(),
        breaches: measured.records.into_iter().filter(|record| !record.satisfied).collect(),
    })
}

/// What led to a subject's number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The clauses that judge it, what it is part of, or what is part of it, with the values that decided.
    pub records: Vec<Record>,
    /// What it holds: now, and after each phase.
    pub course: Vec<Amount>,
    /// What its parts give and take: the phase, the subject, and the amount.
    pub flows: Vec<(u32, MoveKind, String, Amount)>,
}

/// Follows one subject, a validator or a group, through a proposal.
///
/// # Errors
///
/// A subject that the portfolio does not know.
pub fn explain(inputs: &Inputs<'_>, proposal: &Proposal, subject: &str) -> Result<Explanation, Fault> {
    let measured = measure(inputs)?;
    let snapshot = &inputs.snapshot.body;
    let mut related: BTreeSet<String> = BTreeSet::new();
    let mut parts: BTreeSet<String> = BTreeSet::new();
    for line in &proposal.subjects {
        let around = snapshot.subject(&line.subject).map(|own| snapshot.around(own).unwrap_or_default());
        let around: Vec<&str> = around.into_iter().flatten().map(|outer| outer.id.as_str()).collect();
        if around.contains(&subject) {
            parts.insert(line.subject.clone());
            related.extend(around.into_iter().map(str::to_owned));
        }
    }
    if parts.is_empty() {
        let what = format!("the portfolio has no position in `{subject}`");
        return Err(Fault::new(&inputs.snapshot.name, "subjects", what, "name a subject that it lists"));
    }
    let leaves = &measured.problem.leaves;
    for group in &measured.problem.groups {
        let mut members = group.members.iter().filter_map(|member| leaves.get(*member));
        if members.any(|leaf| parts.contains(&leaf.id)) {
            related.insert(group.id.clone());
        }
    }
    let now = proposal.subjects.iter().filter(|line| parts.contains(&line.subject));
    let mut load = now.fold(0, |sum: i128, line| sum.saturating_add(line.now.units()));
    let mut course = vec![load];
    let mut flows = Vec::new();
    for phase in &proposal.phases {
        for step in phase.moves.iter().filter(|step| parts.contains(&step.subject)) {
            let units = step.amount.units();
            load = match step.kind {
                MoveKind::Increase => load.saturating_add(units),
                MoveKind::Decrease => load.saturating_sub(units),
            };
            flows.push((phase.number, step.kind, step.subject.clone(), step.amount));
        }
        course.push(load);
    }
    Ok(Explanation {
        records: measured.records.into_iter().filter(|record| related.contains(&record.subject)).collect(),
        course: course.into_iter().map(|units| Amount::new(units.max(0)).unwrap_or_default()).collect(),
        flows,
    })
}
