//! A chain that continues what is known of a block.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use portcullis_bindings::probe;
use revm::context::BlockEnv;
use revm::context::result::{EVMError, ResultAndState};
use revm::database::CacheDB;
use revm::state::{AccountInfo, Bytecode, EvmState};
use revm::{DatabaseCommit, DatabaseRef};

use crate::Invalid;
use crate::pinned::{Pinned, Question, Unread};
use crate::run::{Called, GAS_LIMIT, Receipt, Sent, Surroundings};
use crate::trace::{Reverted, TracedCall, Watch};

/// What a transaction changed of an account: before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Native units, in wei.
    pub balance: Option<(U256, U256)>,
    /// Transactions sent, or contracts made.
    pub nonce: Option<(u64, u64)>,
    /// The hash of its code.
    pub code: Option<(B256, B256)>,
    /// Words of storage.
    pub words: BTreeMap<B256, (B256, B256)>,
}

/// What a transaction did on a fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// As chains tell it.
    pub receipt: Receipt,
    /// By account.
    pub changes: BTreeMap<Address, Change>,
    /// The calls in it that reverted, in the order in which they ended.
    pub reverted: Vec<Reverted>,
    /// The calls in it, in the order in which they began.
    pub calls: Vec<TracedCall>,
    /// Calls beyond those.
    pub calls_left_out: u64,
}

/// Why nothing ran.
#[derive(Clone, Debug, thiserror::Error)]
enum Fault {
    #[error(transparent)]
    Unread(#[from] Unread),
    #[error("{0}")]
    Invalid(String),
}

/// The next block of a chain, under construction on what is known of the one before. Gas costs nothing here, but is
/// counted in full. What is not known ends a run: see [`Pinned::complete`].
#[derive(Clone, Debug)]
pub struct Fork<'a> {
    pinned: &'a Pinned,
    db: CacheDB<&'a Pinned>,
    /// Whether the state is still that after the block.
    unchanged: bool,
    block: u64,
    now: u64,
}

impl<'a> Fork<'a> {
    /// The block after the pinned one, at a time in seconds.
    #[must_use]
    pub fn new(pinned: &'a Pinned, now: u64) -> Self {
        let block = pinned.block().number.saturating_add(1);
        Self { pinned, db: CacheDB::new(pinned), unchanged: true, block, now }
    }

    /// What it continues.
    #[must_use]
    pub const fn pinned(&self) -> &Pinned {
        self.pinned
    }

    /// The time of the block under construction, in seconds.
    #[must_use]
    pub const fn now(&self) -> u64 {
        self.now
    }

    /// Ends the block under construction and begins one that many seconds later.
    pub const fn advance(&mut self, seconds: u64) {
        self.now = self.now.saturating_add(seconds);
        self.block = self.block.saturating_add(1);
    }

    /// Turns the clock of the block under construction, in seconds.
    pub const fn set_now(&mut self, now: u64) {
        self.now = now;
    }

    /// Native units held, in wei.
    ///
    /// # Errors
    /// [`Unread`], as of everything that reads.
    pub fn balance(&self, who: Address) -> Result<U256, Unread> {
        Ok(self.info(who)?.balance)
    }

    /// Transactions sent, or contracts made.
    ///
    /// # Errors
    /// [`Unread`].
    pub fn nonce(&self, who: Address) -> Result<u64, Unread> {
        Ok(self.info(who)?.nonce)
    }

    /// The code; empty if there is none.
    ///
    /// # Errors
    /// [`Unread`].
    pub fn code(&self, who: Address) -> Result<Bytes, Unread> {
        let info = self.info(who)?;
        let code = match info.code {
            Some(code) => code,
            None => self.db.code_by_hash_ref(info.code_hash)?,
        };
        Ok(code.original_bytes())
    }

    /// A word of storage.
    ///
    /// # Errors
    /// [`Unread`].
    pub fn storage(&self, who: Address, slot: U256) -> Result<U256, Unread> {
        self.db.storage_ref(who, slot)
    }

    /// Writes a word of storage.
    ///
    /// # Errors
    /// [`Unread`], when the account is not known.
    pub fn set_storage(&mut self, who: Address, slot: U256, word: U256) -> Result<(), Unread> {
        self.unchanged = false;
        self.db.insert_account_storage(who, slot, word)
    }

    /// Runs a transaction on the present state and drops what it changed. On the state that the block left, the same
    /// call at the same time is not run twice.
    ///
    /// # Errors
    /// [`Invalid::Transaction`] when it cannot run, or something that it needs is not known.
    pub fn call(&self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Called, Invalid> {
        let question = Question { from, to, value, data: data.clone(), block: self.block, now: self.now };
        if let Some(known) = self.unchanged.then(|| self.pinned.answer(&question)).flatten() {
            // Past a failed read nothing counts, not even this.
            self.pinned.complete().map_err(|error| invalid(from, &error.into()))?;
            return Ok(known);
        }
        let sent = Sent { from, kind: TxKind::Call(to), value, data, nonce: 0, gas_limit: GAS_LIMIT };
        let called = Called::new(self.run(CacheDB::new(&self.db), sent, None)?.result);
        if self.unchanged {
            self.pinned.keep(question, &called);
        }
        Ok(called)
    }

    /// As [`crate::Embedded::static_call`].
    ///
    /// # Errors
    /// As [`Fork::call`]; [`Invalid::NoAnswer`].
    pub fn static_call(&self, from: Address, to: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Invalid> {
        let mut db = CacheDB::new(&self.db);
        let code = Bytecode::new_raw(Bytes::from_static(&probe::CODE));
        let info = self.info(from).map_err(|error| invalid(from, &error.into()))?;
        db.insert_account_info(from, AccountInfo { code_hash: code.hash_slow(), code: Some(code), ..info });
        let (kind, data) = (TxKind::Call(from), probe::calldata(to, gas, data));
        let gas_limit = probe::gas_limit(gas);
        let sent = Sent { from: Address::ZERO, kind, value: U256::ZERO, data, nonce: 0, gas_limit };
        let ran = self.run(db, sent, None)?;
        let output = ran.result.into_output().unwrap_or_default();
        probe::answer(&output).ok_or(Invalid::NoAnswer { target: to })
    }

    /// Runs a transaction and keeps what it changed; what comes next runs in the same block.
    ///
    /// # Errors
    /// As [`Fork::call`]; the state is then unchanged.
    pub fn send(&mut self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Ran, Invalid> {
        let mut watch = Watch::default();
        let sent = Sent { from, kind: TxKind::Call(to), value, data, nonce: 0, gas_limit: GAS_LIMIT };
        let ran = self.run(CacheDB::new(&self.db), sent, Some(&mut watch))?;
        let changes = self.changes(&ran.state).map_err(|error| invalid(from, &error.into()))?;
        self.unchanged = false;
        self.db.commit(ran.state);
        watch.settle();
        let receipt = Receipt::new(ran.result, self.block, self.now);
        let Watch { calls, left_out: calls_left_out, reverted, .. } = watch;
        Ok(Ran { receipt, changes, reverted, calls, calls_left_out })
    }

    fn info(&self, who: Address) -> Result<AccountInfo, Unread> {
        Ok(self.db.basic_ref(who)?.unwrap_or_default())
    }

    fn changes(&self, state: &EvmState) -> Result<BTreeMap<Address, Change>, Unread> {
        let mut changes = BTreeMap::new();
        for (who, account) in state.iter().filter(|(_, account)| account.is_touched()) {
            let (before, after) = (self.info(*who)?, &account.info);
            let words = account.storage.iter().filter(|(_, word)| word.original_value != word.present_value);
            let change = Change {
                balance: (before.balance != after.balance).then_some((before.balance, after.balance)),
                nonce: (before.nonce != after.nonce).then_some((before.nonce, after.nonce)),
                code: (before.code_hash != after.code_hash).then_some((before.code_hash, after.code_hash)),
                words: words
                    .map(|(slot, word)| ((*slot).into(), (word.original_value.into(), word.present_value.into())))
                    .collect(),
            };
            if change != Change::default() {
                changes.insert(*who, change);
            }
        }
        Ok(changes)
    }

    /// Runs a transaction with the sender's next nonce.
    fn run(
        &self,
        db: CacheDB<&CacheDB<&'a Pinned>>,
        sent: Sent,
        watch: Option<&mut Watch>,
    ) -> Result<ResultAndState, Invalid> {
        let from = sent.from;
        let at = self.pinned.block();
        let block = BlockEnv {
            number: U256::from(self.block),
            timestamp: U256::from(self.now),
            // What each transaction may use is bounded on its own.
            gas_limit: u64::MAX,
            basefee: 0,
            beneficiary: at.beneficiary,
            prevrandao: Some(at.prevrandao),
            ..BlockEnv::default()
        };
        let surroundings = Surroundings { chain_id: self.pinned.chain_id(), block, contracts_send: true };
        let run = move || -> Result<ResultAndState, Fault> {
            let sent = Sent { nonce: self.info(from)?.nonce, ..sent };
            let ran = surroundings.run(db, sent, watch).map_err(|error| match error {
                EVMError::Database(unread) => Fault::Unread(unread),
                other => Fault::Invalid(other.to_string()),
            })?;
            // A run that went on after a failed read says nothing.
            self.pinned.complete()?;
            Ok(ran)
        };
        run().map_err(|fault| invalid(from, &fault))
    }
}

fn invalid(from: Address, fault: &Fault) -> Invalid {
    Invalid::Transaction { from, why: fault.to_string() }
}
