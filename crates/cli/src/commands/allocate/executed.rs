//! `allocate executed`: what the chain did with an attested phase, and what changed by it.

use super::object;
use crate::commands::approve::active;
use crate::commands::sign::ground;
use crate::config::{Ground, Place};
use crate::exit::Exit;
use crate::output::Output;
use crate::{overview, policy_file, request, units};
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolCall, SolEvent};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use jiff::Timestamp;
use portcullis_allocate::documents::{Attestation, Balance, Document, Execution, Kind, LimitUse};
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::ERC20;
use portcullis_chain::{Execution as Executing, Ledger, LedgerState};
use portcullis_eval::{Keyed, limits};
use portcullis_operate::collected::Collected;
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// What a token's own balance may cost.
const BALANCE_GAS: u32 = 200_000;

// Arguments of `allocate executed`.
#[derive(Debug, Args)]
pub(super) struct Executed {
    /// The file of signatures that was executed
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Write the execution there
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    place: Place,
}

impl Executed {
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, collected) = ground(&self.place, &self.file)?;
        let execution = read(&ground, &collected)?;
        let shown = self.out.display();
        let execution = Document::of(&shown.to_string(), execution)?.body;
        let text = serde_json::to_string_pretty(&execution).wrap_err("the execution does not fit in JSON")?;
        fs::write(&self.out, text + "\n").wrap_err_with(|| format!("cannot write `{shown}`"))?;
        let word = if execution.succeeded { "executed" } else { "failed" };
        output.result(
            || {
                let at = units::time(u64::try_from(execution.executed_at.as_second()).unwrap_or_default());
                format!(
                    "phase {} of proposal {} {word} at {at}\ntransaction   {}\nSafe tx hash  {}\nwrote {shown}",
                    execution.phase, execution.proposal, execution.transaction, execution.request
                )
            },
            json!({ "execution": object(&execution)?, "file": shown.to_string() }),
        )?;
        Ok(Exit::Done)
    }
}

/// The requests that the account executed with this proposal, in their order.
pub(crate) fn executed(ground: &Ground, proposal: B256) -> Result<Vec<B256>> {
    let events = ground.node.events(request::hook(ground)?, IPolicyHook::Attested::SIGNATURE_HASH)?;
    let (mut known, mut requests) = (BTreeSet::new(), Vec::new());
    for log in events {
        let event = IPolicyHook::Attested::decode_log(&log).map_err(|error| eyre!("an event of the hook: {error}"))?;
        if event.account == ground.info.address && event.proposal == proposal && known.insert(event.request) {
            requests.push(event.request);
        }
    }
    Ok(requests)
}

fn read(ground: &Ground, collected: &Collected) -> Result<Execution> {
    let (safe, request, hook) = (ground.info.address, collected.hash(), request::hook(ground)?);
    let found = ground.node.execution(hook, safe, request)?;
    let found = found.ok_or_else(|| eyre!("the request {request} was not executed with an attestation"))?;
    let (mut proposals, mut sets) = (BTreeSet::new(), BTreeSet::new());
    for log in found.logs.iter().filter(|log| log.address == hook) {
        if let Ok(event) = IPolicyHook::Attested::decode_log(log)
            && (event.account, event.request) == (safe, request)
        {
            proposals.insert(event.proposal);
            sets.insert(event.set);
        }
    }
    let proposal = match proposals.into_iter().collect::<Vec<_>>()[..] {
        [proposal] if proposal != B256::ZERO => proposal,
        _ => bail!("the request {request} was not attested for one proposal"),
    };
    let place = executed(ground, proposal)?.iter().position(|one| *one == request);
    let phase = place.and_then(|place| u32::try_from(place).ok()?.checked_add(1));
    let attested: Vec<_> = collected.attestations().filter(|one| sets.contains(&one.item.set)).collect();
    let [first, ..] = attested[..] else {
        bail!("the file does not hold the attestation that was executed: give the one that `execute` sent");
    };
    let attestations = attested.iter().map(|one| {
        let deadline = time(one.item.deadline)?;
        Ok(Attestation { set: one.item.set, attesters: one.attesters().collect(), deadline })
    });
    Ok(Execution {
        kind: Kind("allocation-execution".to_owned()),
        format: 1,
        proposal,
        phase: phase.ok_or_else(|| eyre!("the node's events do not fit together: ask another"))?,
        request,
        chain_id: ground.node.chain_id(),
        safe,
        nonce: collected.tx.nonce.to_string(),
        hook,
        program: first.binding.program,
        executed_at: time(found.at)?,
        block: found.block,
        transaction: found.transaction,
        succeeded: found.success,
        gas_used: found.gas_used,
        attestations: attestations.collect::<Result<_>>()?,
        owners: collected.signatures().map(|signature| signature.owner).collect(),
        limits: limit_uses(ground, hook, first.binding.program, &found)?,
        balances: balances(ground, &found)?,
    })
}

fn time(seconds: u64) -> Result<Timestamp> {
    let seconds = i64::try_from(seconds).wrap_err("a time is beyond all time")?;
    Timestamp::from_second(seconds).wrap_err("a time is beyond all time")
}

/// What is left of each limit of the account; none if another policy is active since.
fn limit_uses(ground: &Ground, hook: Address, version: B256, found: &Executing) -> Result<Option<Vec<LimitUse>>> {
    let (program, _) = active(ground)?;
    if keccak256(&program) != version {
        return Ok(None);
    }
    let file = ground.settings.policy.as_deref().map(policy_file::load).transpose()?;
    let (_, names) = overview::named(&ground.settings, file.as_ref(), &program)?;
    let mut uses = Vec::new();
    for (index, limit) in limits(&program, ground.info.address).iter().enumerate() {
        let left = |block: u64| -> Result<Option<U256>> {
            let state = LedgerState::new(&ground.node, hook, Some(block));
            let usage = limit.usage(Address::ZERO, &state, found.at);
            Ok(usage
                .map_err(|missing| eyre!("the node does not tell of block {block}: {missing}"))?
                .map(|one| one.remaining))
        };
        let (Keyed::Account, Some(name)) = (limit.keyed(), names.limits.get(index)) else { continue };
        if let (Some(before), Some(after)) = (left(found.block.saturating_sub(1))?, left(found.block)?) {
            uses.push(LimitUse {
                id: name.id.clone(),
                asset: name.asset.clone(),
                cap: limit.cap().to_string(),
                left_before: before.to_string(),
                left_after: after.to_string(),
            });
        }
    }
    Ok(Some(uses))
}

/// Of the chain's own coin, and of every ERC-20 token that the account gave or received in the transaction.
fn balances(ground: &Ground, found: &Executing) -> Result<Vec<Balance>> {
    let (safe, node, before) = (ground.info.address, &ground.node, found.block.saturating_sub(1));
    let held = |block| node.balance_after(safe, block).map(|wei| wei.to_string());
    let mut balances = vec![Balance { token: None, before: held(before)?, after: held(found.block)? }];
    let transfer = keccak256("Transfer(address,address,uint256)");
    let moved = found.logs.iter().filter(|log| match log.topics() {
        [kind, from, to] => *kind == transfer && [from, to].contains(&&safe.into_word()),
        _ => false,
    });
    for token in moved.map(|log| log.address).collect::<BTreeSet<_>>() {
        let held = |block| -> Result<String> {
            let call = ERC20::balanceOfCall { owner: safe }.abi_encode();
            let answer = node.static_call(safe, token, &call, BALANCE_GAS, Some(block))?;
            let amount = answer.and_then(|answer| ERC20::balanceOfCall::abi_decode_returns_validate(&answer).ok());
            Ok(amount.ok_or_else(|| eyre!("the token {token} does not tell what the Safe holds"))?.to_string())
        };
        balances.push(Balance { token: Some(token), before: held(before)?, after: held(found.block)? });
    }
    Ok(balances)
}
