//! A plan, played to its end on a fork with the guards on; and then the way out.

use super::ahead::{lists, of_safe};
use super::facts::Override;
use super::{ANYBODY, Forked, approve};
use crate::config::Settings;
use crate::words;
use alloy_primitives::{Address, B256, Bytes, Log, U256, keccak256};
use alloy_sol_types::SolEvent;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_bindings::{IPolicyHook, deployer};
use portcullis_chain::Ledger;
use portcullis_chain::deploy::hook_at;
use portcullis_chain::read::SafeInfo;
use portcullis_chain::safe::{SafeTx, Version};
use portcullis_eval::{Request, announcement_slot};
use portcullis_operate::account::Account;
use portcullis_operate::deploy::{self, Piece};
use portcullis_operate::steps::{self, Doing, Goal, Next, Step};
use portcullis_simulate::{At, Events, Fork, Limits, Pinned, Rpc, Trust, Wanted};

/// More steps than any goal needs.
const MOST_STEPS: usize = 8;

/// A call that touches what will be read: who asks, whom, what.
type Hint = (Address, Address, Bytes);

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
    let (node, wanted, hints) = ahead(settings, safe, more)?;
    // What is unread is no verdict that is missing, but a node that does not serve: said as any other error.
    Pinned::open(node, At::Latest, None, Trust::Node(None), wanted, &hints).map_err(|unread| eyre!("{unread}"))
}

/// The same, with every announcement of the Safe's; none where the node gives no past events.
pub(crate) fn survey(settings: &Settings, safe: Address, more: &[Address]) -> Result<(Pinned, Option<Vec<Log>>)> {
    let (node, wanted, hints) = ahead(settings, safe, more)?;
    let events = Events {
        contract: hook_at(),
        topics: vec![IPolicyHook::Announced::SIGNATURE_HASH, safe.into_word()],
        word: |log| Some(announcement_slot(*log.topics().get(2)?).into()),
    };
    Pinned::open_with_events(node, At::Latest, wanted, &hints, &events).map_err(|unread| eyre!("{unread}"))
}

fn ahead(settings: &Settings, safe: Address, more: &[Address]) -> Result<(Rpc, Wanted, Vec<Hint>)> {
    let node = Rpc::new(&settings.rpc()?, Limits { request: settings.timeout, ..Limits::default() })?;
    let mut wanted = of_safe(safe);
    wanted.accounts.extend(more);
    wanted.accounts.insert(deployer::ARACHNID);
    wanted.accounts.extend(Version::ALL.map(Version::multi_send_call_only));
    let mut hints = lists(safe);
    let question = Request { account: safe, initiator: ANYBODY, ..Request::default() };
    let check = alloy_sol_types::SolCall::abi_encode(&crate::mirror::question(&question));
    hints.push((ANYBODY, hook_at(), check.into()));
    Ok((node, wanted, hints))
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
    let deployment = program.map_or(Ok(None), |piece| put(ledger, piece))?;
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

/// Puts a program on the chain, and tells the gas; none where it stands there.
fn put(ledger: &mut Forked<'_>, piece: &Piece) -> Result<Option<u64>> {
    if piece.stands(ledger)? {
        return Ok(None);
    }
    let call = piece.call();
    let receipt = ledger.send(ANYBODY, call.to, call.value, call.data)?.expect_success("deploying the program")?;
    if !piece.stands(ledger)? {
        bail!("the program does not come to stand at `{}`", piece.address);
    }
    Ok(Some(receipt.gas_used))
}

/// Brings the account to where it shall be, with its owners' consent, waiting as long as it takes.
pub(super) fn bring(ledger: &mut Forked<'_>, safe: Address, goal: &Goal) -> Result<Override> {
    let Goal::Enforced { program, .. } = goal else { bail!("the change has to be one to a policy") };
    put(ledger, &deploy::program(program)?)?;
    let began = ledger.now()?;
    drive(ledger, safe, goal).wrap_err("the policy change does not work")?;
    let seconds = ledger.now()?.saturating_sub(began);
    Ok(Override::PolicyChanged { program: keccak256(program), seconds })
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

/// Runs a Safe transaction of an account that nothing guards yet, and tells its gas; none where the hook is not its guard
/// afterwards, so that it was no installation. Without signatures as many owners as needed are taken to consent.
pub(crate) fn installs(pinned: &Pinned, safe: Address, tx: &SafeTx, signatures: &Bytes) -> Result<Option<u64>> {
    let mut ledger = Forked(Fork::new(pinned, pinned.block().timestamp.saturating_add(1)));
    let mut run = || -> Result<Option<u64>> {
        let before = Account::read(&ledger, safe)?;
        let hash = portcullis_chain::safe::hash(tx, safe, ledger.chain_id());
        let gas = if signatures.is_empty() {
            consented(&mut ledger, &before.safe, tx, hash)?
        } else {
            sent(&mut ledger, safe, tx, signatures.clone())?
        };
        let installed = before.kept.program.is_none() && Account::read(&ledger, safe)?.kept.program.is_some();
        Ok(installed.then_some(gas))
    };
    let ran = run();
    pinned.complete().map_err(|unread| eyre!("the rehearsal is undecided: {unread}"))?;
    ran
}

fn execute(ledger: &mut Forked<'_>, account: &Account, step: &Step) -> Result<u64> {
    let ran = consented(ledger, &account.safe, &step.transaction(), step.hash);
    ran.wrap_err_with(|| format!("the chain refuses to {}", step.doing.words()))
}

/// Runs a transaction to which as many owners as needed are taken to consent.
fn consented(ledger: &mut Forked<'_>, safe: &SafeInfo, tx: &SafeTx, hash: B256) -> Result<u64> {
    let mut owners = safe.owners.clone();
    owners.sort_unstable();
    owners.truncate(usize::try_from(safe.threshold).unwrap_or(usize::MAX));
    let mut signatures = Vec::new();
    for owner in owners {
        approve(ledger, safe.address, owner, hash, &mut signatures)?;
    }
    sent(ledger, safe.address, tx, signatures.into())
}

fn sent(ledger: &mut Forked<'_>, safe: Address, tx: &SafeTx, signatures: Bytes) -> Result<u64> {
    let data = portcullis_chain::safe::exec(tx, signatures);
    let receipt = ledger.0.send(ANYBODY, safe, U256::ZERO, data)?.receipt;
    if receipt.success {
        return Ok(receipt.gas_used);
    }
    bail!("{}", receipt.halt.unwrap_or_else(|| words::revert(&receipt.output)))
}
