//! `allocate simulate`: the transaction of a phase, with the guard on.

use super::build::Plan;
use crate::commands::simulate::Setting;
use crate::exit::Exit;
use crate::output::Output;
use crate::tx_file::TxFile;
use clap::Args;
use eyre::Result;

/// Arguments of `allocate simulate`.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    setting: Setting,
}

impl Simulate {
    /// Ends as `simulate` does.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let actions = self.plan.read()?.actions()?;
        let transaction = TxFile { actions, ..TxFile::default() };
        self.setting.run(transaction, output)
    }
}
