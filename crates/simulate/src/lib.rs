//! Chains on revm: real bytecode, real gas, a clock that the caller turns. One lives in this process; another continues
//! what a node says of a block.
//!
//! No code can be switched off in a run: a Safe's guards, signatures and nonce count as they do on a chain. And nothing
//! that was not read is taken for zero.

mod embedded;
mod fork;
mod pinned;
mod run;
mod state;
mod trace;

pub use embedded::{BLOCK_SECONDS, Embedded, GENESIS_TIME, Invalid, Snapshot};
pub use fork::{Change, Fork, Ran};
pub use pinned::{
    At, BadUrl, Block, BrokenFile, Cache, Events, Limits, Pinned, Reads, Record, Rpc, Trust, Unread, Wanted, seal,
    unseal,
};
pub use run::{Called, Receipt, SPEC};
pub use state::HookState;
pub use trace::{CallEnd, CallType, Noted, Reverted, TracedCall};
