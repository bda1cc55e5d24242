//! What two policies differ in is what every request says they differ in.

use std::collections::BTreeSet;

use portcullis_policy::{Change, Difference, Direction, Policy, diff};
use rand::{RngExt, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{
    draft::{Draft, Extra, rng},
    expected::{Reader, Reading, read_both},
    findings::policies,
    universe::Case,
    witness,
};

/// Direction, change, and the rules that decide.
pub(crate) type Told = (Direction, String, Option<String>, Option<String>);

/// Another version of the policy.
fn next_version(rng: &mut ChaCha8Rng, draft: &Draft) -> Draft {
    for _ in 0..30 {
        let mut next = draft.clone();
        for _ in 0..rng.random_range(1..3) {
            let at = rng.random_range(0..next.rules.len());
            match rng.random_range(0..8) {
                0 if next.rules.len() > 1 => _ = next.rules.remove(at),
                1 => next.rules.shuffle(rng),
                2 => {
                    let rule = next.rule(rng);
                    next.rules.insert(at, rule);
                }
                3 => {
                    next.rules[at] = next.rules[at]
                        .replace("allow = true", "allow = true, delay = \"3h\"")
                        .replace("\"3h\", delay", "\"3h\"")
                }
                4 => next.rules[at] = next.rules[at].replace("\"5\"", "\"10\""),
                5 if !next.extras.contains(&Extra::Within) => {
                    next.head = next.head.replace("cap = \"10\"", "cap = \"20\"")
                }
                6 => {
                    next.head =
                        next.head.replace("window = { calendar = \"day\" }", "window = { calendar = \"month\" }")
                }
                _ => {
                    let rule = next.rule(rng);
                    next.rules[at] = rule;
                }
            }
        }
        if Policy::parse(&next.text(), "policy.toml").is_ok() {
            return next;
        }
    }
    draft.clone()
}

fn name(change: &Change) -> String {
    match change {
        Change::Verdict => "verdict".to_owned(),
        Change::Delay(old, new) => format!("delay {old} {new}"),
        Change::Limit(id) => format!("limit {id}"),
        Change::Cap(id) => format!("cap {id}"),
        Change::Restart(id) => format!("restart {id}"),
        Change::Meter(id) => format!("meter {id}"),
        Change::Obligation { what, old, new } => format!("{what} {old} {new}"),
    }
}

/// How one case is decided otherwise, from the definition.
pub(crate) fn told(old: (&Policy, &Reading), new: (&Policy, &Reading)) -> Vec<Told> {
    let rule = |(policy, reading): (&Policy, &Reading)| reading.says.first().map(|at| policy.rules[*at].id.clone());
    let one = |direction, change: String| (direction, change, rule(old), rule(new));
    let ((old_policy, before), (new_policy, after)) = (old, new);
    let mut all = Vec::new();
    match (before.allowed, after.allowed) {
        (false, true) => all.push(one(Direction::Looser, "verdict".to_owned())),
        (true, false) => all.push(one(Direction::Stricter, "verdict".to_owned())),
        (false, false) => {}
        (true, true) => {
            if before.delay != after.delay {
                let direction = if after.delay < before.delay { Direction::Looser } else { Direction::Stricter };
                all.push(one(direction, format!("delay {} {}", before.delay, after.delay)));
            }
            let asks: BTreeSet<&String> = before.asks.keys().chain(after.asks.keys()).collect();
            for ask in asks {
                let of = |reading: &Reading| reading.asks.get(ask).copied().unwrap_or_default();
                let (was, is) = (of(before), of(after));
                let change = format!("{ask} {} {}", was.count, is.count);
                if was.asks_more(&is) {
                    all.push(one(Direction::Looser, change.clone()));
                }
                if is.asks_more(&was) {
                    all.push(one(Direction::Stricter, change));
                }
            }
            for id in before.limits.union(&after.limits) {
                match (before.limits.contains(id), after.limits.contains(id)) {
                    (true, false) => all.push(one(Direction::Looser, format!("limit {id}"))),
                    (false, true) => all.push(one(Direction::Stricter, format!("limit {id}"))),
                    _ => {
                        let (a, b) = (&old_policy.limits[id], &new_policy.limits[id]);
                        if a.window != b.window {
                            all.push(one(Direction::Looser, format!("restart {id}")));
                        }
                        if a.cap != b.cap {
                            // Caps only rise here.
                            all.push(one(Direction::Looser, format!("cap {id}")));
                        }
                    }
                }
            }
        }
    }
    all
}

pub(crate) fn summary(differences: &[Difference]) -> BTreeSet<Told> {
    let one = |one: &Difference| (one.direction, name(&one.change), one.old_rule.clone(), one.new_rule.clone());
    differences.iter().map(one).collect()
}

/// Holds how another version of one policy differs to every case; what the old one says of them, and how many
/// differences there are.
pub(crate) fn hold(seed: u64, draft: &Draft, before: &Reader<'_>, cases: &[Case]) -> (Vec<Reading>, usize) {
    let next = next_version(&mut rng(seed ^ 0xd1ff), draft);
    let (old, new) = (before.policy, next.policy());
    let after = Reader::new(&new);
    let read = read_both(before, &after, cases, draft.extras.contains(&Extra::Within));
    let expected: BTreeSet<Told> = read.iter().flat_map(|[was, is]| told((old, was), (&new, is))).collect();
    let differences = diff(old, &new).expect("is analysed");
    let found = summary(&differences);
    let show = || format!("seed {seed}\n{}\n---\n{}", draft.text(), next.text());
    // A window that changes under `within` has states that these worlds do not have.
    let both_windows = draft.extras.contains(&Extra::Within) && draft.head != next.head;
    let missing: Vec<_> = expected.difference(&found).collect();
    let wrong: Vec<_> = found.difference(&expected).collect();
    assert!(missing.is_empty(), "missed {missing:?}\n{found:?}\n{}", show());
    assert!(wrong.is_empty() || both_windows, "false {wrong:?}\n{}", show());
    for difference in &differences {
        let shown =
            difference.witness.as_ref().unwrap_or_else(|| panic!("without a request {difference:?}\n{}", show()));
        let case: Case = witness::case(shown);
        let (was, is) = (before.read(&case), after.read(&case));
        let one = summary(std::slice::from_ref(difference)).pop_first().expect("one");
        assert!(told((old, &was), (&new, &is)).contains(&one), "{difference:?}\n{was:?}\n{is:?}\n{}", show());
        let decided = |reader: &Reader<'_>| reader.evaluate(&case).decisions[0].rule.map(usize::from);
        assert_eq!((decided(before), decided(&after)), (was.says.first().copied(), is.says.first().copied()));
    }
    assert_eq!(diff(old, old).expect("is analysed"), []);
    (read.into_iter().map(|[was, _]| was).collect(), differences.len())
}

/// Swaps neighbours that are never in scope together, which changes nothing, and says how many there are.
pub(crate) fn swap(seed: u64, old: &Policy, readings: &[Reading]) -> usize {
    let is_apart = |at: &usize| readings.iter().all(|one| !(one.scope.contains(at) && one.scope.contains(&(at - 1))));
    let apart: Vec<usize> = (1..old.rules.len()).filter(is_apart).collect();
    for at in &apart {
        let mut new = old.clone();
        new.rules.swap(*at, at - 1);
        let differences = diff(old, &new).expect("is analysed");
        assert!(differences.is_empty(), "seed {seed}: {differences:?}\n{}", new.to_toml());
    }
    apart.len()
}

#[test]
fn adding_a_deny_never_loosens() {
    let mut stricter = 0;
    for seed in policies() {
        let rng = &mut rng(seed ^ 0xadd);
        let draft = Draft::new(rng);
        let old = draft.policy();
        let mut rule = Draft::new(rng).policy().rules.remove(0);
        let mut new = old.clone();
        rule.id = "added".to_owned();
        rule.then = portcullis_policy::Outcome::Deny;
        rule.when.opaque = false;
        new.rules.insert(rng.random_range(0..=new.rules.len()), rule);
        let Ok(differences) = diff(&old, &new) else { continue };
        let looser: Vec<_> = differences.iter().filter(|one| one.direction == Direction::Looser).collect();
        assert!(looser.is_empty(), "seed {seed}: {looser:?}\n{}", new.to_toml());
        stricter += differences.len();
    }
    assert!(stricter > 0);
}
