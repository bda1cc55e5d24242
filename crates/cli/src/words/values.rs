//! The values of a verdict.

use super::*;

pub(super) fn limit(verdict: &Verdict, names: &SourceMap) -> String {
    names.limit(verdict.detail).map_or_else(|| format!("limit #{}", verdict.detail), |limit| limit.id.clone())
}

pub(super) fn charged(value: U256, verdict: &Verdict, names: &SourceMap) -> String {
    match names.limit(verdict.detail) {
        Some(limit) => format!("{} {}", units::amount(value, limit.decimals), limit.asset),
        None => value.to_string(),
    }
}

/// Only batches have more than one effect, so only there does its position help.
pub(super) fn at(verdict: &Verdict) -> String {
    if verdict.effect == 0 {
        String::new()
    } else {
        format!(" (effect {} of the batch)", u64::from(verdict.effect) + 1)
    }
}

pub(super) fn kind(number: U256) -> &'static str {
    match u8::try_from(number) {
        Ok(1) => "this native transfer",
        Ok(2) => "this transfer",
        Ok(3) => "this allowance",
        Ok(4) => "this call",
        Ok(5) => "this opaque call",
        _ => "this effect",
    }
}

/// An asset by its name, anybody else by address.
pub(super) fn party(who: Address, names: &SourceMap) -> String {
    names.asset(who).map_or_else(|| who.to_string(), |asset| asset.name.clone())
}

pub(super) fn address(word: U256) -> Address {
    Address::from_word(word.into())
}

/// Selectors stand in the low four bytes.
pub(super) fn selector(word: U256) -> String {
    let [.., a, b, c, d] = word.to_be_bytes::<32>();
    hex::encode_prefixed([a, b, c, d])
}

pub(super) fn seconds(value: U256) -> String {
    u64::try_from(value).map_or_else(|_| format!("{value} s"), units::duration)
}

pub(super) fn moment(value: U256) -> String {
    u64::try_from(value).map_or_else(|_| format!("{value}"), units::time)
}
