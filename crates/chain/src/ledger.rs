//! What deploying, installing and reading need of a chain.

use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};

use crate::{Error, Result};

/// A chain to read and send on: a node, or one in this process.
pub trait Ledger {
    /// The chain's id.
    fn chain_id(&self) -> u64;

    /// The time, in seconds, that a call now runs at.
    ///
    /// # Errors
    /// When the node does not answer.
    fn now(&self) -> Result<u64>;

    /// Turns the clock forward: only chains made for tests and demonstrations can.
    ///
    /// # Errors
    /// When the chain cannot, or does not answer.
    fn advance(&mut self, seconds: u64) -> Result<()>;

    /// Native units held, in wei.
    ///
    /// # Errors
    /// When the node does not answer.
    fn balance(&self, who: Address) -> Result<U256>;

    /// Sets the native units held, in wei: only chains made for tests and demonstrations can.
    ///
    /// # Errors
    /// When the chain cannot, or does not answer.
    fn fund(&mut self, who: Address, wei: U256) -> Result<()>;

    /// The code at an address, empty if none; after block `at`, or as of now.
    ///
    /// # Errors
    /// When the node does not answer, or does not keep that state.
    fn code(&self, who: Address, at: Option<u64>) -> Result<Bytes>;

    /// A word of storage, after block `at`, or as of now.
    ///
    /// # Errors
    /// When the node does not answer, or does not keep that state.
    fn storage(&self, who: Address, slot: U256, at: Option<u64>) -> Result<U256>;

    /// Runs a call on the present state and drops what it changed. A revert is a result, not an error.
    ///
    /// # Errors
    /// When the node does not answer, or the call cannot run at all.
    fn call(&self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Called>;

    /// What a static call by `from` with this much gas returns, on the state after block `at`, or as of now; none
    /// when it reverts or runs out of gas. `from` has other code meanwhile, so nothing may call it back.
    ///
    /// # Errors
    /// When the node does not answer, or does not keep that state.
    fn static_call(&self, from: Address, to: Address, data: &[u8], gas: u32, at: Option<u64>) -> Result<Option<Bytes>>;

    /// Sends a transaction and waits for its block. One that reverts is sent all the same: it is how a
    /// denial shows on the chain. Who pays and wants to know first, calls first.
    ///
    /// # Errors
    /// When it gets into no block: no key, no funds, no answer. A revert is a result, not an error.
    fn send(&mut self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Receipt>;
}

/// What a call returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Whether it ran to its end.
    pub success: bool,
    /// What it returned, or reverted with.
    pub output: Bytes,
}

/// What a transaction did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whether it ran to its end.
    pub success: bool,
    /// What it reverted with, if it did. A chain does not keep what a transaction returns: of one that
    /// succeeded this may be empty.
    pub output: Bytes,
    /// Gas used, after refunds.
    pub gas_used: u64,
    /// The events, in order.
    pub logs: Vec<Log>,
    /// The number of its block.
    pub block: u64,
    /// The time of its block, in seconds.
    pub timestamp: u64,
}

impl Receipt {
    /// Insists on success.
    ///
    /// # Errors
    /// [`Error::Failed`], with the revert data.
    pub fn expect_success(self, what: &'static str) -> Result<Self> {
        if self.success { Ok(self) } else { Err(Error::Failed { what, output: self.output }) }
    }
}

/// Deploys through a CREATE2 proxy and returns the address. A contract that stands there already has come
/// from the same init code, and is left alone.
///
/// # Errors
/// [`Error::NoProxy`] when the chain lacks the proxy, [`Error::NotDeployed`] when no contract came of it.
pub fn create2(
    ledger: &mut dyn Ledger,
    from: Address,
    proxy: Address,
    salt: B256,
    init_code: &[u8],
) -> Result<Address> {
    let address = proxy.create2(salt, keccak256(init_code));
    if !ledger.code(address, None)?.is_empty() {
        return Ok(address);
    }
    if ledger.code(proxy, None)?.is_empty() {
        return Err(Error::NoProxy { proxy, chain_id: ledger.chain_id() });
    }
    ledger
        .send(from, proxy, U256::ZERO, [salt.as_slice(), init_code].concat().into())?
        .expect_success("the deployment")?;
    if ledger.code(address, None)?.is_empty() {
        return Err(Error::NotDeployed { address, why: "it is empty".to_owned() });
    }
    Ok(address)
}
