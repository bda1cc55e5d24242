//! What can go wrong, each with what to do about it.

use std::time::Duration;

use alloy_primitives::{Address, B256};
use portcullis_chain::safe::Version;

/// Why an operation stopped. Nothing was sent that its message does not name.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// From reading or sending.
    #[error(transparent)]
    Chain(#[from] portcullis_chain::Error),
    /// From a file.
    #[error("`{path}`: {why}")]
    File {
        /// Which one.
        path: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The hook is not on the chain.
    #[error("the hook is not at `{hook}` on chain {chain_id}; deploy it first: `portcullis deploy`")]
    NoHook {
        /// Where it would be.
        hook: Address,
        /// The chain that was asked.
        chain_id: u64,
    },
    /// The account is on a route that is not operated here.
    #[error("a Safe Protocol manager holds the hook for `{safe}`; this release plans for guards only")]
    Manager {
        /// The Safe.
        safe: Address,
    },
    /// The hook is in place in part.
    #[error(
        "the Safe `{safe}` is half installed: {why}; undo that in the Safe first (setGuard and setModuleGuard to 0)"
    )]
    HalfInstalled {
        /// The Safe.
        safe: Address,
        /// What is there and what is not.
        why: &'static str,
    },
    /// Modules would bypass the guard.
    #[error(
        "modules bypass the guard of the Safe `{safe}`: {}; disable them, or name each with --acknowledge-module",
        .modules.iter().map(|module| format!("`{module}`")).collect::<Vec<_>>().join(", ")
    )]
    OtherModules {
        /// The Safe.
        safe: Address,
        /// Every enabled one.
        modules: Vec<Address>,
    },
    /// The chain lacks what makes batches.
    #[error("chain {chain_id} has no MultiSendCallOnly of Safe {version}; deploy Safe's contracts there first")]
    NoMultiSend {
        /// Of the Safe.
        version: Version,
        /// The chain.
        chain_id: u64,
    },
    /// What is no plan, or not the one that was written.
    #[error("this plan cannot be applied: {why}; plan again")]
    BadPlan {
        /// What is wrong.
        why: String,
    },
    /// The plan's block is gone.
    #[error("block {block}, on which this plan was made, is no longer part of the chain; plan again")]
    Reorganised {
        /// Its number.
        block: u64,
    },
    /// The account is not as it was.
    #[error("since this plan was made, this moved: {what}; nothing was sent: plan again")]
    Moved {
        /// What.
        what: String,
    },
    /// Another chain than the plan's.
    #[error("the node is on chain {found}, this is for chain {expected}; check the URL")]
    OtherChain {
        /// The node's.
        found: u64,
        /// The one that is meant.
        expected: u64,
    },
    /// From a key, or for want of one.
    #[error("{0}")]
    Key(String),
    /// From a Safe Transaction Service.
    #[error("{url}: {why}")]
    Service {
        /// Which.
        url: String,
        /// What is wrong, and what to do.
        why: String,
    },
    /// The Safe asks for more signatures.
    #[error(
        "the Safe asks for {need} signatures and has {have}; give more owners' keys, or collect with --signatures FILE"
    )]
    TooFew {
        /// So many are there.
        have: usize,
        /// So many are needed.
        need: usize,
    },
    /// Somebody else holds the journal.
    #[error("`{path}` is held by another portcullis that sends for the same account; let it end, then run this again")]
    Busy {
        /// The journal.
        path: String,
    },
    /// A step was sent before as something else.
    #[error("the journal knows step `{step}` as another call; nothing is sent: plan again")]
    OtherCall {
        /// The step.
        step: String,
    },
    /// In a block, but failed.
    #[error("step `{step}` failed in transaction `{hash}`: {why}; when the cause is gone, run this again")]
    Reverted {
        /// The step.
        step: String,
        /// Of the transaction.
        hash: B256,
        /// What it reverted with.
        why: String,
    },
    /// Another transaction of the payer took the nonce, so this one can never be executed.
    #[error(
        "transaction `{hash}` of step `{step}` was replaced: another one of `{from}` has nonce {nonce}; look at that \
         one, then run this again"
    )]
    Replaced {
        /// The step.
        step: String,
        /// Of the transaction that lost.
        hash: B256,
        /// Who pays.
        from: Address,
        /// The payer's nonce.
        nonce: u64,
    },
    /// Sent, but in no block, or not deep enough, in the time that was given.
    #[error(
        "transaction `{hash}` of step `{step}` {state} after {} s ({why}); run this again: the same transaction is \
         sent again, and cannot execute twice",
        .waited.as_secs()
    )]
    Waiting {
        /// The step.
        step: String,
        /// Of the transaction.
        hash: B256,
        /// How far it came.
        state: &'static str,
        /// How long it was waited for.
        waited: Duration,
        /// What the node said last.
        why: String,
    },
}

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;
