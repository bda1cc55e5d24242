//! What approvers and attesters sign.

use alloc::borrow::Cow;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::{Eip712Domain, SolStruct};

pub use messages::{Approval, Attestation};

use crate::AttestationItem;

#[allow(missing_docs, reason = "the fields are explained on `Binding`, `ApprovalEntry` and `AttestationItem`")]
mod messages {
    alloy_sol_types::sol! {
        /// A group member's consent to a request, as EIP-712 data.
        #[derive(Debug, PartialEq, Eq)]
        struct Approval {
            address account;
            bytes32 request;
            bytes32 program;
            uint32 epoch;
            uint64 deadline;
        }

        /// An attester set's statement on a request, as EIP-712 data.
        #[derive(Debug, PartialEq, Eq)]
        struct Attestation {
            address account;
            bytes32 request;
            bytes32 effects;
            bytes32 program;
            uint32 epoch;
            uint8 set;
            bytes statement;
            bytes32 proposal;
            uint64 deadline;
        }
    }
}

/// What every approval and attestation of a request binds to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The chain's id.
    pub chain_id: u64,
    /// The hook that will verify.
    pub hook: Address,
    /// The account.
    pub account: Address,
    /// The Safe transaction hash, or the id of an opened module request.
    pub request: B256,
    /// The active program's version.
    pub program: B256,
    /// The account's epoch.
    pub epoch: u32,
}

impl Binding {
    /// The EIP-712 domain.
    #[must_use]
    pub fn domain(&self) -> Eip712Domain {
        Eip712Domain {
            name: Some(Cow::Borrowed("Portcullis")),
            version: Some(Cow::Borrowed("1")),
            chain_id: Some(U256::from(self.chain_id)),
            verifying_contract: Some(self.hook),
            salt: None,
        }
    }

    /// The message that approves until the deadline, in seconds.
    #[must_use]
    pub const fn approval(&self, deadline: u64) -> Approval {
        let Self { account, request, program, epoch, .. } = *self;
        Approval { account, request, program, epoch, deadline }
    }

    /// The message that makes the item's statement on these effects ([`crate::effects`]).
    #[must_use]
    pub fn attestation(&self, effects: B256, item: &AttestationItem) -> Attestation {
        let Self { account, request, program, epoch, .. } = *self;
        let AttestationItem { set, deadline, proposal, ref statement, .. } = *item;
        Attestation { account, request, effects, program, epoch, set, statement: statement.clone(), proposal, deadline }
    }

    /// What an approver signs.
    #[must_use]
    pub fn approval_digest(&self, deadline: u64) -> B256 {
        self.approval(deadline).eip712_signing_hash(&self.domain())
    }

    /// What every attester of the item's set signs.
    #[must_use]
    pub fn attestation_digest(&self, effects: B256, item: &AttestationItem) -> B256 {
        self.attestation(effects, item).eip712_signing_hash(&self.domain())
    }
}
