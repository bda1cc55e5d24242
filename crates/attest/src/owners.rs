//! Owner signatures, as the Safe itself reads them.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256, eip191_hash_message, keccak256};
use alloy_sol_types::SolCall;

use crate::abi::{
    IsValidData, IsValidHash, VERSIONCall, approvedHashesCall, getThresholdCall, isOwnerCall, signedMessagesCall,
};
use crate::calls::{ACCOUNT_GAS, Calls, SIGNATURE_GAS, is_magic};
use crate::{SafeTransaction, SafeVersion, Signers, ecdsa};

const STATIC_PART: usize = 65;

/// The head of the Safe's list of owners, which is none.
const SENTINEL: Address = Address::with_last_byte(1);

/// An owner transaction that is about to execute.
#[derive(Clone, Copy, Debug)]
pub struct OwnerRequest<'a> {
    /// The chain's id.
    pub chain_id: u64,
    /// The Safe.
    pub account: Address,
    /// Who calls `execTransaction`.
    pub initiator: Address,
    /// With the nonce that it was signed for.
    pub transaction: &'a SafeTransaction,
}

/// What owners sign.
#[derive(Clone, Copy, Debug)]
pub struct Signing<'a> {
    /// The Safe.
    pub account: Address,
    /// Who counts as an owner by asking for it; nobody for a message.
    pub initiator: Address,
    /// What they sign the hash of.
    pub preimage: &'a [u8],
}

/// Why owner signatures are not enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadOwners<M> {
    /// An answer of the chain is not known, so neither is whether they are enough.
    #[error("part of the chain's state is not known")]
    Missing(M),
    /// `VERSION()` answers something else than 1.3.0, 1.4.1 or 1.5.0.
    #[error("the account's version is unknown")]
    UnknownVersion,
    /// The account's threshold cannot be read.
    #[error("the account does not tell its threshold")]
    NoThreshold,
    /// Fewer static parts than needed.
    #[error("{size} bytes of signatures hold fewer than {need}")]
    TooFew {
        /// In bytes.
        size: usize,
        /// How many.
        need: U256,
    },
    /// A signature does not count, and so do not the others.
    #[error("signature {index}: {fault}")]
    Signature {
        /// Counted from 0.
        index: usize,
        /// Why.
        fault: OwnerFault,
    },
}

/// Why an owner's signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnerFault {
    /// Nobody's signature.
    #[error("nobody's signature")]
    NoSigner,
    /// A contract signature starts in the static parts or ends behind the signatures.
    #[error("the contract signature lies out of bounds")]
    OutOfBounds,
    /// The contract did not say that the signature is its own.
    #[error("contract `{owner}` does not confirm the signature")]
    Refused {
        /// Which.
        owner: Address,
    },
    /// Neither is the owner the initiator nor has it approved the hash.
    #[error("`{owner}` has not approved the hash")]
    NotApproved {
        /// Who.
        owner: Address,
    },
    /// The signer is not above the one before.
    #[error("`{owner}` is not above the owner before it")]
    Order {
        /// Who.
        owner: Address,
    },
    /// The account does not call it an owner.
    #[error("`{owner}` is not an owner")]
    NotAnOwner {
        /// Who.
        owner: Address,
    },
}

/// Verifies as many owner signatures as the account's threshold or `at_least`, whichever is more, and tells whose
/// they are.
///
/// `signatures` is the owner part alone ([`crate::split`]).
///
/// # Errors
/// [`BadOwners`], by the first thing that is wrong.
pub fn verify_owners<C: Calls>(
    calls: &C,
    request: &OwnerRequest<'_>,
    signatures: &[u8],
    at_least: u64,
) -> Result<Signers, BadOwners<C::Missing>> {
    let preimage = request.transaction.encode(request.account, request.chain_id);
    let signing = Signing { account: request.account, initiator: request.initiator, preimage: &preimage };
    verify_owners_of(calls, &signing, signatures, at_least)
}

/// The same of anything that the account's owners sign.
///
/// # Errors
/// As [`verify_owners`].
pub fn verify_owners_of<C: Calls>(
    calls: &C,
    signing: &Signing<'_>,
    signatures: &[u8],
    at_least: u64,
) -> Result<Signers, BadOwners<C::Missing>> {
    let safe = Account { calls, address: signing.account };
    let version = safe.version().map_err(BadOwners::Missing)?.ok_or(BadOwners::UnknownVersion)?;
    let threshold = safe.threshold().map_err(BadOwners::Missing)?.ok_or(BadOwners::NoThreshold)?;
    let need = threshold.max(U256::from(at_least));
    let size = usize::try_from(need).ok().and_then(|need| need.checked_mul(STATIC_PART));
    let (statics, _) = size
        .and_then(|size| signatures.split_at_checked(size))
        .ok_or(BadOwners::TooFew { size: signatures.len(), need })?;

    let reading = Reading {
        safe,
        version,
        initiator: signing.initiator,
        hash: keccak256(signing.preimage),
        data: signing.preimage.to_vec(),
        signatures,
        statics: statics.len(),
    };
    let mut signers = Signers::default();
    let (parts, _) = statics.as_chunks::<STATIC_PART>();
    for (index, part) in parts.iter().enumerate() {
        match reading.owner(&signers, part).map_err(BadOwners::Missing)? {
            Ok(owner) => signers.push(owner),
            Err(fault) => return Err(BadOwners::Signature { index, fault }),
        }
    }
    Ok(signers)
}

/// Whether the account has signed the message with this hash on chain.
///
/// # Errors
/// [`Calls::Missing`] when it is not known.
pub fn signed_on_chain<C: Calls>(calls: &C, account: Address, hash: B256) -> Result<bool, C::Missing> {
    let signed = Account { calls, address: account }.number(&signedMessagesCall { hash }.abi_encode())?;
    Ok(signed.is_some_and(|signed| !signed.is_zero()))
}

/// What the account says of itself. An answer that is not exactly what its type asks for is none.
struct Account<'a, C> {
    calls: &'a C,
    address: Address,
}

impl<C: Calls> Account<'_, C> {
    fn ask(&self, data: &[u8]) -> Result<Option<Bytes>, C::Missing> {
        self.calls.static_call(self.address, data, ACCOUNT_GAS)
    }

    fn number(&self, data: &[u8]) -> Result<Option<U256>, C::Missing> {
        let answer = self.ask(data)?;
        Ok(answer.and_then(|answer| <[u8; 32]>::try_from(answer.as_ref()).ok()).map(U256::from_be_bytes))
    }

    fn version(&self) -> Result<Option<SafeVersion>, C::Missing> {
        let answer = self.ask(&VERSIONCall {}.abi_encode())?;
        Ok(answer.and_then(|answer| SafeVersion::from_answer(&answer)))
    }

    fn threshold(&self) -> Result<Option<U256>, C::Missing> {
        self.number(&getThresholdCall {}.abi_encode())
    }

    fn is_owner(&self, owner: Address) -> Result<bool, C::Missing> {
        Ok(self.number(&isOwnerCall { owner }.abi_encode())? == Some(U256::ONE))
    }

    fn has_approved(&self, owner: Address, hash: B256) -> Result<bool, C::Missing> {
        let approved = self.number(&approvedHashesCall { owner, hash }.abi_encode())?;
        Ok(approved.is_some_and(|approved| !approved.is_zero()))
    }
}

struct Reading<'a, C> {
    safe: Account<'a, C>,
    version: SafeVersion,
    initiator: Address,
    hash: B256,
    data: Vec<u8>,
    signatures: &'a [u8],
    /// Bytes of the static parts.
    statics: usize,
}

impl<C: Calls> Reading<'_, C> {
    fn owner(&self, before: &Signers, part: &[u8; STATIC_PART]) -> Result<Result<Address, OwnerFault>, C::Missing> {
        let (r, s, v) = ecdsa::parts(part);
        // As the Safe does, which ignores the twelve bytes above the address.
        let named = Address::from_word(r);
        let signer = match v {
            0 => self.contract(named, s)?,
            1 if named == self.initiator || self.safe.has_approved(named, self.hash)? => Ok(named),
            1 => Err(OwnerFault::NotApproved { owner: named }),
            2..=30 => ecdsa::recover(self.hash, v, r, s).ok_or(OwnerFault::NoSigner),
            // At least 31, so this does not go below 27.
            _ => ecdsa::recover(eip191_hash_message(self.hash), v.saturating_sub(4), r, s).ok_or(OwnerFault::NoSigner),
        };
        let owner = match signer {
            Ok(owner) => owner,
            fault => return Ok(fault),
        };
        if before.next(owner).is_err() {
            return Ok(Err(OwnerFault::Order { owner }));
        }
        if owner == SENTINEL || !self.safe.is_owner(owner)? {
            return Ok(Err(OwnerFault::NotAnOwner { owner }));
        }
        Ok(Ok(owner))
    }

    /// Asks the contract, whose signature starts at the offset.
    fn contract(&self, owner: Address, offset: B256) -> Result<Result<Address, OwnerFault>, C::Missing> {
        let Some(signature) = self.dynamic_part(offset.into()) else {
            return Ok(Err(OwnerFault::OutOfBounds));
        };
        let signature = Bytes::copy_from_slice(signature);
        let (call, magic) = if self.version < SafeVersion::V1_5_0 {
            let call = IsValidData { data: self.data.clone().into(), signature };
            (call.abi_encode(), IsValidData::SELECTOR)
        } else {
            let call = IsValidHash { hash: self.hash, signature };
            (call.abi_encode(), IsValidHash::SELECTOR)
        };
        let answer = self.safe.calls.static_call(owner, &call, SIGNATURE_GAS)?;
        Ok(if is_magic(answer.as_ref(), magic) { Ok(owner) } else { Err(OwnerFault::Refused { owner }) })
    }

    /// `length:32 ‖ bytes`, behind the static parts and whole.
    fn dynamic_part(&self, offset: U256) -> Option<&[u8]> {
        let offset = usize::try_from(offset).ok().filter(|offset| *offset >= self.statics)?;
        let (length, rest) = self.signatures.get(offset..)?.split_first_chunk::<32>()?;
        rest.get(..usize::try_from(U256::from_be_bytes(*length)).ok()?)
    }
}
