//! Tests that never hold, or always do: what they compare leaves no choice.

use alloy_primitives::U256;

use crate::{CallData, Comparison, PathSegment, Problem, StaticCall, TimeSpan};

const DAY: u32 = 86_400;
/// The most gas for a static call. The format holds more, but chains cap what a transaction gets at 2^24, and a
/// call that cannot be given its gas denies whatever it stands in front of.
pub(crate) const MAX_GAS: u32 = 5_000_000;
/// The most words that a static call answers.
pub(crate) const MAX_WORDS: u8 = 8;
/// The least and the most bytes of a static call's data.
pub(crate) const DATA_BYTES: std::ops::RangeInclusive<usize> = 4..=255;

pub(crate) fn check_span(span: TimeSpan, path: Vec<PathSegment>, problems: &mut Vec<Problem>) {
    let problem = if span.from == span.to {
        ("`from` is `to`", "write when it begins and ends, or leave `time` out for the whole day")
    } else if span.from == 0 && span.to == DAY {
        ("this is the whole day", "leave `time` out")
    } else if span.from >= DAY || span.to > DAY {
        ("a day has 24 hours", "write times from `00:00` to `24:00`, which only `to` can be")
    } else {
        return;
    };
    problems.push(Problem::new(path, problem.0, problem.1));
}

/// Whether a number of which only the mask's bits are looked at can both be and not be what is asked.
pub(crate) fn check_comparison(
    comparison: Comparison,
    mask: U256,
    value: U256,
    path: &[PathSegment],
    problems: &mut Vec<Problem>,
) {
    let at = |key: &str| [path, &[key.into()]].concat();
    if mask == U256::ZERO {
        problems.push(Problem::new(at("mask"), "the mask leaves no bits", "set the bits that count, or leave it out"));
        return;
    }
    let outside = value & !mask != U256::ZERO;
    let always = match comparison {
        Comparison::Equals if outside => false,
        Comparison::NotEquals if outside => true,
        Comparison::LessThan if value == U256::ZERO => false,
        Comparison::LessThan if value > mask => true,
        Comparison::AtMost if value >= mask => true,
        Comparison::MoreThan if value >= mask => false,
        Comparison::AtLeast if value == U256::ZERO => true,
        Comparison::AtLeast if value > mask => false,
        _ => return,
    };
    let word = comparison.word();
    let message = format!("`{word}` {} holds", if always { "always" } else { "never" });
    let help = if outside && mask != U256::MAX {
        "compare with a value that has only bits of the mask".to_owned()
    } else {
        format!("compare with another value: none is below 0 or above {}", bound(mask))
    };
    problems.push(Problem::new(at(word), message, help));
}

fn bound(mask: U256) -> String {
    if mask == U256::MAX { "2^256 - 1".to_owned() } else { "the mask".to_owned() }
}

pub(crate) fn check_call(call: &StaticCall, path: &[PathSegment], problems: &mut Vec<Problem>) {
    let mut complain = |key: &str, message: String, help: &str| {
        problems.push(Problem::new([path, &[key.into()]].concat(), message, help));
    };
    match &call.data {
        CallData::Call(selector) if !selector.takes_nothing() => {
            let help = "write the whole calldata as `data`, selector first";
            complain("call", format!("`{}` takes arguments", selector.as_str()), help);
        }
        CallData::Data(data) if !DATA_BYTES.contains(&data.len()) => {
            let help = "write from 4 bytes, which are the selector, to 255";
            complain("data", format!("calldata of {} bytes", data.len()), help);
        }
        _ => {}
    }
    if call.gas == 0 || call.gas > MAX_GAS {
        complain("gas", format!("{} gas cannot be given", call.gas), "write from 1 to 5000000");
    }
    if call.words == 0 || call.words > MAX_WORDS {
        complain("words", format!("an answer of {} words", call.words), "write from 1 to 8");
    } else if call.index >= call.words {
        let message = format!("the answer has no word {}", call.index);
        complain("index", message, "write a number below `words`: the first word is 0");
    }
    check_comparison(call.comparison, U256::MAX, call.value, path, problems);
}
