//! Conditions that are tables of their own: spans of time, words of calldata, static calls.

use alloy_primitives::{Bytes, U256, hex};

use super::{
    conditions::{LIST_HELP, addresses},
    reader::{Reader, Table},
    tree::{Node, Value},
};
use crate::{
    CallData, CallTarget, Comparison, StaticCall, TimeSpan, Weekday, Word, WordTest,
    program::bounds::MAX_GAS,
    text::{clock::parse_clock, selector::parse_selector},
};

const COMPARISON_HELP: &str =
    "write one of `equals`, `not_equals`, `less_than`, `at_most`, `more_than`, `at_least` with a number in quotes";
const NUMBER_HELP: &str = "write a number in quotes, decimal or as `0x` and at most 64 hexadecimal digits";
/// What static calls get where the document does not say.
pub(crate) const DEFAULT_GAS: u32 = 100_000;

pub(super) fn time(reader: &mut Reader, node: &Node) -> Option<TimeSpan> {
    let table = reader.table(node, &["from", "to"])?;
    let help = "write a time of the UTC day in quotes, like `09:00`";
    let mut read = |key| {
        let node = reader.require(table, key, help)?;
        let text = reader.text(node, help)?;
        reader.accept(node, parse_clock(text))
    };
    let (from, to) = (read("from"), read("to"));
    Some(TimeSpan { from: from?, to: to? })
}

pub(super) fn weekday(reader: &mut Reader, node: &Node) -> Option<Vec<Weekday>> {
    reader.choices(node, "weekday", &Weekday::ALL.map(|day| (day.word(), day)))
}

pub(super) fn word(reader: &mut Reader, node: &Node) -> Option<Word> {
    const KEYS: [&str; 9] =
        ["offset", "mask", "equals", "not_equals", "less_than", "at_most", "more_than", "at_least", "in"];
    let table = reader.table(node, &KEYS)?;
    let help = "write where the word starts, in bytes, from 0 to 65535: the first argument is at 4";
    let offset = reader.require(table, "offset", help).and_then(|node| {
        let offset = reader.integer(node)?;
        let read = u16::try_from(offset).map_err(|_| (format!("calldata has no word at {offset}"), help.to_owned()));
        reader.accept(node, read)
    });
    let mask = table.get("mask").map(|node| number(reader, node));
    let Some(list) = table.get("in") else {
        let (comparison, value) = comparison(reader, table)?;
        let mask = mask.map_or(Some(None), |mask| mask.map(Some))?;
        return Some(Word { offset: offset?, test: WordTest::Compare { mask, comparison, value } });
    };
    if let Some(key) = KEYS.iter().find(|key| !["offset", "in"].contains(key) && table.get(key).is_some()) {
        let message = format!("`in` and `{key}` exclude each other");
        reader.fault(table.node(), message, "write `in` with `offset` alone, or a comparison");
        return None;
    }
    let refs = addresses(reader, list, LIST_HELP)?;
    Some(Word { offset: offset?, test: WordTest::In(refs) })
}

pub(super) fn static_call(reader: &mut Reader, node: &Node) -> Option<StaticCall> {
    const KEYS: [&str; 12] = [
        "target",
        "call",
        "data",
        "gas",
        "words",
        "index",
        "equals",
        "not_equals",
        "less_than",
        "at_most",
        "more_than",
        "at_least",
    ];
    let table = reader.table(node, &KEYS)?;
    let help = "write the contract's address or a token's name";
    let target = reader.require(table, "target", help).and_then(|node| {
        let text = reader.text(node, help)?;
        if text.starts_with("0x") || text.contains(':') {
            reader.address(node).map(CallTarget::Literal)
        } else if text.starts_with('@') {
            reader.fault(node, format!("`{text}` is a list"), help);
            None
        } else {
            Some(CallTarget::Asset(text.to_owned()))
        }
    });
    let data = data(reader, table);
    let mut small = |key: &str, most: u32, absent: u32| match table.get(key) {
        None => Some(absent),
        Some(node) => {
            let value = reader.integer(node)?;
            let help = format!("write a whole number up to {most}");
            let read = u32::try_from(value).ok().filter(|value| *value <= most);
            reader.accept(node, read.ok_or((format!("`{key}` cannot be {value}"), help)))
        }
    };
    let (gas, words, index) = (small("gas", MAX_GAS, DEFAULT_GAS), small("words", 8, 1), small("index", 7, 0));
    let (comparison, value) = comparison(reader, table)?;
    let (words, index) = (u8::try_from(words?).ok()?, u8::try_from(index?).ok()?);
    Some(StaticCall { target: target?, data: data?, gas: gas?, words, index, comparison, value })
}

fn data(reader: &mut Reader, table: Table<'_>) -> Option<CallData> {
    match (table.get("call"), table.get("data")) {
        (Some(node), None) => {
            let text = reader.text(node, "write a function without arguments, like `paused()`")?;
            reader.accept(node, parse_selector(text)).map(CallData::Call)
        }
        (None, Some(node)) => {
            let help = "write `0x` and the calldata's hexadecimal digits";
            let text = reader.text(node, help)?;
            let bytes = text.strip_prefix("0x").and_then(|digits| hex::decode(digits).ok());
            let read = bytes.ok_or((format!("`{text}` is not calldata"), help.to_owned()));
            reader.accept(node, read).map(|bytes| CallData::Data(Bytes::from(bytes)))
        }
        _ => {
            let help = "write `call` for a function without arguments, like `paused()`, else `data`";
            reader.fault(table.node(), "a static call has either `call` or `data`", help);
            None
        }
    }
}

/// The one comparison of a table, and the number it compares with.
fn comparison(reader: &mut Reader, table: Table<'_>) -> Option<(Comparison, U256)> {
    let mut written = Comparison::ALL.into_iter().filter_map(|one| Some((one, table.get(one.word())?)));
    let (Some((comparison, node)), None) = (written.next(), written.next()) else {
        reader.fault(table.node(), "exactly one comparison is expected", COMPARISON_HELP);
        return None;
    };
    Some((comparison, number(reader, node)?))
}

/// A number of at most 32 bytes.
fn number(reader: &mut Reader, node: &Node) -> Option<U256> {
    let text = match &node.value {
        Value::Integer(_) => {
            reader.fault(node, "a string is expected, this is an integer", NUMBER_HELP);
            return None;
        }
        _ => reader.text(node, NUMBER_HELP)?,
    };
    let (digits, radix) = text.strip_prefix("0x").map_or((text, 10), |digits| (digits, 16));
    let plain: String = digits.chars().filter(|letter| *letter != '_').collect();
    let is_number = !plain.is_empty() && plain.chars().all(|letter| letter.is_digit(radix));
    let read = if !is_number {
        Err((format!("`{text}` is not a number"), NUMBER_HELP.to_owned()))
    } else if radix == 16 && plain.len() > 64 {
        Err((format!("`{text}` is wider than 32 bytes"), NUMBER_HELP.to_owned()))
    } else {
        U256::from_str_radix(&plain, u64::from(radix))
            .map_err(|_| (format!("`{text}` is wider than 32 bytes"), NUMBER_HELP.to_owned()))
    };
    reader.accept(node, read)
}
