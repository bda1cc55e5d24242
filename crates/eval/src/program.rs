//! Reads program bytes, `docs/program.md` §1. Only what is read is checked, and every read is.

use core::slice::ChunksExact;

use alloy_primitives::{Address, B256, U256, keccak256};

/// A read did not fit, or what it found is against the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

const HEADER: usize = 64;
const LIMIT: usize = 84;
const ENTRY: usize = 32;
/// A record of the attester table.
const ATTESTERS: usize = 6;
/// A record of the message table.
const MESSAGE: usize = 72;
const MAX_BITS: u8 = 15;
const MAX_LIMITS: u8 = 32;
const MAX_ATTESTER_SETS: u8 = 16;
/// Marks a list that is kept by another contract.
const REGISTRY: u8 = 255;

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
    key: [u8; 25],
    bucket: ChunksExact<'a, u8>,
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let key = self.key.as_slice();
        let found = self.bucket.find_map(|entry| entry.strip_prefix(key))?;
        let &[r0, r1, o0, o1, o2, l0, l1] = found else {
            return None;
        };
        Some(Entry {
            rule: u16::from_be_bytes([r0, r1]),
            offset: u32::from_be_bytes([0, o0, o1, o2]),
            length: u16::from_be_bytes([l0, l1]),
        })
    }
}

/// Whether an address is in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Membership {
    Known(bool),
    /// A registry knows, asked by this selector.
    Ask(Address, [u8; 4]),
}

/// A list, by where its parts are.
enum List {
    Registry(Address, [u8; 4]),
    Inline { n: usize, bits: u8, counts: usize, members: usize },
}

/// A limit as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) id: B256,
    pub(crate) cap: U256,
    pub(crate) window: u8,
    pub(crate) flags: u8,
    pub(crate) lane_seconds: u32,
    pub(crate) exponent: u8,
    pub(crate) asset: Address,
}

impl Limit {
    /// Whether it counts requests, not an asset.
    pub(crate) const fn counts(&self) -> bool {
        self.flags & 2 == 2
    }

    /// 0 account, 1 recipient, 2 initiator.
    pub(crate) const fn scope(&self) -> u8 {
        self.flags >> 2
    }

    /// Checks window and flags.
    pub(crate) fn checked(self) -> Result<Self, Malformed> {
        if self.window > 4 || self.flags > 11 { Err(Malformed) } else { Ok(self) }
    }
}

/// Who attests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attesters {
    /// Where the list of them is.
    pub(crate) list: u32,
    /// How many of them an attestation needs.
    pub(crate) need: u8,
    /// How many rules ask them what the chain cannot see.
    pub(crate) hybrid_rules: u16,
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

/// What an account may sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MessageRule {
    pub(crate) index: u16,
    pub(crate) allows: bool,
    /// Whether it allows although a limit is everywhere.
    pub(crate) trusted: bool,
    /// Owner signatures; 0 for the threshold.
    pub(crate) signatures: u8,
    /// The list of which so many owners must sign.
    pub(crate) signers: Option<(u32, u8)>,
}

/// A key of the index: kind with flags, subject, selector.
pub(crate) fn key(kind: u8, subject: Address, selector: [u8; 4]) -> [u8; 25] {
    let mut key = [0; 25];
    let [first, rest @ ..] = &mut key;
    *first = kind;
    let (middle, last) = rest.split_at_mut(20);
    middle.copy_from_slice(subject.as_slice());
    last.copy_from_slice(&selector);
    key
}

fn offset(at: u32) -> Result<usize, Malformed> {
    usize::try_from(at).map_err(|_| Malformed)
}

pub(crate) fn number(bytes: &[u8]) -> U256 {
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

/// What stands behind domain and type.
fn message_terms(index: u8, terms: &[u8]) -> Result<MessageRule, Malformed> {
    let &[outcome @ 0..=3, signatures, l0, l1, l2, signers, 0, 0] = terms else {
        return Err(Malformed);
    };
    let list = u32::from_be_bytes([0, l0, l1, l2]);
    let allows = outcome & 1 == 1;
    let is_bare = outcome == 0 && signatures == 0 && list == 0 && signers == 0;
    if (list == 0) != (signers == 0) || !allows && !is_bare {
        return Err(Malformed);
    }
    Ok(MessageRule {
        index: u16::from(index),
        allows,
        trusted: outcome & 2 == 2,
        signatures,
        signers: (signers > 0).then_some((list, signers)),
    })
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

    /// A number of three bytes.
    fn read_offset(&self, at: usize) -> Result<usize, Malformed> {
        let [a, b, c] = self.array(at)?;
        offset(u32::from_be_bytes([0, a, b, c]))
    }

    /// A number of two bytes.
    fn read_count(&self, at: usize) -> Result<usize, Malformed> {
        self.array(at).map(u16::from_be_bytes).map(usize::from)
    }

    /// The entries of a key. Its bucket must be whole.
    pub(crate) fn look_up(&self, key: [u8; 25]) -> Result<Entries<'a>, Malformed> {
        let at = bucket(number(&key), self.multiplier, self.bits).saturating_mul(3).saturating_add(self.directory);
        let start = self.read_offset(at)?;
        let end = self.read_offset(at.saturating_add(3))?;
        let length = end.checked_sub(start).ok_or(Malformed)?;
        if start < self.entries || length.checked_rem(ENTRY) != Some(0) {
            return Err(Malformed);
        }
        Ok(Entries { key, bucket: self.read(start, length)?.chunks_exact(ENTRY) })
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

    /// A limit; the index must be below the count.
    pub(crate) fn limit(&self, index: u8) -> Result<Limit, Malformed> {
        if index >= self.limits {
            return Err(Malformed);
        }
        let at = LIMIT.saturating_mul(usize::from(index)).saturating_add(HEADER);
        let bytes = self.read(at, LIMIT)?;
        let (id, rest) = bytes.split_at_checked(32).ok_or(Malformed)?;
        let (cap, rest) = rest.split_at_checked(24).ok_or(Malformed)?;
        let (terms, asset) = rest.split_at_checked(8).ok_or(Malformed)?;
        let &[window, flags, s0, s1, s2, s3, exponent, _] = terms else {
            return Err(Malformed);
        };
        Ok(Limit {
            id: B256::try_from(id).map_err(|_| Malformed)?,
            cap: number(cap),
            window,
            flags,
            lane_seconds: u32::from_be_bytes([s0, s1, s2, s3]),
            exponent,
            asset: Address::try_from(asset).map_err(|_| Malformed)?,
        })
    }

    /// The limits that meet every outflow of the asset: bit `i` for the limit with index `i`.
    pub(crate) fn everywhere(&self, asset: Address) -> Result<u32, Malformed> {
        let mut found = 0;
        for index in 0..self.limits {
            let limit = self.limit(index)?;
            if limit.flags & 1 == 1 && limit.asset == asset {
                found |= 1_u32 << index;
            }
        }
        Ok(found)
    }

    /// Whether any limit meets every outflow of its asset.
    pub(crate) fn has_everywhere(&self) -> Result<bool, Malformed> {
        for index in 0..self.limits {
            if self.limit(index)?.flags & 1 == 1 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The first message rule that fits domain and type.
    pub(crate) fn message_rule(&self, domain: B256, type_hash: B256) -> Result<Option<MessageRule>, Malformed> {
        if (self.messages == 0) != (self.message_count == 0) {
            return Err(Malformed);
        }
        let fits = |wanted: &[u8], value: B256| wanted == B256::ZERO || wanted == value;
        for index in 0..self.message_count {
            let at = usize::from(index).saturating_mul(MESSAGE).saturating_add(offset(self.messages)?);
            let record = self.read(at, MESSAGE)?;
            let (wanted_domain, rest) = record.split_at_checked(32).ok_or(Malformed)?;
            let (wanted_type, terms) = rest.split_at_checked(32).ok_or(Malformed)?;
            if fits(wanted_domain, domain) && fits(wanted_type, type_hash) {
                return message_terms(index, terms).map(Some);
            }
        }
        Ok(None)
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

    /// Whether effects have to be hashed for attesters.
    pub(crate) const fn has_attesters(&self) -> bool {
        self.attester_sets > 0
    }

    pub(crate) const fn attester_sets(&self) -> u8 {
        self.attester_sets
    }

    /// An attester set; it must be in the table.
    pub(crate) fn attesters(&self, set: u8) -> Result<Attesters, Malformed> {
        if set >= self.attester_sets || self.attesters == 0 {
            return Err(Malformed);
        }
        let at = usize::from(set).saturating_mul(ATTESTERS).saturating_add(offset(self.attesters)?);
        let &[a, b, c, need, h0, h1] = self.read(at, ATTESTERS)? else {
            return Err(Malformed);
        };
        if need == 0 {
            return Err(Malformed);
        }
        let hybrid_rules = u16::from_be_bytes([h0, h1]);
        Ok(Attesters { list: u32::from_be_bytes([0, a, b, c]), need, hybrid_rules })
    }

    fn list(&self, at: u32) -> Result<List, Malformed> {
        let at = offset(at)?;
        let [n0, n1, bits] = self.array(at)?;
        let n = usize::from(u16::from_be_bytes([n0, n1]));
        let behind = at.saturating_add(3);
        if bits == REGISTRY && n == 0 {
            let (registry, selector) = self.read(behind, 24)?.split_first_chunk::<20>().ok_or(Malformed)?;
            return Ok(List::Registry(registry.into(), selector.try_into().map_err(|_| Malformed)?));
        }
        if n == 0 || bits > MAX_BITS {
            return Err(Malformed);
        }
        let counts = if bits == 0 { 0 } else { (1_usize << bits).saturating_add(1) };
        Ok(List::Inline { n, bits, counts: behind, members: counts.saturating_mul(2).saturating_add(behind) })
    }

    /// The members of the list at the offset, as they stand; none where a registry keeps them.
    pub(crate) fn members(&self, at: u32) -> Result<Option<impl Iterator<Item = Address> + use<'a>>, Malformed> {
        let List::Inline { n, members, .. } = self.list(at)? else {
            return Ok(None);
        };
        let members = self.read(members, n.saturating_mul(20))?;
        Ok(Some(members.chunks_exact(20).map(Address::from_slice)))
    }

    /// Whether the address is in the list at the offset.
    pub(crate) fn list_contains(&self, at: u32, address: Address) -> Result<Membership, Malformed> {
        let (n, bits, counts, members) = match self.list(at)? {
            List::Registry(registry, selector) => return Ok(Membership::Ask(registry, selector)),
            List::Inline { n, bits, counts, members } => (n, bits, counts, members),
        };
        let (from, to) = if bits == 0 {
            (0, n)
        } else {
            let value = number(address.as_slice());
            let at = bucket(value, self.multiplier, bits).saturating_mul(2).saturating_add(counts);
            (self.read_count(at)?, self.read_count(at.saturating_add(2))?)
        };
        if to > n {
            return Err(Malformed);
        }
        let length = to.checked_sub(from).ok_or(Malformed)?.saturating_mul(20);
        let found = self.read(members.saturating_add(from.saturating_mul(20)), length)?;
        Ok(Membership::Known(found.as_chunks().0.contains(&address.0.0)))
    }
}
