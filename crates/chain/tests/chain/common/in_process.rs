use alloy_primitives::{Address, Bytes, U256};
use portcullis_chain::{Called, Error, Ledger, Receipt, Result};
use portcullis_simulate::{Embedded, Snapshot};

/// An embedded chain, with its past.
pub(crate) struct InProcess {
    pub(crate) chain: Embedded,
    past: Vec<(u64, Snapshot)>,
}

impl InProcess {
    pub(crate) fn new() -> Self {
        Self { chain: Embedded::new(31_337), past: Vec::new() }
    }

    fn after(&self, at: Option<u64>) -> Result<Embedded> {
        let Some(block) = at else {
            return Ok(self.chain.clone());
        };
        let (_, snapshot) = self.past.iter().find(|(past, _)| *past == block).ok_or(Error::NoHistory { block })?;
        let mut chain = self.chain.clone();
        chain.revert(snapshot);
        Ok(chain)
    }
}

fn invalid(from: Address) -> impl Fn(portcullis_simulate::Invalid) -> Error {
    move |error| Error::Invalid { from, why: error.to_string() }
}

impl Ledger for InProcess {
    fn chain_id(&self) -> u64 {
        self.chain.chain_id()
    }

    fn now(&self) -> Result<u64> {
        Ok(self.chain.now())
    }

    fn advance(&mut self, seconds: u64) -> Result<()> {
        self.chain.advance(seconds);
        Ok(())
    }

    fn balance(&self, who: Address) -> Result<U256> {
        Ok(self.chain.balance(who))
    }

    fn fund(&mut self, who: Address, wei: U256) -> Result<()> {
        self.chain.set_balance(who, wei);
        Ok(())
    }

    fn code(&self, who: Address, at: Option<u64>) -> Result<Bytes> {
        Ok(self.after(at)?.code(who))
    }

    fn storage(&self, who: Address, slot: U256, at: Option<u64>) -> Result<U256> {
        Ok(self.after(at)?.storage(who, slot))
    }

    fn call(&self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Called> {
        let called = self.chain.call(from, to, value, data).map_err(invalid(from))?;
        Ok(Called { success: called.success, output: called.output })
    }

    fn static_call(&self, from: Address, to: Address, data: &[u8], gas: u32, at: Option<u64>) -> Result<Option<Bytes>> {
        self.after(at)?.static_call(from, to, data, gas).map_err(invalid(from))
    }

    fn send(&mut self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Receipt> {
        self.past.push((self.chain.block() - 1, self.chain.snapshot()));
        let done = self.chain.send(from, to, value, data).map_err(invalid(from))?;
        Ok(Receipt {
            success: done.success,
            output: done.output,
            gas_used: done.gas_used,
            logs: done.logs,
            block: done.block,
            timestamp: done.timestamp,
        })
    }
}
