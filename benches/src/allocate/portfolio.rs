//! Random portfolios of validators.

use portcullis_allocate::solve::{Bound, Group, Leaf, Problem};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;

/// 32 ether in wei.
const STAKE: i128 = 32 * 10_i128.pow(18);

/// Validators of up to 64 ether, at providers with pools and on networks of protocol families: a tenth of all groups is
/// above its cap, and a fifth of all validators may not gain.
pub(crate) fn of(seed: u64, validators: usize) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
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
    let groups = members.into_iter().map(|(id, members)| {
        let load: i128 = members.iter().map(|member| leaves[*member].now).sum();
        let percent = if rng.random_bool(0.1) { 85 } else { 115 };
        let cap = Bound { amount: load * percent / 100, clause: format!("limits@1/{id}") };
        Group { cap: Some(cap), floor: None, step: None, members, id }
    });
    let groups = groups.collect();
    Problem { leaves, groups }
}

/// Up to 40 subjects in two crossing hierarchies, with caps and floors of any size, and fewer than 10^6 units in all.
pub(crate) fn small(seed: u64, number: u64) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number + 1);
    let count = rng.random_range(2..=40);
    let most = 999_999 / i128::from(count);
    let now: Vec<i128> = (0..count).map(|_| rng.random_range(0..=most)).collect();
    let total: i128 = now.iter().sum();
    let mut members: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, _) in now.iter().enumerate() {
        let (provider, pool, network) = (rng.random_range(0..5), rng.random_range(0..3), rng.random_range(0..4));
        for group in [
            format!("provider-{provider}"),
            format!("pool-{provider}-{pool}"),
            format!("network-{network}"),
            format!("protocol-{}", network / 2),
        ] {
            members.entry(group).or_default().push(at);
        }
    }
    let bound = |rng: &mut ChaCha8Rng, often: f64, load: i128, id: &str| {
        let most = (2 * load).min(total);
        rng.random_bool(often).then(|| Bound { amount: rng.random_range(0..=most), clause: format!("limits@1/{id}") })
    };
    let leaves = now.iter().enumerate().map(|(at, now)| {
        let id = format!("validator-{at:02}");
        let held = rng.random_bool(0.1);
        Leaf {
            now: *now,
            least: if rng.random_bool(0.1) { *now } else { 0 },
            most: if held { *now } else { i128::MAX },
            held: held.then(|| "care@1/incident".to_owned()),
            cap: bound(&mut rng, 0.4, *now, &id),
            floor: bound(&mut rng, 0.1, *now, &id),
            target: rng.random_bool(0.3).then(|| rng.random_range(0..=total)),
            step: None,
            id,
        }
    });
    let leaves = leaves.collect();
    let groups = members.into_iter().map(|(id, members)| {
        let load = members.iter().map(|member| now[*member]).sum();
        let (cap, floor) = (bound(&mut rng, 0.6, load, &id), bound(&mut rng, 0.2, load, &id));
        Group { cap, floor, step: None, members, id }
    });
    let groups = groups.collect();
    Problem { leaves, groups }
}
