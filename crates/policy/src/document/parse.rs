//! Everything but the rules.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use super::{
    reader::{Reader, Table, quote},
    rules::rule,
    tree::{Fault, Field, Node, Value},
};
use crate::{
    Account, Amount, Asset, Control, Limit, Policy, Standard, Window,
    program::MAX_DECIMALS,
    text::{account::parse_account, duration::parse_duration},
};

const ROOT: [&str; 10] =
    ["version", "name", "account", "semantics", "control", "assets", "groups", "lists", "limits", "rules"];

/// As much of the policy as reads, and what does not.
pub(super) fn policy(root: &Node) -> (Option<Policy>, Vec<Fault>) {
    let mut reader = Reader::default();
    let Some(table) = reader.table(root, &ROOT) else { return (None, reader.faults) };
    version(&mut reader, table);
    let name = reader.require(table, "name", "write a name for the policy").and_then(|node| reader.line(node));
    let account = account(&mut reader, table);
    if let Some(node) = table.get("semantics") {
        match reader.text(node, "write `first-match` in quotes") {
            Some("first-match") | None => {}
            Some(other) => reader.fault(node, format!("unknown semantics `{other}`"), "write `first-match`"),
        }
    } else {
        reader.require(table, "semantics", "write `first-match`: the first rule that matches decides");
    }
    let control = control(&mut reader, table);
    let assets = entries(&mut reader, table, "assets", asset);
    let groups = entries(&mut reader, table, "groups", members);
    let lists = entries(&mut reader, table, "lists", members);
    let limits = entries(&mut reader, table, "limits", limit);
    let mut rules = Vec::new();
    if let Some(node) = table.get("rules") {
        if let Value::Array(items) = &node.value {
            rules.extend(items.iter().map(|item| rule(&mut reader, item)));
        } else {
            reader.fault(node, format!("an array of rules is expected, this is {}", node.describe()), "write an array");
        }
    }
    let name = name.unwrap_or_default();
    let policy = Policy { name, account, control, assets, groups, lists, limits, rules };
    (Some(policy), reader.faults)
}

fn version(reader: &mut Reader, table: Table<'_>) {
    let Some(node) = reader.require(table, "version", "write `1`, the version of the policy language") else { return };
    if let Some(version) = reader.integer(node)
        && version != 1
    {
        reader.fault(node, format!("unknown version {version}"), "write `1`, or use a release that knows it");
    }
}

fn account(reader: &mut Reader, table: Table<'_>) -> Option<Account> {
    let help = "write the account as chain and address, like `eth:0x…`";
    let node = reader.require(table, "account", help)?;
    match reader.text(node, help)? {
        // What decompiling writes: programs do not name their account.
        "unknown" => None,
        text => reader.accept(node, parse_account(text)),
    }
}

fn control(reader: &mut Reader, table: Table<'_>) -> Control {
    const KEYS: [&str; 4] = ["change_delay", "announcement_expiry", "announcers", "cancellers"];
    let Some(field) = table.fields().iter().find(|field| field.key == "control") else {
        let is_known =
            table.get("account").is_some_and(|node| !matches!(&node.value, Value::Text(text) if text == "unknown"));
        if is_known {
            reader.require(table, "control", "write a table with `change_delay`, like `48h`");
        }
        return Control::default();
    };
    let Some(table) = reader.field(field, &KEYS) else { return Control::default() };
    let mut seconds = |key| table.get(key).and_then(|node| duration(reader, node));
    let (change_delay, announcement_expiry) = (seconds("change_delay"), seconds("announcement_expiry"));
    let mut group = |key| {
        let node = table.get(key)?;
        let text = reader.text(node, "write a group's name after `@`")?;
        let name = text.strip_prefix('@').map(str::to_owned);
        if name.is_none() {
            reader.fault(
                node,
                format!("`{text}` is not a group"),
                "write a group's name after `@`, like `@management`",
            );
        }
        name
    };
    let (announcers, cancellers) = (group("announcers"), group("cancellers"));
    Control { change_delay, announcement_expiry, announcers, cancellers }
}

pub(super) fn duration(reader: &mut Reader, node: &Node) -> Option<u32> {
    let text = reader.text(node, "write a whole number and a unit in quotes, like `24h`")?;
    reader.accept(node, parse_duration(text))
}

pub(super) fn amount(reader: &mut Reader, node: &Node) -> Option<Amount> {
    let text =
        reader.text(node, "write the amount as a decimal in quotes, like `50_000` or `0.5`: it is read exactly")?;
    let help = "write digits with at most one point, like `50_000` or `0.5`".to_owned();
    let read = Amount::new(text).map_err(|error| (error.to_string(), help));
    reader.accept(node, read)
}

/// A table of named things. What does not read keeps its name, so that uses of it are not reported as well.
fn entries<T>(
    reader: &mut Reader,
    table: Table<'_>,
    key: &str,
    read: impl Fn(&mut Reader, &Field) -> T,
) -> BTreeMap<String, T> {
    let Some(table) = table.get(key).and_then(|node| reader.names(node)) else { return BTreeMap::new() };
    table.fields().iter().map(|field| (field.key.clone(), read(reader, field))).collect()
}

fn asset(reader: &mut Reader, field: &Field) -> Asset {
    let mut asset = Asset { standard: Standard::Native, decimals: 0 };
    let Some(table) = reader.field(field, &["standard", "address", "decimals"]) else { return asset };
    let standard = reader.require(table, "standard", "write `native` or `erc20`");
    let standard = standard.and_then(|node| Some((node, reader.text(node, "write `native` or `erc20` in quotes")?)));
    match standard {
        Some((_, "native")) => {
            if let Some(node) = table.get("address") {
                reader.fault(
                    node,
                    "a native asset has no address",
                    "leave `address` out, or write `erc20` as the standard",
                );
            }
        }
        Some((_, "erc20")) => {
            let node = reader.require(table, "address", "write the token's address");
            asset.standard = Standard::Erc20(node.and_then(|node| reader.address(node)).unwrap_or_default());
        }
        Some((node, other)) => reader.fault(node, format!("unknown standard `{other}`"), "write `native` or `erc20`"),
        None => {}
    }
    let help = "write how many digits the asset has behind the point, like 18";
    let decimals = reader.require(table, "decimals", help).and_then(|node| Some((node, reader.integer(node)?)));
    match decimals.map(|(node, decimals)| (node, u8::try_from(decimals).ok().filter(|few| *few <= MAX_DECIMALS))) {
        Some((_, Some(decimals))) => asset.decimals = decimals,
        Some((node, None)) => reader.fault(node, "decimals are from 0 to 77", help),
        None => {}
    }
    asset
}

fn members(reader: &mut Reader, field: &Field) -> Vec<Address> {
    let Value::Array(items) = &field.node.value else {
        let message = format!("an array of addresses is expected, this is {}", field.node.describe());
        reader.fault(&field.node, message, "write addresses in square brackets");
        return Vec::new();
    };
    if items.is_empty() {
        reader.fault(&field.node, format!("`{}` is empty", field.key), "write at least one address");
    }
    items.iter().filter_map(|item| reader.address(item)).collect()
}

fn limit(reader: &mut Reader, field: &Field) -> Limit {
    let mut limit = Limit {
        asset: String::new(),
        cap: Amount::from_base_units(Default::default()),
        window: Window::Transaction,
        everywhere: false,
    };
    let Some(table) = reader.field(field, &["asset", "cap", "window", "everywhere"]) else { return limit };
    let asset = reader.require(table, "asset", "write the name of the asset it caps");
    if let Some(asset) = asset.and_then(|node| reader.text(node, "write an asset's name in quotes")) {
        asset.clone_into(&mut limit.asset);
    }
    let cap = reader.require(table, "cap", "write the most that may leave, like `250_000`");
    if let Some(cap) = cap.and_then(|node| amount(reader, node)) {
        limit.cap = cap;
    }
    let node = reader.require(table, "window", WINDOW_HELP);
    if let Some(window) = node.and_then(|node| window(reader, node)) {
        limit.window = window;
    }
    if let Some(everywhere) = table.get("everywhere").and_then(|node| reader.boolean(node)) {
        limit.everywhere = everywhere;
    }
    limit
}

const WINDOW_HELP: &str =
    "write `transaction`, or a table with `calendar` (`day`, `week`, `month`) or `rolling` (a duration)";

fn window(reader: &mut Reader, node: &Node) -> Option<Window> {
    if let Value::Text(text) = &node.value {
        if text == "transaction" {
            return Some(Window::Transaction);
        }
        reader.fault(node, format!("unknown window `{text}`"), WINDOW_HELP);
        return None;
    }
    let table = reader.table(node, &["calendar", "rolling"])?;
    match (table.get("calendar"), table.get("rolling")) {
        (Some(node), None) => {
            let periods = [("day", Window::Day), ("week", Window::Week), ("month", Window::Month)];
            let help = format!("write {}", quote(&periods.map(|(word, _)| word)));
            let text = reader.text(node, &help)?;
            let window = periods.into_iter().find(|(word, _)| *word == text).map(|(_, window)| window);
            if window.is_none() {
                reader.fault(node, format!("unknown calendar window `{text}`"), help);
            }
            window
        }
        (None, Some(node)) => duration(reader, node).map(Window::Rolling),
        _ => {
            reader.fault(table.node(), "a window is either calendar or rolling", WINDOW_HELP);
            None
        }
    }
}
