//! Who really signed.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256};
use alloy_sol_types::SolCall;

use crate::abi::IsValidHash;
use crate::calls::{Calls, SIGNATURE_GAS, is_magic};
use crate::ecdsa;
use crate::{ApprovalEntry, AttestationItem, Binding, Proof};

/// Distinct addresses that were proved to have signed, ascending, zero not among them.
///
/// Only verification makes them.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Signers(Vec<Address>);

/// Why an entry does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Its deadline has passed.
    #[error("expired: it counted until {deadline}")]
    Expired {
        /// In seconds.
        deadline: u64,
    },
    /// Neither 27 nor 28.
    #[error("v is {v} instead of 27 or 28")]
    BadV {
        /// As written.
        v: u8,
    },
    /// The other of two signatures that would both be good.
    #[error("s is above half the order of the curve")]
    HighS,
    /// No key signs like this.
    #[error("nobody's signature")]
    NoSigner,
    /// The signer is not above the one before, so it may be counted twice.
    #[error("signer `{signer}` is not above the one before it")]
    Order {
        /// Who.
        signer: Address,
    },
    /// The contract did not say that the signature is its own.
    #[error("contract `{signer}` does not confirm the signature")]
    Refused {
        /// Which.
        signer: Address,
    },
    /// The chain knows of no such approval.
    #[error("`{signer}` has not approved on chain")]
    NotApproved {
        /// Who.
        signer: Address,
    },
}

/// Why material counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadMaterial<M> {
    /// What the chain holds or answers is not known, so neither is whether the material counts.
    #[error("part of the chain's state is not known")]
    Missing(M),
    /// An entry fails, and so does all of the material.
    #[error("entry {index}: {fault}")]
    Entry {
        /// The entry, counted from 0.
        index: usize,
        /// Why.
        fault: Fault,
    },
    /// The attestation's deadline has passed.
    #[error("the attestation expired: it counted until {deadline}")]
    Expired {
        /// In seconds.
        deadline: u64,
    },
}

/// Verifies the entries of a request's approvals at `now`, in seconds.
///
/// `on_chain` tells whether an address has approved the request on chain.
///
/// # Errors
/// The first entry that fails, or an answer that is missing.
pub fn verify_approvals<C: Calls>(
    calls: &C,
    binding: &Binding,
    entries: &[ApprovalEntry],
    now: u64,
    mut on_chain: impl FnMut(Address) -> Result<bool, C::Missing>,
) -> Result<Signers, BadMaterial<C::Missing>> {
    collect(entries, |signers, entry| match entry {
        ApprovalEntry::Signed { deadline, .. } if now > *deadline => Ok(Err(Fault::Expired { deadline: *deadline })),
        ApprovalEntry::Signed { deadline, proof } => {
            confirmed(calls, signers, proof, binding.approval_digest(*deadline))
        }
        ApprovalEntry::OnChain { signer } => match signers.next(*signer) {
            Ok(signer) => Ok(if on_chain(signer)? { Ok(signer) } else { Err(Fault::NotApproved { signer }) }),
            fault => Ok(fault),
        },
    })
}

/// Verifies the signatures under an attestation of these effects ([`crate::effects`]) at `now`, in seconds.
///
/// Says nothing about who may attest, nor whether the statement is well formed.
///
/// # Errors
/// A deadline that has passed, the first entry that fails, or an answer that is missing.
pub fn verify_attestation<C: Calls>(
    calls: &C,
    binding: &Binding,
    effects: B256,
    item: &AttestationItem,
    now: u64,
) -> Result<Signers, BadMaterial<C::Missing>> {
    if now > item.deadline {
        return Err(BadMaterial::Expired { deadline: item.deadline });
    }
    let digest = binding.attestation_digest(effects, item);
    collect(&item.proofs, |signers, proof| confirmed(calls, signers, proof, digest))
}

/// Who signed the entries, one by one; the first fault is everybody's.
fn collect<E, M>(
    entries: &[E],
    verify: impl FnMut(&Signers, &E) -> Result<Result<Address, Fault>, M>,
) -> Result<Signers, BadMaterial<M>> {
    let mut verify = verify;
    let mut signers = Signers::default();
    for (index, entry) in entries.iter().enumerate() {
        match verify(&signers, entry).map_err(BadMaterial::Missing)? {
            Ok(signer) => signers.0.push(signer),
            Err(fault) => return Err(BadMaterial::Entry { index, fault }),
        }
    }
    Ok(signers)
}

fn confirmed<C: Calls>(
    calls: &C,
    signers: &Signers,
    proof: &Proof,
    digest: B256,
) -> Result<Result<Address, Fault>, C::Missing> {
    match proof {
        Proof::Ecdsa { r, s, v } => {
            let signer = strict(digest, *v, *r, *s).and_then(|signer| signers.next(signer));
            Ok(signer)
        }
        Proof::Contract { signer, signature } => {
            let signer = match signers.next(*signer) {
                Ok(signer) => signer,
                fault => return Ok(fault),
            };
            let call = IsValidHash { hash: digest, signature: signature.clone() };
            let answer = calls.static_call(signer, &call.abi_encode(), SIGNATURE_GAS)?;
            let yes = is_magic(answer.as_ref(), IsValidHash::SELECTOR);
            Ok(if yes { Ok(signer) } else { Err(Fault::Refused { signer }) })
        }
    }
}

/// Recovers from the one form of a signature that counts.
fn strict(digest: B256, v: u8, r: B256, s: B256) -> Result<Address, Fault> {
    if v != 27 && v != 28 {
        return Err(Fault::BadV { v });
    }
    if !ecdsa::is_low(s) {
        return Err(Fault::HighS);
    }
    ecdsa::recover(digest, v, r, s).ok_or(Fault::NoSigner)
}

impl Signers {
    /// Ascending.
    #[must_use]
    pub fn as_slice(&self) -> &[Address] {
        &self.0
    }

    /// Whether this address signed.
    #[must_use]
    pub fn contains(&self, who: Address) -> bool {
        self.0.binary_search(&who).is_ok()
    }

    /// How many are members of a group, leaving out whom it excludes: the initiator, or the owners who signed.
    ///
    /// `is_member` is asked about each signer that is not excluded, in ascending order.
    ///
    /// # Errors
    /// The first that `is_member` gives.
    pub fn count_members<E>(
        &self,
        excluded: &[Address],
        mut is_member: impl FnMut(Address) -> Result<bool, E>,
    ) -> Result<usize, E> {
        let mut members = 0_usize;
        for signer in self.0.iter().filter(|signer| !excluded.contains(signer)) {
            members = members.saturating_add(usize::from(is_member(*signer)?));
        }
        Ok(members)
    }

    /// Whoever comes next must be above everybody before, and so not zero.
    pub(crate) fn next(&self, signer: Address) -> Result<Address, Fault> {
        let before = self.0.last().copied().unwrap_or_default();
        if signer > before { Ok(signer) } else { Err(Fault::Order { signer }) }
    }

    pub(crate) fn push(&mut self, signer: Address) {
        self.0.push(signer);
    }
}
