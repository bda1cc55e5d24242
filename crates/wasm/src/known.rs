//! What a question says of the chain.

use std::cell::RefCell;
use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_eval::{Missing, State};
use serde::{Deserialize, Serialize};

/// What is known of the chain; all else is unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The hook's storage: slot and word.
    #[serde(default)]
    pub words: BTreeMap<U256, U256>,
    /// EXTCODEHASHes; zero for an address without an account.
    #[serde(default)]
    pub code_hashes: BTreeMap<Address, B256>,
    /// What static calls by the hook return.
    #[serde(default)]
    pub answers: Vec<Answered>,
    /// How much native value addresses have, in wei.
    #[serde(default)]
    pub balances: BTreeMap<Address, U256>,
}

/// What a static call by the hook returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Whom it calls.
    pub target: Address,
    /// Calldata.
    pub data: Bytes,
    /// The gas it has.
    pub gas: u32,
    /// What comes back; null when it reverts or runs out of gas.
    pub output: Option<Bytes>,
}

/// One thing to read from the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// The hook's storage at this slot.
    Word(U256),
    /// The EXTCODEHASH of this address.
    CodeHash(Address),
    /// A static call by the hook.
    Call {
        /// Whom it calls.
        target: Address,
        /// Calldata.
        data: Bytes,
        /// The gas it has.
        gas: u32,
    },
    /// How much native value this address has.
    Balance(Address),
}

/// Known state while it is read: notes what was asked for in vain.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    known: &'a Known,
    unknown: RefCell<Option<Unknown>>,
}

impl Known {
    pub(crate) const fn reading(&self) -> Reading<'_> {
        Reading { known: self, unknown: RefCell::new(None) }
    }
}

impl Reading<'_> {
    pub(crate) fn unknown(self) -> Option<Unknown> {
        self.unknown.into_inner()
    }

    fn lacking<T>(&self, what: Unknown, missing: Missing) -> Result<T, Missing> {
        self.unknown.replace(Some(what));
        Err(missing)
    }
}

impl State for Reading<'_> {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        match self.known.words.get(&slot) {
            Some(word) => Ok(*word),
            None => self.lacking(Unknown::Word(slot), Missing::Word(slot)),
        }
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        match self.known.code_hashes.get(&address) {
            Some(hash) => Ok(*hash),
            None => self.lacking(Unknown::CodeHash(address), Missing::CodeHash(address)),
        }
    }

    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
        let same = |known: &&Answered| known.target == target && *known.data == *data && known.gas == gas;
        match self.known.answers.iter().find(same) {
            Some(known) => Ok(known.output.clone()),
            None => {
                let data = Bytes::copy_from_slice(data);
                self.lacking(Unknown::Call { target, data, gas }, Missing::StaticCall(target))
            }
        }
    }

    fn balance(&self, address: Address) -> Result<U256, Missing> {
        match self.known.balances.get(&address) {
            Some(balance) => Ok(*balance),
            None => self.lacking(Unknown::Balance(address), Missing::Balance(address)),
        }
    }
}
