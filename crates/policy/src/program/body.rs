//! Bodies as bytes: a rule's outcome, what it asks for, and its conditions.

use alloy_primitives::U256;

use super::{
    condition::{Call, Condition},
    emit::{ALLOW, MODULES, OBLIGATIONS, Overflow, sum, times, u16, u24},
    lists::Lists,
    lower::LoweredRule,
    obligations::Asked,
};
use crate::Comparison;

pub(crate) const APPROVALS: u8 = 0x01;
pub(crate) const SIGNATURES: u8 = 0x02;
pub(crate) const SIGNERS: u8 = 0x03;
pub(crate) const ATTESTATION: u8 = 0x04;
pub(crate) const NOTIFY: u8 = 0x05;
/// Op and channel.
const NOTIFY_SIZE: usize = 33;

pub(crate) const ANY: u8 = 0x20;
pub(crate) const ALL: u8 = 0x21;
pub(crate) const NOT: u8 = 0x22;

pub(crate) fn body(rule: &LoweredRule, lists: &mut Lists) -> Result<Vec<u8>, Overflow> {
    let mut outcome = if rule.allow { ALLOW } else { 0 };
    if rule.modules {
        outcome |= MODULES;
    }
    if rule.asked != Asked::default() {
        outcome |= OBLIGATIONS;
    }
    let mut body = vec![outcome, u8(rule.limits.len())?];
    body.extend(rule.delay.to_be_bytes());
    body.extend(&rule.limits);
    if rule.asked != Asked::default() {
        let asked = obligations(&rule.asked, lists)?;
        body.extend(u16(asked.len())?);
        body.extend(asked);
    }
    write(&rule.conditions, &mut body, lists)?;
    Ok(body)
}

pub(crate) fn body_size(rule: &LoweredRule) -> usize {
    sum(&[6, rule.limits.len(), obligations_size(&rule.asked), size(&rule.conditions)])
}

/// Ascending by their bytes.
fn obligations(asked: &Asked, lists: &mut Lists) -> Result<Vec<u8>, Overflow> {
    let mut all = Vec::new();
    for (list, at_least, flags) in asked.approvals.values() {
        let mut one = vec![APPROVALS];
        one.extend(lists.place(list)?);
        one.extend([*at_least, *flags]);
        all.push(one);
    }
    if asked.signatures > 0 {
        all.push(vec![SIGNATURES, asked.signatures]);
    }
    for (list, at_least) in asked.signers.values() {
        let mut one = vec![SIGNERS];
        one.extend(lists.place(list)?);
        one.push(*at_least);
        all.push(one);
    }
    all.extend(asked.attestation.iter().map(|set| vec![ATTESTATION, *set]));
    for channel in &asked.notify {
        let mut one = vec![NOTIFY];
        one.extend(channel.bytes());
        one.resize(NOTIFY_SIZE, 0);
        all.push(one);
    }
    all.sort_unstable();
    Ok(all.concat())
}

fn obligations_size(asked: &Asked) -> usize {
    if *asked == Asked::default() {
        return 0;
    }
    sum(&[
        2,
        times(6, asked.approvals.len()),
        if asked.signatures > 0 { 2 } else { 0 },
        times(5, asked.signers.len()),
        times(2, asked.attestation.len()),
        times(NOTIFY_SIZE, asked.notify.len()),
    ])
}

fn write(conditions: &[Condition], body: &mut Vec<u8>, lists: &mut Lists) -> Result<(), Overflow> {
    for condition in conditions {
        match condition {
            Condition::Member(attribute, list) => {
                body.push(attribute.op());
                body.extend(lists.place(list)?);
            }
            Condition::AtLeast(value) => number(0x04, *value, body)?,
            Condition::AtMost(value) => number(0x05, *value, body)?,
            Condition::IsContract => body.push(0x06),
            Condition::Selectors(selectors) => {
                body.extend([0x09, u8(selectors.len())?]);
                body.extend(selectors.iter().flatten());
            }
            Condition::Kinds(kinds) => body.extend([0x0a, *kinds]),
            Condition::Time { from, to } => {
                body.push(0x0b);
                body.extend(seconds(*from)?);
                body.extend(seconds(*to)?);
            }
            Condition::Days(days) => body.extend([0x0c, *days]),
            Condition::Word { offset, comparison, mask, value } => {
                body.push(0x0d);
                body.extend(offset.to_be_bytes());
                body.push(code(*comparison));
                match *mask {
                    U256::MAX => body.push(0),
                    mask => sized(mask, body)?,
                }
                sized(*value, body)?;
            }
            Condition::WordIn(offset, list) => {
                body.push(0x0e);
                body.extend(offset.to_be_bytes());
                body.extend(lists.place(list)?);
            }
            Condition::StaticCall(call) => static_call(call, body)?,
            Condition::Within(within) => body.extend([0x10, within.limit]),
            Condition::Attested { set, index } => {
                body.extend([0x11, *set]);
                body.extend(index.to_be_bytes());
            }
            Condition::Any(inner) => group(ANY, inner, body, lists)?,
            Condition::All(inner) => group(ALL, inner, body, lists)?,
            Condition::Not(inner) => group(NOT, inner, body, lists)?,
        }
    }
    Ok(())
}

fn group(op: u8, inner: &[Condition], body: &mut Vec<u8>, lists: &mut Lists) -> Result<(), Overflow> {
    let mut bytes = Vec::new();
    write(inner, &mut bytes, lists)?;
    body.push(op);
    body.extend(u16(bytes.len())?);
    body.extend(bytes);
    Ok(())
}

fn static_call(call: &Call, body: &mut Vec<u8>) -> Result<(), Overflow> {
    body.push(0x0f);
    body.extend(call.target);
    body.extend(seconds(call.gas)?);
    body.extend([call.words, call.index, code(call.comparison)]);
    sized(call.value, body)?;
    body.push(u8(call.data.len())?);
    body.extend(&call.data);
    Ok(())
}

fn number(op: u8, value: U256, body: &mut Vec<u8>) -> Result<(), Overflow> {
    body.push(op);
    sized(value, body)
}

/// A number and before it how many bytes it takes, at least one.
fn sized(value: U256, body: &mut Vec<u8>) -> Result<(), Overflow> {
    let length = value.byte_len().max(1);
    body.push(u8(length)?);
    body.extend(value.to_be_bytes::<32>().iter().skip(32_usize.saturating_sub(length)));
    Ok(())
}

/// A number of three bytes.
fn seconds(value: u32) -> Result<[u8; 3], Overflow> {
    u24(usize::try_from(value).map_err(|_| Overflow)?)
}

fn u8(value: usize) -> Result<u8, Overflow> {
    u8::try_from(value).map_err(|_| Overflow)
}

/// The comparison's byte.
pub(crate) fn code(comparison: Comparison) -> u8 {
    let at = Comparison::ALL.iter().position(|one| *one == comparison);
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(u8::MAX)
}

fn size(conditions: &[Condition]) -> usize {
    conditions.iter().fold(0, |total, condition| sum(&[total, one_size(condition)]))
}

fn one_size(condition: &Condition) -> usize {
    let length = |value: &U256| value.byte_len().max(1);
    match condition {
        Condition::Member(..) | Condition::Attested { .. } => 4,
        Condition::AtLeast(value) | Condition::AtMost(value) => sum(&[2, length(value)]),
        Condition::IsContract => 1,
        Condition::Selectors(selectors) => sum(&[2, times(4, selectors.len())]),
        Condition::Kinds(_) | Condition::Days(_) | Condition::Within(_) => 2,
        Condition::Time { .. } => 7,
        Condition::Word { mask, value, .. } => {
            let mask = if *mask == U256::MAX { 0 } else { length(mask) };
            sum(&[6, mask, length(value)])
        }
        Condition::WordIn(..) => 6,
        Condition::StaticCall(call) => sum(&[29, length(&call.value), call.data.len()]),
        Condition::Any(inner) | Condition::All(inner) | Condition::Not(inner) => sum(&[3, size(inner)]),
    }
}
