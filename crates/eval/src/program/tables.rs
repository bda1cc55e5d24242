//! The tables of limits, attester sets and message rules.

use alloy_primitives::{Address, B256, U256};

use super::{HEADER, LIMIT, Malformed, Program, number, offset};

/// A record of the attester table.
const ATTESTERS: usize = 6;
/// A record of the message table.
const MESSAGE: usize = 72;

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
        self.flags >> 2 & 3
    }

    /// Whether it meters the account's balance.
    pub(crate) const fn meters(&self) -> bool {
        self.flags & 16 == 16
    }

    /// Checks window and flags. What meters is everywhere, and nothing besides.
    pub(crate) fn checked(self) -> Result<Self, Malformed> {
        if self.window > 4 || !matches!(self.flags, 0..=11 | 17) { Err(Malformed) } else { Ok(self) }
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

impl Program<'_> {
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
}
