//! What was charged, asked and stored.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};
use portcullis_eval::{Evaluation, Reason};

use super::required::{SCOPES, WINDOWS};
use super::{Coverage, side};
use crate::case::Case;
use crate::plain::period;
use crate::state::{Limit, limits_of};

/// Window and scope as points name them.
pub(super) fn name(limit: &Limit) -> String {
    let window = WINDOWS.get(usize::from(limit.window)).copied().unwrap_or("no window");
    format!("{window} of {}", SCOPES.get(usize::from(limit.scope)).copied().unwrap_or("nobody"))
}

fn unit(limit: &Limit) -> &'static str {
    if limit.count { "count" } else { "amount" }
}

impl Coverage {
    pub(super) fn limits(&mut self, case: &Case, evaluation: &Evaluation) {
        let limits = limits_of(&case.program);
        for charge in &evaluation.charges {
            let Some(limit) = limits.get(usize::from(charge.limit)) else { continue };
            let order = charge.amount.cmp(&charge.remaining_before);
            self.hit(format!("{} {} what {} has left", unit(limit), side(order), name(limit)));
            self.window(case, limit, charge.key);
        }
        if evaluation.verdict.reason == Reason::LimitExceeded
            && let Some(limit) = limits.get(usize::from(evaluation.verdict.detail))
        {
            self.hit(format!("{} above what {} has left", unit(limit), name(limit)));
            let recipient = evaluation.decisions.last().and_then(|decision| decision.effect.recipient);
            let key = match limit.scope {
                0 => Address::ZERO,
                1 => recipient.unwrap_or_default(),
                _ => case.initiator,
            };
            self.window(case, limit, key);
        }
        if evaluation.verdict.reason == Reason::Allowed {
            let charged: Vec<(u8, Address)> =
                evaluation.charges.iter().map(|charge| (charge.limit, charge.key)).collect();
            let distinct: BTreeSet<_> = charged.iter().copied().collect();
            let limits: BTreeSet<u8> = charged.iter().map(|(limit, _)| *limit).collect();
            if limits.len() > 1 {
                self.hit("two limits charged");
            }
            if charged.len() > distinct.len() {
                self.hit("a limit charged twice");
            }
            if distinct.len() > limits.len() {
                self.hit("a limit charged under two keys");
            }
        }
    }

    fn window(&mut self, case: &Case, limit: &Limit, key: Address) {
        let word = case.words.get(&limit.slot(key)).copied().unwrap_or_default();
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
            self.hit(format!("{name} stored {} current", side(stored.cmp(&period(limit.window, case.now)))));
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
}
