//! Random facts, and what random rules ask of them.

use std::collections::BTreeMap;

use portcullis_policy::{Comparison, Fact, FactKind, FactSubject, FactTest, FactValue, OnUnknown, Policy};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{maybe, subset};

/// Up to three facts for each attester set.
pub(crate) fn declared(rng: &mut ChaCha8Rng, policy: &mut Policy) {
    for (n, set) in policy.attesters.keys().enumerate() {
        for m in 0..rng.random_range(0..4) {
            let decimals = *[0, 2, 77].choose(rng).expect("some");
            let kind = *[FactKind::Number { decimals }, FactKind::Text, FactKind::Boolean].choose(rng).expect("some");
            let on_unknown = match rng.random_range(0..3) {
                0 => OnUnknown::Closed,
                1 => OnUnknown::Hold,
                _ => OnUnknown::Open { owner: "risk-team".to_owned(), assume: value(rng, kind) },
            };
            let fact = Fact {
                kind,
                subject: *FactSubject::ALL.choose(rng).expect("some"),
                attesters: set.clone(),
                timeout: rng.random_range(1..10),
                ttl: rng.random_range(1..1_000),
                max_age: rng.random_range(1..1_000_000),
                on_unknown,
            };
            policy.facts.insert(format!("fact-{n}-{m}"), fact);
        }
    }
}

/// What a rule asks, mostly nothing: of facts that one set states.
pub(crate) fn asked(rng: &mut ChaCha8Rng, policy: &Policy) -> BTreeMap<String, Vec<FactTest>> {
    let names: Vec<_> = policy.facts.keys().cloned().collect();
    let Some(first) = names.choose(rng).filter(|_| rng.random_range(0..3) == 0) else { return BTreeMap::new() };
    let set = &policy.facts[first].attesters;
    let names: Vec<_> = names.into_iter().filter(|name| policy.facts[name].attesters == *set).collect();
    let some = subset(rng, &names, 3);
    some.into_iter().map(|name| (name.clone(), tests(rng, policy.facts[&name].kind))).collect()
}

fn tests(rng: &mut ChaCha8Rng, kind: FactKind) -> Vec<FactTest> {
    let comparisons = match kind {
        FactKind::Number { .. } => &Comparison::ALL[..],
        FactKind::Text => &Comparison::ALL[..2],
        FactKind::Boolean => &Comparison::ALL[..1],
    };
    let mut found = Vec::new();
    while found.is_empty() {
        for comparison in comparisons {
            found.extend(maybe(rng, 3, |rng| FactTest::Compare(*comparison, value(rng, kind))));
        }
        if kind == FactKind::Text {
            found.extend(maybe(rng, 3, |rng| {
                FactTest::In(subset(rng, &["low", "mid", "high \"\\"].map(str::to_owned), 3))
            }));
        }
    }
    found
}

fn value(rng: &mut ChaCha8Rng, kind: FactKind) -> FactValue {
    match kind {
        FactKind::Number { decimals: 2 } => {
            FactValue::Text((*["0.05", "1_000", "7"].choose(rng).expect("some")).to_owned())
        }
        FactKind::Number { decimals: 0 } => FactValue::Text((*["0", "1", "1_0"].choose(rng).expect("some")).to_owned()),
        // Ten of these no longer fit 256 bits.
        FactKind::Number { .. } => FactValue::Text((*["0", "1", "0.1"].choose(rng).expect("some")).to_owned()),
        FactKind::Text => FactValue::Text((*["low", "", "50"].choose(rng).expect("some")).to_owned()),
        FactKind::Boolean => FactValue::Boolean(rng.random()),
    }
}
