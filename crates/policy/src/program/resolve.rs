//! One rule: names to addresses, conditions to keys, and whether both make sense together.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};

use super::{
    expand::{Shape, Subject},
    lower::{List, LoweredRule, amount_problem, check_repeats},
};
use crate::{
    AddressRef, Effect, Origin, Outcome, PathSegment, Policy, Problem, Rule, Standard, Target, diagnostics::steps,
};

/// Lowers the rule at this position; `None` when it has problems, or a name that `names` reports.
pub(crate) fn lower_rule(
    policy: &Policy,
    position: usize,
    tokens: &BTreeSet<Address>,
    problems: &mut Vec<Problem>,
) -> Option<LoweredRule> {
    let rule = policy.rules.get(position)?;
    let before = problems.len();
    check_written(rule, position, problems);
    let mut list = |key: &str, members: Option<&Vec<AddressRef>>| {
        members.map(|members| resolve_list(policy, steps!["rules", position, "when", key], rule, members, problems))
    };
    let origin = match &rule.when.origin {
        Origin::Owners => None,
        Origin::Modules(modules) => list("origin", Some(modules)),
    };
    let initiator = list("initiator", rule.when.initiator.as_ref());
    let recipient = list("recipient", rule.when.recipient.as_ref());
    let (shape, targets) = shape(policy, rule, position, problems)?;
    let (min, max) = amounts(policy, rule, position, problems);
    let limits = limits(policy, rule, position, problems);
    if problems.len() != before {
        return None;
    }
    let keys = shape.expand(tokens);
    if keys.is_empty() {
        let help = why_never(&shape, tokens);
        problems.push(Problem::new(steps!["rules", position, "when"], "this rule can never match", help));
    } else {
        check_each(policy, rule, position, &shape, &targets, tokens, problems);
    }
    let (allow, delay) = match &rule.then {
        Outcome::Deny => (false, 0),
        Outcome::Allow { delay, .. } => (true, delay.unwrap_or(0)),
    };
    // A list that does not resolve was reported, so `?` only skips this rule.
    let origin = origin.map_or(Some(None), |list| list.map(Some))?;
    let initiator = initiator.map_or(Some(None), |list| list.map(Some))?;
    let recipient = recipient.map_or(Some(None), |list| list.map(Some))?;
    Some(LoweredRule { position, keys, allow, delay, limits, origin, initiator, recipient, min, max })
}

/// What can be said without resolving names.
fn check_written(rule: &Rule, position: usize, problems: &mut Vec<Problem>) {
    let when = &rule.when;
    let base = steps!["rules", position, "when"];
    let at = |key: &str| [base.as_slice(), &[key.into()]].concat();
    let words = |items: Option<Vec<String>>, key: &str, problems: &mut Vec<Problem>| {
        let Some(items) = items else { return };
        if items.is_empty() {
            let help = "write at least one value, or leave the key out to match any";
            problems.push(Problem::new(at(key), format!("`{key}` is empty"), help));
        }
        check_repeats(at(key), &items, problems);
    };
    let addresses = |items: &[AddressRef]| items.iter().map(ref_word).collect::<Vec<_>>();
    if let Origin::Modules(modules) = &when.origin {
        words(Some(addresses(modules)), "origin", problems);
    }
    words(when.initiator.as_deref().map(addresses), "initiator", problems);
    words(when.recipient.as_deref().map(addresses), "recipient", problems);
    words(when.asset.clone(), "asset", problems);
    let effects = when.effect.as_ref().map(|items| items.iter().map(|effect| effect.word().to_owned()).collect());
    words(effects, "effect", problems);
    let selectors = when.selector.as_ref();
    words(selectors.map(|items| items.iter().map(|one| one.as_str().to_owned()).collect()), "selector", problems);
    words(when.target.as_ref().map(|items| items.iter().map(target_word).collect()), "target", problems);

    let names_opaque = when.effect.as_ref().is_some_and(|effects| effects.contains(&Effect::Opaque));
    let allows = matches!(rule.then, Outcome::Allow { .. });
    if names_opaque && allows && !when.opaque {
        let help = "set `opaque` to true in `when`: the rule trusts calldata that nobody decodes";
        problems.push(Problem::new(at("effect"), "an allowing rule names the effect `opaque` only", help));
    }
    if when.opaque && when.effect.is_some() && !names_opaque {
        let help = "add `opaque` to `effect`, or leave one of the two out";
        problems.push(Problem::new(at("opaque"), "`effect` leaves out what `opaque` asks for", help));
    }
    if when.opaque && allows && when.selector.is_none() {
        let help = "name the functions it accepts in `selector`";
        problems.push(Problem::new(at("opaque"), "`opaque` without a selector would accept any call", help));
    }
}

fn ref_word(member: &AddressRef) -> String {
    match member {
        AddressRef::Named(name) => format!("@{name}"),
        AddressRef::Literal(address) => address.to_string(),
    }
}

fn target_word(target: &Target) -> String {
    match target {
        Target::Account => "account".to_owned(),
        Target::Asset(name) => name.clone(),
        Target::Named(name) => format!("@{name}"),
        Target::Literal(address) => address.to_string(),
    }
}

fn members<'a>(policy: &'a Policy, name: &str) -> Option<&'a Vec<Address>> {
    policy.lists.get(name).or_else(|| policy.groups.get(name))
}

fn resolve_list(
    policy: &Policy,
    path: Vec<PathSegment>,
    rule: &Rule,
    refs: &[AddressRef],
    problems: &mut Vec<Problem>,
) -> Option<List> {
    let mut all = BTreeSet::new();
    for member in refs {
        match member {
            AddressRef::Named(name) => all.extend(members(policy, name)?),
            AddressRef::Literal(address) => {
                all.insert(*address);
            }
        }
    }
    let is_origin = path.last() == Some(&PathSegment::from("origin"));
    if is_origin && all.contains(&Address::ZERO) {
        problems.push(Problem::new(path.clone(), "the zero address is no module", "write the module's address"));
    }
    let (label, path) = match refs {
        [AddressRef::Named(name)] => {
            let table = if policy.lists.contains_key(name) { "lists" } else { "groups" };
            (format!("@{name}"), steps![table, name])
        }
        _ => {
            let words = refs.iter().map(ref_word).collect::<Vec<_>>().join(", ");
            let label = if refs.len() > 3 { format!("{} entries of rule {}", refs.len(), rule.id) } else { words };
            (label, path)
        }
    };
    Some(List { members: all, label, path })
}

/// The rule's shape, and for each written target what it stands for.
fn shape(
    policy: &Policy,
    rule: &Rule,
    position: usize,
    problems: &mut Vec<Problem>,
) -> Option<(Shape, Vec<BTreeSet<Subject>>)> {
    let when = &rule.when;
    let own = policy.account.map(|account| account.address);
    let subject = |address: Address| if Some(address) == own { Subject::Account } else { Subject::Address(address) };
    let mut targets = Vec::new();
    for (at, target) in when.target.iter().flatten().enumerate() {
        targets.push(match target {
            Target::Account => BTreeSet::from([Subject::Account]),
            Target::Literal(address) => BTreeSet::from([subject(*address)]),
            Target::Named(name) => members(policy, name)?.iter().map(|address| subject(*address)).collect(),
            Target::Asset(name) => match policy.assets.get(name)?.standard {
                Standard::Erc20(token) => BTreeSet::from([Subject::Address(token)]),
                Standard::Native => {
                    let path = steps!["rules", position, "when", "target", at];
                    let help = format!("write `{name}` as `asset`, and whom it goes to as `recipient`");
                    problems.push(Problem::new(path, format!("`{name}` is native and has no address"), help));
                    continue;
                }
            },
        });
    }
    let asset = match &when.asset {
        None => None,
        Some(names) => Some(names.iter().map(|name| asset_address(policy, name)).collect::<Option<BTreeSet<_>>>()?),
    };
    let shape = Shape {
        effect: when.effect.as_ref().map(|effects| effects.iter().copied().collect()),
        asset,
        target: when.target.is_some().then(|| targets.iter().flatten().copied().collect()),
        selector: when.selector.as_ref().map(|all| all.iter().map(crate::Selector::bytes).collect()),
        moves: when.recipient.is_some() || when.amount.is_some(),
        // What a denying rule leaves out, a later rule could allow.
        opaque: when.opaque || rule.then == Outcome::Deny,
    };
    Some((shape, targets))
}

fn asset_address(policy: &Policy, name: &str) -> Option<Option<Address>> {
    Some(match policy.assets.get(name)?.standard {
        Standard::Native => None,
        Standard::Erc20(token) => Some(token),
    })
}

fn amounts(policy: &Policy, rule: &Rule, position: usize, problems: &mut Vec<Problem>) -> (Option<U256>, Option<U256>) {
    let Some(range) = &rule.when.amount else { return (None, None) };
    let at = steps!["rules", position, "when", "amount"];
    if range.min.is_none() && range.max.is_none() {
        problems.push(Problem::new(at, "`amount` has no bounds", "write `min`, `max` or both"));
        return (None, None);
    }
    let Some([name]) = rule.when.asset.as_deref() else {
        let help = "name exactly one asset in `asset`: an amount is in its units";
        problems.push(Problem::new(at, "`amount` without one pinned asset", help));
        return (None, None);
    };
    let Some(asset) = policy.assets.get(name) else { return (None, None) };
    let mut read = |key: &str, amount: &Option<crate::Amount>| match amount.as_ref()?.base_units(asset.decimals) {
        Ok(value) => Some(value),
        Err(error) => {
            problems.push(amount_problem(steps!["rules", position, "when", "amount", key], &error, name));
            None
        }
    };
    let (min, max) = (read("min", &range.min), read("max", &range.max));
    if let (Some(least), Some(most)) = (min, max)
        && least > most
    {
        problems.push(Problem::new(at, "`min` is above `max`", "swap them: both bounds are inclusive"));
    }
    (min, max)
}

fn limits(policy: &Policy, rule: &Rule, position: usize, problems: &mut Vec<Problem>) -> BTreeSet<u8> {
    let Outcome::Allow { limits, .. } = &rule.then else { return BTreeSet::new() };
    check_repeats(steps!["rules", position, "then", "limits"], limits, problems);
    let mut indices = BTreeSet::new();
    for (at, name) in limits.iter().enumerate() {
        let Some(limit) = policy.limits.get(name) else { continue };
        if rule.when.asset.as_deref() != Some(std::slice::from_ref(&limit.asset)) {
            let message = format!("limit `{name}` counts {}, and the rule can match other effects", limit.asset);
            let help = format!("write `{}` alone as `asset` in `when`", limit.asset);
            problems.push(Problem::new(steps!["rules", position, "then", "limits", at], message, help));
        }
        let index = policy.limits.keys().position(|id| id == name).and_then(|index| u8::try_from(index).ok());
        indices.extend(index);
    }
    indices
}

/// Everything a rule names must be able to match something: what cannot is a mistake about what it means.
fn check_each(
    policy: &Policy,
    rule: &Rule,
    position: usize,
    shape: &Shape,
    targets: &[BTreeSet<Subject>],
    tokens: &BTreeSet<Address>,
    problems: &mut Vec<Problem>,
) {
    let mut check = |narrow: Shape, key: &str, at: usize, word: &str| {
        if narrow.expand(tokens).is_empty() {
            let message = format!("`{word}` can never match together with the rule's other conditions");
            let path = steps!["rules", position, "when", key, at];
            problems.push(Problem::new(path, message, why_never(&narrow, tokens)));
        }
    };
    for (at, effect) in rule.when.effect.iter().flatten().enumerate() {
        let narrow = Shape { effect: Some(BTreeSet::from([*effect])), ..shape.clone() };
        check(narrow, "effect", at, effect.word());
    }
    for (at, name) in rule.when.asset.iter().flatten().enumerate() {
        let Some(asset) = asset_address(policy, name) else { continue };
        check(Shape { asset: Some(BTreeSet::from([asset])), ..shape.clone() }, "asset", at, name);
    }
    for (at, selector) in rule.when.selector.iter().flatten().enumerate() {
        let narrow = Shape { selector: Some(BTreeSet::from([selector.bytes()])), ..shape.clone() };
        check(narrow, "selector", at, selector.as_str());
    }
    for (at, (target, subjects)) in rule.when.target.iter().flatten().zip(targets).enumerate() {
        check(Shape { target: Some(subjects.clone()), ..shape.clone() }, "target", at, &target_word(target));
    }
    if rule.when.opaque && matches!(rule.then, Outcome::Allow { .. }) {
        check_opaque(policy, position, shape, tokens, problems);
    }
}

/// Where every outflow must be counted, a call that does not decode is denied whatever the rules say.
fn check_opaque(
    policy: &Policy,
    position: usize,
    shape: &Shape,
    tokens: &BTreeSet<Address>,
    problems: &mut Vec<Problem>,
) {
    let path = steps!["rules", position, "when", "opaque"];
    let opaque = Shape { effect: Some(BTreeSet::from([Effect::Opaque])), ..shape.clone() };
    let keys = opaque.expand(tokens);
    if keys.is_empty() {
        let help = why_never(&opaque, tokens);
        problems.push(Problem::new(path, "`opaque` can never match together with the rule's other conditions", help));
        return;
    }
    let counted: Vec<_> = policy.limits.iter().filter(|(_, limit)| limit.everywhere).collect();
    for (id, limit) in counted {
        let token = asset_address(policy, &limit.asset).flatten();
        let names_it = token.is_some_and(|token| keys.iter().any(|key| key.subject() == Subject::Address(token)));
        let is_all = token.is_some_and(|token| tokens.iter().all(|other| *other == token));
        if names_it || (is_all && keys.iter().any(|key| key.subject() == Subject::Any)) {
            let message =
                format!("opaque calls to {} are always denied: limit `{id}` counts it everywhere", limit.asset);
            let help = format!("leave {} out of the rule, or `everywhere` out of the limit", limit.asset);
            problems.push(Problem::new(path.clone(), message, help));
        }
    }
}

/// The likeliest reason why these conditions exclude each other.
fn why_never(shape: &Shape, tokens: &BTreeSet<Address>) -> String {
    let named = |effect| shape.effect.as_ref().is_some_and(|effects| effects.contains(&effect));
    let only = |effect| shape.effect.as_ref().is_some_and(|effects| effects.iter().all(|one| *one == effect));
    let is_token = |subject: &Subject| matches!(subject, Subject::Address(address) if tokens.contains(address));
    let to_token = shape.target.as_ref().is_some_and(|targets| targets.iter().any(is_token));
    let pinned = shape.asset.as_ref().is_some_and(|assets| !assets.contains(&None));
    let help = if (named(Effect::Call) || named(Effect::Opaque)) && (shape.moves || shape.asset.is_some()) {
        "calls have no asset, recipient or amount: name the token or contract in `target`"
    } else if tokens.is_empty() && !named(Effect::Call) {
        "declare the token in `assets`"
    } else if only(Effect::Call) && to_token {
        "calls to a declared token decode or are opaque: write `opaque` as the effect and set `opaque` to true"
    } else if only(Effect::Approve) && shape.asset.as_ref().is_some_and(|assets| assets.contains(&None)) {
        "native value cannot be approved: write `transfer` as the effect"
    } else if pinned && shape.target.is_some() && !to_token {
        "a token's effects are calls to the token: leave `target` out and write whom it goes to as `recipient`"
    } else if shape.selector.is_some() && (only(Effect::Opaque) || shape.opaque) {
        "this selector decodes: write `transfer` or `approve` as the effect"
    } else if shape.selector.is_some() {
        "a declared token's functions are transfer, transferFrom, approve and increaseAllowance: \
         for others write `opaque` as the effect and set `opaque` to true"
    } else if only(Effect::Opaque) {
        "only calls to declared tokens are opaque: write `call` as the effect"
    } else {
        "leave it out, or change the other conditions"
    };
    help.to_owned()
}
