//! Verdicts in words, with the policy's names and units.

mod values;
mod watched;

use crate::units;
use alloy_primitives::{Address, U256, hex};
use portcullis_bindings::IPolicyHook;
use portcullis_eval::{
    Ask, Change, Effect, EffectKind, Evaluation, Nearby, Obligation, Opening, Reason, Test, Verdict,
};
use portcullis_policy::{Seen, SourceMap};
use serde_json::{Value, json};
use values::{address, at, charged, kind, limit, moment, party, seconds, selector};

/// The rule's id; `-` when none decided.
pub(crate) fn rule(verdict: &Verdict, names: &SourceMap) -> String {
    rule_id(verdict.rule, names)
}

/// The id of a rule by its index.
pub(crate) fn rule_id(rule: Option<u16>, names: &SourceMap) -> String {
    let Some(index) = rule else {
        return "-".to_owned();
    };
    names.rule(index).map_or_else(|| format!("#{index}"), |rule| rule.id.clone())
}

/// `allow` or `deny`.
pub(crate) const fn verdict(verdict: &Verdict) -> &'static str {
    if matches!(verdict.reason, Reason::Allowed) { "allow" } else { "deny" }
}

/// Revert data in words where it is a plain reason, in hex where it is not.
pub(crate) fn revert(output: &[u8]) -> String {
    let name = output.first_chunk().and_then(|selector| IPolicyHook::IPolicyHookErrors::name_by_selector(*selector));
    let name = name.map_or_else(String::new, |name| format!(" ({name})"));
    alloy_sol_types::decode_revert_reason(output)
        .unwrap_or_else(|| format!("reverted with {}{name}", hex::encode_prefixed(output)))
}

/// Why, with the values that decided.
pub(crate) fn reason(verdict: &Verdict, names: &SourceMap) -> String {
    let (have, need) = (verdict.have, verdict.need);
    match verdict.reason {
        Reason::Allowed => match verdict.rule {
            Some(_) => format!("rule {} allows", rule(verdict, names)),
            None => "control passes under any program".to_owned(),
        },
        Reason::NoProgram => "no program is active for the account".to_owned(),
        Reason::MalformedProgram => "the active program is malformed where it was read".to_owned(),
        Reason::GasRefund => "gas refunds and safeTxGas are denied: set gasPrice and safeTxGas to zero".to_owned(),
        Reason::BadOperation => format!("operation {have} is neither call nor delegatecall"),
        Reason::DelegatecallValue => "a delegatecall carries value".to_owned(),
        Reason::DelegatecallDenied => {
            format!("delegatecall to {}: no known MultiSend, and no rule names it", party(address(have), names))
        }
        Reason::MalformedBatch => "the batch is empty or not in canonical encoding".to_owned(),
        Reason::BatchTooDeep => "batches are nested more than two deep".to_owned(),
        Reason::ShortCalldata => format!("calldata of {have} bytes has no whole selector"),
        Reason::NonCanonicalCalldata => {
            format!("the call {} is not in exact ABI encoding", selector(have))
        }
        Reason::NoRule => format!("no rule matches {}{}", kind(have), at(verdict)),
        Reason::RuleDenies => format!("rule {} denies {}{}", rule(verdict, names), kind(have), at(verdict)),
        Reason::OpaqueUnderEverywhere => {
            format!("{} does not decode, and {} counts everything", selector(have), limit(verdict, names))
        }
        Reason::LimitExceeded => {
            format!(
                "{} left of {}, {} asked",
                charged(have, verdict, names),
                limit(verdict, names),
                charged(need, verdict, names)
            )
        }
        Reason::AmountOverflow => format!("the charges to {} overflow", limit(verdict, names)),
        Reason::NotAnnounced => format!("not announced; needs {} notice", seconds(need)),
        Reason::NotMatured => format!("announced; matures {}", moment(have)),
        Reason::AnnouncementExpired => format!("the announcement expired {}", moment(have)),
        Reason::ControlDenied => {
            format!("the control call {} never passes like this", selector(have))
        }
        Reason::SlotsNotStaged => "slot changes must be staged first, exactly as sent".to_owned(),
        Reason::SlotsNotMatured => format!("slot changes are staged; they mature {}", moment(have)),
        Reason::StagedExpired => format!("the staged change expired {}", moment(have)),
        Reason::HalfRoute => "both guards must change in one list".to_owned(),
        Reason::RegistryFailed => {
            format!("rule {} asks the registry {}, which says neither yes nor no", rule(verdict, names), address(have))
        }
        Reason::StaticCallFailed => {
            format!(
                "rule {} asks {}, which does not answer as the rule expects",
                rule(verdict, names),
                party(address(have), names)
            )
        }
        Reason::Frozen => "a guardian has frozen the account: only control and cancelling pass".to_owned(),
        Reason::MalformedMaterial => {
            format!(
                "what came with the signatures, or a statement in it, is malformed; rule {} looks at it",
                rule(verdict, names)
            )
        }
        Reason::BadMaterial => {
            let what = if verdict.detail == 1 { "approval" } else { "attester's signature" };
            let entry = have.saturating_add(U256::ONE);
            format!("{what} {entry} {}; rule {} counts none of them then", flaw(need), rule(verdict, names))
        }
        Reason::AttestationRequired => {
            format!(
                "rule {} needs an attestation by {}, and none says anything of it",
                rule(verdict, names),
                attesters(verdict.detail, names)
            )
        }
        Reason::TooFewAttesters => {
            format!(
                "rule {} needs {}",
                rule(verdict, names),
                more(have, need, "attester", &format!(" of {}", attesters(verdict.detail, names)))
            )
        }
        Reason::BadOwnerSignatures if have == U256::MAX => {
            format!(
                "rule {} reads owner signatures, and the account tells no version or threshold that it knows",
                rule(verdict, names)
            )
        }
        Reason::BadOwnerSignatures => {
            let which = have.saturating_add(U256::ONE);
            format!(
                "owner signature {which} is not one that the Safe would take; rule {} reads it",
                rule(verdict, names)
            )
        }
        Reason::TooFewSignatures => {
            format!("rule {} needs {}", rule(verdict, names), more(have, need, "owner signature", ""))
        }
        Reason::TooFewNamedSigners => {
            format!("rule {} needs {}", rule(verdict, names), more(have, need, "signature", " of the owners it names"))
        }
        Reason::ApprovalDenied => {
            format!(
                "a member of {} has denied this request, for good; rule {} asks them",
                list(have, names),
                rule(verdict, names)
            )
        }
        Reason::TooFewApprovals => format!("rule {} needs {}", rule(verdict, names), more(have, need, "approval", "")),
        Reason::MessageDenied => format!("message rule {} denies", message_rule(verdict, names)),
        Reason::NoMessageRule => "no message rule matches its domain and type".to_owned(),
        Reason::MessageUntrusted => {
            format!("message rule {} is not trusted, and a limit is everywhere", message_rule(verdict, names))
        }
        Reason::MessageUnknown => "the signature does not show what is signed".to_owned(),
        Reason::AccountLocked
        | Reason::DelegatecallUnwatched
        | Reason::DelegatecallMixed
        | Reason::AccountUnreadable
        | Reason::AccountChanged
        | Reason::BalanceUnwatched
        | Reason::BalanceUnreadable
        | Reason::BalanceExceeded => watched::sentence(verdict, names),
        Reason::RequestReplayed => "a request with this nonce was executed in the same transaction".to_owned(),
    }
}

/// How many there must be, are, and are missing.
fn more(have: U256, need: U256, what: &str, whose: &str) -> String {
    let missing = need.saturating_sub(have);
    let plural = if need == U256::ONE { "" } else { "s" };
    format!("{need} {what}{plural}{whose}, {have} there: {missing} more")
}

/// Why an entry of the material does not count.
fn flaw(why: U256) -> &'static str {
    match u8::try_from(why) {
        Ok(1) => "is past its deadline",
        Ok(2) => "is no signature",
        Ok(3) => "is not above the one before it",
        Ok(4) => "was not made on chain",
        Ok(5) => "is of other effects",
        _ => "does not count",
    }
}

fn attesters(set: u8, names: &SourceMap) -> String {
    names.attesters(set).map_or_else(|| format!("set #{set}"), |name| format!("set {name}"))
}

/// A list by where it is in the program.
fn list(offset: U256, names: &SourceMap) -> String {
    let list = u32::try_from(offset).ok().and_then(|offset| names.list(offset));
    list.map_or_else(|| format!("the list at {offset}"), |list| list.name.clone())
}

/// Everything that the deciding rules ask for besides limits and delay, with what is there where it was counted.
pub(crate) fn asked(evaluation: &Evaluation, names: &SourceMap) -> Vec<String> {
    let asked = evaluation.obligations.iter().map(|one| {
        let what = obligation(one, u64::from(one.need), "", names);
        let have = one.have.map_or_else(String::new, |have| format!("; {have} there"));
        format!("{what}{have} (rule {})", rule_id(Some(one.rule), names))
    });
    asked.collect()
}

fn message_rule<'a>(verdict: &Verdict, names: &'a SourceMap) -> &'a str {
    verdict.rule.and_then(|rule| names.message(rule)).unwrap_or("none")
}

/// The same, for programs.
pub(crate) fn opening_json(opening: &Opening) -> Value {
    let Opening { module, content, request, opened_at, .. } = opening;
    json!({ "module": module, "content": content, "request": request, "opened_at": opened_at })
}

/// What consent to a module request is bound to.
pub(crate) fn opening(opening: &Opening) -> String {
    let Opening { module, content, request, opened_at, .. } = opening;
    match request {
        Some(request) => format!("the module request {request}, opened {}", units::time(*opened_at)),
        None if *opened_at != 0 => {
            format!("the module request of content {content} by {module} to be opened anew: its opening expired")
        }
        None => format!("the module request of content {content} by {module} to be opened first"),
    }
}

/// A request near the denied one that is allowed, in words.
pub(crate) fn nearby(near: &Nearby, evaluation: &Evaluation, names: &SourceMap) -> String {
    let sum = |effect: &u32, amount: &U256| {
        let at = usize::try_from(*effect).unwrap_or(usize::MAX);
        let asset = evaluation.decisions.get(at).and_then(|decision| decision.effect.asset);
        match asset.and_then(|asset| names.asset(asset)) {
            Some(asset) => format!("{} {}", units::amount(*amount, asset.decimals), asset.name),
            None => amount.to_string(),
        }
    };
    let change = match &near.change {
        Change::AtMost { effect, amount } => format!("up to {}", sum(effect, amount)),
        Change::AtLeast { effect, amount } => format!("from {} on", sum(effect, amount)),
        Change::From(at) => format!("at {}", units::time(*at)),
        Change::AnnouncedUntil(at) => format!("announced now, at {}", units::time(*at)),
        Change::Nothing => String::new(),
    };
    let missing: Vec<_> = near
        .missing
        .iter()
        .map(|one| obligation(one, u64::from(one.need).saturating_sub(one.have.unwrap_or(0)), " more", names))
        .collect();
    match (change.is_empty(), missing.is_empty()) {
        (_, true) => change,
        (true, false) => format!("with {}", missing.join(", ")),
        (false, false) => format!("{change}, with {}", missing.join(", ")),
    }
}

/// So much of what an obligation asks for.
fn obligation(one: &Obligation, need: u64, more: &str, names: &SourceMap) -> String {
    let plural = if need == 1 { "" } else { "s" };
    match one.ask {
        Ask::Approvals { list: at, initiator, owners } => {
            let who = list(U256::from(at), names);
            let not = match (initiator, owners) {
                (true, true) => "",
                (false, true) => ", not the initiator's own",
                (true, false) => ", not by owners who sign",
                (false, false) => ", not the initiator's own nor by owners who sign",
            };
            format!("{need}{more} approval{plural} by {who}{not}")
        }
        Ask::Signatures => format!("{need}{more} owner signature{plural}"),
        Ask::Signers { list: at } => format!("{need}{more} owner signature{plural} by {}", list(U256::from(at), names)),
        Ask::Attestation { set } => format!("an attestation by {need}{more} of {}", attesters(set, names)),
    }
}

/// Why, and when allowed, what is left of the limits that were charged.
pub(crate) fn outcome(evaluation: &Evaluation, names: &SourceMap) -> String {
    let mut words = reason(&evaluation.verdict, names);
    if evaluation.verdict.reason != Reason::Allowed {
        return words;
    }
    for (index, charge) in evaluation.charges.iter().enumerate() {
        let later = evaluation.charges.iter().skip(index.saturating_add(1));
        if later.clone().any(|other| (other.limit, other.key) == (charge.limit, charge.key)) {
            continue;
        }
        let Some(limit) = names.limit(charge.limit) else {
            continue;
        };
        let left = charge.remaining_before.saturating_sub(charge.amount);
        let whose = if charge.key.is_zero() { String::new() } else { format!(" for {}", charge.key) };
        let left = units::amount(left, limit.decimals);
        words.push_str(&format!("; {left} {} left of {}{whose}", limit.asset, limit.id));
    }
    words
}

/// What an effect does.
pub(crate) fn effect(effect: &Effect, names: &SourceMap) -> String {
    let what = effect.kind.name();
    let sum = effect.asset.zip(effect.amount).map(|(token, amount)| match names.asset(token) {
        Some(asset) if amount == U256::MAX => format!(" any amount of {}", asset.name),
        Some(asset) => format!(" {} {}", units::amount(amount, asset.decimals), asset.name),
        None if token == Address::ZERO => format!(" {} ETH", units::amount(amount, 18)),
        None => format!(" {amount} of {token}"),
    });
    let to = match effect.recipient {
        Some(module) if effect.kind == EffectKind::Call => format!(" {} for the module {module}", effect.target),
        Some(recipient) => format!(" to {recipient}"),
        None => format!(" {}", effect.target),
    };
    let through = if effect.subject == effect.target { String::new() } else { format!(" through {}", effect.target) };
    let function = match (effect.kind, effect.selector) {
        (EffectKind::Call | EffectKind::Opaque | EffectKind::Delegatecall | EffectKind::Control, Some(selector)) => {
            format!(" {}", hex::encode_prefixed(selector))
        }
        _ => String::new(),
    };
    format!("{what}{}{to}{through}{function}", sum.unwrap_or_default())
}

/// The rules that decided an effect together, or that one of them overrode; empty where one decided alone.
pub(crate) fn joined(evaluation: &Evaluation, effect: usize, names: &SourceMap) -> String {
    let Some(decision) = evaluation.decisions.get(effect) else {
        return String::new();
    };
    let others = |allow: bool| {
        let found = evaluation.in_scope.iter().filter(|found| usize::try_from(found.effect) == Ok(effect));
        let found = found.filter(|found| found.allows == allow && Some(found.rule) != decision.rule);
        found.map(|found| rule_id(Some(found.rule), names)).collect::<Vec<_>>().join(", ")
    };
    let told = |words: &str, rules: String| if rules.is_empty() { rules } else { format!("{words} {rules}") };
    told(", with", others(true)) + &told(", over", others(false))
}

/// Each rule that was tried on an effect and did not match, with the condition that did not hold, in order.
pub(crate) fn unmatched(evaluation: &Evaluation, effect: usize, names: &SourceMap) -> Vec<(String, &'static str)> {
    let tests = evaluation.tests.iter().filter(|test| usize::try_from(test.effect) == Ok(effect));
    tests
        .filter(|test| test.depth == 0 && !test.held)
        .map(|test| (rule_id(Some(test.rule), names), unheld(test)))
        .collect()
}

/// The rule's conditions, those that the chain tests and those that attesters state; empty where none are attested.
pub(crate) fn conditions(rule: Option<u16>, names: &SourceMap) -> String {
    let Some(rule) = rule.and_then(|rule| names.rule(rule)).filter(|rule| rule.attested.is_some()) else {
        return String::new();
    };
    let of = |seen: Seen| {
        let named = rule.conditions.iter().filter(|one| one.seen == seen).map(|one| one.name.as_str());
        named.collect::<Vec<_>>().join(", ")
    };
    let (chain, attested) = (of(Seen::Chain), of(Seen::Attested));
    let chain = if chain.is_empty() { chain } else { format!("the chain tests {chain}; ") };
    format!("{chain}attested: {attested}")
}

/// Why a condition did not hold.
const fn unheld(test: &Test) -> &'static str {
    match test.op {
        0x01 => "the module is not in its list",
        0x02 => "the initiator is not in its list",
        0x03 => "there is no recipient in its list",
        0x04 => "the amount is below its least, or there is none",
        0x05 => "the amount is above its most, or there is none",
        0x06 => "there is no recipient with code",
        0x07 => "the target is not in its list",
        0x08 => "there is no asset in its list",
        0x09 => "it names other functions",
        0x0a => "it is about other effects",
        0x0b => "it is for another time of day",
        0x0c => "it is for other weekdays",
        0x0d => "a word of the calldata does not compare as it asks",
        0x0e => "a word of the calldata is no address in its list",
        0x0f => "a contract's answer does not compare as it asks",
        0x10 => "it does not fit its limit, or is not what that counts",
        0x11 => "what attesters state of it is no",
        0x20 => "none of its alternatives holds",
        0x21 => "one of a group does not hold",
        0x22 => "what it excludes holds",
        _ => "a condition does not hold",
    }
}
