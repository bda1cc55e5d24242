//! What rules ask of facts: whether it makes sense, and which attester set states it.

use super::{
    condition::Condition,
    lower::{LoweredRule, LoweredSet, MAX_DECIMALS, amount_problem, check_repeats},
};
use crate::{
    Amount, Comparison, Fact, FactKind, FactTest, FactValue, OnUnknown, Origin, PathSegment, Policy, Problem,
    diagnostics::{below, steps},
};

/// What a rule asks: of each fact, by name. What does not change an answer is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question(pub(crate) Vec<(String, Fact, Vec<FactTest>)>);

/// Whether the facts can have the values that they name.
pub(crate) fn check_facts(policy: &Policy, problems: &mut Vec<Problem>) {
    for (name, fact) in &policy.facts {
        if let FactKind::Number { decimals } = fact.kind
            && decimals > MAX_DECIMALS
        {
            let message = format!("{decimals} decimals are too many");
            let path = steps!["facts", name, "decimals"];
            problems.push(Problem::new(path, message, format!("write at most {MAX_DECIMALS}")));
        }
        if let OnUnknown::Open { assume, .. } = &fact.on_unknown {
            check_value(name, fact, assume, steps!["facts", name, "assume"], problems);
        }
    }
}

/// What the rule at this position asks of an attester set. The index is given once all rules are known.
pub(crate) fn lower_tests(
    policy: &Policy,
    position: usize,
    problems: &mut Vec<Problem>,
) -> Option<(Condition, Question)> {
    let rule = policy.rules.get(position)?;
    let base = steps!["rules", position, "when", "facts"];
    let mut set: Option<(&str, &str)> = None;
    let mut question = Vec::new();
    for (name, tests) in &rule.when.facts {
        let path = below!(base, name);
        let Some(fact) = policy.facts.get(name) else { continue };
        check_tests(name, fact, tests, &path, problems);
        let asked = Fact { attesters: String::new(), timeout: 0, ttl: 0, ..fact.clone() };
        question.push((name.clone(), asked, tests.clone()));
        match set {
            None => set = Some((name, &fact.attesters)),
            Some((first, other)) if other != fact.attesters => {
                let message = format!("`{first}` is stated by `{other}`, `{name}` by `{}`", fact.attesters);
                let help = "write two rules: each attester set states one truth for a rule";
                problems.push(Problem::new(path, message, help).on_key());
            }
            Some(_) => {}
        }
    }
    let (_, set) = set?;
    if rule.when.origin != Origin::Owners {
        // What is posted for a module's request is kept without a statement, and `0x11` denies it (`docs/program.md` §1).
        let help = format!(
            "leave `facts` out and write `then.attestation = \"{set}\"`: who attests the opened request vouches for it"
        );
        let message = "attestations of a module's request state nothing of facts: the hook would deny every one";
        problems.push(Problem::new(base, message, help).on_key());
    }
    let number = policy.attesters.keys().position(|known| known == set)?;
    Some((Condition::Attested { set: u8::try_from(number).ok()?, index: 0 }, Question(question)))
}

/// Gives each hybrid rule its place among those of its set, and each set their number.
pub(crate) fn number(rules: &mut [LoweredRule], sets: &mut [LoweredSet], problems: &mut Vec<Problem>) {
    for rule in rules {
        let Some(Condition::Attested { set, index }) = rule.conditions.last_mut() else { continue };
        // A set that does not lower is reported already.
        let Some(set) = sets.get_mut(usize::from(*set)) else { continue };
        *index = set.hybrid_rules;
        let Some(next) = set.hybrid_rules.checked_add(1) else {
            let path = steps!["rules", rule.position, "when", "facts"];
            problems.push(Problem::new(path, "too many rules with facts", "write at most 65535 for each attester set"));
            return;
        };
        set.hybrid_rules = next;
    }
}

fn check_tests(name: &str, fact: &Fact, tests: &[FactTest], path: &[PathSegment], problems: &mut Vec<Problem>) {
    if tests.is_empty() {
        let message = format!("nothing is asked of `{name}`");
        problems.push(Problem::new(path.to_vec(), message, "write a comparison, like `{ at_most = \"50\" }`"));
    }
    for test in tests {
        let (word, fits) = match (test, fact.kind) {
            (FactTest::Compare(comparison, _), FactKind::Number { .. }) => (comparison.word(), true),
            (FactTest::Compare(comparison, _), FactKind::Text) => {
                (comparison.word(), matches!(comparison, Comparison::Equals | Comparison::NotEquals))
            }
            (FactTest::Compare(comparison, _), FactKind::Boolean) => {
                (comparison.word(), *comparison == Comparison::Equals)
            }
            (FactTest::In(_), kind) => ("in", kind == FactKind::Text),
        };
        let path = below!(path, word);
        if !fits {
            let help = match fact.kind {
                FactKind::Number { .. } => {
                    "write `equals`, `not_equals`, `less_than`, `at_most`, `more_than` or `at_least`"
                }
                FactKind::Text => "write `equals`, `not_equals` or `in`",
                FactKind::Boolean => "write `equals = true` or `equals = false`",
            };
            let message = format!("`{name}` is a {}, which has no `{word}`", fact.kind.word());
            problems.push(Problem::new(path, message, help).on_key());
            continue;
        }
        match test {
            FactTest::Compare(_, value) => check_value(name, fact, value, path, problems),
            FactTest::In(texts) => {
                if texts.is_empty() {
                    problems.push(Problem::new(path.clone(), "`in` is empty", "write at least one text"));
                }
                check_repeats(path, texts, problems);
            }
        }
    }
}

fn check_value(name: &str, fact: &Fact, value: &FactValue, path: Vec<PathSegment>, problems: &mut Vec<Problem>) {
    match (fact.kind, value) {
        (FactKind::Text, FactValue::Text(_)) | (FactKind::Boolean, FactValue::Boolean(_)) => {}
        // Reported already.
        (FactKind::Number { decimals }, FactValue::Text(_)) if decimals > MAX_DECIMALS => {}
        (FactKind::Number { decimals }, FactValue::Text(text)) => {
            let read = Amount::new(text).and_then(|amount| amount.base_units(decimals));
            problems.extend(read.err().map(|error| amount_problem(path, &error, &format!("`{name}`"))));
        }
        (kind, _) => {
            let help = match kind {
                FactKind::Number { .. } => "write a decimal in quotes, like \"50\"",
                FactKind::Text => "write text in quotes",
                FactKind::Boolean => "write `true` or `false` without quotes",
            };
            problems.push(Problem::new(path, format!("`{name}` is a {}", kind.word()), help));
        }
    }
}
