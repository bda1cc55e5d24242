//! The conditions of a rule, and those within its groups.

use std::collections::BTreeMap;

use super::{
    facts::tests,
    parse::amount,
    reader::{Reader, Table},
    tables::{static_call, time, weekday, word},
    tree::{Node, Value},
};
use crate::{AddressRef, AmountRange, Effect, Origin, Selector, Target, When, text::selector::parse_selector};

pub(crate) const KEYS: [&str; 20] = [
    "origin",
    "initiator",
    "target",
    "selector",
    "operation",
    "effect",
    "asset",
    "recipient",
    "amount",
    "opaque",
    "recipient_is_contract",
    "time",
    "weekday",
    "word",
    "static_call",
    "within",
    "facts",
    "any",
    "all",
    "not",
];
pub(crate) const AMOUNT: [&str; 2] = ["min", "max"];
pub(super) const LIST_HELP: &str = "write a list's name after `@`, an address, or an array of them";
/// Tables within tables: each is at least one of the groups that programs nest.
const MAX_DEPTH: usize = 8;

/// Reads a rule's conditions; what does not read is left out and noted.
pub(super) fn rule(reader: &mut Reader, node: &Node) -> Option<When> {
    let table = reader.table(node, &KEYS)?;
    Some(conditions(reader, table, 0))
}

fn conditions(reader: &mut Reader, table: Table<'_>, depth: usize) -> When {
    let origin = match table.get("origin") {
        None => Origin::Owners,
        Some(node) if matches!(&node.value, Value::Text(text) if text == "owners") => {
            if depth > 0 {
                let help = "leave it out here: a rule that names modules matches no request of the owners";
                reader.fault(node, "`owners` stands in the rule itself only", help);
            }
            Origin::Owners
        }
        Some(node) => {
            let help = "write `owners`, a list's name after `@`, a module's address, or an array of them";
            addresses(reader, node, help).map_or(Origin::Owners, Origin::Modules)
        }
    };
    let mut list = |key| table.get(key).and_then(|node| addresses(reader, node, LIST_HELP));
    let (initiator, recipient) = (list("initiator"), list("recipient"));
    let help = "write `account`, an asset's name, a list's name after `@`, an address, or an array of them";
    let target =
        table.get("target").and_then(|node| reader.each(node, help, |reader, node| target(reader, node, help)));
    let help = "write a signature like `transfer(address,uint256)`, `0x` and 8 digits, or an array of them";
    let selector = table.get("selector").and_then(|node| {
        reader.each(node, help, |reader, node| -> Option<Selector> {
            let text = reader.text(node, help)?;
            reader.accept(node, parse_selector(text))
        })
    });
    let words = Effect::ALL.map(|effect| (effect.word(), effect));
    let effect = table.get("effect").and_then(|node| reader.choices(node, "effect", &words));
    let effect = operation(reader, table, depth).or(effect);
    let help = "write an asset's name, or an array of them";
    let asset = table
        .get("asset")
        .and_then(|node| reader.each(node, help, |reader, node| reader.text(node, help).map(str::to_owned)));
    let amount = table.get("amount").and_then(|node| {
        let table = reader.table(node, &AMOUNT)?;
        let mut bound = |key| table.get(key).and_then(|node| amount(reader, node));
        Some(AmountRange { min: bound("min"), max: bound("max") })
    });
    let opaque = table.get("opaque").and_then(|node| reader.boolean(node)).unwrap_or(false);
    let recipient_is_contract = table.get("recipient_is_contract").and_then(|node| reader.boolean(node));
    let time = table.get("time").and_then(|node| time(reader, node));
    let weekday = table.get("weekday").and_then(|node| weekday(reader, node));
    let help = "write a table with `offset` and a comparison, or an array of them";
    let word = table.get("word").and_then(|node| reader.each(node, help, word)).unwrap_or_default();
    let help = "write a table with `target`, `call` and a comparison, or an array of them";
    let static_call = table.get("static_call").and_then(|node| reader.each(node, help, static_call));
    let static_call = static_call.unwrap_or_default();
    let within = table.get("within").and_then(|node| reader.text(node, "write a limit's name in quotes"));
    let within = within.map(str::to_owned);
    let facts = table.get("facts").map_or_else(BTreeMap::new, |node| {
        if depth == 0 {
            return tests(reader, node);
        }
        let help = "write it beside `any`, `all` and `not`, or split the rule: attesters state one truth for each rule";
        reader.fault(node, "`facts` stands in the rule itself only", help);
        BTreeMap::new()
    });
    let mut tables = |key| table.get(key).and_then(|node| group(reader, node, key, depth));
    let (any, all) = (tables("any"), tables("all"));
    let not = table.get("not").and_then(|node| inner(reader, node, depth)).map(Box::new);
    When {
        origin,
        initiator,
        target,
        selector,
        effect,
        asset,
        recipient,
        amount,
        opaque,
        recipient_is_contract,
        time,
        weekday,
        word,
        static_call,
        within,
        facts,
        any,
        all,
        not,
    }
}

/// The one operation that is written: a delegatecall is an effect of its own, and calls have others.
fn operation(reader: &mut Reader, table: Table<'_>, depth: usize) -> Option<Vec<Effect>> {
    let node = table.get("operation")?;
    if depth > 0 {
        let help = "write it beside `any`, `all` and `not`: a rule is about delegatecalls or about calls";
        reader.fault(node, "`operation` stands in the rule itself only", help);
        return None;
    }
    if let Some(effect) = table.get("effect") {
        reader.fault(effect, "a delegatecall has no other effect", "leave `effect` or `operation` out");
    }
    reader.choices(node, "operation", &[(Effect::Delegatecall.word(), Effect::Delegatecall)])
}

fn group(reader: &mut Reader, node: &Node, key: &str, depth: usize) -> Option<Vec<When>> {
    let Value::Array(items) = &node.value else {
        let message = format!("an array of tables is expected, this is {}", node.describe());
        reader.fault(node, message, format!("write `{key} = [{{ … }}, {{ … }}]`"));
        return None;
    };
    if items.is_empty() {
        reader.fault(node, format!("`{key}` is empty"), "write at least one table of conditions");
    }
    items.iter().map(|item| inner(reader, item, depth)).collect()
}

fn inner(reader: &mut Reader, node: &Node, depth: usize) -> Option<When> {
    if depth >= MAX_DEPTH {
        let help = "split the rule, or flatten its groups";
        reader.fault(node, format!("conditions nest deeper than {MAX_DEPTH} groups"), help);
        return None;
    }
    let table = reader.table(node, &KEYS)?;
    Some(conditions(reader, table, depth.saturating_add(1)))
}

pub(super) fn addresses(reader: &mut Reader, node: &Node, help: &str) -> Option<Vec<AddressRef>> {
    reader.each(node, help, |reader, node| {
        let text = reader.text(node, help)?;
        match text.strip_prefix('@') {
            Some(name) => Some(AddressRef::Named(name.to_owned())),
            None if text.starts_with("0x") || text.contains(':') => reader.address(node).map(AddressRef::Literal),
            None => {
                let help = format!("write `@{text}` for a list or group, or an address");
                reader.fault(node, format!("`{text}` is not an address"), help);
                None
            }
        }
    })
}

fn target(reader: &mut Reader, node: &Node, help: &str) -> Option<Target> {
    let text = reader.text(node, help)?;
    match text.strip_prefix('@') {
        Some(name) => Some(Target::Named(name.to_owned())),
        None if text == "account" => Some(Target::Account),
        None if text.starts_with("0x") || text.contains(':') => reader.address(node).map(Target::Literal),
        None => Some(Target::Asset(text.to_owned())),
    }
}
