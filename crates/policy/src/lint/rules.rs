//! Rules that never match, never decide, or come too late.

use super::{
    Finding, FindingKind, Report, Severity,
    bdd::{NONE, Set},
    decide::Decided,
    space::Space,
};
use crate::{Policy, Semantics, diagnostics::steps, program::lower::LoweredRule};

/// How many other rules a finding names.
const NAMED: usize = 4;
/// How many earlier rules are reported to swallow parts of one rule.
const SWALLOWERS: usize = 16;

pub(super) fn check(policy: &Policy, decided: &Decided<'_>, space: &mut Space, report: &mut Report) {
    let rules = Rules { policy, decided };
    for (index, rule, scope, say) in decided.rules() {
        if scope == NONE {
            report.findings.push(rules.never(index, rule, space));
        } else if say == NONE {
            rules.shadowed(index, rule, scope, space, report);
        }
    }
    rules.inversions(space, report);
}

struct Rules<'a> {
    policy: &'a Policy,
    decided: &'a Decided<'a>,
}

impl Rules<'_> {
    fn lowered(&self, index: usize) -> Option<&LoweredRule> {
        self.decided.view.lowered.rules.get(index)
    }

    fn id(&self, index: usize) -> String {
        self.decided.id(self.policy, index)
    }

    /// Whether one rule denies, or asks for a longer delay, another limit or another obligation, where the other
    /// allows.
    fn asks_more(&self, one: usize, other: usize) -> bool {
        let (Some(rule), Some(weak)) = (self.lowered(one), self.lowered(other)) else { return false };
        let asks = (self.decided.asks.get(one), self.decided.asks.get(other));
        let more = matches!(asks, (Some(one), Some(other)) if super::asks::asks_more(one, other));
        weak.allow && (!rule.allow || rule.delay > weak.delay || !rule.limits.is_subset(&weak.limits) || more)
    }

    /// A rule whose conditions exclude each other: the fewest that do are named.
    fn never(&self, index: usize, rule: &LoweredRule, space: &mut Space) -> Finding {
        let id = self.id(index);
        let view = &self.decided.view;
        let keys = view.keys(rule, space);
        let mut sets: Vec<Set> = rule.conditions.iter().map(|condition| view.holds(condition, space)).collect();
        let parts = sets.len();
        for at in 0..parts {
            let kept: Vec<Set> =
                sets.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, set)| *set).collect();
            let without = space.sets.all(kept.into_iter().chain([keys, view.real]));
            if without == NONE
                && let Some(set) = sets.get_mut(at)
            {
                // It takes no part in the contradiction.
                *set = super::bdd::ALL;
            }
        }
        let at_fault = rule.conditions.iter().zip(&sets).filter(|(_, set)| **set != super::bdd::ALL);
        let names: Vec<&str> = at_fault.map(|(condition, _)| condition.word()).collect();
        let message = match names.as_slice() {
            [] => format!("rule `{id}` matches no request: what it names never comes together"),
            [one] => format!("rule `{id}` matches no request: its `{one}` never holds for what it names"),
            several => format!("rule `{id}` matches no request: `{}` exclude each other", several.join("`, `")),
        };
        Finding {
            kind: FindingKind::NeverMatches,
            severity: Severity::Error,
            rules: vec![id],
            path: steps!["rules", rule.position, "when"],
            message,
            help: "remove the rule, or change these conditions".to_owned(),
            witness: None,
        }
    }

    fn shadowed(&self, index: usize, rule: &LoweredRule, scope: Set, space: &mut Space, report: &mut Report) {
        let id = self.id(index);
        let mut left = scope;
        let mut by = Vec::new();
        let mut weaker = false;
        while left != NONE && by.len() < NAMED {
            let Some(assignment) = space.sets.one_of(left, space.dims.variables) else { break };
            let Some(other) = self.decided.decider(&assignment, space) else { break };
            by.push(self.id(other));
            weaker |= self.asks_more(index, other);
            let say = self.decided.says.get(other).copied().unwrap_or(NONE);
            left = space.sets.minus(left, say);
        }
        let more = if left == NONE { "" } else { " and others" };
        let Some(witness) = space.find(scope) else {
            report.undetermined.push(format!("rule `{id}` never decides, if it matches anything at all"));
            return;
        };
        let others = by.join("`, `");
        report.findings.push(Finding {
            kind: FindingKind::Shadowed,
            severity: if weaker { Severity::Error } else { Severity::Warning },
            message: format!("rule `{id}` never decides: whatever it matches, `{others}`{more} decides"),
            rules: std::iter::once(id).chain(by).collect(),
            path: steps!["rules", rule.position],
            help: if weaker {
                "move it up, before the rules that ask for less, or narrow those".to_owned()
            } else {
                "remove it, or narrow the rules that decide instead".to_owned()
            },
            witness: Some(witness),
        });
    }

    /// Earlier rules that allow for less what a later one denies or asks more for, and are no exceptions to it.
    fn inversions(&self, space: &mut Space, report: &mut Report) {
        let semantics = self.decided.view.lowered.semantics;
        if semantics == Semantics::AllMustPass {
            return;
        }
        let mut swallowed = NONE;
        for (index, rule, scope, say) in self.decided.rules() {
            if say != NONE && (rule.allow || semantics == Semantics::FirstMatch) {
                self.swallowers(index, rule, scope, swallowed, space, report);
            }
            if rule.allow {
                swallowed = space.sets.or(swallowed, say);
            }
        }
    }

    fn swallowers(
        &self,
        index: usize,
        rule: &LoweredRule,
        scope: Set,
        swallowed: Set,
        space: &mut Space,
        report: &mut Report,
    ) {
        let mut left = space.sets.and(scope, swallowed);
        let mut count = 0_usize;
        while left != NONE && count < SWALLOWERS {
            let Some(assignment) = space.sets.one_of(left, space.dims.variables) else { return };
            let Some(other) = self.decided.decider(&assignment, space) else { return };
            let Some(say) = self.decided.says.get(other).copied() else { return };
            let both = space.sets.and(left, say);
            left = space.sets.minus(left, say);
            let theirs = self.decided.scopes.get(other).copied().unwrap_or(NONE);
            let beyond = space.sets.minus(theirs, scope);
            if !self.asks_more(index, other) || beyond == NONE {
                continue;
            }
            count = count.saturating_add(1);
            let (id, first) = (self.id(index), self.id(other));
            let Some(witness) = space.find(both) else {
                report.undetermined.push(format!("rule `{first}` may decide part of what rule `{id}` is about"));
                continue;
            };
            let asks = if rule.allow { "asks more for" } else { "denies" };
            report.findings.push(Finding {
                kind: FindingKind::Inversion,
                severity: Severity::Warning,
                message: format!("rule `{first}` comes first and allows part of what rule `{id}` {asks}"),
                rules: vec![id.clone(), first.clone()],
                path: steps!["rules", rule.position],
                help: format!("move `{id}` before `{first}`, or narrow `{first}`"),
                witness: Some(witness),
            });
        }
    }
}
