//! The chain itself.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use portcullis_bindings::{deployer, probe};
use revm::context::BlockEnv;
use revm::context::result::ResultAndState;
use revm::database::{CacheDB, EmptyDB};
use revm::state::{AccountInfo, Bytecode};
use revm::{Database, DatabaseCommit, DatabaseRef};

use crate::run::{Called, GAS_LIMIT, Receipt, Sent, Surroundings};

/// Seconds between two blocks.
pub const BLOCK_SECONDS: u64 = 12;

/// When a chain made by [`Embedded::new`] starts: Thursday, 1 January 2026, 00:00 UTC.
pub const GENESIS_TIME: u64 = 1_767_225_600;

/// An in-process chain. Gas costs nothing here (price and base fee are zero) but is counted in full.
#[derive(Clone, Debug)]
pub struct Embedded {
    db: CacheDB<EmptyDB>,
    chain_id: u64,
    block: u64,
    now: u64,
    /// What each transaction and call may use.
    gas: u64,
}

/// A state of the chain to return to, with its clock.
#[derive(Clone, Debug)]
pub struct Snapshot(Embedded);

/// The chain does not take the transaction.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// Such as a sender with too little to pay the value, or one that is a contract.
    #[error("the chain refuses the transaction from `{from}`: {why}")]
    Transaction {
        /// The sender.
        from: Address,
        /// In revm's words.
        why: String,
    },
    /// A static call did not run to its end.
    #[error("the static call of `{target}` is too large to run")]
    NoAnswer {
        /// Whom it calls.
        target: Address,
    },
    /// A CREATE2 proxy returned something else than an address.
    #[error("the deployment proxy `{proxy}` made no contract: output `{output}`")]
    NotDeployed {
        /// The proxy.
        proxy: Address,
        /// What it returned.
        output: Bytes,
    },
}

impl Embedded {
    /// A chain with both CREATE2 proxies ([`deployer`]) and nothing else.
    #[must_use]
    pub fn new(chain_id: u64) -> Self {
        let mut chain = Self { db: CacheDB::default(), chain_id, block: 1, now: GENESIS_TIME, gas: GAS_LIMIT };
        for proxy in [deployer::ARACHNID, deployer::SAFE_SINGLETON_FACTORY] {
            chain.set_code(proxy, Bytes::from_static(&deployer::CODE));
        }
        chain
    }

    /// The chain's id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The time of the block being built, in seconds: the next transaction runs at it, as do calls.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// The number of the block being built.
    #[must_use]
    pub const fn block(&self) -> u64 {
        self.block
    }

    /// Turns the clock forward; beyond the end of time it stops.
    pub const fn advance(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(seconds);
    }

    /// Sets the clock, backwards too: for tests that choose their own time.
    pub const fn set_now(&mut self, seconds: u64) {
        self.now = seconds;
    }

    /// Sets what each transaction and call may use; a chain's bound (EIP-7825) unless set.
    pub const fn set_gas_limit(&mut self, gas: u64) {
        self.gas = gas;
    }

    /// Sends a transaction and mines its block, whether it succeeds or reverts.
    ///
    /// # Errors
    /// [`Invalid::Transaction`] when it cannot be in a block at all; the chain is then unchanged.
    pub fn send(&mut self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Receipt, Invalid> {
        self.mine(from, TxKind::Call(to), value, data)
    }

    /// Sends a creating transaction.
    ///
    /// # Errors
    /// As [`Embedded::send`].
    pub fn create(&mut self, from: Address, init_code: Bytes) -> Result<Receipt, Invalid> {
        self.mine(from, TxKind::Create, U256::ZERO, init_code)
    }

    /// Deploys through a CREATE2 proxy ([`deployer`]); a contract that stands there already is left alone.
    ///
    /// # Errors
    /// [`Invalid::NotDeployed`] when the init code reverts.
    pub fn create2(&mut self, from: Address, proxy: Address, salt: B256, init_code: &[u8]) -> Result<Address, Invalid> {
        let address = proxy.create2(salt, keccak256(init_code));
        if !self.code(address).is_empty() {
            return Ok(address);
        }
        let receipt = self.send(from, proxy, U256::ZERO, [salt.as_slice(), init_code].concat().into())?;
        if receipt.success && receipt.output.as_ref() == address.as_slice() {
            Ok(address)
        } else {
            Err(Invalid::NotDeployed { proxy, output: receipt.output })
        }
    }

    /// Runs a transaction on the present state and drops what it changed.
    ///
    /// # Errors
    /// As [`Embedded::send`].
    pub fn call(&self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Called, Invalid> {
        let db = CacheDB::new(&self.db);
        let ran = self.run(db, from, TxKind::Call(to), value, data)?;
        Ok(Called::new(ran.result))
    }

    /// What a static call by `from` with this much gas returns on the present state; none when it reverts or runs
    /// out of gas. `from` has other code meanwhile, so nothing may call it back.
    ///
    /// # Errors
    /// [`Invalid::NoAnswer`] when the call is too large to run at all.
    pub fn static_call(&self, from: Address, to: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Invalid> {
        let mut db = CacheDB::new(&self.db);
        let code = Bytecode::new_raw(Bytes::from_static(&probe::CODE));
        let info = AccountInfo { code_hash: code.hash_slow(), code: Some(code), ..self.info(from).unwrap_or_default() };
        db.insert_account_info(from, info);
        let limit = probe::gas_limit(gas);
        let data = probe::calldata(to, gas, data);
        let ran = self.run_within(db, Address::ZERO, TxKind::Call(from), U256::ZERO, data, limit)?;
        let output = ran.result.into_output().unwrap_or_default();
        probe::answer(&output).ok_or(Invalid::NoAnswer { target: to })
    }

    /// The state as it is now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(self.clone())
    }

    /// Returns to a state, which can be returned to again.
    pub fn revert(&mut self, to: &Snapshot) {
        self.clone_from(&to.0);
    }

    /// Native units held, in wei.
    #[must_use]
    pub fn balance(&self, who: Address) -> U256 {
        self.info(who).map_or(U256::ZERO, |info| info.balance)
    }

    /// Sets the native units held, in wei.
    pub fn set_balance(&mut self, who: Address, wei: U256) {
        let info = AccountInfo { balance: wei, ..self.info(who).unwrap_or_default() };
        self.db.insert_account_info(who, info);
    }

    /// A word of storage; zero if never written.
    #[must_use]
    pub fn storage(&self, who: Address, slot: U256) -> U256 {
        let Ok(word) = self.db.storage_ref(who, slot);
        word
    }

    /// Writes a word of storage.
    pub fn set_storage(&mut self, who: Address, slot: U256, word: U256) {
        let Ok(()) = self.db.insert_account_storage(who, slot, word);
    }

    /// Every word of an account that is not zero.
    #[must_use]
    pub fn words(&self, who: Address) -> BTreeMap<U256, U256> {
        let account = self.db.cache.accounts.get(&who);
        let words = account.into_iter().flat_map(|account| &account.storage);
        words.filter(|(_, word)| !word.is_zero()).map(|(slot, word)| (*slot, *word)).collect()
    }

    /// The code; empty if there is none.
    #[must_use]
    pub fn code(&self, who: Address) -> Bytes {
        let Some(info) = self.info(who) else {
            return Bytes::new();
        };
        let Ok(code) = self.db.code_by_hash_ref(info.code_hash);
        code.original_bytes()
    }

    /// Puts code at an address.
    pub fn set_code(&mut self, who: Address, code: Bytes) {
        let code = Bytecode::new_raw(code);
        let info = AccountInfo { code_hash: code.hash_slow(), code: Some(code), ..self.info(who).unwrap_or_default() };
        self.db.insert_account_info(who, info);
    }

    /// EXTCODEHASH: zero for an account that does not exist (EIP-1052, EIP-161).
    #[must_use]
    pub fn code_hash(&self, who: Address) -> B256 {
        match self.info(who) {
            Some(info) if !info.is_empty() => info.code_hash,
            _ => B256::ZERO,
        }
    }

    fn info(&self, who: Address) -> Option<AccountInfo> {
        let Ok(info) = self.db.basic_ref(who);
        info
    }

    fn mine(&mut self, from: Address, kind: TxKind, value: U256, data: Bytes) -> Result<Receipt, Invalid> {
        // The state is read through a reference and written only once the transaction is known to be valid.
        let ran = self.run(CacheDB::new(&self.db), from, kind, value, data)?;
        let (block, timestamp) = (self.block, self.now);
        self.db.commit(ran.state);
        self.block = block.saturating_add(1);
        self.advance(BLOCK_SECONDS);
        Ok(Receipt::new(ran.result, block, timestamp))
    }

    fn run<D: Database<Error: std::fmt::Display>>(
        &self,
        db: D,
        from: Address,
        kind: TxKind,
        value: U256,
        data: Bytes,
    ) -> Result<ResultAndState, Invalid> {
        self.run_within(db, from, kind, value, data, self.gas)
    }

    fn run_within<D: Database<Error: std::fmt::Display>>(
        &self,
        db: D,
        from: Address,
        kind: TxKind,
        value: U256,
        data: Bytes,
        gas_limit: u64,
    ) -> Result<ResultAndState, Invalid> {
        let block = BlockEnv {
            number: U256::from(self.block),
            timestamp: U256::from(self.now),
            gas_limit: u64::MAX,
            basefee: 0,
            prevrandao: Some(B256::ZERO),
            ..BlockEnv::default()
        };
        let surroundings = Surroundings { chain_id: self.chain_id, block, contracts_send: false };
        let nonce = self.info(from).map_or(0, |info| info.nonce);
        let sent = Sent { from, kind, value, data, nonce, gas_limit };
        surroundings.run(db, sent, None).map_err(|error| Invalid::Transaction { from, why: error.to_string() })
    }
}
