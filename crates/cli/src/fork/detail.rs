//! The report of a simulation: everything that it found, put together.

use super::holdings::{self, Both};
use super::ledger::Forked;
use super::parties;
use super::{Facts, Override};
use crate::words;
use alloy_primitives::Address;
use alloy_sol_types::{SolStruct, eip712_domain};
use eyre::{Result, WrapErr};
use portcullis_bindings::safe::SafeTx;
use portcullis_chain::LedgerState;
use portcullis_chain::read::{self, SafeInfo};
use portcullis_eval::{Evaluation, Request, Verdict};
use portcullis_policy::SourceMap;
use portcullis_report::{
    self as told, AllowedFrom, Amount, Conclusion, Configuration, ConfigurationChange, Data, Decoder, Hash, Hashes,
    Judged, LeftOut, Provenance, Report, Untrusted, Who,
};
use portcullis_simulate::{CallEnd, CallType, Pinned, Ran, TracedCall};
use std::collections::BTreeSet;

/// More events, transfers and allowances than these are told as a number.
const MOST: usize = 1_000;

/// What a report is made from.
pub(super) struct Found<'a> {
    pub(super) info: &'a SafeInfo,
    pub(super) request: &'a Request,
    pub(super) tx: Option<&'a SafeTx>,
    pub(super) active: &'a [u8],
    pub(super) chain: &'a Verdict,
    pub(super) rust: &'a Evaluation,
    pub(super) names: &'a SourceMap,
    pub(super) facts: &'a Facts,
    pub(super) ran: &'a Ran,
    pub(super) allowed_from: Option<AllowedFrom>,
}

/// Puts the report together, out of the states before and after the request was executed.
pub(super) fn report(before: &Forked<'_>, after: &Forked<'_>, found: &Found<'_>, decoder: &Decoder) -> Result<Report> {
    let Found { info, request, facts, ran, names, .. } = found;
    let pinned = after.0.pinned();
    let calls: Vec<_> = ran.calls.iter().map(|call| called(call, decoder)).collect();
    let mut transfers = told::transfers(&calls, &ran.receipt.logs);
    let mut allowances = told::allowances(&ran.receipt.logs);
    let (moves, draws) = (beyond(transfers.len()), beyond(allowances.len()));
    transfers.truncate(MOST);
    allowances.truncate(MOST);
    let (balances, balances_left) = holdings::balances(&Both { before, after }, ran, &transfers);
    let actions = actions(before, found, decoder)?;
    let left_out = LeftOut {
        calls: ran.calls_left_out,
        logs: beyond(ran.receipt.logs.len()),
        transfers: moves.saturating_add(draws),
        balances: balances_left,
    };
    let conclusion =
        Conclusion::of(found.chain.is_allowed(), found.rust.verdict.is_allowed(), facts.agree, facts.outcome);
    let [asked_for] = &request.actions[..] else { eyre::bail!("the Safe executes one action, not several") };
    let mut report = Report {
        version: told::VERSION.to_owned(),
        conclusion,
        chain: judged(found.chain, names),
        mirror: judged(&found.rust.verdict, names),
        agree: facts.agree,
        outcome: facts.outcome,
        failure: facts.failure.as_deref().map(Untrusted::new),
        allowed_from: found.allowed_from,
        gas: facts.gas,
        safe: safe(found),
        request: told::Request {
            module: request.origin.map(Who),
            initiator: Who(request.initiator),
            nonce: facts.nonce.map(Amount),
            to: Who(asked_for.to),
            value: Amount(asked_for.value),
            data: Data::from(asked_for.data.as_ref()),
            operation: asked_for.operation,
        },
        actions,
        obligations: obligations(found.rust, names),
        limits: limits(found.rust, names),
        assets: holdings::assets(before, &transfers, &allowances, names),
        transfers,
        balances,
        allowances,
        configuration: configuration(info, read::safe(after, info.address).ok().as_ref()),
        warnings: Vec::new(),
        hashes: found.tx.zip(facts.safe_tx_hash).map(|(tx, safe_tx)| Hashes {
            domain: Hash(eip712_domain! { chain_id: facts.chain_id, verifying_contract: info.address, }.separator()),
            message: Hash(tx.eip712_hash_struct()),
            safe_tx: Hash(safe_tx),
        }),
        calls,
        logs: ran.receipt.logs.iter().take(MOST).map(|log| event(log, decoder)).collect(),
        state: parties::state(ran, info, facts.hook),
        overrides: facts.overrides.iter().map(Override::words).collect(),
        parties: Vec::new(),
        left_out,
        provenance: provenance(pinned, facts)?,
    };
    report.parties = parties::parties(&report, found);
    let around = parties::surroundings(before, &report, found)?;
    report.warnings = told::warnings(&report, &around);
    Ok(report)
}

fn beyond(count: usize) -> u64 {
    u64::try_from(count.saturating_sub(MOST)).unwrap_or(u64::MAX)
}

fn judged(verdict: &Verdict, names: &SourceMap) -> Judged {
    Judged {
        allows: verdict.is_allowed(),
        reason: verdict.reason.name().to_owned(),
        words: Untrusted::new(&words::reason(verdict, names)),
        rule: verdict.rule.map(|rule| Untrusted::new(&words::rule_id(Some(rule), names))),
        effect: verdict.effect,
    }
}

fn safe(found: &Found<'_>) -> told::Safe {
    let Found { info, facts, names, .. } = found;
    told::Safe {
        address: Who(info.address),
        version: info.version.as_str().to_owned(),
        owners: info.owners.iter().copied().map(Who).collect(),
        threshold: Amount(info.threshold),
        modules: info.modules.iter().copied().map(Who).collect(),
        hook: Who(facts.hook),
        program: Hash(facts.program),
        policy: Untrusted::new(&names.policy),
    }
}

fn data(noted: &portcullis_simulate::Noted) -> Data {
    Data::new(&noted.head, u64::try_from(noted.length).unwrap_or(u64::MAX))
}

fn called(call: &TracedCall, decoder: &Decoder) -> told::Call {
    let is_whole = call.input.head.len() == call.input.length;
    let creates = matches!(call.kind, CallType::Create | CallType::Create2);
    let (status, error) = match call.end {
        CallEnd::Returned => (told::Status::Returned, None),
        CallEnd::Reverted => (told::Status::Reverted, Some(decoder.revert(call.to, &call.output.head))),
        CallEnd::Halted(why) => (told::Status::Halted, Some(Untrusted::new(&format!("{why:?}")))),
    };
    let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    told::Call {
        parent: call.parent.map(number),
        depth: number(call.depth),
        kind: match call.kind {
            CallType::Call => told::CallKind::Call,
            CallType::StaticCall => told::CallKind::StaticCall,
            CallType::DelegateCall => told::CallKind::DelegateCall,
            CallType::CallCode => told::CallKind::CallCode,
            CallType::Create => told::CallKind::Create,
            CallType::Create2 => told::CallKind::Create2,
            CallType::SelfDestruct => told::CallKind::SelfDestruct,
        },
        from: Who(call.from),
        to: call.to.map(Who),
        value: Amount(call.value),
        gas: call.gas_used,
        input: data(&call.input),
        output: data(&call.output),
        status,
        error,
        undone: call.undone,
        call: if is_whole && !creates { decoder.call(call.to, &call.input.head) } else { None },
    }
}

fn event(log: &alloy_primitives::Log, decoder: &Decoder) -> told::Event {
    told::Event {
        address: Who(log.address),
        topics: log.topics().iter().copied().map(Hash).collect(),
        data: Data::from(log.data.data.as_ref()),
        event: decoder.event(log),
    }
}

/// The leaves of the request, each with the effects that were decided on.
fn actions(before: &Forked<'_>, found: &Found<'_>, decoder: &Decoder) -> Result<Vec<told::Action>> {
    let Found { request, facts, rust, names, active, .. } = found;
    let state = LedgerState::new(before, facts.hook, None);
    let leaves = portcullis_eval::leaves(&state, request.account, &request.actions)?;
    let mut decisions = rust.decisions.iter().enumerate().peekable();
    let mut actions = Vec::new();
    for leaf in &leaves {
        let alone = Request { actions: vec![leaf.clone()], ..(*request).clone() };
        let counted = portcullis_eval::effects(active, facts.chain_id, facts.hook, &state, &alone, facts.time)?;
        let mut effects = Vec::new();
        // One that does not list its effects alone has those of its own target that come next.
        let belongs = |target: Address, so_far: usize| match &counted {
            Some(all) => so_far < all.len(),
            None => target == leaf.to,
        };
        while let Some((index, decision)) = decisions.next_if(|(_, one)| belongs(one.effect.target, effects.len())) {
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            let rule = words::rule_id(decision.rule, names) + &words::joined(rust, index, names);
            effects.push(told::Effect {
                index: number,
                words: Untrusted::new(&words::effect(&decision.effect, names)),
                passes: rust.verdict.is_allowed() || number != rust.verdict.effect,
                rule: decision.rule.map(|_| Untrusted::new(&rule)),
                delay: decision.delay,
            });
        }
        actions.push(told::Action {
            to: Who(leaf.to),
            value: Amount(leaf.value),
            operation: leaf.operation,
            data: Data::from(leaf.data.as_ref()),
            call: decoder.call(Some(leaf.to), &leaf.data),
            effects,
        });
    }
    Ok(actions)
}

fn obligations(rust: &Evaluation, names: &SourceMap) -> Vec<told::Obligation> {
    let asked = rust.obligations.iter().zip(words::asked(rust, names)).map(|(one, words)| {
        let need = u64::from(one.need);
        told::Obligation {
            words: Untrusted::new(&words),
            need,
            have: one.have,
            missing: one.have.map(|have| need.saturating_sub(have)),
            rule: Some(Untrusted::new(&words::rule_id(Some(one.rule), names))),
        }
    });
    let once = |words: String, is_there: bool| {
        let have = u64::from(is_there);
        told::Obligation {
            words: Untrusted::new(&words),
            need: 1,
            have: Some(have),
            missing: Some(1_u64.saturating_sub(have)),
            rule: None,
        }
    };
    let announced = rust.announcement.iter().map(|one| {
        let delay = crate::units::duration(one.delay.into());
        let made = u64::try_from(one.made_at).unwrap_or(u64::MAX);
        let made = if made == 0 { "none was made".to_owned() } else { format!("made {}", crate::units::time(made)) };
        once(format!("an announcement {delay} before; {made}"), !one.made_at.is_zero())
    });
    let opened = rust.opening.iter().map(|one| once(words::opening(one), one.request.is_some()));
    asked.chain(announced).chain(opened).collect()
}

fn limits(rust: &Evaluation, names: &SourceMap) -> Vec<told::LimitUse> {
    let mut uses: Vec<told::LimitUse> = Vec::new();
    let mut keys: Vec<(u8, Address)> = Vec::new();
    for charge in &rust.charges {
        let key = (charge.limit, charge.key);
        if let Some(known) = keys.iter().position(|other| *other == key).and_then(|index| uses.get_mut(index)) {
            known.charged = Amount(known.charged.0.saturating_add(charge.amount));
            known.after = Amount(known.after.0.saturating_sub(charge.amount));
            continue;
        }
        let name = names.limit(charge.limit);
        let (before, charged) = (charge.remaining_before, charge.amount);
        keys.push(key);
        uses.push(told::LimitUse {
            limit: Untrusted::new(&name.map_or_else(|| format!("#{}", charge.limit), |limit| limit.id.clone())),
            asset: Untrusted::new(name.map_or("base units", |limit| limit.asset.as_str())),
            decimals: name.map_or(0, |limit| limit.decimals),
            key: Some(charge.key).filter(|key| !key.is_zero()).map(Who),
            before: Amount(before),
            charged: Amount(charged),
            after: Amount(before.saturating_sub(charged)),
        });
    }
    uses
}

/// What is another in the Safe; none for one that reads as a Safe no more.
fn configuration(before: &SafeInfo, after: Option<&SafeInfo>) -> Vec<ConfigurationChange> {
    let change = |what, before: Option<String>, after: Option<String>| ConfigurationChange { what, before, after };
    let Some(after) = after else {
        return vec![change(Configuration::Unreadable, Some(before.address.to_string()), None)];
    };
    let mut changes = Vec::new();
    for (what, old, new) in [
        (Configuration::Owner, &before.owners, &after.owners),
        (Configuration::Module, &before.modules, &after.modules),
    ] {
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
        changes.extend(old.difference(&new).map(|gone| change(what, Some(gone.to_string()), None)));
        changes.extend(new.difference(&old).map(|come| change(what, None, Some(come.to_string()))));
    }
    if before.threshold != after.threshold {
        let (old, new) = (before.threshold.to_string(), after.threshold.to_string());
        changes.push(change(Configuration::Threshold, Some(old), Some(new)));
    }
    let slots = [
        (Configuration::Guard, before.guard, after.guard),
        (Configuration::ModuleGuard, before.module_guard, after.module_guard),
        (Configuration::FallbackHandler, before.handler, after.handler),
        (Configuration::Singleton, before.singleton, after.singleton),
    ];
    let shown = |who: Address| Some(who).filter(|who| !who.is_zero()).map(|who| who.to_string());
    let slots = slots.into_iter().filter(|(_, old, new)| old != new);
    changes.extend(slots.map(|(what, old, new)| change(what, shown(old), shown(new))));
    changes
}

fn provenance(pinned: &Pinned, facts: &Facts) -> Result<Provenance> {
    let (state, trusted) = match (pinned.is_proven(), pinned.is_recorded()) {
        (true, _) => (told::Source::Proofs, vec!["that the block's hash is the chain's"]),
        (_, true) => (told::Source::Bundle, vec!["that the bundle's state was the chain's"]),
        _ => (told::Source::Node, vec!["the node's word for every part of the state"]),
    };
    let always = ["that the next block differs from this one only in its number and time"];
    Ok(Provenance {
        tool: format!("portcullis {}", env!("CARGO_PKG_VERSION")),
        chain_id: facts.chain_id,
        block_number: facts.block_number,
        block_hash: Hash(facts.block_hash),
        time: facts.time,
        state,
        trusted: trusted.into_iter().chain(always).map(str::to_owned).collect(),
        facts: Hash(facts.hash().wrap_err("the report does not fit in JSON")?),
    })
}
