//! Random policies: they go round byte for byte, and their programs say what they say.
#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use alloy_primitives::{Address, U256, hex};
use common::{ACCOUNT, Case, cases, describes, policy, rng};
use portcullis_policy::{Malformed, Outcome, Policy, compile, decompile, verify_canonical};
use rand::RngExt;

const POLICIES: u64 = 1_000;

#[test]
fn no_policy_decompiles_to_one_that_compiles_to_other_bytes() {
    let mut rules = 0;
    for seed in 0..POLICIES {
        let policy = policy(&mut rng(seed));
        let program = compile(&policy).unwrap_or_else(|error| panic!("seed {seed}: {error}")).program;
        let again = decompile(&program).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", policy.to_toml()));
        assert_eq!(compile(&again).expect("compiles").program, program, "seed {seed}");
        for text in [(again.to_toml(), "again.toml"), (again.to_json(), "again.json")] {
            let read = Policy::parse(&text.0, text.1).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(read, again, "seed {seed}");
        }
        rules += policy.rules.len();
    }
    assert!(rules > 2_500, "only {rules} rules were tried");
}

#[test]
fn no_policy_changes_when_it_is_written_and_read() {
    for seed in 0..POLICIES {
        let policy = policy(&mut rng(seed));
        for (text, file) in [(policy.to_toml(), "policy.toml"), (policy.to_json(), "policy.json")] {
            let read = Policy::parse(&text, file).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
            assert_eq!(read, policy, "seed {seed}");
        }
    }
}

#[test]
fn a_program_decides_by_exactly_the_rule_whose_conditions_describe_the_effect() {
    let (mut decided, mut undecided) = ([0; 6], 0);
    for seed in 0..POLICIES {
        let rng = &mut rng(seed);
        let mut policy = policy(rng);
        if policy.account.is_none() {
            policy = policy.with_account(ACCOUNT);
        }
        // Naming the account can turn a target into the account itself, and a rule that allowed into none.
        let Ok(compiled) = compile(&policy) else { continue };
        let mut order: Vec<_> = policy.rules.iter().collect();
        order.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
        for case in (0..100).flat_map(|_| cases(rng, &policy)).collect::<Vec<_>>() {
            let expected = order.iter().find(|rule| describes(&policy, rule, &case)).map(|rule| rule.id.as_str());
            let found = first_match(&compiled.program, &case);
            let found = found.map(|rule| compiled.source_map.rule(rule).expect("is named").id.as_str());
            assert_eq!(found, expected, "seed {seed}: {case:?}\n{}", policy.to_toml());
            match expected {
                Some(_) => decided[usize::from(case.kind)] += 1,
                None => undecided += 1,
            }
        }
    }
    assert!(decided[1..].iter().all(|count| *count > 500) && undecided > 5_000, "{decided:?} {undecided}");
}

#[test]
fn bytes_that_were_changed_anywhere_never_decompile_to_another_program() {
    let mut refused = 0;
    for seed in 0..400 {
        let rng = &mut rng(seed);
        let policy = policy(rng);
        let program = compile(&policy).expect("compiles").program;
        for _ in 0..25 {
            let mut changed = program.clone();
            match rng.random_range(0..4) {
                0 => changed.truncate(rng.random_range(0..program.len())),
                1 => changed.push(rng.random()),
                _ => {
                    let at = rng.random_range(0..program.len());
                    changed[at] ^= 1 << rng.random_range(0..8);
                }
            }
            match decompile(&changed) {
                Ok(policy) => assert_eq!(compile(&policy).expect("compiles").program, changed, "seed {seed}"),
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 5_000, "{refused}");
}

#[test]
fn an_allowing_rule_never_hides_behind_an_index_that_leaves_it_out() {
    let text = include_str!("../../../examples/minimal/policy.toml");
    let program = compile(&Policy::parse(text, "policy.toml").expect("parses")).expect("compiles").program;
    // Swap the two entries of the first bucket that has two: the same rules, in another order.
    let entries = 64 + 84 + 3 * 3;
    let mut swapped = program.clone();
    swapped[entries..entries + 64].rotate_left(32);
    assert_ne!(swapped, program);
    assert_eq!(verify_canonical(&swapped), Err(Malformed::NotCanonical { at: entries }));
    // A body that nothing points to.
    let mut longer = program.clone();
    longer.extend(hex!("010000000000"));
    assert_eq!(verify_canonical(&longer), Err(Malformed::NotCanonical { at: program.len() }));
    assert_eq!(verify_canonical(&program), Ok(()));
    assert_eq!(verify_canonical(&vec![0; 24_577]), Err(Malformed::TooLarge(24_577)));
    assert_eq!(verify_canonical(&[]), Err(Malformed::Short { at: 0 }));
}

/// The rule that decides, found the way an evaluator would: by class and bucket.
fn first_match(program: &[u8], case: &Case) -> Option<u16> {
    let bits = usize::from(program[3]);
    let classes = u32::from_be_bytes(program[4..8].try_into().expect("four")) >> (4 * case.kind) & 15;
    let directory = 64 + 84 * usize::from(program[8]);
    let offset = |at: usize| number(&program[directory + 3 * at..directory + 3 * at + 3]);
    let multiplier = U256::from_be_slice(&program[32..64]);
    let mut best = None;
    for class in 0..4 {
        let (any_subject, any_selector) = (class >= 2, class % 2 == 1);
        if classes >> class & 1 == 0
            || (any_subject && case.to == ACCOUNT)
            || (!any_selector && case.selector.is_none())
        {
            continue;
        }
        let is_account = !any_subject && case.to == ACCOUNT;
        let mut key =
            vec![case.kind | u8::from(any_subject) << 7 | u8::from(any_selector) << 6 | u8::from(is_account) << 5];
        key.extend(if any_subject || is_account { Address::ZERO } else { case.to });
        key.extend(if any_selector { [0; 4] } else { case.selector.expect("has one") });
        let product = U256::from_be_slice(&key).wrapping_mul(multiplier);
        let bucket = if bits == 0 { 0 } else { (product >> (256 - bits)).to::<usize>() };
        for entry in program[offset(bucket)..offset(bucket + 1)].chunks(32).filter(|entry| entry[..25] == key) {
            let rule = u16::from_be_bytes([entry[25], entry[26]]);
            let (at, length) = (number(&entry[27..30]), number(&entry[30..32]));
            if holds(program, &program[at..at + length], case) && best.is_none_or(|other| rule < other) {
                best = Some(rule);
            }
        }
    }
    best
}

fn holds(program: &[u8], body: &[u8], case: &Case) -> bool {
    let mut rest = &body[6 + usize::from(body[1])..];
    let mut all = (body[0] & 2 == 0) == case.origin.is_zero();
    while let [op, tail @ ..] = rest {
        let (length, holds) = match op {
            1..=3 => {
                let who =
                    [Some(case.origin), Some(case.initiator), case.moved.map(|moved| moved.0)][usize::from(op - 1)];
                (3, who.is_some_and(|who| contains(program, number(&tail[..3]), who)))
            }
            _ => {
                let value = U256::from_be_slice(&tail[1..1 + usize::from(tail[0])]);
                let amount = case.moved.map(|moved| moved.1);
                let holds = amount.is_some_and(|amount| if *op == 4 { amount >= value } else { amount <= value });
                (1 + usize::from(tail[0]), holds)
            }
        };
        all &= holds;
        rest = &tail[length..];
    }
    all
}

fn contains(program: &[u8], at: usize, who: Address) -> bool {
    let (count, bits) = (number(&program[at..at + 2]), usize::from(program[at + 2]));
    let counts = at + 3;
    let (from, to, start) = if bits == 0 {
        (0, count, counts)
    } else {
        let product = U256::from_be_slice(who.as_slice()).wrapping_mul(U256::from_be_slice(&program[32..64]));
        let bucket = (product >> (256 - bits)).to::<usize>();
        let read = |n: usize| number(&program[counts + 2 * n..counts + 2 * n + 2]);
        (read(bucket), read(bucket + 1), counts + 2 * ((1 << bits) + 1))
    };
    (from..to).any(|n| program[start + 20 * n..start + 20 * n + 20] == who)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

#[test]
fn a_denying_rule_never_leaves_out_what_a_later_rule_could_allow() {
    let text = include_str!("../../../examples/minimal/policy.toml");
    let mut policy = Policy::parse(text, "policy.toml").expect("parses");
    policy.rules.truncate(1);
    policy.rules[0].when = Default::default();
    policy.rules[0].then = Outcome::Deny;
    let program = compile(&policy).expect("compiles").program;
    let kinds: Vec<_> = program[64 + 84 + 9..].chunks(32).take(6).map(|entry| entry[0]).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind & 0xc0 == 0xc0).count(), 5, "{kinds:02x?}");
}
