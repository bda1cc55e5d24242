//! What is simulated, in every form in which it comes: files of this tool, of the Safe Transaction Builder and of a
//! Safe Transaction Service, calldata, and what a chain has executed.

mod builder;
mod encoded;
mod service;

use crate::output::talk;
use crate::tx_file::{self, TxFile};
use crate::{named, policy_file};
use alloy_primitives::{Address, B256, U256};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_chain::Node;
use portcullis_chain::past::Past;
use portcullis_chain::safe::SafeTx;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::Duration;

// Arguments that say what is simulated.
#[derive(Debug, Args)]
pub(crate) struct Inputs {
    /// The transaction: a file of this tool, a batch of the Safe Transaction Builder, or a transaction of a Safe
    /// Transaction Service; of several, each runs on the state that the one before left
    #[arg(long, value_name = "FILE", required_unless_present_any = ["calldata", "past"])]
    tx: Vec<PathBuf>,
    /// Calldata of `execTransaction`, or with --module of `execTransactionFromModule`, instead of a file
    #[arg(long, value_name = "HEX", requires = "rpc", conflicts_with_all = ["tx", "past"])]
    calldata: Option<String>,
    /// A transaction that the chain has executed, on the state after the block before its own
    #[arg(long, value_name = "HASH", requires = "rpc", conflicts_with_all = ["tx", "block", "at", "after"])]
    past: Option<B256>,
    /// Who calls `execTransaction`, where the transaction does not say
    #[arg(long, value_name = "ADDRESS", conflicts_with_all = ["past", "module"])]
    sender: Option<String>,
    /// The module that asks, where the transaction does not say
    #[arg(long, value_name = "ADDRESS", conflicts_with = "past")]
    module: Option<String>,
}

/// What a Safe transaction says of its gas. Anything but zero gas and price is denied, and all of it is signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Terms {
    pub(crate) safe_tx_gas: U256,
    pub(crate) base_gas: U256,
    pub(crate) gas_price: U256,
    pub(crate) gas_token: Address,
    pub(crate) refund_receiver: Address,
}

/// A request of the Safe, and what its source says of itself.
#[derive(Debug, Default)]
pub(crate) struct Input {
    pub(crate) transaction: TxFile,
    pub(crate) terms: Terms,
    /// The nonce that it is for; the Safe's own where left out.
    pub(crate) nonce: Option<U256>,
    chain_id: Option<u64>,
    safe: Option<Address>,
    hash: Option<B256>,
}

impl Inputs {
    /// What is to be simulated on the node's state, and where the chain has executed it.
    pub(crate) fn read(&self, node: &str, safe: Address, timeout: Duration) -> Result<(Vec<Input>, Option<Past>)> {
        if let Some(hash) = self.past {
            let mined = Node::connect_within(node, Vec::new(), timeout)?.asked_in(safe, hash).wrap_err("--past")?;
            let inputs = mined.calls.iter().map(|(from, data)| encoded::read(data, Some(*from), Some(*from)));
            return Ok((inputs.collect::<Result<_>>()?, Some(mined)));
        }
        let Some(data) = &self.calldata else { return Ok((self.files()?, None)) };
        let (sender, module) = self.named()?;
        let data = tx_file::hex(data, "calldata").wrap_err("--calldata")?;
        Ok((vec![encoded::read(&data, sender, module).wrap_err("--calldata")?], None))
    }

    /// What the files say, in their order.
    pub(crate) fn files(&self) -> Result<Vec<Input>> {
        let (sender, module) = self.named()?;
        let one = |path: &PathBuf| -> Result<Input> {
            let mut input = load(path)?;
            let transaction = &mut input.transaction;
            for (flag, named, written) in
                [("--sender", sender, &mut transaction.initiator), ("--module", module, &mut transaction.origin)]
            {
                if named.is_some() && written.is_some() && named != *written {
                    bail!("{flag}: `{}` names another; leave one of them out", path.display());
                }
                *written = written.or(named);
            }
            if transaction.origin.is_some() && !transaction.signatures.is_empty() {
                bail!("`{}` holds signatures, which no module brings; leave --module out", path.display());
            }
            Ok(input)
        };
        self.tx.iter().map(one).collect()
    }

    fn named(&self) -> Result<(Option<Address>, Option<Address>)> {
        let read = |text: &Option<String>, flag: &'static str| {
            text.as_ref().map(|text| tx_file::address(named::split(text)?.1).wrap_err(flag)).transpose()
        };
        Ok((read(&self.sender, "--sender")?, read(&self.module, "--module")?))
    }
}

impl From<TxFile> for Input {
    fn from(transaction: TxFile) -> Self {
        Self { transaction, ..Self::default() }
    }
}

impl Input {
    /// A transaction that is for one Safe only.
    pub(crate) fn of(transaction: TxFile, safe: Address, chain_id: u64) -> Self {
        Self { safe: Some(safe), chain_id: Some(chain_id), ..Self::from(transaction) }
    }

    /// Refuses what was written for another chain or another Safe, or is not what its source says that it hashes to.
    pub(crate) fn must_be_of(&self, safe: Address, chain_id: u64) -> Result<()> {
        self.transaction.must_be_on(chain_id)?;
        if let Some(other) = self.chain_id.filter(|other| *other != chain_id) {
            bail!("the transaction is for chain {other}, and this is chain {chain_id}: check the file and the node");
        }
        if let Some(other) = self.safe.filter(|other| *other != safe) {
            bail!("the transaction is of the Safe `{other}`, not of `{safe}`: check the file and --safe");
        }
        let (Some(expected), [action]) = (self.hash, &self.transaction.actions[..]) else { return Ok(()) };
        let nonce = self.nonce.ok_or_else(|| eyre!("the transaction tells its hash and no nonce"))?;
        let call = portcullis_chain::safe::call(action.to, action.value, action.data.clone(), nonce);
        let tx = self.terms.on(SafeTx { operation: action.operation, ..call });
        let found = portcullis_chain::safe::hash(&tx, safe, chain_id);
        if found != expected {
            bail!("the transaction hashes to `{found}`, not to `{expected}` as its file says: do not trust the file");
        }
        Ok(())
    }

    /// The transaction, where nothing else was said.
    pub(crate) fn plain(self) -> Result<TxFile> {
        if self.terms != Terms::default() || self.nonce.is_some() {
            bail!("this transaction is for one Safe, with its nonce: ask with --rpc and --safe");
        }
        Ok(self.transaction)
    }
}

impl Terms {
    /// The transaction on these terms.
    pub(crate) fn on(&self, tx: SafeTx) -> SafeTx {
        SafeTx {
            safeTxGas: self.safe_tx_gas,
            baseGas: self.base_gas,
            gasPrice: self.gas_price,
            gasToken: self.gas_token,
            refundReceiver: self.refund_receiver,
            ..tx
        }
    }
}

/// Reads a file in any of the formats, told by what it holds.
fn load(path: &Path) -> Result<Input> {
    let about = || path.display().to_string();
    let text = policy_file::text(path)?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| eyre!("it is no JSON: {error}")).wrap_err_with(about)?;
    let has = |key: &str| value.get(key).is_some();
    if has("transactions") {
        let (input, remarks) = builder::read(&value).wrap_err_with(about)?;
        remarks.iter().for_each(|remark| talk(format!("{}: {remark}", path.display())));
        return Ok(input);
    }
    if has("safeTxHash") || has("contractTransactionHash") {
        let (input, remark) = service::read(value).wrap_err_with(about)?;
        remark.iter().for_each(|remark| talk(format!("{}: {remark}", path.display())));
        return Ok(input);
    }
    if has("results") {
        bail!("`{}` is a page of several transactions: give each in a file of its own, in order", path.display());
    }
    tx_file::load(path).map(Input::from)
}
