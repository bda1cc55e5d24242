//! `apply`: carries a plan out, as it is written or not at all.

use super::deploy::put;
use crate::exit::Exit;
use crate::fork;
use crate::output::Output;
use crate::policy_file;
use crate::sending::{At, Keys, Send, tell};
use alloy_primitives::{Bytes, U256};
use clap::Args;
use eyre::{Result, bail};
use portcullis_chain::{Call, Node, safe};
use portcullis_operate::account::Account;
use portcullis_operate::deploy::{self, Piece};
use portcullis_operate::journal::Standing;
use portcullis_operate::plan::Plan;
use portcullis_operate::send::{Done, Sender};
use portcullis_operate::signer::Signers;
use portcullis_operate::steps::Goal;
use serde_json::json;
use std::path::PathBuf;

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The plan
    plan: PathBuf,
    #[command(flatten)]
    at: At,
    #[command(flatten)]
    keys: Keys,
    #[command(flatten)]
    send: Send,
}

impl Apply {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let plan = Plan::unseal(&policy_file::text(&self.plan)?)?;
        let address = plan.account.safe.address;
        let node = self.at.connect(Some(plan.account.chain_id))?;
        let signers = self.keys.open()?;
        let wallet = signers.wallet()?;
        let mut journal = self.send.journal(Some(&self.plan), plan.account.chain_id, address)?;
        let mut sender = Sender::new(&node, &mut journal, &wallet, self.send.patience());
        let step = plan.journal_step();
        let words = plan.step.doing.words();

        let resumed = match sender.standing(&step) {
            Standing::Open => None,
            // What was sent for this plan is settled first: the account may have moved because of it.
            Standing::Sent(_) | Standing::Done(_) => sender.resume(&step, &mut |event| tell(output, words, event))?,
        };
        let done = match resumed {
            Some(done) => done,
            None => {
                let now = Account::read(&node, address)?;
                if now.is_as_foreseen(&plan.after) {
                    return said(output, &plan, "this plan was carried out before: nothing is sent", None);
                }
                plan.check_unmoved(&node, &now)?;
                self.carry_out(&plan, &node, &signers, &mut sender, output)?
            }
        };
        let now = Account::read(&node, address)?;
        if !now.is_as_foreseen(&plan.after) {
            let moved = plan.after.moved(&now).join(", ");
            bail!(
                "the plan was carried out in {}, but the account is not as foreseen ({moved}): see `status`",
                done.hash
            );
        }
        said(output, &plan, &format!("done: {words}, in block {}", done.mined.block), Some(&done))
    }

    /// Rehearses once more on the newest block, then sends what is missing, the Safe transaction last.
    fn carry_out(
        &self,
        plan: &Plan,
        node: &Node,
        signers: &Signers,
        sender: &mut Sender<'_>,
        output: &Output,
    ) -> Result<Done> {
        let info = &plan.account.safe;
        let threshold = usize::try_from(info.threshold).unwrap_or(usize::MAX);
        let signatures = signers.sign(plan.step.hash, &info.owners, threshold)?;
        let program = match &plan.goal {
            Goal::Enforced { program, .. } => Some(deploy::program(program)?),
            Goal::Removed { .. } => None,
        };
        let more: Vec<_> = program.iter().map(|piece| piece.address).collect();
        let pinned = fork::pin(&self.at.url()?, self.at.timeout, info.address, &more)?;
        fork::rehearse(&pinned, info.address, &plan.goal, program.as_ref())?;

        let words = plan.step.doing.words();
        self.send.confirm(&format!("the Safe `{}` will {words} (hash {})", info.address, plan.step.hash))?;
        if let Some(piece) = missing(program.as_ref(), plan, node)? {
            put(sender, node, piece, output)?;
        }
        let data: Bytes = safe::exec(&plan.step.transaction(), signatures);
        let call = Call { to: info.address, value: U256::ZERO, data };
        Ok(sender.send(&plan.journal_step(), &call, &mut |event| tell(output, words, event))?)
    }
}

/// The program, where the step needs it on the chain and it is not there.
fn missing<'a>(program: Option<&'a Piece>, plan: &Plan, node: &Node) -> Result<Option<&'a Piece>> {
    let Some(piece) = program else {
        return Ok(None);
    };
    let needed = plan.step.doing.needs_program();
    Ok(if needed && !piece.stands(node)? { Some(piece) } else { None })
}

fn said(output: &Output, plan: &Plan, what: &str, done: Option<&Done>) -> Result<Exit> {
    let hash = plan.step.hash;
    let object = json!({
        "safe": plan.account.safe.address, "safe_tx_hash": hash, "message": what,
        "transaction": done.map(|done| done.hash), "block": done.map(|done| done.mined.block),
        "gas": done.map(|done| done.mined.gas_used),
    });
    let text = || match done {
        Some(done) => {
            format!("{what}\n  Safe transaction {hash}\n  transaction {} (gas {})", done.hash, done.mined.gas_used)
        }
        None => what.to_owned(),
    };
    output.result(text, object)?;
    Ok(Exit::Done)
}
