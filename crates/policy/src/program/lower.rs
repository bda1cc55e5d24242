//! From names to addresses and numbers, with every check that needs more than one value.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use alloy_primitives::{Address, U256};

use super::{
    condition::{Condition, List, Roster},
    expand::{ERC20, ERC721, ERC1155, Key, Tokens},
    facts::{Question, check_facts, number},
    messages::{Signable, lower_messages},
    obligations::{Asked, lower_sets},
    resolve::lower_rule,
};
use crate::{
    Cap, Limit, Members, Outcome, PathSegment, Policy, Problem, Scope, Semantics, Standard, Window, diagnostics::steps,
};

/// The longest change delay, in seconds: 30 days.
const MAX_CHANGE_DELAY: u32 = 2_592_000;
/// The most limits a program has.
const MAX_LIMITS: usize = 32;
/// 10^77 is the largest power of ten below 2^256.
pub(crate) const MAX_DECIMALS: u8 = 77;
/// Caps are below 2^192.
const MAX_CAP_BITS: usize = 192;

/// A policy as the program holds it.
#[derive(Debug, Default)]
pub(crate) struct Lowered {
    pub(crate) semantics: Semantics,
    pub(crate) expiry: u32,
    pub(crate) announcers: Option<List>,
    pub(crate) cancellers: Option<List>,
    pub(crate) guardians: Option<List>,
    /// Attester sets in their order.
    pub(crate) attesters: Vec<LoweredSet>,
    pub(crate) tokens: Tokens,
    /// Ascending by id.
    pub(crate) limits: Vec<LoweredLimit>,
    /// In the program's order.
    pub(crate) rules: Vec<LoweredRule>,
    /// In the document's order.
    pub(crate) messages: Vec<Signable>,
}

#[derive(Debug)]
pub(crate) struct LoweredSet {
    pub(crate) list: List,
    /// How many of its members must sign.
    pub(crate) at_least: u8,
    /// How many rules ask it what the chain cannot see.
    pub(crate) hybrid_rules: u16,
}

#[derive(Debug)]
pub(crate) struct LoweredLimit {
    pub(crate) id: String,
    pub(crate) cap: U256,
    pub(crate) window: Window,
    pub(crate) scope: Scope,
    pub(crate) everywhere: bool,
    pub(crate) meters: bool,
    /// Zero is native; none for a count.
    pub(crate) asset: Option<Address>,
}

#[derive(Debug)]
pub(crate) struct LoweredRule {
    /// Where the rule stands in the document.
    pub(crate) position: usize,
    pub(crate) keys: BTreeSet<Key>,
    pub(crate) allow: bool,
    pub(crate) delay: u32,
    /// Indices, ascending.
    pub(crate) limits: BTreeSet<u8>,
    pub(crate) asked: Asked,
    /// Whether module requests match, else owner requests.
    pub(crate) modules: bool,
    /// In the order in which they are tested.
    pub(crate) conditions: Vec<Condition>,
    /// What the last of them asks, where attesters state it.
    pub(crate) question: Option<Question>,
}

/// Resolves the policy; what is wrong is added to `problems`, and then the result is not to be used.
pub(crate) fn lower(policy: &Policy, problems: &mut Vec<Problem>) -> Lowered {
    check_sets(policy, problems);
    let tokens = lower_assets(policy, problems);
    let limits = policy.limits.iter().filter_map(|(id, limit)| lower_limit(policy, id, limit, problems)).collect();
    if let Some(id) = policy.limits.keys().nth(MAX_LIMITS) {
        let message = format!("{} limits are too many", policy.limits.len());
        problems.push(Problem::new(steps!["limits", id], message, format!("keep at most {MAX_LIMITS}")).on_key());
    }
    let mut order: Vec<usize> = (0..policy.rules.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(policy.rules.get(*at).map_or(0, |rule| rule.priority)));
    check_facts(policy, problems);
    let mut rules: Vec<_> = order.into_iter().filter_map(|at| lower_rule(policy, at, &tokens, problems)).collect();
    let expiry = check_control(policy, problems);
    let mut attesters = lower_sets(policy, problems);
    number(&mut rules, &mut attesters, problems);
    let messages = lower_messages(policy, problems);
    let group = |name: &Option<String>| {
        let name = name.as_ref()?;
        policy.groups.get(name)?;
        named_list(policy, name)
    };
    Lowered {
        semantics: policy.semantics,
        expiry,
        announcers: group(&policy.control.announcers),
        cancellers: group(&policy.control.cancellers),
        guardians: group(&policy.control.guardians),
        attesters,
        tokens,
        limits,
        rules,
        messages,
    }
}

/// The group or list of this name.
pub(crate) fn named_list(policy: &Policy, name: &str) -> Option<List> {
    let table = if policy.lists.contains_key(name) { "lists" } else { "groups" };
    let members = match policy.lists.get(name).or_else(|| policy.groups.get(name))? {
        Members::Addresses(addresses) => Roster::Addresses(addresses.iter().copied().collect()),
        Members::Registry(registry) => Roster::Registry(registry.address, registry.method.bytes()),
    };
    Some(List { members, label: format!("@{name}"), path: steps![table, name] })
}

fn check_sets(policy: &Policy, problems: &mut Vec<Problem>) {
    for (table, sets) in [("groups", &policy.groups), ("lists", &policy.lists)] {
        for (name, members) in sets {
            match members {
                Members::Addresses(members) => {
                    if members.is_empty() {
                        let path = steps![table, name];
                        problems.push(Problem::new(path, format!("`{name}` is empty"), "write at least one address"));
                    }
                    check_repeats(steps![table, name], members, problems);
                }
                Members::Registry(registry) => {
                    if registry.address == Address::ZERO {
                        let path = steps![table, name, "registry"];
                        let help = "write the address of the contract that keeps the list";
                        problems.push(Problem::new(path, "no registry is at the zero address", help));
                    }
                    if !registry.method.takes_one_address() {
                        let path = steps![table, name, "method"];
                        let message = format!("`{}` does not take one address", registry.method.as_str());
                        let help = "write a function of one address that returns a boolean, like \
                                    `isSanctioned(address)`, or leave `method` out for `contains(address)`";
                        problems.push(Problem::new(path, message, help));
                    }
                }
            }
        }
    }
}

/// An entry that is written twice is a slip, and perhaps hides the one that was meant.
pub(crate) fn check_repeats<T: Ord + Display>(path: Vec<PathSegment>, items: &[T], problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (at, item) in items.iter().enumerate() {
        if !seen.insert(item) {
            let mut path = path.clone();
            path.push(at.into());
            let message = format!("`{item}` is listed twice");
            problems.push(Problem::new(path, message, "write it once"));
        }
    }
}

fn lower_assets(policy: &Policy, problems: &mut Vec<Problem>) -> Tokens {
    let mut first = BTreeMap::new();
    let mut tokens = Tokens::new();
    for (name, asset) in &policy.assets {
        if asset.decimals > MAX_DECIMALS {
            let message = format!("{} decimals are too many", asset.decimals);
            let help = format!("write what the token's decimals() returns, at most {MAX_DECIMALS}");
            problems.push(Problem::new(steps!["assets", name, "decimals"], message, help));
        }
        let standard = match asset.standard {
            Standard::Native => None,
            Standard::Erc20(_) => Some(ERC20),
            Standard::Erc721(_) => Some(ERC721),
            Standard::Erc1155(_) => Some(ERC1155),
        };
        if asset.decimals != 0 && matches!(standard, Some(ERC721 | ERC1155)) {
            let path = steps!["assets", name, "decimals"];
            problems.push(Problem::new(path, "such tokens are counted in whole units", "leave `decimals` out"));
        }
        let address = asset.standard.token().unwrap_or_default();
        if let Some(standard) = standard {
            if address == Address::ZERO {
                let help = "write the token's address, or `native` as the standard of the chain's own coin";
                let path = steps!["assets", name, "address"];
                problems.push(Problem::new(path, "no token is at the zero address", help));
                continue;
            }
            if policy.account.is_some_and(|account| account.address == address) {
                let path = steps!["assets", name, "address"];
                problems.push(Problem::new(path, "the account is not a token", "write the token's address"));
            }
            tokens.insert(address, standard);
        }
        if let Some(other) = first.insert(address, name) {
            let (key, what) = if address == Address::ZERO {
                ("standard", "is the native asset")
            } else {
                ("address", "has this address")
            };
            let message = format!("`{other}` {what} already");
            problems.push(Problem::new(steps!["assets", name, key], message, "declare every asset once"));
        }
    }
    tokens
}

fn lower_limit(policy: &Policy, id: &str, limit: &Limit, problems: &mut Vec<Problem>) -> Option<LoweredLimit> {
    if limit.everywhere && limit.scope != Scope::Account {
        let message = format!("an `everywhere` limit cannot count for each {}", limit.scope.word());
        let help = "leave `scope` or `everywhere` out: only rules that pin the list may list such a limit";
        problems.push(Problem::new(steps!["limits", id, "scope"], message, help));
    }
    if limit.meters {
        metered(policy, id, limit, problems);
    }
    let (asset, cap) = match &limit.cap {
        Cap::Count(requests) => {
            if limit.everywhere {
                let help = "leave `everywhere` out, and list the limit in the rules that count";
                let path = steps!["limits", id, "everywhere"];
                problems.push(Problem::new(path, "a count is of no asset, so it is charged by rules only", help));
            }
            (None, U256::from(*requests))
        }
        Cap::Amount { asset: name, amount } => {
            let asset = policy.assets.get(name)?;
            match amount.base_units(asset.decimals) {
                Ok(cap) if cap.bit_len() <= MAX_CAP_BITS => (Some(asset.standard.token().unwrap_or_default()), cap),
                Ok(_) => {
                    let message = format!("the cap `{amount}` is not below 2^{MAX_CAP_BITS} base units");
                    problems.push(Problem::new(steps!["limits", id, "cap"], message, "write a smaller cap"));
                    return None;
                }
                Err(error) => {
                    problems.push(amount_problem(steps!["limits", id, "cap"], &error, name));
                    return None;
                }
            }
        }
    };
    let Limit { window, scope, everywhere, meters, .. } = *limit;
    Some(LoweredLimit { id: id.to_owned(), cap, window, scope, everywhere, meters, asset })
}

/// A balance is the account's and of one number, and does not tell which rule let anything out.
fn metered(policy: &Policy, id: &str, limit: &Limit, problems: &mut Vec<Problem>) {
    let mut refuse = |message: String, help: &str| {
        problems.push(Problem::new(steps!["limits", id, "meter"], message, help));
    };
    if limit.scope != Scope::Account {
        let message = format!("a balance does not tell what left for each {}", limit.scope.word());
        return refuse(message, "leave `scope` or `meter` out: only the account has a balance");
    }
    let Cap::Amount { asset: name, .. } = &limit.cap else {
        let message = "a count of requests has no balance".to_owned();
        return refuse(message, "leave `meter` out, or cap an amount with `asset` and `cap`");
    };
    if !limit.everywhere {
        let message = "a balance does not tell which rule let the asset out".to_owned();
        return refuse(message, "write `everywhere = true` beside it, or leave `meter` out");
    }
    let standard = policy.assets.get(name).map(|asset| asset.standard);
    if matches!(standard, Some(Standard::Erc721(_) | Standard::Erc1155(_))) {
        let message = format!("`{name}` has no one balance of interchangeable units");
        refuse(message, "leave `meter` out: it is for native value and ERC-20 tokens");
    }
}

/// An amount that does not convert, in the words of its asset.
pub(crate) fn amount_problem(path: Vec<PathSegment>, error: &crate::AmountError, asset: &str) -> Problem {
    match error {
        crate::AmountError::TooManyDecimals { text, found, decimals } => {
            let excess = found.saturating_sub(usize::from(*decimals));
            let plain = text.replace('_', "");
            let shorter = plain.len().checked_sub(excess).and_then(|end| plain.get(..end)).unwrap_or(&plain);
            let shorter = shorter.trim_end_matches('.');
            let help = format!("write at most {decimals} digits behind the point, like `{shorter}`");
            Problem::new(path, format!("`{text}` has {found} decimals, {asset} has {decimals}"), help)
        }
        crate::AmountError::NotDecimal(_) => {
            Problem::new(path, error.to_string(), "write digits with at most one point, like `50_000` or `0.5`")
        }
        crate::AmountError::TooLarge(_) => Problem::new(path, error.to_string(), "write a smaller amount"),
    }
}

fn check_control(policy: &Policy, problems: &mut Vec<Problem>) -> u32 {
    let control = &policy.control;
    match control.change_delay {
        Some(delay) if delay > MAX_CHANGE_DELAY => {
            let path = steps!["control", "change_delay"];
            problems.push(Problem::new(path, "the change delay is above 30 days", "write at most `30d`"));
        }
        None if policy.account.is_some() => {
            let help = "write how long a staged change waits, like `48h`, at most `30d`";
            problems.push(Problem::new(steps!["control"], "`change_delay` is missing", help));
        }
        _ => {}
    }
    let delays = policy.rules.iter().enumerate().filter_map(|(at, rule)| match rule.then {
        Outcome::Allow { delay: Some(delay), .. } => Some((delay, std::cmp::Reverse(at))),
        _ => None,
    });
    let longest = delays.max();
    match (control.announcement_expiry, longest) {
        (None, Some((delay, at))) => {
            let id = policy.rules.get(at.0).map_or("", |rule| rule.id.as_str());
            let message = format!("`announcement_expiry` is missing, and rule `{id}` has a delay");
            let help = format!("write how long an announcement lives, longer than `{}`", duration(delay));
            problems.push(Problem::new(steps!["control"], message, help));
        }
        (Some(expiry), Some((delay, at))) if expiry <= delay => {
            let id = policy.rules.get(at.0).map_or("", |rule| rule.id.as_str());
            let message = format!("announcements expire before the delay of rule `{id}` has passed");
            let help = format!("write more than `{}`", duration(delay));
            problems.push(Problem::new(steps!["control", "announcement_expiry"], message, help));
        }
        _ => {}
    }
    control.announcement_expiry.unwrap_or(0)
}

fn duration(seconds: u32) -> String {
    crate::text::duration::format_duration(seconds)
}
