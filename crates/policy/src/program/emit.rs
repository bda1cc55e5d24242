//! The program's bytes.

use alloy_primitives::{Address, U256};

use super::{
    CompileError, MAX_PROGRAM_BYTES,
    body::{body, body_size},
    condition::{List, Roster},
    expand::Key,
    index::{MAX_BITS, best_multiplier, bucket, buckets, least_bits},
    lists::{Lists, list_size, lists_of},
    lower::{Lowered, LoweredLimit},
    messages::{self, MESSAGE},
    source_map::ListName,
};
use crate::{Problem, Scope, Semantics, Window, diagnostics::steps};

pub(crate) const HEADER: usize = 64;
pub(crate) const LIMIT: usize = 84;
pub(crate) const ENTRY: usize = 32;
/// A record of the attester table.
pub(crate) const ATTESTERS: usize = 6;
pub(crate) const FORMAT: u8 = 1;
/// Outcome bits.
pub(crate) const ALLOW: u8 = 1;
pub(crate) const MODULES: u8 = 2;
pub(crate) const OBLIGATIONS: u8 = 4;
/// Entries per bucket the directory is sized for.
const DIRECTORY_LOAD: usize = 4;
/// Flags of limits.
pub(crate) const EVERYWHERE: u8 = 1;
pub(crate) const COUNT: u8 = 2;
pub(crate) const METERS: u8 = 16;
/// The most units a rolling limit's cap may count.
const MAX_UNITS: u64 = 8_000_000;

/// A number that does not fit its field; only a program that is too large has one.
#[derive(Debug)]
pub(crate) struct Overflow;

/// The program, and its lists by offset.
pub(crate) fn emit(lowered: &Lowered, most: usize) -> Result<(Vec<u8>, Vec<ListName>), CompileError> {
    let size = size(lowered);
    if size > most {
        return Err(too_large(lowered, size));
    }
    write(lowered).map_err(|Overflow| too_large(lowered, size))
}

fn write(lowered: &Lowered) -> Result<(Vec<u8>, Vec<ListName>), Overflow> {
    // Each key with its rule, or with the standard it declares.
    let declarations = lowered.tokens.iter().map(|(token, standard)| (declaration(*token), Err(*standard)));
    let mut keys: Vec<(Key, Result<usize, u8>)> = declarations.collect();
    for (rule, lowered_rule) in lowered.rules.iter().enumerate() {
        keys.extend(lowered_rule.keys.iter().map(|key| (*key, Ok(rule))));
    }
    let bits = least_bits(keys.len(), DIRECTORY_LOAD);
    let hashes: Vec<U256> = keys.iter().map(|(key, _)| hash_input(key)).collect();
    let multiplier = best_multiplier(&hashes, bits);

    let directory_at = sum(&[HEADER, times(LIMIT, lowered.limits.len())]);
    let entries_at = sum(&[directory_at, times(3, sum(&[buckets(bits), 1]))]);
    let bodies_at = sum(&[entries_at, times(ENTRY, keys.len())]);
    let table_at = sum(&[bodies_at, lowered.rules.iter().map(body_size).fold(0, |a, b| sum(&[a, b]))]);
    let messages_at = sum(&[table_at, times(ATTESTERS, lowered.attesters.len())]);
    let mut lists = Lists::new(sum(&[messages_at, times(MESSAGE, lowered.messages.len())]), multiplier);
    let mut control = |list: &Option<List>| list.as_ref().map_or(Ok([0; 3]), |list| lists.place(list));
    let roles = Roles {
        announcers: control(&lowered.announcers)?,
        cancellers: control(&lowered.cancellers)?,
        guardians: control(&lowered.guardians)?,
        attesters: if lowered.attesters.is_empty() { [0; 3] } else { u24(table_at)? },
        messages: if lowered.messages.is_empty() { [0; 3] } else { u24(messages_at)? },
    };
    let mut table = Vec::new();
    for set in &lowered.attesters {
        table.extend(lists.place(&set.list)?);
        table.push(set.at_least);
        table.extend(set.hybrid_rules.to_be_bytes());
    }
    table.extend(messages::table(lowered, &mut lists)?);
    let mut bodies = Vec::new();
    let mut placed = Vec::new();
    for rule in &lowered.rules {
        let at = sum(&[bodies_at, bodies.len()]);
        let body = body(rule, &mut lists)?;
        placed.push((u24(at)?, u16(body.len())?));
        bodies.extend(body);
    }

    let mut entries: Vec<Vec<[u8; ENTRY]>> = vec![Vec::new(); buckets(bits)];
    for ((key, rule), hash) in keys.iter().zip(hashes) {
        let (index, offset, length) = match rule {
            Err(standard) => ([0; 2], [0; 3], u16::from(*standard).to_be_bytes()),
            Ok(rule) => {
                let (offset, length) = placed.get(*rule).ok_or(Overflow)?;
                (u16(*rule)?, *offset, *length)
            }
        };
        let mut bytes = key_bytes(key);
        bytes.extend(index.iter().chain(&offset).chain(&length));
        let entry = <[u8; ENTRY]>::try_from(bytes).map_err(|_| Overflow)?;
        entries.get_mut(bucket(hash, multiplier, bits)).ok_or(Overflow)?.push(entry);
    }

    let mut program = header(lowered, bits, multiplier, &roles)?;
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
    program.extend(table);
    program.extend(lists.bytes);
    Ok((program, lists.names))
}

/// Where the header says that those are who have a role, and what else stands in tables.
struct Roles {
    announcers: [u8; 3],
    cancellers: [u8; 3],
    guardians: [u8; 3],
    attesters: [u8; 3],
    messages: [u8; 3],
}

fn header(lowered: &Lowered, bits: u32, multiplier: U256, roles: &Roles) -> Result<Vec<u8>, Overflow> {
    let mut classes = 0_u32;
    for key in lowered.rules.iter().flat_map(|rule| &rule.keys) {
        let shift = u32::from(key.kind()).checked_mul(4).ok_or(Overflow)?;
        classes |= key.class().checked_shl(shift).ok_or(Overflow)?;
    }
    let bits = u8::try_from(bits).ok().filter(|bits| u32::from(*bits) <= MAX_BITS).ok_or(Overflow)?;
    let limits = u8::try_from(lowered.limits.len()).map_err(|_| Overflow)?;
    let mut header = vec![0, FORMAT, semantics(lowered.semantics), bits];
    header.extend(classes.to_be_bytes());
    header.push(limits);
    header.extend(lowered.expiry.to_be_bytes());
    header.extend(roles.announcers);
    header.extend(roles.cancellers);
    header.extend(u16(lowered.rules.len())?);
    header.push(u8::try_from(lowered.attesters.len()).map_err(|_| Overflow)?);
    header.extend(roles.attesters);
    header.extend(roles.guardians);
    header.extend(roles.messages);
    header.push(u8::try_from(lowered.messages.len()).map_err(|_| Overflow)?);
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
    let mut flags = scope(limit.scope).checked_shl(2).unwrap_or(0);
    if limit.everywhere {
        flags |= EVERYWHERE;
    }
    if limit.asset.is_none() {
        flags |= COUNT;
    }
    if limit.meters {
        flags |= METERS;
    }
    bytes.extend([window, flags]);
    bytes.extend(lane.to_be_bytes());
    bytes.extend([exponent, 0]);
    bytes.extend(limit.asset.unwrap_or_default());
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

/// The byte of a semantics.
pub(crate) const fn semantics(semantics: Semantics) -> u8 {
    match semantics {
        Semantics::FirstMatch => 0,
        Semantics::AllMustPass => 1,
        Semantics::AllowOverrides => 2,
    }
}

/// The number of a scope.
pub(crate) const fn scope(scope: Scope) -> u8 {
    match scope {
        Scope::Account => 0,
        Scope::Recipient => 1,
        Scope::Initiator => 2,
    }
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

/// Each distinct list once.
fn distinct(lowered: &Lowered) -> Vec<&List> {
    let roles = [&lowered.announcers, &lowered.cancellers, &lowered.guardians];
    let mut all: Vec<&List> = roles.into_iter().flatten().collect();
    all.extend(lowered.attesters.iter().map(|set| &set.list));
    all.extend(lowered.messages.iter().filter_map(messages::Signable::list));
    for rule in &lowered.rules {
        all.extend(rule.asked.lists());
        lists_of(&rule.conditions, &mut all);
    }
    all.sort_by(|a, b| a.members.cmp(&b.members));
    all.dedup();
    all
}

fn size(lowered: &Lowered) -> usize {
    let keys = lowered.rules.iter().fold(lowered.tokens.len(), |total, rule| sum(&[total, rule.keys.len()]));
    let directory = times(3, sum(&[buckets(least_bits(keys, DIRECTORY_LOAD)), 1]));
    let bodies = lowered.rules.iter().fold(0, |total, rule| sum(&[total, body_size(rule)]));
    let lists = distinct(lowered).iter().fold(0, |total, list| sum(&[total, list_size(&list.members)]));
    let table = sum(&[times(ATTESTERS, lowered.attesters.len()), times(MESSAGE, lowered.messages.len())]);
    sum(&[HEADER, times(LIMIT, lowered.limits.len()), directory, times(ENTRY, keys), bodies, table, lists])
}

fn too_large(lowered: &Lowered, size: usize) -> CompileError {
    let rule = lowered.rules.iter().map(|rule| (sum(&[times(ENTRY, rule.keys.len()), body_size(rule)]), rule));
    let rule = rule.max_by_key(|(bytes, rule)| (*bytes, std::cmp::Reverse(rule.position)));
    let lists = distinct(lowered).into_iter().map(|list| (list_size(&list.members), list));
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
                match &list.members {
                    Roster::Addresses(members) => members.len(),
                    Roster::Registry(..) => 1,
                }
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
pub(crate) fn sum(parts: &[usize]) -> usize {
    parts.iter().fold(0, |total, part| total.saturating_add(*part))
}

pub(crate) const fn times(a: usize, b: usize) -> usize {
    a.saturating_mul(b)
}

pub(crate) fn u16(value: usize) -> Result<[u8; 2], Overflow> {
    Ok(u16::try_from(value).map_err(|_| Overflow)?.to_be_bytes())
}

pub(crate) fn u24(value: usize) -> Result<[u8; 3], Overflow> {
    match u32::try_from(value).map_err(|_| Overflow)?.to_be_bytes() {
        [0, a, b, c] => Ok([a, b, c]),
        _ => Err(Overflow),
    }
}
