//! What the mirror reads, out of the chain.

use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_eval::{Missing, State};

use crate::Embedded;

/// The chain as one hook sees it, for the mirror. Nothing is ever missing here.
#[derive(Clone, Copy, Debug)]
pub struct HookState<'a> {
    chain: &'a Embedded,
    hook: Address,
}

impl Embedded {
    /// What the mirror reads of `hook` and around it.
    #[must_use]
    pub const fn state(&self, hook: Address) -> HookState<'_> {
        HookState { chain: self, hook }
    }
}

impl State for HookState<'_> {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        Ok(self.chain.storage(self.hook, slot))
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        Ok(self.chain.code_hash(address))
    }

    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
        self.chain.static_call(self.hook, target, data, gas).map_err(|_| Missing::StaticCall(target))
    }

    fn balance(&self, address: Address) -> Result<U256, Missing> {
        Ok(self.chain.balance(address))
    }
}
