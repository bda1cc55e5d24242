//! What was read of a block, kept on disk for the next run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use alloy_primitives::B256;

use super::record::{Block, Record, seal, unseal};

const KIND: &str = "cache";

/// A directory with one file for each block, named by the chain's id and the block's hash.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
}

impl Cache {
    /// The cache in a directory, which need not be there yet.
    #[must_use]
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// What is known of a block. None also for a file that was changed, or is about another block: it is read anew.
    pub(super) fn load(&self, chain_id: u64, block: &Block) -> Option<Record> {
        let file = fs::read(self.path(chain_id, block.hash)).ok()?;
        let record: Record = unseal(KIND, &file).ok()?;
        let is_right = record.chain_id == chain_id && record.block == *block && record.check().is_ok();
        is_right.then_some(record)
    }

    /// Whether there is a file for a block of any chain.
    pub(super) fn has(&self, block: B256) -> bool {
        let ending = format!("-{block}.state");
        let files = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        files.into_iter().any(|file| file.file_name().to_string_lossy().ends_with(&ending))
    }

    /// Keeps what is known. Others see the whole file or none.
    ///
    /// # Errors
    /// In the system's words.
    pub fn store(&self, record: &Record) -> std::io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        let sealed = seal(KIND, record).map_err(std::io::Error::other)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.write_all(&sealed)?;
        file.persist(self.path(record.chain_id, record.block.hash))?;
        Ok(())
    }

    fn path(&self, chain_id: u64, block: B256) -> PathBuf {
        self.directory.join(format!("{chain_id}-{block}.state"))
    }
}
