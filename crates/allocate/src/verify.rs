//! The checker: whether a proposal is the best allocation, from its documents and certificate alone.
//!
//! It shares the reading of documents with the engine, and none of the solving. Prices prove the first four levels of
//! the order: no unit can move along residual edges at a negative cost. The last level, ids, is a search along edges
//! of no cost. Phases are replayed. What is left of a proposal is a description, and is described again.
#![expect(clippy::indexing_slicing, reason = "nodes and edges are numbered here")]

use crate::documents::{AllocationPolicy, Document, Fault, MoveKind, Proposal, Risk, Snapshot};
use crate::inputs::Inputs;
use crate::measure::measure;
use crate::proposal::{Solution, describe, identity};
use crate::solve::{Bound, Crossing, Families, Problem, sum};
use alloy_primitives::I256;
use std::collections::BTreeMap;
use thiserror::Error;

/// Why a proposal is not valid.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// A document is wrong.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The limits cross in a third direction.
    #[error(transparent)]
    Crossing(#[from] Crossing),
    /// Something does not hold.
    #[error("{0}")]
    Wrong(String),
}

fn ensure(holds: bool, wrong: impl Into<String>) -> Result<(), Refused> {
    if holds { Ok(()) } else { Err(Refused::Wrong(wrong.into())) }
}

/// Checks a proposal against the documents it was made from.
///
/// # Errors
///
/// The first thing that does not hold.
pub fn verify(
    proposal: &Proposal,
    snapshot: &Document<Snapshot>,
    risk: &Document<Risk>,
    policies: &[Document<AllocationPolicy>],
) -> Result<(), Refused> {
    ensure(identity(proposal)? == proposal.id, "the id is not the hash of the proposal")?;
    let (portfolio, at) = (&proposal.portfolio, proposal.evaluated_at);
    let inputs = Inputs { snapshot, risk, policies, portfolio, at, trial: false };
    let measured = measure(&inputs)?;
    let (problem, families) = (&measured.problem, Families::of(&measured.problem)?);
    let named = problem.leaves.iter().map(|leaf| &leaf.id).eq(proposal.subjects.iter().map(|line| &line.subject));
    ensure(named, "the subjects are not those of the portfolio, by id")?;
    let amounts: Vec<_> = proposal.subjects.iter().map(|line| line.target.units()).collect();
    let groups = problem.groups.iter().map(|group| format!("group:{}", group.id));
    let node: BTreeMap<String, usize> = ["entry".into(), "end".into()].into_iter().chain(groups).zip(0..).collect();
    let proof = &proposal.certificate;
    let priced = problem.groups.iter().filter_map(|group| proof.groups.get(&group.id));
    let prices: Vec<&String> = [&proof.entry, &proof.end].into_iter().chain(priced).collect();
    ensure(prices.len() == node.len() && proof.groups.len() == problem.groups.len(), "a group has no price")?;
    let cut: Option<Vec<usize>> = proof.cut.iter().map(|name| node.get(name).copied()).collect();
    let cut = cut.filter(|cut| cut.is_sorted_by(|one, next| one < next));
    let cut = cut.ok_or_else(|| Refused::Wrong("the cut is no list of nodes in their order".to_owned()))?;
    let prices = optimal(problem, &families, &amounts, &prices)?;
    let phases = replay(problem, proposal)?;
    ensure(phases.last().unwrap_or(&problem.now()) == &amounts, "the phases do not end at the targets")?;
    let short = problem.violation(&amounts) == 0 || proposal.collisions.iter().any(|line| line.by.units() > 0);
    ensure(short, "something stays violated, and no bounds are shown to collide")?;
    let again = describe(&inputs, &measured, &families, &Solution { amounts, prices, phases, cut })?;
    ensure(again == *proposal, "what it says of its documents, changes or times does not follow from them")
}

/// Two nodes, and what one unit more costs between them, and one less saves, where allowed.
type Edge = (usize, usize, Option<I256>, Option<I256>);

/// Whether no allocation comes earlier in the order; the prices as they are written.
fn optimal(problem: &Problem, families: &Families, x: &[i128], prices: &[&String]) -> Result<Vec<String>, Refused> {
    let total = x.iter().try_fold(0_i128, |sum, amount| sum.checked_add(*amount));
    ensure(total == Some(problem.total()), "the total is not preserved")?;
    let price: Result<Vec<I256>, _> = prices.iter().map(|price| price.parse::<I256>()).collect();
    let price = price.map_err(|_| Refused::Wrong("a price is no number".to_owned()))?;
    let sound = price.iter().all(|price| !price.is_positive() && price.unsigned_abs().bit_len() < 250);
    ensure(sound, "a price is above zero, or too large")?;
    let edges = edges(problem, families, x)?;
    let mut free: Vec<Vec<(usize, usize)>> = vec![Vec::new(); price.len()];
    for (index, (from, to, up, down)) in edges.iter().enumerate() {
        for (from, to, cost) in [(*from, *to, *up), (*to, *from, down.map(|cost| -cost))] {
            let left = cost.map(|cost| cost + price[from] - price[to]);
            ensure(left.is_none_or(|left| !left.is_negative()), "a better allocation exists: a price does not hold")?;
            if left.is_some_and(|left| left.is_zero()) {
                free[from].push((to, index));
            }
        }
    }
    // The highest prices that hold, so that there is one certificate: each is zero, or reached from zero.
    let grounded = (0..price.len()).filter(|node| price[*node].is_zero()).collect();
    ensure(!reach(&free, grounded, |_| true).contains(&false), "the prices are not the highest that hold")?;
    for (index, (leaf, (from, to, up, _))) in problem.leaves.iter().zip(&edges).enumerate() {
        if *up == Some(price[*to] - price[*from]) {
            let (id, later) = (&leaf.id, reach(&free, vec![*to], |other| other > index));
            ensure(!later[*from], format!("{id} could hold more at the cost of a later id"))?;
        }
    }
    Ok(price.iter().map(ToString::to_string).collect())
}

/// Which nodes are reached along free edges.
fn reach(free: &[Vec<(usize, usize)>], mut open: Vec<usize>, allowed: impl Fn(usize) -> bool) -> Vec<bool> {
    let mut reached = vec![false; free.len()];
    while let Some(node) = open.pop() {
        if !std::mem::replace(&mut reached[node], true) {
            open.extend(free[node].iter().filter(|(to, edge)| allowed(*edge) && !reached[*to]).map(|(to, _)| *to));
        }
    }
    reached
}

/// The edges, with the cost of one unit on all levels. Each level's weight is above all that lower ones make of a
/// circle, which has at most as many edges as there are nodes.
fn edges(problem: &Problem, families: &Families, amounts: &[i128]) -> Result<Vec<Edge>, Refused> {
    let bits = |value: i128| usize::try_from(i128::BITS - value.leading_zeros()).unwrap_or(128);
    let circle = bits(i128::try_from(problem.groups.len() + 2).unwrap_or(i128::MAX));
    let square = circle + 1;
    let turnover = square + circle + bits(problem.total()) + 3;
    let violation = turnover + circle + 1;
    let wide = |units: i128| I256::try_from(units).unwrap_or(I256::MAX);
    let above = |from: i128, at: i128| i128::from(from >= at);
    // One unit more than `x` of what lies above a cap, less what lies below a floor.
    let bound = |x: i128, cap: &Option<Bound>, floor: &Option<Bound>| {
        let below = floor.as_ref().map_or(0, |floor| 1 - above(x, floor.amount));
        cap.as_ref().map_or(0, |cap| above(x, cap.amount)) - below
    };
    let node = |chain: &[usize], root: usize| chain.last().map_or(root, |group| group + 2);
    let (mut edges, now) = (Vec::new(), problem.now());
    for (index, leaf) in problem.leaves.iter().enumerate() {
        let x = amounts[index];
        let cost = |x: i128| {
            (wide(bound(x, &leaf.cap, &leaf.floor)) << violation)
                + (wide(above(x, leaf.now)) << turnover)
                + (wide(2 * x + 1) << square)
                + wide(leaf.target.map_or(0, |target| 2 * above(x, target) - 1))
        };
        let (least, most) = hard(leaf.now, &leaf.cap, &leaf.floor);
        let (least, most) = (least.max(leaf.least), most.min(leaf.most));
        ensure((least..=most).contains(&x), format!("{} holds what it may not", leaf.id))?;
        let (from, to) = (node(&families.above[index], 0), node(&families.below[index], 1));
        edges.push((from, to, (x < most).then(|| cost(x)), (x > least).then(|| cost(x - 1))));
    }
    for (index, group) in problem.groups.iter().enumerate() {
        let (x, now) = (sum(&group.members, amounts), sum(&group.members, &now));
        let cost = |x: i128| wide(bound(x, &group.cap, &group.floor)) << violation;
        let still = group.step == Some(0);
        let (least, most) = if still { (now, now) } else { hard(now, &group.cap, &group.floor) };
        let most = most.min(problem.total());
        ensure((least..=most).contains(&x), format!("{} holds what it may not", group.id))?;
        let (chains, root) = if families.second[index] { (&families.below, 1) } else { (&families.above, 0) };
        let chain = group.members.first().map_or(&[][..], |leaf| &chains[*leaf]);
        let outer = node(chain.split(|inner| *inner == index).next().unwrap_or(&[]), root);
        let (from, to) = if root == 1 { (index + 2, outer) } else { (outer, index + 2) };
        edges.push((from, to, (x < most).then(|| cost(x)), (x > least).then(|| cost(x - 1))));
    }
    Ok(edges)
}

/// No bound may become further violated than it is.
fn hard(now: i128, cap: &Option<Bound>, floor: &Option<Bound>) -> (i128, i128) {
    let least = floor.as_ref().map_or(0, |floor| floor.amount.min(now));
    (least, cap.as_ref().map_or(i128::MAX, |cap| cap.amount.max(now)))
}

/// What every subject holds after each phase, if each keeps the total, the change limits and the bounds.
fn replay(problem: &Problem, proposal: &Proposal) -> Result<Vec<Vec<i128>>, Refused> {
    let leaf: BTreeMap<&str, usize> = problem.leaves.iter().map(|leaf| leaf.id.as_str()).zip(0..).collect();
    let mut phases: Vec<Vec<i128>> = Vec::new();
    for phase in &proposal.phases {
        let before = phases.last().cloned().unwrap_or_else(|| problem.now());
        let mut after = before.clone();
        for step in &phase.moves {
            let sign = if step.kind == MoveKind::Increase { 1 } else { -1 };
            let at = leaf.get(step.subject.as_str()).ok_or_else(|| Refused::Wrong("a move is of no subject".into()))?;
            after[*at] = after[*at].saturating_add(sign * step.amount.units());
        }
        let kept = after.iter().try_fold(0_i128, |sum, amount| sum.checked_add(*amount)) == Some(problem.total());
        ensure(kept, format!("phase {} does not preserve the total", phase.number))?;
        let leaves = problem.leaves.iter().zip(0..);
        let leaves = leaves.map(|(leaf, at)| (vec![at], &leaf.cap, &leaf.floor, leaf.step, leaf.least, leaf.most));
        let groups = problem.groups.iter();
        let groups = groups.map(|group| (group.members.clone(), &group.cap, &group.floor, group.step, 0, i128::MAX));
        for (members, cap, floor, step, low, high) in leaves.chain(groups) {
            let (old, new) = (sum(&members, &before), sum(&members, &after));
            let (least, most) = hard(old, cap, floor);
            let kept = (least.max(low)..=most.min(high)).contains(&new);
            ensure(kept, format!("phase {} violates a bound further", phase.number))?;
            let slow = step.is_none_or(|step| new.abs_diff(old) <= step.unsigned_abs());
            ensure(slow, format!("phase {} changes something too fast", phase.number))?;
        }
        phases.push(after);
    }
    Ok(phases)
}
