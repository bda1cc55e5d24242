//! The program's bytes as written, each number where the layout puts it.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};

use super::{
    Malformed,
    condition::{Condition, List, Roster},
    emit::{COUNT, ENTRY, EVERYWHERE, FORMAT, HEADER, LIMIT, METERS, OBLIGATIONS},
    expand::{Key, Tokens},
    index::{MAX_BITS, buckets},
    lists::REGISTRY,
    messages::{self, Signable},
    read_body::Context,
};
use crate::Semantics;

/// What a program says, not yet whether it is canonical.
#[derive(Debug, Default)]
pub(crate) struct Raw {
    pub(crate) semantics: Semantics,
    pub(crate) expiry: u32,
    pub(crate) announcers: Option<List>,
    pub(crate) cancellers: Option<List>,
    pub(crate) guardians: Option<List>,
    pub(crate) attesters: Vec<(List, u8)>,
    pub(crate) tokens: Tokens,
    pub(crate) limits: Vec<RawLimit>,
    pub(crate) rules: Vec<RawRule>,
    pub(crate) messages: Vec<Signable>,
}

#[derive(Debug)]
pub(crate) struct RawLimit {
    pub(crate) id: String,
    pub(crate) cap: U256,
    pub(crate) window: u8,
    pub(crate) everywhere: bool,
    pub(crate) meters: bool,
    pub(crate) scope: u8,
    pub(crate) lane: u32,
    /// None for a count.
    pub(crate) asset: Option<Address>,
}

#[derive(Debug, Default)]
pub(crate) struct RawRule {
    pub(crate) keys: Vec<Key>,
    pub(crate) outcome: u8,
    pub(crate) delay: u32,
    pub(crate) limits: Vec<u8>,
    pub(crate) asked: Vec<RawAsked>,
    pub(crate) conditions: Vec<Condition>,
}

/// What a rule asks for.
#[derive(Debug)]
pub(crate) enum RawAsked {
    Approvals { list: List, at_least: u8, flags: u8 },
    Signatures(u8),
    Signers(List, u8),
    Attestation(u8),
    Notify(String),
}

/// Reads forward through bytes; every read past the end is an error.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes: bytes.get(at..).unwrap_or_default(), at }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Where the next byte stands in the program.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The next bytes as a cursor of their own.
    pub(crate) fn part(&mut self, length: usize) -> Result<Self, Malformed> {
        let at = self.at;
        Ok(Self { bytes: self.take(length)?, at })
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (head, rest) = self.bytes.split_at_checked(length).ok_or(Malformed::Short { at: self.at })?;
        self.bytes = rest;
        self.at = self.at.saturating_add(length);
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let at = self.at;
        self.take(N)?.try_into().map_err(|_| Malformed::Short { at })
    }

    /// A big-endian number of up to four bytes.
    pub(crate) fn number<const N: usize>(&mut self) -> Result<u32, Malformed> {
        let at = self.at;
        let mut word = [0; 4];
        let tail = word.last_chunk_mut::<N>().ok_or(Malformed::Short { at })?;
        *tail = self.array()?;
        Ok(u32::from_be_bytes(word))
    }

    pub(crate) fn size<const N: usize>(&mut self) -> Result<usize, Malformed> {
        let at = self.at;
        usize::try_from(self.number::<N>()?).map_err(|_| Malformed::Short { at })
    }
}

/// Reads the whole program.
pub(crate) fn read(program: &[u8]) -> Result<Raw, Malformed> {
    let mut header = Cursor::new(program, 0);
    if header.array::<2>()? != [0, FORMAT] {
        return Err(Malformed::Header { at: 0 });
    }
    let semantics = Semantics::ALL.get(header.size::<1>()?).copied().ok_or(Malformed::Header { at: 2 })?;
    let bits = header.number::<1>()?;
    if bits > MAX_BITS {
        return Err(Malformed::Header { at: 3 });
    }
    header.take(4)?;
    let limits = header.size::<1>()?;
    if limits > 32 {
        return Err(Malformed::Header { at: 8 });
    }
    let mut raw = Raw { semantics, expiry: header.number::<4>()?, ..Raw::default() };
    let role = |header: &mut Cursor<'_>| match header.size::<3>()? {
        0 => Ok(None),
        at => list(program, at).map(Some),
    };
    (raw.announcers, raw.cancellers) = (role(&mut header)?, role(&mut header)?);
    let rules = header.size::<2>()?;
    if rules.saturating_mul(ENTRY) > program.len() {
        return Err(Malformed::Header { at: 19 });
    }
    raw.rules.resize_with(rules, RawRule::default);
    let sets = header.size::<1>()?;
    let mut table = Cursor::new(program, header.size::<3>()?);
    for _ in 0..sets {
        let members = list(program, table.size::<3>()?)?;
        let [at_least] = table.array()?;
        table.take(2)?;
        raw.attesters.push((members, at_least));
    }
    raw.guardians = role(&mut header)?;
    let (messages_at, count) = (header.size::<3>()?, header.size::<1>()?);
    raw.messages = messages::read(program, messages_at, count)?;

    let mut cursor = Cursor::new(program, HEADER);
    for _ in 0..limits {
        raw.limits.push(limit(&mut cursor)?);
    }
    let directory_at = HEADER.saturating_add(LIMIT.saturating_mul(limits));
    let entries_at = directory_at.saturating_add(buckets(bits).saturating_add(1).saturating_mul(3));
    let mut last = Cursor::new(program, entries_at.saturating_sub(3));
    let entries_end = last.size::<3>()?;
    let length = entries_end.checked_sub(entries_at).ok_or(Malformed::Directory)?;
    if !length.is_multiple_of(ENTRY) {
        return Err(Malformed::Directory);
    }
    let entries = Cursor::new(program, entries_at).take(length)?;
    for entry in entries.chunks_exact(ENTRY) {
        read_entry(program, entry, &mut raw)?;
    }
    Ok(raw)
}

fn limit(cursor: &mut Cursor<'_>) -> Result<RawLimit, Malformed> {
    let at = cursor.at;
    let id = cursor.take(32)?;
    let end = id.iter().position(|byte| *byte == 0).unwrap_or(id.len());
    let id = id.get(..end).and_then(|id| std::str::from_utf8(id).ok()).ok_or(Malformed::Limit { at })?.to_owned();
    let cap = U256::from_be_slice(cursor.take(24)?);
    let window = cursor.number::<1>()?;
    let [flags] = cursor.array()?;
    let lane = cursor.number::<4>()?;
    cursor.take(2)?;
    let asset = Address::from(cursor.array::<20>()?);
    let window = u8::try_from(window).map_err(|_| Malformed::Limit { at })?;
    let (everywhere, meters) = (flags & EVERYWHERE != 0, flags & METERS != 0);
    let scope = (flags & !METERS).checked_shr(2).unwrap_or(0);
    Ok(RawLimit { id, cap, window, everywhere, meters, scope, lane, asset: (flags & COUNT == 0).then_some(asset) })
}

fn read_entry(program: &[u8], entry: &[u8], raw: &mut Raw) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(entry, 0);
    let [tag] = cursor.array()?;
    let subject = Address::from(cursor.array::<20>()?);
    let key = Key { tag, subject, selector: cursor.array()? };
    let index = cursor.size::<2>()?;
    let (offset, length) = (cursor.size::<3>()?, cursor.size::<2>()?);
    if key.kind() == 0 {
        // Another standard is none that the document has a word for.
        raw.tokens.insert(subject, u8::try_from(length).unwrap_or(0));
        return Ok(());
    }
    let context = Context { program, limits: &raw.limits };
    let rule = raw.rules.get_mut(index).ok_or(Malformed::Entry { rule: index })?;
    let is_first = rule.keys.is_empty();
    rule.keys.push(key);
    if is_first {
        let mut body = Cursor::new(program, offset).part(length)?;
        [rule.outcome] = body.array()?;
        let limits = body.size::<1>()?;
        rule.delay = body.number::<4>()?;
        rule.limits = body.take(limits)?.to_vec();
        if rule.outcome & OBLIGATIONS != 0 {
            let size = body.size::<2>()?;
            rule.asked = context.asked(body.part(size)?)?;
        }
        rule.conditions = context.conditions(body, 0)?;
    }
    Ok(())
}

/// The list at this offset, without a name.
pub(crate) fn list(program: &[u8], at: usize) -> Result<List, Malformed> {
    let mut cursor = Cursor::new(program, at);
    let members = cursor.size::<2>()?;
    let [bits] = cursor.array()?;
    let named = |members| List { members, label: String::new(), path: Vec::new() };
    if bits == REGISTRY && members == 0 {
        return Ok(named(Roster::Registry(Address::from(cursor.array::<20>()?), cursor.array()?)));
    }
    let bits = u32::from(bits);
    if bits > MAX_BITS {
        return Err(Malformed::List { at });
    }
    if bits > 0 {
        cursor.take(buckets(bits).saturating_add(1).saturating_mul(2))?;
    }
    let all: BTreeSet<_> = (0..members).map(|_| Ok(Address::from(cursor.array::<20>()?))).collect::<Result<_, _>>()?;
    Ok(named(Roster::Addresses(all)))
}
