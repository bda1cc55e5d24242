//! The conditions of rules.

use super::{
    Described, Kind, Shape,
    shapes::{ADDRESS, AMOUNT, LIMIT_NAME, NAME, SELECTOR, addresses, some},
};
use crate::{
    Comparison, Effect, Weekday,
    document::{conditions, facts, tables},
    program::bounds::{MAX_GAS, MAX_WORDS},
};

const CLOCK: &str = "^(24:00(:00)?|([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?)$";
const NUMBER: &str = "^(0x[0-9a-fA-F_]+|[0-9][0-9_]*)$";
pub(super) const ANY: &str = "";
const HEX: &str = "^0x([0-9a-fA-F]{2})+$";

pub(super) static WHEN: Shape =
    Shape { name: "when", keys: &conditions::KEYS, required: &[], one_of: &[], describe: |key| when(key, true) };

/// Conditions within `any`, `all` and `not`.
pub(super) static INNER: Shape =
    Shape { name: "conditions", keys: &conditions::KEYS, required: &[], one_of: &[], describe: |key| when(key, false) };

fn when(key: &str, is_rule: bool) -> Option<Described> {
    Some(match key {
        "origin" if is_rule => (
            Kind::Either(vec![Kind::Words(vec!["owners"]), addresses()]),
            "Whose request it is: `owners`, the default, or modules.",
        ),
        "origin" => (addresses(), "Which module's request it is."),
        "initiator" => (addresses(), "Who calls `execTransaction`."),
        "target" => (
            some(Kind::Text("^(@?[A-Za-z][A-Za-z0-9_-]{0,63}|0x[0-9a-fA-F]{40})$")),
            "What the action calls: `account`, a declared token's name, `@list` or an address.",
        ),
        "selector" => (some(Kind::Text(SELECTOR)), "The function: a signature with full type names, or 4 bytes."),
        "operation" => (
            some(Kind::Words(vec![Effect::Delegatecall.word()])),
            "That code of the target runs as the account: full trust in the target, which must be named. It stands in the \
             rule itself only.",
        ),
        "effect" => (some(Kind::Words(Effect::ALL.map(Effect::word).to_vec())), "What the effect is."),
        "asset" => (some(Kind::Text(NAME)), "What moves, by the asset's name."),
        "recipient" => (addresses(), "Who receives, or may spend."),
        "amount" => (Kind::Table(&AMOUNT_RANGE), "How much, in units of the one asset that `asset` names."),
        "opaque" => (Kind::Bool, "Whether calls to a declared token that do not decode match."),
        "recipient_is_contract" => (Kind::Bool, "Whether the recipient has code."),
        "time" => (Kind::Table(&TIME), "When in the UTC day."),
        "weekday" => (some(Kind::Words(Weekday::ALL.map(Weekday::word).to_vec())), "On which UTC days."),
        "word" => (some(Kind::Table(&WORD)), "32 bytes of the calldata; of an array all must match."),
        "static_call" => (some(Kind::Table(&STATIC_CALL)), "What a contract answers; of an array all must match."),
        "facts" => (
            Kind::Names(NAME, Box::new(Kind::Table(&FACT_TESTS))),
            "What an attester set must state, by fact. It stands in the rule itself only.",
        ),
        "within" => (Kind::Text(LIMIT_NAME), "The limit that the effect still fits. It is not charged by this."),
        "any" => (Kind::Several(Box::new(Kind::Table(&INNER))), "At least one of these tables matches."),
        "all" => (Kind::Several(Box::new(Kind::Table(&INNER))), "Each of these tables matches."),
        "not" => (Kind::Table(&INNER), "This table does not match."),
        _ => return None,
    })
}

pub(super) static AMOUNT_RANGE: Shape = Shape {
    name: "amount",
    keys: &conditions::AMOUNT,
    required: &[],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "min" => (Kind::Text(AMOUNT), "At least this much."),
            "max" => (Kind::Text(AMOUNT), "At most this much."),
            _ => return None,
        })
    },
};

pub(super) static TIME: Shape = Shape {
    name: "time",
    keys: &tables::TIME,
    required: &["from", "to"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "from" => (Kind::Text(CLOCK), "The first moment, like `09:00`."),
            "to" => (Kind::Text(CLOCK), "The moment after the last; before `from` when the span passes midnight."),
            _ => return None,
        })
    },
};

/// One comparison; an address list besides where words of calldata are tested.
fn comparison(key: &str) -> Option<Described> {
    let comparison = Comparison::ALL.into_iter().find(|one| one.word() == key)?;
    let about = match comparison {
        Comparison::Equals => "It is this number, in quotes.",
        Comparison::NotEquals => "It is not this number, in quotes.",
        Comparison::LessThan => "It is below this number, in quotes.",
        Comparison::AtMost => "It is this number or below, in quotes.",
        Comparison::MoreThan => "It is above this number, in quotes.",
        Comparison::AtLeast => "It is this number or above, in quotes.",
    };
    Some((Kind::Text(NUMBER), about))
}

pub(super) static WORD: Shape = Shape {
    name: "word",
    keys: &tables::WORD,
    required: &["offset"],
    one_of: &[&[&["equals"], &["not_equals"], &["less_than"], &["at_most"], &["more_than"], &["at_least"], &["in"]]],
    describe: |key| {
        Some(match key {
            "offset" => (
                Kind::Integer(0, 65_535),
                "Where the word starts, in bytes: the first argument is at 4, the second at 36.",
            ),
            "mask" => (Kind::Text(NUMBER), "The bits that are looked at; all if absent."),
            "in" => (addresses(), "It is one of these addresses."),
            other => return comparison(other),
        })
    },
};

/// What is asked of a fact; its type says which of these make sense.
pub(super) static FACT_TESTS: Shape = Shape {
    name: "fact_tests",
    keys: &facts::TESTS,
    required: &[],
    one_of: &[],
    describe: |key| {
        let value = || Kind::Either(vec![Kind::Text(ANY), Kind::Bool]);
        Some(match key {
            "equals" => (value(), "It is this."),
            "not_equals" => (Kind::Text(ANY), "It is not this."),
            "less_than" => (Kind::Text(AMOUNT), "It is below this number, in quotes."),
            "at_most" => (Kind::Text(AMOUNT), "It is this number or below, in quotes."),
            "more_than" => (Kind::Text(AMOUNT), "It is above this number, in quotes."),
            "at_least" => (Kind::Text(AMOUNT), "It is this number or above, in quotes."),
            "in" => (Kind::Several(Box::new(Kind::Text(ANY))), "It is one of these texts."),
            _ => return None,
        })
    },
};

pub(super) static STATIC_CALL: Shape = Shape {
    name: "static_call",
    keys: &tables::STATIC_CALL,
    required: &["target"],
    one_of: &[
        &[&["call"], &["data"]],
        &[&["equals"], &["not_equals"], &["less_than"], &["at_most"], &["more_than"], &["at_least"]],
    ],
    describe: |key| {
        Some(match key {
            "target" => (
                Kind::Either(vec![Kind::Text(ADDRESS), Kind::Text(NAME)]),
                "The contract's address, or a declared token's name.",
            ),
            "call" => (Kind::Text(SELECTOR), "A function without arguments."),
            "data" => (Kind::Text(HEX), "The whole calldata."),
            "gas" => (Kind::Integer(0, i64::from(MAX_GAS)), "The most gas it may use; 100,000 if absent."),
            "words" => (Kind::Integer(1, i64::from(MAX_WORDS)), "How many words it returns; 1 if absent."),
            "index" => (Kind::Integer(0, i64::from(MAX_WORDS).saturating_sub(1)), "Which of them is compared, from 0."),
            other => return comparison(other),
        })
    },
};
