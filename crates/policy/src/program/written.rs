//! What can be said of conditions without resolving names.

use std::fmt::{self, Display, Formatter};

use super::lower::check_repeats;
use crate::{
    AddressRef, Effect, Origin, Outcome, PathSegment, Problem, Rule, Target, When, WordTest,
    diagnostics::{below, steps},
};

/// The tables directly within a table's groups, each by its place in it.
pub(crate) fn groups(when: &When) -> Vec<(Vec<PathSegment>, &When)> {
    let mut tables = Vec::new();
    for (key, group) in [("any", &when.any), ("all", &when.all)] {
        tables.extend(group.iter().flatten().enumerate().map(|(at, table)| (steps![key, at], table)));
    }
    tables.extend(when.not.iter().map(|table| (steps!["not"], &**table)));
    tables
}

/// What a rule's conditions say twice, not at all, or not without another key.
pub(crate) fn check(rule: &Rule, position: usize, problems: &mut Vec<Problem>) {
    let when = &rule.when;
    let base = steps!["rules", position, "when"];
    let at = |key: &str| below!(base, key);
    repeats(when, &base, problems);
    let names_opaque = when.effect.as_ref().is_some_and(|effects| effects.contains(&Effect::Opaque));
    let allows = matches!(rule.then, Outcome::Allow { .. });
    if names_opaque && allows && !when.opaque {
        let help = "set `opaque` to true in `when`: the rule trusts calldata that nobody decodes";
        problems.push(Problem::new(at("effect"), "an allowing rule names the effect `opaque` only", help));
    }
    if when.opaque && when.effect.is_some() && !names_opaque {
        let help = "add `opaque` to `effect`, or leave one of the two out";
        problems.push(Problem::new(at("opaque"), "`effect` leaves out what `opaque` asks for", help));
    }
    if when.opaque && allows && when.selector.is_none() {
        let help = "name the functions it accepts in `selector`";
        problems.push(Problem::new(at("opaque"), "`opaque` without a selector would accept any call", help));
    }
}

/// Keys without a value, and values that stand twice in one key.
fn repeats(when: &When, base: &[PathSegment], problems: &mut Vec<Problem>) {
    let at = |key: &str| below!(base, key);
    if let Origin::Modules(modules) = &when.origin {
        listed(Some(modules), at("origin"), problems);
    }
    listed(when.initiator.as_ref(), at("initiator"), problems);
    listed(when.recipient.as_ref(), at("recipient"), problems);
    listed(when.asset.as_ref(), at("asset"), problems);
    listed(texts(when.effect.as_ref(), |effect| effect.word().to_owned()).as_ref(), at("effect"), problems);
    listed(texts(when.selector.as_ref(), |one| one.as_str().to_owned()).as_ref(), at("selector"), problems);
    listed(when.target.as_ref(), at("target"), problems);
    listed(texts(when.weekday.as_ref(), |day| day.word().to_owned()).as_ref(), at("weekday"), problems);
    for (number, word) in when.word.iter().enumerate() {
        if let WordTest::In(refs) = &word.test {
            listed(Some(refs), below!(base, "word", number, "in"), problems);
        }
    }
    for (path, table) in groups(when) {
        repeats(table, &[base, &path].concat(), problems);
    }
}

/// A key's values: at least one, and each once.
fn listed<T: Ord + Display>(items: Option<&Vec<T>>, path: Vec<PathSegment>, problems: &mut Vec<Problem>) {
    let Some(items) = items else { return };
    if items.is_empty() {
        let key = path.iter().rev().find_map(|key| if let PathSegment::Key(key) = key { Some(key) } else { None });
        let message = format!("`{}` is empty", key.map_or("", String::as_str));
        let help = "write at least one value, or leave the key out to match any";
        problems.push(Problem::new(path.clone(), message, help));
    }
    check_repeats(path, items, problems);
}

fn texts<T>(items: Option<&Vec<T>>, word: impl Fn(&T) -> String) -> Option<Vec<String>> {
    items.map(|items| items.iter().map(word).collect())
}

/// As documents write it.
impl Display for AddressRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => write!(f, "@{name}"),
            Self::Literal(address) => Display::fmt(address, f),
        }
    }
}

/// As documents write it.
impl Display for Target {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("account"),
            Self::Asset(name) => f.write_str(name),
            Self::Named(name) => write!(f, "@{name}"),
            Self::Literal(address) => Display::fmt(address, f),
        }
    }
}
