//! Random policies: they go round byte for byte, and their programs say what they say.

use crate::common;

use alloy_primitives::hex;
use common::{
    ACCOUNT,
    cases::{cases, describes},
    policy,
    reading::in_scope,
    rng,
};
use portcullis_policy::{Malformed, Outcome, Policy, When, compile, decompile, verify_canonical};
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
fn no_key_is_left_out_of_the_random_policies() {
    let policies: Vec<_> = (0..4 * POLICIES).map(|seed| policy(&mut rng(seed))).collect();
    let deepest = policies.iter().flat_map(|policy| &policy.rules).map(|rule| depth(&rule.when)).max();
    assert!(deepest >= Some(5), "{deepest:?}");
    let text: String = policies.iter().map(Policy::to_toml).collect();
    for key in [
        "recipient_is_contract = true",
        "recipient_is_contract = false",
        "time = ",
        "weekday = ",
        "word = ",
        "mask = ",
        "in = ",
        "static_call = ",
        "call = ",
        "data = ",
        "gas = ",
        "words = ",
        "index = ",
        "within = ",
        "any = ",
        "all = ",
        "not = ",
        "equals = ",
        "not_equals = ",
        "less_than = ",
        "at_most = ",
        "more_than = ",
        "at_least = ",
        "registry = ",
        "method = ",
        "count = ",
        "guardians = ",
        "[attesters.",
        "members = ",
        "approvals = ",
        "initiator = true",
        "owners = true",
        "signatures = ",
        "signers = ",
        "attestation = ",
        "notify = ",
        "[[messages]]",
        "domain = \"any\"",
        "domain = \"0x",
        "domain = {",
        "salt = ",
        "type = \"any\"",
        "type = \"0x",
        "trusted = true",
        "[facts.",
        "facts = ",
        "type = \"number\"",
        "type = \"text\"",
        "type = \"boolean\"",
        "subject = ",
        "timeout = ",
        "ttl = ",
        "max_age = ",
        "on_unknown = \"closed\"",
        "on_unknown = \"hold\"",
        "on_unknown = \"open\"",
        "assume = ",
        "scope = \"recipient\"",
        "scope = \"initiator\"",
        "\"erc721\"",
        "\"erc1155\"",
        "target = \"@registry",
        "recipient = \"@registry",
        "\"@registry-1\", \"@set-",
        "\"all-must-pass\"",
        "\"allow-overrides\"",
        "0x610b5925",
    ] {
        let count = text.matches(key).count();
        assert!(count >= 20, "`{key}` is in {count} places only");
    }
}

/// Groups around the deepest table.
fn depth(when: &When) -> usize {
    let tables = when.any.iter().chain(&when.all).flatten().chain(when.not.as_deref());
    tables.map(|table| 1 + depth(table)).max().unwrap_or(0)
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
fn a_program_has_exactly_the_rules_in_scope_whose_conditions_describe_the_effect() {
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
            let expected: Vec<_> =
                order.iter().filter(|rule| describes(&policy, rule, &case)).map(|rule| rule.id.as_str()).collect();
            let found = in_scope(&compiled.program, &case);
            let found: Vec<_> =
                found.iter().map(|rule| compiled.source_map.rule(*rule).expect("is named").id.as_str()).collect();
            assert_eq!(found, expected, "seed {seed}: {case:?}\n{}", policy.to_toml());
            match expected.first() {
                Some(_) => decided[usize::from(case.kind)] += 1,
                None => undecided += 1,
            }
        }
    }
    assert!(decided[1..].iter().all(|count| *count > 250) && undecided > 5_000, "{decided:?} {undecided}");
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
    let text = include_str!("../../../../examples/minimal/policy.toml");
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

#[test]
fn a_denying_rule_never_leaves_out_what_a_later_rule_could_allow() {
    let text = include_str!("../../../../examples/minimal/policy.toml");
    let mut policy = Policy::parse(text, "policy.toml").expect("parses");
    policy.rules.truncate(1);
    policy.rules[0].when = Default::default();
    policy.rules[0].then = Outcome::Deny;
    let program = compile(&policy).expect("compiles").program;
    let kinds: Vec<_> = program[64 + 84 + 9..].chunks(32).take(6).map(|entry| entry[0]).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind & 0xc0 == 0xc0).count(), 5, "{kinds:02x?}");
}
