//! `apply`: carries a plan out, as it is written or not at all.

use super::deploy::put;
use crate::config::{Ground, Place};
use crate::ending::{Ended, Ending};
use crate::exit::Exit;
use crate::fork;
use crate::output::{Output, talk};
use crate::policy_file;
use crate::sending::{Sends, consent, tell};
use clap::Args;
use eyre::{Result, bail};
use portcullis_chain::{Ledger, read};
use portcullis_operate::Error;
use portcullis_operate::account::Account;
use portcullis_operate::collected::Collected;
use portcullis_operate::deploy::{self, Piece};
use portcullis_operate::journal::{Journal, Standing};
use portcullis_operate::plan::Plan;
use portcullis_operate::send::{Done, Sender};
use portcullis_operate::steps::Goal;
use serde_json::{Value, json};
use std::path::PathBuf;

// Arguments of `apply`.
#[derive(Debug, Args)]
pub(crate) struct Apply {
    /// The plan
    plan: PathBuf,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    ending: Ending,
}

impl Apply {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let plan = Plan::unseal(&policy_file::text(&self.plan)?)?;
        let (settings, address) = (self.place.settings()?, plan.account.safe.address);
        let (node, expected) = (settings.connect()?, plan.account.chain_id);
        if node.chain_id() != expected {
            return Err(Error::OtherChain { found: node.chain_id(), expected }.into());
        }
        if settings.names_safe() && settings.safe(expected)? != address {
            bail!("`{}` is a plan for `{address}`, not for the Safe that is named", self.plan.display());
        }
        let info = read::safe(&node, address)?;
        let ground = Ground { settings, node, info };
        // What was sent for this plan is settled first: the account may have moved because of it.
        if let Some(done) = self.resume(&ground, &plan)? {
            return self.ended(&ground, &plan, &Ended::Executed(done), output);
        }
        let now = Account::read(&ground.node, address)?;
        if now.is_as_foreseen(&plan.after) {
            let what = "this plan was carried out before: nothing is sent";
            output.result(|| what.to_owned(), result(&plan, what, Value::Null))?;
            return Ok(Exit::Done);
        }
        plan.check_unmoved(&ground.node, &now)?;
        let ended = self.carry_out(&ground, &plan)?;
        self.ended(&ground, &plan, &ended, output)
    }

    /// Takes up the Safe transaction where it was sent before.
    fn resume(&self, ground: &Ground, plan: &Plan) -> Result<Option<Done>> {
        let (node, settings) = (&ground.node, &ground.settings);
        let step = Ending::step(plan.step.hash);
        let mut journal =
            Journal::open(&settings.journals(&self.ending.sending), node.chain_id(), ground.info.address)?;
        if journal.standing(&step) == Standing::Open {
            return Ok(None);
        }
        let wallet = settings.signers(&self.ending.keys, node.chain_id())?.wallet()?;
        let patience = settings.patience(&self.ending.sending);
        Ok(Sender::new(node, &mut journal, &wallet, patience).resume(&step, &mut tell)?)
    }

    /// Rehearses once more on the newest block, then sends what is missing, the Safe transaction last.
    fn carry_out(&self, ground: &Ground, plan: &Plan) -> Result<Ended> {
        let ready = self.ending.gather(ground, Collected::new(ground.account(), plan.step.transaction()))?;
        if ready.collected.hash() != plan.step.hash {
            bail!("the Safe transaction does not have the plan's hash; plan again");
        }
        let program = match &plan.goal {
            Goal::Enforced { program, .. } => Some(deploy::program(program)?),
            Goal::Removed { .. } => None,
        };
        let more: Vec<_> = program.iter().map(|piece| piece.address).collect();
        let pinned = fork::pin(&ground.settings, ground.info.address, &more)?;
        let rehearsed = fork::rehearse(&pinned, ground.info.address, &plan.goal, program.as_ref())?;
        if rehearsed.runs.first().map(|run| run.doing) != Some(plan.step.doing) {
            bail!("the time to {} has passed, so nothing is sent: plan again", plan.step.doing.words());
        }
        let words = plan.step.doing.words();
        talk(format!("Safe         {}: {words}", ground.info.address));
        talk(format!("transaction  {}, nonce {}, rehearsed with the guard on", plan.step.hash, plan.step.nonce));
        if let Some(piece) = missing(program.as_ref(), ground, plan)? {
            let sending = &self.ending.sending;
            let sends = Sends { settings: &ground.settings, node: &ground.node, signers: &ready.signers, sending };
            let payer = ready.signers.payer()?;
            sends.ready()?;
            consent(sending, &format!("Put the program on the chain at {}, paid by {payer}?", piece.address))?;
            put(&sends, ground.info.address, piece)?;
        }
        self.ending.end(ground, &ready, words)
    }

    /// Insists that the account is as the rehearsal foresaw, where something was executed.
    fn ended(&self, ground: &Ground, plan: &Plan, ended: &Ended, output: &Output) -> Result<Exit> {
        if let Ended::Executed(done) = ended {
            let now = Account::read(&ground.node, ground.info.address)?;
            if !now.is_as_foreseen(&plan.after) {
                let moved = plan.after.moved(&now).join(", ");
                bail!(
                    "transaction {} carried the plan out, but since then this moved: {moved}; see `status`",
                    done.hash
                );
            }
        }
        let what = format!("{}: {}", plan.step.doing.words(), ended.words());
        output.result(|| what.clone(), result(plan, &what, ended.json()))?;
        Ok(Exit::Done)
    }
}

/// The program, where the step needs it on the chain and it is not there.
fn missing<'a>(program: Option<&'a Piece>, ground: &Ground, plan: &Plan) -> Result<Option<&'a Piece>> {
    let Some(piece) = program.filter(|_| plan.step.doing.needs_program()) else {
        return Ok(None);
    };
    Ok(if piece.stands(&ground.node)? { None } else { Some(piece) })
}

fn result(plan: &Plan, what: &str, ended: Value) -> Value {
    json!({ "safe": plan.account.safe.address, "hash": plan.step.hash, "message": what, "ended": ended })
}
