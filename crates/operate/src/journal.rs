//! What was sent, written down before it was sent.
//!
//! One file for each chain and account, one JSON object a line, each on the disk before anything follows from it. Steps
//! go by names that say what they do, never by their position. Whoever holds the file holds it alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The version of the file.
const VERSION: u32 = 1;
/// The most of a file that is read, in bytes.
const MOST: u64 = 64 << 20;

/// A line of the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// The first: whose journal it is.
    Journal { version: u32, chain_id: u64, account: Address },
    /// A transaction that is about to be sent.
    Signed { step: String, call: B256, from: Address, nonce: u64, hash: B256, raw: Bytes },
    /// It is in a block, as deep as was asked for.
    Mined { step: String, hash: B256, block: u64, block_hash: B256, success: bool },
    /// It was in a block, which is no longer part of the chain.
    Undone { step: String, hash: B256 },
    /// Another transaction has its nonce.
    Replaced { step: String, hash: B256 },
}

/// A transaction that was sent, or was about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Names target, value and calldata.
    pub call: B256,
    /// Who pays.
    pub from: Address,
    /// The payer's nonce.
    pub nonce: u64,
    /// Of the transaction.
    pub hash: B256,
    /// What is sent.
    pub raw: Bytes,
}

/// How far a step came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was sent, or what was sent can no longer succeed.
    Open,
    /// This may be in a block or get into one.
    Sent(Attempt),
    /// This was in a block, and succeeded.
    Done(Attempt),
}

/// The journal of one account on one chain, held by this process alone until it is dropped.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    lines: Vec<Line>,
}

impl Journal {
    /// The name that a journal's file has.
    #[must_use]
    pub fn name(chain_id: u64, account: Address) -> String {
        format!("{chain_id}-{account}.jsonl")
    }

    /// Opens the journal of an account in a folder, or begins one, and holds it.
    ///
    /// # Errors
    /// [`Error::Busy`] when another process holds it; [`Error::File`] when it cannot be read or written, or is another
    /// account's.
    pub fn open(folder: &Path, chain_id: u64, account: Address) -> Result<Self> {
        let path = folder.join(Self::name(chain_id, account));
        let failed = |error: std::io::Error| file_error(&path, format!("cannot be opened: {error}"));
        fs::create_dir_all(folder).map_err(failed)?;
        let file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy { path: path.display().to_string() }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let mut journal = Self { path, file, lines: Vec::new() };
        journal.read()?;
        match journal.lines.first() {
            None => {
                journal.write(Line::Journal { version: VERSION, chain_id, account })?;
                // The file's name has to last as long as what is in it.
                let entry = File::open(folder).and_then(|folder| folder.sync_all());
                entry.map_err(|error| journal.fault(format!("cannot be kept: {error}")))?;
            }
            Some(Line::Journal { version: VERSION, chain_id: id, account: of })
                if *id == chain_id && *of == account => {}
            Some(_) => return Err(journal.fault(format!("is not the journal of `{account}` on chain {chain_id}"))),
        }
        Ok(journal)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How far a step came.
    #[must_use]
    pub fn standing(&self, step: &str) -> Standing {
        let mut standing = Standing::Open;
        for line in &self.lines {
            standing = match (line, standing) {
                (Line::Signed { step: of, call, from, nonce, hash, raw }, _) if of == step => {
                    let (call, from, nonce, hash) = (*call, *from, *nonce, *hash);
                    Standing::Sent(Attempt { call, from, nonce, hash, raw: raw.clone() })
                }
                (Line::Mined { hash, success: true, .. }, Standing::Sent(sent)) if *hash == sent.hash => {
                    Standing::Done(sent)
                }
                (Line::Mined { hash, success: false, .. } | Line::Replaced { hash, .. }, Standing::Sent(sent))
                    if *hash == sent.hash =>
                {
                    Standing::Open
                }
                (Line::Undone { hash, .. }, Standing::Done(done)) if *hash == done.hash => Standing::Sent(done),
                (_, unchanged) => unchanged,
            };
        }
        standing
    }

    /// Notes a transaction that is about to be sent.
    pub(crate) fn signed(&mut self, step: &str, attempt: &Attempt) -> Result<()> {
        let Attempt { call, from, nonce, hash, raw } = attempt.clone();
        self.write(Line::Signed { step: step.to_owned(), call, from, nonce, hash, raw })
    }

    /// Notes that it is in a block.
    pub(crate) fn mined(&mut self, step: &str, hash: B256, block: u64, block_hash: B256, success: bool) -> Result<()> {
        self.write(Line::Mined { step: step.to_owned(), hash, block, block_hash, success })
    }

    /// Notes that its block is gone.
    pub(crate) fn undone(&mut self, step: &str, hash: B256) -> Result<()> {
        self.write(Line::Undone { step: step.to_owned(), hash })
    }

    /// Notes that another transaction has its nonce.
    pub(crate) fn replaced(&mut self, step: &str, hash: B256) -> Result<()> {
        self.write(Line::Replaced { step: step.to_owned(), hash })
    }

    fn write(&mut self, line: Line) -> Result<()> {
        let mut text = serde_json::to_string(&line).map_err(|error| self.fault(error.to_string()))?;
        text.push('\n');
        let written = self.file.write_all(text.as_bytes()).and_then(|()| self.file.sync_data());
        written.map_err(|error| self.fault(format!("cannot be written, so nothing is sent: {error}")))?;
        self.lines.push(line);
        Ok(())
    }

    /// Reads every line. What follows the last line break was cut off while it was written, so nothing was sent for it.
    fn read(&mut self) -> Result<()> {
        let mut bytes = Vec::new();
        let read = (&self.file).take(MOST.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| self.fault(format!("cannot be read: {error}")))?;
        if bytes.len() as u64 > MOST {
            return Err(self.fault(format!("is more than the {MOST} bytes that are read")));
        }
        let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last.saturating_add(1));
        if end < bytes.len() {
            self.file.set_len(end as u64).map_err(|error| self.fault(format!("cannot be mended: {error}")))?;
        }
        let whole = bytes.get(..end).unwrap_or_default();
        for (index, line) in whole.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate() {
            let line = serde_json::from_slice(line);
            let bad = |error| format!("line {} is no line of a journal: {error}", index.saturating_add(1));
            self.lines.push(line.map_err(|error| self.fault(bad(error)))?);
        }
        Ok(())
    }

    fn fault(&self, why: String) -> Error {
        file_error(&self.path, why)
    }
}

fn file_error(path: &Path, why: String) -> Error {
    Error::File { path: path.display().to_string(), why }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails where its helpers do")]
    use super::*;

    const ACCOUNT: Address = Address::repeat_byte(0xaa);

    fn attempt(nonce: u64) -> Attempt {
        let hash = B256::with_last_byte(nonce.to_be_bytes()[7]);
        Attempt { call: B256::ZERO, from: ACCOUNT, nonce, hash, raw: Bytes::from_static(&[2, 3]) }
    }

    #[test]
    fn a_step_stands_where_its_lines_say_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path(), 1, ACCOUNT).unwrap();
        let (first, second) = (attempt(1), attempt(2));
        journal.signed("a", &first).unwrap();
        journal.signed("b", &second).unwrap();
        journal.mined("a", first.hash, 7, B256::ZERO, true).unwrap();
        journal.mined("b", second.hash, 7, B256::ZERO, false).unwrap();
        drop(journal);
        let mut journal = Journal::open(folder.path(), 1, ACCOUNT).unwrap();
        assert_eq!(journal.standing("a"), Standing::Done(first.clone()));
        assert_eq!(journal.standing("b"), Standing::Open, "what reverted may be tried again");
        journal.undone("a", first.hash).unwrap();
        assert_eq!(journal.standing("a"), Standing::Sent(first.clone()), "the same bytes are sent again");
        journal.replaced("a", first.hash).unwrap();
        assert_eq!(journal.standing("a"), Standing::Open);
    }

    #[test]
    fn a_line_that_was_cut_off_is_dropped_and_one_that_was_edited_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(Journal::name(1, ACCOUNT));
        let mut journal = Journal::open(folder.path(), 1, ACCOUNT).unwrap();
        journal.signed("a", &attempt(1)).unwrap();
        drop(journal);
        let whole = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{whole}{{\"is\":\"sig")).unwrap();
        let mut journal = Journal::open(folder.path(), 1, ACCOUNT).unwrap();
        journal.signed("b", &attempt(2)).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path(), 1, ACCOUNT).unwrap();
        assert_eq!(journal.standing("b"), Standing::Sent(attempt(2)));
        drop(journal);
        fs::write(&path, format!("{whole}{{}}\n")).unwrap();
        let error = Journal::open(folder.path(), 1, ACCOUNT).unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
    }

    #[test]
    fn one_at_a_time_holds_it_and_only_for_its_account_and_chain() {
        let folder = tempfile::tempdir().unwrap();
        let held = Journal::open(folder.path(), 1, ACCOUNT).unwrap();
        assert!(matches!(Journal::open(folder.path(), 1, ACCOUNT), Err(Error::Busy { .. })));
        Journal::open(folder.path(), 2, ACCOUNT).unwrap();
        let path = held.path().to_owned();
        drop(held);
        fs::copy(folder.path().join(Journal::name(2, ACCOUNT)), path).unwrap();
        let error = Journal::open(folder.path(), 1, ACCOUNT).unwrap_err().to_string();
        assert!(error.contains("is not the journal of"), "{error}");
    }
}
