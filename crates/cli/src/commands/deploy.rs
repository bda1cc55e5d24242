//! `deploy`: what an account needs, at addresses that are known before anything is sent.

use crate::exit::Exit;
use crate::output::Output;
use crate::policy_file;
use crate::sending::{At, Keys, Send, is_chain, tell};
use clap::Args;
use eyre::{Result, WrapErr};
use portcullis_chain::Ledger;
use portcullis_operate::deploy::{self, Piece};
use portcullis_operate::send::Sender;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `deploy`.
#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// The program of this policy too
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The signature handler too
    #[arg(long)]
    handler: bool,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    send: Send,
    /// Send nothing; ends with 2 where something is missing
    #[arg(long)]
    dry_run: bool,
}

impl Deploy {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let mut pieces = deploy::hook();
        if self.handler {
            pieces.push(deploy::handler());
        }
        let mut chain_id = None;
        if let Some(path) = &self.policy {
            let file = policy_file::load(path)?;
            chain_id = file.policy.account.map(|account| account.chain.id());
            pieces.push(deploy::program(&file.compiled.program)?);
        }
        let node = self.at.connect(chain_id)?;
        let mut missing = Vec::new();
        let mut lines = Vec::new();
        for piece in &pieces {
            let stands = piece.stands(&node)?;
            lines.push((piece, stands));
            if !stands {
                missing.push(piece);
            }
        }
        let text = || {
            let line = |(piece, stands): &(&Piece, bool)| {
                let word = if *stands { "there" } else { "missing" };
                format!("{word:8} {}  {}", piece.address, piece.name)
            };
            format!("chain {}\n{}", node.chain_id(), lines.iter().map(line).collect::<Vec<_>>().join("\n"))
        };
        if !output.json {
            anstream::println!("{}", text());
        }
        let contracts: Vec<_> = lines
            .iter()
            .map(|(piece, stands)| json!({ "name": piece.name, "address": piece.address, "was_there": stands }))
            .collect();
        let result =
            |sent: &[serde_json::Value]| json!({ "chain_id": node.chain_id(), "contracts": contracts, "sent": sent });
        if missing.is_empty() || self.dry_run {
            let exit = if missing.is_empty() { Exit::Done } else { Exit::Changed };
            output.result(
                || if missing.is_empty() { "nothing to do".to_owned() } else { format!("{} to deploy", missing.len()) },
                result(&[]),
            )?;
            return Ok(exit);
        }
        let signers = self.keys.open()?;
        let (wallet, payer) = (signers.wallet()?, signers.payer()?);
        self.send.confirm(&format!("{payer} pays for {} contracts", missing.len()))?;
        let mut journal = self.send.journal(self.policy.as_deref(), node.chain_id(), payer)?;
        is_chain(node.chain_id(), chain_id)?;
        let mut sender = Sender::new(&node, &mut journal, &wallet, self.send.patience());
        let mut sent = Vec::new();
        for piece in missing {
            let done = put(&mut sender, &node, piece, output)?;
            sent.push(json!({ "name": piece.name, "transaction": done.hash, "gas": done.mined.gas_used }));
        }
        output.result(|| format!("{} deployed, each with the code that is committed", sent.len()), result(&sent))?;
        Ok(Exit::Done)
    }
}

/// Deploys one piece, and insists that it then stands there.
pub(crate) fn put(
    sender: &mut Sender<'_>,
    node: &dyn Ledger,
    piece: &Piece,
    output: &Output,
) -> Result<portcullis_operate::send::Done> {
    let mut told = |event| tell(output, &piece.name, event);
    let done = sender.send(&piece.step(), &piece.call(), &mut told)?;
    let gone = || format!("the {} was deployed in {} and is not there: ask another node", piece.name, done.hash);
    if !piece.stands(node).wrap_err_with(gone)? {
        eyre::bail!("{}", gone());
    }
    Ok(done)
}
