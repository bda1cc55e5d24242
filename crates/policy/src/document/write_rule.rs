//! A rule as a value to write.

use alloy_primitives::U256;

use super::{
    facts::write_tests,
    tables::DEFAULT_GAS,
    write::{Out, seconds, table, text},
};
use crate::{
    AddressRef, Approvals, AttesterSet, CallData, CallTarget, Effect, Obligations, Origin, Outcome, Rule, Signers,
    StaticCall, Target, TimeSpan, When, Word, WordTest, text::clock::format_clock,
};

pub(super) fn rule(rule: &Rule) -> Vec<(String, Out)> {
    let then = match &rule.then {
        Outcome::Deny => table([("deny", Some(Out::Bool(true)))]),
        Outcome::Allow { limits, delay, obligations } => {
            let mut then = table([
                ("allow", Some(Out::Bool(true))),
                ("limits", (!limits.is_empty()).then(|| Out::Array(limits.iter().map(text).collect()))),
                ("delay", delay.map(seconds)),
            ]);
            then.extend(asked(obligations));
            then
        }
    };
    table([
        ("id", Some(text(&rule.id))),
        ("name", rule.name.as_ref().map(text)),
        ("owner", rule.owner.as_ref().map(text)),
        ("updated_at", rule.updated_at.as_ref().map(text)),
        ("priority", (rule.priority != 0).then_some(Out::Integer(rule.priority))),
        ("when", Some(Out::Table(when(&rule.when)))),
        ("then", Some(Out::Table(then))),
    ])
}

fn asked(obligations: &Obligations) -> Vec<(String, Out)> {
    let approvals = |one: &Approvals| {
        Out::Table(table([
            ("group", Some(text(&one.group))),
            ("at_least", Some(count(one.at_least))),
            ("initiator", one.initiator.then_some(Out::Bool(true))),
            ("owners", one.owners.then_some(Out::Bool(true))),
        ]))
    };
    table([
        ("approvals", written(&obligations.approvals, approvals)),
        ("signatures", obligations.signatures.map(count)),
        ("signers", written(&obligations.signers, signers_out)),
        ("attestation", written(&obligations.attestation, |name| text(name))),
        ("notify", written(&obligations.notify, |name| text(name))),
    ])
}

pub(super) fn signers_out(signers: &Signers) -> Out {
    let list = some(Some(&signers.list), address);
    Out::Table(table([("list", list), ("at_least", Some(count(signers.at_least)))]))
}

pub(super) fn attesters(set: &AttesterSet) -> Vec<(String, Out)> {
    table([("members", some(Some(&set.members), address)), ("at_least", Some(count(set.at_least)))])
}

fn count(count: u8) -> Out {
    Out::Integer(count.into())
}

fn written<T>(items: &Vec<T>, out: impl Fn(&T) -> Out) -> Option<Out> {
    some((!items.is_empty()).then_some(items), out)
}

fn when(when: &When) -> Vec<(String, Out)> {
    let origin = match &when.origin {
        Origin::Owners => None,
        Origin::Modules(modules) => some(Some(modules), address),
    };
    let amount = when
        .amount
        .as_ref()
        .map(|range| Out::Table(table([("min", range.min.as_ref().map(text)), ("max", range.max.as_ref().map(text))])));
    let target = |target: &Target| match target {
        Target::Account => text("account"),
        Target::Asset(name) => text(name),
        Target::Named(name) => text(format!("@{name}")),
        Target::Literal(address) => text(address),
    };
    let is_delegatecall = when.effect.as_deref() == Some(&[Effect::Delegatecall]);
    let tables = |tables: &Vec<When>| Out::Array(tables.iter().map(|table| Out::Table(self::when(table))).collect());
    table([
        ("origin", origin),
        ("initiator", some(when.initiator.as_ref(), address)),
        ("target", some(when.target.as_ref(), target)),
        ("selector", some(when.selector.as_ref(), |one| text(one.as_str()))),
        ("operation", some(when.effect.as_ref().filter(|_| is_delegatecall), |one| text(one.word()))),
        ("effect", some(when.effect.as_ref().filter(|_| !is_delegatecall), |one| text(one.word()))),
        ("asset", some(when.asset.as_ref(), |name| text(name))),
        ("recipient", some(when.recipient.as_ref(), address)),
        ("amount", amount),
        ("opaque", when.opaque.then_some(Out::Bool(true))),
        ("recipient_is_contract", when.recipient_is_contract.map(Out::Bool)),
        ("time", when.time.map(time)),
        ("weekday", some(when.weekday.as_ref(), |day| text(day.word()))),
        ("word", written(&when.word, word)),
        ("static_call", written(&when.static_call, static_call)),
        ("within", when.within.as_ref().map(text)),
        ("facts", (!when.facts.is_empty()).then(|| write_tests(&when.facts))),
        ("any", when.any.as_ref().map(tables)),
        ("all", when.all.as_ref().map(tables)),
        ("not", when.not.as_ref().map(|table| Out::Table(self::when(table)))),
    ])
}

fn time(span: TimeSpan) -> Out {
    Out::Table(table([("from", Some(text(format_clock(span.from)))), ("to", Some(text(format_clock(span.to))))]))
}

fn word(word: &Word) -> Out {
    let offset = Some(Out::Integer(i64::from(word.offset)));
    let mut fields = table([("offset", offset)]);
    match &word.test {
        WordTest::In(refs) => fields.extend(table([("in", some(Some(refs), address))])),
        WordTest::Compare { mask, comparison, value } => {
            fields.extend(table([("mask", mask.map(number)), (comparison.word(), Some(number(*value)))]));
        }
    }
    Out::Table(fields)
}

fn static_call(call: &StaticCall) -> Out {
    let target = match &call.target {
        CallTarget::Asset(name) => text(name),
        CallTarget::Literal(address) => text(address),
    };
    let (function, data) = match &call.data {
        CallData::Call(selector) => (Some(text(selector.as_str())), None),
        CallData::Data(data) => (None, Some(text(data))),
    };
    let small = |value: u32, absent: u32| (value != absent).then(|| Out::Integer(i64::from(value)));
    Out::Table(table([
        ("target", Some(target)),
        ("call", function),
        ("data", data),
        ("gas", small(call.gas, DEFAULT_GAS)),
        ("words", small(u32::from(call.words), 1)),
        ("index", small(u32::from(call.index), 0)),
        (call.comparison.word(), Some(number(call.value))),
    ]))
}

/// Small numbers as people count, others as bytes are shown.
fn number(value: U256) -> Out {
    if value > U256::from(u64::MAX) { text(format!("{value:#x}")) } else { text(value) }
}

/// One value bare, several as an array.
fn some<T>(items: Option<&Vec<T>>, out: impl Fn(&T) -> Out) -> Option<Out> {
    match items?.as_slice() {
        [one] => Some(out(one)),
        many => Some(Out::Array(many.iter().map(out).collect())),
    }
}

fn address(member: &AddressRef) -> Out {
    match member {
        AddressRef::Named(name) => text(format!("@{name}")),
        AddressRef::Literal(address) => text(address),
    }
}
