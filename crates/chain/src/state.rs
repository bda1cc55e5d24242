//! What the mirror reads, out of a ledger.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_eval::{Missing, State};

use crate::Ledger;

/// The storage of one hook, after a block or as of now, as the mirror reads it.
#[derive(Clone, Copy)]
pub struct LedgerState<'a> {
    ledger: &'a dyn Ledger,
    hook: Address,
    at: Option<u64>,
}

impl<'a> LedgerState<'a> {
    /// The storage of `hook` after block `at`; without a block, each read takes the newest.
    #[must_use]
    pub const fn new(ledger: &'a dyn Ledger, hook: Address, at: Option<u64>) -> Self {
        Self { ledger, hook, at }
    }
}

impl std::fmt::Debug for LedgerState<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerState").field("hook", &self.hook).field("at", &self.at).finish_non_exhaustive()
    }
}

/// An answer that does not come is missing, and the mirror decides nothing without it.
impl State for LedgerState<'_> {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        self.ledger.storage(self.hook, slot, self.at).map_err(|_| Missing::Word(slot))
    }

    /// Zero for an account without code, whether it exists or not: no MultiSend has either hash.
    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        let code = self.ledger.code(address, self.at).map_err(|_| Missing::CodeHash(address))?;
        Ok(if code.is_empty() { B256::ZERO } else { keccak256(code) })
    }

    /// With exactly the gas that the hook gives. What the hook or the target has touched before is cheaper on the
    /// chain than here, so a call that needs all of its gas may fail here only.
    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
        self.ledger.static_call(self.hook, target, data, gas, self.at).map_err(|_| Missing::StaticCall(target))
    }

    /// As of now; what it was after a block is not asked for.
    fn balance(&self, address: Address) -> Result<U256, Missing> {
        let now = self.at.is_none().then(|| self.ledger.balance(address));
        now.and_then(|balance| balance.ok()).ok_or(Missing::Balance(address))
    }
}
