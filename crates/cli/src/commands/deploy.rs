//! `deploy`: what an account needs, at addresses that are known before anything is sent.

use crate::config::{Keys, Place, Sending};
use crate::exit::Exit;
use crate::output::{Output, talk};
use crate::policy_file;
use crate::sending::{Sends, consent};
use alloy_primitives::Address;
use clap::Args;
use eyre::{Result, WrapErr, bail};
use portcullis_chain::{Ledger, deploy as addresses};
use portcullis_operate::Error;
use portcullis_operate::deploy::{self, Piece};
use portcullis_operate::send::Done;
use portcullis_operate::verification::{self, Verifiable};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

// Arguments of `deploy`. Of a policy the program is deployed too.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    #[command(flatten)]
    place: Place,
    /// The signature handler too
    #[arg(long)]
    handler: bool,
    /// Send nothing; ends with 2 where something is missing
    #[arg(long)]
    dry_run: bool,
    /// Write Standard JSON for explorers: it compiles to all of this but the program, which is data
    #[arg(long, value_name = "FILE")]
    verification_input: Option<PathBuf>,
    /// Where npm put the packages that sources come from, for --verification-input
    #[arg(long, value_name = "DIR", default_value = "node_modules")]
    artifacts: PathBuf,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    sending: Sending,
}

impl Deploy {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let settings = self.place.settings()?;
        let mut pieces = deploy::hook();
        if self.handler {
            pieces.push(deploy::handler());
        }
        if let Some(path) = &settings.policy {
            pieces.push(deploy::program(&policy_file::load(path)?.compiled.program)?);
        }
        let expected = settings.expected_chain()?;
        let node = settings.connect()?;
        let found = node.chain_id();
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(Error::OtherChain { found, expected }.into());
        }
        let mut contracts = Vec::new();
        let mut missing = Vec::new();
        for piece in &pieces {
            let stands = piece.stands(&node)?;
            talk(format!("{:8} {}  {}", if stands { "there" } else { "missing" }, piece.address, piece.name));
            contracts.push(json!({ "name": piece.name, "address": piece.address, "was_there": stands }));
            if !stands {
                missing.push(piece);
            }
        }
        let verification = self.verification_input.as_deref().map(|path| self.write_input(path)).transpose()?;
        let result = |sent: &[Value]| json!({ "chain_id": found, "contracts": contracts, "sent": sent, "verification": verification });
        if missing.is_empty() {
            output.result(|| "nothing to do: all of it is there".to_owned(), result(&[]))?;
            return Ok(Exit::Done);
        }
        if self.dry_run {
            output.result(|| format!("{} contracts are missing", missing.len()), result(&[]))?;
            return Ok(Exit::Changed);
        }
        let signers = settings.signers(&self.keys, found)?;
        let payer = signers.payer()?;
        let sends = Sends { settings: &settings, node: &node, signers: &signers, sending: &self.sending };
        sends.ready()?;
        consent(&self.sending, &format!("Deploy {} contracts, paid by {payer}?", missing.len()))?;
        let mut sent = Vec::new();
        for piece in missing {
            let done = put(&sends, payer, piece)?;
            sent.push(json!({ "name": piece.name, "transaction": done.hash, "gas": done.mined.gas_used }));
        }
        output.result(|| format!("{} deployed, each with the code that is committed", sent.len()), result(&sent))?;
        Ok(Exit::Done)
    }

    /// Writes what explorers compile, and says what to enter beside it.
    fn write_input(&self, path: &Path) -> Result<Value> {
        let input = verification::input(&self.artifacts)?;
        let text = serde_json::to_string(&input).wrap_err("the verification input does not fit in JSON")?;
        std::fs::write(path, text).wrap_err_with(|| format!("cannot write `{}`", path.display()))?;
        let compiler = verification::compiler();
        talk(format!("`{}` verifies these, with compiler v{compiler}:", path.display()));
        let mut contracts = verification::contracts();
        contracts.retain(|contract| self.handler || contract.address != addresses::handler_at());
        for Verifiable { address, name, arguments } in &contracts {
            let given =
                if arguments.is_empty() { String::new() } else { format!(", constructor arguments {arguments}") };
            talk(format!("         {address}  {name}{given}"));
        }
        let list =
            contracts.iter().map(|one| json!({ "address": one.address, "name": one.name, "arguments": one.arguments }));
        Ok(json!({ "file": path.display().to_string(), "compiler": compiler, "contracts": list.collect::<Vec<_>>() }))
    }
}

/// Deploys one piece, written down in the journal of `account`, and insists that it then stands there.
pub(crate) fn put(sends: &Sends<'_>, account: Address, piece: &Piece) -> Result<Done> {
    talk(format!("deploying the {} at {}", piece.name, piece.address));
    let done = sends.send(account, &piece.step(), true, &piece.call())?;
    if !piece.stands(sends.node)? {
        bail!("the {} was deployed in {}, and the node does not show it: ask another node", piece.name, done.hash);
    }
    Ok(done)
}
