//! What a Safe has to do next to come where it shall be. Pure: the same reading gives the same step.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::Safe;
use portcullis_chain::deploy::{self, Program};
use portcullis_chain::install::{self, Installation};
use portcullis_chain::safe::{self, SafeTx, Transaction};
use serde::{Deserialize, Serialize};

use crate::account::{Account, Change};
use crate::{Error, Result};

/// Where the account shall be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Goal {
    /// Under this program.
    Enforced {
        /// Its bytes.
        program: Bytes,
        /// Seconds before a later change matures.
        change_delay: u32,
        /// The modules that are known to bypass the guard of a Safe older than 1.5.0.
        acknowledged: Vec<Address>,
        /// The fallback handler, set while installing or later by a staged change; none leaves the Safe's.
        handler: Option<Address>,
    },
    /// Under none, and free of the hook.
    Removed {
        /// The fallback handler to set with it; none leaves the Safe's.
        handler: Option<Address>,
    },
}

/// What a step does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Sets the guards and puts the Safe under its first program.
    Install,
    /// Stages a program, which can be activated when the change delay has passed.
    Stage,
    /// Activates the staged program.
    Activate,
    /// Drops what is staged.
    Cancel,
    /// Stages another fallback handler.
    StageHandler,
    /// Sets the staged fallback handler.
    SetHandler,
    /// Stages the removal.
    StageRemoval,
    /// Clears the guards.
    Remove,
}

impl Doing {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Install => "install the hook and the program",
            Self::Stage => "stage the program",
            Self::Activate => "activate the staged program",
            Self::Cancel => "drop what is staged",
            Self::StageHandler => "stage the fallback handler",
            Self::SetHandler => "set the staged fallback handler",
            Self::StageRemoval => "stage the removal",
            Self::Remove => "remove the hook",
        }
    }

    /// Whether the program has to stand on the chain before.
    #[must_use]
    pub const fn needs_program(self) -> bool {
        matches!(self, Self::Install | Self::Stage | Self::Activate)
    }

    /// Whether something else follows when the change delay has passed.
    #[must_use]
    pub const fn stages(self) -> bool {
        matches!(self, Self::Stage | Self::StageHandler | Self::StageRemoval)
    }
}

/// A Safe transaction without refund, as every step is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What it does.
    pub doing: Doing,
    /// The target.
    pub to: Address,
    /// Calldata.
    pub data: Bytes,
    /// 0 for a call, 1 for the delegatecall of a batch.
    pub operation: u8,
    /// The Safe's nonce.
    pub nonce: U256,
    /// What the owners sign.
    pub hash: B256,
}

impl Step {
    /// What the Safe executes.
    #[must_use]
    pub fn transaction(&self) -> SafeTx {
        let call = safe::call(self.to, U256::ZERO, self.data.clone(), self.nonce);
        SafeTx { operation: self.operation, ..call }
    }
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// The account is where it shall be.
    Nothing,
    /// What is staged matures at this time, in seconds.
    Wait(Doing, u64),
    /// The owners execute this.
    Execute(Step),
}

/// What comes next at a time in seconds.
///
/// # Errors
/// [`Error::OtherModules`], [`Error::NoMultiSend`], and those of [`install::calls`]: another guard.
pub fn next(account: &Account, goal: &Goal, now: u64) -> Result<Next> {
    match goal {
        Goal::Enforced { program, change_delay, handler, .. } => {
            enforce(account, goal, (program, *change_delay), *handler, now)
        }
        Goal::Removed { handler } => remove(account, *handler, now),
    }
}

/// The program first, then the handler: the hook keeps one staged change at a time.
fn enforce(
    account: &Account,
    goal: &Goal,
    (program, change_delay): (&Bytes, u32),
    handler: Option<Address>,
    now: u64,
) -> Result<Next> {
    let wanted = deploy::program_at(program)?;
    let Some(active) = account.kept.program else {
        return install(account, goal, wanted);
    };
    let staged = account.kept.staged.as_ref().map(|staged| &staged.what);
    let live = account.kept.window().filter(|(_, expires)| now < *expires);
    if active == (wanted.address, wanted.code_hash) && account.kept.change_delay == change_delay {
        if let Some(call) = set_handler(account, handler) {
            return change_slots(account, &[call], Doing::StageHandler, Doing::SetHandler, now);
        }
        return match live {
            None => Ok(Next::Nothing),
            Some(_) => control(account, Doing::Cancel, IPolicyHook::cancelStagedCall {}.abi_encode()),
        };
    }
    let is_staged =
        staged == Some(&Change::Program { address: wanted.address, code_hash: wanted.code_hash, change_delay });
    if let (true, Some((matures, _))) = (is_staged, live) {
        if now < matures {
            return Ok(Next::Wait(Doing::Activate, matures));
        }
        return control(account, Doing::Activate, IPolicyHook::activateCall { program: wanted.address }.abi_encode());
    }
    let stage =
        IPolicyHook::stageCall { program: wanted.address, codeHash: wanted.code_hash, changeDelay: change_delay };
    control(account, Doing::Stage, stage.abi_encode())
}

fn install(account: &Account, goal: &Goal, program: Program) -> Result<Next> {
    let Goal::Enforced { change_delay, acknowledged, handler, .. } = goal else {
        return Ok(Next::Nothing);
    };
    let safe = &account.safe;
    let bypassing = if safe.version.has_module_guard() { Vec::new() } else { safe.modules.clone() };
    let known = |modules: &[Address]| modules.iter().all(|module| acknowledged.contains(module));
    if !known(&bypassing) {
        return Err(Error::OtherModules { safe: safe.address, modules: bypassing });
    }
    let what =
        Installation { hook: deploy::hook_at(), program, change_delay: *change_delay, bypassing, handler: *handler };
    step(account, Doing::Install, &install::calls(safe, &what)?)
}

/// The call that sets the fallback handler, where it is another one.
fn set_handler(account: &Account, handler: Option<Address>) -> Option<Transaction> {
    let safe = &account.safe;
    let handler = handler.filter(|handler| *handler != safe.handler)?;
    Some(Transaction::call(safe.address, Safe::setFallbackHandlerCall { handler }.abi_encode()))
}

/// The calls that free the Safe of the hook, in the order in which they are staged.
fn way_out(account: &Account, handler: Option<Address>) -> Vec<Transaction> {
    let safe = &account.safe;
    let mut calls = vec![Safe::setGuardCall { guard: Address::ZERO }.abi_encode()];
    if safe.version.has_module_guard() {
        calls.push(Safe::setModuleGuardCall { moduleGuard: Address::ZERO }.abi_encode());
    }
    let calls = calls.into_iter().map(|data| Transaction::call(safe.address, data));
    calls.chain(set_handler(account, handler)).collect()
}

fn remove(account: &Account, handler: Option<Address>, now: u64) -> Result<Next> {
    if account.kept.program.is_none() {
        return Ok(Next::Nothing);
    }
    change_slots(account, &way_out(account, handler), Doing::StageRemoval, Doing::Remove, now)
}

/// Stages calls that change what holds the hook in place, and makes them when they have matured.
fn change_slots(account: &Account, calls: &[Transaction], stage: Doing, then: Doing, now: u64) -> Result<Next> {
    let digest =
        calls.iter().fold(B256::ZERO, |digest, call| keccak256((digest, call.to, keccak256(&call.data)).abi_encode()));
    let is_staged = account.kept.staged.as_ref().is_some_and(|staged| staged.what == Change::Slots { digest });
    match account.kept.window() {
        Some((matures, _)) if is_staged && now < matures => Ok(Next::Wait(then, matures)),
        Some((_, expires)) if is_staged && now < expires => step(account, then, calls),
        _ => {
            let call = |call: &Transaction| IPolicyHook::SlotCall { to: call.to, data: call.data.clone() };
            let calls = calls.iter().map(call).collect();
            control(account, stage, IPolicyHook::stageSlotsCall { calls }.abi_encode())
        }
    }
}

fn control(account: &Account, doing: Doing, call: Vec<u8>) -> Result<Next> {
    step(account, doing, &[Transaction::call(deploy::hook_at(), call)])
}

/// One call as it is, several as a batch.
fn step(account: &Account, doing: Doing, calls: &[Transaction]) -> Result<Next> {
    let safe = &account.safe;
    let tx = match calls {
        [only] => safe::call(only.to, U256::ZERO, only.data.clone(), safe.nonce),
        _ => {
            let missing = Error::NoMultiSend { version: safe.version, chain_id: account.chain_id };
            safe::batch(account.multi_send.ok_or(missing)?, calls, safe.nonce)
        }
    };
    let hash = safe::hash(&tx, safe.address, account.chain_id);
    let SafeTx { to, data, operation, nonce, .. } = tx;
    Ok(Next::Execute(Step { doing, to, data, operation, nonce, hash }))
}
