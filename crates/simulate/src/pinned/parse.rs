//! What nodes answer, read strictly: what does not parse was not answered.

use alloy_primitives::{Address, B256, Bytes, Log, U256};
use serde_json::Value;

use super::record::Block;

/// A quantity.
pub(super) fn number(value: &Value) -> Result<U256, String> {
    let digits = hex(value, "a number")?;
    U256::from_str_radix(digits, 16).map_err(|_| format!("`0x{digits}` is no number of 256 bits"))
}

/// A quantity of 64 bits.
pub(super) fn small(value: &Value) -> Result<u64, String> {
    let wide = number(value)?;
    u64::try_from(wide).map_err(|_| format!("{wide} is no number of 64 bits"))
}

/// A word, which some nodes shorten.
pub(super) fn word(value: &Value) -> Result<B256, String> {
    number(value).map(B256::from)
}

/// Bytes.
pub(super) fn bytes(value: &Value) -> Result<Bytes, String> {
    let digits = value.as_str().filter(|text| text.starts_with("0x"));
    let bytes = digits.and_then(|text| text.parse().ok());
    bytes.ok_or_else(|| "it is no code in hex".to_owned())
}

/// A block's header.
pub(super) fn block(value: &Value) -> Result<Block, String> {
    if value.is_null() {
        return Err("it has none".to_owned());
    }
    let field = |key: &str| value.get(key).ok_or_else(|| format!("its `{key}` is missing"));
    let hash = |key: &str| exact::<B256>(field(key)?, key);
    Ok(Block {
        number: small(field("number")?)?,
        hash: hash("hash")?,
        parent: hash("parentHash")?,
        timestamp: small(field("timestamp")?)?,
        gas_limit: small(field("gasLimit")?)?,
        beneficiary: exact::<Address>(field("miner")?, "miner")?,
        // Chains without a beacon have none; what they answer instead is of no use to a contract either.
        prevrandao: hash("mixHash").unwrap_or_default(),
    })
}

/// Events.
pub(super) fn logs(value: &Value) -> Result<Vec<Log>, String> {
    let log = |log: &Value| -> Result<Log, String> {
        let field = |key: &str| log.get(key).ok_or_else(|| format!("an event's `{key}` is missing"));
        let topics = field("topics")?.as_array().ok_or("an event's `topics` is malformed")?;
        let topics = topics.iter().map(|topic| exact(topic, "topics")).collect::<Result<Vec<B256>, _>>()?;
        let address = exact(field("address")?, "address")?;
        Log::new(address, topics, bytes(field("data")?)?).ok_or_else(|| "an event has too many topics".to_owned())
    };
    value.as_array().ok_or("they are no list")?.iter().map(log).collect()
}

/// The addresses and slots of an access list.
pub(super) fn access_list(value: &Value) -> Vec<(Address, Vec<B256>)> {
    let entries = value.get("accessList").and_then(Value::as_array);
    let read = |entry: &Value| {
        let address = exact(entry.get("address")?, "address").ok()?;
        let keys = entry.get("storageKeys").and_then(Value::as_array);
        Some((address, keys.into_iter().flatten().filter_map(|key| exact(key, "key").ok()).collect()))
    };
    entries.into_iter().flatten().filter_map(read).collect()
}

fn exact<T: std::str::FromStr>(value: &Value, key: &str) -> Result<T, String> {
    let text = value.as_str().filter(|text| text.starts_with("0x"));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| format!("its `{key}` is malformed"))
}

fn hex<'a>(value: &'a Value, what: &str) -> Result<&'a str, String> {
    let digits = value.as_str().and_then(|text| text.strip_prefix("0x"));
    let digits = digits.filter(|digits| (1..=64).contains(&digits.len()));
    let digits = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    digits.ok_or_else(|| format!("it is not {what} in hex"))
}
