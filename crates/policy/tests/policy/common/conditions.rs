//! Random conditions that rules and groups share.

use alloy_primitives::{Bytes, U256};
use portcullis_policy::{
    AmountRange, CallData, CallTarget, Comparison, Effect, Origin, Policy, Selector, StaticCall, Target, TimeSpan,
    Weekday, When, Word, WordTest,
};
use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use super::{SELECTORS, amount, maybe, pool, refs, subset};

/// The keys that mean the same in a rule and in its groups, each seldom.
pub(crate) fn common(rng: &mut ChaCha8Rng, policy: &Policy, depth: u32) -> When {
    let rare = 8 + 4 * depth;
    let tables = |rng: &mut ChaCha8Rng, of: u32| {
        maybe(rng, of * (1 + depth), |rng| {
            let mut tables: Vec<When> = Vec::new();
            for _ in 0..rng.random_range(1..4) {
                let table = table(rng, policy, depth + 1);
                if !tables.contains(&table) {
                    tables.push(table);
                }
            }
            tables
        })
    };
    let (any, all) = (tables(rng, 4), tables(rng, 8));
    let not = maybe(rng, 6 * (1 + depth), |rng| Box::new(table(rng, policy, depth + 1)));
    let names: Vec<_> = policy.limits.keys().cloned().collect();
    let within = if names.is_empty() { None } else { maybe(rng, rare, |rng| names.choose(rng).expect("some").clone()) };
    When {
        recipient_is_contract: maybe(rng, rare, |rng| rng.random()),
        time: maybe(rng, rare, |rng| {
            let from = rng.random_range(0..86_400);
            TimeSpan { from, to: (from + rng.random_range(1..86_400)) % 86_400 }
        }),
        weekday: maybe(rng, rare, |rng| subset(rng, &Weekday::ALL, 6)),
        word: maybe(rng, rare, |rng| words(rng, policy)).unwrap_or_default(),
        static_call: maybe(rng, rare, |rng| vec![static_call(rng, policy)]).unwrap_or_default(),
        within,
        any,
        all,
        not,
        ..When::default()
    }
}

/// A table of a group, with at least one condition.
fn table(rng: &mut ChaCha8Rng, policy: &Policy, depth: u32) -> When {
    let names: Vec<_> = policy.assets.keys().cloned().collect();
    loop {
        let asset = if names.is_empty() { None } else { maybe(rng, 5, |rng| subset(rng, &names, 2)) };
        let bounds = match asset.as_deref() {
            Some([name]) => maybe(rng, 2, |rng| {
                let decimals = policy.assets[name].decimals;
                AmountRange { min: maybe(rng, 2, |rng| amount(rng, decimals)), max: Some(amount(rng, decimals)) }
            }),
            _ => None,
        };
        let lists: Vec<_> = policy.lists.keys().cloned().map(Target::Named).collect();
        let when = When {
            origin: maybe(rng, 12, |rng| Origin::Modules(refs(rng, policy))).unwrap_or_default(),
            initiator: maybe(rng, 6, |rng| refs(rng, policy)),
            target: maybe(rng, 6, |rng| {
                let mut all = vec![Target::Literal(pool(rng)), Target::Literal(super::ACCOUNT)];
                all.dedup();
                all.extend(lists.iter().cloned());
                subset(rng, &all, 3)
            }),
            selector: maybe(rng, 6, |rng| subset(rng, &SELECTORS, 4).into_iter().map(Selector::from_bytes).collect()),
            effect: maybe(rng, 6, |rng| subset(rng, &Effect::ALL, 2)),
            asset,
            recipient: maybe(rng, 3, |rng| refs(rng, policy)),
            amount: bounds,
            ..common(rng, policy, depth)
        };
        if when != When::default() {
            return when;
        }
    }
}

fn words(rng: &mut ChaCha8Rng, policy: &Policy) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for _ in 0..rng.random_range(1..4) {
        let offset = *[0, 4, 36, 65_535].choose(rng).expect("some");
        let test = if rng.random() {
            WordTest::In(refs(rng, policy))
        } else {
            let mask = maybe(rng, 2, |rng| U256::from(rng.random_range(1..=u64::MAX)));
            let value = number(rng) & mask.unwrap_or(U256::MAX);
            WordTest::Compare { mask, comparison: *Comparison::ALL.choose(rng).expect("some"), value }
        };
        let word = Word { offset, test };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

fn static_call(rng: &mut ChaCha8Rng, policy: &Policy) -> StaticCall {
    let tokens: Vec<_> = policy.assets.iter().filter(|(_, asset)| asset.standard.token().is_some()).collect();
    let target = match tokens.choose(rng) {
        Some((name, _)) if rng.random() => CallTarget::Asset((*name).clone()),
        _ => CallTarget::Literal(pool(rng)),
    };
    let words = rng.random_range(1..=8);
    let data = if rng.random() {
        CallData::Call(Selector::from_bytes([0x5c, 0x97, 0x5a, 0xbb]))
    } else {
        CallData::Data(Bytes::from(vec![7; rng.random_range(4..=255)]))
    };
    StaticCall {
        target,
        data,
        gas: rng.random_range(1..=5_000_000),
        words,
        index: rng.random_range(0..words),
        comparison: *Comparison::ALL.choose(rng).expect("some"),
        value: number(rng),
    }
}

/// Small numbers, addresses and large ones.
pub(crate) fn number(rng: &mut ChaCha8Rng) -> U256 {
    match rng.random_range(0..4) {
        0 => U256::from(rng.random_range(0..4_u8)),
        1 => U256::from_be_slice(pool(rng).as_slice()),
        2 => U256::from(rng.random::<u64>()),
        _ => U256::MAX >> rng.random_range(0..200_usize),
    }
}
