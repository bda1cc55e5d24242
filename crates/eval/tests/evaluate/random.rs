//! What holds whatever the program and the request are, tried on random ones.

use alloy_primitives::{Address, B256, U256};
use portcullis_eval::{Action, MemoryState, Reason, limit_descriptor, limit_slot};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::common::{
    ACCOUNT, Draft, NATIVE_CLASSES, NOW, PAYEE, Rule, TOKEN, active, allow_with, call, limit, list, native,
    native_rule, pay, reason, request, run,
};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// A random tree of groups over conditions of which every second holds for a payment of 5, and what it should say.
fn tree(rng: &mut ChaCha8Rng, depth: usize) -> (Vec<u8>, bool) {
    if depth == 8 || rng.random_range(0..3) == 0 {
        let bound = rng.random_range(4..8);
        return (vec![0x04, 1, bound], bound <= 5);
    }
    let op = rng.random_range(0x20..=0x22);
    let (mut bytes, mut held) = (Vec::new(), Vec::new());
    for _ in 0..rng.random_range(0..4) {
        let (member, holds) = tree(rng, depth + 1);
        bytes.extend(member);
        held.push(holds);
    }
    let says = match op {
        0x20 => held.contains(&true),
        0x21 => !held.contains(&false),
        _ => held.contains(&false),
    };
    let [high, low] = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    ([vec![op, high, low], bytes].concat(), says)
}

#[test]
fn groups_say_what_their_members_say_together() {
    let mut said = [0, 0];
    for seed in 0..2_000 {
        let (conditions, says) = tree(&mut rng(seed), 0);
        let expected = if says { Reason::Allowed } else { Reason::NoRule };
        let found = reason(&native(allow_with(&conditions), &[]), &active(), vec![pay(U256::from(5))]);
        assert_eq!(found, expected, "seed {seed}: {conditions:02x?}");
        said[usize::from(says)] += 1;
    }
    assert!(said.iter().all(|times| *times > 500), "{said:?}");
}

#[test]
fn what_passes_all_rules_passes_the_first_and_what_passes_the_first_is_no_worse_with_overrides() {
    let mut allowed = [0; 3];
    for seed in 0..2_000 {
        let rng = &mut rng(seed);
        let rules: Vec<Vec<u8>> = (0..rng.random_range(1..5))
            .map(|_| [vec![rng.random_range(0..2), 0, 0, 0, 0, 0], tree(rng, 6).0].concat())
            .collect();
        let passes = [1_u8, 0, 2].map(|semantics| {
            let draft = Draft { semantics, classes: NATIVE_CLASSES, ..Draft::default() };
            let bytes = draft.bytes(|_| rules.iter().cloned().map(native_rule).collect());
            reason(&bytes, &active(), vec![pay(U256::from(5))]) == Reason::Allowed
        });
        assert!(passes.is_sorted(), "seed {seed}: {passes:?}");
        for (times, passes) in allowed.iter_mut().zip(passes) {
            *times += usize::from(passes);
        }
    }
    assert!(allowed[0] > 100 && allowed[0] < allowed[1] && allowed[1] < allowed[2], "{allowed:?}");
}

/// A random limit on native value, and a state in which some of it is used.
fn used_limit(rng: &mut ChaCha8Rng) -> ([u8; 84], MemoryState) {
    let mut terms = limit(rng.random_range(0..200), rng.random_range(0..5), false);
    let flags = [0, 2, 4, 6, 8, 10][rng.random_range(0..6)];
    terms[57] = flags;
    let lane_seconds = 10_800_u32;
    let mut word = U256::from(NOW / 86_400) << 192 | U256::from(rng.random_range(0..200_u64));
    if terms[56] == 4 {
        terms[58..62].copy_from_slice(&lane_seconds.to_be_bytes());
        terms[62] = rng.random_range(0..3);
        word = U256::from(NOW / u64::from(lane_seconds)) << 213 | U256::from(rng.random_range(0..3_u64)) << 207;
        word |= U256::from(rng.random_range(0..200_u64)) << 23;
    }
    let descriptor =
        limit_descriptor(terms[56], if terms[56] == 4 { lane_seconds } else { 0 }, flags >> 2, flags & 2 != 0);
    let mut state = active();
    for key in [Address::ZERO, PAYEE, request(vec![]).initiator] {
        let slot = limit_slot(ACCOUNT, B256::from_slice(&terms[..32]), Address::ZERO, descriptor, key);
        state.words.insert(slot, word);
    }
    (terms, state)
}

#[test]
fn what_still_fits_a_limit_is_exactly_what_it_lets_through() {
    let (mut fitted, mut refused) = (0, 0);
    for seed in 0..5_000 {
        let rng = &mut rng(seed);
        let (terms, state) = used_limit(rng);
        let payments: Vec<Action> =
            (0..rng.random_range(1..4)).map(|_| pay(U256::from(rng.random_range(1..120_u64)))).collect();
        let charged = native(vec![1, 1, 0, 0, 0, 0, 0], &[terms]);
        let asked = native(vec![1, 1, 0, 0, 0, 0, 0, 0x10, 0], &[terms]);
        let charged = run(&charged, &state, &request(payments.clone()));
        let asked = run(&asked, &state, &request(payments));
        match charged.verdict.reason {
            Reason::Allowed => {
                assert_eq!((asked.verdict.reason, &asked.writes), (Reason::Allowed, &charged.writes), "seed {seed}");
                fitted += 1;
            }
            Reason::LimitExceeded => {
                assert_eq!(asked.verdict.reason, Reason::NoRule, "seed {seed}");
                assert_eq!(asked.verdict.effect, charged.verdict.effect, "seed {seed}");
                refused += 1;
            }
            other => panic!("seed {seed}: {other}"),
        }
    }
    assert!(fitted > 500 && refused > 500, "{fitted} {refused}");
}

#[test]
fn spoilt_programs_neither_panic_nor_write_what_they_deny() {
    let calldata = |rng: &mut ChaCha8Rng| {
        let selectors = [[0xa9, 0x05, 0x9c, 0xbb], [0x09, 0x5e, 0xa7, 0xb3], [0x61, 0x0b, 0x59, 0x25], [1, 2, 3, 4]];
        let mut data = selectors[rng.random_range(0..4)].to_vec();
        data.extend(PAYEE.into_word());
        data.extend(U256::from(rng.random_range(0..200_u64)).to_be_bytes::<32>());
        data.truncate(if rng.random_range(0..8) == 0 { rng.random_range(0..69) } else { 68 });
        data
    };
    let mut denied = 0;
    for seed in 0..3_000 {
        let rng = &mut rng(seed);
        let (terms, state) = used_limit(rng);
        let draft = Draft {
            semantics: rng.random_range(0..3),
            classes: 0x00ff_fff0,
            limits: vec![terms],
            tokens: vec![(TOKEN, rng.random_range(1..4))],
            lists: vec![list(&[PAYEE, TOKEN])],
        };
        let bodies: Vec<Vec<u8>> = (0..6)
            .map(|_| {
                let head = if rng.random_range(0..2) == 0 { vec![1, 1, 0, 0, 0, 0, 0] } else { vec![1, 0, 0, 0, 0, 0] };
                [head, tree(rng, 5).0].concat()
            })
            .collect();
        let mut bytes = draft.bytes(|lists| {
            let rules = bodies.iter().zip(1..).map(|(body, kind)| {
                let body = [body.as_slice(), &[7], &lists[0]].concat();
                Rule { kind: 0xc0 | (kind % 5 + 1), ..native_rule(body) }
            });
            rules.collect()
        });
        for _ in 0..rng.random_range(0..4) {
            let at = rng.random_range(0..bytes.len());
            bytes[at] = rng.random();
        }
        let to = [TOKEN, PAYEE, ACCOUNT][rng.random_range(0..3)];
        let value = U256::from(rng.random_range(0..2_u64));
        let action = Action { value, ..call(to, calldata(rng)) };
        let evaluation = run(&bytes, &state, &request(vec![action, pay(U256::ONE)]));
        if evaluation.verdict.reason != Reason::Allowed {
            denied += 1;
            assert!(evaluation.writes.is_empty() && !evaluation.removal, "seed {seed}");
        }
    }
    assert!(denied > 1_000 && denied < 3_000, "{denied}");
}
