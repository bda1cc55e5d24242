//! `sign` and `execute`: what owners do with a file of signatures.

use crate::config::{Ground, Keys, Place, Sending};
use crate::ending::{self, Ending, Ready};
use crate::exit::Exit;
use crate::named;
use crate::output::{Output, talk};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, sol};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_chain::{Ledger, read};
use portcullis_operate::collected::Collected;
use portcullis_operate::hash::Account;
use portcullis_operate::signature::OwnerSignature;
use portcullis_operate::signer::Signers;
use serde_json::json;
use std::path::{Path, PathBuf};

sol! {
    /// What Safes ask owners that are contracts: since 1.5.0 about the hash, before about what it is the hash of.
    interface ContractOwner {
        function isValidSignature(bytes32 hash, bytes memory signature) external view returns (bytes4);
        function isValidSignature(bytes memory data, bytes memory signature) external view returns (bytes4);
    }
}

// Arguments of `sign`.
#[derive(Debug, Args)]
pub(crate) struct Sign {
    /// The file of signatures
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Sign as this Safe, which is an owner, with its own owners' keys
    #[arg(long = "as", value_name = "ADDRESS")]
    inner: Option<String>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    keys: Keys,
}

// Arguments of `execute`.
#[derive(Debug, Args)]
pub(crate) struct Execute {
    /// The file of signatures
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    sending: Sending,
}

/// The Safe that the file is about, on the node.
pub(crate) fn ground(place: &Place, path: &Path) -> Result<(Ground, Collected)> {
    let collected = Collected::read(path)?;
    let Account { chain_id, safe, version } = collected.account;
    let settings = place.settings()?;
    let node = settings.connect()?;
    let file = path.display();
    if node.chain_id() != chain_id {
        bail!(
            "`{file}` is of chain {chain_id}, and the node is on chain {}: give the node of that chain",
            node.chain_id()
        );
    }
    if settings.names_safe() {
        let named = settings.safe(chain_id)?;
        if named != safe {
            bail!("`{file}` is of the Safe `{safe}`, not of `{named}`");
        }
    }
    let info = read::safe(&node, safe)?;
    let ground = Ground { settings, node, info };
    if ground.account().version != version {
        bail!(
            "`{file}` is of a Safe {version}, and `{safe}` is a Safe {} now: make the transaction anew",
            ground.info.version
        );
    }
    Ok((ground, collected))
}

impl Sign {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, mut collected) = ground(&self.place, &self.file)?;
        let signers = ground.settings.signers(&self.keys, collected.account.chain_id)?;
        if signers.addresses().is_empty() {
            bail!("no key is given; give an owner's with --keystore FILE, --key-env NAME or --signer WHERE");
        }
        let ending = Ending { signatures: Some(self.file.clone()), keys: self.keys.clone(), ..Ending::default() };
        let Some(inner) = &self.inner else {
            return ending.finish_collected(&ground, collected, "transaction", output);
        };
        let inner = named::parse(inner).and_then(|inner| inner.on(collected.account.chain_id)).wrap_err("--as")?;
        ending::not_past(&ground, &collected)?;
        collected.add(as_safe(&ground, &collected, inner, &signers)?);
        let keyless = Ending { signatures: ending.signatures, ..Ending::default() };
        let ready = Ready { collected, signers: Signers::default() };
        let (stop, verdict) = keyless.rehearse(&ground, &ready)?;
        if let Some(exit) = stop {
            return Ok(exit);
        }
        let ended = keyless.end(&ground, &ready, "transaction")?;
        let hash = ready.collected.hash();
        output.result(
            || ended.words(),
            json!({ "safe": ground.info.address, "hash": hash, "as": inner, "rehearsal": verdict, "ended": ended.json() }),
        )?;
        Ok(Exit::Done)
    }
}

/// The signature of a Safe that is an owner, made by its own owners' keys, and confirmed by it.
fn as_safe(ground: &Ground, collected: &Collected, inner: Address, signers: &Signers) -> Result<OwnerSignature> {
    if !ground.info.owners.contains(&inner) {
        bail!("`{inner}` is not an owner of the Safe `{}`", ground.info.address);
    }
    let owner = read::safe(&ground.node, inner)?;
    let account = Account { chain_id: ground.account().chain_id, safe: inner, version: owner.version.into() };
    let (outer, hashes) = (collected.account.version, collected.account.transaction(&collected.tx));
    let message = account.for_owned(outer, &hashes);
    let threshold =
        usize::try_from(owner.threshold).map_err(|_| eyre!("the Safe `{inner}` asks for too many signatures"))?;
    talk(format!("its owners sign {} for it", message.hash));
    let signature = signers.sign(message.hash, &owner.owners, threshold)?;
    let (hash, data) = (hashes.hash, Bytes::from(hashes.preimage()));
    let (call, magic) = if outer.asks_by_hash() {
        let call = ContractOwner::isValidSignature_0Call { hash, signature: signature.clone() };
        (call.abi_encode(), ContractOwner::isValidSignature_0Call::SELECTOR)
    } else {
        let call = ContractOwner::isValidSignature_1Call { data, signature: signature.clone() };
        (call.abi_encode(), ContractOwner::isValidSignature_1Call::SELECTOR)
    };
    let answer = ground.node.call(ground.info.address, inner, U256::ZERO, call.into())?;
    if !answer.success || answer.output.get(..4) != Some(magic.as_slice()) {
        bail!(
            "the Safe `{inner}` does not confirm its owners' signatures (its fallback handler may not answer a Safe {outer}); \
             approve on chain instead: portcullis transact --safe {inner} --approve FILE"
        );
    }
    Ok(OwnerSignature::of_contract(inner, signature))
}

impl Execute {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, collected) = ground(&self.place, &self.file)?;
        let ending = Ending { keys: self.keys.clone(), sending: self.sending.clone(), ..Ending::default() };
        let approved = ending::approved(&ground, collected.hash())?;
        for owner in approved {
            talk(format!("approved on chain by {owner}"));
        }
        ending.finish_collected(&ground, collected, "transaction", output)
    }
}
