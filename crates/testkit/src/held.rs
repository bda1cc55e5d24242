//! What the account has of the assets that limits meter, before and after.

use alloy_primitives::{Address, U256};
use portcullis_eval::Metering;

use crate::case::{Case, Held};
use crate::dice::Dice;
use crate::draft::{Draft, Subjects, amount};
use crate::state::limits_of;
use crate::world;

/// Makes more of limits that meter: under a manager they deny whatever comes, and allowances are to be granted beside.
pub(crate) fn suit(dice: &mut Dice, draft: &mut Draft, route: u8) {
    if route == 3 && dice.percent(85) {
        draft.limits.iter_mut().for_each(|limit| limit.meters = false);
    }
    let metered = draft.limits.iter().find(|limit| limit.meters && !limit.asset.is_zero()).map(|limit| limit.asset);
    let mut granting = draft.rules.iter_mut().filter(|rule| rule.allow && [2, 3].contains(&rule.kind));
    if let (Some(asset), Some(rule), true) = (metered, granting.next(), dice.percent(70)) {
        rule.kind = 3;
        rule.subjects = Subjects::These(vec![asset]);
        rule.selectors.clear();
        rule.limits.clear();
    }
}

/// Something of every asset that is metered; now and then a token does not tell how much.
pub(crate) fn hold(dice: &mut Dice, case: &mut Case) {
    let told = |asset: &Address| asset.is_zero() || world::tokens().contains(asset);
    for limit in limits_of(&case.program).into_iter().filter(|limit| limit.meters && told(&limit.asset)) {
        let untold = !limit.asset.is_zero() && dice.percent(3);
        let before = if untold { Held::UNTOLD } else { amount(dice) };
        case.held.insert(limit.asset, Held { before, after: before });
    }
}

/// The execution lets out what was declared, less, or more: about as much as there is room for, mostly.
pub(crate) fn let_out(dice: &mut Dice, case: &mut Case, metering: &Metering) {
    for balance in &metering.limits {
        let Some(held) = case.held.get_mut(&balance.asset) else { continue };
        let room = balance.remaining();
        let beyond = match dice.below(12) {
            0 | 1 => U256::ZERO,
            2..=5 => room,
            6..=8 => dice.near(room),
            9 => room / U256::from(2 + dice.below(9)),
            _ => amount(dice),
        };
        let left = match dice.below(10) {
            0..=2 => balance.declared() / U256::from(2),
            _ => balance.declared().saturating_add(beyond),
        };
        let rest = if dice.percent(70) { U256::from(dice.below(3)) } else { amount(dice) };
        // What tokens do not tell is above.
        let before = left.saturating_add(rest).min(U256::MAX >> 1);
        *held = Held { before, after: before.saturating_sub(left) };
        if balance.asset == Address::ZERO {
            continue;
        }
        match dice.below(30) {
            0 => held.after = Held::UNTOLD,
            1 | 2 => held.after = held.before.saturating_add(amount(dice)).min(U256::MAX >> 1),
            _ => {}
        }
    }
}
