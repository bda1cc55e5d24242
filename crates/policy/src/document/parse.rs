//! Everything but the rules.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use super::{
    facts::fact,
    messages::message,
    obligations::attesters,
    reader::{Reader, Table, quote},
    rules::rule,
    tree::{Fault, Field, Node, Value},
};
use crate::{
    Account, Amount, Asset, Cap, Control, Limit, Members, Policy, Registry, Scope, Selector, Semantics, Standard,
    Window,
    program::MAX_DECIMALS,
    text::{account::parse_account, duration::parse_duration, selector::parse_selector},
};

pub(crate) const ROOT: [&str; 13] = [
    "version",
    "name",
    "account",
    "semantics",
    "control",
    "assets",
    "groups",
    "lists",
    "attesters",
    "facts",
    "limits",
    "rules",
    "messages",
];

pub(crate) const CONTROL: [&str; 5] = ["change_delay", "announcement_expiry", "announcers", "cancellers", "guardians"];
pub(crate) const ASSET: [&str; 3] = ["standard", "address", "decimals"];
pub(crate) const REGISTRY: [&str; 2] = ["registry", "method"];
pub(crate) const LIMIT: [&str; 7] = ["asset", "cap", "count", "window", "scope", "everywhere", "meter"];
pub(crate) const WINDOW: [&str; 2] = ["calendar", "rolling"];

/// As much of the policy as reads, and what does not.
pub(super) fn policy(root: &Node) -> (Option<Policy>, Vec<Fault>) {
    let mut reader = Reader::default();
    let Some(table) = reader.table(root, &ROOT) else { return (None, reader.faults) };
    version(&mut reader, table);
    let name = reader.require(table, "name", "write a name for the policy").and_then(|node| reader.line(node));
    let account = account(&mut reader, table);
    let help = "write `first-match`: the first rule that matches decides";
    let words = Semantics::ALL.map(|semantics| (semantics.word(), semantics));
    let semantics = reader.require(table, "semantics", help).and_then(|node| reader.choice(node, "semantics", &words));
    let semantics = semantics.unwrap_or_default();
    let control = control(&mut reader, table);
    let assets = entries(&mut reader, table, "assets", asset);
    let groups = entries(&mut reader, table, "groups", members);
    let lists = entries(&mut reader, table, "lists", members);
    let attesters = entries(&mut reader, table, "attesters", attesters);
    let facts = entries(&mut reader, table, "facts", fact);
    let limits = entries(&mut reader, table, "limits", limit);
    let rules = array(&mut reader, table, "rules", rule);
    let messages = array(&mut reader, table, "messages", message);
    let name = name.unwrap_or_default();
    let policy =
        Policy { name, account, semantics, control, assets, groups, lists, attesters, facts, limits, rules, messages };
    (Some(policy), reader.faults)
}

/// An array of rules, in their order.
fn array<T>(reader: &mut Reader, table: Table<'_>, key: &str, read: impl Fn(&mut Reader, &Node) -> T) -> Vec<T> {
    let Some(node) = table.get(key) else { return Vec::new() };
    let Value::Array(items) = &node.value else {
        reader.fault(node, format!("an array of rules is expected, this is {}", node.describe()), "write an array");
        return Vec::new();
    };
    items.iter().map(|item| read(reader, item)).collect()
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
    let Some(field) = table.fields().iter().find(|field| field.key == "control") else {
        let is_known =
            table.get("account").is_some_and(|node| !matches!(&node.value, Value::Text(text) if text == "unknown"));
        if is_known {
            reader.require(table, "control", "write a table with `change_delay`, like `48h`");
        }
        return Control::default();
    };
    let Some(table) = reader.field(field, &CONTROL) else { return Control::default() };
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
    let (announcers, cancellers, guardians) = (group("announcers"), group("cancellers"), group("guardians"));
    Control { change_delay, announcement_expiry, announcers, cancellers, guardians }
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
    let Some(table) = reader.field(field, &ASSET) else { return asset };
    let words = [
        ("native", Standard::Native),
        ("erc20", Standard::Erc20(Address::ZERO)),
        ("erc721", Standard::Erc721(Address::ZERO)),
        ("erc1155", Standard::Erc1155(Address::ZERO)),
    ];
    let help = format!("write one of {}", quote(&words.map(|(word, _)| word)));
    let standard = reader.require(table, "standard", &help);
    let Some(standard) = standard.and_then(|node| reader.choice(node, "standard", &words)) else { return asset };
    asset.standard = standard;
    match &mut asset.standard {
        Standard::Native => {
            if let Some(node) = table.get("address") {
                let help = "leave `address` out, or write `erc20` as the standard";
                reader.fault(node, "a native asset has no address", help);
            }
        }
        Standard::Erc20(token) | Standard::Erc721(token) | Standard::Erc1155(token) => {
            let node = reader.require(table, "address", "write the token's address");
            *token = node.and_then(|node| reader.address(node)).unwrap_or_default();
        }
    }
    // Collections count whole tokens.
    if matches!(asset.standard, Standard::Erc721(_) | Standard::Erc1155(_)) && table.get("decimals").is_none() {
        return asset;
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

fn members(reader: &mut Reader, field: &Field) -> Members {
    match &field.node.value {
        Value::Array(items) => {
            if items.is_empty() {
                reader.fault(&field.node, format!("`{}` is empty", field.key), "write at least one address");
            }
            Members::Addresses(items.iter().filter_map(|item| reader.address(item)).collect())
        }
        Value::Table(_) => registry(reader, field).map_or_else(|| Members::Addresses(Vec::new()), Members::Registry),
        _ => {
            let message = format!("an array of addresses is expected, this is {}", field.node.describe());
            let help = "write addresses in square brackets, or a table with `registry`";
            reader.fault(&field.node, message, help);
            Members::Addresses(Vec::new())
        }
    }
}

fn registry(reader: &mut Reader, field: &Field) -> Option<Registry> {
    let table = reader.field(field, &REGISTRY)?;
    let node = reader.require(table, "registry", "write the address of the contract that keeps the list");
    let address = node.and_then(|node| reader.address(node));
    let method = match table.get("method") {
        None => Some(Selector::contains()),
        Some(node) => {
            let text = reader.text(node, "write a function of one address, like `isSanctioned(address)`")?;
            reader.accept(node, parse_selector(text))
        }
    };
    Some(Registry { address: address?, method: method? })
}

fn limit(reader: &mut Reader, field: &Field) -> Limit {
    let cap = Cap::Amount { asset: String::new(), amount: Amount::from_base_units(Default::default()) };
    let mut limit = Limit { cap, window: Window::Transaction, scope: Scope::Account, everywhere: false, meters: false };
    let Some(table) = reader.field(field, &LIMIT) else { return limit };
    if let Some(node) = table.get("count") {
        limit.cap = Cap::Count(count(reader, table, node).unwrap_or_default());
    } else {
        let asset = reader.require(table, "asset", "write the name of the asset it caps");
        let asset = asset.and_then(|node| reader.text(node, "write an asset's name in quotes"));
        let cap = reader.require(table, "cap", "write the most that may leave, like `250_000`, or `count`");
        let amount = cap.and_then(|node| amount(reader, node));
        let amount = amount.unwrap_or_else(|| Amount::from_base_units(Default::default()));
        limit.cap = Cap::Amount { asset: asset.unwrap_or_default().to_owned(), amount };
    }
    let node = reader.require(table, "window", WINDOW_HELP);
    if let Some(window) = node.and_then(|node| window(reader, node)) {
        limit.window = window;
    }
    let words = Scope::ALL.map(|scope| (scope.word(), scope));
    if let Some(scope) = table.get("scope").and_then(|node| reader.choice(node, "scope", &words)) {
        limit.scope = scope;
    }
    if let Some(everywhere) = table.get("everywhere").and_then(|node| reader.boolean(node)) {
        limit.everywhere = everywhere;
    }
    if let Some(meters) = table.get("meter").and_then(|node| reader.choice(node, "meter", &[("balance", true)])) {
        limit.meters = meters;
    }
    limit
}

/// A number of requests; such a limit is about no asset.
fn count(reader: &mut Reader, table: Table<'_>, node: &Node) -> Option<u64> {
    for key in ["asset", "cap"] {
        if let Some(node) = table.get(key) {
            let help = format!("leave `{key}` out, or `count`: a limit caps an amount or a number of requests");
            reader.fault(node, format!("a count of requests has no `{key}`"), help);
        }
    }
    let count = reader.integer(node)?;
    let help = "write how many requests may pass, like 10".to_owned();
    reader.accept(node, u64::try_from(count).map_err(|_| (format!("{count} requests cannot be counted"), help)))
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
    let table = reader.table(node, &WINDOW)?;
    match (table.get("calendar"), table.get("rolling")) {
        (Some(node), None) => {
            let periods = [("day", Window::Day), ("week", Window::Week), ("month", Window::Month)];
            reader.choice(node, "calendar window", &periods)
        }
        (None, Some(node)) => duration(reader, node).map(Window::Rolling),
        _ => {
            reader.fault(table.node(), "a window is either calendar or rolling", WINDOW_HELP);
            None
        }
    }
}
