//! The whole program, taken apart before anything is decided. It must be sound everywhere, read or not, and its
//! index must find what is there; the plain evaluator declines any other.

mod conditions;

use alloy_primitives::{Address, U256};

use super::bytes::Reader;
use super::obligations::Ask;

/// A program without its index.
#[derive(Clone, Debug)]
pub(super) struct Program {
    pub(super) semantics: u8,
    pub(super) expiry: u64,
    pub(super) limits: Vec<Limit>,
    /// Token and standard.
    pub(super) declared: Vec<(Address, usize)>,
    /// In the order in which an effect meets them: by rule, then by class.
    pub(super) keys: Vec<Key>,
    /// A body for each key.
    pub(super) bodies: Vec<Body>,
    pub(super) messages: Vec<MessageRule>,
}

/// What may be signed.
#[derive(Clone, Debug)]
pub(super) struct MessageRule {
    /// Zero is any.
    pub(super) domain: U256,
    /// Zero is any.
    pub(super) kind: U256,
    pub(super) allows: bool,
    pub(super) trusted: bool,
    pub(super) signatures: u8,
    pub(super) signers: Option<(List, u8)>,
}

#[derive(Clone, Debug)]
pub(super) struct Limit {
    pub(super) id: U256,
    pub(super) cap: U256,
    pub(super) window: u8,
    pub(super) everywhere: bool,
    pub(super) count: bool,
    pub(super) meters: bool,
    pub(super) scope: u8,
    pub(super) lane_seconds: u64,
    pub(super) unit: U256,
    pub(super) exponent: u64,
    pub(super) asset: Address,
}

/// What an effect must be for a rule to be asked.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) rule: u16,
    pub(super) kind: u8,
    pub(super) subject: Subject,
    /// None is any, with or without calldata.
    pub(super) selector: Option<[u8; 4]>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Any,
    Account,
    Only(Address),
}

#[derive(Clone, Debug)]
pub(super) struct Body {
    pub(super) allows: bool,
    pub(super) for_modules: bool,
    pub(super) delay: u64,
    pub(super) limits: Vec<u8>,
    /// Channels that are told leave no trace in a verdict.
    pub(super) asks: Vec<Ask>,
    pub(super) conditions: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    Origin,
    Initiator,
    Recipient,
    Target,
    Asset,
}

#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) how: u8,
    pub(super) value: U256,
}

#[derive(Clone, Debug)]
pub(super) enum Condition {
    Listed(Who, List),
    AtLeast(U256),
    AtMost(U256),
    RecipientHasCode,
    Selectors(Vec<[u8; 4]>),
    Kinds(u8),
    Time {
        from: u64,
        to: u64,
    },
    Days(u8),
    Word {
        offset: usize,
        mask: U256,
        comparison: Comparison,
    },
    WordListed {
        offset: usize,
        list: List,
    },
    Call {
        target: Address,
        gas: u64,
        words: usize,
        index: usize,
        comparison: Comparison,
        data: Vec<u8>,
    },
    Fits(u8),
    /// What an attester set states of the rule with this place among those that ask it.
    Stated(Ask, usize),
    Any(Vec<Self>),
    All(Vec<Self>),
    NotAll(Vec<Self>),
}

#[derive(Clone, Debug)]
pub(super) enum List {
    Members(Vec<Address>),
    Registry(Address, [u8; 4]),
}

/// The program's bytes with what is needed to read lists in them.
struct Code<'a> {
    bytes: &'a [u8],
    multiplier: U256,
    limits: usize,
    /// How many attester sets, and where their table stands.
    sets: usize,
    table: usize,
}

fn bucket(value: U256, multiplier: U256, bits: usize) -> Option<usize> {
    if bits == 0 {
        return Some(0);
    }
    usize::try_from(value.wrapping_mul(multiplier) >> (256 - bits)).ok()
}

/// None for a program that is not sound from end to end.
pub(super) fn parse(bytes: &[u8]) -> Option<Program> {
    let mut header = Reader(bytes.get(..64)?);
    let start = header.take(2)?;
    let semantics = header.byte()?;
    let bits = header.number(1)?;
    let classes = header.number(4)?;
    let limit_count = header.number(1)?;
    let expiry = header.number(4)?;
    header.take(8)?;
    let (sets, table) = (header.number(1)?, header.number(3)?);
    header.take(3)?;
    let (messages_at, message_count) = (header.number(3)?, header.number(1)?);
    let multiplier = header.value(32)?;
    if start != [0, 1] || semantics > 2 || bits > 15 || limit_count > 32 || sets > 16 {
        return None;
    }
    let code = Code { bytes, multiplier, limits: limit_count, sets, table };
    let mut rest = Reader(bytes.get(64..)?);
    let limits = (0..limit_count).map(|_| limit(&mut rest)).collect::<Option<Vec<_>>>()?;

    let bucket_count = 1_usize << bits;
    let offsets = (0..=bucket_count).map(|_| rest.number(3)).collect::<Option<Vec<_>>>()?;
    if *offsets.first()? < bytes.len() - rest.0.len() {
        return None;
    }
    let mut found = Vec::new();
    let mut declared = Vec::new();
    let mut classes_seen = 0;
    for (i, (from, to)) in offsets.iter().zip(offsets.iter().skip(1)).enumerate() {
        let entries = bytes.get(*from..*to)?;
        if entries.len() % 32 != 0 || !entries.chunks(32).is_sorted() {
            return None;
        }
        for entry in entries.chunks(32) {
            if bucket(U256::try_from_be_slice(entry.get(..25)?)?, multiplier, bits)? != i {
                return None;
            }
            let mut entry = Reader(entry);
            let kind = entry.byte()?;
            let (subject, selector) = (entry.address()?, entry.selector()?);
            let (rule, offset, length) = (entry.number(2)?, entry.number(3)?, entry.number(2)?);
            if kind == 0 {
                let sound = selector == [0; 4] && (1..=3).contains(&length);
                declared.push(sound.then_some((subject, length))?);
                continue;
            }
            let (key, class) = key(kind, subject, selector, u16::try_from(rule).ok()?)?;
            classes_seen |= 1 << (4 * usize::from(key.kind) + class);
            found.push((rule, class, key, code.body(offset, length)?));
        }
    }
    if classes_seen != classes {
        return None;
    }
    found.sort_by_key(|(rule, class, ..)| (*rule, *class));
    let (keys, bodies) = found.into_iter().map(|(_, _, key, body)| (key, body)).unzip();
    let expiry = u64::try_from(expiry).ok()?;
    let messages = code.messages(messages_at, message_count)?;
    Some(Program { semantics, expiry, limits, declared, keys, bodies, messages })
}

fn limit(rest: &mut Reader<'_>) -> Option<Limit> {
    let (id, cap) = (rest.value(32)?, rest.value(24)?);
    let (window, flags) = (rest.byte()?, rest.byte()?);
    let (lane_seconds, exponent) = (rest.number(4)?, rest.number(1)?);
    rest.byte()?;
    let asset = rest.address()?;
    // A limit that meters is everywhere, and nothing besides.
    let meters = flags == 16 + 1;
    if window > 4 || flags > 11 && !meters || exponent > 57 {
        return None;
    }
    let unit = U256::from(10).pow(U256::from(exponent));
    if window == 4 && (lane_seconds == 0 || cap / unit > U256::from(8_000_000)) {
        return None;
    }
    Some(Limit {
        id,
        cap,
        window,
        everywhere: flags & 1 != 0,
        count: flags & 2 != 0,
        meters,
        scope: if meters { 0 } else { flags >> 2 },
        lane_seconds: u64::try_from(lane_seconds).ok()?,
        unit,
        exponent: u64::try_from(exponent).ok()?,
        asset,
    })
}

fn key(kind: u8, subject: Address, selector: [u8; 4], rule: u16) -> Option<(Key, usize)> {
    let (any_subject, any_selector, account) = (kind & 0x80 != 0, kind & 0x40 != 0, kind & 0x20 != 0);
    let sound = kind & 0x10 == 0
        && (1..=6).contains(&(kind & 0x0f))
        && !(any_subject && account)
        && (subject.is_zero() || !(any_subject || account))
        && (selector == [0; 4] || !any_selector);
    let key = Key {
        rule,
        kind: kind & 0x0f,
        subject: match (any_subject, account) {
            (true, _) => Subject::Any,
            (_, true) => Subject::Account,
            _ => Subject::Only(subject),
        },
        selector: (!any_selector).then_some(selector),
    };
    sound.then_some((key, 2 * usize::from(any_subject) + usize::from(any_selector)))
}

impl Code<'_> {
    fn body(&self, offset: usize, length: usize) -> Option<Body> {
        let mut body = Reader(self.bytes.get(offset..offset.checked_add(length)?)?);
        let outcome = body.byte()?;
        let n = body.number(1)?;
        let delay = u64::try_from(body.number(4)?).ok()?;
        let limits = body.take(n)?.to_vec();
        if outcome > 7 || limits.iter().any(|index| usize::from(*index) >= self.limits) {
            return None;
        }
        let mut asks = Vec::new();
        if outcome & 4 != 0 {
            let size = body.number(2)?;
            let mut rest = Reader(body.take(size)?);
            while !rest.0.is_empty() {
                asks.extend(self.ask(&mut rest)?);
            }
        }
        let conditions = self.conditions(body.0, 0)?;
        Some(Body { allows: outcome & 1 != 0, for_modules: outcome & 2 != 0, delay, limits, asks, conditions })
    }

    /// Something asked for; nothing of a channel that is told.
    fn ask(&self, rest: &mut Reader<'_>) -> Option<Option<Ask>> {
        let op = rest.byte()?;
        let listed = |rest: &mut Reader<'_>| {
            let at = Reader(rest.0).number(3)?;
            Some((at, self.list(rest)?))
        };
        let ask = match op {
            1 => {
                let (at, list) = listed(rest)?;
                let (n, flags) = (rest.byte()?, rest.byte()?);
                (flags <= 3).then_some(Ask::Approvals { at, list, n, flags })?
            }
            2 => Ask::Signatures(rest.byte()?),
            3 => {
                let (at, list) = listed(rest)?;
                Ask::Signers { at, list, n: rest.byte()? }
            }
            4 => {
                let set = rest.byte()?;
                self.attesters(set)?
            }
            5 => return rest.take(32).map(|_| None),
            _ => return None,
        };
        (ask.need() > 0).then_some(Some(ask))
    }

    /// An attester set of the table.
    fn attesters(&self, set: u8) -> Option<Ask> {
        if usize::from(set) >= self.sets || self.table == 0 {
            return None;
        }
        let mut record = Reader(self.bytes.get(self.table + 6 * usize::from(set)..)?);
        let (list, m) = (self.list(&mut record)?, record.byte()?);
        let rules = record.number(2)?;
        (m > 0).then_some(Ask::Attestation { set, list, m, rules })
    }

    fn messages(&self, at: usize, count: usize) -> Option<Vec<MessageRule>> {
        if (at == 0) != (count == 0) {
            return None;
        }
        let mut table = Reader(self.bytes.get(at..)?);
        let record = |_| {
            let (domain, kind) = (table.value(32)?, table.value(32)?);
            let (outcome, signatures) = (table.byte()?, table.byte()?);
            let mut place = Reader(table.take(3)?);
            let (at_least, zero) = (table.byte()?, table.number(2)?);
            let named = place.0 != [0; 3];
            let sound = outcome < 4 && zero == 0 && named == (at_least > 0);
            let bare = signatures == 0 && !named && outcome == 0;
            if !sound || outcome & 1 == 0 && !bare {
                return None;
            }
            let signers = if named { Some((self.list(&mut place)?, at_least)) } else { None };
            Some(MessageRule { domain, kind, allows: outcome & 1 == 1, trusted: outcome > 1, signatures, signers })
        };
        (0..count).map(record).collect()
    }

    fn list(&self, rest: &mut Reader<'_>) -> Option<List> {
        let mut list = Reader(self.bytes.get(rest.number(3)?..)?);
        let (n, bits) = (list.number(2)?, list.number(1)?);
        if bits == 255 {
            return (n == 0).then_some(List::Registry(list.address()?, list.selector()?));
        }
        if n == 0 || bits > 15 {
            return None;
        }
        let counts = match bits {
            0 => vec![0, n],
            _ => (0..=1_usize << bits).map(|_| list.number(2)).collect::<Option<Vec<_>>>()?,
        };
        let members = (0..n).map(|_| list.address()).collect::<Option<Vec<_>>>()?;
        if *counts.first()? != 0 || *counts.last()? != n || !counts.is_sorted() {
            return None;
        }
        for (i, (from, to)) in counts.iter().zip(counts.iter().skip(1)).enumerate() {
            for member in members.get(*from..*to)? {
                if bucket(super::bytes::word(*member), self.multiplier, bits)? != i {
                    return None;
                }
            }
        }
        Some(List::Members(members))
    }
}

/// A number with its length, 1 to 32, in front.
fn value(rest: &mut Reader<'_>) -> Option<U256> {
    let length = rest.number(1)?;
    if (1..=32).contains(&length) { rest.value(length) } else { None }
}
