//! `deploy`: what an account needs, at addresses that are known before anything is sent.

use crate::config::{Keys, Place, Sending};
use crate::exit::Exit;
use crate::output::{Output, talk};
use crate::policy_file;
use crate::sending::{Sends, consent};
use alloy_primitives::Address;
use clap::Args;
use eyre::{Result, bail};
use portcullis_chain::Ledger;
use portcullis_operate::Error;
use portcullis_operate::deploy::{self, Piece};
use portcullis_operate::send::Done;
use serde_json::{Value, json};

/// Arguments of `deploy`. Of a policy the program is deployed too.
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
        let result = |sent: &[Value]| json!({ "chain_id": found, "contracts": contracts, "sent": sent });
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
        sends.funded()?;
        consent(&self.sending, &format!("Deploy {} contracts, paid by {payer}?", missing.len()))?;
        let mut sent = Vec::new();
        for piece in missing {
            let done = put(&sends, payer, piece)?;
            sent.push(json!({ "name": piece.name, "transaction": done.hash, "gas": done.mined.gas_used }));
        }
        output.result(|| format!("{} deployed, each with the code that is committed", sent.len()), result(&sent))?;
        Ok(Exit::Done)
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
