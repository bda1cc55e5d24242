//! `allocate simulate`: the transaction of a phase, with the guard on.

use super::build::Plan;
use crate::commands::simulate::Setting;
use crate::exit::Exit;
use crate::inputs::Input;
use crate::output::Output;
use crate::tx_file::TxFile;
use clap::Args;
use eyre::Result;

// Arguments of `allocate simulate`.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    setting: Setting,
}

impl Simulate {
    /// Ends as `simulate` does. Another Safe than the mapping's account is refused: the calls name it.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let planned = self.plan.read()?;
        let transaction = TxFile { actions: planned.actions()?, ..TxFile::default() };
        let mapping = &planned.mapping.body;
        self.setting.run(Input::of(transaction, mapping.account, mapping.chain_id), output)
    }
}
