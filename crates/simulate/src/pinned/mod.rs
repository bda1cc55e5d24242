//! The state of a chain after one block, pinned by the block's hash, as far as it was read.

mod cache;
mod parse;
mod prestate;
mod proof;
mod read;
mod record;
mod rpc;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use revm::DatabaseRef;
use revm::database_interface::DBErrorMarker;
use revm::state::{AccountInfo, Bytecode};

pub use cache::Cache;
pub use read::{At, Events, Trust, Wanted};
pub use record::{Block, BrokenFile, Record, seal, unseal};
pub use rpc::{BadUrl, Limits, Rpc};

use crate::run::Called;
use record::Account;

/// A part of the state is not known. Nothing is decided without it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Unread {
    /// Nobody answers, or nobody who speaks JSON-RPC.
    #[error("no node answers at `{url}`: {why}; start one or check the URL")]
    Unreachable {
        /// Of the node.
        url: String,
        /// In the transport's words.
        why: String,
    },
    /// It answers too slowly.
    #[error("the node at `{url}` took more than {seconds} s in all; use a nearer one")]
    TooLong {
        /// Of the node.
        url: String,
        /// What all requests may take together.
        seconds: u64,
    },
    /// Another chain than the one asked about.
    #[error("the node is on chain {found}, not on chain {expected}; check the URL")]
    OtherChain {
        /// The node's chain.
        found: u64,
        /// The one asked about.
        expected: u64,
    },
    /// The node has no such block, or says something else of it.
    #[error("the node gives no block {block}: {why}; choose another block or another node")]
    NoBlock {
        /// Its number, its hash or `latest`.
        block: String,
        /// In the node's words.
        why: String,
    },
    /// The node does not give a part of the state.
    #[error("the node does not give {what} after block {block}: {why}; use an archive node or a newer block")]
    Refused {
        /// What was asked for.
        what: String,
        /// The block's hash.
        block: B256,
        /// In the node's words.
        why: String,
    },
    /// What the node says is not what the block's hash says.
    #[error("the node does not prove {what} after block {block}: {why}; do not trust it, or ask one that keeps proofs")]
    Unproven {
        /// What was asked for.
        what: String,
        /// The block's hash.
        block: B256,
        /// What is wrong with the proof.
        why: String,
    },
    /// There is no node to ask, and the bundle does not say.
    #[error("the bundle does not hold {what}; make it anew")]
    NotRecorded {
        /// What was asked for.
        what: String,
    },
    /// A block whose hash a contract asked for, and nobody can pin.
    #[error("a contract asks for the hash of block {number}, which is not read")]
    BlockHash {
        /// The block.
        number: u64,
    },
}

impl DBErrorMarker for Unread {}

/// A call, and the number and the time of the block that it runs in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Question {
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    pub(crate) block: u64,
    pub(crate) now: u64,
}

/// More answers than these are not kept.
const MOST_ANSWERS: usize = 4_096;

/// What it took to read the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// How often something was asked of the node and waited for.
    pub trips: u32,
    /// Parts of the state that came from the node.
    pub from_node: u32,
    /// Parts that came from a file.
    pub from_file: u32,
}

/// The state after one block. What is not known is asked of the node; where there is none, or it does not say, every
/// later read fails too, so that nothing can be decided past it.
#[derive(Debug)]
pub struct Pinned {
    chain_id: u64,
    block: Block,
    node: Option<Rpc>,
    /// The root of the state, where every read has to be proven.
    root: Option<B256>,
    known: RefCell<Record>,
    /// The part of what is known that was asked for.
    used: RefCell<Record>,
    /// Code made ready to run, which takes longer than most runs.
    ready: RefCell<BTreeMap<B256, Bytecode>>,
    /// What calls came to that found the state as it was after the block: asked again, they come to the same.
    answered: RefCell<BTreeMap<Question, Called>>,
    failure: RefCell<Option<Unread>>,
    from_node: Cell<u32>,
    from_file: u32,
}

impl Pinned {
    /// The state that was recorded, and nothing else.
    #[must_use]
    pub fn recorded(record: Record) -> Self {
        let used = Record::new(record.chain_id, record.block.clone());
        Self {
            chain_id: record.chain_id,
            block: record.block.clone(),
            node: None,
            root: None,
            from_file: record.parts(),
            known: RefCell::new(record),
            used: RefCell::new(used),
            ready: RefCell::default(),
            answered: RefCell::default(),
            failure: RefCell::new(None),
            from_node: Cell::new(0),
        }
    }

    /// The chain's id.
    #[must_use]
    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The block.
    #[must_use]
    pub const fn block(&self) -> &Block {
        &self.block
    }

    /// Whether everything that was read is proven against the block's hash.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.root.is_some()
    }

    /// Whether no node is asked, but only what was recorded.
    #[must_use]
    pub const fn is_recorded(&self) -> bool {
        self.node.is_none()
    }

    /// Everything that is known: what a later run on the same block need not ask for.
    #[must_use]
    pub fn known(&self) -> Record {
        self.known.borrow().clone()
    }

    /// Everything that was used: what the same run needs again.
    #[must_use]
    pub fn used(&self) -> Record {
        self.used.borrow().clone()
    }

    /// What it took.
    #[must_use]
    pub fn reads(&self) -> Reads {
        let trips = self.node.as_ref().map_or(0, Rpc::trips);
        Reads { trips, from_node: self.from_node.get(), from_file: self.from_file }
    }

    /// Insists that every read so far has succeeded.
    ///
    /// # Errors
    /// The first failure.
    pub fn complete(&self) -> Result<(), Unread> {
        match &*self.failure.borrow() {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }

    /// What a call came to before, on the state as it was after the block.
    pub(crate) fn answer(&self, question: &Question) -> Option<Called> {
        self.answered.borrow().get(question).cloned()
    }

    /// Keeps what a call came to, on the state as it was after the block.
    pub(crate) fn keep(&self, question: Question, answer: &Called) {
        let mut answered = self.answered.borrow_mut();
        if answered.len() < MOST_ANSWERS {
            answered.insert(question, answer.clone());
        }
    }

    /// Runs a read, unless one has failed; notes when it does.
    fn unless_failed<T>(&self, read: impl FnOnce() -> Result<T, Unread>) -> Result<T, Unread> {
        self.complete()?;
        read().inspect_err(|failure| *self.failure.borrow_mut() = Some(failure.clone()))
    }

    fn account(&self, who: Address) -> Result<Account, Unread> {
        if !self.known.borrow().accounts.contains_key(&who) {
            self.fetch(&Wanted { accounts: BTreeSet::from([who]), words: BTreeSet::new() })?;
        }
        let known = self.known.borrow();
        let account = known.accounts.get(&who).copied().ok_or_else(|| self.lacks(format!("the account `{who}`")))?;
        let mut used = self.used.borrow_mut();
        used.accounts.insert(who, account);
        if let Some(code) = known.codes.get(&account.code_hash) {
            used.codes.insert(account.code_hash, code.clone());
        }
        Ok(account)
    }

    fn word(&self, who: Address, slot: B256) -> Result<B256, Unread> {
        let read = || self.known.borrow().words.get(&who).and_then(|words| words.get(&slot)).copied();
        if read().is_none() {
            self.fetch(&Wanted { accounts: BTreeSet::new(), words: BTreeSet::from([(who, slot)]) })?;
        }
        let word = read().ok_or_else(|| self.lacks(format!("slot `{slot}` of `{who}`")))?;
        self.used.borrow_mut().words.entry(who).or_default().insert(slot, word);
        Ok(word)
    }

    fn bytecode(&self, hash: B256) -> Result<Bytecode, Unread> {
        if hash == KECCAK256_EMPTY || hash.is_zero() {
            return Ok(Bytecode::default());
        }
        let code = self.known.borrow().codes.get(&hash).cloned();
        let code = code.ok_or_else(|| self.lacks(format!("the code of hash `{hash}`")))?;
        self.used.borrow_mut().codes.insert(hash, code.clone());
        if let Some(ready) = self.ready.borrow().get(&hash) {
            return Ok(ready.clone());
        }
        let ready = Bytecode::new_raw_checked(code);
        let ready = ready.map_err(|error| self.refused(format!("the code of hash `{hash}`"), &error))?;
        self.ready.borrow_mut().insert(hash, ready.clone());
        Ok(ready)
    }

    fn lacks(&self, what: String) -> Unread {
        match &self.node {
            Some(_) => self.refused(what, &"it does not say"),
            None => Unread::NotRecorded { what },
        }
    }

    fn refused(&self, what: String, why: &impl ToString) -> Unread {
        Unread::Refused { what, block: self.block.hash, why: why.to_string() }
    }
}

impl DatabaseRef for Pinned {
    type Error = Unread;

    /// None for an account without balance, nonce and code: since EIP-161 no chain keeps one.
    fn basic_ref(&self, who: Address) -> Result<Option<AccountInfo>, Unread> {
        self.unless_failed(|| {
            let Account { balance, nonce, code_hash } = self.account(who)?;
            if balance.is_zero() && nonce == 0 && code_hash == KECCAK256_EMPTY {
                return Ok(None);
            }
            let code = Some(self.bytecode(code_hash)?);
            Ok(Some(AccountInfo { balance, nonce, code_hash, code, ..AccountInfo::default() }))
        })
    }

    fn code_by_hash_ref(&self, hash: B256) -> Result<Bytecode, Unread> {
        self.unless_failed(|| self.bytecode(hash))
    }

    fn storage_ref(&self, who: Address, slot: U256) -> Result<U256, Unread> {
        self.unless_failed(|| self.word(who, slot.into()).map(Into::into))
    }

    /// Of the block and its parent; no read of another could be pinned by the block's hash.
    fn block_hash_ref(&self, number: u64) -> Result<B256, Unread> {
        self.unless_failed(|| match self.block.number.checked_sub(number) {
            Some(0) => Ok(self.block.hash),
            Some(1) => Ok(self.block.parent),
            _ => Err(Unread::BlockHash { number }),
        })
    }
}

/// The hash of code as accounts name it.
fn hash_of(code: &[u8]) -> B256 {
    if code.is_empty() { KECCAK256_EMPTY } else { keccak256(code) }
}
