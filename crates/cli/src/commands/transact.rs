//! `transact`: make a Safe transaction, see the policy's verdict on it, and end it by choice.

use crate::config::Place;
use crate::ending::Ending;
use crate::exit::Exit;
use crate::output::Output;
use crate::request::Written;
use crate::tx_file;
use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::SolCall;
use clap::Args;
use eyre::{Result, WrapErr, bail};
use portcullis_bindings::safe::Safe;
use portcullis_chain::safe;
use portcullis_operate::collected::Collected;
use std::path::PathBuf;

// Arguments of `transact`.
#[derive(Debug, Args)]
pub(crate) struct Transact {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    written: Written,
    /// Approve, as an owner of another Safe, the transaction in this file of signatures
    #[arg(long, value_name = "FILE", conflicts_with_all = ["tx", "to"])]
    approve: Option<PathBuf>,
    /// The nonce; the Safe's next where left out
    #[arg(long, value_name = "NONCE")]
    nonce: Option<String>,
    #[command(flatten)]
    ending: Ending,
}

impl Transact {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let ground = self.place.open()?;
        let nonce = self.nonce.as_deref().map(|text| tx_file::decimal(text).wrap_err("--nonce")).transpose()?;
        let Some(file) = &self.approve else {
            return self.ending.finish(&ground, self.written.safe_tx(&ground, nonce)?, "transaction", output);
        };
        let outer = Collected::read(file)?;
        if outer.account.chain_id != ground.account().chain_id {
            bail!(
                "`{}` is of chain {}, and the node is on chain {}",
                file.display(),
                outer.account.chain_id,
                ground.account().chain_id
            );
        }
        let hash: B256 = outer.hash();
        let data: Bytes = Safe::approveHashCall { hash }.abi_encode().into();
        let tx = safe::call(outer.account.safe, U256::ZERO, data, nonce.unwrap_or(ground.info.nonce));
        self.ending.finish(&ground, tx, "approval as an owner", output)
    }
}
