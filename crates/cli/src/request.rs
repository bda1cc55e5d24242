//! The transaction that a command is about: from a file, or in flags.

use crate::config::Ground;
use crate::tx_file::{self, TxFile};
use alloy_primitives::{Address, U256};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::safe::{
    MULTI_SEND_1_3_0, MULTI_SEND_1_4_1, MULTI_SEND_1_5_0, MULTI_SEND_CALL_ONLY_1_3_0, MULTI_SEND_CALL_ONLY_1_4_1,
    MULTI_SEND_CALL_ONLY_1_5_0, SafeTx,
};
use portcullis_chain::safe::{self, Version};
use portcullis_eval::Action;
use portcullis_operate::hash::SafeVersion;
use std::path::PathBuf;

// A transaction file, or one call.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Written {
    /// The transaction, in the format of `simulate`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "value", "data", "delegatecall"])]
    pub(crate) tx: Option<PathBuf>,
    /// Whom it calls, as 0x… or eth:0x…
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) to: Option<String>,
    /// Wei that it pays
    #[arg(long, value_name = "WEI", default_value = "0", requires = "to")]
    pub(crate) value: String,
    /// Calldata
    #[arg(long, value_name = "HEX", default_value = "0x", requires = "to")]
    pub(crate) data: String,
    /// Run the target's code as the Safe's own
    #[arg(long, requires = "to")]
    pub(crate) delegatecall: bool,
}

impl Written {
    /// Whether there is one.
    pub(crate) const fn is_there(&self) -> bool {
        self.tx.is_some() || self.to.is_some()
    }

    /// The actions, and who they are of; every address must be of this chain.
    pub(crate) fn read(&self, chain_id: u64) -> Result<TxFile> {
        if let Some(path) = &self.tx {
            let file = tx_file::load(path)?;
            file.must_be_on(chain_id).wrap_err_with(|| path.display().to_string())?;
            return Ok(file);
        }
        let to = self.to.as_ref().ok_or_else(|| eyre!("there is no transaction: give --tx FILE, or --to ADDRESS"))?;
        let action = Action {
            to: crate::named::parse(to)?.on(chain_id).wrap_err("--to")?,
            value: tx_file::decimal(&self.value).wrap_err("--value")?,
            data: tx_file::hex(&self.data, "calldata").wrap_err("--data")?,
            operation: u8::from(self.delegatecall),
        };
        Ok(TxFile { origin: None, initiator: None, signatures: Default::default(), actions: vec![action], chain: None })
    }

    /// The Safe transaction of these actions.
    pub(crate) fn safe_tx(&self, ground: &Ground, nonce: Option<U256>) -> Result<SafeTx> {
        let file = self.read(ground.account().chain_id)?;
        if file.origin.is_some() {
            bail!("a module makes this request, not the owners: there is nothing to sign");
        }
        if !file.signatures.is_empty() {
            bail!("the file brings signatures, which are for `simulate`; sign with keys, or with --signatures FILE");
        }
        Ok(safe_tx(&file.actions, ground.info.version.into(), nonce.unwrap_or(ground.info.nonce)))
    }
}

/// The Safe transaction of these actions: one of them, or a batch.
pub(crate) fn safe_tx(actions: &[Action], version: SafeVersion, nonce: U256) -> SafeTx {
    let (all, calls) = multi_sends(version);
    let action = tx_file::top_level(actions, all, calls);
    SafeTx { operation: action.operation, ..safe::call(action.to, action.value, action.data, nonce) }
}

/// MultiSend and MultiSendCallOnly; Safes before 1.3.0 use those of 1.3.0, as the Safe app has it.
fn multi_sends(version: SafeVersion) -> (Address, Address) {
    if version >= SafeVersion::V1_5_0 {
        (MULTI_SEND_1_5_0, MULTI_SEND_CALL_ONLY_1_5_0)
    } else if version >= SafeVersion::V1_4_0 {
        (MULTI_SEND_1_4_1, MULTI_SEND_CALL_ONLY_1_4_1)
    } else {
        (MULTI_SEND_1_3_0, MULTI_SEND_CALL_ONLY_1_3_0)
    }
}

/// The hook on this chain, if it guards the Safe.
pub(crate) fn hook(ground: &Ground) -> Result<Address> {
    let hook = portcullis_chain::deploy::hook_at();
    if ground.info.guard != hook {
        bail!("Portcullis does not guard the Safe `{}`: install it first", ground.info.address);
    }
    if ground.info.version >= Version::V1_5_0 && ground.info.module_guard != hook {
        bail!("Portcullis is not the module guard of the Safe `{}`: install it there too", ground.info.address);
    }
    Ok(hook)
}
