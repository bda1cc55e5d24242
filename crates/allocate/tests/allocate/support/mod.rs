//! Random portfolios, and what their bounds say.

pub(crate) mod documents;

use portcullis_allocate::solve::{Bound, Group, Leaf, Problem};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// How many cases to try: what the variable says, for long runs.
pub(crate) fn size(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |count| count.parse().unwrap())
}

/// Tells how many cases held, where `cargo xtask evidence` reads it.
pub(crate) fn tried(count: usize, what: &str) {
    println!("tried {count} {what}");
}

/// Up to `leaves` subjects that hold up to `total` in two crossing hierarchies: pools in providers, and networks in
/// protocol families.
pub(crate) fn random(rng: &mut ChaCha8Rng, leaves: usize, total: i128) -> Problem {
    let count = rng.random_range(2..=leaves);
    let total = rng.random_range(1..=total);
    let mut now = vec![0; count];
    for _ in 0..total {
        now[rng.random_range(0..count)] += 1;
    }
    let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for leaf in 0..count {
        let (provider, pool) = (rng.random_range(0..3), rng.random_range(0..2));
        let network = rng.random_range(0..3);
        for id in [
            format!("provider-{provider}"),
            format!("pool-{provider}-{pool}"),
            format!("network-{network}"),
            format!("protocol-{}", network / 2),
        ] {
            members.entry(id).or_default().push(leaf);
        }
    }
    let bound = |rng: &mut ChaCha8Rng, often: f64, id: &str| {
        rng.random_bool(often).then(|| Bound { amount: rng.random_range(0..=total), clause: format!("limits@1/{id}") })
    };
    let leaves = now
        .iter()
        .enumerate()
        .map(|(at, now)| {
            let id = format!("validator-{at}");
            let held = rng.random_bool(0.1);
            Leaf {
                now: *now,
                least: if rng.random_bool(0.1) { *now } else { 0 },
                most: if held { *now } else { i128::MAX },
                held: held.then(|| "safeguards@1/incident".to_owned()),
                cap: bound(rng, 0.4, &id),
                floor: bound(rng, 0.05, &id),
                target: rng.random_bool(0.5).then(|| rng.random_range(0..=total)),
                step: None,
                id,
            }
        })
        .collect();
    let groups = members
        .into_iter()
        .filter(|_| rng.random_bool(0.7))
        .collect::<Vec<_>>()
        .into_iter()
        .map(|(id, members)| Group { cap: bound(rng, 0.6, &id), floor: bound(rng, 0.1, &id), step: None, members, id })
        .collect();
    Problem { leaves, groups }
}

/// A bound of a leaf or group.
#[derive(Debug)]
pub(crate) struct BoundOf {
    pub(crate) members: Vec<usize>,
    pub(crate) cap: Option<i128>,
    pub(crate) floor: Option<i128>,
    pub(crate) step: Option<i128>,
}

impl BoundOf {
    /// Whether neither bound is further violated in the second allocation than in the first.
    pub(crate) fn no_worse(&self, before: &[i128], after: &[i128]) -> bool {
        let (before, after) = (load(&self.members, before), load(&self.members, after));
        self.cap.is_none_or(|cap| after <= cap.max(before)) && self.floor.is_none_or(|floor| after >= floor.min(before))
    }
}

pub(crate) fn bounds_of(problem: &Problem) -> Vec<BoundOf> {
    let amount = |bound: &Option<Bound>| bound.as_ref().map(|bound| bound.amount);
    let leaves = problem.leaves.iter().enumerate().map(|(at, leaf)| BoundOf {
        members: vec![at],
        cap: amount(&leaf.cap),
        floor: amount(&leaf.floor),
        step: leaf.step,
    });
    let groups = problem.groups.iter().map(|group| BoundOf {
        members: group.members.clone(),
        cap: amount(&group.cap),
        floor: amount(&group.floor),
        step: group.step,
    });
    leaves.chain(groups).collect()
}

pub(crate) fn load(members: &[usize], x: &[i128]) -> i128 {
    members.iter().map(|member| x[*member]).sum()
}

/// The sum of what is above caps and below floors.
pub(crate) fn violation(problem: &Problem, x: &[i128]) -> i128 {
    bounds_of(problem)
        .iter()
        .map(|bound| {
            let load = load(&bound.members, x);
            bound.cap.map_or(0, |cap| (load - cap).max(0)) + bound.floor.map_or(0, |floor| (floor - load).max(0))
        })
        .sum()
}
