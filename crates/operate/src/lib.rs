//! Operate Portcullis on a Safe that already exists: what is sent is written down first, and never sent twice.

mod error;
pub mod journal;
pub mod send;
pub mod signature;
pub mod signer;

pub use error::{Error, Result};
