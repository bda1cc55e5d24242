//! A policy as TOML and as JSON.

use std::fmt::Write as _;

use alloy_primitives::Address;

use crate::{
    AddressRef, Limit, Origin, Outcome, Policy, Rule, Standard, Target, When, Window, text::duration::format_duration,
};

/// A value to write, keys in the order people read them.
enum Out {
    Text(String),
    Integer(i64),
    True,
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
                Out::Table(fields) if key == "limits" => {
                    for (name, limit) in fields {
                        section(&mut text, &format!("[limits.{name}]"), limit);
                    }
                }
                Out::Table(fields) => section(&mut text, &format!("[{key}]"), Out::Table(fields)),
                Out::Array(rules) => rules.into_iter().for_each(|rule| section(&mut text, "[[rules]]", rule)),
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
        Out::True => "true".to_owned(),
        Out::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Out::Table(fields) if fields.is_empty() => "{}".to_owned(),
        Out::Table(fields) => {
            let fields: Vec<_> = fields.iter().map(|(key, value)| format!("{key} = {}", inline(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
    }
}

fn json(value: &Out, depth: usize, text: &mut String) {
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
    ]);
    let assets = policy.assets.iter().map(|(name, asset)| {
        let (standard, address) = match asset.standard {
            Standard::Native => ("native", None),
            Standard::Erc20(token) => ("erc20", Some(text(token))),
        };
        let decimals = Some(Out::Integer(i64::from(asset.decimals)));
        (
            name.clone(),
            Out::Table(table([("standard", Some(text(standard))), ("address", address), ("decimals", decimals)])),
        )
    });
    let sets = |sets: &std::collections::BTreeMap<String, Vec<Address>>| {
        sets.iter().map(|(name, members)| (name.clone(), Out::Array(members.iter().map(text).collect()))).collect()
    };
    let limits = policy.limits.iter().map(|(id, one)| (id.clone(), Out::Table(limit(one))));
    let tables: [(&str, Vec<(String, Out)>); 5] = [
        ("control", control),
        ("assets", assets.collect()),
        ("groups", sets(&policy.groups)),
        ("lists", sets(&policy.lists)),
        ("limits", limits.collect()),
    ];
    let rules = policy.rules.iter().map(|one| Out::Table(rule(one))).collect::<Vec<_>>();
    let mut fields = table([
        ("version", Some(Out::Integer(1))),
        ("name", Some(text(&policy.name))),
        ("account", Some(Out::Text(account))),
        ("semantics", Some(text("first-match"))),
    ]);
    fields.extend(
        tables.into_iter().filter(|(_, all)| !all.is_empty()).map(|(key, all)| (key.to_owned(), Out::Table(all))),
    );
    if !rules.is_empty() {
        fields.push(("rules".to_owned(), Out::Array(rules)));
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
    table([
        ("asset", Some(text(&limit.asset))),
        ("cap", Some(text(&limit.cap))),
        ("window", Some(window)),
        ("everywhere", limit.everywhere.then_some(Out::True)),
    ])
}

fn rule(rule: &Rule) -> Vec<(String, Out)> {
    let then = match &rule.then {
        Outcome::Deny => table([("deny", Some(Out::True))]),
        Outcome::Allow { limits, delay } => table([
            ("allow", Some(Out::True)),
            ("limits", (!limits.is_empty()).then(|| Out::Array(limits.iter().map(text).collect()))),
            ("delay", delay.map(seconds)),
        ]),
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
    table([
        ("origin", origin),
        ("initiator", some(when.initiator.as_ref(), address)),
        ("target", some(when.target.as_ref(), target)),
        ("selector", some(when.selector.as_ref(), |one| text(one.as_str()))),
        ("effect", some(when.effect.as_ref(), |one| text(one.word()))),
        ("asset", some(when.asset.as_ref(), |name| text(name))),
        ("recipient", some(when.recipient.as_ref(), address)),
        ("amount", amount),
        ("opaque", when.opaque.then_some(Out::True)),
    ])
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

fn text(value: impl ToString) -> Out {
    Out::Text(value.to_string())
}

fn seconds(seconds: u32) -> Out {
    Out::Text(format_duration(seconds))
}

fn table<const N: usize>(fields: [(&str, Option<Out>); N]) -> Vec<(String, Out)> {
    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}
