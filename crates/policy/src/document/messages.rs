//! The message rules.

use alloy_primitives::{B256, hex};

use super::{
    obligations::{count, signers},
    reader::{Reader, Table},
    tree::{Node, Value},
    write::{Out, table, text},
    write_rule::signers_out,
};
use crate::{
    Domain, MessageOutcome, MessageRule, MessageType, Named,
    text::{account::Complaint, typed_data::parse_message_type},
};

pub(crate) const KEYS: [&str; 4] = ["id", "domain", "type", "then"];
pub(crate) const THEN: [&str; 5] = ["allow", "deny", "trusted", "signatures", "signers"];
pub(crate) const DOMAIN: [&str; 5] = ["name", "version", "chain", "contract", "salt"];
const DOMAIN_HELP: &str = "write a table with some of `name`, `version`, `chain`, `contract` and `salt`, or a domain \
                           separator as `0x` and 64 hexadecimal digits, or `any`";
const TYPE_HELP: &str = "write the type as the contract hashes it, like `Order(address token,uint256 amount)`, or its \
                         hash as `0x` and 64 hexadecimal digits, or `any`";

/// Reads a message rule; what does not read is left out of it and noted.
pub(super) fn message(reader: &mut Reader, node: &Node) -> MessageRule {
    let mut rule = MessageRule { id: String::new(), domain: Named::Any, kind: Named::Any, then: MessageOutcome::Deny };
    let Some(fields) = reader.table(node, &KEYS) else { return rule };
    let id = reader.require(fields, "id", "write an id that no other message rule has");
    if let Some(id) = id.and_then(|node| reader.text(node, "write the id in quotes")) {
        id.clone_into(&mut rule.id);
    }
    if let Some(node) = reader.require(fields, "domain", DOMAIN_HELP) {
        rule.domain = domain(reader, node).unwrap_or(Named::Any);
    }
    if let Some(node) = reader.require(fields, "type", TYPE_HELP) {
        rule.kind = kind(reader, node).unwrap_or(Named::Any);
    }
    let help = "write a table that sets `allow` or `deny` to true";
    let then = reader.require(fields, "then", help).and_then(|node| reader.table(node, &THEN));
    if let Some(then) = then.and_then(|then| outcome(reader, then)) {
        rule.then = then;
    }
    rule
}

fn domain(reader: &mut Reader, node: &Node) -> Option<Named<Domain>> {
    if let Value::Text(text) = &node.value {
        return reader.accept(node, any_or_hash(text, DOMAIN_HELP)?);
    }
    let fields = reader.table(node, &DOMAIN)?;
    let mut word = |key: &str| match fields.get(key) {
        None => Some(None),
        Some(node) => reader.text(node, "write it in quotes, as the contract has it").map(|word| Some(word.to_owned())),
    };
    let (name, version) = (word("name"), word("version"));
    let chain = match fields.get("chain") {
        None => Some(None),
        Some(node) => reader.integer(node).and_then(|id| {
            let read = u64::try_from(id).map_err(|_| (format!("no chain has the id {id}"), "write its id".to_owned()));
            reader.accept(node, read).map(Some)
        }),
    };
    let contract = match fields.get("contract") {
        None => Some(None),
        Some(node) => reader.address(node).map(Some),
    };
    let salt = match fields.get("salt") {
        None => Some(None),
        Some(node) => reader.text(node, "write `0x` and 64 hexadecimal digits").and_then(|text| {
            let help = "write `0x` and 64 hexadecimal digits".to_owned();
            reader.accept(node, hash(text).ok_or((format!("`{text}` is not a word"), help)).map(Some))
        }),
    };
    let domain = Domain { name: name?, version: version?, chain: chain?, contract: contract?, salt: salt? };
    if domain == Domain::default() {
        reader.fault(node, "the domain is empty", DOMAIN_HELP);
        return None;
    }
    Some(Named::Written(domain))
}

fn kind(reader: &mut Reader, node: &Node) -> Option<Named<MessageType>> {
    let text = reader.text(node, TYPE_HELP)?;
    match any_or_hash(text, TYPE_HELP) {
        Some(read) => reader.accept(node, read),
        None => reader.accept(node, parse_message_type(text)).map(Named::Written),
    }
}

/// None for anything else.
fn any_or_hash<T>(text: &str, help: &str) -> Option<Result<Named<T>, Complaint>> {
    if text == "any" {
        return Some(Ok(Named::Any));
    }
    if !text.starts_with("0x") && help == TYPE_HELP {
        return None;
    }
    // Zero stands for anything in programs, and is the hash of nothing.
    let read = hash(text).filter(|hash| !hash.is_zero()).map(Named::Hash);
    Some(read.ok_or_else(|| (format!("`{text}` is not a hash"), help.to_owned())))
}

fn hash(text: &str) -> Option<B256> {
    let mut word = B256::ZERO;
    hex::decode_to_slice(text.strip_prefix("0x")?, word.as_mut_slice()).ok()?;
    Some(word)
}

fn outcome(reader: &mut Reader, fields: Table<'_>) -> Option<MessageOutcome> {
    let mut flag = |key: &str| fields.get(key).map(|node| reader.boolean(node));
    let (allow, deny, trusted) = (flag("allow"), flag("deny"), flag("trusted"));
    let signatures = fields.get("signatures").map(|node| count(reader, node));
    let signers = fields.get("signers").map(|node| signers(reader, node));
    match (allow, deny) {
        (Some(None), _) | (_, Some(None)) => None,
        (Some(Some(true)), None) => Some(MessageOutcome::Allow {
            trusted: trusted.map_or(Some(false), |trusted| trusted)?,
            signatures: signatures.map_or(Some(None), |count| count.map(Some))?,
            signers: signers.map_or(Some(None), |signers| signers.map(Some))?,
        }),
        (None, Some(Some(true))) => {
            for key in ["trusted", "signatures", "signers"] {
                if let Some(node) = fields.get(key) {
                    let help = format!("leave `{key}` out, or allow");
                    reader.fault(node, format!("a denying rule has no `{key}`"), help);
                }
            }
            Some(MessageOutcome::Deny)
        }
        _ => {
            let help = "set exactly one of `allow` and `deny` to true";
            reader.fault(fields.node(), "a message rule either allows or denies", help);
            None
        }
    }
}

pub(super) fn message_out(rule: &MessageRule) -> Vec<(String, Out)> {
    let domain = match &rule.domain {
        Named::Any => text("any"),
        Named::Hash(hash) => text(hash),
        Named::Written(domain) => Out::Table(table([
            ("name", domain.name.as_ref().map(text)),
            ("version", domain.version.as_ref().map(text)),
            ("chain", domain.chain.map(|id| Out::Integer(i64::try_from(id).unwrap_or(i64::MAX)))),
            ("contract", domain.contract.map(text)),
            ("salt", domain.salt.map(text)),
        ])),
    };
    let kind = match &rule.kind {
        Named::Any => text("any"),
        Named::Hash(hash) => text(hash),
        Named::Written(kind) => text(kind.as_str()),
    };
    let then = match &rule.then {
        MessageOutcome::Deny => table([("deny", Some(Out::Bool(true)))]),
        MessageOutcome::Allow { trusted, signatures, signers } => table([
            ("allow", Some(Out::Bool(true))),
            ("trusted", trusted.then_some(Out::Bool(true))),
            ("signatures", signatures.map(|count| Out::Integer(count.into()))),
            ("signers", signers.as_ref().map(signers_out)),
        ]),
    };
    table([
        ("id", Some(text(&rule.id))),
        ("domain", Some(domain)),
        ("type", Some(kind)),
        ("then", Some(Out::Table(then))),
    ])
}
