//! Numbers that look wrong.

use alloy_primitives::{Address, U256, address};

use super::{Finding, FindingKind, Report, Severity};
use crate::{
    AmountRange, Chain, OnUnknown, Outcome, PathSegment, Policy, When,
    diagnostics::{below, steps},
};

/// Tokens of Ethereum that everybody uses: symbol, address, decimals.
const KNOWN: [(&str, Address, u8); 5] = [
    ("USDC", address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"), 6),
    ("USDT", address!("dAC17F958D2ee523a2206206994597C13D831ec7"), 6),
    ("WBTC", address!("2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"), 8),
    ("DAI", address!("6B175474E89094C44Da98b954EedeAC495271d0F"), 18),
    ("WETH", address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"), 18),
];

pub(super) fn check(policy: &Policy, report: &mut Report) {
    decimals(policy, report);
    for (name, asset) in &policy.assets {
        amounts(policy, name, asset.decimals, report);
    }
    open_facts(policy, report);
}

/// Rules that allow on a value that is taken where nobody observed one.
fn open_facts(policy: &Policy, report: &mut Report) {
    for (at, rule) in policy.rules.iter().enumerate() {
        if matches!(rule.then, Outcome::Deny) {
            continue;
        }
        for name in rule.when.facts.keys() {
            let Some(OnUnknown::Open { owner, .. }) = policy.facts.get(name).map(|fact| &fact.on_unknown) else {
                continue;
            };
            let id = &rule.id;
            report.findings.push(Finding {
                kind: FindingKind::OpenFact,
                severity: Severity::Warning,
                rules: vec![id.clone()],
                path: steps!["rules", at, "when", "facts", name],
                message: format!(
                    "rule `{id}` allows where nobody knows `{name}`: `{owner}` answers for the value taken"
                ),
                help: format!("write `on_unknown = \"closed\"` or `\"hold\"` for `{name}`, or accept this"),
                witness: None,
            });
        }
    }
}

fn decimals(policy: &Policy, report: &mut Report) {
    let chain = policy.account.map(|account| account.chain);
    for (name, asset) in &policy.assets {
        let Some(token) = asset.standard.token() else { continue };
        // The same address on another chain is another contract, and there the same symbol can have other decimals.
        let by_address = KNOWN.iter().find(|(_, known, _)| chain == Some(Chain::Ethereum) && *known == token);
        let by_name = KNOWN.iter().find(|(symbol, ..)| chain != Some(Chain::Bnb) && name.eq_ignore_ascii_case(symbol));
        let Some((symbol, _, usual)) = by_address.or(by_name).filter(|(.., usual)| *usual != asset.decimals) else {
            continue;
        };
        report.findings.push(Finding {
            kind: FindingKind::Decimals,
            severity: if by_address.is_some() { Severity::Error } else { Severity::Warning },
            rules: Vec::new(),
            path: steps!["assets", name, "decimals"],
            message: format!("`{name}` is declared with {} decimals, and {symbol} has {usual}", asset.decimals),
            help: "write what the token's decimals() returns: every amount is off by the difference".to_owned(),
            witness: None,
        });
    }
}

/// An amount and where it is written.
type Amount = (U256, Vec<PathSegment>);

/// Caps and bounds of one asset that are a million millions apart: 18 digits were taken for 6, or the reverse.
fn amounts(policy: &Policy, asset: &String, decimals: u8, report: &mut Report) {
    let mut all: Vec<Amount> = Vec::new();
    for (id, limit) in &policy.limits {
        if let crate::Cap::Amount { asset: name, amount } = &limit.cap
            && name == asset
            && let Ok(cap) = amount.base_units(decimals)
        {
            all.push((cap, steps!["limits", id, "cap"]));
        }
    }
    for (at, rule) in policy.rules.iter().enumerate() {
        let path = steps!["rules", at, "when"];
        bounds(&rule.when, asset, decimals, None, &path, &mut all);
    }
    all.retain(|(amount, _)| !amount.is_zero());
    let (Some(least), Some(most)) = (all.iter().min_by_key(|one| one.0), all.iter().max_by_key(|one| one.0)) else {
        return;
    };
    let apart = least.0.checked_mul(U256::from(10_u64.pow(12)));
    if apart.is_some_and(|apart| most.0 >= apart) {
        report.findings.push(Finding {
            kind: FindingKind::Decimals,
            severity: Severity::Warning,
            rules: rules_at(policy, &[&most.1, &least.1]),
            path: most.1.clone(),
            message: format!("amounts of `{asset}` are 10^12 apart or more, as if decimals were taken for others"),
            help: "write amounts in units of the asset, not in base units".to_owned(),
            witness: None,
        });
    }
}

fn rules_at(policy: &Policy, paths: &[&Vec<PathSegment>]) -> Vec<String> {
    let at = paths.iter().filter_map(|path| match path.as_slice() {
        [PathSegment::Key(key), PathSegment::Index(at), ..] if key == "rules" => policy.rules.get(*at),
        _ => None,
    });
    let mut ids: Vec<String> = at.map(|rule| rule.id.clone()).collect();
    ids.dedup();
    ids
}

fn bounds(
    when: &When,
    asset: &String,
    decimals: u8,
    around: Option<&Vec<String>>,
    path: &[PathSegment],
    all: &mut Vec<Amount>,
) {
    let assets = when.asset.as_ref().or(around);
    if let Some(AmountRange { min, max }) = &when.amount
        && assets.is_some_and(|assets| assets.contains(asset))
    {
        for (key, bound) in [("min", min), ("max", max)] {
            if let Some(Ok(bound)) = bound.as_ref().map(|bound| bound.base_units(decimals)) {
                all.push((bound, below!(path, "amount", key)));
            }
        }
    }
    for (key, tables) in [("any", &when.any), ("all", &when.all)] {
        for (at, table) in tables.iter().flatten().enumerate() {
            bounds(table, asset, decimals, assets, &below!(path, key, at), all);
        }
    }
    if let Some(table) = &when.not {
        bounds(table, asset, decimals, assets, &below!(path, "not"), all);
    }
}
