//! What a history tells of the chain besides requests.

use std::collections::HashMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_bindings::safe::{MULTI_SEND_CALL_ONLY_1_3_0, MULTI_SEND_CALL_ONLY_1_4_1, MULTI_SEND_CALL_ONLY_1_5_0};
use portcullis_eval::{CALL_ONLY_HASHES, MULTI_SENDS, Missing, State};

/// The chain, as far as it was told. It is the same whatever the policy.
#[derive(Clone, Debug)]
pub struct Facts {
    code_hashes: HashMap<Address, B256>,
    answers: HashMap<(Address, Bytes), Option<Bytes>>,
}

impl Default for Facts {
    /// Safe's own batch contracts, which are the same on every chain.
    fn default() -> Self {
        let call_only = [MULTI_SEND_CALL_ONLY_1_3_0, MULTI_SEND_CALL_ONLY_1_4_1, MULTI_SEND_CALL_ONLY_1_5_0];
        let hashes = CALL_ONLY_HASHES.into_iter().map(|(hash, _)| hash);
        let all = MULTI_SENDS.into_iter().map(|known| (known.address, known.code_hash));
        Self { code_hashes: call_only.into_iter().zip(hashes).chain(all).collect(), answers: HashMap::new() }
    }
}

impl Facts {
    /// From now on, this is the hash of the address's code: zero where nothing is.
    pub fn code(&mut self, address: Address, hash: B256) {
        self.code_hashes.insert(address, hash);
    }

    /// From now on, this is what the contract answers; none where it reverts.
    pub fn answer(&mut self, target: Address, data: Bytes, answer: Option<Bytes>) {
        self.answers.insert((target, data), answer);
    }
}

/// The hook's storage in one world, and the chain around it.
pub(crate) struct View<'a> {
    pub(crate) words: &'a HashMap<U256, U256>,
    pub(crate) facts: &'a Facts,
}

impl State for View<'_> {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        Ok(self.words.get(&slot).copied().unwrap_or_default())
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        self.facts.code_hashes.get(&address).copied().ok_or(Missing::CodeHash(address))
    }

    fn static_call(&self, target: Address, data: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
        let answer = self.facts.answers.get(&(target, Bytes::copy_from_slice(data)));
        answer.cloned().ok_or(Missing::StaticCall(target))
    }
}
