//! What approvers, attesters and owners sign, and what it proves; pure.
//!
//! A rule may ask for more than conditions: members' approvals, an attester set's statement, owner signatures above
//! the account's threshold. The material travels behind the owner signatures of a Safe transaction and is untrusted.
//! This crate names the request ([`SafeTransaction::hash`], [`module_request`]), builds what is signed ([`Binding`]),
//! writes and reads the envelope ([`seal`], [`split`], [`Material`]), and tells who really signed
//! ([`verify_approvals`], [`verify_attestation`], [`verify_owners`]), as `docs/program.md` has it.
//! Whatever a contract has to be asked goes through [`Calls`].
//!
//! ```
//! use alloy_primitives::{Address, B256, Bytes};
//! use portcullis_attest::{
//!     ApprovalEntry, Binding, Calls, Material, Proof, SafeTransaction, seal, sign, signer, split, verify_approvals,
//! };
//!
//! /// A chain on which no contract answers.
//! struct Nobody;
//!
//! impl Calls for Nobody {
//!     type Missing = std::convert::Infallible;
//!
//!     fn static_call(&self, _: Address, _: &[u8], _: u32) -> Result<Option<Bytes>, Self::Missing> {
//!         Ok(None)
//!     }
//! }
//!
//! // An approver consents to a Safe transaction, under one program, for an hour.
//! let account = Address::repeat_byte(0xac);
//! let request = SafeTransaction { to: Address::repeat_byte(0x70), ..SafeTransaction::default() }.hash(account, 1);
//! let (hook, program) = (Address::repeat_byte(0x40), B256::repeat_byte(0x50));
//! let binding = Binding { chain_id: 1, hook, account, request, program, epoch: 0 };
//! let (now, deadline) = (1_800_000_000, 1_800_003_600);
//! let key = B256::repeat_byte(7);
//! let proof = Proof::ecdsa(sign(&key, binding.approval_digest(deadline)).ok_or("no such key")?);
//!
//! // The approval rides behind the owner signatures.
//! let entry = ApprovalEntry::Signed { deadline, proof };
//! let material = Material { approvals: Some(vec![entry]), ..Material::default() };
//! let owner_signatures = [0; 65];
//! let signatures = seal(&owner_signatures, &material.encode()?);
//!
//! // The verifier takes it apart and learns who signed.
//! let parts = split(&signatures)?;
//! assert_eq!(parts.owners, owner_signatures);
//! let material = Material::parse(parts.payload.ok_or("no envelope")?)?;
//! let approvals = material.approvals.ok_or("no approvals")?;
//! let signers = verify_approvals(&Nobody, &binding, &approvals, now, |_| Ok(false))?;
//! assert_eq!(signers.as_slice(), [signer(&key).ok_or("no such key")?]);
//!
//! // For another request it proves nothing about that signer.
//! let other = Binding { request: B256::ZERO, ..binding };
//! let strangers = verify_approvals(&Nobody, &other, &approvals, now, |_| Ok(false))?;
//! assert!(!strangers.contains(signers.as_slice()[0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless,
    clippy::cast_precision_loss
)]

extern crate alloc;

mod abi;
mod calls;
mod ecdsa;
mod envelope;
mod material;
mod message;
mod owners;
mod posting;
mod reader;
mod request;
mod safe;
mod signed_message;
mod statement;
mod verify;

pub use calls::{ACCOUNT_GAS, Calls, SIGNATURE_GAS};
pub use ecdsa::{recover, sign, signer};
pub use envelope::{MATERIAL_TYPEHASH, MESSAGE_TYPEHASH, Parts, seal, split};
pub use material::{ApprovalEntry, AttestationItem, MalformedMaterial, Material, Proof, Unencodable};
pub use message::{Approval, Attestation, Binding};
pub use owners::{BadOwners, OwnerFault, OwnerRequest, Signing, signed_on_chain, verify_owners, verify_owners_of};
pub use posting::Posting;
pub use request::{Action, EffectRecord, content, effects, module_request};
pub use safe::{SAFE_DOMAIN_TYPEHASH, SAFE_TX_TYPEHASH, SafeTransaction, SafeVersion, domain_separator};
pub use signed_message::{Shown, SignedMessage, safe_message};
pub use statement::{Statement, StatementError, Truth};
pub use verify::{BadMaterial, Fault, Signers, verify_approvals, verify_attestation};
