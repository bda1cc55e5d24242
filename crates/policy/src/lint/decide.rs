//! Which requests each rule decides, and what is then asked of them.

use alloy_primitives::U256;

use super::{
    asks::Asks,
    bdd::{NONE, Set},
    scope::View,
    space::{Fits, Space},
};
use crate::{Comparison, Policy, Semantics, program::lower::LoweredRule};

/// What a policy says of every request.
#[derive(Debug)]
pub(super) struct Decided<'a> {
    pub(super) view: View<'a>,
    /// What each rule matches.
    pub(super) scopes: Vec<Set>,
    /// Where each rule has a say: it is the deciding one, or under all-must-pass its obligations join.
    pub(super) says: Vec<Set>,
    /// What each rule asks for besides limits and delays.
    pub(super) asks: Vec<Asks>,
    /// What is allowed, if its obligations are met, which they can be.
    pub(super) allowed: Set,
    /// What would be allowed, if anybody could meet its obligations.
    pub(super) unmet: Set,
    /// Whether there may be more of that.
    pub(super) is_partial: bool,
}

impl<'a> Decided<'a> {
    pub(super) fn new(view: View<'a>, space: &mut Space) -> Self {
        let rules = &view.lowered.rules;
        let scopes: Vec<Set> = rules.iter().map(|rule| view.scope(rule, space)).collect();
        let union = |allow: bool, space: &mut Space| {
            let some = rules.iter().zip(&scopes).filter(|(rule, _)| rule.allow == allow).map(|(_, scope)| *scope);
            space.sets.any(some)
        };
        let semantics = view.lowered.semantics;
        // What no rule of these has a say in, apart from the order among them.
        let (out_of_allow, out_of_deny) = match semantics {
            Semantics::FirstMatch => (NONE, NONE),
            Semantics::AllMustPass => (union(false, space), NONE),
            Semantics::AllowOverrides => (NONE, union(true, space)),
        };
        let (mut first, mut allowing, mut denying, mut allowed) = (NONE, NONE, NONE, NONE);
        let mut says = Vec::new();
        for (rule, scope) in rules.iter().zip(&scopes) {
            let out = match (semantics, rule.allow) {
                (Semantics::FirstMatch, _) => first,
                (Semantics::AllMustPass, true) => out_of_allow,
                (Semantics::AllowOverrides, true) => allowing,
                (_, false) => space.sets.or(out_of_deny, denying),
            };
            let say = space.sets.minus(*scope, out);
            says.push(say);
            first = space.sets.or(first, *scope);
            if rule.allow {
                allowing = space.sets.or(allowing, *scope);
                allowed = space.sets.or(allowed, say);
            } else {
                denying = space.sets.or(denying, *scope);
            }
        }
        let uncounted = uncounted(&view, space);
        let allowed = space.sets.minus(allowed, uncounted);
        let asks = rules.iter().map(|rule| super::asks::of_rule(rule, view.lowered)).collect();
        let mut decided = Self { view, scopes, says, asks, allowed, unmet: NONE, is_partial: false };
        let unmet = super::quorum::unmet(&decided, space);
        decided.allowed = space.sets.minus(allowed, unmet.set);
        (decided.unmet, decided.is_partial) = (unmet.set, unmet.is_partial);
        decided
    }

    /// The rule's id.
    pub(super) fn id(&self, policy: &Policy, index: usize) -> String {
        let position = self.view.lowered.rules.get(index).map(|rule| rule.position);
        let rule = position.and_then(|position| policy.rules.get(position));
        rule.map(|rule| rule.id.clone()).unwrap_or_default()
    }

    pub(super) fn rules(&self) -> impl Iterator<Item = (usize, &'a LoweredRule, Set, Set)> {
        let sets = self.scopes.iter().zip(&self.says);
        let rules = self.view.lowered.rules.iter().zip(sets).enumerate();
        rules.map(|(index, (rule, (scope, say)))| (index, rule, *scope, *say))
    }

    /// The rule that an assignment's verdict names.
    pub(super) fn decider(&self, assignment: &[bool], space: &Space) -> Option<usize> {
        self.says.iter().position(|say| space.sets.has(*say, assignment))
    }

    /// Allowed requests that wait at least this long.
    pub(super) fn waits(&self, seconds: u32, space: &mut Space) -> Set {
        let rules = self.rules().filter(|(_, rule, _, _)| rule.allow && rule.delay >= seconds).map(|(.., say)| say);
        let waits = space.sets.any(rules);
        space.sets.and(waits, self.allowed)
    }

    /// Allowed requests that are charged to the limit with this index.
    pub(super) fn charged(&self, limit: u8, space: &mut Space) -> Set {
        let Some(lowered) = self.view.lowered.limits.get(usize::from(limit)) else { return NONE };
        let listing = self.rules().filter(|(_, rule, _, _)| rule.limits.contains(&limit)).map(|(.., say)| say);
        let mut charged = space.sets.any(listing);
        if let Some(asset) = lowered.asset {
            let (moves, of_asset) = (self.view.moves(space), self.view.asset(asset, space));
            let outflow = space.sets.and(moves, of_asset);
            if lowered.everywhere {
                charged = space.sets.or(charged, outflow);
            }
            let something = space.amount(Comparison::MoreThan, U256::ZERO);
            charged = space.sets.and(charged, something);
        }
        space.sets.and(charged, self.allowed)
    }

    /// Whether the limit with this id meters the account's balance.
    pub(super) fn meters(&self, id: &str) -> bool {
        self.view.lowered.limits.iter().any(|limit| limit.id == id && limit.meters)
    }

    /// The limits, with what their state belongs to.
    pub(super) fn limits(&self) -> impl Iterator<Item = (u8, Fits)> {
        (0_u8..).zip(self.view.lowered.limits.iter().map(Fits::of))
    }
}

/// Opaque calls to a token under an everywhere limit, which are denied whatever the rules say.
fn uncounted(view: &View<'_>, space: &mut Space) -> Set {
    let opaque = view.kind(crate::program::expand::OPAQUE, space);
    let mut all = NONE;
    for limit in view.lowered.limits.iter().filter(|limit| limit.everywhere) {
        let Some(asset) = limit.asset else { continue };
        let of_asset = view.asset(asset, space);
        let found = space.sets.and(opaque, of_asset);
        all = space.sets.or(all, found);
    }
    all
}
