//! An in-process chain on revm: real bytecode, real gas, a clock that the caller turns.
//!
//! Nothing is overridden in a run: a Safe's guards, signatures and nonce count as they do on a chain.

mod embedded;
mod state;

pub use embedded::{BLOCK_SECONDS, Called, Embedded, GENESIS_TIME, Invalid, Receipt, SPEC, Snapshot};
pub use state::HookState;
