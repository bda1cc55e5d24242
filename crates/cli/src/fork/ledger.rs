//! A fork as a ledger: what is read of a node's present is read of the pinned block here.

use alloy_primitives::{Address, Bytes, U256};
use portcullis_chain::{Called, Error, Ledger, Receipt, Result};
use portcullis_simulate::{Fork, Invalid, Unread};

/// A fork, which keeps no past. What cannot be read is an error here, and fails the whole simulation besides.
#[derive(Clone, Debug)]
pub(crate) struct Forked<'a>(pub(crate) Fork<'a>);

const fn present(at: Option<u64>) -> Result<()> {
    match at {
        None => Ok(()),
        Some(block) => Err(Error::NoHistory { block }),
    }
}

fn unread(error: &Unread) -> Error {
    Error::Refused { method: "the state", why: error.to_string() }
}

fn refused(from: Address, invalid: &Invalid) -> Error {
    Error::Invalid { from, why: invalid.to_string() }
}

impl Ledger for Forked<'_> {
    fn chain_id(&self) -> u64 {
        self.0.pinned().chain_id()
    }

    fn now(&self) -> Result<u64> {
        Ok(self.0.now())
    }

    fn advance(&mut self, seconds: u64) -> Result<()> {
        self.0.advance(seconds);
        Ok(())
    }

    fn balance(&self, who: Address) -> Result<U256> {
        self.0.balance(who).map_err(|error| unread(&error))
    }

    fn fund(&mut self, _: Address, _: U256) -> Result<()> {
        Err(Error::Refused { method: "other funds", why: "a fork has those of its chain".to_owned() })
    }

    fn code(&self, who: Address, at: Option<u64>) -> Result<Bytes> {
        present(at)?;
        self.0.code(who).map_err(|error| unread(&error))
    }

    fn storage(&self, who: Address, slot: U256, at: Option<u64>) -> Result<U256> {
        present(at)?;
        self.0.storage(who, slot).map_err(|error| unread(&error))
    }

    fn call(&self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Called> {
        let called = self.0.call(from, to, value, data).map_err(|invalid| refused(from, &invalid))?;
        Ok(Called { success: called.success, output: called.output })
    }

    fn static_call(&self, from: Address, to: Address, data: &[u8], gas: u32, at: Option<u64>) -> Result<Option<Bytes>> {
        present(at)?;
        self.0.static_call(from, to, data, gas).map_err(|invalid| refused(from, &invalid))
    }

    fn send(&mut self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Receipt> {
        let receipt = self.0.send(from, to, value, data).map_err(|invalid| refused(from, &invalid))?.receipt;
        Ok(Receipt {
            success: receipt.success,
            output: receipt.output,
            gas_used: receipt.gas_used,
            logs: receipt.logs,
            block: receipt.block,
            timestamp: receipt.timestamp,
        })
    }
}
