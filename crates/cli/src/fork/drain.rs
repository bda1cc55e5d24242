//! What a subject really gets out of a Safe, one execution after the other on the Safe's own state.

use super::ledger::Forked;
use super::ready::Clock;
use super::{Asked, Outcome, Told, run};
use crate::inputs::Terms;
use crate::tx_file::TxFile;
use crate::{mirror, words};
use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use eyre::Result;
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::ERC20;
use portcullis_chain::{Ledger, read};
use portcullis_eval::{Action, Request};
use portcullis_policy::{Moves, Policy, Reach, SourceMap, Witness};
use portcullis_simulate::{Fork, Pinned};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// More moments than these are not looked at.
const MOST_MOMENTS: usize = 512;
/// More executions in all are not tried.
const MOST_TAKEN: usize = 64;
/// More executions by one rule at one moment are not tried.
const MOST_TRIES: usize = 8;
/// Announcements are made no more often, each time as many as tries.
const MOST_ROUNDS: usize = 64;
/// What stands in no calldata that is known here.
const UNKNOWN: &str = "its requests are of no kind that is taken apart here";
const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;

/// One execution that took something out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    /// When, in seconds since 1970.
    pub(crate) at: u64,
    pub(crate) rule: String,
    pub(crate) to: Address,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    /// In base units.
    pub(crate) amount: U256,
    pub(crate) gas: u64,
    /// When it was announced, where the rule has it wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) announced: Option<u64>,
}

/// What was taken, and why no more was.
#[derive(Debug, Default)]
pub(crate) struct Drained {
    pub(crate) day: U256,
    pub(crate) week: U256,
    pub(crate) taken: Vec<Taken>,
    pub(crate) stopped: BTreeSet<String>,
}

/// Who takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taker<'a> {
    pub(crate) safe: Address,
    pub(crate) module: Option<Address>,
    pub(crate) policy: &'a Policy,
    pub(crate) names: &'a SourceMap,
}

/// What was announced, and can be executed from a moment on.
struct Waiting<'a> {
    announced: u64,
    from: u64,
    // When the announcement expires.
    until: u64,
    reach: &'a Reach,
    witness: Witness,
    amount: U256,
}

/// Takes as much of an asset as these let through, from the second after the block on for a week. What has to wait is
/// announced first, and again whenever nothing that was announced is left.
pub(crate) fn drain(pinned: &Pinned, taker: Taker<'_>, reaches: &[&Reach]) -> Result<Drained> {
    let start = pinned.block().timestamp.saturating_add(1);
    let mut ledger = Forked(Fork::new(pinned, start));
    let clock = Clock::of(taker.policy);
    let mut drained = Drained::default();
    let end = start.saturating_add(WEEK);
    let mut moments = clock.moments(start, end).take(MOST_MOMENTS.saturating_add(1));
    let mut times: BTreeSet<u64> = std::iter::once(start).chain(moments.by_ref().take(MOST_MOMENTS)).collect();
    let (mut waiting, mut rounds): (Vec<Waiting<'_>>, usize) = (Vec::new(), 0);
    while let Some(at) = times.pop_first() {
        ledger.0.set_now(at);
        for one in std::mem::take(&mut waiting) {
            let held = held(&ledger, taker.safe, one.reach.moves)?;
            let is_due = one.from <= at;
            let stopped = if is_due { execute(&mut ledger, taker, &one, held, &mut drained)? } else { None };
            drained.stopped.extend(stopped.as_ref().map(|why| format!("{}: {why}", one.reach.rule)));
            // What is denied now may be allowed later.
            if !is_due || (stopped.is_some() && at < one.until) {
                waiting.push(one);
            }
        }
        for reach in reaches {
            let ways = reach.witness.as_ref().map(ways).unwrap_or_default();
            if ways.is_empty() {
                drained.stopped.insert(format!("{}: no request of it was found", reach.rule));
            }
            for witness in &ways {
                let stopped = if reach.delay == 0 || reach.asks {
                    take(&mut ledger, taker, reach, witness, &mut drained)?
                } else {
                    let is_left = waiting.iter().any(|one| {
                        one.reach == *reach && one.witness.data.first_chunk::<4>() == witness.data.first_chunk()
                    });
                    let from = at.saturating_add(reach.delay.into());
                    if is_left || from >= end {
                        continue;
                    }
                    if rounds >= MOST_ROUNDS {
                        Some(format!("not announced more than {MOST_ROUNDS} times"))
                    } else {
                        rounds = rounds.saturating_add(1);
                        times.insert(from);
                        announce(&mut ledger, taker, reach, witness, &mut waiting)?
                    }
                };
                drained.stopped.extend(stopped.map(|why| format!("{}: {why}", reach.rule)));
            }
        }
    }
    if moments.next().is_some() {
        drained.stopped.insert(format!("not looked at after {MOST_MOMENTS} moments"));
    }
    let within = |length: u64| {
        let taken = drained.taken.iter().filter(|one| one.at < start.saturating_add(length));
        taken.fold(U256::ZERO, |sum, one| sum.saturating_add(one.amount))
    };
    (drained.day, drained.week) = (within(DAY), within(WEEK));
    Ok(drained)
}

/// The request, and before it the one that does the same without an allowance.
fn ways(witness: &Witness) -> Vec<Witness> {
    let plain = ERC20::transferFromCall::abi_decode_validate(&witness.data).ok().map(|call| {
        let data = ERC20::transferCall { to: call.to, value: call.value }.abi_encode().into();
        Witness { data, ..witness.clone() }
    });
    plain.into_iter().chain([witness.clone()]).collect()
}

/// Takes what one rule lets through now; says what stops it.
fn take(
    ledger: &mut Forked<'_>,
    taker: Taker<'_>,
    reach: &Reach,
    witness: &Witness,
    drained: &mut Drained,
) -> Result<Option<String>> {
    for _ in 0..MOST_TRIES {
        if drained.taken.len() >= MOST_TAKEN {
            return Ok(Some(format!("not tried after {MOST_TAKEN} executions")));
        }
        let held = held(ledger, taker.safe, reach.moves)?;
        let Some((least, _)) = amount_of(witness) else {
            return Ok(Some(UNKNOWN.to_owned()));
        };
        // As little as can be; the witness' amount where the rule has a least.
        let left = match room(ledger, taker, reach, witness, U256::ONE)? {
            Ok(left) => left,
            Err(_) => match room(ledger, taker, reach, witness, least)? {
                Ok(left) => left,
                Err(why) => return Ok(Some(why)),
            },
        };
        let amount = reach.largest.min(left).min(held);
        if amount.is_zero() {
            return Ok(held.is_zero().then(|| "the Safe has no more".to_owned()));
        }
        let now = Waiting { announced: 0, from: 0, until: 0, reach, witness: witness.clone(), amount };
        if let Some(why) = execute(ledger, taker, &now, held, drained)? {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// Announces requests that together spend what the limits let through at once; says what stops that.
fn announce<'a>(
    ledger: &mut Forked<'_>,
    taker: Taker<'_>,
    reach: &'a Reach,
    witness: &Witness,
    waiting: &mut Vec<Waiting<'a>>,
) -> Result<Option<String>> {
    let info = read::safe(ledger, taker.safe)?;
    let announced = ledger.0.now();
    let caps = reach.counted.iter().filter(|one| !one.requests).map(|one| one.cap);
    let mut left = held(ledger, taker.safe, reach.moves)?.min(caps.min().unwrap_or(U256::MAX));
    for less in 0..MOST_TRIES {
        // No two of them are the same: one that waits is not announced again.
        let amount = reach.largest.min(left).saturating_sub(U256::from(less));
        let Some(action) = with_amount(witness, amount) else { return Ok(Some(UNKNOWN.to_owned())) };
        if amount.is_zero() {
            break;
        }
        left = left.saturating_sub(amount);
        let (account, origin) = (taker.safe, taker.module.unwrap_or_default());
        let call = IPolicyHook::announceCall { account, origin, actions: mirror::abi_actions(&[action]) };
        // A module announces what it asks for itself, and an owner the rest.
        let Some(from) = taker.module.or(info.owners.first().copied()) else { break };
        let ran = ledger.0.send(from, info.guard, U256::ZERO, call.abi_encode().into())?;
        if !ran.receipt.success {
            return Ok(Some(format!("it cannot be announced: {}", words::revert(&ran.receipt.output))));
        }
        let from = announced.saturating_add(reach.delay.into());
        let until = announced.saturating_add(taker.policy.control.announcement_expiry.map_or(WEEK, u64::from));
        waiting.push(Waiting { announced, from, until, reach, witness: witness.clone(), amount });
    }
    Ok(None)
}

/// Executes one request, about the amount that is told; says what stops it.
fn execute(
    ledger: &mut Forked<'_>,
    taker: Taker<'_>,
    request: &Waiting<'_>,
    held: U256,
    drained: &mut Drained,
) -> Result<Option<String>> {
    let Waiting { announced, reach, witness, amount, .. } = request;
    let Some(action) = with_amount(witness, *amount) else { return Ok(Some(UNKNOWN.to_owned())) };
    let (to, value, data) = (action.to, action.value, action.data.clone());
    let asked = asked(taker, witness, ledger.0.now(), action);
    let simulated = run(ledger, &asked, &Told::default(), None, Vec::new())?;
    if !simulated.facts.agree {
        eyre::bail!("the chain and the mirror disagree on a request of rule {}: report this", reach.rule);
    }
    if simulated.facts.outcome != Outcome::Executes {
        let denied = words::reason(&simulated.chain, taker.names);
        return Ok(Some(simulated.failure().map_or(denied, |why| format!("it fails: {why}"))));
    }
    let after = self::held(ledger, taker.safe, reach.moves)?;
    if matches!(reach.moves, Moves::Asset(_)) && held.checked_sub(after) != Some(*amount) {
        return Ok(Some("it executes, and the balance does not fall by what it says".to_owned()));
    }
    let (at, rule, gas) = (ledger.0.now(), reach.rule.clone(), simulated.facts.gas);
    let announced = Some(*announced).filter(|at| *at != 0);
    drained.taken.push(Taken { at, rule, to, value, data, amount: *amount, gas, announced });
    Ok(None)
}

/// What the limits still let through of such requests; why none is allowed.
fn room(
    ledger: &Forked<'_>,
    taker: Taker<'_>,
    reach: &Reach,
    witness: &Witness,
    least: U256,
) -> Result<Result<U256, String>> {
    let Some(action) = with_amount(witness, least) else { return Ok(Ok(U256::ZERO)) };
    let info = read::safe(ledger, taker.safe)?;
    let initiator = taker.module.unwrap_or(witness.initiator);
    let (account, origin, nonce) =
        (taker.safe, taker.module, if taker.module.is_some() { U256::ZERO } else { info.nonce });
    let request = Request { account, origin, initiator, nonce, actions: vec![action], ..Request::default() };
    let answers = mirror::ask(ledger, info.guard, &request)?;
    if !answers.chain.is_allowed() {
        return Ok(Err(words::reason(&answers.chain, taker.names)));
    }
    let counts = |limit: u8| {
        let id = taker.names.limit(limit).map(|limit| limit.id.as_str());
        reach.counted.iter().any(|one| !one.requests && Some(one.id.as_str()) == id)
    };
    let charges = answers.rust.charges.iter().filter(|charge| counts(charge.limit));
    Ok(Ok(charges.map(|charge| charge.remaining_before).min().unwrap_or(U256::MAX)))
}

fn asked(taker: Taker<'_>, witness: &Witness, at: u64, action: Action) -> Asked {
    let initiator = taker.module.is_none().then_some(witness.initiator);
    let transaction = TxFile { origin: taker.module, initiator, actions: vec![action], ..TxFile::default() };
    Asked { safe: taker.safe, signers: Vec::new(), at, nonce: None, terms: Terms::default(), transaction }
}

/// What the Safe has of it: nothing where nobody answers as a token does.
fn held(ledger: &Forked<'_>, safe: Address, moves: Moves) -> Result<U256> {
    match moves {
        Moves::Asset(asset) if asset.is_zero() => Ok(ledger.balance(safe)?),
        Moves::Asset(token) => {
            let call = ERC20::balanceOfCall { owner: safe }.abi_encode();
            let called = ledger.call(super::ANYBODY, token, U256::ZERO, call.into())?;
            Ok(ERC20::balanceOfCall::abi_decode_returns_validate(&called.output).unwrap_or_default())
        }
        _ => Ok(U256::MAX),
    }
}

/// The amount of a witness, and where it stands in the calldata; none in the calldata for native units.
fn amount_of(witness: &Witness) -> Option<(U256, Option<usize>)> {
    /// Where the second and the third argument begin.
    const SECOND: usize = 4 + 32;
    const THIRD: usize = SECOND + 32;
    let Some(selector) = witness.data.first_chunk::<4>() else { return Some((witness.value, None)) };
    let at = match *selector {
        ERC20::transferCall::SELECTOR | ERC20::approveCall::SELECTOR => SECOND,
        ERC20::transferFromCall::SELECTOR => THIRD,
        _ => return None,
    };
    let word = witness.data.get(at..at.checked_add(32)?)?;
    Some((U256::from_be_slice(word), Some(at)))
}

/// The witness' action, about another amount.
fn with_amount(witness: &Witness, amount: U256) -> Option<Action> {
    let (_, at) = amount_of(witness)?;
    let mut data = witness.data.to_vec();
    if let Some(at) = at {
        data.get_mut(at..at.checked_add(32)?)?.copy_from_slice(&amount.to_be_bytes::<32>());
    }
    let value = if at.is_none() { amount } else { witness.value };
    Some(Action { to: witness.to, value, data: data.into(), operation: 0 })
}
