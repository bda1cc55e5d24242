//! What the cases reached. A point that none reached is a gap in the generators, and fails the run.

mod calldata;
mod conditions;
mod limits;
mod metering;
mod obligations;
pub(crate) mod openings;
mod required;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use alloy_primitives::U256;
use portcullis_eval::{AccountState, EffectKind, Evaluation, MemoryState, Reason};

use crate::case::Case;
use crate::parity::Agreement;
use crate::scan::{self, Body};
pub use required::required;
use required::{CLASSES, SEMANTICS};

/// Percent of the cases that must end in allow.
const ALLOWED: u64 = 30;
/// Percent of the cases in which the plain evaluator must take part.
const PLAIN: u64 = 75;

/// How many cases reached each point.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    hits: BTreeMap<String, u64>,
    allowed: u64,
    cases: u64,
    declined: u64,
}

const fn side(order: Ordering) -> &'static str {
    match order {
        Ordering::Less => "below",
        Ordering::Equal => "equal",
        Ordering::Greater => "above",
    }
}

impl Coverage {
    /// Notes an agreed case.
    pub fn note(&mut self, case: &Case, agreement: &Agreement) {
        let evaluation = &agreement.evaluation;
        let verdict = evaluation.verdict;
        self.cases += 1;
        self.declined += u64::from(agreement.declined);
        let allowed = verdict.reason == Reason::Allowed;
        self.allowed += u64::from(allowed);
        self.hit(format!("reason {}", verdict.reason));
        self.hit(format!("{:?} {}", case.entry, if allowed { "allows" } else { "denies" }));
        if let Some(again) = agreement.replayed {
            self.hit(format!("reason {}", again.reason));
        }
        let bodies = scan::bodies(&case.program);
        self.rules(case, evaluation, &bodies);
        self.conditions(case, agreement, &bodies);
        self.limits(case, evaluation);
        self.metered(case, agreement);
        self.calldata(case, evaluation);
        let state = MemoryState { words: case.words.clone(), ..MemoryState::default() };
        if let Ok(account) = AccountState::read(case.account, &state) {
            self.times(case, evaluation, &account);
            self.obligations(case, evaluation, &account, &bodies);
            self.openings(case, evaluation, &account);
            if evaluation.removal {
                self.hit(format!("removal from route {}", account.route as u8));
            }
        }
        if allowed {
            if evaluation.decisions.iter().any(|d| d.effect.kind == EffectKind::Control) {
                self.hit("control allowed");
            }
            // The selector of a batch inside the bytes of a batch.
            let nested = |data: &[u8]| data.windows(4).skip(1).any(|word| word == [0x8d, 0x80, 0xff, 0x0a]);
            if case.actions.iter().any(|action| action.operation == 1 && nested(&action.data)) {
                self.hit("a batch in a batch allowed");
            }
        }
    }

    fn hit(&mut self, point: impl Into<String>) {
        *self.hits.entry(point.into()).or_default() += 1;
    }

    fn rules(&mut self, case: &Case, evaluation: &Evaluation, bodies: &BTreeMap<u16, Body>) {
        for decision in &evaluation.decisions {
            let class = decision.class.and_then(|class| CLASSES.get(usize::from(class)));
            let Some(class) = class else { continue };
            self.hit(format!("{} found by {class}", decision.effect.kind.name()));
            if decision.effect.target == crate::world::ACCOUNT {
                self.hit(format!("account found by {class}"));
            }
        }
        let semantics = case.program.get(2).map(|number| usize::from(*number));
        let Some(semantics) = semantics.and_then(|number| SEMANTICS.get(number)) else { return };
        let decided = evaluation.decisions.last().is_some_and(|last| last.rule.is_some());
        match evaluation.verdict.reason {
            Reason::Allowed if decided => self.hit(format!("{semantics} allows")),
            Reason::RuleDenies => self.hit(format!("{semantics} denies by a rule")),
            Reason::NoRule => self.hit(format!("{semantics} finds no rule")),
            _ => {}
        }
        // By effect: the rules in scope of it.
        let mut by_effect: BTreeMap<u32, Vec<(u16, bool)>> = BTreeMap::new();
        for found in &evaluation.in_scope {
            by_effect.entry(found.effect).or_default().push((found.rule, found.allows));
        }
        let field = |rule: u16, from: usize, to: usize| {
            let at = bodies.get(&rule).map_or(usize::MAX, |body| body.at);
            let bytes = case.program.get(at.saturating_add(from)..at.saturating_add(to));
            bytes.map_or(0, |bytes| U256::from_be_slice(bytes).saturating_to::<u64>())
        };
        for (effect, rules) in by_effect {
            let denied = evaluation.verdict.reason == Reason::RuleDenies && evaluation.verdict.effect == effect;
            let Some((first, allows)) = rules.first().copied().filter(|_| !denied) else { continue };
            if *semantics == "allow-overrides" && !allows {
                self.hit("a denial overridden");
            }
            if *semantics != "all-must-pass" || rules.len() < 2 {
                continue;
            }
            self.hit("two rules joined");
            if rules.iter().filter(|(rule, _)| field(*rule, 1, 2) > 0).count() > 1 {
                self.hit("limits of two rules joined");
            }
            if rules.iter().any(|(rule, _)| field(*rule, 2, 6) > field(first, 2, 6)) {
                self.hit("the delay of a later rule is the longest");
            }
            let verdict = evaluation.verdict;
            if verdict.reason == Reason::LimitExceeded && verdict.effect == effect && verdict.rule != Some(first) {
                self.hit("a later rule's limit is exceeded");
            }
        }
    }

    fn times(&mut self, case: &Case, evaluation: &Evaluation, account: &AccountState) {
        let now = U256::from(case.now);
        let reason = evaluation.verdict.reason;
        if let Some(announcement) = &evaluation.announcement
            && !announcement.made_at.is_zero()
        {
            let expiry = case.program.get(9..13).map(U256::from_be_slice).unwrap_or_default();
            let order = now.cmp(&announcement.made_at.saturating_add(expiry));
            self.hit(format!("now {} announcement expiry", side(order)));
            if reason != Reason::AnnouncementExpired {
                let matures = announcement.made_at.saturating_add(U256::from(announcement.delay));
                self.hit(format!("now {} announcement maturity", side(now.cmp(&matures))));
            }
        }
        let slots = [Reason::SlotsNotMatured, Reason::StagedExpired, Reason::HalfRoute].contains(&reason)
            || reason == Reason::Allowed
                && account.active()
                && evaluation.writes.iter().any(|(slot, _)| *slot == portcullis_eval::account_slot(case.account, 1));
        if slots {
            self.hit(format!("now {} staged maturity", side(case.now.cmp(&account.matures_at()))));
            self.hit(format!("now {} staged expiry", side(case.now.cmp(&account.expires_at()))));
        }
    }

    /// The required points that no case reached.
    #[must_use]
    pub fn uncovered(&self) -> Vec<String> {
        required().into_iter().filter(|point| !self.hits.contains_key(point)).collect()
    }

    /// What is missing from a whole run: points, and shares of the cases that are too small.
    #[must_use]
    pub fn gaps(&self) -> Vec<String> {
        let mut gaps = self.uncovered();
        let (allowed, plain) = (self.allowed_percent(), self.percent(self.cases.saturating_sub(self.declined)));
        if allowed < ALLOWED {
            gaps.push(format!("only {allowed}% of the cases end in allow"));
        }
        if plain < PLAIN {
            gaps.push(format!("the plain evaluator took part in only {plain}% of the cases"));
        }
        gaps
    }

    /// How many of a hundred cases end in allow, rounded down.
    #[must_use]
    pub fn allowed_percent(&self) -> u64 {
        self.percent(self.allowed)
    }

    fn percent(&self, part: u64) -> u64 {
        (part * 100).checked_div(self.cases).unwrap_or_default()
    }

    /// Adds what other cases reached.
    pub fn join(&mut self, other: Self) {
        for (point, hits) in other.hits {
            *self.hits.entry(point).or_default() += hits;
        }
        self.allowed += other.allowed;
        self.cases += other.cases;
        self.declined += other.declined;
    }

    /// How often the plain evaluator took no part.
    #[must_use]
    pub const fn declined(&self) -> u64 {
        self.declined
    }

    /// Points and how often each was reached.
    #[must_use]
    pub const fn hits(&self) -> &BTreeMap<String, u64> {
        &self.hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_in_which_the_plain_evaluator_took_no_part_is_not_whole() {
        let hits = required().into_iter().map(|point| (point, 1)).collect();
        let whole = Coverage { hits, allowed: 30, cases: 100, declined: 25 };
        assert!(whole.gaps().is_empty(), "{:?}", whole.gaps());
        let without = Coverage { declined: 26, ..whole.clone() };
        assert_eq!(without.gaps(), ["the plain evaluator took part in only 74% of the cases"]);
        let denying = Coverage { allowed: 29, ..whole };
        assert_eq!(denying.gaps(), ["only 29% of the cases end in allow"]);
    }

    #[test]
    fn a_run_without_cases_and_a_point_that_no_case_reached_are_gaps() {
        assert_eq!(Coverage::default().gaps().len(), required().len() + 2);
        let mut hits: BTreeMap<String, u64> = required().into_iter().map(|point| (point, 1)).collect();
        hits.remove("a denial overridden");
        let lacking = Coverage { hits, allowed: 100, cases: 100, declined: 0 };
        assert_eq!(lacking.gaps(), ["a denial overridden"]);
    }
}
