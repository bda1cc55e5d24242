//! What random rules ask for.

use portcullis_policy::{Approvals, AttesterSet, Obligations, Policy, Signers, compile};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{maybe, refs, subset};

/// Up to three sets that compile.
pub(crate) fn attesters(rng: &mut ChaCha8Rng, policy: &mut Policy) {
    for n in 0..rng.random_range(0..4) {
        let set = AttesterSet { members: refs(rng, policy), at_least: rng.random_range(1..4) };
        let name = format!("attesters-{n}");
        policy.attesters.insert(name.clone(), set);
        if compile(policy).is_err() {
            policy.attesters.remove(&name);
        }
    }
}

/// Mostly nothing; what a rule cannot ask for is left out by not compiling.
pub(crate) fn some(rng: &mut ChaCha8Rng, policy: &Policy) -> Obligations {
    if rng.random_range(0..3) > 0 {
        return Obligations::default();
    }
    let groups: Vec<_> = policy.groups.keys().cloned().collect();
    let sets: Vec<_> = policy.attesters.keys().cloned().collect();
    let channels = ["treasury", "risk", "a"].map(str::to_owned);
    let approvals = |rng: &mut ChaCha8Rng, group: String| Approvals {
        group,
        at_least: rng.random_range(1..4),
        initiator: rng.random(),
        owners: rng.random(),
    };
    let named: Vec<_> = if groups.is_empty() || rng.random() { Vec::new() } else { subset(rng, &groups, 2) };
    let signers = maybe(rng, 3, |rng| Signers { list: refs(rng, policy), at_least: rng.random_range(1..3) });
    Obligations {
        approvals: named.into_iter().map(|group| approvals(rng, group)).collect(),
        signatures: maybe(rng, 3, |rng| *[1, 2, 3, 255].choose(rng).expect("some")),
        signers: signers.into_iter().collect(),
        attestation: if sets.is_empty() || rng.random() { Vec::new() } else { subset(rng, &sets, 3) },
        notify: if rng.random() { Vec::new() } else { subset(rng, &channels, 3) },
    }
}
