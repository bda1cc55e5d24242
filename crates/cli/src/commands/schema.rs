//! `schema`: the JSON Schema of policies, for editors.

use crate::exit::Exit;
use clap::Args;
use eyre::Result;

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct Schema {}

impl Schema {
    /// The result is JSON either way: the schema itself.
    pub(crate) fn run(&self) -> Result<Exit> {
        anstream::print!("{}", portcullis_policy::schema());
        Ok(Exit::Done)
    }
}
