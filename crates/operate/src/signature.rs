//! Owner signatures as `execTransaction` takes them.
//!
//! One static part of 65 bytes for each owner, ascending, `r ‖ s ‖ v`: v 27 and 28 over the hash itself, 31 and 32 over
//! its `eth_sign` message, 1 for a hash that the owner approved on chain (or for the caller), 0 for a contract, whose
//! own signature then stands behind the static parts, at the offset in `s`.

use alloy_primitives::{Address, B256, Bytes, U256, eip191_hash_message};
use portcullis_attest as attest;

/// Bytes of a static part.
const STATIC_PART: usize = 65;
/// What is added to v where the hash was signed as an `eth_sign` message.
pub(crate) const ETH_SIGN: u8 = 4;

/// One owner's consent to one hash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnerSignature {
    /// Whose it is.
    pub owner: Address,
    /// How the owner consents.
    pub proof: Proof,
}

/// How an owner consents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Proof {
    /// By a key: v is 27 or 28, or 31 or 32 over the `eth_sign` message of the hash.
    Key([u8; STATIC_PART]),
    /// By `approveHash` on chain, or by being who calls `execTransaction`.
    Approved,
    /// By a contract (ERC-1271), which checks these bytes.
    Contract(Bytes),
}

impl OwnerSignature {
    /// Reads a key's signature over `hash`, and tells whose it is; none where it is nobody's.
    #[must_use]
    pub fn of_key(hash: B256, signature: [u8; STATIC_PART]) -> Option<Self> {
        let [scalars @ .., v] = &signature;
        let (r, s) = scalars.split_at(32);
        let (digest, v) = match *v {
            27 | 28 => (hash, *v),
            31 | 32 => (eip191_hash_message(hash), v.saturating_sub(ETH_SIGN)),
            _ => return None,
        };
        let owner = attest::recover(digest, v, B256::from_slice(r), B256::from_slice(s))?;
        Some(Self { owner, proof: Proof::Key(signature) })
    }

    /// The static part of an approval on chain.
    #[must_use]
    pub const fn approved(owner: Address) -> Self {
        Self { owner, proof: Proof::Approved }
    }

    /// What a contract checks.
    #[must_use]
    pub const fn of_contract(owner: Address, signature: Bytes) -> Self {
        Self { owner, proof: Proof::Contract(signature) }
    }
}

/// Signatures of different owners, in the order and form that the Safe wants.
#[must_use]
pub fn encode(signatures: &[OwnerSignature]) -> Bytes {
    let mut sorted: Vec<&OwnerSignature> = signatures.iter().collect();
    sorted.sort();
    sorted.dedup_by_key(|one| one.owner);
    let (mut fixed, mut behind) = (Vec::new(), Vec::new());
    let start = sorted.len().saturating_mul(STATIC_PART);
    for one in sorted {
        match &one.proof {
            Proof::Key(signature) => fixed.extend_from_slice(signature),
            Proof::Approved => {
                fixed.extend_from_slice(one.owner.into_word().as_slice());
                fixed.extend_from_slice(&[0; 32]);
                fixed.push(1);
            }
            Proof::Contract(signature) => {
                fixed.extend_from_slice(one.owner.into_word().as_slice());
                let offset = U256::from(start.saturating_add(behind.len()));
                fixed.extend_from_slice(&offset.to_be_bytes::<32>());
                fixed.push(0);
                behind.extend_from_slice(&U256::from(signature.len()).to_be_bytes::<32>());
                behind.extend_from_slice(signature);
            }
        }
    }
    fixed.extend_from_slice(&behind);
    fixed.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::keccak256;

    fn signed(key: u8, digest: B256) -> [u8; 65] {
        attest::sign(&B256::repeat_byte(key), digest).unwrap()
    }

    #[test]
    fn a_keys_signature_tells_its_owner_in_both_forms_and_nobody_in_any_other() {
        let hash = keccak256("hash");
        let owner = attest::signer(&B256::repeat_byte(7)).unwrap();
        let mut signature = signed(7, hash);
        assert_eq!(OwnerSignature::of_key(hash, signature).unwrap().owner, owner);
        assert_ne!(OwnerSignature::of_key(keccak256("other"), signature).map(|one| one.owner), Some(owner));
        for v in [0, 1, 2, 26, 29, 30, 33, 255] {
            signature[64] = v;
            assert_eq!(OwnerSignature::of_key(hash, signature), None, "v {v}");
        }
        let mut message = signed(7, eip191_hash_message(hash));
        message[64] += ETH_SIGN;
        assert_eq!(OwnerSignature::of_key(hash, message).unwrap().owner, owner);
    }

    #[test]
    fn owners_ascend_none_stands_twice_and_contracts_find_their_bytes() {
        let contract = |byte: u8, data: &'static [u8]| {
            OwnerSignature::of_contract(Address::repeat_byte(byte), Bytes::from_static(data))
        };
        let approved = OwnerSignature::approved(Address::repeat_byte(2));
        let encoded = encode(&[contract(3, b"abc"), approved.clone(), contract(1, b""), approved]);
        assert_eq!(encoded.len(), 3 * 65 + 32 + 32 + 3);
        let part = |n: usize| &encoded[n * 65..][..65];
        let offset = |n: usize| U256::from_be_slice(&part(n)[32..64]).to::<usize>();
        assert_eq!((part(0)[64], offset(0)), (0, 195));
        assert_eq!((part(1)[31], part(1)[64]), (2, 1));
        assert_eq!((part(2)[64], offset(2)), (0, 227));
        assert_eq!(&encoded[227..], [&[0; 31][..], &[3], b"abc"].concat());
    }
}
