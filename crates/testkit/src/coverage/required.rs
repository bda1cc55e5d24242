//! Every point that a run must reach.

use std::collections::BTreeSet;

use portcullis_eval::{EffectKind, Reason};

use super::obligations::{FAULTS, SIGNED, name};
use super::{metering, openings};
use crate::answering::Answering;
use crate::case::Entry;
use crate::draft::{
    APPROVAL_FOR_ALL, APPROVE, BATCH_1155, INCREASE_ALLOWANCE, PERMIT2_APPROVE, SAFE_721, SAFE_721_DATA, SAFE_1155,
    TRANSFER, TRANSFER_FROM,
};
use crate::safes::Release;

/// Opcodes and what they are called here.
pub(super) const OPS: [(u8, &str); 20] = [
    (0x01, "origin"),
    (0x02, "initiator"),
    (0x03, "recipient"),
    (0x04, "at-least"),
    (0x05, "at-most"),
    (0x06, "has-code"),
    (0x07, "target"),
    (0x08, "asset"),
    (0x09, "selector"),
    (0x0a, "kind"),
    (0x0b, "time"),
    (0x0c, "weekday"),
    (0x0d, "word"),
    (0x0e, "word-in"),
    (0x0f, "static-call"),
    (0x10, "within"),
    (0x11, "attested"),
    (0x20, "any"),
    (0x21, "all"),
    (0x22, "not"),
];
/// What rules ask for besides, by opcode from 1.
pub(super) const ASKS: [&str; 5] = ["approvals", "signatures", "signers", "attestation", "notice"];
/// Of those the ones with lists.
pub(super) const LISTING: [&str; 6] = ["origin", "initiator", "recipient", "target", "asset", "word-in"];
pub(super) const WINDOWS: [&str; 5] = ["transaction", "day", "week", "month", "rolling"];
pub(super) const SCOPES: [&str; 3] = ["account", "recipient", "initiator"];
pub(super) const SIDES: [&str; 3] = ["below", "equal", "above"];
pub(super) const COMPARISONS: [&str; 6] = ["=", "≠", "<", "≤", ">", "≥"];
pub(super) const SEMANTICS: [&str; 3] = ["first-match", "all-must-pass", "allow-overrides"];
pub(super) const CLASSES: [&str; 4] = ["subject-and-selector", "subject", "selector", "neither"];
const KINDS: [EffectKind; 5] =
    [EffectKind::Native, EffectKind::Transfer, EffectKind::Approve, EffectKind::Call, EffectKind::Opaque];

/// The rows of the decoding table: standard, selector, name, and whether the call names its source.
pub(super) const ROWS: [(u8, [u8; 4], &str, bool); 13] = [
    (1, TRANSFER, "erc20 transfer", false),
    (1, TRANSFER_FROM, "erc20 transferFrom", true),
    (1, APPROVE, "erc20 approve", false),
    (1, INCREASE_ALLOWANCE, "erc20 increaseAllowance", false),
    (2, TRANSFER_FROM, "erc721 transferFrom", true),
    (2, SAFE_721, "erc721 safeTransferFrom", true),
    (2, SAFE_721_DATA, "erc721 safeTransferFrom with data", true),
    (2, APPROVE, "erc721 approve", false),
    (2, APPROVAL_FOR_ALL, "erc721 setApprovalForAll", false),
    (3, SAFE_1155, "erc1155 safeTransferFrom", true),
    (3, BATCH_1155, "erc1155 safeBatchTransferFrom", true),
    (3, APPROVAL_FOR_ALL, "erc1155 setApprovalForAll", false),
    (1, PERMIT2_APPROVE, "permit2 approve", false),
];

/// Amounts at which words and counters end.
pub(super) const EDGES: [usize; 6] = [0, 96, 128, 160, 192, 255];

/// Answering contracts that no registry may be, and what becomes of them in a static call for one word.
pub(super) const UNSOUND: [Answering; 8] = [
    Answering::Reverts,
    Answering::NoCode,
    Answering::Silent,
    Answering::Short,
    Answering::Long,
    Answering::Burner,
    Answering::Bomb,
    Answering::Writer,
];

/// Which no request is denied for: the runs of messages must reach them.
const OF_MESSAGES: [Reason; 4] =
    [Reason::MessageDenied, Reason::NoMessageRule, Reason::MessageUntrusted, Reason::MessageUnknown];

/// Only what comes after an execution is denied for it, and nothing executes here.
const OF_EXECUTIONS: [Reason; 1] = [Reason::AccountChanged];

/// Every point that a run must reach.
#[must_use]
pub fn required() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for reason in Reason::all() {
        if !OF_MESSAGES.contains(reason) && !OF_EXECUTIONS.contains(reason) {
            all.insert(format!("reason {reason}"));
        }
    }
    conditions(&mut all);
    limits(&mut all);
    calldata(&mut all);
    obligations(&mut all);
    openings::required(&mut all);
    metering::required(&mut all);
    for side in SIDES {
        for what in ["announcement maturity", "announcement expiry", "staged maturity", "staged expiry"] {
            all.insert(format!("now {side} {what}"));
        }
    }
    for entry in Entry::ALL {
        all.insert(format!("{entry:?} allows"));
        all.insert(format!("{entry:?} denies"));
    }
    for kind in KINDS {
        for class in CLASSES {
            all.insert(format!("{} found by {class}", kind.name()));
        }
    }
    for class in ["subject-and-selector", "subject"] {
        all.insert(format!("delegatecall found by {class}"));
        all.insert(format!("account found by {class}"));
    }
    for route in 1..=3 {
        all.insert(format!("removal from route {route}"));
    }
    for semantics in SEMANTICS {
        for what in ["allows", "denies by a rule", "finds no rule"] {
            all.insert(format!("{semantics} {what}"));
        }
    }
    for what in [
        "control allowed",
        "two limits charged",
        "a limit charged twice",
        "a limit charged under two keys",
        "a batch in a batch allowed",
        "two rules joined",
        "limits of two rules joined",
        "the delay of a later rule is the longest",
        "a later rule's limit is exceeded",
        "a denial overridden",
    ] {
        all.insert(what.to_owned());
    }
    all
}

fn conditions(all: &mut BTreeSet<String>) {
    for (_, op) in OPS {
        all.insert(format!("condition {op} holds"));
        all.insert(format!("condition {op} fails"));
        if op != "has-code" {
            all.insert(format!("condition {op} malformed"));
        }
    }
    all.insert("condition of no number malformed".to_owned());
    all.insert("condition nine deep malformed".to_owned());
    all.insert("condition eight deep tested".to_owned());
    for semantics in 0..3 {
        all.insert(format!("truth allows under semantics {semantics}"));
        all.insert(format!("nothing stated under semantics {semantics}"));
    }
    for what in ["truth of a later effect", "falsehood attested", "statement out of form", "a module states nothing"] {
        all.insert(what.to_owned());
    }
    for op in LISTING {
        for list in ["inline", "registry"] {
            all.insert(format!("{op} by {list} holds"));
            all.insert(format!("{op} by {list} fails"));
        }
    }
    for side in SIDES {
        for op in ["at-least", "at-most"] {
            all.insert(format!("amount {side} {op}"));
        }
        for op in ["word", "static-call"] {
            for comparison in COMPARISONS {
                all.insert(format!("{op} {comparison} {side}"));
            }
        }
        all.insert(format!("time {side} its start"));
        all.insert(format!("time {side} its end"));
    }
    for span in ["within a day", "over midnight"] {
        all.insert(format!("time {span} holds"));
        all.insert(format!("time {span} fails"));
    }
    for day in 0..7 {
        all.insert(format!("weekday {day} holds"));
        all.insert(format!("weekday {day} fails"));
    }
    all.insert("first second of a day".to_owned());
    all.insert("last second of a day".to_owned());
    for word in ["within calldata", "across its end", "behind it", "masked"] {
        all.insert(format!("word {word}"));
    }
    for code in ["some", "none", "none, on chain"] {
        all.insert(format!("recipient's code: {code}"));
    }
    for answering in Answering::ALL {
        all.insert(format!("asked {answering:?}"));
    }
    for answering in UNSOUND {
        all.insert(format!("registry {answering:?} denied"));
        all.insert(format!("static call of {answering:?} denied"));
    }
    all.insert("registry Two denied".to_owned());
}

fn limits(all: &mut BTreeSet<String>) {
    for window in WINDOWS {
        for scope in SCOPES {
            for unit in ["amount", "count"] {
                for side in SIDES {
                    all.insert(format!("{unit} {side} what {window} of {scope} has left"));
                }
            }
            all.insert(format!("within {window} of {scope} holds"));
            all.insert(format!("within {window} of {scope} fails"));
        }
    }
    for side in SIDES {
        for window in ["day", "week", "month"] {
            all.insert(format!("{window} stored {side} current"));
        }
        all.insert(format!("unit stored {side} current"));
    }
    for what in [
        "same lane",
        "lanes behind",
        "all lanes gone",
        "lane ahead",
        "first second of a lane",
        "last second of a lane",
        "most units",
    ] {
        all.insert(format!("rolling {what}"));
    }
}

fn calldata(all: &mut BTreeSet<String>) {
    for (_, _, row, sourced) in ROWS {
        all.insert(format!("{row} decodes"));
        all.insert(format!("{row} is not canonical"));
        if sourced {
            all.insert(format!("{row} from another is opaque"));
        }
    }
    for what in [
        "erc721 approve revokes",
        "setApprovalForAll grants",
        "setApprovalForAll revokes",
        "erc1155 batch of several",
        "permit2 names no token",
        "permit2 of a token that is no ERC-20",
        "enableModule allowed",
        "enableModule without a rule",
        "enableModule is not canonical",
        "other manager call denied",
    ] {
        all.insert(what.to_owned());
    }
    for call in 0..3 {
        for to in ["manager", "account"] {
            all.insert(format!("manager call {call} to the {to} allowed"));
        }
    }
    for edge in EDGES {
        all.insert(format!("amount of 2^{edge}"));
    }
    all.insert("amount of nothing".to_owned());
    all.insert("amount of everything".to_owned());
}

fn obligations(all: &mut BTreeSet<String>) {
    for ask in ASKS {
        all.insert(format!("obligation {ask} met"));
        all.insert(format!("obligation {ask} malformed"));
    }
    all.insert("obligation of no number malformed".to_owned());
    for fault in FAULTS.into_iter().skip(1) {
        all.insert(format!("approvals {fault}"));
        if fault != "not on chain" {
            all.insert(format!("attestation {fault}"));
        }
    }
    for release in &Release::ALL[..3] {
        for kind in SIGNED {
            all.insert(format!("{kind} signature under {} counts", name(*release)));
            all.insert(format!("{kind} signature under {} refused", name(*release)));
        }
    }
    for (initiator, owners) in [(false, false), (true, false), (false, true), (true, true)] {
        all.insert(format!("approvals met, initiator {initiator}, owners {owners}"));
    }
    for ask in ["approvals", "signers"] {
        for group in ["a list", "a registry"] {
            all.insert(format!("{ask} of {group} met"));
        }
    }
    for what in [
        "a freeze ended by removal",
        "control under a freeze",
        "a registry of members fails",
        "asked for by a later effect",
        "an account that is no Safe",
        "approval a second late",
        "approval by contract",
        "approval by key",
        "approval by word",
        "approval in its last second",
        "approval on chain in its last second",
        "approvals on chain alone",
        "attestation a second late",
        "attestation by contract",
        "attestation by key",
        "attestation in its last second",
    ] {
        all.insert(what.to_owned());
    }
}
