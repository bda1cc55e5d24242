//! The compiled hook on the in-process chain: one case through `check` and through its entry.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, hex};
use alloy_sol_types::{SolCall, SolError, SolValue};
use eyre::{Result, WrapErr, eyre};
use portcullis_bindings::IPolicyHook as Hook;
use portcullis_eval::{Reason, Verdict};
use portcullis_simulate::Embedded;

use crate::case::{Case, Entry};
use crate::safes::DRIVER;
use crate::world::{HOOK, MANAGER, PROGRAM};

/// What the contract made of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict of `check`.
    pub check: Verdict,
    /// The verdict of the entry, if the case has one.
    pub entry: Option<Verdict>,
    /// The hook's storage after the entry, or unchanged.
    pub words: BTreeMap<U256, U256>,
}

/// Eight times what a transaction may use. What is compared are verdicts, and a hook with too little
/// gas gives none.
const GAS: u64 = 1 << 27;

/// A chain to run cases on.
#[derive(Clone, Debug)]
pub struct Contract {
    base: Embedded,
}

impl Contract {
    /// A contract on a chain prepared by [`crate::world::chain`].
    #[must_use]
    pub const fn new(base: Embedded) -> Self {
        Self { base }
    }

    /// Runs a case on a fresh state.
    ///
    /// # Errors
    /// When the contract answers neither with a verdict nor with {Denied}: a disagreement of its own.
    pub fn run(&self, case: &Case) -> Result<Outcome> {
        let mut chain = self.stage(case);
        let called = chain.call(case.initiator, HOOK, U256::ZERO, check_call(case))?;
        if !called.success {
            return Err(eyre!("check reverted with `{}`", called.output));
        }
        let verdict = Hook::checkCall::abi_decode_returns(&called.output)?;
        let check =
            verdict_of(verdict.reason, verdict.effect, verdict.rule, verdict.detail, verdict.have, verdict.need)?;
        let entry = match entry_call(case)? {
            None => None,
            Some((caller, data)) => {
                let receipt = chain.send(caller, HOOK, U256::ZERO, data)?;
                Some(if receipt.success {
                    // An entry that lets the request pass says no more than that.
                    check.allowing()
                } else {
                    denied(&receipt.output).wrap_err_with(|| format!("the entry halted: {:?}", receipt.halt))?
                })
            }
        };
        Ok(Outcome { check, entry, words: chain.words(HOOK) })
    }
}

impl Contract {
    /// A fresh state.
    fn stage(&self, case: &Case) -> Embedded {
        let mut chain = self.base.clone();
        chain.set_code(PROGRAM, case.program.clone());
        chain.set_now(case.now);
        chain.set_gas_limit(GAS);
        for (slot, word) in &case.words {
            chain.set_storage(HOOK, *slot, *word);
        }
        if let Some(safe) = &case.safe {
            safe.stand(&mut chain, case.account);
        }
        for (asset, held) in &case.held {
            if asset.is_zero() {
                chain.set_balance(case.account, held.before);
            } else {
                chain.set_storage(*asset, U256::ZERO, held.before);
            }
        }
        chain
    }

    /// What comes after an execution that leaves the account what the case says: the hook's storage, or the verdict
    /// that undoes it.
    ///
    /// # Errors
    /// As for [`Contract::run`], and when the request is denied before.
    pub fn executed(&self, case: &Case) -> Result<std::result::Result<BTreeMap<U256, U256>, Verdict>> {
        let mut chain = self.stage(case);
        let safe = case.safe.as_ref().ok_or_else(|| eyre!("no account that could execute"))?;
        let (_, before) = entry_call(case)?.ok_or_else(|| eyre!("no entry that could be called"))?;
        let arguments = (B256::ZERO, true).abi_encode_params();
        let after = if case.origin.is_some() {
            Hook::checkAfterModuleExecutionCall::SELECTOR
        } else {
            Hook::checkAfterExecutionCall::SELECTOR
        };
        let mut calls = vec![(HOOK, U256::ZERO, before)];
        calls.extend(case.held.iter().map(|(asset, held)| {
            if asset.is_zero() {
                (DRIVER, held.before.saturating_sub(held.after), Bytes::new())
            } else {
                (*asset, U256::ZERO, held.after.to_be_bytes::<32>().into())
            }
        }));
        calls.push((HOOK, U256::ZERO, [after.as_slice(), &arguments].concat().into()));
        chain.set_code(case.account, safe.making(&calls));
        let receipt = chain.send(DRIVER, case.account, U256::ZERO, Bytes::new())?;
        if receipt.success {
            return Ok(Ok(chain.words(HOOK)));
        }
        denied(&receipt.output).map(Err).wrap_err_with(|| format!("halted: {:?}", receipt.halt))
    }

    /// What the account's entry says the second time in one transaction, having allowed the request the first time.
    ///
    /// # Errors
    /// As for [`Contract::run`], and when the first time it is denied.
    pub fn again(&self, case: &Case) -> Result<Verdict> {
        let mut chain = self.stage(case);
        let safe = case.safe.as_ref().ok_or_else(|| eyre!("no account that could ask again"))?;
        chain.set_code(case.account, safe.twice());
        let (_, data) = entry_call(case)?.ok_or_else(|| eyre!("no entry that could be called again"))?;
        let receipt = chain.send(DRIVER, case.account, U256::ZERO, data)?;
        if receipt.success {
            let (have, need) = (U256::ZERO, U256::ZERO);
            return Ok(Verdict { reason: Reason::Allowed, effect: 0, rule: None, detail: 0, have, need });
        }
        denied(&receipt.output).wrap_err_with(|| format!("halted: {:?}", receipt.halt))
    }
}

/// The verdict in a revert with {Denied}.
fn denied(output: &[u8]) -> Result<Verdict> {
    let d = Hook::Denied::abi_decode(output).map_err(|_| eyre!("reverted with `0x{}`", hex::encode(output)))?;
    verdict_of(d.reason, d.effect, d.rule, d.detail, d.have, d.need)
}

trait Allowing {
    fn allowing(self) -> Self;
}

impl Allowing for Verdict {
    fn allowing(self) -> Self {
        Self { reason: Reason::Allowed, ..self }
    }
}

pub(crate) fn verdict_of(reason: u8, effect: u32, rule: u16, detail: u8, have: U256, need: U256) -> Result<Verdict> {
    let reason = Reason::from_number(reason).ok_or_else(|| eyre!("reason {reason} has no name"))?;
    let rule = (rule != u16::MAX).then_some(rule);
    Ok(Verdict { reason, effect, rule, detail, have, need })
}

fn check_call(case: &Case) -> Bytes {
    let actions = case.actions.iter().map(|a| Hook::Action {
        to: a.to,
        value: a.value,
        data: a.data.clone(),
        operation: a.operation,
    });
    let signed = &case.signed;
    let request = Hook::Request {
        origin: case.origin.unwrap_or_default(),
        initiator: case.initiator,
        safeTxGas: case.safe_tx_gas,
        baseGas: signed.base_gas,
        gasPrice: case.gas_price,
        gasToken: signed.gas_token,
        refundReceiver: signed.refund_receiver,
        signatures: signed.signatures.clone(),
        nonce: signed.nonce,
        actions: actions.collect(),
    };
    Hook::checkCall { account: case.account, request }.abi_encode().into()
}

/// Caller and calldata of the entry.
fn entry_call(case: &Case) -> Result<Option<(Address, Bytes)>> {
    let first = || case.actions.first().cloned().ok_or_else(|| eyre!("an entry needs an action"));
    let protocol = |a: crate::case::CaseAction| Hook::SafeProtocolAction { to: a.to, value: a.value, data: a.data };
    let (signed, module) = (&case.signed, case.origin.unwrap_or_default());
    let by_owners = || -> Result<(U256, Bytes)> {
        let a = first()?;
        let meta = (
            a.to,
            a.value,
            a.data,
            case.safe_tx_gas,
            signed.base_gas,
            case.gas_price,
            signed.gas_token,
            signed.refund_receiver,
            signed.signatures.clone(),
            case.initiator,
        );
        Ok((U256::ZERO, meta.abi_encode_params().into()))
    };
    let by_plugin = (U256::ONE, Bytes::from(module.abi_encode()));
    let transaction = || Hook::SafeTransaction {
        actions: case.actions.iter().cloned().map(protocol).collect(),
        nonce: U256::ZERO,
        metadataHash: Default::default(),
    };
    let root = || -> Result<_> {
        Ok(Hook::SafeRootAccess { action: protocol(first()?), nonce: U256::ZERO, metadataHash: Default::default() })
    };
    // Positions, not names: the implementations leave unused parameters unnamed.
    let pre_check = |(kind, meta): (U256, Bytes)| {
        let arguments = (case.account, transaction(), kind, meta);
        [Hook::preCheckCall::SELECTOR.as_slice(), &arguments.abi_encode_params()].concat()
    };
    let root_access = |(kind, meta): (U256, Bytes)| -> Result<_> {
        let arguments = (case.account, root()?, kind, meta);
        Ok([Hook::preCheckRootAccessCall::SELECTOR.as_slice(), &arguments.abi_encode_params()].concat())
    };
    let (caller, data) = match case.entry {
        Entry::CheckOnly => return Ok(None),
        Entry::Transaction => {
            let a = first()?;
            let arguments = (
                a.to,
                a.value,
                a.data,
                U256::from(a.operation),
                case.safe_tx_gas,
                signed.base_gas,
                case.gas_price,
                signed.gas_token,
                signed.refund_receiver,
                signed.signatures.clone(),
                case.initiator,
            );
            (case.account, [Hook::checkTransactionCall::SELECTOR.as_slice(), &arguments.abi_encode_params()].concat())
        }
        Entry::Module => {
            let a = first()?;
            let arguments = (a.to, a.value, a.data, U256::from(a.operation), module);
            (
                case.account,
                [Hook::checkModuleTransactionCall::SELECTOR.as_slice(), &arguments.abi_encode_params()].concat(),
            )
        }
        Entry::PreCheckOwners => (MANAGER, pre_check(by_owners()?)),
        Entry::PreCheckPlugin => (MANAGER, pre_check(by_plugin)),
        Entry::RootOwners => (MANAGER, root_access(by_owners()?)?),
        Entry::RootPlugin => (MANAGER, root_access(by_plugin)?),
    };
    Ok(Some((caller, data.into())))
}
