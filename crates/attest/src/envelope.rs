//! Off-chain material behind the owner signatures: `[owner signatures][payload][uint256 length][bytes32 typeHash]`.

use alloc::vec::Vec;

use alloy_primitives::{B256, U256, b256};

use crate::MalformedMaterial;

/// The last word of signatures that carry material: `keccak256("PortcullisMaterial(bytes payload)")`.
pub const MATERIAL_TYPEHASH: B256 = b256!("f6aaed9ba5d4e9596b957650167d2eba5c7921c8543188d9ca2f1f7c628ce344");

/// The last word of a signature that shows the message: `keccak256("PortcullisMessage(bytes payload)")`.
pub const MESSAGE_TYPEHASH: B256 = b256!("d6f137b7de4ec7307b9e231862987a848f3a2ca136715e05d5bfd2d4ee0b2ded");

/// What a Safe's `signatures` argument holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What the Safe reads.
    pub owners: &'a [u8],
    /// The material; none without an envelope.
    pub payload: Option<&'a [u8]>,
}

/// Takes a Safe's `signatures` argument apart.
///
/// # Errors
/// [`MalformedMaterial::LongPayload`] when the payload is said to be longer than what precedes its length.
pub fn split(signatures: &[u8]) -> Result<Parts<'_>, MalformedMaterial> {
    split_off(signatures, MATERIAL_TYPEHASH)
}

/// The same, of an envelope of another type.
pub(crate) fn split_off(signatures: &[u8], of: B256) -> Result<Parts<'_>, MalformedMaterial> {
    let bare = Parts { owners: signatures, payload: None };
    let Some((rest, type_hash)) = signatures.split_last_chunk::<32>() else {
        return Ok(bare);
    };
    let Some((rest, length)) = rest.split_last_chunk::<32>() else {
        return Ok(bare);
    };
    if of != *type_hash {
        return Ok(bare);
    }
    let length = U256::from_be_bytes(*length);
    let long = || MalformedMaterial::LongPayload { length, available: rest.len() };
    let start = usize::try_from(length).ok().and_then(|length| rest.len().checked_sub(length)).ok_or_else(long)?;
    let (owners, payload) = rest.split_at_checked(start).ok_or_else(long)?;
    Ok(Parts { owners, payload: Some(payload) })
}

/// Puts a payload behind owner signatures.
#[must_use]
pub fn seal(owners: &[u8], payload: &[u8]) -> Vec<u8> {
    seal_as(owners, payload, MATERIAL_TYPEHASH)
}

pub(crate) fn seal_as(owners: &[u8], payload: &[u8], of: B256) -> Vec<u8> {
    let length = U256::from(payload.len()).to_be_bytes::<32>();
    [owners, payload, &length, of.as_slice()].concat()
}
