//! What the mirror reads, out of the chain.

use alloy_primitives::{Address, B256, U256};
use portcullis_eval::{Missing, State};

use crate::Embedded;

/// The storage of one hook on an embedded chain, as the mirror reads it. Nothing is ever missing here.
#[derive(Clone, Copy, Debug)]
pub struct HookState<'a> {
    chain: &'a Embedded,
    hook: Address,
}

impl Embedded {
    /// The storage of `hook` for the mirror.
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
}
