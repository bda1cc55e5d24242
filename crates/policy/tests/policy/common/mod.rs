//! Random policies over the whole language.

pub(crate) mod cases;
pub(crate) mod conditions;
mod facts;
mod messages;
mod obligations;
pub(crate) mod reading;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, address};
use portcullis_policy::{
    Account, AddressRef, Amount, AmountRange, Asset, Cap, Chain, Control, Effect, Limit, Members, Origin, Outcome,
    Policy, Registry, Rule, Scope, Selector, Semantics, Standard, Target, When, Window, compile,
};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

pub(crate) const ACCOUNT: Address = address!("0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8");
pub(crate) const SELECTORS: [[u8; 4]; 12] = [
    [0xa9, 0x05, 0x9c, 0xbb],
    [0x23, 0xb8, 0x72, 0xdd],
    [0x09, 0x5e, 0xa7, 0xb3],
    [0x39, 0x50, 0x93, 0x51],
    [0xd0, 0xe3, 0x0d, 0xb0],
    [0xe3, 0x18, 0xb5, 0x2b],
    [0, 0, 0, 0],
    // ERC-721 and ERC-1155: safeTransferFrom, safeTransferFrom of an id, setApprovalForAll.
    [0x42, 0x84, 0x2e, 0x0e],
    [0xf2, 0x42, 0x43, 0x2a],
    [0xa2, 0x2c, 0xb4, 0x65],
    // Permit2's approve, enableModule.
    [0x87, 0x51, 0x7c, 0x45],
    ENABLE_MODULE,
];
pub(crate) const ENABLE_MODULE: [u8; 4] = [0x61, 0x0b, 0x59, 0x25];
pub(crate) const PERMIT2: Address = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

pub(crate) fn token(n: u8) -> Address {
    Address::repeat_byte(0xa0 + n)
}

/// Few addresses, so that conditions meet.
pub(crate) fn pool(rng: &mut ChaCha8Rng) -> Address {
    match rng.random_range(0..13) {
        0 => ACCOUNT,
        12 => PERMIT2,
        n @ 1..=3 => token(n),
        n => Address::repeat_byte(n),
    }
}

pub(crate) fn subset<T: Clone>(rng: &mut ChaCha8Rng, all: &[T], most: usize) -> Vec<T> {
    let count = rng.random_range(1..=most.min(all.len()));
    all.sample(rng, count).cloned().collect()
}

pub(crate) fn maybe<T>(rng: &mut ChaCha8Rng, of: u32, make: impl FnOnce(&mut ChaCha8Rng) -> T) -> Option<T> {
    (rng.random_range(0..of) == 0).then(|| make(rng))
}

pub(crate) fn refs(rng: &mut ChaCha8Rng, policy: &Policy) -> Vec<AddressRef> {
    let names: Vec<_> = policy.lists.keys().chain(policy.groups.keys()).cloned().collect();
    let mut all = Vec::new();
    for _ in 0..rng.random_range(1..3) {
        let one = match names.choose(rng) {
            Some(name) if rng.random() => AddressRef::Named(name.clone()),
            _ => AddressRef::Literal(pool(rng)),
        };
        if !all.contains(&one) {
            all.push(one);
        }
    }
    all
}

pub(crate) fn amount(rng: &mut ChaCha8Rng, decimals: u8) -> Amount {
    let edges = ["0", "1", "2", "9_999_999", "18446744073709551616", "0.5", "250_000.000001"];
    loop {
        let amount = Amount::new(edges.choose(rng).expect("some")).expect("decimal");
        if amount.base_units(decimals).is_ok() {
            return amount;
        }
    }
}

fn when(rng: &mut ChaCha8Rng, policy: &Policy) -> When {
    let names: Vec<_> = policy.assets.keys().cloned().collect();
    let asset = if names.is_empty() { None } else { maybe(rng, 2, |rng| subset(rng, &names, 2)) };
    let bounds = match asset.as_deref() {
        Some([name]) => maybe(rng, 2, |rng| {
            let decimals = policy.assets[name].decimals;
            let (min, max) = (maybe(rng, 2, |rng| amount(rng, decimals)), maybe(rng, 2, |rng| amount(rng, decimals)));
            AmountRange { min, max }
        }),
        _ => None,
    };
    When {
        origin: maybe(rng, 4, |rng| Origin::Modules(refs(rng, policy))).unwrap_or_default(),
        initiator: maybe(rng, 5, |rng| refs(rng, policy)),
        target: maybe(rng, 2, |rng| {
            let mut all = vec![Target::Literal(pool(rng)), Target::Account, Target::Literal(Address::repeat_byte(7))];
            all.extend(policy.lists.keys().cloned().map(Target::Named));
            all.extend(names.iter().cloned().map(Target::Asset));
            subset(rng, &all, 3)
        }),
        selector: maybe(rng, 3, |rng| subset(rng, &SELECTORS, 3).into_iter().map(Selector::from_bytes).collect()),
        effect: maybe(rng, 2, |rng| {
            if rng.random_range(0..6) == 0 { vec![Effect::Delegatecall] } else { subset(rng, &Effect::ALL, 2) }
        }),
        asset,
        recipient: maybe(rng, 3, |rng| refs(rng, policy)),
        amount: bounds,
        opaque: rng.random_range(0..4) == 0,
        ..conditions::common(rng, policy, 0)
    }
}

/// A policy that compiles.
pub(crate) fn policy(rng: &mut ChaCha8Rng) -> Policy {
    let mut policy = Policy {
        name: "random \"policy\" \\ 1".to_owned(),
        account: rng.random_bool(0.8).then_some(Account { chain: Chain::Gnosis, address: ACCOUNT }),
        semantics: *Semantics::ALL.choose(rng).expect("some"),
        control: Control { change_delay: Some(172_800), announcement_expiry: Some(604_801), ..Control::default() },
        assets: BTreeMap::new(),
        groups: BTreeMap::new(),
        lists: BTreeMap::new(),
        attesters: BTreeMap::new(),
        facts: BTreeMap::new(),
        limits: BTreeMap::new(),
        rules: Vec::new(),
        messages: Vec::new(),
    };
    if rng.random_bool(0.8) {
        policy.assets.insert("ETH".to_owned(), Asset { standard: Standard::Native, decimals: 18 });
    }
    for n in 1..=rng.random_range(0..=3) {
        let (standard, decimals) = match rng.random_range(0..5) {
            0 => (Standard::Erc721(token(n)), 0),
            1 => (Standard::Erc1155(token(n)), 0),
            _ => (Standard::Erc20(token(n)), 6 * (n - 1)),
        };
        policy.assets.insert(format!("T{n}"), Asset { standard, decimals });
    }
    for n in 0..rng.random_range(0..4) {
        let long = rng.random_range(0..6) == 0;
        let size = if long { rng.random_range(20..90) } else { rng.random_range(1..4) };
        let members: BTreeSet<Address> =
            (0..size).map(|_| if long { Address::from(rng.random::<[u8; 20]>()) } else { pool(rng) }).collect();
        let mut members: Vec<Address> = members.into_iter().collect();
        members.reverse();
        let group = rng.random_range(0..3) == 0;
        if group { &mut policy.groups } else { &mut policy.lists }
            .insert(format!("set-{n}"), Members::Addresses(members));
        if rng.random_range(0..3) == 0 {
            let method =
                if rng.random() { Selector::contains() } else { Selector::from_bytes([0xdf, 0x59, 0x2f, 0x7d]) };
            let registry = Registry { address: Address::repeat_byte(0xe0 + n), method };
            policy.lists.insert(format!("registry-{n}"), Members::Registry(registry));
        }
    }
    policy.control.announcers = policy.groups.keys().next().cloned();
    policy.control.cancellers = policy.groups.keys().next_back().cloned();
    policy.control.guardians = maybe(rng, 2, |_| policy.groups.keys().next().cloned()).flatten();
    obligations::attesters(rng, &mut policy);
    facts::declared(rng, &mut policy);
    let names: Vec<_> = policy.assets.keys().cloned().collect();
    for n in 0..rng.random_range(0..4) {
        let Some(asset) = names.choose(rng).cloned() else { break };
        let cap = amount(rng, policy.assets[&asset].decimals);
        let windows = [
            Window::Transaction,
            Window::Day,
            Window::Week,
            Window::Month,
            Window::Rolling(86_400),
            Window::Rolling(7),
        ];
        let window = *windows.choose(rng).expect("some");
        let scope = *Scope::ALL.choose(rng).expect("some");
        let count = rng.random_range(0..3) == 0;
        let everywhere = !count && scope == Scope::Account && rng.random();
        let fungible = matches!(policy.assets[&asset].standard, Standard::Native | Standard::Erc20(_));
        let meters = everywhere && fungible && rng.random();
        let cap =
            if count { Cap::Count(rng.random_range(0..u64::MAX / 2)) } else { Cap::Amount { asset, amount: cap } };
        policy.limits.insert(format!("limit-{n}"), Limit { cap, window, scope, everywhere, meters });
    }
    let wanted = rng.random_range(0..9);
    for n in 0..200 {
        if policy.rules.len() == wanted {
            break;
        }
        let mut when = when(rng, &policy);
        when.facts = facts::asked(rng, &policy);
        let fits = |limit: &Limit| {
            let pinned = match limit.scope {
                Scope::Account => true,
                Scope::Recipient => when.recipient.is_some(),
                Scope::Initiator => when.initiator.is_some(),
            };
            pinned && limit.asset().is_none_or(|asset| when.asset.as_deref() == Some(std::slice::from_ref(asset)))
        };
        let limits = policy.limits.iter().filter(|(_, limit)| fits(limit));
        let limits = limits.map(|(id, _)| id.clone()).filter(|_| rng.random()).collect();
        let delay = maybe(rng, 3, |rng| rng.random_range(1..604_801));
        let obligations = obligations::some(rng, &policy);
        let allow = Outcome::Allow { limits, delay, obligations };
        let then = if rng.random_range(0..4) == 0 { Outcome::Deny } else { allow };
        let priority = maybe(rng, 4, |rng| rng.random_range(-2..3)).unwrap_or(0);
        let rule = Rule {
            id: format!("r{n}"),
            name: Some("a\tb".replace('\t', " ")),
            owner: None,
            updated_at: None,
            priority,
            when,
            then,
        };
        let alone = Policy { rules: vec![rule.clone()], ..policy.clone() };
        if compile(&alone).is_ok() {
            policy.rules.push(rule);
        }
    }
    messages::some(rng, &mut policy);
    // Long lists as targets of several rules take more than a contract holds.
    while compile(&policy).is_err() {
        policy.rules.pop();
    }
    policy
}
