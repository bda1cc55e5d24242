//! Operate Portcullis on a Safe that already exists: what is sent is written down first, and never sent twice.

pub mod batch_file;
pub mod collected;
mod error;
pub mod hash;
pub mod journal;
pub mod send;
pub mod service;
pub mod signature;
pub mod signer;

pub use error::{Error, Result};
