//! A plan, played to its end on a fork with the guards on; and then the way out.

use super::ahead::{lists, of_safe};
use super::{ANYBODY, Forked, approve};
use crate::config::Settings;
use crate::words;
use alloy_primitives::{Address, U256};
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::deployer;
use portcullis_chain::{Ledger, safe};
use portcullis_eval::Request;
use portcullis_operate::account::Account;
use portcullis_operate::deploy::Piece;
use portcullis_operate::steps::{self, Doing, Goal, Next, Step};
use portcullis_simulate::{At, Fork, Limits, Pinned, Rpc, Trust};

/// More steps than any goal needs.
const MOST_STEPS: usize = 8;

/// One Safe transaction that ran.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) doing: Doing,
    pub(crate) gas: u64,
    /// How long was waited before it, in seconds.
    pub(crate) waited: u64,
}

/// How a plan went.
#[derive(Debug)]
pub(crate) struct Rehearsed {
    /// Gas of putting the program on the chain, if it was not there.
    pub(crate) deployment: Option<u64>,
    pub(crate) runs: Vec<Run>,
    /// The account after the first of them.
    pub(crate) after: Account,
    /// How the account then left the hook; nothing where that is what was planned.
    pub(crate) way_out: Vec<Run>,
}

/// The state of a Safe's chain after its newest block, with what most reads need read ahead.
pub(crate) fn pin(settings: &Settings, safe: Address, more: &[Address]) -> Result<Pinned> {
    let node = Rpc::new(&settings.rpc()?, Limits { request: settings.timeout, ..Limits::default() })?;
    let mut wanted = of_safe(safe);
    wanted.accounts.extend(more);
    wanted.accounts.insert(deployer::ARACHNID);
    wanted.accounts.extend(safe::Version::ALL.map(safe::Version::multi_send_call_only));
    let mut hints = lists(safe);
    let question = Request { account: safe, initiator: ANYBODY, ..Request::default() };
    let check = alloy_sol_types::SolCall::abi_encode(&crate::mirror::question(&question));
    hints.push((ANYBODY, portcullis_chain::deploy::hook_at(), check.into()));
    // What is unread is no verdict that is missing, but a node that does not serve: said as any other error.
    Pinned::open(node, At::Latest, None, Trust::Node(None), wanted, &hints).map_err(|unread| eyre!("{unread}"))
}

/// Plays what leads to the goal, waiting as long as it takes, and then the way out. Nothing counts unless everything
/// that was read is known.
pub(crate) fn rehearse(pinned: &Pinned, safe: Address, goal: &Goal, program: Option<&Piece>) -> Result<Rehearsed> {
    let mut ledger = Forked(Fork::new(pinned, pinned.block().timestamp.saturating_add(1)));
    let played = play(&mut ledger, safe, goal, program);
    pinned.complete().map_err(|unread| eyre!("the rehearsal is undecided: {unread}"))?;
    played
}

fn play(ledger: &mut Forked<'_>, safe: Address, goal: &Goal, program: Option<&Piece>) -> Result<Rehearsed> {
    let mut deployment = None;
    if let Some(piece) = program
        && !piece.stands(ledger)?
    {
        let call = piece.call();
        let receipt = ledger.send(ANYBODY, call.to, call.value, call.data)?.expect_success("deploying the program")?;
        deployment = Some(receipt.gas_used);
        if !piece.stands(ledger)? {
            bail!("the program does not come to stand at `{}`", piece.address);
        }
    }
    let (runs, after) = drive(ledger, safe, goal).wrap_err("the plan does not work, so nothing is planned")?;
    let mut way_out = Vec::new();
    if matches!(goal, Goal::Enforced { .. }) {
        let out = drive(ledger, safe, &Goal::Removed { handler: None });
        way_out = out.wrap_err("after this plan the hook could not be removed, so nothing is planned")?.0;
    }
    let end = Account::read(ledger, safe)?;
    if end.kept.program.is_some() {
        bail!("after this plan the hook could not be removed, so nothing is planned");
    }
    Ok(Rehearsed { deployment, runs, after, way_out })
}

/// Executes what comes next until nothing does. Returns what ran, and the account after the first of it.
fn drive(ledger: &mut Forked<'_>, safe: Address, goal: &Goal) -> Result<(Vec<Run>, Account)> {
    let (mut runs, mut first, mut waited) = (Vec::new(), None, 0);
    for _ in 0..MOST_STEPS {
        let account = Account::read(ledger, safe)?;
        match steps::next(&account, goal, ledger.now()?)? {
            Next::Nothing => return Ok((runs, first.unwrap_or(account))),
            Next::Wait(_, until) => {
                waited = until.saturating_sub(ledger.now()?);
                ledger.advance(waited)?;
            }
            Next::Execute(step) => {
                let gas = execute(ledger, &account, &step)?;
                runs.push(Run { doing: step.doing, gas, waited });
                waited = 0;
                if first.is_none() {
                    first = Some(Account::read(ledger, safe)?);
                }
            }
        }
    }
    bail!("it does not come to an end")
}

fn execute(ledger: &mut Forked<'_>, account: &Account, step: &Step) -> Result<u64> {
    let safe = &account.safe;
    let mut owners = safe.owners.clone();
    owners.sort_unstable();
    owners.truncate(usize::try_from(safe.threshold).unwrap_or(usize::MAX));
    let mut signatures = Vec::new();
    for owner in owners {
        approve(ledger, safe.address, owner, step.hash, &mut signatures)?;
    }
    let data = portcullis_chain::safe::exec(&step.transaction(), signatures.into());
    let receipt = ledger.0.send(ANYBODY, safe.address, U256::ZERO, data)?.receipt;
    if receipt.success {
        return Ok(receipt.gas_used);
    }
    let why = receipt.halt.unwrap_or_else(|| words::revert(&receipt.output));
    bail!("the chain refuses to {}: {why}", step.doing.words())
}
