//! Rules that ask what attesters state.

use portcullis_policy::{Direction, FactValue, FindingKind, Policy, diff, lint};

const PAGE: &str = include_str!("../../../../docs/lint.md");
const FACTS: &str = r#"
[attesters.screening]
members  = "0x9dF0C6b0066D5317aA5b38B36850548DaCCa6B4e"
at_least = 1

[facts.risk]
type       = "number"
decimals   = 1
subject    = "recipient"
attesters  = "screening"
timeout    = "3s"
ttl        = "10m"
max_age    = "24h"
on_unknown = "closed"

[facts.grade]
type       = "text"
subject    = "recipient"
attesters  = "screening"
timeout    = "3s"
ttl        = "10m"
max_age    = "24h"
on_unknown = "hold"
"#;

/// The page's first example, with rules about ETH to vendors: what is asked of facts, and the outcome.
fn policy(rules: &[(&str, &str)]) -> Policy {
    let first = PAGE.split("```toml\n").nth(1).and_then(|part| part.split("```").next()).expect("an example");
    let mut text = format!("{first}{FACTS}");
    for (n, (facts, then)) in rules.iter().enumerate() {
        let facts = if facts.is_empty() { String::new() } else { format!(", facts = {{ {facts} }}") };
        text += &format!(
            "[[rules]]\nid = \"eth-{n}\"\nwhen = {{ asset = \"ETH\", effect = \"transfer\", recipient = \"@vendors\"{facts} }}\nthen = {then}\n"
        );
    }
    Policy::parse(&text, "facts.toml").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn kinds(rules: &[(&str, &str)]) -> Vec<FindingKind> {
    let report = lint(&policy(rules)).expect("is analysed");
    assert_eq!(report.undetermined, Vec::<String>::new());
    report.findings.into_iter().map(|finding| finding.kind).collect()
}

const ALLOW: &str = "{ allow = true }";
const LATER: &str = "{ allow = true, delay = \"24h\" }";
const DENY: &str = "{ deny = true }";

#[test]
fn no_rule_is_called_shadowed_by_one_that_attesters_may_say_no_of() {
    assert_eq!(kinds(&[("risk = { at_most = \"50\" }", ALLOW), ("", LATER)]), []);
}

#[test]
fn no_exception_that_only_its_facts_make_one_is_reported() {
    assert_eq!(kinds(&[("risk = { at_most = \"20\" }", ALLOW), ("risk = { at_most = \"50\" }", LATER)]), []);
    assert_eq!(kinds(&[("grade = { equals = \"a\" }", ALLOW), ("grade = { in = [\"a\", \"b\"] }", LATER)]), []);
}

#[test]
fn a_rule_that_asks_the_same_after_another_is_shadowed() {
    let facts = "risk = { at_most = \"50\" }";
    assert_eq!(kinds(&[(facts, ALLOW), (facts, LATER)]), [FindingKind::Shadowed]);
}

#[test]
fn what_an_earlier_rule_swallows_is_shown_with_what_attesters_observe() {
    let report = lint(&policy(&[("risk = { less_than = \"2.5\" }", ALLOW), ("risk = { at_least = \"1\" }", DENY)]));
    let findings = report.expect("is analysed").findings;
    let [finding] = findings.as_slice() else { panic!("{findings:#?}") };
    assert_eq!(finding.kind, FindingKind::Inversion);
    let facts = &finding.witness.as_ref().expect("is shown").facts;
    let Some(FactValue::Text(risk)) = facts.get("risk") else { panic!("{facts:?}") };
    assert!(["1", "1.1", "2.4"].contains(&risk.as_str()), "{risk}");
}

#[test]
fn another_bound_of_a_fact_is_only_looser_or_only_stricter() {
    let strict = policy(&[("risk = { at_most = \"20\" }", ALLOW)]);
    let loose = policy(&[("risk = { at_most = \"50\" }", ALLOW)]);
    for (one, other, direction) in [(&strict, &loose, Direction::Looser), (&loose, &strict, Direction::Stricter)] {
        let difference = diff(one, other).expect("is analysed");
        let directions: Vec<_> = difference.iter().map(|change| change.direction).collect();
        assert_eq!(directions, [direction], "{:#?}", difference);
    }
    assert!(diff(&strict, &strict).expect("is analysed").is_empty());
}

#[test]
fn a_rule_whose_facts_exclude_each_other_never_matches() {
    assert_eq!(kinds(&[("risk = { less_than = \"1\", more_than = \"0.9\" }", ALLOW)]), [FindingKind::NeverMatches]);
    assert_eq!(kinds(&[("risk = { at_most = \"1\", more_than = \"0.9\" }", ALLOW)]), []);
}
