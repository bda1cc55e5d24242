//! The rules.

use super::{
    conditions,
    obligations::{ASKING, obligations},
    parse::duration,
    reader::{Reader, Table},
    tree::{Node, Value},
};
use crate::{Outcome, Rule, When};

const KEYS: [&str; 7] = ["id", "name", "owner", "updated_at", "priority", "when", "then"];
const THEN: [&str; 9] =
    ["allow", "deny", "limits", "delay", "approvals", "signatures", "signers", "attestation", "notify"];

/// Reads a rule; what does not read is left out of it and noted.
pub(super) fn rule(reader: &mut Reader, node: &Node) -> Rule {
    let mut rule = Rule {
        id: String::new(),
        name: None,
        owner: None,
        updated_at: None,
        priority: 0,
        when: When::default(),
        then: Outcome::Deny,
    };
    let Some(table) = reader.table(node, &KEYS) else { return rule };
    let id = reader.require(table, "id", "write an id that no other rule has");
    if let Some(id) = id.and_then(|node| reader.text(node, "write the id in quotes")) {
        id.clone_into(&mut rule.id);
    }
    rule.name = table.get("name").and_then(|node| reader.line(node));
    rule.owner = table.get("owner").and_then(|node| reader.line(node));
    rule.updated_at = table.get("updated_at").and_then(|node| updated_at(reader, node));
    rule.priority = table.get("priority").and_then(|node| reader.integer(node)).unwrap_or(0);
    let help = "write the conditions as a table; an empty one matches every effect of the owners' requests";
    let when = reader.require(table, "when", help).and_then(|node| conditions::rule(reader, node));
    rule.when = when.unwrap_or_default();
    let help = "write a table that sets `allow` or `deny` to true";
    let then = reader.require(table, "then", help).and_then(|node| reader.table(node, &THEN));
    if let Some(table) = then {
        rule.then = outcome(reader, table);
    }
    rule
}

fn outcome(reader: &mut Reader, table: Table<'_>) -> Outcome {
    let mut flag = |key: &str, other: &str| {
        let node = table.get(key)?;
        let value = reader.boolean(node)?;
        if !value {
            reader.fault(node, format!("`{key}` is false"), format!("set `{other}` to true, or `{key}`"));
        }
        Some(())
    };
    let (allow, deny) = (flag("allow", "deny"), flag("deny", "allow"));
    let limits = table.get("limits").and_then(|node| {
        let help = "write names of limits in square brackets, or leave `limits` out";
        reader.each(node, help, |reader, node| reader.text(node, help).map(str::to_owned))
    });
    let delay = table.get("delay").and_then(|node| duration(reader, node));
    let obligations = obligations(reader, table);
    match (allow, deny) {
        (Some(()), None) => return Outcome::Allow { limits: limits.unwrap_or_default(), delay, obligations },
        (None, Some(())) => {
            for key in ["limits", "delay"].into_iter().chain(ASKING) {
                if let Some(node) = table.get(key) {
                    reader.fault(
                        node,
                        format!("a denying rule has no `{key}`"),
                        format!("leave `{key}` out, or allow"),
                    );
                }
            }
        }
        _ => {
            let has_fault = table.get("allow").is_some() != table.get("deny").is_some();
            if !has_fault {
                reader.fault(
                    table.node(),
                    "a rule either allows or denies",
                    "set exactly one of `allow` and `deny` to true",
                );
            }
        }
    }
    Outcome::Deny
}

/// An RFC 3339 date or date-time, by its shape.
fn updated_at(reader: &mut Reader, node: &Node) -> Option<String> {
    let help = "write a date like `2026-03-31`, or a date-time like `2026-03-31T09:00:00Z`";
    let text = match &node.value {
        Value::Date(text) => text,
        _ => reader.text(node, help)?,
    };
    if is_date(text) {
        return Some(text.to_owned());
    }
    reader.fault(node, format!("`{text}` is not an RFC 3339 date"), help);
    None
}

fn is_date(text: &str) -> bool {
    let number = |text: &str, digits: usize, least: u32, most: u32| {
        text.len() == digits
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u32>().is_ok_and(|number| (least..=most).contains(&number))
    };
    let clock = |text: &str| match text.split(':').collect::<Vec<_>>().as_slice() {
        [hour, minute] => number(hour, 2, 0, 23) && number(minute, 2, 0, 59),
        [hour, minute, second] => number(hour, 2, 0, 23) && number(minute, 2, 0, 59) && number(second, 2, 0, 60),
        _ => false,
    };
    let (date, time) = text.split_once('T').map_or((text, None), |(date, time)| (date, Some(time)));
    let is_day = match date.split('-').collect::<Vec<_>>().as_slice() {
        [year, month, day] => number(year, 4, 0, 9999) && number(month, 2, 1, 12) && number(day, 2, 1, 31),
        _ => false,
    };
    let is_time = time.is_none_or(|time| {
        let (time, zone) = match time.strip_suffix('Z') {
            Some(time) => (time, None),
            None => match time.rsplit_once(['+', '-']) {
                Some((time, zone)) => (time, Some(zone)),
                None => return false,
            },
        };
        let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
        let is_fraction = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
        time.len() == 8 && clock(time) && is_fraction && zone.is_none_or(|zone| zone.len() == 5 && clock(zone))
    });
    is_day && is_time
}
