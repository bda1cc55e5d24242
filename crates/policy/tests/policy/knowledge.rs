//! What is known of facts: true, false or unknown, and why.

use alloy_primitives::{Address, U256};
use portcullis_policy::{
    Cause, FactValue, Judgement, Knowledge, Observation, Observations, Policy, Scene, Seen, SourceMap, Subject, compile,
};

const NOW: u64 = 1_000_000;
const PAYEE: Address = Address::repeat_byte(0x22);

/// A policy whose one rule on ether asks this of the fact `f`, and its source map.
fn policy(fact: &str, asked: &str) -> (Policy, SourceMap) {
    let text = format!(
        r#"version = 1
name = "facts"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "first-match"
control = {{ change_delay = "48h" }}
assets = {{ ETH = {{ standard = "native", decimals = 18 }} }}

[attesters.risk]
members = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"
at_least = 1

[facts.f]
{fact}
attesters = "risk"
timeout = "3s"
ttl = "600s"
max_age = "1000s"

[facts.g]
type = "boolean"
subject = "request"
on_unknown = "hold"
attesters = "risk"
timeout = "3s"
ttl = "60s"
max_age = "1000s"

[[rules]]
id = "asked"
when = {{ effect = "transfer", asset = "ETH", facts = {{ {asked} }} }}
then = {{ allow = true }}
"#
    );
    let policy = Policy::parse(&text, "policy.toml").unwrap_or_else(|error| panic!("{error}"));
    let source_map = compile(&policy).expect("compiles").source_map;
    (policy, source_map)
}

fn scene() -> Scene {
    let initiator = Address::repeat_byte(1);
    Scene { at: 3, initiator, target: PAYEE, asset: Some(Address::ZERO), recipient: Some(PAYEE) }
}

fn judge((policy, source_map): &(Policy, SourceMap), observations: &Observations) -> Judgement {
    Knowledge::new(policy, source_map, observations, NOW).judge(0, 0, &scene()).expect("has the rule")
}

fn seen(fact: &str, subject: Subject, value: FactValue, observed_at: u64) -> ((String, Subject), Observation) {
    ((fact.to_owned(), subject), Observation::Value { value, observed_at })
}

fn text(value: &str) -> FactValue {
    FactValue::Text(value.to_owned())
}

const SCORE: &str = "type = \"number\"\ndecimals = 2\nsubject = \"recipient\"\non_unknown = \"closed\"";

/// What is known of a score of this, observed at this moment.
fn score(asked: &str, value: FactValue, observed_at: u64) -> Judgement {
    let observed = seen("f", Subject::Address(PAYEE), value, observed_at);
    judge(&policy(SCORE, &format!("f = {{ {asked} }}")), &Observations::from([observed]))
}

#[test]
fn nothing_observed_is_ever_true_or_false() {
    let asked = policy(SCORE, "f = { at_most = \"50\" }");
    let cause = |observations: &Observations| {
        let judgement = judge(&asked, observations);
        assert_eq!((judgement.truth, judgement.is_held, judgement.deadline), (None, false, u64::MAX));
        judgement.facts[0].cause.expect("has a cause")
    };
    assert_eq!(cause(&Observations::new()), Cause::Missing);
    let of = |subject| Observations::from([seen("f", subject, text("1"), NOW)]);
    assert_eq!(cause(&of(Subject::Address(Address::repeat_byte(0x23)))), Cause::Missing);
    assert_eq!(cause(&of(Subject::Request)), Cause::Missing);
    for told in Cause::ALL {
        let key = ("f".to_owned(), Subject::Address(PAYEE));
        assert_eq!(cause(&Observations::from([(key, Observation::Unknown(told))])), told);
    }
}

#[test]
fn an_observation_too_old_or_of_the_future_counts_for_nothing() {
    let at = |observed_at| {
        let judgement = score("at_most = \"50\"", text("1"), observed_at);
        (judgement.truth, judgement.facts[0].cause)
    };
    assert_eq!(at(NOW - 1_001), (None, Some(Cause::Stale)));
    assert_eq!(at(NOW - 1_000), (Some(true), None));
    assert_eq!(at(NOW), (Some(true), None));
    assert_eq!(at(NOW + 1), (None, Some(Cause::Error)));
    assert_eq!(at(u64::MAX), (None, Some(Cause::Error)));
}

#[test]
fn a_value_of_another_type_or_with_too_many_decimals_counts_for_nothing() {
    let too_large = U256::MAX.to_string();
    for value in [text("0.001"), text("-1"), text("low"), text(""), text(&too_large), FactValue::Boolean(true)] {
        let judgement = score("at_most = \"50\"", value.clone(), NOW);
        assert_eq!((judgement.truth, judgement.facts[0].cause), (None, Some(Cause::Error)), "{value:?}");
    }
}

#[test]
fn numbers_compare_exactly() {
    let large = "1157920892373161954235709850086879078532699846656405640394575840079131296399.35";
    let holds = |asked: &str, value: &str| score(asked, text(value), NOW).truth == Some(true);
    for (asked, held, failed) in [
        ("at_most = \"50\"", "50.00", "50.01"),
        ("at_least = \"50\"", "50", "49.99"),
        ("less_than = \"50\"", "49.99", "50"),
        ("more_than = \"50\"", "50.01", "50"),
        ("equals = \"0.1\"", "0.10", "0.11"),
        ("not_equals = \"0.1\"", "0.11", "0.1"),
        ("at_least = \"1\", at_most = \"2\"", "1.5", "2.01"),
    ] {
        assert!(holds(asked, held) && !holds(asked, failed), "{asked}");
    }
    assert!(holds(&format!("equals = \"{large}\""), large));
    assert!(!holds(&format!("less_than = \"{large}\""), large));
}

#[test]
fn false_decides_before_unknown_and_unknown_before_true() {
    let asked = policy(SCORE, "f = { at_most = \"50\" }, g = { equals = true }");
    let f = |value: &str| seen("f", Subject::Address(PAYEE), text(value), NOW - 10);
    let g = |value| seen("g", Subject::Request, FactValue::Boolean(value), NOW);
    let truth = |all: &[_]| judge(&asked, &all.iter().cloned().collect()).truth;
    assert_eq!(truth(&[f("1"), g(true)]), Some(true));
    assert_eq!(truth(&[f("1"), g(false)]), Some(false));
    assert_eq!(truth(&[f("51")]), Some(false));
    assert_eq!(truth(&[g(false)]), Some(false));
    assert_eq!(truth(&[f("1")]), None);
    assert_eq!(truth(&[g(true)]), None);
    // What is closed denies even beside what people would decide.
    assert!(judge(&asked, &Observations::from([f("1")])).is_held);
    assert!(!judge(&asked, &Observations::from([g(true)])).is_held);
    assert!(!judge(&asked, &Observations::new()).is_held);
    // A statement lives no longer than its shortest fact.
    assert_eq!(judge(&asked, &Observations::from([f("1"), g(true)])).deadline, NOW + 60);
    assert_eq!(judge(&asked, &Observations::from([f("1")])).deadline, NOW - 10 + 600);
}

#[test]
fn only_open_takes_a_value_for_an_unknown_and_names_its_owner() {
    let open = "type = \"text\"\nsubject = \"effect\"\non_unknown = \"open\"\nowner = \"desk\"\nassume = \"low\"";
    let asked = policy(open, "f = { in = [\"low\", \"none\"] }");
    let judgement = judge(&asked, &Observations::new());
    assert_eq!((judgement.truth, judgement.deadline), (Some(true), NOW + 600));
    assert_eq!((judgement.facts[0].assumed_by(), judgement.facts[0].cause), (Some("desk"), Some(Cause::Missing)));
    // What was observed decides.
    let judgement = judge(&asked, &Observations::from([seen("f", Subject::Effect(3), text("high"), NOW)]));
    assert_eq!((judgement.truth, judgement.facts[0].assumed_by()), (Some(false), None));
}

#[test]
fn a_rule_tells_which_conditions_the_chain_tests_and_which_are_attested() {
    let (_, source_map) = policy(SCORE, "f = { at_most = \"50\" }");
    let told: Vec<_> = source_map.rules[0].conditions.iter().map(|one| (one.name.as_str(), one.seen)).collect();
    assert_eq!(told, [("effect", Seen::Chain), ("asset", Seen::Chain), ("facts.f", Seen::Attested)]);
    assert_eq!(source_map.hybrid_rule(0, 0).map(|rule| rule.id.as_str()), Some("asked"));
    assert!(source_map.hybrid_rule(0, 1).is_none() && source_map.hybrid_rule(1, 0).is_none());
}
