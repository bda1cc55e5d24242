//! What a reader should look at twice. A report without warnings is no promise that there is nothing to see.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};

use crate::{
    Allowance, BalanceChange, CallKind, Configuration, Report, Standard, Transfer, Untrusted, Warning, WarningKind, Who,
};

/// What the state tells of an account before the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether there is code.
    pub has_code: bool,
    /// Whether the chain knows it at all: a balance, a nonce or code.
    pub is_used: bool,
}

/// What warnings are found with, besides the report itself.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The accounts of the report that were looked at.
    pub standings: BTreeMap<Address, Standing>,
    /// Contracts whose code is known: by its hash, or because the policy declares them.
    pub known: BTreeSet<Address>,
    /// Addresses that people rely on: those of the policy and of the Safe.
    pub relied_on: BTreeSet<Address>,
}

/// Digits that people compare at each end of an address.
const COMPARED: usize = 4;
/// More lines of one kind are told as a number.
const MOST: usize = 50;

/// Everything to look at, in the order of the kinds.
#[must_use]
pub fn warnings(report: &Report, around: &Surroundings) -> Vec<Warning> {
    let mut found = Vec::new();
    let mut add = |kind, lines: Vec<String>| {
        let more = lines.len().saturating_sub(MOST);
        let told = lines.into_iter().take(MOST).chain((more > 0).then(|| format!("and {more} more like these")));
        found.extend(told.map(|words| Warning { kind, words: Untrusted::new(&words) }));
    };
    add(WarningKind::Delegatecall, delegatecalls(report, around));
    add(WarningKind::Configuration, report.configuration.iter().map(|one| configuration(one.what)).collect());
    add(WarningKind::LookAlike, look_alikes(report, around));
    add(WarningKind::UnverifiedTarget, unverified(report, around));
    add(WarningKind::NoCode, without_code(report, around));
    add(WarningKind::FirstTimeRecipient, first_time(report, around));
    let unlimited = report.allowances.iter().filter(|one| !one.revoked && is_unlimited(one));
    let unlimited =
        unlimited.map(|one| format!("{} may draw everything that {} has of {}", one.spender, one.owner, one.asset));
    add(WarningKind::Unlimited, unlimited.collect());
    add(WarningKind::Name, names(report));
    add(
        WarningKind::Balances,
        report.balances.iter().filter_map(|one| unlike_its_events(one, &report.transfers)).collect(),
    );
    let left = report.left_out;
    let parts = [
        (left.calls, "calls"),
        (left.logs, "events"),
        (left.transfers, "transfers and allowances"),
        (left.balances, "balances"),
    ];
    let left = parts.iter().filter(|(count, _)| *count > 0);
    add(WarningKind::LeftOut, left.map(|(count, what)| format!("{count} more {what} are not listed")).collect());
    found
}

fn delegatecalls(report: &Report, around: &Surroundings) -> Vec<String> {
    let asked = report.actions.iter().filter(|action| action.operation == 1);
    let mut lines: Vec<_> = asked
        .map(|action| format!("the code of {} runs as the Safe, which it may change at will", action.to))
        .collect();
    let safe = report.safe.address;
    let ran = report.calls.iter().filter(|call| {
        matches!(call.kind, CallKind::DelegateCall | CallKind::CallCode) && call.from == safe && !call.undone
    });
    let told: BTreeSet<_> = report.actions.iter().filter(|one| one.operation == 1).map(|one| one.to).collect();
    let foreign: BTreeSet<_> = ran.filter_map(|call| call.to).filter(|to| !around.known.contains(&to.0)).collect();
    lines.extend(
        foreign.difference(&told).map(|to| format!("the Safe delegatecalls {to}, whose code nothing here knows")),
    );
    lines
}

fn configuration(what: Configuration) -> String {
    let what = match what {
        Configuration::Owner => "an owner of the Safe changes",
        Configuration::Threshold => "how many owners have to sign changes",
        Configuration::Module => "a module changes: modules act without owners' signatures",
        Configuration::Guard => "the transaction guard changes: it is what enforces the policy",
        Configuration::ModuleGuard => "the module guard changes: it is what enforces the policy on modules",
        Configuration::FallbackHandler => "the fallback handler changes: it may speak for the Safe",
        Configuration::Singleton => "the Safe's own code changes",
        Configuration::Unreadable => "after it nothing reads as a Safe any more",
    };
    what.to_owned()
}

/// Addresses that begin and end like one that people rely on, and are another.
fn look_alikes(report: &Report, around: &Surroundings) -> Vec<String> {
    let involved = report.transfers.iter().flat_map(|one| [one.from, one.to, one.asset]);
    let involved = involved.chain(report.actions.iter().map(|action| action.to));
    let involved = involved.chain(report.allowances.iter().flat_map(|one| [one.spender, one.asset]));
    let involved: BTreeSet<Address> = involved.map(|who| who.0).filter(|who| !is_precompile(*who)).collect();
    let mut lines = Vec::new();
    for one in &involved {
        for other in around.relied_on.union(&involved).filter(|other| *other != one) {
            // Of two that are both only involved, one line is enough.
            let is_mirrored = involved.contains(other) && !around.relied_on.contains(other) && other < one;
            let is_trusted = around.relied_on.contains(one);
            if alike(*one, *other) && !is_mirrored && !is_trusted {
                lines.push(format!("{one} begins and ends like {other}, and is another"));
            }
        }
    }
    lines
}

fn alike(one: Address, other: Address) -> bool {
    let (one, other) = (format!("{one:x}"), format!("{other:x}"));
    let digits = |text: &str| text.trim_start_matches("0x").chars().collect::<Vec<_>>();
    let (one, other) = (digits(&one), digits(&other));
    let same = |pairs: &mut dyn Iterator<Item = (&char, &char)>| pairs.take(COMPARED).all(|(one, other)| one == other);
    same(&mut one.iter().zip(&other)) && same(&mut one.iter().rev().zip(other.iter().rev()))
}

/// Zero and those next to it.
fn is_precompile(who: Address) -> bool {
    U256::from_be_bytes(who.into_word().0) < U256::from(0x1_0000)
}

fn unverified(report: &Report, around: &Surroundings) -> Vec<String> {
    let spenders = report.allowances.iter().filter(|one| !one.revoked).map(|one| one.spender);
    let targets: BTreeSet<Address> = report.actions.iter().map(|one| one.to).chain(spenders).map(|who| who.0).collect();
    let has_code = |who: &Address| around.standings.get(who).is_some_and(|standing| standing.has_code);
    let unknown = targets.iter().filter(|who| has_code(who) && !around.known.contains(*who));
    unknown.map(|who| format!("{who} is a contract that neither this tool nor the policy knows")).collect()
}

fn without_code(report: &Report, around: &Surroundings) -> Vec<String> {
    let has_none = |who: &Address| around.standings.get(who).is_some_and(|standing| !standing.has_code);
    let calls = report.actions.iter().filter(|action| action.data.length > 0 && has_none(&action.to.0));
    let calls = calls.filter(|action| !is_precompile(action.to.0));
    calls.map(|action| format!("{} has no code, so the calldata does nothing there", action.to)).collect()
}

fn first_time(report: &Report, around: &Surroundings) -> Vec<String> {
    let mut told = BTreeSet::new();
    let mut lines = Vec::new();
    for one in report.transfers.iter().filter(|one| one.from == report.safe.address && !one.to.0.is_zero()) {
        let is_new = around.standings.get(&one.to.0).is_some_and(|standing| !standing.is_used);
        if is_new && told.insert((one.to, None)) {
            lines.push(format!("{} has never been used on this chain", one.to));
        }
        let never_held = held_before(&report.balances, one).is_some_and(|held| held.is_zero());
        if one.standard == Standard::Erc20 && never_held && told.insert((one.to, Some(one.asset))) {
            lines.push(format!("{} holds nothing of {} so far", one.to, one.asset));
        }
    }
    lines
}

fn held_before(balances: &[BalanceChange], transfer: &Transfer) -> Option<U256> {
    let found =
        balances.iter().find(|one| one.who == transfer.to && one.asset == transfer.asset && one.id == transfer.id);
    Some(found?.before?.0)
}

/// More than there can be of anything.
fn is_unlimited(one: &Allowance) -> bool {
    // Permit2 draws without end at its own highest value.
    let bound = if one.permit2 { U256::MAX >> 96 } else { U256::MAX >> 1 };
    one.amount.is_none_or(|amount| amount.0 >= bound)
}

fn names(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for one in report.assets.iter().filter(|asset| !asset.declared) {
        let Some(name) = &one.name else { continue };
        let same = |other: &&crate::Asset| {
            other.declared && other.name.as_ref().is_some_and(|it| it.as_str().eq_ignore_ascii_case(name.as_str()))
        };
        if let Some(other) = report.assets.iter().find(same) {
            lines.push(format!("{} calls itself {name}, which the policy says of {}", one.address, other.address));
        }
        if name.is_foreign() {
            lines.push(format!("{} calls itself {name}, with letters that may look like others", one.address));
        }
    }
    lines
}

/// A token whose balance did not move as its events say.
fn unlike_its_events(one: &BalanceChange, transfers: &[Transfer]) -> Option<String> {
    let (before, after) = (one.before?.0, one.after?.0);
    let (mut came, mut went) = (U256::ZERO, U256::ZERO);
    for transfer in transfers.iter().filter(|it| (it.asset, it.id) == (one.asset, one.id)) {
        if transfer.to == one.who {
            came = came.checked_add(transfer.amount.0)?;
        }
        if transfer.from == one.who {
            went = went.checked_add(transfer.amount.0)?;
        }
    }
    let fits = before.checked_add(came)? == after.checked_add(went)?;
    let (Who(who), Who(asset)) = (one.who, one.asset);
    (!fits).then(|| format!("the events of {asset} do not explain how the balance of {who} changes"))
}
