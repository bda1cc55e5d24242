//! What can go wrong, and what to do next.

use std::path::PathBuf;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes};

/// A result with this crate's [`enum@Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong. Every message ends in what to do, where there is something to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No node can be at this URL.
    #[error("`{url}` is no node's URL: {why}; give one such as `http://localhost:8545`")]
    BadUrl {
        /// The URL.
        url: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Nobody answers.
    #[error("no node answers at `{url}`: {why}; start one or check the URL")]
    Unreachable {
        /// Of the node.
        url: String,
        /// In the transport's words.
        why: String,
    },
    /// The node answers with an error.
    #[error("the node refuses `{method}`: {why}")]
    Refused {
        /// The JSON-RPC method.
        method: &'static str,
        /// In the node's words.
        why: String,
    },
    /// The transaction was sent, but is in no block yet.
    #[error("transaction `{hash}` is in no block after {} s; look it up before sending it again", .waited.as_secs())]
    NotMined {
        /// Of the transaction.
        hash: B256,
        /// How long it was waited for.
        waited: Duration,
    },
    /// No key for the sender.
    #[error("no key for the sender `{from}`; give its key or send from another account")]
    NoKey {
        /// The sender.
        from: Address,
    },
    /// The request cannot run at all, such as a value that the sender does not have.
    #[error("the chain refuses the transaction from `{from}`: {why}")]
    Invalid {
        /// The sender.
        from: Address,
        /// Why.
        why: String,
    },
    /// A past state was asked for that is not kept.
    #[error("the state after block {block} is not kept; use an archive node or a newer block")]
    NoHistory {
        /// The block's number.
        block: u64,
    },
    /// No code where a contract is expected.
    #[error("there is no contract at `{address}` on chain {chain_id}; check the address and the chain")]
    NoCode {
        /// The address.
        address: Address,
        /// The chain that was asked.
        chain_id: u64,
    },
    /// A contract, but not a Safe.
    #[error("the contract at `{address}` is not a Safe: {why}")]
    NotASafe {
        /// The address.
        address: Address,
        /// What it lacks.
        why: String,
    },
    /// A Safe of another version.
    #[error("the Safe at `{address}` has version `{version}`; 1.3.0, 1.4.1 and 1.5.0 are supported")]
    UnsupportedVersion {
        /// The address.
        address: Address,
        /// What its `VERSION()` says.
        version: String,
    },
    /// A package is not installed.
    #[error("cannot read `{}`: {why}; run `npm ci` first", .path.display())]
    MissingArtifact {
        /// The artifact's file.
        path: PathBuf,
        /// In the system's words.
        why: String,
    },
    /// No CREATE2 proxy on this chain.
    #[error("the deployment proxy `{proxy}` is not on chain {chain_id}; deploy it first")]
    NoProxy {
        /// The proxy.
        proxy: Address,
        /// The chain that was asked.
        chain_id: u64,
    },
    /// A deployment left no contract, or another one.
    #[error("`{address}` does not hold the code that was deployed there: {why}")]
    NotDeployed {
        /// The predicted address.
        address: Address,
        /// What was found.
        why: String,
    },
    /// A program that no data contract can hold.
    #[error("the program is {size} bytes; it needs 1 to {max}, the first of them zero")]
    BadProgram {
        /// Its size.
        size: usize,
        /// The most that a contract's code can have.
        max: usize,
    },
    /// The guard that is set is another one.
    #[error("the Safe `{safe}` has the guard `{guard}`; remove it before installing")]
    GuardTaken {
        /// The Safe.
        safe: Address,
        /// The present guard, or module guard.
        guard: Address,
    },
    /// Modules would bypass the guard.
    #[error("modules bypass the guard on this Safe: {}; disable them or acknowledge exactly these", list(.enabled))]
    ModulesNotAcknowledged {
        /// The enabled modules, in the Safe's order.
        enabled: Vec<Address>,
    },
    /// A transaction that had to succeed failed.
    #[error("{what} failed: {}", reason(.output))]
    Failed {
        /// What was tried.
        what: &'static str,
        /// The revert data.
        output: Bytes,
    },
    /// A contract returned something else than its ABI says.
    #[error("`{address}` returned something else than `{function}` should: {output}")]
    BadReturn {
        /// The contract.
        address: Address,
        /// What was called.
        function: &'static str,
        /// What it returned.
        output: Bytes,
    },
    /// A key could not sign.
    #[error("cannot sign for `{owner}`: {why}")]
    Signing {
        /// The key's address.
        owner: Address,
        /// In the signer's words.
        why: String,
    },
    /// The runtime for requests could not start.
    #[error("cannot start the request threads: {0}")]
    Runtime(#[from] std::io::Error),
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(|address| format!("`{address}`")).collect::<Vec<_>>().join(", ")
}

/// Revert data in words where it is a plain reason, in hex where it is not.
fn reason(output: &Bytes) -> String {
    if output.is_empty() {
        return "it gave no reason".to_owned();
    }
    alloy_sol_types::decode_revert_reason(output).unwrap_or_else(|| format!("reverted with `{output}`"))
}
