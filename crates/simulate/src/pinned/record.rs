//! What was read of a chain, and files that carry it.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::hash_of;

/// What a run needs to know of a block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash, by which the state is pinned.
    pub hash: B256,
    /// The hash of the block before it.
    pub parent: B256,
    /// Its time, in seconds.
    pub timestamp: u64,
    /// The most gas that all its transactions may use.
    pub gas_limit: u64,
    /// Who gets its fees.
    pub beneficiary: Address,
    /// Its random number.
    pub prevrandao: B256,
}

/// An account without its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Account {
    pub(super) balance: U256,
    pub(super) nonce: u64,
    pub(super) code_hash: B256,
}

/// A part of the state after one block.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The chain's id.
    pub chain_id: u64,
    /// The block.
    pub block: Block,
    pub(super) accounts: BTreeMap<Address, Account>,
    pub(super) words: BTreeMap<Address, BTreeMap<B256, B256>>,
    /// By their hashes.
    pub(super) codes: BTreeMap<B256, Bytes>,
}

/// A file that is not what was once written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrokenFile {
    /// It does not begin as such files do.
    #[error("it is no {0} of this release; make it anew")]
    Format(&'static str),
    /// Its content was changed after it was written.
    #[error("its content hashes to `{found}`, not to `{written}` as it says; it was changed: make it anew")]
    Hash {
        /// Of what is there.
        found: B256,
        /// As the file says.
        written: String,
    },
    /// Its content is sealed, but not what belongs there.
    #[error("its content is malformed: {0}")]
    Content(String),
}

impl Record {
    /// Nothing yet.
    pub(super) const fn new(chain_id: u64, block: Block) -> Self {
        Self { chain_id, block, accounts: BTreeMap::new(), words: BTreeMap::new(), codes: BTreeMap::new() }
    }

    /// How much it holds: accounts and words.
    pub(super) fn parts(&self) -> u32 {
        let words: usize = self.words.values().map(BTreeMap::len).sum();
        u32::try_from(self.accounts.len().saturating_add(words)).unwrap_or(u32::MAX)
    }

    /// Insists that every code has the hash that it is kept under, and that every account's code is there.
    ///
    /// # Errors
    /// [`BrokenFile::Content`].
    pub fn check(&self) -> Result<(), BrokenFile> {
        let broken = |why: String| Err(BrokenFile::Content(why));
        if let Some((hash, _)) = self.codes.iter().find(|(hash, code)| **hash != hash_of(code)) {
            return broken(format!("the code of hash `{hash}` has another hash"));
        }
        let lacking: BTreeSet<_> = self.accounts.values().map(|account| account.code_hash).collect();
        let mut lacking = lacking.iter().filter(|hash| **hash != KECCAK256_EMPTY && !self.codes.contains_key(*hash));
        lacking.next().map_or(Ok(()), |hash| broken(format!("the code of hash `{hash}` is missing")))
    }
}

/// A file of one line that names its kind and the SHA-256 hash of the rest, and the rest.
///
/// # Errors
/// [`BrokenFile::Content`] when it does not fit in JSON.
pub fn seal(kind: &'static str, content: &impl Serialize) -> Result<Vec<u8>, BrokenFile> {
    let content = serde_json::to_vec(content).map_err(|error| BrokenFile::Content(error.to_string()))?;
    let mut file = format!("{}{}\n", head(kind), hash(&content)).into_bytes();
    file.extend(content);
    Ok(file)
}

/// What [`seal`] was given.
///
/// # Errors
/// [`BrokenFile`] when one byte is not as it was.
pub fn unseal<T: DeserializeOwned>(kind: &'static str, file: &[u8]) -> Result<T, BrokenFile> {
    let head = head(kind);
    let rest = file.strip_prefix(head.as_bytes()).ok_or(BrokenFile::Format(kind))?;
    let (written, rest) = rest.split_at_checked(66).ok_or(BrokenFile::Format(kind))?;
    let content = rest.strip_prefix(b"\n").ok_or(BrokenFile::Format(kind))?;
    let found = hash(content);
    // As text: hex digits of another case are another file.
    if written != found.to_string().as_bytes() {
        let written = String::from_utf8_lossy(written).chars().filter(|character| !character.is_control()).collect();
        return Err(BrokenFile::Hash { found, written });
    }
    serde_json::from_slice(content).map_err(|error| BrokenFile::Content(error.to_string()))
}

/// SHA-256, for which processors have instructions: Keccak took half of the time in which a bundle is replayed.
fn hash(content: &[u8]) -> B256 {
    B256::from(<[u8; 32]>::from(Sha256::digest(content)))
}

fn head(kind: &str) -> String {
    format!("portcullis {kind} 2 ")
}
