//! What can go wrong, each with what to do about it.

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
    /// From a key, or for want of one.
    #[error("{0}")]
    Key(String),
    /// The Safe asks for more signatures.
    #[error("the Safe asks for {need} signatures and has {have}; give more owners' keys, or collect with --signatures FILE")]
    TooFew {
        /// So many are there.
        have: usize,
        /// So many are needed.
        need: usize,
    },
}

/// The result of an operation.
pub type Result<T> = std::result::Result<T, Error>;
