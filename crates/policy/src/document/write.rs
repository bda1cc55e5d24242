//! A policy as TOML and as JSON.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    facts::write_fact as fact,
    messages::message_out,
    write_rule::{attesters, rule},
};
use crate::{Cap, Limit, Members, Policy, Scope, Selector, Standard, Window, text::duration::format_duration};

/// A value to write, keys in the order people read them.
pub(crate) enum Out {
    Text(String),
    Integer(i64),
    Bool(bool),
    Array(Vec<Out>),
    Table(Vec<(String, Out)>),
}

impl Policy {
    /// The policy as a TOML document, without comments and with references as they are.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let mut text = String::new();
        for (key, value) in document(self) {
            match value {
                Out::Table(fields) if ["limits", "attesters", "facts"].contains(&key.as_str()) => {
                    for (name, one) in fields {
                        section(&mut text, &format!("[{key}.{name}]"), one);
                    }
                }
                Out::Table(fields) => section(&mut text, &format!("[{key}]"), Out::Table(fields)),
                Out::Array(rules) => rules.into_iter().for_each(|rule| section(&mut text, &format!("[[{key}]]"), rule)),
                value => text.push_str(&format!("{key} = {}\n", inline(&value))),
            }
        }
        text
    }

    /// The policy as a JSON document.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        json(&Out::Table(document(self)), 0, &mut text);
        text.push('\n');
        text
    }
}

fn section(text: &mut String, title: &str, value: Out) {
    text.push_str(&format!("\n{title}\n"));
    if let Out::Table(fields) = value {
        for (key, value) in fields {
            text.push_str(&format!("{key} = {}\n", inline(&value)));
        }
    }
}

/// A TOML value on one line.
fn inline(value: &Out) -> String {
    match value {
        Out::Text(text) => quoted(text),
        Out::Integer(number) => number.to_string(),
        Out::Bool(value) => value.to_string(),
        Out::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Out::Table(fields) if fields.is_empty() => "{}".to_owned(),
        Out::Table(fields) => {
            let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}

pub(crate) fn json(value: &Out, depth: usize, text: &mut String) {
    let inner = depth.saturating_add(1);
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    match value {
        Out::Array(items) => {
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                text.push_str(if position > 0 { "," } else { "" });
                line(text, inner);
                json(item, inner, text);
            }
            line(text, depth);
            text.push(']');
        }
        Out::Table(fields) if !fields.is_empty() => {
            text.push('{');
            for (position, (key, value)) in fields.iter().enumerate() {
                text.push_str(if position > 0 { "," } else { "" });
                line(text, inner);
                text.push_str(&format!("{}: ", quoted(key)));
                json(value, inner, text);
            }
            line(text, depth);
            text.push('}');
        }
        other => text.push_str(&inline(other)),
    }
}

/// A string as both formats read it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            letter if letter.is_ascii_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(letter));
            }
            letter => quoted.push(letter),
        }
    }
    quoted.push('"');
    quoted
}

fn document(policy: &Policy) -> Vec<(String, Out)> {
    let control = &policy.control;
    let account = policy.account.map_or_else(|| "unknown".to_owned(), |account| account.to_string());
    let group = |name: &Option<String>| name.as_ref().map(|name| Out::Text(format!("@{name}")));
    let control = table([
        ("change_delay", control.change_delay.map(seconds)),
        ("announcement_expiry", control.announcement_expiry.map(seconds)),
        ("announcers", group(&control.announcers)),
        ("cancellers", group(&control.cancellers)),
        ("guardians", group(&control.guardians)),
    ]);
    let assets = policy.assets.iter().map(|(name, asset)| {
        let (standard, address) = match asset.standard {
            Standard::Native => ("native", None),
            Standard::Erc20(token) => ("erc20", Some(text(token))),
            Standard::Erc721(token) => ("erc721", Some(text(token))),
            Standard::Erc1155(token) => ("erc1155", Some(text(token))),
        };
        let is_counted = matches!(asset.standard, Standard::Erc721(_) | Standard::Erc1155(_)) && asset.decimals == 0;
        let decimals = (!is_counted).then(|| Out::Integer(i64::from(asset.decimals)));
        (
            name.clone(),
            Out::Table(table([("standard", Some(text(standard))), ("address", address), ("decimals", decimals)])),
        )
    });
    let sets = |sets: &BTreeMap<String, Members>| {
        sets.iter().map(|(name, members)| (name.clone(), self::members(members))).collect()
    };
    let attesters = policy.attesters.iter().map(|(name, set)| (name.clone(), Out::Table(attesters(set))));
    let facts = policy.facts.iter().map(|(name, one)| (name.clone(), Out::Table(fact(one))));
    let limits = policy.limits.iter().map(|(id, one)| (id.clone(), Out::Table(limit(one))));
    let tables: [(&str, Vec<(String, Out)>); 7] = [
        ("control", control),
        ("assets", assets.collect()),
        ("groups", sets(&policy.groups)),
        ("lists", sets(&policy.lists)),
        ("attesters", attesters.collect()),
        ("facts", facts.collect()),
        ("limits", limits.collect()),
    ];
    let rules = policy.rules.iter().map(|one| Out::Table(rule(one))).collect::<Vec<_>>();
    let mut fields = table([
        ("version", Some(Out::Integer(1))),
        ("name", Some(text(&policy.name))),
        ("account", Some(Out::Text(account))),
        ("semantics", Some(text(policy.semantics.word()))),
    ]);
    fields.extend(
        tables.into_iter().filter(|(_, all)| !all.is_empty()).map(|(key, all)| (key.to_owned(), Out::Table(all))),
    );
    let messages = policy.messages.iter().map(|one| Out::Table(message_out(one))).collect::<Vec<_>>();
    for (key, rules) in [("rules", rules), ("messages", messages)] {
        if !rules.is_empty() {
            fields.push((key.to_owned(), Out::Array(rules)));
        }
    }
    fields
}

fn limit(limit: &Limit) -> Vec<(String, Out)> {
    let calendar = |period| Out::Table(table([("calendar", Some(text(period)))]));
    let window = match limit.window {
        Window::Transaction => text("transaction"),
        Window::Day => calendar("day"),
        Window::Week => calendar("week"),
        Window::Month => calendar("month"),
        Window::Rolling(length) => Out::Table(table([("rolling", Some(seconds(length)))])),
    };
    let (asset, cap, count) = match &limit.cap {
        Cap::Amount { asset, amount } => (Some(text(asset)), Some(text(amount)), None),
        Cap::Count(requests) => (None, None, Some(Out::Integer(i64::try_from(*requests).unwrap_or(i64::MAX)))),
    };
    table([
        ("asset", asset),
        ("cap", cap),
        ("count", count),
        ("window", Some(window)),
        ("scope", (limit.scope != Scope::Account).then(|| text(limit.scope.word()))),
        ("everywhere", limit.everywhere.then_some(Out::Bool(true))),
        ("meter", limit.meters.then(|| text("balance"))),
    ])
}

fn members(members: &Members) -> Out {
    match members {
        Members::Addresses(members) => Out::Array(members.iter().map(text).collect()),
        Members::Registry(registry) => {
            let method = (registry.method != Selector::contains()).then(|| text(registry.method.as_str()));
            Out::Table(table([("registry", Some(text(registry.address))), ("method", method)]))
        }
    }
}

pub(super) fn text(value: impl ToString) -> Out {
    Out::Text(value.to_string())
}

pub(super) fn seconds(seconds: u32) -> Out {
    Out::Text(format_duration(seconds))
}

pub(super) fn table<const N: usize>(fields: [(&str, Option<Out>); N]) -> Vec<(String, Out)> {
    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}
