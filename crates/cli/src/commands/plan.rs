//! `plan`: what differs between a policy file and a Safe, and the Safe transaction that comes next.

mod linted;
mod shown;

use crate::config::{Place, Sending, Settings};
use crate::exit::Exit;
use crate::fork::{self, Forked};
use crate::output::Output;
use crate::policy_file::{self, PolicyFile};
use crate::{named, units};
use alloy_primitives::{Address, Bytes};
use clap::Args;
use clap::builder::PossibleValuesParser;
use eyre::{Result, WrapErr, bail, eyre};
use linted::Linted;
use portcullis_chain::{Ledger, deploy as addresses};
use portcullis_operate::Error;
use portcullis_operate::account::Account;
use portcullis_operate::deploy::{self, Piece};
use portcullis_operate::plan::{Block, Plan as File};
use portcullis_operate::steps::{self, Goal, Next, Step};
use portcullis_policy::{Chain, decompile};
use portcullis_simulate::{Fork, Pinned};
use serde_json::json;
use shown::{Compared, Shown};
use std::path::{Path, PathBuf};

/// The signature handler, where a handler is named.
const OURS: &str = "signature-handler";

// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    place: Place,
    /// A module that is known to bypass the guard of a Safe older than 1.5.0; as often as needed
    #[arg(long, value_name = "ADDRESS")]
    acknowledge_module: Vec<String>,
    /// What lint finds of the policy, and is meant all the same; as often as needed
    #[arg(long, value_name = "FINDING", value_parser = PossibleValuesParser::new(linted::IN_THE_WAY))]
    acknowledge_finding: Vec<String>,
    /// The fallback handler that the Safe shall have: the signature handler, or the one named
    #[arg(long, value_name = "ADDRESS", num_args = 0..=1, default_missing_value = OURS)]
    handler: Option<String>,
    /// The policy in force, whose names the comparison then uses
    #[arg(long, value_name = "FILE")]
    was: Option<PathBuf>,
    /// Where to write the plan, for `apply`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

// Arguments of `remove`.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    #[command(flatten)]
    place: Place,
    /// The fallback handler to set with it; the Safe keeps its own where left out
    #[arg(long, value_name = "ADDRESS")]
    handler: Option<String>,
    /// Where to write the plan, for `apply`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What is planned, before it is known whether there is anything to do.
struct Asked<'a> {
    settings: &'a Settings,
    safe: Address,
    chain_id: Option<u64>,
    goal: Goal,
    /// The policy, and the file whose names the one in force has.
    policy: Option<(&'a PolicyFile, Option<&'a Path>)>,
    /// Of lint's findings, those that are meant.
    acknowledged: &'a [String],
    output: Option<&'a Path>,
}

impl Plan {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let settings = self.place.settings()?;
        let path = settings.policy.as_ref().ok_or_else(|| eyre!("no policy is named: give --policy FILE"))?;
        let file = policy_file::load(path)?;
        let chain_id = settings.expected_chain()?;
        let change_delay = file.policy.control.change_delay;
        let change_delay =
            change_delay.ok_or_else(|| eyre!("the policy has no change delay: write one into [control]"))?;
        let acknowledged = self.acknowledge_module.iter().map(|module| address(module, chain_id));
        let goal = Goal::Enforced {
            program: file.compiled.program.clone().into(),
            change_delay,
            acknowledged: acknowledged.collect::<Result<_>>().wrap_err("--acknowledge-module")?,
            handler: self.handler.as_deref().map(|text| handler(text, chain_id)).transpose()?,
        };
        let policy = Some((&file, self.was.as_deref()));
        let safe = settings.safe(chain_id.unwrap_or_default())?;
        let (acknowledged, output_file) = (&self.acknowledge_finding[..], self.output.as_deref());
        Asked { settings: &settings, safe, chain_id, goal, policy, acknowledged, output: output_file }.plan(output)
    }
}

impl Remove {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let settings = self.place.settings()?;
        let chain_id = settings.expected_chain()?;
        let handler = self.handler.as_deref().map(|text| address(text, chain_id)).transpose().wrap_err("--handler")?;
        let (goal, safe) = (Goal::Removed { handler }, settings.safe(chain_id.unwrap_or_default())?);
        let output_file = self.output.as_deref();
        Asked { settings: &settings, safe, chain_id, goal, policy: None, acknowledged: &[], output: output_file }
            .plan(output)
    }
}

/// The fallback handler that is named: never the hook, which would answer for the Safe.
fn handler(text: &str, chain_id: Option<u64>) -> Result<Address> {
    let handler = if text == OURS { addresses::handler_at() } else { address(text, chain_id).wrap_err("--handler")? };
    if handler == addresses::hook_at() {
        bail!("--handler: `{handler}` is the hook, which must never be the fallback handler");
    }
    Ok(handler)
}

/// An address as it was written, of the chain that is expected, if one is.
fn address(text: &str, chain_id: Option<u64>) -> Result<Address> {
    let named = named::parse(text)?;
    named.on(chain_id.or(named.chain.map(Chain::id)).unwrap_or_default())
}

impl Asked<'_> {
    fn plan(&self, output: &Output) -> Result<Exit> {
        let program = match &self.goal {
            Goal::Enforced { program, .. } => Some(deploy::program(program)?),
            Goal::Removed { .. } => None,
        };
        let (Goal::Enforced { handler, .. } | Goal::Removed { handler }) = &self.goal;
        let more: Vec<Address> = program.iter().map(|piece| piece.address).chain(*handler).collect();
        let pinned = fork::pin(self.settings, self.safe, &more)?;
        if let Some(expected) = self.chain_id.filter(|expected| *expected != pinned.chain_id()) {
            return Err(Error::OtherChain { found: pinned.chain_id(), expected }.into());
        }
        let ledger = Forked(Fork::new(&pinned, pinned.block().timestamp.saturating_add(1)));
        let read = || -> Result<(Account, Bytes)> {
            let account = Account::read(&ledger, self.safe)?;
            if let Some(handler) = handler.filter(|handler| *handler != account.safe.handler) {
                can_answer(&ledger, handler)?;
            }
            let active = account.kept.program.map_or(Ok(Bytes::new()), |(at, _)| ledger.code(at, None))?;
            Ok((account, active))
        };
        let read = read();
        pinned.complete().map_err(|unread| eyre!("{unread}"))?;
        let (account, active) = read?;
        let block = pinned.block();
        let block = Block { number: block.number, hash: block.hash, timestamp: block.timestamp };
        let step = match steps::next(&account, &self.goal, block.timestamp)? {
            Next::Execute(step) => step,
            Next::Nothing => {
                let enforced = matches!(self.goal, Goal::Enforced { .. });
                let how = if enforced { "file and chain agree" } else { "Portcullis is not installed" };
                return nothing(output, &account, &format!("nothing to do: {how}"), None);
            }
            Next::Wait(doing, until) => {
                let what = format!("nothing to do yet: from {} on, {}", units::time(until), doing.words());
                return nothing(output, &account, &what, Some(until));
            }
        };
        self.change(&pinned, account, &active, block, step, program.as_ref(), output)
    }

    #[allow(clippy::too_many_arguments, reason = "what was read, and what follows from it, is told once")]
    fn change(
        &self,
        pinned: &Pinned,
        account: Account,
        active: &Bytes,
        block: Block,
        step: Step,
        program: Option<&Piece>,
        output: &Output,
    ) -> Result<Exit> {
        let linted = match self.policy {
            Some((file, _)) if step.doing.needs_program() => Linted::of(&file.policy, self.acknowledged)?,
            _ => Linted::nothing(),
        };
        let rehearsed = fork::rehearse(pinned, self.safe, &self.goal, program)?;
        let compared = self.compare(active)?;
        let asks_messages = self.policy.is_some_and(|(file, _)| !file.policy.messages.is_empty());
        let (goal, linted) = (&self.goal, &linted);
        let shown = Shown {
            account: &account,
            goal,
            block,
            step: &step,
            program,
            rehearsed: &rehearsed,
            linted,
            asks_messages,
        };
        let object = shown.json(&compared);
        let text = shown.text(&compared);
        let file =
            File::new(account.clone(), self.goal.clone(), block, step.clone(), rehearsed.after.clone(), object.clone());
        let mut object = object;
        if let Some(fields) = object.as_object_mut() {
            fields.insert("plan_hash".to_owned(), json!(file.hash()?));
        }
        if let Some(path) = self.output {
            if let Some((policy, _)) = self.policy {
                policy_file::keep(&self.kept(), policy)?;
            }
            std::fs::write(path, file.seal()?).wrap_err_with(|| format!("cannot write `{}`", path.display()))?;
        }
        let next = self.output.map_or("write it down with -o plan.json, then apply it".to_owned(), |path| {
            format!("apply it: portcullis apply {}", path.display())
        });
        output.result(|| format!("{text}\n{next}"), object)?;
        Ok(Exit::Changed)
    }

    /// Where policies are kept.
    fn kept(&self) -> PathBuf {
        self.settings.journals(&Sending::default())
    }

    /// What the policy changes for requests; none where there is nothing to compare.
    fn compare(&self, active: &Bytes) -> Result<Compared> {
        let Some((PolicyFile { policy, .. }, was)) = self.policy else {
            return Ok(Compared::Nothing);
        };
        if active.is_empty() {
            return Ok(Compared::First { rules: policy.rules.len(), limits: policy.limits.len() });
        }
        let old = match was {
            Some(path) => {
                let file = policy_file::load(path)?;
                if file.compiled.program != *active {
                    bail!("--was: `{}` is not the policy on the chain", path.display());
                }
                file.policy
            }
            None => match policy_file::kept(&self.kept(), active) {
                Some(file) => file.policy,
                None => decompile(active).wrap_err("the program on the chain does not read back as a policy")?,
            },
        };
        Ok(match portcullis_policy::diff(&old, policy) {
            Ok(differences) => Compared::With(differences),
            Err(error) => Compared::Not(error.to_string()),
        })
    }
}

/// Insists that something stands where the Safe will ask; the signature handler, with the code that is committed.
fn can_answer(ledger: &dyn Ledger, handler: Address) -> Result<()> {
    if handler == addresses::handler_at() {
        if !deploy::handler().stands(ledger)? {
            bail!("the signature handler is not on this chain; deploy it first: `portcullis deploy --handler`");
        }
    } else if ledger.code(handler, None)?.is_empty() {
        bail!("--handler: there is no contract at `{handler}`; name the one that shall answer for the Safe");
    }
    Ok(())
}

fn nothing(output: &Output, account: &Account, what: &str, until: Option<u64>) -> Result<Exit> {
    let safe = account.safe.address;
    output.result(|| what.to_owned(), json!({ "safe": safe, "changes": false, "message": what, "until": until }))?;
    Ok(Exit::Done)
}
