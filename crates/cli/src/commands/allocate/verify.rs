//! `allocate verify`: is a proposal what its documents lead to?

use super::folder::Folder;
use crate::exit::Exit;
use crate::output::Output;
use crate::policy_file;
use clap::Args;
use eyre::Result;
use portcullis_allocate::documents::{Document, Proposal};
use serde_json::json;
use std::path::PathBuf;

// Arguments of `allocate verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The proposal
    proposal: PathBuf,
    /// The folder of the documents that it names
    documents: PathBuf,
}

impl Verify {
    /// An error says what does not hold.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (proposal, folder) = (read(&self.proposal)?, Folder::read(&self.documents)?);
        let body = &proposal.body;
        folder.proved(&proposal)?;
        output.result(
            || format!("valid: proposal {} is the best allocation under its documents", body.id),
            json!({ "valid": true, "proposal": body.id }),
        )?;
        Ok(Exit::Done)
    }
}

/// A proposal from a file.
pub(super) fn read(path: &std::path::Path) -> Result<Document<Proposal>> {
    Ok(Document::read(&path.display().to_string(), &policy_file::text(path)?)?)
}
