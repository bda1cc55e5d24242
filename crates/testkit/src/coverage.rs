//! What the cases reached. A point that none reached is a gap in the generators, and fails the run.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::U256;
use portcullis_eval::{AccountState, EffectKind, Evaluation, MemoryState, Reason};

use crate::case::{Case, Entry};
use crate::state::{Limit, limits_of};

const OPS: [(u8, &str); 5] = [(1, "origin"), (2, "initiator"), (3, "recipient"), (4, "at-least"), (5, "at-most")];
const WINDOWS: [&str; 5] = ["transaction", "day", "week", "month", "rolling"];
const SIDES: [&str; 3] = ["below", "equal", "above"];
const KINDS: [EffectKind; 5] =
    [EffectKind::Native, EffectKind::Transfer, EffectKind::Approve, EffectKind::Call, EffectKind::Opaque];
const CLASSES: [&str; 4] = ["subject-and-selector", "subject", "selector", "neither"];

/// How many cases reached each point.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    hits: BTreeMap<String, u64>,
    allowed: u64,
    cases: u64,
}

const fn side(order: Ordering) -> &'static str {
    match order {
        Ordering::Less => "below",
        Ordering::Equal => "equal",
        Ordering::Greater => "above",
    }
}

/// Every point that a run must reach.
#[must_use]
pub fn required() -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for reason in Reason::all() {
        all.insert(format!("reason {reason}"));
    }
    for (_, op) in OPS {
        all.insert(format!("condition {op} holds"));
        all.insert(format!("condition {op} fails"));
    }
    for side in SIDES {
        for what in ["at-least", "at-most"] {
            all.insert(format!("amount {side} {what}"));
        }
        for what in ["announcement maturity", "announcement expiry", "staged maturity", "staged expiry"] {
            all.insert(format!("now {side} {what}"));
        }
        for window in WINDOWS {
            all.insert(format!("charge {side} what {window} has left"));
        }
        for window in ["day", "week", "month"] {
            all.insert(format!("{window} stored {side} current"));
        }
        all.insert(format!("unit stored {side} current"));
    }
    for what in [
        "same lane",
        "lanes behind",
        "all lanes gone",
        "lane ahead",
        "first second of a lane",
        "last second of a lane",
        "most units",
    ] {
        all.insert(format!("rolling {what}"));
    }
    for entry in Entry::ALL {
        all.insert(format!("{entry:?} allows"));
        all.insert(format!("{entry:?} denies"));
    }
    for kind in KINDS {
        for class in CLASSES {
            all.insert(format!("{} found by {class}", kind.name()));
        }
    }
    for class in ["subject-and-selector", "subject"] {
        all.insert(format!("account found by {class}"));
    }
    for route in 1..=3 {
        all.insert(format!("removal from route {route}"));
    }
    for what in ["control allowed", "two limits charged", "a limit charged twice", "a batch in a batch allowed"] {
        all.insert(what.to_owned());
    }
    all
}

impl Coverage {
    /// Notes an agreed case.
    pub fn note(&mut self, case: &Case, evaluation: &Evaluation, state: &MemoryState) {
        self.cases += 1;
        let allowed = evaluation.verdict.reason == Reason::Allowed;
        self.allowed += u64::from(allowed);
        self.hit(format!("reason {}", evaluation.verdict.reason));
        self.hit(format!("{:?} {}", case.entry, if allowed { "allows" } else { "denies" }));
        self.conditions(evaluation);
        self.limits(case, evaluation, state);
        if let Ok(account) = AccountState::read(case.account, state) {
            self.times(case, evaluation, &account);
            if evaluation.removal {
                self.hit(format!("removal from route {}", account.route as u8));
            }
        }
        if allowed {
            if evaluation.decisions.iter().any(|d| d.effect.kind == EffectKind::Control) {
                self.hit("control allowed");
            }
            let charged: Vec<u8> = evaluation.charges.iter().map(|charge| charge.limit).collect();
            let distinct: BTreeSet<u8> = charged.iter().copied().collect();
            if distinct.len() > 1 {
                self.hit("two limits charged");
            }
            if charged.len() > distinct.len() {
                self.hit("a limit charged twice");
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

    fn conditions(&mut self, evaluation: &Evaluation) {
        for test in &evaluation.tests {
            let Some((_, op)) = OPS.iter().find(|(number, _)| *number == test.op) else { continue };
            self.hit(format!("condition {op} {}", if test.held { "holds" } else { "fails" }));
            if let Some(order) = test.amount {
                self.hit(format!("amount {} {op}", side(order)));
            }
        }
        for decision in &evaluation.decisions {
            let class = decision.class.and_then(|class| CLASSES.get(usize::from(class)));
            let Some(class) = class else { continue };
            self.hit(format!("{} found by {class}", decision.effect.kind.name()));
            if decision.effect.target == crate::world::ACCOUNT {
                self.hit(format!("account found by {class}"));
            }
        }
    }

    fn limits(&mut self, case: &Case, evaluation: &Evaluation, state: &MemoryState) {
        let limits = limits_of(&case.program);
        let window = |limit: &Limit| WINDOWS.get(usize::from(limit.window)).copied().unwrap_or("no window");
        for charge in &evaluation.charges {
            let Some(limit) = limits.get(usize::from(charge.limit)) else { continue };
            let order = charge.amount.cmp(&charge.remaining_before);
            self.hit(format!("charge {} what {} has left", side(order), window(limit)));
            self.window(case, limit, state);
        }
        if evaluation.verdict.reason == Reason::LimitExceeded
            && let Some(limit) = limits.get(usize::from(evaluation.verdict.detail))
        {
            self.hit(format!("charge above what {} has left", window(limit)));
            self.window(case, limit, state);
        }
    }

    fn window(&mut self, case: &Case, limit: &Limit, state: &MemoryState) {
        let word = state.words.get(&limit.slot()).copied().unwrap_or_default();
        if limit.window == 4 {
            let units =
                U256::from(10).checked_pow(U256::from(limit.exponent)).and_then(|unit| limit.cap.checked_div(unit));
            if units == Some(U256::from(8_000_000)) {
                self.hit("rolling most units");
            }
        }
        if word.is_zero() || limit.window == 0 {
            return;
        }
        if limit.window < 4 {
            let name = WINDOWS.get(usize::from(limit.window)).copied().unwrap_or_default();
            let stored = (word >> 192_usize).saturating_to::<u64>();
            self.hit(format!("{name} stored {} current", side(stored.cmp(&limit.period(case.now)))));
            return;
        }
        let seconds = u64::from(limit.lane_seconds).max(1);
        let (lane, second) = (case.now / seconds, case.now % seconds);
        let stored = ((word >> 213_usize) & U256::from((1_u64 << 40) - 1)).saturating_to::<u64>();
        let exponent = ((word >> 207_usize) & U256::from(63)).saturating_to::<u8>();
        self.hit(format!("unit stored {} current", side(exponent.cmp(&limit.exponent))));
        self.hit(match (lane.checked_sub(stored), lane.saturating_sub(stored)) {
            (None, _) => "rolling lane ahead",
            (_, 0) => "rolling same lane",
            (_, 1..=8) => "rolling lanes behind",
            _ => "rolling all lanes gone",
        });
        if second == 0 {
            self.hit("rolling first second of a lane");
        }
        if second == seconds - 1 {
            self.hit("rolling last second of a lane");
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

    /// How many of a hundred cases end in allow, rounded down.
    #[must_use]
    pub fn allowed_percent(&self) -> u64 {
        (self.allowed * 100).checked_div(self.cases).unwrap_or_default()
    }

    /// Points and how often each was reached.
    #[must_use]
    pub const fn hits(&self) -> &BTreeMap<String, u64> {
        &self.hits
    }
}
