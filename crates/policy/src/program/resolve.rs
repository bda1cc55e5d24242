//! One rule: names to addresses, conditions to keys, and whether both make sense together.

use std::collections::BTreeSet;

use alloy_primitives::Address;

use super::{
    condition::{Attribute, Condition, Roster},
    expand::{CALL, ENABLE_MODULE, Key, Shape, Subject, Tokens},
    facts::lower_tests,
    lower::{LoweredRule, check_repeats, named_list},
    membership::{native_target, registries},
    obligations::lower_obligations,
    tables::Tables,
    written,
};
use crate::{Effect, Origin, Outcome, PathSegment, Policy, Problem, Rule, Scope, Target, diagnostics::steps};

/// Lowers the rule at this position; `None` when it has problems, or a name that `names` reports.
pub(crate) fn lower_rule(
    policy: &Policy,
    position: usize,
    tokens: &Tokens,
    problems: &mut Vec<Problem>,
) -> Option<LoweredRule> {
    let rule = policy.rules.get(position)?;
    let places = ["when", "then"].map(|key| steps!["rules", position, key]);
    let is_unclear = problems.iter().any(|problem| places.iter().any(|place| problem.path.starts_with(place)));
    let before = problems.len();
    written::check(rule, position, problems);
    let modules = rule.when.origin != Origin::Owners;
    let mut tables = Tables { policy, position, id: &rule.id, modules, problems, is_unclear, nested: Vec::new() };
    let mut conditions = tables.rule(&rule.when);
    let nested = tables.nested;
    let (shape, targets) = shape(policy, rule, position, problems)?;
    let limits = limits(policy, rule, position, problems);
    let asked = lower_obligations(policy, position, problems);
    let attested = lower_tests(policy, position, problems);
    check_module(rule, position, &shape, &conditions, problems);
    check_delegatecall(rule, position, &shape, problems);
    if is_unclear || problems.len() != before {
        return None;
    }
    let keys = shape.expand(tokens, &conditions);
    check_nested(position, &keys, &shape, &nested, tokens, problems);
    if keys.is_empty() && problems.len() == before {
        let help = why_never(&shape, tokens, &conditions);
        problems.push(Problem::new(steps!["rules", position, "when"], "this rule can never match", help));
    } else if problems.len() == before {
        Check { policy, rule, position, shape: &shape, conditions: &conditions, tokens, problems }.each(&targets);
    }
    // A call that lets a module in is matched only by a body that names the module before anything else.
    if keys.iter().any(Key::is_enable_module) {
        conditions.sort_by_key(|one| !matches!(one, Condition::Member(Attribute::Recipient, _)));
    }
    let (attested, question) = attested.unzip();
    conditions.extend(attested);
    let (allow, delay) = match &rule.then {
        Outcome::Deny => (false, 0),
        Outcome::Allow { delay, .. } => (true, delay.unwrap_or(0)),
    };
    Some(LoweredRule { position, keys, allow, delay, limits, asked, modules, conditions, question })
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
            // Registries are a condition.
            Target::Named(name) => match named_list(policy, name)?.members {
                Roster::Addresses(members) => members.into_iter().map(subject).collect(),
                Roster::Registry(..) => BTreeSet::from([Subject::Any]),
            },
            Target::Asset(name) => match policy.assets.get(name)?.standard.token() {
                Some(token) => BTreeSet::from([Subject::Address(token)]),
                None => {
                    problems.push(native_target(steps!["rules", position, "when", "target", at], name));
                    continue;
                }
            },
        });
    }
    let asset = match &when.asset {
        None => None,
        Some(names) => Some(names.iter().map(|name| asset_address(policy, name)).collect::<Option<BTreeSet<_>>>()?),
    };
    let asks_target = when.target.as_ref().is_some_and(|targets| !registries(policy, targets).is_empty());
    let shape = Shape {
        effect: when.effect.as_ref().map(|effects| effects.iter().copied().collect()),
        asset,
        target: (when.target.is_some() && !asks_target).then(|| targets.iter().flatten().copied().collect()),
        selector: when.selector.as_ref().map(|all| all.iter().map(crate::Selector::bytes).collect()),
        asks_target,
        // What a denying rule leaves out, a later rule could allow.
        opaque: when.opaque || rule.then == Outcome::Deny,
    };
    Some((shape, targets))
}

fn asset_address(policy: &Policy, name: &str) -> Option<Option<Address>> {
    Some(policy.assets.get(name)?.standard.token())
}

fn limits(policy: &Policy, rule: &Rule, position: usize, problems: &mut Vec<Problem>) -> BTreeSet<u8> {
    let Outcome::Allow { limits, .. } = &rule.then else { return BTreeSet::new() };
    check_repeats(steps!["rules", position, "then", "limits"], limits, problems);
    let mut indices = BTreeSet::new();
    for (at, name) in limits.iter().enumerate() {
        let Some(limit) = policy.limits.get(name) else { continue };
        if let Some(asset) = limit.asset()
            && rule.when.asset.as_deref() != Some(std::slice::from_ref(asset))
        {
            let message = format!("limit `{name}` counts {asset}, and the rule can match other effects");
            let help = format!("write `{asset}` alone as `asset` in `when`");
            problems.push(Problem::new(steps!["rules", position, "then", "limits", at], message, help));
        }
        let (is_pinned, key) = match limit.scope {
            Scope::Account => (true, ""),
            Scope::Recipient => (rule.when.recipient.is_some(), "recipient"),
            // The initiator of a module's request is the module.
            Scope::Initiator => (rule.when.initiator.is_some() || rule.when.origin != Origin::Owners, "initiator"),
        };
        if !is_pinned {
            let message = format!("limit `{name}` counts for each {key}, and the rule leaves open which");
            let help = format!("write a list as `{key}` in `when`: anybody else would start with a sum of their own");
            problems.push(Problem::new(steps!["rules", position, "then", "limits", at], message, help));
        }
        let index = policy.limits.keys().position(|id| id == name).and_then(|index| u8::try_from(index).ok());
        indices.extend(index);
    }
    indices
}

/// Letting a module in is matched only by a rule that names the function and the module.
fn check_module(rule: &Rule, position: usize, shape: &Shape, conditions: &[Condition], problems: &mut Vec<Problem>) {
    let names_account = shape.target.as_ref().is_some_and(|targets| targets.contains(&Subject::Account));
    let names_call = rule.when.effect.as_ref().is_none_or(|effects| effects.contains(&Effect::Call));
    let Some(at) = rule.when.selector.iter().flatten().position(|selector| selector.bytes() == ENABLE_MODULE) else {
        return;
    };
    let names_module = conditions.iter().any(|one| matches!(one, Condition::Member(Attribute::Recipient, _)));
    if !names_account || !names_call || names_module {
        return;
    }
    let (path, message) = if rule.when.recipient.is_some() {
        (steps!["rules", position, "when", "recipient"], "the modules that may be enabled stand in several lists")
    } else {
        (steps!["rules", position, "when", "selector", at], "`enableModule(address)` without the module")
    };
    let help = "name the modules as `recipient`: addresses, or one registry; no other rule matches the call";
    problems.push(Problem::new(path, message, help));
}

/// A delegatecall is matched only by a rule that names whose code runs as the account.
fn check_delegatecall(rule: &Rule, position: usize, shape: &Shape, problems: &mut Vec<Problem>) {
    if rule.when.effect.as_deref() != Some(&[Effect::Delegatecall]) || shape.target.is_some() {
        return;
    }
    let path = steps!["rules", position, "when", if shape.asks_target { "target" } else { "operation" }];
    let help = "name the contracts as `target`: addresses, or a list that stands in the policy. Each is trusted fully, \
                for its code runs as the account";
    problems.push(Problem::new(path, "a delegatecall whose target is not named", help));
}

/// Every alternative must be able to hold for something that the rule matches.
fn check_nested(
    position: usize,
    keys: &BTreeSet<Key>,
    shape: &Shape,
    nested: &[(Vec<PathSegment>, Condition)],
    tokens: &Tokens,
    problems: &mut Vec<Problem>,
) {
    let all = if keys.is_empty() { shape.expand(tokens, &[]) } else { BTreeSet::new() };
    let keys = if keys.is_empty() { &all } else { keys };
    if keys.is_empty() {
        return;
    }
    // The innermost that cannot hold is what to look at; those around it only contain it.
    let mut found: Vec<&Vec<PathSegment>> = Vec::new();
    for (path, condition) in nested {
        let holds = keys.iter().any(|key| condition.can_hold(key));
        if !holds && !found.iter().any(|inner| inner.starts_with(path)) {
            found.push(path);
            let message = format!("these conditions can never hold in rule {}", position.saturating_add(1));
            let help = "leave them out, or change them: calls have no asset, recipient or amount, and what the rule \
                        itself names limits what its groups can be about";
            problems.push(Problem::new(path.clone(), message, help));
        }
    }
}

/// What a rule names, each alone.
struct Check<'a> {
    policy: &'a Policy,
    rule: &'a Rule,
    position: usize,
    shape: &'a Shape,
    conditions: &'a [Condition],
    tokens: &'a Tokens,
    problems: &'a mut Vec<Problem>,
}

impl Check<'_> {
    /// Everything a rule names must be able to match something: what cannot is a mistake about what it means.
    fn each(&mut self, targets: &[BTreeSet<Subject>]) {
        let when = &self.rule.when;
        for (at, effect) in when.effect.iter().flatten().enumerate() {
            let narrow = Shape { effect: Some(BTreeSet::from([*effect])), ..self.shape.clone() };
            let key = if *effect == Effect::Delegatecall { "operation" } else { "effect" };
            self.one(&narrow, key, at, effect.word());
        }
        for (at, name) in when.asset.iter().flatten().enumerate() {
            let Some(asset) = asset_address(self.policy, name) else { continue };
            self.one(&Shape { asset: Some(BTreeSet::from([asset])), ..self.shape.clone() }, "asset", at, name);
        }
        for (at, selector) in when.selector.iter().flatten().enumerate() {
            let narrow = Shape { selector: Some(BTreeSet::from([selector.bytes()])), ..self.shape.clone() };
            self.one(&narrow, "selector", at, selector.as_str());
        }
        for (at, (target, subjects)) in when.target.iter().flatten().zip(targets).enumerate() {
            if !self.shape.asks_target {
                let narrow = Shape { target: Some(subjects.clone()), ..self.shape.clone() };
                self.one(&narrow, "target", at, &target.to_string());
            }
        }
        if when.opaque && matches!(self.rule.then, Outcome::Allow { .. }) {
            self.opaque();
        }
    }

    fn one(&mut self, narrow: &Shape, key: &str, at: usize, word: &str) {
        if narrow.expand(self.tokens, self.conditions).is_empty() {
            let message = format!("`{word}` can never match together with the rule's other conditions");
            let help = why_never(narrow, self.tokens, self.conditions);
            self.problems.push(Problem::new(steps!["rules", self.position, "when", key, at], message, help));
        }
    }

    /// Where every outflow must be counted, a call that does not decode is denied whatever the rules say.
    fn opaque(&mut self) {
        let path = steps!["rules", self.position, "when", "opaque"];
        let opaque = Shape { effect: Some(BTreeSet::from([Effect::Opaque])), ..self.shape.clone() };
        let keys = opaque.expand(self.tokens, self.conditions);
        if keys.is_empty() {
            let help = why_never(&opaque, self.tokens, self.conditions);
            let message = "`opaque` can never match together with the rule's other conditions";
            self.problems.push(Problem::new(path, message, help));
            return;
        }
        for (id, limit) in self.policy.limits.iter().filter(|(_, limit)| limit.everywhere) {
            let Some(name) = limit.asset() else { continue };
            let token = asset_address(self.policy, name).flatten();
            let names_it = token.is_some_and(|token| keys.iter().any(|key| key.subject() == Subject::Address(token)));
            let is_all = token.is_some_and(|token| self.tokens.keys().all(|other| *other == token));
            if names_it || (is_all && keys.iter().any(|key| key.subject() == Subject::Any)) {
                let message = format!("opaque calls to {name} are always denied: limit `{id}` counts it everywhere");
                let help = format!("leave {name} out of the rule, or `everywhere` out of the limit");
                self.problems.push(Problem::new(path.clone(), message, help));
            }
        }
    }
}

/// The likeliest reason why these conditions exclude each other.
fn why_never(shape: &Shape, tokens: &Tokens, conditions: &[Condition]) -> String {
    let call = Key::new(CALL, Subject::Any, None);
    let moves = conditions.iter().any(|condition| !condition.can_hold(&call));
    let named = |effect| shape.effect.as_ref().is_some_and(|effects| effects.contains(&effect));
    let only = |effect| shape.effect.as_ref().is_some_and(|effects| effects.iter().all(|one| *one == effect));
    let is_token = |subject: &Subject| matches!(subject, Subject::Address(address) if tokens.contains_key(address));
    let to_token = shape.target.as_ref().is_some_and(|targets| targets.iter().any(is_token));
    let pinned = shape.asset.as_ref().is_some_and(|assets| !assets.contains(&None));
    let help = if named(Effect::Delegatecall) {
        "a delegatecall has no asset, recipient or amount: name its code in `target`"
    } else if (named(Effect::Call) || named(Effect::Opaque)) && (moves || shape.asset.is_some()) {
        "calls have no asset, recipient or amount: name the token or contract in `target`"
    } else if shape.asks_target {
        "a registry as target reaches native value and plain calls only: name tokens in `asset`"
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
