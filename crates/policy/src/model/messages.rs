//! What the account may sign.

use std::borrow::Cow;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::Eip712Domain;

use super::Signers;
use crate::text::typed_data::MessageType;

/// One message rule. The first that fits domain and type decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRule {
    /// Unique among message rules.
    pub id: String,
    /// Whom the message is for.
    pub domain: Named<Domain>,
    /// What kind of message it is.
    pub kind: Named<MessageType>,
    /// What is decided.
    pub then: MessageOutcome,
}

/// Anything, a hash, or what the hash is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named<T> {
    /// Anything.
    Any,
    /// What has this hash.
    Hash(B256),
    /// This.
    Written(T),
}

/// An EIP-712 domain; it has the fields that are there, of which there is at least one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Domain {
    /// The name of the application.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The chain's id.
    pub chain: Option<u64>,
    /// The contract that verifies.
    pub contract: Option<Address>,
    /// A word that tells domains apart which nothing else does.
    pub salt: Option<B256>,
}

/// What a message rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageOutcome {
    /// The account does not sign.
    Deny,
    /// The account signs, if the owners did.
    Allow {
        /// Whether also while a limit is everywhere.
        trusted: bool,
        /// How many owners must sign; none for the account's threshold.
        signatures: Option<u8>,
        /// Owners who must be among those who sign.
        signers: Option<Signers>,
    },
}

impl Domain {
    /// The domain separator.
    #[must_use]
    pub fn separator(&self) -> B256 {
        Eip712Domain {
            name: self.name.clone().map(Cow::Owned),
            version: self.version.clone().map(Cow::Owned),
            chain_id: self.chain.map(U256::from),
            verifying_contract: self.contract,
            salt: self.salt,
        }
        .separator()
    }
}

impl<T> Named<T> {
    /// The hash, as the program has it: zero for anything.
    pub(crate) fn hash(&self, of: impl Fn(&T) -> B256) -> B256 {
        match self {
            Self::Any => B256::ZERO,
            Self::Hash(hash) => *hash,
            Self::Written(what) => of(what),
        }
    }

    /// What the hash of a program stands for.
    pub(crate) const fn from_hash(hash: B256) -> Self {
        if hash.const_is_zero() { Self::Any } else { Self::Hash(hash) }
    }
}
