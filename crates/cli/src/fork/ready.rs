//! When a denied request becomes allowed.
//!
//! Between two of the moments at which anything that the policy asks of the clock changes, a verdict stays what it is.
//! So only those moments are looked at, in order, and none is missed: spans of the day, midnights, lanes of rolling
//! limits, and what the deciding reason itself names. What other contracts make of the time is seen there only.

use super::ledger::Forked;
use crate::mirror;
use alloy_primitives::Address;
use eyre::Result;
use portcullis_chain::{Ledger, LedgerState};
use portcullis_eval::{Change, Evaluation, Reason, Request, WINDOW_LANES, evaluate, nearest};
use portcullis_policy::{Policy, When, Window, decompile};
use portcullis_report::AllowedFrom;
use std::collections::BTreeSet;

const DAY: u64 = 86_400;
/// So far ahead at least: a month, and a day.
const AHEAD: u64 = 32 * DAY;
/// More moments than these are not looked at.
const MOST: u32 = 4_096;
/// After so many lanes nothing of a rolling window is left: those of the window, the present one, and one begun.
const UNTIL_NEW: u64 = WINDOW_LANES as u64 + 2;
/// The op of a condition that asks whether a limit would still hold.
const WITHIN: u8 = 0x10;

/// What the policy asks of the clock.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Clock {
    /// Seconds of the day at which a span begins or ends, or a day does.
    of_day: BTreeSet<u64>,
    /// Whether a limit counts days, weeks or months.
    counts_days: bool,
    /// The lengths of rolling limits' lanes, of which each window has as many.
    lanes: BTreeSet<u64>,
}

/// The first second at which the denied request is allowed; none where time alone does not help, or not soon.
pub(super) fn allowed_from(
    ledger: &mut Forked<'_>,
    hook: Address,
    program: &[u8],
    request: &Request,
    denied: &Evaluation,
) -> Result<Option<AllowedFrom>> {
    let now = ledger.0.now();
    if denied.verdict.reason == Reason::NotAnnounced {
        let state = LedgerState::new(ledger, hook, None);
        let near = nearest(program, ledger.chain_id(), hook, &state, request, now)?;
        return Ok(near.into_iter().find_map(|near| match near.change {
            Change::AnnouncedUntil(at) if near.missing.is_empty() => Some(AllowedFrom { at, announced: true }),
            _ => None,
        }));
    }
    let clock = Clock::of(&decompile(program)?);
    let found = search(ledger, hook, program, request, denied, &clock);
    // Whatever comes next runs at the time that was asked about.
    let confirmed = match found? {
        Some(at) => is_first(ledger, hook, request, at)?.then_some(AllowedFrom { at, announced: false }),
        None => None,
    };
    ledger.0.set_now(now);
    Ok(confirmed)
}

fn search(
    ledger: &mut Forked<'_>,
    hook: Address,
    program: &[u8],
    request: &Request,
    denied: &Evaluation,
    clock: &Clock,
) -> Result<Option<u64>> {
    let now = ledger.0.now();
    let mut at = now;
    let mut last = denied.clone();
    for _ in 0..MOST {
        let Some(next) = clock.next(now, at, &last) else { return Ok(None) };
        ledger.0.set_now(next);
        let state = LedgerState::new(ledger, hook, None);
        last = evaluate(program, ledger.chain_id(), hook, &state, request, next)?;
        if last.verdict.is_allowed() {
            return Ok(Some(next));
        }
        at = next;
    }
    Ok(None)
}

/// Whether the hook and the mirror both deny a second before, and both allow.
fn is_first(ledger: &mut Forked<'_>, hook: Address, request: &Request, at: u64) -> Result<bool> {
    let mut says = |at: u64| -> Result<Option<bool>> {
        ledger.0.set_now(at);
        let answers = mirror::ask(ledger, hook, request)?;
        Ok(answers.agree().then(|| answers.chain.is_allowed()))
    };
    Ok(says(at.saturating_sub(1))? == Some(false) && says(at)? == Some(true))
}

impl Clock {
    pub(super) fn of(policy: &Policy) -> Self {
        let mut clock = Self::default();
        policy.rules.iter().for_each(|rule| clock.add(&rule.when));
        for limit in policy.limits.values() {
            match limit.window {
                Window::Transaction => {}
                Window::Day | Window::Week | Window::Month => clock.counts_days = true,
                Window::Rolling(seconds) => {
                    clock.lanes.insert(u64::from(seconds.div_ceil(WINDOW_LANES)));
                }
            }
        }
        clock
    }

    fn add(&mut self, when: &When) {
        if let Some(span) = when.time {
            self.of_day.extend([span.from, span.to].map(|second| u64::from(second) % DAY));
        }
        if when.weekday.is_some() {
            self.of_day.insert(0);
        }
        let groups = [when.any.as_deref(), when.all.as_deref()].into_iter().flatten().flatten();
        groups.chain(when.not.as_deref()).for_each(|inner| self.add(inner));
    }

    /// Every moment after one and before another at which anything that the policy asks of the clock changes.
    pub(super) fn moments(&self, after: u64, before: u64) -> impl Iterator<Item = u64> {
        std::iter::successors(self.following(after), |at| self.following(*at)).take_while(move |at| *at < before)
    }

    fn following(&self, at: u64) -> Option<u64> {
        let spans = self.of_day.iter().filter_map(|second| after(at, DAY, *second));
        let days = after(at, DAY, 0).filter(|_| self.counts_days);
        spans.chain(days).chain(self.lanes.iter().filter_map(|lane| after(at, *lane, 0))).min()
    }

    /// The next moment at which the verdict may be another than at `at`.
    fn next(&self, now: u64, at: u64, denied: &Evaluation) -> Option<u64> {
        let verdict = &denied.verdict;
        let mut moments: BTreeSet<u64> = self.of_day.iter().filter_map(|second| after(at, DAY, *second)).collect();
        if matches!(verdict.reason, Reason::NotMatured | Reason::SlotsNotMatured) {
            moments.extend(u64::try_from(verdict.have).ok().filter(|moment| *moment > at));
        }
        let counts = matches!(verdict.reason, Reason::LimitExceeded | Reason::AmountOverflow)
            || denied.tests.iter().any(|test| test.op == WITHIN);
        if counts {
            moments.extend(after(at, DAY, 0).filter(|_| self.counts_days));
            // Once every lane is new, nothing more comes free.
            let lanes = self.lanes.iter().filter(|lane| at <= now.saturating_add(lane.saturating_mul(UNTIL_NEW)));
            moments.extend(lanes.filter_map(|lane| after(at, *lane, 0)));
        }
        let longest = self.lanes.last().copied().unwrap_or_default().saturating_mul(UNTIL_NEW);
        moments.first().copied().filter(|next| *next <= now.saturating_add(AHEAD.max(longest)))
    }
}

/// The first moment after `at` that lies `offset` after a multiple of `period`.
fn after(at: u64, period: u64, offset: u64) -> Option<u64> {
    let begun = at.checked_div(period)?.checked_mul(period)?.checked_add(offset)?;
    if begun > at { Some(begun) } else { begun.checked_add(period) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_moment_is_after_this_one_and_none_lies_between() {
        for (at, period, offset, next) in
            [(0, 10, 0, 10), (9, 10, 0, 10), (10, 10, 0, 20), (10, 10, 5, 15), (15, 10, 5, 25), (3, 10, 5, 5)]
        {
            assert_eq!(after(at, period, offset), Some(next), "{at} {period} {offset}");
        }
        assert_eq!(after(3, 0, 0), None);
        assert_eq!(after(u64::MAX, 10, 0), None);
    }

    #[test]
    fn spans_within_groups_are_found() {
        let text = r#"
version = 1
name = "clock"
account = "unknown"
semantics = "first-match"
[control]
change_delay = "1h"
announcement_expiry = "3d"
[assets]
ETH = { standard = "native", decimals = 18 }
[limits.a]
asset = "ETH"
cap = "1"
window = { rolling = "24h" }
[[rules]]
id = "a"
when = { effect = "transfer", asset = "ETH", not = { any = [{ time = { from = "08:00", to = "17:30" } }, { weekday = ["sat"] }] } }
then = { allow = true, limits = ["a"] }
"#;
        let policy = Policy::parse(text, "policy.toml").map_err(|faults| faults.to_string());
        let clock = Clock::of(&policy.unwrap_or_else(|faults| panic!("{faults}")));
        let expected = Clock { of_day: [0, 28_800, 63_000].into(), counts_days: false, lanes: [10_800].into() };
        assert_eq!(clock, expected);
    }
}
