//! The embedded chain as a ledger: what is deployed and sent on a node is deployed and sent here.

use alloy_primitives::{Address, Bytes, U256};
use portcullis_chain::{Called, Error, Ledger, Receipt, Result};
use portcullis_simulate::{Embedded, Invalid};

/// An embedded chain, which keeps no past.
#[derive(Debug)]
pub(crate) struct Local(pub(crate) Embedded);

const fn present(at: Option<u64>) -> Result<()> {
    match at {
        None => Ok(()),
        Some(block) => Err(Error::NoHistory { block }),
    }
}

fn refused(from: Address, invalid: &Invalid) -> Error {
    Error::Invalid { from, why: invalid.to_string() }
}

impl Ledger for Local {
    fn chain_id(&self) -> u64 {
        self.0.chain_id()
    }

    fn now(&self) -> Result<u64> {
        Ok(self.0.now())
    }

    fn advance(&mut self, seconds: u64) -> Result<()> {
        self.0.advance(seconds);
        Ok(())
    }

    fn balance(&self, who: Address) -> Result<U256> {
        Ok(self.0.balance(who))
    }

    fn fund(&mut self, who: Address, wei: U256) -> Result<()> {
        self.0.set_balance(who, wei);
        Ok(())
    }

    fn code(&self, who: Address, at: Option<u64>) -> Result<Bytes> {
        present(at).map(|()| self.0.code(who))
    }

    fn storage(&self, who: Address, slot: U256, at: Option<u64>) -> Result<U256> {
        present(at).map(|()| self.0.storage(who, slot))
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
        let receipt = self.0.send(from, to, value, data).map_err(|invalid| refused(from, &invalid))?;
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
