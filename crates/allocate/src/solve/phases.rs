//! From the allocation as it is to the best one, in steps that keep the change limits.

use super::curve::Curve;
use super::families::Families;
use super::flow::{Network, Unsolved};
use super::network::load;
use super::problem::{Problem, sum};
use thiserror::Error;

/// More phases than this are refused: the change limits are too tight to plan for.
const MOST_PHASES: i128 = 1_000;

/// There are no phases.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unphased {
    /// A limit makes them too many.
    #[error(
        "{id} has to change by {change}, and may by {step} in a phase: that takes more than 1000 phases; raise its change limit"
    )]
    TooMany {
        /// Subject or group.
        id: String,
        /// In base units.
        change: i128,
        /// In base units.
        step: i128,
    },
    /// A network could not be solved.
    #[error(transparent)]
    Unsolved(#[from] Unsolved),
}

/// What every leaf holds after each phase; the last phase ends at `target`.
///
/// Each phase moves every subject and group by its share of what is left, rounded one way or the other. That is a flow
/// of whole units, because its shares are a flow of fractions. So the total is exact, no step is above its limit, and
/// every load goes one way only, which violates no bound further.
///
/// # Errors
///
/// Limits that take too many phases.
pub fn phases(
    problem: &Problem,
    families: &Families,
    target: &[i128],
    at_least: u32,
) -> Result<Vec<Vec<i128>>, Unphased> {
    let mut network = Network::of(problem, families);
    let leaves = problem.leaves.len();
    let goal: Vec<i128> =
        target.iter().copied().chain(problem.groups.iter().map(|group| sum(&group.members, target))).collect();
    let now = problem.leaves.iter().map(|leaf| (&leaf.id, leaf.now, leaf.step));
    let sums = problem.groups.iter().map(|group| (&group.id, load(problem, &group.members, |l| l.now), group.step));
    let mut count = 0;
    for ((id, now, step), goal) in now.chain(sums).zip(&goal) {
        let change = goal.abs_diff(now).try_into().unwrap_or(i128::MAX);
        let Some(step) = step.filter(|_| change > 0) else {
            count = count.max(i128::from(change > 0));
            continue;
        };
        let needed = if step > 0 { ceil_div(change, step) } else { i128::MAX };
        if needed > MOST_PHASES {
            return Err(Unphased::TooMany { id: id.clone(), change, step });
        }
        count = count.max(needed);
    }
    if count > 0 {
        count = count.max(i128::from(at_least)).min(MOST_PHASES);
    }
    let mut phases = Vec::new();
    for left in (1..=count).rev() {
        for (edge, goal) in network.edges.iter_mut().zip(&goal) {
            let change = goal.saturating_sub(edge.flow);
            edge.least = edge.flow.saturating_add(change.div_euclid(left));
            edge.most = edge.flow.saturating_add(ceil_div(change, left));
            edge.curve = Curve::default();
        }
        network.solve()?;
        phases.push(network.edges.iter().take(leaves).map(|edge| edge.flow).collect());
    }
    Ok(phases)
}

/// `value / by` rounded up; `by` is positive.
fn ceil_div(value: i128, by: i128) -> i128 {
    let floor = value.div_euclid(by);
    if value.rem_euclid(by) == 0 { floor } else { floor.saturating_add(1) }
}
