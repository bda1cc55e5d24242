//! Lists of addresses.

use alloy_primitives::Address;

use super::{MAX_BITS, Malformed, Program, bucket, number, offset};

/// Marks a list that is kept by another contract.
const REGISTRY: u8 = 255;

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

impl<'a> Program<'a> {
    #[inline]
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
    #[inline]
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
