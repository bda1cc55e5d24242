//! Lists as bytes: each distinct content once, in order of first use.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};

use super::{
    condition::{Condition, List, Roster},
    emit::{Overflow, sum, times, u16, u24},
    index::{address_bucket, buckets, least_bits},
    source_map::ListName,
};

/// The longest list without buckets, and members per bucket of longer ones.
const FLAT_LIST: usize = 24;
const LIST_LOAD: usize = 8;
/// Stands in place of bits where the list is a registry.
pub(crate) const REGISTRY: u8 = 255;

/// Lists where they stand in the program.
pub(crate) struct Lists {
    start: usize,
    multiplier: U256,
    placed: BTreeMap<Roster, [u8; 3]>,
    pub(crate) bytes: Vec<u8>,
    pub(crate) names: Vec<ListName>,
}

impl Lists {
    pub(crate) const fn new(start: usize, multiplier: U256) -> Self {
        Self { start, multiplier, placed: BTreeMap::new(), bytes: Vec::new(), names: Vec::new() }
    }

    /// The list's offset, where it is put when it is new.
    pub(crate) fn place(&mut self, list: &List) -> Result<[u8; 3], Overflow> {
        if let Some(offset) = self.placed.get(&list.members) {
            return Ok(*offset);
        }
        let at = sum(&[self.start, self.bytes.len()]);
        let offset = u24(at)?;
        self.names.push(ListName { offset: u32::try_from(at).map_err(|_| Overflow)?, name: list.label.clone() });
        self.bytes.extend(bytes(&list.members, self.multiplier)?);
        self.placed.insert(list.members.clone(), offset);
        Ok(offset)
    }
}

fn bytes(members: &Roster, multiplier: U256) -> Result<Vec<u8>, Overflow> {
    match members {
        Roster::Registry(registry, selector) => {
            let mut bytes = vec![0, 0, REGISTRY];
            bytes.extend(registry);
            bytes.extend(selector);
            Ok(bytes)
        }
        Roster::Addresses(members) => inline(members, multiplier),
    }
}

fn inline(members: &BTreeSet<Address>, multiplier: U256) -> Result<Vec<u8>, Overflow> {
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

fn list_bits(members: usize) -> u32 {
    if members <= FLAT_LIST { 0 } else { least_bits(members, LIST_LOAD) }
}

/// How many bytes a list takes.
pub(crate) fn list_size(members: &Roster) -> usize {
    let Roster::Addresses(members) = members else { return 27 };
    let bits = list_bits(members.len());
    let counts = if bits == 0 { 0 } else { times(2, sum(&[buckets(bits), 1])) };
    sum(&[3, counts, times(20, members.len())])
}

/// Every list that conditions name, in order.
pub(crate) fn lists_of<'a>(conditions: &'a [Condition], found: &mut Vec<&'a List>) {
    for condition in conditions {
        match condition {
            Condition::Member(_, list) | Condition::WordIn(_, list) => found.push(list),
            Condition::Any(inner) | Condition::All(inner) | Condition::Not(inner) => lists_of(inner, found),
            _ => {}
        }
    }
}
