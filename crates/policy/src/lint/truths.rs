//! What attesters state: whether what a rule asks of facts holds, of the one effect that is looked at.
//!
//! Each question is a variable of its own. Which answers questions about one fact can have together is told by trying
//! a value of every kind that they tell apart, and a request is shown with such values.

use std::collections::BTreeMap;

use alloy_primitives::U256;

use super::{
    bdd::{ALL, NONE, Set},
    space::Space,
};
use crate::{
    Amount, Fact, FactKind, FactTest, FactValue,
    facts::Value,
    program::{
        condition::{Condition, Roster},
        facts::Question,
        lower::{Lowered, LoweredRule},
    },
};

/// More combinations of answers than this are not followed: the questions then count as independent.
const MOST: usize = 1_024;

/// What a rule asks, and whom: told apart by the members, whatever they are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Truth {
    who: Roster,
    at_least: u8,
    question: Question,
}

impl Truth {
    pub(super) fn of(rule: &LoweredRule, lowered: &Lowered) -> Option<Self> {
        let question = rule.question.clone()?;
        let Some(Condition::Attested { set, .. }) = rule.conditions.last() else { return None };
        let set = lowered.attesters.get(usize::from(*set))?;
        Some(Self { who: set.list.members.clone(), at_least: set.at_least, question })
    }
}

/// A fact, and the questions about it: which of them, and what it is asked there.
type About<'a> = (&'a str, &'a Fact, Vec<(usize, &'a [FactTest])>);
/// The answers to questions that share facts, and values of these facts that give them.
type Answers = Vec<(Vec<bool>, BTreeMap<String, FactValue>)>;

impl Space {
    /// Questions about the same facts have answers that go together.
    pub(super) fn truths_go_together(&mut self) -> Set {
        let mut all = ALL;
        for part in self.parts() {
            let Some(answers) = self.answers(&part) else { continue };
            let variables: Vec<usize> =
                part.iter().filter_map(|at| self.dims.truths.get(*at)).map(|(_, variable)| *variable).collect();
            let mut any = NONE;
            for (truths, _) in answers {
                let mut one = ALL;
                for (variable, truth) in variables.iter().zip(truths).rev() {
                    one = if truth {
                        self.sets.split(*variable, NONE, one)
                    } else {
                        self.sets.split(*variable, one, NONE)
                    };
                }
                any = self.sets.or(any, one);
            }
            all = self.sets.and(all, any);
        }
        all
    }

    /// Values of all facts that answer each question as assigned. None where none were found.
    pub(super) fn stated(&self, assignment: &[bool]) -> Option<BTreeMap<String, FactValue>> {
        let mut stated = BTreeMap::new();
        for part in self.parts() {
            let is_true = |at: &usize| {
                let variable = self.dims.truths.get(*at).map(|(_, variable)| *variable);
                variable.and_then(|variable| assignment.get(variable).copied()).unwrap_or(false)
            };
            let wanted: Vec<bool> = part.iter().map(is_true).collect();
            let (_, values) = self.answers(&part)?.into_iter().find(|(truths, _)| *truths == wanted)?;
            for (name, value) in values {
                // Two policies may declare one name in two ways.
                if stated.insert(name, value).is_some() {
                    return None;
                }
            }
        }
        Some(stated)
    }

    /// The questions, those together that share facts, directly or through others; ascending.
    fn parts(&self) -> Vec<Vec<usize>> {
        let truths = &self.dims.truths;
        let asks = |at: usize| truths.get(at).map(|(truth, _)| &truth.question.0).into_iter().flatten();
        let share = |one: usize, other: usize| {
            asks(one).any(|(name, fact, _)| asks(other).any(|(same, too, _)| name == same && fact == too))
        };
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for at in 0..truths.len() {
            let (mut together, apart): (Vec<_>, Vec<_>) =
                parts.into_iter().partition(|part: &Vec<usize>| part.iter().any(|other| share(at, *other)));
            together.push(vec![at]);
            let mut part = together.concat();
            part.sort_unstable();
            parts = apart;
            parts.push(part);
        }
        parts
    }

    /// Every combination of answers that these questions can have. None where there are too many.
    fn answers(&self, part: &[usize]) -> Option<Answers> {
        let mut facts: Vec<About<'_>> = Vec::new();
        for (at, (truth, _)) in part.iter().filter_map(|at| self.dims.truths.get(*at)).enumerate() {
            for (name, fact, tests) in &truth.question.0 {
                match facts.iter_mut().find(|(known, same, _)| known == name && *same == fact) {
                    Some((.., asked)) => asked.push((at, tests)),
                    None => facts.push((name, fact, vec![(at, tests)])),
                }
            }
        }
        let mut found: Answers = vec![(vec![true; part.len()], BTreeMap::new())];
        for (name, fact, asked) in facts {
            let mut next = Answers::new();
            for value in candidates(fact, &asked) {
                let fails = |tests: &[FactTest]| tests.iter().any(|test| value.meets(fact.kind, test) != Some(true));
                let failed: Vec<usize> = asked.iter().filter(|(_, tests)| fails(tests)).map(|(at, _)| *at).collect();
                for (truths, values) in &found {
                    let still = truths.iter().enumerate().map(|(at, truth)| *truth && !failed.contains(&at));
                    let still: Vec<bool> = still.collect();
                    if next.iter().any(|(known, _)| *known == still) {
                        continue;
                    }
                    let mut values = values.clone();
                    values.insert(name.to_owned(), written(fact.kind, &value)?);
                    next.push((still, values));
                    if next.len() > MOST {
                        return None;
                    }
                }
            }
            found = next;
        }
        Some(found)
    }
}

/// A value of each kind that the tests tell apart.
fn candidates(fact: &Fact, asked: &[(usize, &[FactTest])]) -> Vec<Value> {
    let named = asked.iter().flat_map(|(_, tests)| tests.iter()).flat_map(|test| match test {
        FactTest::Compare(_, value) => vec![value.clone()],
        FactTest::In(texts) => texts.iter().cloned().map(FactValue::Text).collect(),
    });
    let named: Vec<Value> = named.filter_map(|value| Value::read(fact.kind, &value)).collect();
    match fact.kind {
        FactKind::Boolean => vec![Value::Boolean(true), Value::Boolean(false)],
        FactKind::Number { .. } => {
            let near =
                named.iter().filter_map(|value| if let Value::Number(number) = value { Some(*number) } else { None });
            near.flat_map(|number| [Some(number), number.checked_sub(U256::ONE), number.checked_add(U256::ONE)])
                .flatten()
                .map(Value::Number)
                .collect()
        }
        FactKind::Text => {
            let others = (0_usize..).map(|number| Value::Text(format!("other {number}")));
            let other = others.into_iter().find(|other| !named.contains(other));
            named.iter().cloned().chain(other).collect()
        }
    }
}

/// As documents write it.
fn written(kind: FactKind, value: &Value) -> Option<FactValue> {
    Some(match (kind, value) {
        (FactKind::Number { decimals }, Value::Number(number)) => {
            let digits = number.to_string();
            let decimals = usize::from(decimals);
            let padded = format!("{digits:0>width$}", width = decimals.checked_add(1)?);
            let (whole, rest) = padded.split_at_checked(padded.len().checked_sub(decimals)?)?;
            let rest = rest.trim_end_matches('0');
            let text = if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") };
            FactValue::Text(Amount::new(&text).ok()?.as_str().to_owned())
        }
        (_, Value::Text(text)) => FactValue::Text(text.clone()),
        (_, Value::Boolean(value)) => FactValue::Boolean(*value),
        (_, Value::Number(_)) => return None,
    })
}
