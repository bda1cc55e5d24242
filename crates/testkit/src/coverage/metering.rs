//! What left beyond what was declared.

use std::collections::BTreeSet;

use alloy_primitives::U256;
use portcullis_eval::{EffectKind, Reason};

use super::required::{SIDES, WINDOWS};
use super::{Coverage, side};
use crate::case::{Case, Entry, Held};
use crate::parity::Agreement;
use crate::state::limits_of;

/// The points.
pub(super) fn required(all: &mut BTreeSet<String>) {
    for window in WINDOWS {
        for side in SIDES {
            all.insert(format!("beyond, {side} what {window} has left"));
        }
    }
    for what in [
        "nothing beyond what was declared",
        "less left than was declared",
        "a balance that grew",
        "a balance not told afterwards",
        "an allowance beside what left",
        "declared and beyond",
        "a malformed limit that meters",
        "native metered",
        "token metered",
        "two limits metered",
        "a module's request metered",
    ] {
        all.insert(what.to_owned());
    }
}

impl Coverage {
    pub(super) fn metered(&mut self, case: &Case, agreement: &Agreement) {
        let limits = limits_of(&case.program);
        let evaluation = &agreement.evaluation;
        if evaluation.verdict.reason == Reason::MalformedProgram
            && evaluation.metering.is_none()
            && limits.iter().any(|limit| limit.meters)
            && evaluation.decisions.iter().all(|decision| decision.rule.is_some())
        {
            self.hit("a malformed limit that meters");
        }
        let (Some(metering), Some(settled)) = (&evaluation.metering, &agreement.settled) else { return };
        if let Err(verdict) = settled {
            self.hit(format!("reason {}", verdict.reason));
        }
        if metering.limits.len() > 1 {
            self.hit("two limits metered");
        }
        if case.entry == Entry::Module {
            self.hit("a module's request metered");
        }
        for balance in &metering.limits {
            self.hit(if balance.asset.is_zero() { "native metered" } else { "token metered" });
            let Some(held) = case.held.get(&balance.asset) else { continue };
            if held.after == Held::UNTOLD && !balance.asset.is_zero() {
                self.hit("a balance not told afterwards");
                continue;
            }
            let Some(left) = held.before.checked_sub(held.after).filter(|left| !left.is_zero()) else {
                if held.after > held.before {
                    self.hit("a balance that grew");
                }
                continue;
            };
            let grants = |kind, asset| kind == EffectKind::Approve && asset == Some(balance.asset);
            if evaluation.decisions.iter().any(|one| {
                grants(one.effect.kind, one.effect.asset) && one.effect.amount.is_some_and(|amount| !amount.is_zero())
            }) {
                self.hit("an allowance beside what left");
            }
            let (declared, room) = (balance.declared(), balance.remaining());
            let Some(beyond) = left.checked_sub(declared) else {
                self.hit("less left than was declared");
                continue;
            };
            if beyond.is_zero() {
                self.hit("nothing beyond what was declared");
                continue;
            }
            let window =
                limits.get(usize::from(balance.limit)).and_then(|limit| WINDOWS.get(usize::from(limit.window)));
            let window = window.copied().unwrap_or("no window");
            // What is denied before it is not looked at.
            let looked = settled.as_ref().map_or_else(|v| v.detail >= balance.limit, |_| true);
            if looked {
                self.hit(format!("beyond, {} what {window} has left", side(beyond.cmp(&room))));
            }
            if declared > U256::ZERO {
                self.hit("declared and beyond");
            }
        }
    }
}
