//! What rules mean for cases, read as `docs/policy-reference.md` tells it, one case after the other.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::Address;
use portcullis_eval::{Effect, EffectKind, Evaluation, evaluate};
use portcullis_policy::{Outcome, Policy, Rule, Semantics, compile_off_chain};

use super::asked::{Asks, Level, asks_of, can_be_met, join};
use super::universe::{Case, HOOK};

/// What decides on a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The rules in scope of the first effect, in order.
    pub(crate) scope: Vec<usize>,
    /// Those that have a say.
    pub(crate) says: Vec<usize>,
    /// Whether it is allowed, if obligations are met.
    pub(crate) allowed: bool,
    pub(crate) delay: u32,
    /// The asset that leaves, or may.
    pub(crate) outflow: Option<Address>,
    /// By id.
    pub(crate) limits: BTreeSet<String>,
    /// What is asked for, by what it is called.
    pub(crate) asks: BTreeMap<String, Level>,
    /// Whether it would be allowed, if somebody could give what is asked.
    pub(crate) unmet: bool,
}

/// Reads cases under one policy.
pub(crate) struct Reader<'a> {
    pub(crate) policy: &'a Policy,
    program: Vec<u8>,
    /// Every rule denies, and all in scope are told.
    scopes: Vec<u8>,
}

/// The policy with nothing but rules that deny, so that all in scope are told.
fn scopes(mut policy: Policy) -> Vec<u8> {
    policy.semantics = Semantics::AllowOverrides;
    for (at, rule) in policy.rules.iter_mut().enumerate() {
        rule.id = format!("r{at}");
        rule.then = Outcome::Deny;
        rule.when.opaque = false;
    }
    compile_off_chain(&policy).unwrap_or_else(|error| panic!("{error}\n{}", policy.to_toml())).program
}

/// The first effect of a case, and the rules whose conditions hold for it.
fn matched(scopes: &[u8], case: &Case) -> (Option<Effect>, Vec<usize>) {
    let found = evaluate(scopes, 1, HOOK, &case.world, &case.request, case.now).expect("is decided");
    let scope = found.in_scope.iter().filter(|one| one.effect == 0).map(|one| usize::from(one.rule));
    (found.decisions.first().map(|decision| decision.effect), scope.collect())
}

/// Reads every case under two policies that may differ in their rules and in what limits hold. A rule's conditions are
/// its own, so where no rule asks limits one evaluation tells which rules of both they hold for.
pub(crate) fn read_both(old: &Reader<'_>, new: &Reader<'_>, cases: &[Case], asks_limits: bool) -> Vec<[Reading; 2]> {
    if asks_limits && old.policy.limits != new.policy.limits {
        return cases.iter().map(|case| [old.read(case), new.read(case)]).collect();
    }
    let mut both = old.policy.clone();
    both.rules.extend(new.policy.rules.iter().cloned());
    let (both, olds) = (scopes(both), old.policy.rules.len());
    let read = |case: &Case| {
        let (effect, scope) = matched(&both, case);
        let (one, other): (Vec<_>, Vec<_>) = scope.into_iter().partition(|at| *at < olds);
        let other = other.into_iter().map(|at| at - olds).collect();
        [old.reading(effect, one, case), new.reading(effect, other, case)]
    };
    cases.iter().map(read).collect()
}

impl<'a> Reader<'a> {
    pub(crate) fn new(policy: &'a Policy) -> Self {
        let program = compile_off_chain(policy).expect("compiles").program;
        Self { policy, program, scopes: scopes(policy.clone()) }
    }

    fn rule(&self, at: usize) -> &Rule {
        &self.policy.rules[at]
    }

    /// What the mirror says of the case.
    pub(crate) fn evaluate(&self, case: &Case) -> Evaluation {
        evaluate(&self.program, 1, HOOK, &case.world, &case.request, case.now).expect("is decided")
    }

    /// What rules ask for together.
    pub(crate) fn asks(&self, rules: &[usize]) -> Asks {
        rules.iter().fold(Asks::new(), |all, at| join(all, asks_of(self.policy, self.rule(*at))))
    }

    /// What the first effect is, and what decides on it.
    pub(crate) fn read(&self, case: &Case) -> Reading {
        let (effect, scope) = matched(&self.scopes, case);
        self.reading(effect, scope, case)
    }

    fn reading(&self, effect: Option<Effect>, scope: Vec<usize>, case: &Case) -> Reading {
        let is_opaque = effect.is_some_and(|effect| effect.kind == EffectKind::Opaque);
        // A rule that denies reaches opaque calls unasked, and one that allows does not.
        let reaches = |at: &usize| !is_opaque || self.rule(*at).then == Outcome::Deny || self.rule(*at).when.opaque;
        let scope: Vec<usize> = scope.into_iter().filter(reaches).collect();
        let allows = |at: &usize| self.rule(*at).then != Outcome::Deny;
        let allowing = scope.iter().copied().find(|at| allows(at));
        let denying = scope.iter().copied().find(|at| !allows(at));
        let says: Vec<usize> = match self.policy.semantics {
            Semantics::FirstMatch => scope.first().copied().into_iter().collect(),
            Semantics::AllMustPass => match denying {
                Some(rule) => vec![rule],
                None => scope.clone(),
            },
            Semantics::AllowOverrides => allowing.or(denying).into_iter().collect(),
        };
        let mut allowed = !says.is_empty() && says.iter().all(allows);
        let (mut delay, mut limits) = (0, BTreeSet::new());
        let asset_of = |name: &String| self.policy.assets[name].standard.token().unwrap_or_default();
        for (id, limit) in self.policy.limits.iter().filter(|(_, limit)| limit.everywhere) {
            let counts = limit.asset().map(&asset_of);
            if let Some(effect) = effect.filter(|effect| effect.asset == counts) {
                match effect.amount {
                    Some(amount) if !amount.is_zero() => _ = limits.insert(id.clone()),
                    Some(_) => {}
                    None => allowed = false,
                }
            }
        }
        for rule in &says {
            if let Outcome::Allow { delay: own, limits: listed, .. } = &self.rule(*rule).then {
                delay = delay.max(own.unwrap_or(0));
                for id in listed {
                    let free = effect.and_then(|effect| effect.amount).is_some_and(|amount| amount.is_zero());
                    if self.policy.limits[id].asset().is_none() || !free {
                        limits.insert(id.clone());
                    }
                }
            }
        }
        let mut asks = self.asks(&says);
        let unmet = allowed && !can_be_met(&asks, case.request.initiator);
        allowed &= !unmet;
        if !allowed {
            (delay, limits, asks) = (0, BTreeSet::new(), Asks::new());
        }
        let asks = asks.into_iter().map(|((ask, _), level)| (ask, level)).collect();
        let outflow = effect.filter(|effect| effect.amount.is_none_or(|amount| !amount.is_zero()));
        // Value that the account sends itself stays.
        let outflow = outflow.filter(|effect| effect.target != case.request.account);
        let outflow = outflow.and_then(|effect| effect.asset);
        Reading { scope, says, allowed, delay, outflow, limits, asks, unmet }
    }
}

/// Whether the later rule denies, or asks for a longer delay or another limit, where the earlier one allows.
pub(crate) fn asks_more(policy: &Policy, rule: &Rule, earlier: &Rule) -> bool {
    match (&rule.then, &earlier.then) {
        (_, Outcome::Deny) => false,
        (Outcome::Deny, _) => true,
        (Outcome::Allow { limits, delay, .. }, Outcome::Allow { limits: other, delay: waits, .. }) => {
            let (asks, weak) = (asks_of(policy, rule), asks_of(policy, earlier));
            let more = asks.iter().filter(|((ask, _), _)| !ask.starts_with("notices"));
            let mut more = more.map(|(ask, level)| weak.get(ask).is_none_or(|weak| level.asks_more(weak)));
            delay.unwrap_or(0) > waits.unwrap_or(0)
                || limits.iter().any(|limit| !other.contains(limit))
                || more.any(|more| more)
        }
    }
}
