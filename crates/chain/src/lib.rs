//! Deploy, install, read and send: against a node, or against anything else that is a [`Ledger`].

pub mod deploy;
mod error;
mod execution;
pub mod history;
pub mod install;
mod ledger;
mod logs;
mod node;
pub mod past;
mod raw;
pub mod read;
pub mod safe;
mod state;

pub use error::{Error, Result};
pub use execution::Execution;
pub use ledger::{Called, Ledger, Receipt, create2};
pub use node::Node;
pub use raw::{Call, Mined, Signed};
pub use state::LedgerState;

/// Who signs transactions and pays for them, with whatever holds the key.
pub use alloy::network::EthereumWallet;
/// Local keys, which sign for owners and pay for transactions.
pub use alloy::signers::local::PrivateKeySigner;
