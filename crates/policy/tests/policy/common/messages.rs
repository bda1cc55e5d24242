//! What random accounts may sign.

use alloy_primitives::B256;
use portcullis_policy::{Domain, MessageOutcome, MessageRule, Named, Policy, Signers, compile};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{maybe, pool, refs};

/// Up to four message rules that compile.
pub(crate) fn some(rng: &mut ChaCha8Rng, policy: &mut Policy) {
    for n in 0..rng.random_range(0..5) {
        policy.messages.push(rule(rng, policy, n));
        if compile(policy).is_err() {
            policy.messages.pop();
        }
    }
}

fn rule(rng: &mut ChaCha8Rng, policy: &Policy, n: usize) -> MessageRule {
    let word = |rng: &mut ChaCha8Rng| B256::repeat_byte(rng.random_range(1..4));
    let text =
        |rng: &mut ChaCha8Rng| ["Gnosis Protocol", "v2", "a \"b\"", ""].choose(rng).map(|text| (*text).to_owned());
    let domain = match rng.random_range(0..4) {
        0 => Named::Any,
        1 => Named::Hash(word(rng)),
        _ => Named::Written(Domain {
            name: maybe(rng, 2, text).flatten(),
            version: maybe(rng, 2, text).flatten(),
            chain: maybe(rng, 2, |rng| rng.random_range(0..u64::MAX / 2)),
            contract: Some(pool(rng)),
            salt: maybe(rng, 3, word),
        }),
    };
    let signers = |rng: &mut ChaCha8Rng| Signers { list: refs(rng, policy), at_least: rng.random_range(1..3) };
    let then = match rng.random_range(0..3) {
        0 => MessageOutcome::Deny,
        _ => MessageOutcome::Allow {
            trusted: rng.random(),
            signatures: maybe(rng, 2, |rng| rng.random_range(1..=255)),
            signers: maybe(rng, 2, signers),
        },
    };
    let kind = if rng.random() { Named::Any } else { Named::Hash(word(rng)) };
    MessageRule { id: format!("m{n}"), domain, kind, then }
}
