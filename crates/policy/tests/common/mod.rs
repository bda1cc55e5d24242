//! Random policies, and what they say in the most literal reading.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256, address};
use portcullis_policy::{
    Account, AddressRef, Amount, AmountRange, Asset, Cap, Chain, Control, Effect, Limit, Members, Origin, Outcome,
    Policy, Rule, Scope, Selector, Semantics, Standard, Target, When, Window, compile,
};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

pub(crate) const ACCOUNT: Address = address!("0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8");
pub(crate) const SELECTORS: [[u8; 4]; 7] = [
    [0xa9, 0x05, 0x9c, 0xbb],
    [0x23, 0xb8, 0x72, 0xdd],
    [0x09, 0x5e, 0xa7, 0xb3],
    [0x39, 0x50, 0x93, 0x51],
    [0xd0, 0xe3, 0x0d, 0xb0],
    [0xe3, 0x18, 0xb5, 0x2b],
    [0, 0, 0, 0],
];

pub(crate) fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

pub(crate) fn token(n: u8) -> Address {
    Address::repeat_byte(0xa0 + n)
}

/// Few addresses, so that conditions meet.
pub(crate) fn pool(rng: &mut ChaCha8Rng) -> Address {
    match rng.random_range(0..12) {
        0 => ACCOUNT,
        n @ 1..=3 => token(n),
        n => Address::repeat_byte(n),
    }
}

fn subset<T: Clone>(rng: &mut ChaCha8Rng, all: &[T], most: usize) -> Vec<T> {
    let count = rng.random_range(1..=most.min(all.len()));
    all.sample(rng, count).cloned().collect()
}

fn maybe<T>(rng: &mut ChaCha8Rng, of: u32, make: impl FnOnce(&mut ChaCha8Rng) -> T) -> Option<T> {
    (rng.random_range(0..of) == 0).then(|| make(rng))
}

fn refs(rng: &mut ChaCha8Rng, policy: &Policy) -> Vec<AddressRef> {
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

fn amount(rng: &mut ChaCha8Rng, decimals: u8) -> Amount {
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
        effect: maybe(rng, 2, |rng| subset(rng, &Effect::ALL, 2)),
        asset,
        recipient: maybe(rng, 3, |rng| refs(rng, policy)),
        amount: bounds,
        opaque: rng.random_range(0..4) == 0,
        ..When::default()
    }
}

/// A policy that compiles.
pub(crate) fn policy(rng: &mut ChaCha8Rng) -> Policy {
    let mut policy = Policy {
        name: "random \"policy\" \\ 1".to_owned(),
        account: rng.random_bool(0.8).then_some(Account { chain: Chain::Gnosis, address: ACCOUNT }),
        semantics: Semantics::FirstMatch,
        control: Control { change_delay: Some(172_800), announcement_expiry: Some(604_801), ..Control::default() },
        assets: BTreeMap::new(),
        groups: BTreeMap::new(),
        lists: BTreeMap::new(),
        limits: BTreeMap::new(),
        rules: Vec::new(),
    };
    if rng.random_bool(0.8) {
        policy.assets.insert("ETH".to_owned(), Asset { standard: Standard::Native, decimals: 18 });
    }
    for n in 1..=rng.random_range(0..=3) {
        policy.assets.insert(format!("T{n}"), Asset { standard: Standard::Erc20(token(n)), decimals: 6 * (n - 1) });
    }
    for n in 0..rng.random_range(0..4) {
        let long = rng.random_range(0..6) == 0;
        let size = if long { rng.random_range(20..90) } else { rng.random_range(1..4) };
        let members: BTreeSet<Address> =
            (0..size).map(|_| if long { Address::from(rng.random::<[u8; 20]>()) } else { pool(rng) }).collect();
        let mut members: Vec<_> = members.into_iter().collect();
        members.reverse();
        let group = rng.random_range(0..3) == 0;
        if group { &mut policy.groups } else { &mut policy.lists }
            .insert(format!("set-{n}"), Members::Addresses(members));
    }
    policy.control.announcers = policy.groups.keys().next().cloned();
    policy.control.cancellers = policy.groups.keys().next_back().cloned();
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
        policy.limits.insert(
            format!("limit-{n}"),
            Limit {
                cap: Cap::Amount { asset, amount: cap },
                window,
                scope: Scope::Account,
                everywhere: rng.random_range(0..3) == 0,
            },
        );
    }
    let wanted = rng.random_range(0..9);
    for n in 0..200 {
        if policy.rules.len() == wanted {
            break;
        }
        let when = when(rng, &policy);
        let limits =
            policy.limits.iter().filter(|(_, limit)| when.asset.as_deref() == limit.asset().map(std::slice::from_ref));
        let limits = limits.map(|(id, _)| id.clone()).filter(|_| rng.random()).collect();
        let delay = maybe(rng, 3, |rng| rng.random_range(1..604_801));
        let then = if rng.random_range(0..4) == 0 { Outcome::Deny } else { Outcome::Allow { limits, delay } };
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
    // Long lists as targets of several rules take more than a contract holds.
    while compile(&policy).is_err() {
        policy.rules.pop();
    }
    policy
}

/// One effect of one action, as `docs/program.md` §2 defines them.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Zero for owners.
    pub(crate) origin: Address,
    pub(crate) initiator: Address,
    pub(crate) to: Address,
    pub(crate) selector: Option<[u8; 4]>,
    pub(crate) kind: u8,
    /// With whom and how much, for kinds 1 to 3.
    pub(crate) moved: Option<(Address, U256)>,
}

/// Effects of random actions under the policy's assets.
pub(crate) fn cases(rng: &mut ChaCha8Rng, policy: &Policy) -> Vec<Case> {
    let to = if rng.random() { token(rng.random_range(1..=3)) } else { pool(rng) };
    let selector = maybe(rng, 2, |rng| *SELECTORS.choose(rng).expect("some"));
    let is_token = policy.assets.values().any(|asset| asset.standard == Standard::Erc20(to));
    let amounts = [0_u64, 1, 2, 500_000, 1_000_000, 9_999_999_000_000, u64::MAX];
    let mut some = || U256::from(*amounts.choose(rng).expect("some"));
    let (value, moved) = (some(), some());
    let recipient = pool(rng);
    let origin = if rng.random() { Address::ZERO } else { pool(rng) };
    let initiator = if origin.is_zero() { pool(rng) } else { origin };
    let case = |kind, moved| Case { origin, initiator, to, selector, kind, moved };
    let mut cases = Vec::new();
    if !value.is_zero() {
        cases.push(case(1, Some((to, value))));
    }
    match selector {
        None if value.is_zero() => cases.push(case(4, None)),
        None => {}
        Some(_) if !is_token => cases.push(case(4, None)),
        Some(selector) => cases.push(match SELECTORS.iter().position(|one| *one == selector) {
            Some(0) => case(2, Some((recipient, moved))),
            Some(1) if rng.random() => case(2, Some((recipient, moved))),
            Some(2 | 3) => case(3, Some((recipient, moved))),
            _ => case(5, None),
        }),
    }
    cases
}

fn members(policy: &Policy, refs: &[AddressRef]) -> Vec<Address> {
    let named = |name: &String| {
        policy.lists.get(name).or_else(|| policy.groups.get(name)).expect("defined").addresses().to_vec()
    };
    refs.iter()
        .flat_map(|one| match one {
            AddressRef::Named(name) => named(name),
            AddressRef::Literal(address) => vec![*address],
        })
        .collect()
}

fn is_target(policy: &Policy, target: &Target, to: Address) -> bool {
    match target {
        Target::Account => to == ACCOUNT,
        Target::Literal(address) => to == *address,
        Target::Named(name) => members(policy, &[AddressRef::Named(name.clone())]).contains(&to),
        Target::Asset(name) => policy.assets[name].standard == Standard::Erc20(to),
    }
}

/// Whether the rule's conditions describe the effect, read one by one.
pub(crate) fn describes(policy: &Policy, rule: &Rule, case: &Case) -> bool {
    let when = &rule.when;
    let origin = match &when.origin {
        Origin::Owners => case.origin.is_zero(),
        Origin::Modules(modules) => !case.origin.is_zero() && members(policy, modules).contains(&case.origin),
    };
    let initiator = when.initiator.as_ref().is_none_or(|list| members(policy, list).contains(&case.initiator));
    let target = match &when.target {
        None => case.to != ACCOUNT,
        Some(targets) => targets.iter().any(|target| is_target(policy, target, case.to)),
    };
    let selector = when.selector.as_ref().is_none_or(|all| all.iter().any(|one| Some(one.bytes()) == case.selector));
    let effect = match case.kind {
        1 | 2 => Effect::Transfer,
        3 => Effect::Approve,
        4 => Effect::Call,
        _ => Effect::Opaque,
    };
    let effect = match &when.effect {
        Some(effects) => effects.contains(&effect),
        None => effect != Effect::Opaque || when.opaque || rule.then == Outcome::Deny,
    };
    let asset = when.asset.as_ref().is_none_or(|names| {
        names.iter().any(|name| match policy.assets[name].standard {
            Standard::Native => case.kind == 1,
            standard => matches!(case.kind, 2 | 3) && standard.token() == Some(case.to),
        })
    });
    let recipient = when
        .recipient
        .as_ref()
        .is_none_or(|list| case.moved.is_some_and(|(recipient, _)| members(policy, list).contains(&recipient)));
    let amount = when.amount.as_ref().is_none_or(|range| {
        let decimals = policy.assets[&when.asset.as_ref().expect("pinned")[0]].decimals;
        let units = |amount: &Amount| amount.base_units(decimals).expect("converts");
        case.moved.is_some_and(|(_, amount)| {
            range.min.as_ref().is_none_or(|min| amount >= units(min))
                && range.max.as_ref().is_none_or(|max| amount <= units(max))
        })
    });
    origin && initiator && target && selector && effect && asset && recipient && amount
}
