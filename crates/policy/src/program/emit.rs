//! The program's bytes.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};

use super::{
    CompileError, MAX_PROGRAM_BYTES,
    expand::Key,
    index::{MAX_BITS, address_bucket, best_multiplier, bucket, buckets, least_bits},
    lower::{List, Lowered, LoweredLimit, LoweredRule},
    source_map::ListName,
};
use crate::{Problem, Window, diagnostics::steps};

pub(crate) const HEADER: usize = 64;
pub(crate) const LIMIT: usize = 84;
pub(crate) const ENTRY: usize = 32;
pub(crate) const FORMAT: u8 = 1;
pub(crate) const ERC20: u16 = 1;
/// Outcome bits.
pub(crate) const ALLOW: u8 = 1;
pub(crate) const MODULES: u8 = 2;
/// Entries per bucket the directory is sized for.
const DIRECTORY_LOAD: usize = 4;
/// The longest list without buckets, and members per bucket of longer ones.
const FLAT_LIST: usize = 24;
const LIST_LOAD: usize = 8;
/// The most units a rolling limit's cap may count.
const MAX_UNITS: u64 = 8_000_000;

/// A number that does not fit its field; only a program that is too large has one.
#[derive(Debug)]
struct Overflow;

/// The program, and its lists by offset.
pub(crate) fn emit(lowered: &Lowered) -> Result<(Vec<u8>, Vec<ListName>), CompileError> {
    let size = size(lowered);
    if size > MAX_PROGRAM_BYTES {
        return Err(too_large(lowered, size));
    }
    write(lowered).map_err(|Overflow| too_large(lowered, size))
}

fn write(lowered: &Lowered) -> Result<(Vec<u8>, Vec<ListName>), Overflow> {
    let mut keys: Vec<(Key, Option<usize>)> = lowered.tokens.iter().map(|token| (declaration(*token), None)).collect();
    for (rule, lowered_rule) in lowered.rules.iter().enumerate() {
        keys.extend(lowered_rule.keys.iter().map(|key| (*key, Some(rule))));
    }
    let bits = least_bits(keys.len(), DIRECTORY_LOAD);
    let hashes: Vec<U256> = keys.iter().map(|(key, _)| hash_input(key)).collect();
    let multiplier = best_multiplier(&hashes, bits);

    let directory_at = sum(&[HEADER, times(LIMIT, lowered.limits.len())]);
    let entries_at = sum(&[directory_at, times(3, sum(&[buckets(bits), 1]))]);
    let bodies_at = sum(&[entries_at, times(ENTRY, keys.len())]);
    let mut lists = Lists::new(sum(&[bodies_at, lowered.rules.iter().map(body_size).fold(0, |a, b| sum(&[a, b]))]));
    let announcers = lists.place(lowered.announcers.as_ref(), multiplier)?;
    let cancellers = lists.place(lowered.cancellers.as_ref(), multiplier)?;
    let mut bodies = Vec::new();
    let mut placed = Vec::new();
    for rule in &lowered.rules {
        let at = sum(&[bodies_at, bodies.len()]);
        let body = body(rule, &mut lists, multiplier)?;
        placed.push((u24(at)?, u16(body.len())?));
        bodies.extend(body);
    }

    let mut entries: Vec<Vec<[u8; ENTRY]>> = vec![Vec::new(); buckets(bits)];
    for ((key, rule), hash) in keys.iter().zip(hashes) {
        let (index, offset, length) = match rule {
            None => ([0; 2], [0; 3], ERC20.to_be_bytes()),
            Some(rule) => {
                let (offset, length) = placed.get(*rule).ok_or(Overflow)?;
                (u16(*rule)?, *offset, *length)
            }
        };
        let mut bytes = key_bytes(key);
        bytes.extend(index.iter().chain(&offset).chain(&length));
        let entry = <[u8; ENTRY]>::try_from(bytes).map_err(|_| Overflow)?;
        entries.get_mut(bucket(hash, multiplier, bits)).ok_or(Overflow)?.push(entry);
    }

    let mut program = header(lowered, bits, multiplier, announcers, cancellers)?;
    for limit in &lowered.limits {
        program.extend(limit_bytes(limit));
    }
    let mut at = entries_at;
    program.extend(u24(at)?);
    for bucket in &mut entries {
        bucket.sort_unstable();
        at = sum(&[at, times(ENTRY, bucket.len())]);
        program.extend(u24(at)?);
    }
    program.extend(entries.into_iter().flatten().flatten());
    program.extend(bodies);
    program.extend(lists.bytes);
    Ok((program, lists.names))
}

fn header(
    lowered: &Lowered,
    bits: u32,
    multiplier: U256,
    announcers: [u8; 3],
    cancellers: [u8; 3],
) -> Result<Vec<u8>, Overflow> {
    let mut classes = 0_u32;
    for key in lowered.rules.iter().flat_map(|rule| &rule.keys) {
        let shift = u32::from(key.kind()).checked_mul(4).ok_or(Overflow)?;
        classes |= key.class().checked_shl(shift).ok_or(Overflow)?;
    }
    let bits = u8::try_from(bits).ok().filter(|bits| u32::from(*bits) <= MAX_BITS).ok_or(Overflow)?;
    let limits = u8::try_from(lowered.limits.len()).map_err(|_| Overflow)?;
    let mut header = vec![0, FORMAT, 0, bits];
    header.extend(classes.to_be_bytes());
    header.push(limits);
    header.extend(lowered.expiry.to_be_bytes());
    header.extend(announcers);
    header.extend(cancellers);
    header.extend(u16(lowered.rules.len())?);
    header.extend([0; 11]);
    header.extend(multiplier.to_be_bytes::<32>());
    Ok(header)
}

fn limit_bytes(limit: &LoweredLimit) -> Vec<u8> {
    let mut bytes = limit.id.clone().into_bytes();
    bytes.resize(32, 0);
    bytes.extend(limit.cap.to_be_bytes::<32>().iter().skip(8));
    let (window, lane, exponent) = match limit.window {
        Window::Transaction => (0, 0, 0),
        Window::Day => (1, 0, 0),
        Window::Week => (2, 0, 0),
        Window::Month => (3, 0, 0),
        Window::Rolling(seconds) => (4, seconds.div_ceil(8), exponent(limit.cap)),
    };
    bytes.extend([window, u8::from(limit.everywhere)]);
    bytes.extend(lane.to_be_bytes());
    bytes.extend([exponent, 0]);
    bytes.extend(limit.asset);
    bytes
}

/// The least `p` with `cap / 10^p` at most [`MAX_UNITS`].
fn exponent(cap: U256) -> u8 {
    let (mut units, mut exponent) = (cap, 0_u8);
    while units > U256::from(MAX_UNITS) {
        units = units.checked_div(U256::from(10_u8)).unwrap_or_default();
        exponent = exponent.saturating_add(1);
    }
    exponent
}

fn body(rule: &LoweredRule, lists: &mut Lists, multiplier: U256) -> Result<Vec<u8>, Overflow> {
    let mut outcome = if rule.allow { ALLOW } else { 0 };
    if rule.origin.is_some() {
        outcome |= MODULES;
    }
    let mut body = vec![outcome, u8::try_from(rule.limits.len()).map_err(|_| Overflow)?];
    body.extend(rule.delay.to_be_bytes());
    body.extend(&rule.limits);
    for (op, list) in [(1, &rule.origin), (2, &rule.initiator), (3, &rule.recipient)] {
        if list.is_some() {
            body.push(op);
            body.extend(lists.place(list.as_ref(), multiplier)?);
        }
    }
    for (op, amount) in [(4, rule.min), (5, rule.max)] {
        if let Some(amount) = amount {
            let length = amount.byte_len().max(1);
            body.extend([op, u8::try_from(length).map_err(|_| Overflow)?]);
            body.extend(amount.to_be_bytes::<32>().iter().skip(32_usize.saturating_sub(length)));
        }
    }
    Ok(body)
}

/// Lists in order of first use, each distinct content once.
struct Lists {
    start: usize,
    bytes: Vec<u8>,
    offsets: BTreeMap<BTreeSet<Address>, [u8; 3]>,
    names: Vec<ListName>,
}

impl Lists {
    const fn new(start: usize) -> Self {
        Self { start, bytes: Vec::new(), offsets: BTreeMap::new(), names: Vec::new() }
    }

    /// The list's offset, zero for none.
    fn place(&mut self, list: Option<&List>, multiplier: U256) -> Result<[u8; 3], Overflow> {
        let Some(list) = list else { return Ok([0; 3]) };
        if let Some(offset) = self.offsets.get(&list.members) {
            return Ok(*offset);
        }
        let at = sum(&[self.start, self.bytes.len()]);
        let offset = u24(at)?;
        self.names.push(ListName { offset: u32::try_from(at).map_err(|_| Overflow)?, name: list.label.clone() });
        self.bytes.extend(list_bytes(&list.members, multiplier)?);
        self.offsets.insert(list.members.clone(), offset);
        Ok(offset)
    }
}

fn list_bits(members: usize) -> u32 {
    if members <= FLAT_LIST { 0 } else { least_bits(members, LIST_LOAD) }
}

fn list_bytes(members: &BTreeSet<Address>, multiplier: U256) -> Result<Vec<u8>, Overflow> {
    let bits = list_bits(members.len());
    let mut bytes = u16(members.len())?.to_vec();
    bytes.push(u8::try_from(bits).map_err(|_| Overflow)?);
    if bits == 0 {
        bytes.extend(members.iter().flatten());
        return Ok(bytes);
    }
    let mut by_bucket: Vec<Vec<Address>> = vec![Vec::new(); buckets(bits)];
    for member in members {
        by_bucket.get_mut(address_bucket(member, multiplier, bits)).ok_or(Overflow)?.push(*member);
    }
    let mut count = 0;
    bytes.extend(u16(count)?);
    for bucket in &by_bucket {
        count = sum(&[count, bucket.len()]);
        bytes.extend(u16(count)?);
    }
    bytes.extend(by_bucket.into_iter().flatten().flatten());
    Ok(bytes)
}

const fn declaration(token: Address) -> Key {
    Key { tag: 0, subject: token, selector: [0; 4] }
}

fn key_bytes(key: &Key) -> Vec<u8> {
    let mut bytes = vec![key.tag];
    bytes.extend(key.subject);
    bytes.extend(key.selector);
    bytes
}

fn hash_input(key: &Key) -> U256 {
    U256::from_be_slice(&key_bytes(key))
}

fn body_size(rule: &LoweredRule) -> usize {
    let lists = [&rule.origin, &rule.initiator, &rule.recipient].into_iter().flatten().count();
    let amounts = [rule.min, rule.max].into_iter().flatten();
    let amounts = amounts.fold(0, |total, amount| sum(&[total, 2, amount.byte_len().max(1)]));
    sum(&[6, rule.limits.len(), times(4, lists), amounts])
}

fn list_size(members: usize) -> usize {
    let bits = list_bits(members);
    let counts = if bits == 0 { 0 } else { times(2, sum(&[buckets(bits), 1])) };
    sum(&[3, counts, times(20, members)])
}

/// Each distinct list once.
fn distinct(lowered: &Lowered) -> BTreeMap<&BTreeSet<Address>, &List> {
    let control = [&lowered.announcers, &lowered.cancellers];
    let rules = lowered.rules.iter().flat_map(|rule| [&rule.origin, &rule.initiator, &rule.recipient]);
    control.into_iter().chain(rules).flatten().map(|list| (&list.members, list)).collect()
}

fn size(lowered: &Lowered) -> usize {
    let keys = lowered.rules.iter().fold(lowered.tokens.len(), |total, rule| sum(&[total, rule.keys.len()]));
    let directory = times(3, sum(&[buckets(least_bits(keys, DIRECTORY_LOAD)), 1]));
    let bodies = lowered.rules.iter().fold(0, |total, rule| sum(&[total, body_size(rule)]));
    let lists = distinct(lowered).keys().fold(0, |total, list| sum(&[total, list_size(list.len())]));
    sum(&[HEADER, times(LIMIT, lowered.limits.len()), directory, times(ENTRY, keys), bodies, lists])
}

fn too_large(lowered: &Lowered, size: usize) -> CompileError {
    let rule = lowered.rules.iter().map(|rule| (sum(&[times(ENTRY, rule.keys.len()), body_size(rule)]), rule));
    let rule = rule.max_by_key(|(bytes, rule)| (*bytes, std::cmp::Reverse(rule.position)));
    let lists = distinct(lowered).into_values().map(|list| (list_size(list.members.len()), list));
    let list = lists.max_by_key(|(bytes, _)| *bytes);
    let over = size.saturating_sub(MAX_PROGRAM_BYTES);
    let message = format!(
        "the program takes {size} bytes, {over} more than the {MAX_PROGRAM_BYTES} (one STOP byte and {} of content) \
         that a contract holds",
        MAX_PROGRAM_BYTES.saturating_sub(1)
    );
    let problem = match (list, rule) {
        (Some((bytes, list)), rule) if rule.as_ref().is_none_or(|(other, _)| *other < bytes) => {
            let help = format!(
                "shorten `{}`, which takes the most with {bytes} bytes, 20 for each of its {} members",
                list.label,
                list.members.len()
            );
            Problem::new(list.path.clone(), message, help)
        }
        (_, Some((bytes, rule))) => {
            let help = format!(
                "name fewer targets, selectors and assets in this rule, which takes the most with {bytes} bytes \
                 for its {} keys, or write addresses as `recipient`, where each takes 20 bytes instead of {ENTRY}",
                rule.keys.len()
            );
            Problem::new(steps!["rules", rule.position], message, help)
        }
        _ => Problem::new(steps!["assets"], message, "declare fewer assets"),
    };
    CompileError::TooLarge { size, problem: Box::new(problem) }
}

/// Sizes only grow, and a saturated one is far above what fits.
fn sum(parts: &[usize]) -> usize {
    parts.iter().fold(0, |total, part| total.saturating_add(*part))
}

const fn times(a: usize, b: usize) -> usize {
    a.saturating_mul(b)
}

fn u16(value: usize) -> Result<[u8; 2], Overflow> {
    Ok(u16::try_from(value).map_err(|_| Overflow)?.to_be_bytes())
}

fn u24(value: usize) -> Result<[u8; 3], Overflow> {
    match u32::try_from(value).map_err(|_| Overflow)?.to_be_bytes() {
        [0, a, b, c] => Ok([a, b, c]),
        _ => Err(Overflow),
    }
}
