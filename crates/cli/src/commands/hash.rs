//! `hash`: what owners sign, in the parts that a hardware wallet shows.

use crate::calldata;
use crate::config::Place;
use crate::exit::Exit;
use crate::named::{self, Named};
use crate::output::Output;
use crate::request::{self, Written};
use crate::tx_file;
use alloy_primitives::{Address, U256};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::safe::SafeTx;
use portcullis_chain::{Ledger, Node};
use portcullis_operate::batch_file;
use portcullis_operate::collected::Collected;
use portcullis_operate::hash::{Account, Hashes, SafeVersion, fields};
use serde_json::json;
use std::path::PathBuf;

// Arguments of `hash`.
#[derive(Debug, Args)]
pub(crate) struct Hash {
    /// A file of signatures, in place of the transaction in flags
    #[arg(value_name = "FILE", conflicts_with_all = ["tx", "to", "nonce", "safe_version"])]
    file: Option<PathBuf>,
    #[command(flatten)]
    written: Written,
    /// The nonce; needed without --rpc
    #[arg(long, value_name = "NONCE")]
    nonce: Option<String>,
    /// The Safe's version, 1.0.0 to 1.5.0; needed without --rpc
    #[arg(long, value_name = "VERSION")]
    safe_version: Option<String>,
    /// An owner that is a Safe itself: what its owners sign, so that it signs
    #[arg(long, value_name = "ADDRESS")]
    owner_safe: Option<String>,
    /// The version of that Safe; the same where left out
    #[arg(long, value_name = "VERSION", requires = "owner_safe")]
    owner_safe_version: Option<String>,
    #[command(flatten)]
    place: Place,
}

fn version(text: &str) -> Result<SafeVersion> {
    text.parse().map_err(|why: String| eyre!(why))
}

impl Hash {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (account, tx) = self.transaction()?;
        let hashes = account.transaction(&tx);
        let inner = self.inner(&account, &hashes)?;
        let Hashes { domain, message, hash } = hashes;
        let calls = batch_file::calls(&tx).unwrap_or_default();
        let nested = inner.map(|(safe, hashes)| {
            json!({ "safe": safe, "domain": hashes.domain, "message": hashes.message, "hash": hashes.hash })
        });
        output.result(
            || {
                let chain = if account.version.names_chain() {
                    format!("chain {}", account.chain_id)
                } else {
                    "which signs for every chain".to_owned()
                };
                let mut text = format!("Safe            {} ({}), {chain}\n", account.safe, account.version);
                for (name, value) in fields(&tx).as_object().into_iter().flatten() {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    text.push_str(&format!("{name:<15} {value}\n"));
                }
                for call in &calls {
                    text.push_str(&format!("does            {}\n", calldata::words(call.to, call.value, &call.data)));
                }
                text.push_str(&format!(
                    "domain hash     {domain}\nmessage hash    {message}\nSafe tx hash    {hash}\n"
                ));
                if let Some((safe, inner)) = inner {
                    text.push_str(&format!("for the owner   {safe}, whose owners sign the message\n"));
                    text.push_str(&format!("domain hash     {}\nmessage hash    {}\n", inner.domain, inner.message));
                    text.push_str(&format!("Safe msg hash   {}\n", inner.hash));
                }
                text
            },
            json!({
                "safe": account.safe, "chain_id": account.chain_id, "version": account.version.as_str(),
                "domain": domain, "message": message, "hash": hash, "fields": fields(&tx),
                "calls": calls.iter().map(|call| calldata::words(call.to, call.value, &call.data)).collect::<Vec<_>>(),
                "typed_data": account.typed_data(&tx), "owner_safe": nested,
            }),
        )?;
        Ok(Exit::Done)
    }

    /// What is signed, and by which Safe: from the file, from the chain, or from flags alone.
    fn transaction(&self) -> Result<(Account, SafeTx)> {
        if let Some(path) = &self.file {
            let Collected { account, tx, .. } = Collected::read(path)?;
            let (settings, file) = (self.place.settings()?, path.display());
            if let Some(chain_id) = settings.chain().filter(|chain_id| *chain_id != account.chain_id) {
                bail!("`{file}` is of chain {}, not of chain {chain_id}", account.chain_id);
            }
            if settings.names_safe() {
                let named = settings.safe(account.chain_id)?;
                if named != account.safe {
                    bail!("`{file}` is of the Safe `{}`, not of `{named}`", account.safe);
                }
            }
            return Ok((account, tx));
        }
        if !self.written.is_there() {
            bail!("there is no transaction: give a file of signatures, --tx FILE, or --to ADDRESS");
        }
        let settings = self.place.settings()?;
        let nonce = self.nonce.as_deref().map(|text| tx_file::decimal(text).wrap_err("--nonce")).transpose()?;
        if settings.names_node() && (nonce.is_none() || self.safe_version.is_none()) {
            let ground = self.place.open()?;
            let mut account = ground.account();
            if let Some(text) = &self.safe_version {
                account.version = version(text)?;
            }
            let tx = self.written.safe_tx(&ground, nonce)?;
            return Ok((account, tx));
        }
        let chain_id = match settings.chain() {
            Some(chain_id) => chain_id,
            None if settings.names_node() => Node::connect(&settings.rpc()?, Vec::new())?.chain_id(),
            None => bail!("which chain: give --chain-id, a Safe such as eth:0x…, or --rpc"),
        };
        let needed = "without a node";
        let text = self.safe_version.as_ref().ok_or_else(|| eyre!("give --safe-version, {needed}"))?;
        let nonce: U256 = nonce.ok_or_else(|| eyre!("give --nonce, {needed}"))?;
        let account = Account { chain_id, safe: settings.safe(chain_id)?, version: version(text)? };
        let file = self.written.read(chain_id)?;
        if file.origin.is_some() {
            bail!("a module makes this request, not the owners: there is nothing to sign");
        }
        Ok((account, request::safe_tx(&file.actions, account.version, nonce)))
    }

    /// What the owners of an owner sign.
    fn inner(&self, outer: &Account, hashes: &Hashes) -> Result<Option<(Address, Hashes)>> {
        let Some(text) = &self.owner_safe else {
            return Ok(None);
        };
        let named: Named = named::parse(text).wrap_err("--owner-safe")?;
        let safe = named.on(outer.chain_id)?;
        let version = self.owner_safe_version.as_deref().map_or(Ok(outer.version), version)?;
        let inner = Account { chain_id: outer.chain_id, safe, version };
        Ok(Some((safe, inner.for_owned(outer.version, hashes))))
    }
}
