//! `schema`: the JSON Schema of policies, for editors, and of reports, for programs.

use crate::exit::Exit;
use clap::Args;
use eyre::{Result, WrapErr};

// Arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct Schema {
    /// That of the reports that `simulate --report` writes as JSON
    #[arg(long)]
    report: bool,
}

impl Schema {
    /// The result is JSON either way: the schema itself.
    pub(crate) fn run(&self) -> Result<Exit> {
        let schema = if self.report {
            portcullis_report::schema().wrap_err("the schema does not fit in JSON")?
        } else {
            portcullis_policy::schema()
        };
        anstream::print!("{schema}");
        Ok(Exit::Done)
    }
}
