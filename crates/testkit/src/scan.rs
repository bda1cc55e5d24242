//! Where things stand in a program's bytes: for what cases reach, and for planting faults. Nothing is decided here.

use std::collections::BTreeMap;
use std::ops::Range;

use alloy_primitives::{Address, U256};

/// A condition in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Of the rule.
    pub rule: u16,
    /// The opcode.
    pub op: u8,
    /// How many groups it stands in.
    pub depth: u8,
    /// Where its opcode stands.
    pub at: usize,
    /// Where its number stands, if it compares with one.
    pub value: Range<usize>,
    /// Where the list begins, if it has one.
    pub list: Option<usize>,
}

/// The body of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// Where it stands.
    pub at: usize,
    /// Its conditions, as far as they can be read.
    pub conditions: Vec<Found>,
    /// The obligations, as far as they can be read: where their opcodes stand.
    pub asks: Vec<usize>,
    /// The opcode of the first obligation that cannot be.
    pub malformed_ask: Option<u8>,
    /// The opcode of the first condition that cannot; 0xff for a group that stands too deep.
    pub malformed: Option<u8>,
}

fn number(program: &[u8], range: Range<usize>) -> Option<usize> {
    Some(U256::try_from_be_slice(program.get(range)?)?.saturating_to())
}

/// Every entry of the index, where it stands.
fn entries(program: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let bits = number(program, 3..4).unwrap_or(0).min(15);
    let directory = 64 + 84 * number(program, 8..9).unwrap_or(0).min(32);
    let last = directory + (3 << bits);
    let end = number(program, last..last + 3).unwrap_or(0).min(program.len());
    (last + 3..end).step_by(32).filter_map(|at| Some((at, program.get(at..at + 32)?)))
}

/// Where the entries of rules stand.
#[must_use]
pub fn entry_offsets(program: &[u8]) -> Vec<usize> {
    entries(program).filter(|(_, entry)| entry.first().is_some_and(|kind| kind & 0x0f != 0)).map(|(at, _)| at).collect()
}

/// The declared tokens: the standard and where it stands.
#[must_use]
pub fn standards(program: &[u8]) -> BTreeMap<Address, (u8, usize)> {
    let declared = entries(program).filter(|(_, entry)| entry.first() == Some(&0));
    declared
        .filter_map(|(at, entry)| Some((Address::from_slice(entry.get(1..21)?), (*entry.last()?, at + 31))))
        .collect()
}

/// The bodies by rule.
#[must_use]
pub fn bodies(program: &[u8]) -> BTreeMap<u16, Body> {
    let mut all = BTreeMap::new();
    for at in entry_offsets(program) {
        let field = |range: Range<usize>| number(program, at + range.start..at + range.end);
        let (Some(rule), Some(offset), Some(length)) = (field(25..27), field(27..30), field(30..32)) else { continue };
        let rule = u16::try_from(rule).unwrap_or(u16::MAX);
        all.entry(rule).or_insert_with(|| body(program, rule, offset, length));
    }
    all
}

fn body(program: &[u8], rule: u16, offset: usize, length: usize) -> Body {
    let mut body = Body { at: offset, ..Body::default() };
    let n = number(program, offset + 1..offset + 2).unwrap_or(0);
    let (mut start, end) = (offset + 6 + n, (offset + length).min(program.len()));
    if number(program, offset..offset + 1).is_some_and(|outcome| outcome & 4 != 0) {
        let asks = start + 2;
        start = asks + number(program, start..asks).unwrap_or(0);
        body.malformed_ask = asked(program, asks, start.min(end), &mut body.asks).err();
    }
    let mut walk = Walk { program, rule, conditions: Vec::new() };
    body.malformed = walk.conditions(start, end, 0).err();
    body.conditions = walk.conditions;
    body
}

/// Finds the obligations; the opcode of the first that is not well formed.
fn asked(program: &[u8], mut at: usize, end: usize, asks: &mut Vec<usize>) -> Result<(), u8> {
    while at < end {
        let op = program.get(at).copied().unwrap_or_default();
        let byte = |offset: usize| program.get(at + offset).copied().filter(|_| at + offset < end).unwrap_or_default();
        let (length, sound) = match op {
            1 => (6, byte(4) > 0 && byte(5) <= 3),
            2 => (2, byte(1) > 0),
            3 => (5, byte(4) > 0),
            4 => (2, byte(1) < program.get(21).copied().unwrap_or_default()),
            5 => (33, true),
            _ => (1, false),
        };
        if !sound || at + length > end {
            return Err(op);
        }
        asks.push(at);
        at += length;
    }
    Ok(())
}

struct Walk<'a> {
    program: &'a [u8],
    rule: u16,
    conditions: Vec<Found>,
}

impl Walk<'_> {
    fn conditions(&mut self, mut at: usize, end: usize, depth: u8) -> Result<(), u8> {
        while at < end {
            let op = self.program.get(at).copied().unwrap_or_default();
            if depth > 8 {
                return Err(0xff);
            }
            at = self.condition(op, at, end, depth).filter(|next| *next <= end).ok_or(op)?;
            if (0x20..=0x22).contains(&op) {
                let inside = at;
                at += number(self.program, inside - 2..inside).unwrap_or(0);
                if at > end {
                    return Err(op);
                }
                self.conditions(inside, at, depth + 1)?;
            }
        }
        Ok(())
    }

    /// Where its operands end; of a group, where its conditions begin.
    fn condition(&mut self, op: u8, at: usize, end: usize, depth: u8) -> Option<usize> {
        let program = self.program.get(..end)?;
        let byte = |at: usize| number(program, at..at + 1);
        let within = |bounds: Range<usize>, at: usize| byte(at).filter(|value| bounds.contains(value));
        // A number with its length in front.
        let value = |at: usize| Some(at + 1..at + 1 + within(1..33, at)?);
        let list = |at: usize| {
            let list = number(program, at..at + 3)?;
            let (n, bits) = (number(self.program, list..list + 2)?, number(self.program, list + 2..list + 3)?);
            (n > 0 && bits <= 15 || n == 0 && bits == 255).then_some(list)
        };
        let mut found = Found { rule: self.rule, op, depth, at, value: 0..0, list: None };
        let next = match op {
            0x01..=0x03 | 0x07 | 0x08 => {
                found.list = Some(list(at + 1)?);
                at + 4
            }
            0x04 | 0x05 => {
                found.value = value(at + 1)?;
                found.value.end
            }
            0x06 => at + 1,
            0x09 => at + 2 + 4 * byte(at + 1)?,
            0x0a => at + 2,
            0x0b => {
                let sound = number(program, at + 1..at + 4)? <= 86_400 && number(program, at + 4..at + 7)? <= 86_400;
                sound.then_some(at + 7)?
            }
            0x0c => within(1..128, at + 1).map(|_| at + 2)?,
            0x0d => {
                within(0..6, at + 3)?;
                found.value = value(at + 5 + within(0..33, at + 4)?)?;
                found.value.end
            }
            0x0e => {
                found.list = Some(list(at + 3)?);
                at + 6
            }
            0x0f => {
                let words = within(1..9, at + 24)?;
                within(0..words, at + 25)?;
                within(0..6, at + 26)?;
                found.value = value(at + 27)?;
                found.value.end + 1 + within(4..256, found.value.end)?
            }
            0x10 => within(0..number(self.program, 8..9)?, at + 1).map(|_| at + 2)?,
            0x11 => {
                let set = within(0..number(self.program, 21..22)?, at + 1)?;
                let table = number(self.program, 22..25).filter(|table| *table > 0)? + 6 * set;
                let rules = number(self.program, table + 4..table + 6)?;
                let index = number(program, at + 2..at + 4)?;
                (depth == 0 && index < rules).then_some(at + 4)?
            }
            0x20..=0x22 => at + 3,
            _ => return None,
        };
        if next > end {
            return None;
        }
        self.conditions.push(found);
        Some(next)
    }
}
