//! Message rules.

use super::{
    Kind, Shape,
    conditions::ANY,
    shapes::{ADDRESS, LINE, NAME, SIGNERS, count},
};
use crate::document::messages;

/// A hash, or any.
const NAMED: &str = "^(any|0x[0-9a-fA-F]{64})$";
const HASH: &str = "^0x[0-9a-fA-F]{64}$";

pub(super) static MESSAGE: Shape = Shape {
    name: "message",
    keys: &messages::KEYS,
    required: &["id", "domain", "type", "then"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "id" => (Kind::Text(NAME), "Unique among the message rules; verdicts name it."),
            "domain" => (
                Kind::Either(vec![Kind::Text(NAMED), Kind::Table(&DOMAIN)]),
                "The EIP-712 domain: a table of its fields, its separator, or `any`.",
            ),
            "type" => (Kind::Text(LINE), "The EIP-712 type as the contract hashes it, its hash, or `any`."),
            "then" => (Kind::Table(&THEN), "The outcome."),
            _ => return None,
        })
    },
};

pub(super) static DOMAIN: Shape = Shape {
    name: "domain",
    keys: &messages::DOMAIN,
    required: &[],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "name" => (Kind::Text(ANY), "The domain's name."),
            "version" => (Kind::Text(ANY), "The domain's version."),
            "chain" => (Kind::Integer(0, i64::MAX), "The chain's id."),
            "contract" => (Kind::Text(ADDRESS), "The contract that verifies, with its checksum."),
            "salt" => (Kind::Text(HASH), "The domain's salt, 32 bytes."),
            _ => return None,
        })
    },
};

pub(super) static THEN: Shape = Shape {
    name: "message_then",
    keys: &messages::THEN,
    required: &[],
    one_of: &[&[&["allow"], &["deny"]]],
    describe: |key| {
        Some(match key {
            "allow" => (Kind::True, "Allow, if everything else here holds."),
            "deny" => (Kind::True, "Deny."),
            "trusted" => (Kind::Bool, "Whether it passes although some limit is everywhere."),
            "signatures" => (count(), "How many owners must sign, where that is more than the threshold."),
            "signers" => (Kind::Table(&SIGNERS), "Owners who must be among those who sign."),
            _ => return None,
        })
    },
};
