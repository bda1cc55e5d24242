//! Messages that an account signs, and what shows them.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, b256, keccak256};

use crate::domain_separator;
use crate::envelope::{MESSAGE_TYPEHASH, seal_as, split_off};

/// `keccak256("SafeMessage(bytes message)")`.
const SAFE_MESSAGE_TYPEHASH: B256 = b256!("60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbca");

/// Typed data in the parts that message rules look at (EIP-712).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SignedMessage {
    /// The domain separator.
    pub domain: B256,
    /// The hash of the type.
    pub type_hash: B256,
    /// The encoded data: whole words.
    pub encoded: Bytes,
}

/// What a signature given to the account's handler holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// What the Safe reads.
    pub owners: &'a [u8],
    /// What is said to be signed.
    pub message: SignedMessage,
}

impl SignedMessage {
    /// What the message's digest is the digest of: `0x1901 ‖ domain ‖ struct`.
    #[must_use]
    pub fn data(&self) -> Vec<u8> {
        let message = keccak256([self.type_hash.as_slice(), &self.encoded].concat());
        [&[0x19, 0x01], self.domain.as_slice(), message.as_slice()].concat()
    }

    /// What others ask the account about.
    #[must_use]
    pub fn digest(&self) -> B256 {
        keccak256(self.data())
    }

    /// Shows the message behind the owner signatures.
    #[must_use]
    pub fn show(&self, owners: &[u8]) -> Vec<u8> {
        let payload = [self.domain.as_slice(), self.type_hash.as_slice(), &self.encoded].concat();
        seal_as(owners, &payload, MESSAGE_TYPEHASH)
    }

    /// The message that a signature shows; none if it shows nothing, or nothing that EIP-712 encodes.
    #[must_use]
    pub fn shown(signature: &[u8]) -> Option<Shown<'_>> {
        let parts = split_off(signature, MESSAGE_TYPEHASH).ok()?;
        let payload = parts.payload.filter(|payload| payload.len().checked_rem(32) == Some(0))?;
        let (domain, rest) = payload.split_first_chunk::<32>()?;
        let (type_hash, encoded) = rest.split_first_chunk::<32>()?;
        let message =
            Self { domain: domain.into(), type_hash: type_hash.into(), encoded: Bytes::copy_from_slice(encoded) };
        Some(Shown { owners: parts.owners, message })
    }
}

/// What the account's owners sign the hash of, for a message of these bytes: `0x1901 ‖ domain ‖ SafeMessage`.
#[must_use]
pub fn safe_message(account: Address, chain_id: u64, message: &[u8]) -> Vec<u8> {
    let hash = keccak256([SAFE_MESSAGE_TYPEHASH, keccak256(message)].concat());
    [&[0x19, 0x01], domain_separator(account, chain_id).as_slice(), hash.as_slice()].concat()
}
