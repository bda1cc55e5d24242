//! What the linter finds is what there is to find.

use std::collections::BTreeSet;

use portcullis_policy::{FindingKind, Outcome, Policy, Semantics, lint};

use super::{
    draft::{Draft, Extra, rng},
    expected::{Reader, Reading, asks_more},
    universe::cases,
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
                if asked && asks_more(rule, other) && swallows && !exception {
                    found.insert((FindingKind::Inversion, vec![id(at), id(earlier)]));
                }
            }
        }
    }
    if !readings.iter().any(|one| one.allowed) {
        found.insert((FindingKind::NothingAllowed, Vec::new()));
    }
    let limited = policy.limits.iter().filter(|(_, limit)| !limit.everywhere);
    for (limit, asset) in limited.filter_map(|(id, limit)| Some((id, limit.asset()?))) {
        let asset = policy.assets[asset].standard.token().unwrap_or_default();
        if readings.iter().any(|one| one.limits.contains(limit)) {
            let free = readings.iter().filter(|one| one.allowed && one.outflow == Some(asset) && !one.limits.contains(limit));
            found.extend(free.flat_map(|one| &one.says).map(|at| (FindingKind::Uncounted, vec![id(*at)])));
        }
    }
    found
}

#[test]
fn nothing_is_found_that_is_not_so_and_nothing_is_missed() {
    let (mut totals, mut cases_read, mut undetermined) = ([0_usize; 5], 0, 0);
    for seed in policies() {
        let draft = Draft::new(&mut rng(seed));
        let policy = draft.policy();
        let reader = Reader::new(&policy);
        let readings: Vec<Reading> = cases(&draft).iter().map(|case| reader.read(case)).collect();
        cases_read += readings.len();
        let expected = expected(&policy, &readings);
        let report = lint(&policy).expect("is analysed");
        let kinds = [
            FindingKind::NeverMatches,
            FindingKind::Shadowed,
            FindingKind::Inversion,
            FindingKind::Uncounted,
            FindingKind::NothingAllowed,
        ];
        let mut found = Found::new();
        for finding in report.findings.iter().filter(|finding| kinds.contains(&finding.kind)) {
            let named = if finding.kind == FindingKind::Inversion { 2 } else { finding.rules.len().min(1) };
            found.insert((finding.kind, finding.rules[..named].to_vec()));
            if finding.kind == FindingKind::NothingAllowed {
                continue;
            }
            let position = |id: &String| policy.rules.iter().position(|rule| rule.id == *id).expect("a rule");
            let rule = position(&finding.rules[0]);
            let Some(shown) = &finding.witness else {
                assert_eq!(finding.kind, FindingKind::NeverMatches);
                continue;
            };
            let case = witness::case(shown);
            let reading = reader.read(&case);
            if finding.kind == FindingKind::Uncounted {
                let counted = reading.limits.iter().any(|limit| finding.message.contains(&format!("`{limit}`")));
                assert!(reading.allowed && reading.says.contains(&rule) && !counted, "seed {seed}: {finding:?}\n{reading:?}");
                continue;
            }
            assert!(reading.scope.contains(&rule), "seed {seed}: {finding:?}\n{reading:?}\n{}", draft.text());
            let decided = reader.evaluate(&case).decisions[0].rule.map(usize::from);
            assert!(reading.says.first().copied() == decided, "seed {seed}: {finding:?}\n{reading:?}\n{}", draft.text());
            assert!(!reading.says.contains(&rule), "seed {seed}: {finding:?}\n{reading:?}\n{}", draft.text());
            let decider = &policy.rules[decided.expect("a rule")].id;
            assert!(finding.rules[1..].contains(decider) || finding.rules.len() > 4, "seed {seed}: {finding:?}");
        }
        undetermined += report.undetermined.len();
        let words = draft.extras.contains(&Extra::Word);
        let missing: Vec<_> = expected.difference(&found).collect();
        let wrong: Vec<_> = found.difference(&expected).collect();
        assert!(wrong.is_empty(), "seed {seed}: false alarms {wrong:?}\n{report:#?}\n{}", draft.text());
        assert!(missing.is_empty() || words && !report.undetermined.is_empty(), "seed {seed}: missed {missing:?}\n{:?}\n{}", report.undetermined, draft.text());
        for (total, kind) in totals.iter_mut().zip(kinds) {
            *total += found.iter().filter(|(found, _)| *found == kind).count();
        }
    }
    eprintln!("{cases_read} cases; never, shadowed, inversion, uncounted, nothing: {totals:?}; undetermined: {undetermined}");
    if policies().count() >= 1_000 {
        assert!(totals.iter().all(|total| *total >= 5), "{totals:?}");
    }
}
