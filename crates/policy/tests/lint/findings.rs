//! What the linter finds is what there is to find.

use std::collections::BTreeSet;

use portcullis_policy::{Finding, FindingKind, Outcome, Policy, Semantics, lint};

use super::{
    asked::{asks_of, mirror_can_meet},
    differences,
    draft::{Draft, Extra, head, rng},
    expected::{Reader, Reading, asks_more},
    shards::{self, Tally},
    universe::{Case, cases},
    witness,
};

pub(crate) fn policies() -> std::ops::Range<u64> {
    let read = |name: &str, default: u64| std::env::var(name).map_or(default, |text| text.parse().expect("a number"));
    let first = read("PORTCULLIS_LINT_SEED", 0);
    first..first + read("PORTCULLIS_LINT_POLICIES", 2_000)
}

type Found = BTreeSet<(FindingKind, Vec<String>)>;

/// Every kind of finding, from its definition.
fn expected(policy: &Policy, readings: &[Reading]) -> Found {
    let id = |at: usize| policy.rules[at].id.clone();
    let rules = 0..policy.rules.len();
    let mut found = Found::new();
    for at in rules.clone() {
        let matches = readings.iter().any(|one| one.scope.contains(&at));
        let says = readings.iter().any(|one| one.says.contains(&at));
        if !matches {
            found.insert((FindingKind::NeverMatches, vec![id(at)]));
        } else if !says {
            found.insert((FindingKind::Shadowed, vec![id(at)]));
        } else {
            for earlier in 0..at {
                let (rule, other) = (&policy.rules[at], &policy.rules[earlier]);
                let asked = match policy.semantics {
                    Semantics::FirstMatch => true,
                    Semantics::AllMustPass => false,
                    Semantics::AllowOverrides => rule.then != Outcome::Deny,
                };
                let swallows = readings.iter().any(|one| one.says.contains(&earlier) && one.scope.contains(&at));
                let exception = readings.iter().all(|one| !one.scope.contains(&earlier) || one.scope.contains(&at));
                if asked && asks_more(policy, rule, other) && swallows && !exception {
                    found.insert((FindingKind::Inversion, vec![id(at), id(earlier)]));
                }
            }
        }
    }
    for at in rules {
        let asks = asks_of(policy, &policy.rules[at]);
        let says = || readings.iter().filter(|one| one.says.contains(&at));
        // A notice is told, and needs nobody who could give it.
        let asks_people = asks.keys().any(|(ask, _)| !ask.starts_with("notices"));
        if asks_people && says().any(|one| one.unmet) && !says().any(|one| one.allowed) {
            found.insert((FindingKind::ImpossibleQuorum, vec![id(at)]));
        }
    }
    if !readings.iter().any(|one| one.allowed) {
        found.insert((FindingKind::NothingAllowed, Vec::new()));
    }
    let limited = policy.limits.iter().filter(|(_, limit)| !limit.everywhere);
    for (limit, asset) in limited.filter_map(|(id, limit)| Some((id, limit.asset()?))) {
        let asset = policy.assets[asset].standard.token().unwrap_or_default();
        if readings.iter().any(|one| one.limits.contains(limit)) {
            let free =
                readings.iter().filter(|one| one.allowed && one.outflow == Some(asset) && !one.limits.contains(limit));
            found.extend(free.flat_map(|one| &one.says).map(|at| (FindingKind::Uncounted, vec![id(*at)])));
        }
    }
    found
}

/// The kinds that every request of a small world decides.
pub(crate) const KINDS: [FindingKind; 6] = [
    FindingKind::NeverMatches,
    FindingKind::Shadowed,
    FindingKind::Inversion,
    FindingKind::Uncounted,
    FindingKind::NothingAllowed,
    FindingKind::ImpossibleQuorum,
];

/// Holds what is found in one random policy, and how another version of it differs, to every case, and says how many of
/// each kind were found.
fn hold(seed: u64) -> Tally {
    let draft = Draft::new(&mut rng(seed));
    let policy = draft.policy();
    let reader = Reader::new(&policy);
    let all = cases(&draft);
    let (readings, differences) = differences::hold(seed, &draft, &reader, &all);
    let swapped = differences::swap(seed, &policy, &readings);
    let mut tally = Tally { cases: all.len(), differences, swapped, ..Tally::default() };
    let expected = expected(&policy, &readings);
    let report = lint(&policy).expect("is analysed");
    let mut found = Found::new();
    for finding in report.findings.iter().filter(|finding| KINDS.contains(&finding.kind)) {
        let named = if finding.kind == FindingKind::Inversion { 2 } else { finding.rules.len().min(1) };
        found.insert((finding.kind, finding.rules[..named].to_vec()));
        tally.witnesses += usize::from(finding.witness.is_some());
        shown(finding, &reader, &policy, &format!("seed {seed}\n{}", draft.text()));
    }
    if draft.asks {
        let quorum = |reading: &Reading| reader.asks(&reading.says).keys().any(|(ask, _)| !ask.starts_with("notices"));
        let some = readings
            .iter()
            .zip(&all)
            .filter(|(one, case)| one.allowed && quorum(one) && case.request.origin.is_none() && is_single(case));
        for (_, case) in some.take(3) {
            assert!(mirror_can_meet(&policy, case), "seed {seed}: nobody can sign\n{}", draft.text());
        }
    }
    tally.undetermined = report.undetermined.len();
    let words = draft.extras.contains(&Extra::Word);
    let missing: Vec<_> = expected.difference(&found).collect();
    let wrong: Vec<_> = found.difference(&expected).collect();
    assert!(wrong.is_empty(), "seed {seed}: false alarms {wrong:?}\n{report:#?}\n{}", draft.text());
    let is_known = words && !report.undetermined.is_empty();
    assert!(
        missing.is_empty() || is_known,
        "seed {seed}: missed {missing:?}\n{:?}\n{}",
        report.undetermined,
        draft.text()
    );
    for (total, kind) in tally.found.iter_mut().zip(KINDS) {
        *total += found.iter().filter(|(found, _)| *found == kind).count();
    }
    tally
}

/// Whether the action has one effect.
fn is_single(case: &Case) -> bool {
    let action = &case.request.actions[0];
    action.value.is_zero() || action.data.is_empty()
}

/// The request that a finding shows is decided by the mirror as the finding tells.
fn shown(finding: &Finding, reader: &Reader<'_>, policy: &Policy, about: &str) {
    let Some(shown) = &finding.witness else {
        assert_eq!(finding.kind, FindingKind::NeverMatches);
        return;
    };
    let case = witness::case(shown);
    let reading = reader.read(&case);
    let show = || format!("{finding:?}\n{reading:?}\n{about}");
    let decided = reader.evaluate(&case).decisions[0].rule.map(usize::from);
    assert_eq!(reading.says.first().copied(), decided, "{}", show());
    if finding.kind == FindingKind::NothingAllowed {
        assert!(!reading.allowed, "{}", show());
        return;
    }
    let rule = policy.rules.iter().position(|rule| rule.id == finding.rules[0]).expect("a rule");
    match finding.kind {
        FindingKind::NeverMatches => {
            assert!(!reading.scope.contains(&rule), "{}", show());
        }
        FindingKind::Uncounted => {
            let counted = reading.limits.iter().any(|limit| finding.message.contains(&format!("`{limit}`")));
            assert!(reading.allowed && reading.says.contains(&rule) && !counted, "{}", show());
        }
        FindingKind::ImpossibleQuorum => {
            assert!(reading.unmet && reading.says.contains(&rule), "{}", show());
            if is_single(&case) {
                assert!(!mirror_can_meet(policy, &case), "{}", show());
            }
        }
        _ => {
            assert!(reading.scope.contains(&rule) && !reading.says.contains(&rule), "{}", show());
            let decider = &policy.rules[decided.expect("a rule")].id;
            assert!(finding.rules[1..].contains(decider) || finding.rules.len() > 4, "{}", show());
        }
    }
}

/// Findings of a policy and differences from another version are held to the same cases.
#[test]
fn nothing_is_found_or_differs_that_no_request_shows_and_nothing_that_one_shows_is_missed() {
    let run = shards::run(policies(), hold);
    eprintln!("{run:?}");
    shards::report(&run);
    assert!(run.failed.is_empty(), "{:?}", run.failed);
    if policies().count() >= 1_000 {
        assert!(run.tally.found.iter().all(|total| *total >= 5), "{:?}", run.tally);
        assert!(run.tally.differences >= 500 && run.tally.swapped >= 500, "{:?}", run.tally);
    }
}

/// Who starts what `later` is about never counts among the two whom `all` asks, so that both together allow nothing.
#[test]
fn no_rule_that_only_tells_somebody_is_blamed_for_approvals_that_another_asks() {
    let all =
        "when = { effect = \"transfer\" }\nthen = { allow = true, approvals = { group = \"two\", at_least = 2 } }";
    for (asks, is_blamed) in [("notify = \"desk\"", false), ("approvals = { group = \"two\", at_least = 1 }", true)] {
        let later =
            format!("when = {{ effect = \"transfer\", initiator = \"@alice\" }}\nthen = {{ allow = true, {asks} }}");
        let head = head("all-must-pass", None, false);
        let rules = vec![all.to_owned(), later];
        let draft = Draft { head, rules, extras: vec![Extra::Initiator], badges: None, asks: true };
        let policy = draft.policy();
        let reader = Reader::new(&policy);
        let readings: Vec<Reading> = cases(&draft).iter().map(|case| reader.read(case)).collect();
        assert!(readings.iter().any(|one| one.says == [0, 1] && one.unmet));
        assert!(readings.iter().all(|one| !one.says.contains(&1) || !one.allowed));
        let blamed = (FindingKind::ImpossibleQuorum, vec!["r1".to_owned()]);
        let report = lint(&policy).expect("is analysed");
        let is_found = report.findings.iter().any(|one| (one.kind, one.rules.clone()) == blamed);
        assert_eq!((is_found, expected(&policy, &readings).contains(&blamed)), (is_blamed, is_blamed), "{asks}");
    }
}
