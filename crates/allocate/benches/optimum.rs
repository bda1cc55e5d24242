//! The optimum of portfolios of 100, 1,000 and 10,000 validators in two crossing hierarchies.
//!
//! With `--json`, one object on stdout.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "a bench fails by panicking")]

use portcullis_allocate::solve::{Bound, Families, Group, Leaf, Problem, optimum};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::time::Instant;

/// 32 ether in wei.
const STAKE: i128 = 32 * 10_i128.pow(18);

/// Validators of up to 64 ether, at providers with pools and on networks of protocol families: a tenth of all providers
/// is above its cap, and a fifth of all validators may not gain.
fn portfolio(rng: &mut ChaCha8Rng, validators: usize) -> Problem {
    let providers = (validators / 25).max(4);
    let networks = (validators / 250).max(4);
    let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut leaves = Vec::new();
    for number in 0..validators {
        let (provider, pool, network) =
            (rng.random_range(0..providers), rng.random_range(0..3), rng.random_range(0..networks));
        for group in [
            format!("provider-{provider:04}"),
            format!("pool-{provider:04}-{pool}"),
            format!("network-{network:04}"),
            format!("protocol-{:04}", network / 3),
        ] {
            members.entry(group).or_default().push(number);
        }
        let now = rng.random_range(0..=2 * STAKE);
        let held = rng.random_bool(0.2);
        let id = format!("validator-{number:05}");
        let cap = Bound { amount: 2 * STAKE, clause: format!("limits@1/{id}") };
        leaves.push(Leaf {
            now,
            least: 0,
            most: if held { now } else { i128::MAX },
            held: held.then(|| "care@1/incident".to_owned()),
            cap: Some(cap),
            floor: None,
            target: (number % 10 == 0).then_some(STAKE),
            step: None,
            id,
        });
    }
    let groups = members
        .into_iter()
        .map(|(id, members)| {
            let load: i128 = members.iter().map(|member| leaves[*member].now).sum();
            let percent = if rng.random_bool(0.1) { 85 } else { 115 };
            let cap = Bound { amount: load * percent / 100, clause: format!("limits@1/{id}") };
            Group { cap: Some(cap), floor: None, step: None, members, id }
        })
        .collect();
    Problem { leaves, groups }
}

fn main() {
    let as_json = std::env::args().any(|argument| argument == "--json");
    let mut rows = Vec::new();
    for validators in [100, 1_000, 10_000] {
        let problem = portfolio(&mut ChaCha8Rng::seed_from_u64(7), validators);
        let begun = Instant::now();
        let families = Families::of(&problem).unwrap();
        let best = optimum(&problem, &families).unwrap();
        let ms = begun.elapsed().as_secs_f64() * 1_000.0;
        let digest = best.amounts.iter().fold(0_u64, |digest, amount| {
            digest.wrapping_mul(31).wrapping_add(u64::try_from(amount % (1 << 60)).unwrap())
        });
        let exact = best.amounts.iter().sum::<i128>() == problem.total();
        eprintln!(
            "{validators:>6} validators: {ms:>10.1} ms, violated by {} {digest:x}",
            problem.violation(&best.amounts)
        );
        rows.push(serde_json::json!({
            "solver": "portcullis", "validators": validators, "hierarchies": 2, "ms": ms, "exact": exact,
        }));
    }
    if as_json {
        println!("{}", serde_json::json!({ "rows": rows }));
    }
}
