//! Facts, and what rules ask of them: read and written.

use std::collections::BTreeMap;

use super::{
    parse::{amount, duration},
    reader::{Reader, Table, quote},
    tree::{Field, Node, Value},
    write::{Out, seconds, table, text},
};
use crate::{Comparison, Fact, FactKind, FactSubject, FactTest, FactValue, OnUnknown};

pub(crate) const KEYS: [&str; 10] =
    ["type", "decimals", "subject", "attesters", "timeout", "ttl", "max_age", "on_unknown", "owner", "assume"];
pub(crate) const TESTS: [&str; 7] = ["equals", "not_equals", "less_than", "at_most", "more_than", "at_least", "in"];

/// Reads a fact. What does not read keeps its name, so that uses of it are not reported as well.
pub(super) fn fact(reader: &mut Reader, field: &Field) -> Fact {
    let mut fact = Fact {
        kind: FactKind::Boolean,
        subject: FactSubject::Request,
        attesters: String::new(),
        timeout: 1,
        ttl: 1,
        max_age: 1,
        on_unknown: OnUnknown::Closed,
    };
    let Some(table) = reader.field(field, &KEYS) else { return fact };
    let kinds = FactKind::ALL.map(|kind| (kind.word(), kind));
    fact.kind = required(reader, table, "type", &kinds).unwrap_or(fact.kind);
    decimals(reader, table, &mut fact.kind);
    let subjects = FactSubject::ALL.map(|subject| (subject.word(), subject));
    fact.subject = required(reader, table, "subject", &subjects).unwrap_or(fact.subject);
    let help = "write the name of the attester set that states it";
    let set = reader.require(table, "attesters", help).and_then(|node| reader.text(node, help));
    set.unwrap_or_default().clone_into(&mut fact.attesters);
    let mut time = |key, help| reader.require(table, key, help).and_then(|node| duration(reader, node)).unwrap_or(1);
    fact.timeout = time("timeout", "write how long asking may take, like `3s`");
    fact.ttl = time("ttl", "write how long a statement made of it may live, like `10m`");
    fact.max_age = time("max_age", "write how old an observation may be, like `24h`");
    if let Some(on_unknown) = on_unknown(reader, table) {
        fact.on_unknown = on_unknown;
    }
    fact
}

/// One of the words, which must be there.
fn required<T: Copy>(reader: &mut Reader, table: Table<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let node = reader.require(table, key, &format!("write one of {}", quote(&names)))?;
    reader.choice(node, key, words)
}

fn decimals(reader: &mut Reader, table: Table<'_>, kind: &mut FactKind) {
    let Some(node) = table.get("decimals") else { return };
    let FactKind::Number { decimals } = kind else {
        reader.fault(node, "only numbers have decimals", "leave `decimals` out, or write `number` as the type");
        return;
    };
    let Some(written) = reader.integer(node) else { return };
    let help = "write how many digits its values may have behind the point, like 2".to_owned();
    let read = u8::try_from(written).map_err(|_| (format!("{written} decimals cannot be counted"), help));
    *decimals = reader.accept(node, read).unwrap_or(0);
}

fn on_unknown(reader: &mut Reader, table: Table<'_>) -> Option<OnUnknown> {
    let words = [("closed", 0), ("open", 1), ("hold", 2)];
    let word = required(reader, table, "on_unknown", &words)?;
    if word != 1 {
        for key in ["owner", "assume"] {
            if let Some(node) = table.get(key) {
                let help = format!("leave `{key}` out, or write `on_unknown = \"open\"`");
                reader.fault(node, format!("only an `open` fact has `{key}`"), help);
            }
        }
        return Some(if word == 0 { OnUnknown::Closed } else { OnUnknown::Hold });
    }
    let owner = reader.require(table, "owner", "write who answers for taking a value that nobody observed");
    let owner = owner.and_then(|node| reader.line(node));
    let help = "write the value that is taken where none is known";
    let assume = reader.require(table, "assume", help).and_then(|node| value(reader, node));
    Some(OnUnknown::Open { owner: owner?, assume: assume? })
}

/// A value by its shape; whether it fits the fact is seen later.
fn value(reader: &mut Reader, node: &Node) -> Option<FactValue> {
    match &node.value {
        Value::Bool(value) => Some(FactValue::Boolean(*value)),
        Value::Text(text) => Some(FactValue::Text(text.clone())),
        Value::Integer(_) => {
            // Says how amounts are written.
            amount(reader, node)?;
            None
        }
        _ => {
            let message = format!("a value is expected, this is {}", node.describe());
            reader.fault(node, message, "write `true`, `false`, or text or a number in quotes");
            None
        }
    }
}

/// What a rule asks of facts, by name.
pub(super) fn tests(reader: &mut Reader, node: &Node) -> BTreeMap<String, Vec<FactTest>> {
    let Some(table) = reader.names(node) else { return BTreeMap::new() };
    if table.fields().is_empty() {
        reader.fault(node, "`facts` is empty", "write at least one fact and what is asked of it, or leave `facts` out");
    }
    table.fields().iter().map(|field| (field.key.clone(), one(reader, field))).collect()
}

fn one(reader: &mut Reader, field: &Field) -> Vec<FactTest> {
    let Some(table) = reader.field(field, &TESTS) else { return Vec::new() };
    if table.fields().is_empty() {
        let message = format!("nothing is asked of `{}`", field.key);
        reader.fault(&field.node, message, "write a comparison, like `{ at_most = \"50\" }`");
    }
    let mut tests = Vec::new();
    for comparison in Comparison::ALL {
        let read = table.get(comparison.word()).and_then(|node| value(reader, node));
        tests.extend(read.map(|value| FactTest::Compare(comparison, value)));
    }
    let help = "write texts in quotes, in square brackets";
    let texts = table
        .get("in")
        .and_then(|node| reader.each(node, help, |reader, node| reader.text(node, help).map(str::to_owned)));
    tests.extend(texts.map(FactTest::In));
    tests
}

pub(super) fn write_fact(fact: &Fact) -> Vec<(String, Out)> {
    let decimals = match fact.kind {
        FactKind::Number { decimals } if decimals > 0 => Some(Out::Integer(decimals.into())),
        _ => None,
    };
    let (owner, assume) = match &fact.on_unknown {
        OnUnknown::Open { owner, assume } => (Some(text(owner)), Some(write_value(assume))),
        OnUnknown::Closed | OnUnknown::Hold => (None, None),
    };
    table([
        ("type", Some(text(fact.kind.word()))),
        ("decimals", decimals),
        ("subject", Some(text(fact.subject.word()))),
        ("attesters", Some(text(&fact.attesters))),
        ("timeout", Some(seconds(fact.timeout))),
        ("ttl", Some(seconds(fact.ttl))),
        ("max_age", Some(seconds(fact.max_age))),
        ("on_unknown", Some(text(fact.on_unknown.word()))),
        ("owner", owner),
        ("assume", assume),
    ])
}

fn write_value(value: &FactValue) -> Out {
    match value {
        FactValue::Text(value) => text(value),
        FactValue::Boolean(value) => Out::Bool(*value),
    }
}

pub(super) fn write_tests(facts: &BTreeMap<String, Vec<FactTest>>) -> Out {
    let one = |tests: &Vec<FactTest>| {
        let fields = tests.iter().map(|test| match test {
            FactTest::Compare(comparison, value) => (comparison.word().to_owned(), write_value(value)),
            FactTest::In(texts) => ("in".to_owned(), Out::Array(texts.iter().map(text).collect())),
        });
        Out::Table(fields.collect())
    };
    Out::Table(facts.iter().map(|(name, tests)| (name.clone(), one(tests))).collect())
}
