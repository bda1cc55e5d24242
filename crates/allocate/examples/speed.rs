//! How long the exact optimum takes: `cargo run --release -p portcullis-allocate --example speed`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement, for a terminal")]

use portcullis_allocate::solve::{Bound, Families, Group, Leaf, Problem, optimum};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::time::Instant;

/// Validators in pools of providers, crossed by networks of protocol families; amounts of about 32·10^18 each.
fn portfolio(validators: usize) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let providers = (validators / 50).max(4);
    let mut leaves = Vec::new();
    for at in 0..validators {
        let provider = rng.random_range(0..providers);
        let (pool, network) = (rng.random_range(0..4), rng.random_range(0..8));
        for id in [
            format!("provider-{provider}"),
            format!("pool-{provider}-{pool}"),
            format!("network-{network}"),
            format!("protocol-{}", network / 3),
        ] {
            members.entry(id).or_default().push(at);
        }
        leaves.push(Leaf {
            id: format!("validator-{at:05}"),
            now: rng.random_range(0..64_000_000_000_000_000_000),
            least: 0,
            most: i128::MAX,
            held: None,
            cap: Some(Bound { amount: 48_000_000_000_000_000_000, clause: "limits@1/validator".to_owned() }),
            floor: None,
            target: Some(32_000_000_000_000_000_000),
            step: None,
        });
    }
    let mut problem = Problem { leaves, groups: Vec::new() };
    let (total, count) = (problem.total(), i128::try_from(validators).unwrap());
    for (id, members) in members {
        // About as much as each group's size asks for.
        let amount = total / count * i128::try_from(members.len()).unwrap() * 105 / 100;
        let cap = Some(Bound { amount, clause: format!("limits@1/{id}") });
        problem.groups.push(Group { id, members, cap, floor: None, step: None });
    }
    problem
}

fn main() {
    for validators in [100, 1_000, 10_000] {
        let problem = portfolio(validators);
        let start = Instant::now();
        let best = optimum(&problem, &Families::of(&problem).unwrap()).unwrap();
        let milliseconds = start.elapsed().as_millis();
        let exact = best.amounts.iter().sum::<i128>() == problem.total();
        let (before, after) = (problem.violation(&problem.now()), problem.violation(&best.amounts));
        println!(
            "{validators} validators, 2 hierarchies: {milliseconds} ms, exact {exact}, violated by {before}, then {after}"
        );
    }
}
