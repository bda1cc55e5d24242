//! Operate Portcullis on a Safe that already exists: what is sent is written down first, and never sent twice.

pub mod account;
pub mod attested;
pub mod batch_file;
pub mod collected;
pub mod deploy;
mod error;
pub mod external;
#[cfg(feature = "gcp")]
mod gcp;
pub mod hash;
mod http;
pub mod journal;
pub mod plan;
pub mod send;
pub mod service;
pub mod signature;
pub mod signer;
pub mod steps;
pub mod verification;

pub use error::{Error, Result};
