//! `plan`: what differs between a policy file and a Safe, and the Safe transaction that comes next.

use super::diff;
use crate::config::{Place, Sending, Settings};
use crate::exit::Exit;
use crate::fork::{self, Forked, Rehearsed, Run};
use crate::output::Output;
use crate::policy_file::{self, PolicyFile};
use crate::{named, units};
use alloy_primitives::{Address, B256, Bytes, keccak256};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_chain::{Ledger, deploy as addresses};
use portcullis_operate::Error;
use portcullis_operate::account::{Account, Change};
use portcullis_operate::deploy::{self, Piece};
use portcullis_operate::plan::{Block, Plan as File};
use portcullis_operate::steps::{self, Goal, Next, Step};
use portcullis_policy::{Chain, Difference, Direction, decompile};
use portcullis_simulate::{Fork, Pinned};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    place: Place,
    /// A module that is known to bypass the guard of a Safe older than 1.5.0; as often as needed
    #[arg(long, value_name = "ADDRESS")]
    acknowledge_module: Vec<String>,
    /// Set the signature handler while installing
    #[arg(long)]
    handler: bool,
    /// The policy in force, whose names the comparison then uses
    #[arg(long, value_name = "FILE")]
    was: Option<PathBuf>,
    /// Where to write the plan, for `apply`
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Arguments of `remove`.
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
            handler: self.handler.then(addresses::handler_at),
        };
        let policy = Some((&file, self.was.as_deref()));
        let safe = settings.safe(chain_id.unwrap_or_default())?;
        Asked { settings: &settings, safe, chain_id, goal, policy, output: self.output.as_deref() }.plan(output)
    }
}

impl Remove {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let settings = self.place.settings()?;
        let chain_id = settings.expected_chain()?;
        let handler = self.handler.as_deref().map(|text| address(text, chain_id)).transpose().wrap_err("--handler")?;
        let (goal, safe) = (Goal::Removed { handler }, settings.safe(chain_id.unwrap_or_default())?);
        let output_file = self.output.as_deref();
        Asked { settings: &settings, safe, chain_id, goal, policy: None, output: output_file }.plan(output)
    }
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
        let more: Vec<Address> = program.iter().map(|piece| piece.address).collect();
        let pinned = fork::pin(self.settings, self.safe, &more)?;
        if let Some(expected) = self.chain_id.filter(|expected| *expected != pinned.chain_id()) {
            return Err(Error::OtherChain { found: pinned.chain_id(), expected }.into());
        }
        let ledger = Forked(Fork::new(&pinned, pinned.block().timestamp.saturating_add(1)));
        let read = || -> Result<(Account, Bytes)> {
            let account = Account::read(&ledger, self.safe)?;
            if let Goal::Enforced { handler: Some(_), .. } = self.goal
                && account.kept.program.is_none()
                && !deploy::handler().stands(&ledger)?
            {
                bail!("the signature handler is not on this chain; deploy it first: `portcullis deploy --handler`");
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
        let rehearsed = fork::rehearse(pinned, self.safe, &self.goal, program)?;
        let compared = self.compare(active)?;
        let shown = Shown { account: &account, goal: &self.goal, block, step: &step, program, rehearsed: &rehearsed };
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

/// What two policies differ in.
enum Compared {
    Nothing,
    First { rules: usize, limits: usize },
    With(Vec<Difference>),
    Not(String),
}

impl Compared {
    fn text(&self) -> String {
        match self {
            Self::Nothing => "every rule ends: the owners and all modules are free again\n".to_owned(),
            Self::First { rules, limits } => {
                format!("from unguarded to {rules} rules and {limits} limits; whatever no rule allows is denied\n")
            }
            Self::With(differences) => diff::text(differences),
            Self::Not(why) => format!("what gets looser or stricter cannot be told: {why}\n"),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Nothing => json!({ "removes": true }),
            Self::First { rules, limits } => json!({ "installs": { "rules": rules, "limits": limits } }),
            Self::With(differences) => json!({
                "looser": diff::list(diff::of(differences, Direction::Looser)),
                "stricter": diff::list(diff::of(differences, Direction::Stricter)),
            }),
            Self::Not(why) => json!({ "unknown": why }),
        }
    }
}

fn nothing(output: &Output, account: &Account, what: &str, until: Option<u64>) -> Result<Exit> {
    let safe = account.safe.address;
    output.result(|| what.to_owned(), json!({ "safe": safe, "changes": false, "message": what, "until": until }))?;
    Ok(Exit::Done)
}

/// A plan as a person reads it.
struct Shown<'a> {
    account: &'a Account,
    goal: &'a Goal,
    block: Block,
    step: &'a Step,
    program: Option<&'a Piece>,
    rehearsed: &'a Rehearsed,
}

impl Shown<'_> {
    fn wanted(&self) -> (Option<B256>, u32) {
        match self.goal {
            Goal::Enforced { program, change_delay, .. } => (Some(keccak256(program)), *change_delay),
            Goal::Removed { .. } => (None, 0),
        }
    }

    /// When what the step stages matures, if it is executed at once.
    fn matures(&self) -> Option<u64> {
        let delay = u64::from(self.account.kept.change_delay);
        self.step.doing.stages().then(|| self.block.timestamp.saturating_add(delay))
    }

    fn text(&self, compared: &Compared) -> String {
        let (account, safe) = (self.account, &self.account.safe);
        let program = |hash: Option<B256>, delay: u32| {
            hash.map_or("no program".to_owned(), |hash| {
                format!("program {hash}, change delay {}", units::duration(u64::from(delay)))
            })
        };
        let (hash, delay) = self.wanted();
        let mut lines = vec![
            format!(
                "Safe    {} (version {}, {} of {} owners) on chain {}",
                safe.address,
                safe.version,
                safe.threshold,
                safe.owners.len(),
                account.chain_id
            ),
            format!("block   {} {} of {}", self.block.number, self.block.hash, units::time(self.block.timestamp)),
            format!("now     {}", program(account.kept.program.map(|(_, hash)| hash), account.kept.change_delay)),
            format!("wanted  {}", program(hash, delay)),
        ];
        if let Some(staged) = &account.kept.staged {
            let what = match &staged.what {
                Change::Program { code_hash, .. } => format!("program {code_hash}"),
                Change::Slots { .. } => "a change of the guards".to_owned(),
            };
            lines.push(format!("staged  {what}, since {}", units::time(staged.at)));
        }
        if account.kept.frozen.is_some() {
            lines.push("frozen  yes: a plan changes nothing about that".to_owned());
        }
        if !safe.version.has_module_guard() && !safe.modules.is_empty() {
            let modules = safe.modules.iter().map(Address::to_string).collect::<Vec<_>>().join(", ");
            lines.push(format!("bypass  these modules are not guarded by Safe {}: {modules}", safe.version));
        }
        lines.push(format!("\n{}\n", compared.text().trim_end()));
        if let (Some(gas), Some(piece)) = (self.rehearsed.deployment, self.program) {
            lines.push(format!("1. anyone: put the program at {} (gas {gas})", piece.address));
        }
        let first = self.rehearsed.runs.first();
        lines.push(format!(
            "{}. Safe transaction with nonce {}: {} (gas {})\n   hash {}",
            if self.rehearsed.deployment.is_some() { 2 } else { 1 },
            self.step.nonce,
            self.step.doing.words(),
            first.map_or(0, |run| run.gas),
            self.step.hash
        ));
        for run in self.rehearsed.runs.iter().skip(1) {
            let from = self.matures().map_or("then".to_owned(), |time| format!("not before {}", units::time(time)));
            lines.push(format!("   {from}: {} (gas {}), which is another plan", run.doing.words(), run.gas));
        }
        if !self.rehearsed.way_out.is_empty() {
            let waits = self.rehearsed.way_out.iter().map(|run| run.waited).fold(0, u64::saturating_add);
            lines.push(format!(
                "\nrehearsed with the guard on, to its end; removal works after it, in {}",
                units::duration(waits)
            ));
        } else {
            lines.push("\nrehearsed with the guard on, to its end".to_owned());
        }
        lines.join("\n")
    }

    fn json(&self, compared: &Compared) -> Value {
        let runs = |runs: &[Run]| -> Vec<Value> {
            runs.iter().map(|run| json!({ "step": run.doing, "gas": run.gas, "waited": run.waited })).collect()
        };
        let (hash, change_delay) = self.wanted();
        json!({
            "safe": self.account.safe.address, "chain_id": self.account.chain_id, "block": self.block, "changes": true,
            "before": { "program": self.account.kept.program.map(|(_, hash)| hash), "change_delay": self.account.kept.change_delay },
            "wanted": { "program": hash, "change_delay": change_delay },
            "differences": compared.json(),
            "deployment": self.rehearsed.deployment.zip(self.program).map(|(gas, piece)| json!({ "address": piece.address, "gas": gas })),
            "step": self.step, "matures": self.matures(),
            "rehearsal": runs(&self.rehearsed.runs), "way_out": runs(&self.rehearsed.way_out),
        })
    }
}
