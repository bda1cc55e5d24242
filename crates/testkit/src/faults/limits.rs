//! Faults that see other limits, or other balances.

use alloy_primitives::U256;

use crate::case::{Case, CaseAction};
use crate::draft::APPROVE;

use super::MirrorFault;
use super::bytes::{bump, change};

impl MirrorFault {
    pub(super) fn limits(self, program: &mut [u8]) {
        let count = usize::from(program.get(8).copied().unwrap_or_default()).min(32);
        for limit in program.get_mut(64..).unwrap_or_default().chunks_exact_mut(84).take(count) {
            match self {
                Self::LooseCap => bump(limit, 32..56, true),
                Self::NotEverywhere => change(limit, 57, |flags| flags & !1),
                Self::NoMeters => change(limit, 57, |flags| flags & !16),
                Self::NoCounts => change(limit, 57, |flags| flags & !2),
                Self::OneScope => change(limit, 57, |flags| flags & !12),
                // The unit exponent is between the lane seconds and the zero byte.
                _ => change(limit, 62, |exponent| exponent.saturating_sub(1)),
            }
        }
    }
}

/// As much less leaves as was granted.
pub(super) fn allowances_leave(case: &Case, seen: &mut Case) {
    let granted = |action: &&CaseAction| action.data.starts_with(&APPROVE) && action.data.len() == 68;
    for action in case.actions.iter().filter(granted) {
        let Some(held) = seen.held.get_mut(&action.to) else { continue };
        let amount = action.data.get(36..).map(U256::from_be_slice).unwrap_or_default();
        held.after = held.after.saturating_add(amount);
    }
}
