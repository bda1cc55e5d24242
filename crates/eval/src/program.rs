//! Reads program bytes, `docs/program.md` §1. Only what is read is checked, and every read is.

mod lists;
mod tables;

use core::slice::Iter;

use alloy_primitives::{Address, B256, U256, keccak256};

pub(crate) use lists::Membership;
pub(crate) use tables::{Limit, MessageRule};

/// A read did not fit, or what it found is against the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

const HEADER: usize = 64;
const LIMIT: usize = 84;
const ENTRY: usize = 32;
/// What an entry begins with.
const KEY: usize = 25;
const MAX_BITS: u8 = 15;
const MAX_LIMITS: u8 = 32;
const MAX_ATTESTER_SETS: u8 = 16;

/// How rules in scope of one effect combine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Semantics {
    FirstMatch,
    AllMustPass,
    AllowOverrides,
}

/// What a declared token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standard {
    Erc20,
    Erc721,
    Erc1155,
}

/// A program whose header holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program<'a> {
    code: &'a [u8],
    semantics: Semantics,
    bits: u8,
    classes: u32,
    limits: u8,
    expiry: u32,
    attester_sets: u8,
    attesters: u32,
    messages: u32,
    message_count: u8,
    directory: usize,
    entries: usize,
    multiplier: U256,
}

/// One entry of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) rule: u16,
    offset: u32,
    length: u16,
}

/// The entries of one key, in order of position.
#[derive(Clone, Debug)]
pub(crate) struct Entries<'a> {
    key: [u8; KEY],
    bucket: Iter<'a, [u8; ENTRY]>,
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let found = self.bucket.find(|entry| entry.first_chunk() == Some(&self.key))?;
        let [r0, r1, o0, o1, o2, l0, l1] = *found.last_chunk()?;
        Some(Entry {
            rule: u16::from_be_bytes([r0, r1]),
            offset: u32::from_be_bytes([0, o0, o1, o2]),
            length: u16::from_be_bytes([l0, l1]),
        })
    }
}

/// A rule's outcome and obligations; what is left of the body is its conditions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<'a> {
    pub(crate) allows: bool,
    pub(crate) modules: bool,
    pub(crate) delay: u32,
    pub(crate) limits: &'a [u8],
    /// What it asks for besides limits and delay.
    pub(crate) obligations: &'a [u8],
    pub(crate) conditions: &'a [u8],
}

/// A key of the index: kind with flags, subject, selector.
pub(crate) fn key(kind: u8, subject: Address, selector: [u8; 4]) -> [u8; KEY] {
    let mut key = [0; KEY];
    let [first, rest @ ..] = &mut key;
    *first = kind;
    let (middle, last) = rest.split_at_mut(20);
    middle.copy_from_slice(subject.as_slice());
    last.copy_from_slice(&selector);
    key
}

#[inline]
fn offset(at: u32) -> Result<usize, Malformed> {
    usize::try_from(at).map_err(|_| Malformed)
}

#[inline]
pub(crate) fn number(bytes: &[u8]) -> U256 {
    // Most are short, and quickly read byte by byte.
    if bytes.len() <= 8 {
        return U256::from(bytes.iter().fold(0_u64, |number, byte| number.wrapping_shl(8) | u64::from(*byte)));
    }
    // Callers pass at most 32 bytes.
    let mut word = [0; 32];
    let Some(tail) = 32_usize.checked_sub(bytes.len()).and_then(|from| word.get_mut(from..)) else {
        return U256::MAX;
    };
    tail.copy_from_slice(bytes);
    U256::from_be_bytes(word)
}

/// `(value · multiplier mod 2^256) >> (256 − bits)`, and 0 when `bits` is 0.
fn bucket(value: U256, multiplier: U256, bits: u8) -> usize {
    // At most 15 bits, so they stand in the highest limb; a shift by 64 leaves none.
    let [.., highest] = *value.wrapping_mul(multiplier).as_limbs();
    let bucket = highest.checked_shr(64_u32.saturating_sub(u32::from(bits))).unwrap_or(0);
    usize::try_from(bucket).unwrap_or(usize::MAX)
}

impl<'a> Program<'a> {
    /// Checks the header.
    pub(crate) fn open(code: &'a [u8]) -> Result<Self, Malformed> {
        let header = code.first_chunk::<HEADER>().ok_or(Malformed)?;
        let [0, 1, semantics, bits, c0, c1, c2, c3, limits, e0, e1, e2, e3, rest @ ..] = *header else {
            return Err(Malformed);
        };
        // Announcers, cancellers and the number of rules come first.
        let [_, _, _, _, _, _, _, _, sets, a0, a1, a2, _, _, _, m0, m1, m2, messages, ..] = rest;
        let semantics = match semantics {
            0 => Semantics::FirstMatch,
            1 => Semantics::AllMustPass,
            2 => Semantics::AllowOverrides,
            _ => return Err(Malformed),
        };
        if bits > MAX_BITS || limits > MAX_LIMITS || sets > MAX_ATTESTER_SETS {
            return Err(Malformed);
        }
        let directory = LIMIT.saturating_mul(usize::from(limits)).saturating_add(HEADER);
        let offsets = (1_usize << bits).saturating_add(1);
        let entries = directory.saturating_add(offsets.saturating_mul(3));
        if entries > code.len() {
            return Err(Malformed);
        }
        Ok(Self {
            code,
            semantics,
            bits,
            classes: u32::from_be_bytes([c0, c1, c2, c3]),
            limits,
            expiry: u32::from_be_bytes([e0, e1, e2, e3]),
            attester_sets: sets,
            attesters: u32::from_be_bytes([0, a0, a1, a2]),
            messages: u32::from_be_bytes([0, m0, m1, m2]),
            message_count: messages,
            directory,
            entries,
            multiplier: number(header.last_chunk::<32>().ok_or(Malformed)?),
        })
    }

    /// The hash of the code, which approvals and attestations bind to.
    pub(crate) fn version(&self) -> B256 {
        keccak256(self.code)
    }

    pub(crate) const fn semantics(&self) -> Semantics {
        self.semantics
    }

    /// Seconds for which an announcement lives.
    pub(crate) const fn announcement_expiry(&self) -> u32 {
        self.expiry
    }

    /// Whether the class exists for the kind.
    pub(crate) fn has_class(&self, kind: u8, class: u8) -> bool {
        let bit = u32::from(kind).saturating_mul(4).saturating_add(u32::from(class));
        self.classes.checked_shr(bit).unwrap_or(0) & 1 == 1
    }

    fn read(&self, offset: usize, length: usize) -> Result<&'a [u8], Malformed> {
        let end = offset.checked_add(length).ok_or(Malformed)?;
        self.code.get(offset..end).ok_or(Malformed)
    }

    fn array<const N: usize>(&self, offset: usize) -> Result<[u8; N], Malformed> {
        self.code.get(offset..).and_then(<[u8]>::first_chunk).copied().ok_or(Malformed)
    }

    /// A number of two bytes.
    fn read_count(&self, at: usize) -> Result<usize, Malformed> {
        self.array(at).map(u16::from_be_bytes).map(usize::from)
    }

    /// The entries of a key. Its bucket must be whole.
    #[inline]
    pub(crate) fn look_up(&self, key: [u8; KEY]) -> Result<Entries<'a>, Malformed> {
        let at = bucket(number(&key), self.multiplier, self.bits).saturating_mul(3).saturating_add(self.directory);
        let [s0, s1, s2, e0, e1, e2] = self.array(at)?;
        let start = offset(u32::from_be_bytes([0, s0, s1, s2]))?;
        let end = offset(u32::from_be_bytes([0, e0, e1, e2]))?;
        let (entries, rest) = self.code.get(start..end).ok_or(Malformed)?.as_chunks();
        if start < self.entries || !rest.is_empty() {
            return Err(Malformed);
        }
        Ok(Entries { key, bucket: entries.iter() })
    }

    /// The standard that the token is declared with, if it is.
    pub(crate) fn standard(&self, token: Address) -> Result<Option<Standard>, Malformed> {
        match self.look_up(key(0, token, [0; 4]))?.next().map(|entry| entry.length) {
            None => Ok(None),
            Some(1) => Ok(Some(Standard::Erc20)),
            Some(2) => Ok(Some(Standard::Erc721)),
            Some(3) => Ok(Some(Standard::Erc1155)),
            Some(_) => Err(Malformed),
        }
    }

    /// The body of a rule.
    pub(crate) fn body(&self, entry: &Entry) -> Result<Body<'a>, Malformed> {
        let bytes = self.read(offset(entry.offset)?, usize::from(entry.length))?;
        let (head, rest) = bytes.split_at_checked(6).ok_or(Malformed)?;
        let &[outcome, n, d0, d1, d2, d3] = head else {
            return Err(Malformed);
        };
        let (limits, rest) = rest.split_at_checked(usize::from(n)).ok_or(Malformed)?;
        if outcome > 7 {
            return Err(Malformed);
        }
        let (obligations, conditions) = if outcome & 4 == 4 {
            let (size, rest) = rest.split_first_chunk().ok_or(Malformed)?;
            rest.split_at_checked(usize::from(u16::from_be_bytes(*size))).ok_or(Malformed)?
        } else {
            rest.split_at(0)
        };
        Ok(Body {
            allows: outcome & 1 == 1,
            modules: outcome & 2 == 2,
            delay: u32::from_be_bytes([d0, d1, d2, d3]),
            limits,
            obligations,
            conditions,
        })
    }

    pub(crate) const fn limit_count(&self) -> u8 {
        self.limits
    }

    /// Whether effects have to be hashed for attesters.
    pub(crate) const fn has_attesters(&self) -> bool {
        self.attester_sets > 0
    }

    pub(crate) const fn attester_sets(&self) -> u8 {
        self.attester_sets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_whole_however_long_it_is() {
        let bytes: [u8; 33] = core::array::from_fn(|at| u8::try_from(at).unwrap_or(0) | 0x80);
        for length in 0..=32 {
            let bytes = bytes.get(..length).unwrap_or_default();
            assert_eq!(number(bytes), U256::from_be_slice(bytes), "{length} bytes");
        }
        assert_eq!(number(&bytes), U256::MAX);
    }
}
