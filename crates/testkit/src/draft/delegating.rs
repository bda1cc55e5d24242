//! Rules about delegatecalls.

use super::{DELEGATECALL, OTHERS, RuleDraft, Subjects};
use crate::dice::Dice;
use crate::world;

/// Makes the rule one about delegatecalls.
pub(super) fn delegating(dice: &mut Dice, rule: &mut RuleDraft) {
    rule.kind = DELEGATECALL;
    rule.recipients = Vec::new();
    rule.subjects = match dice.below(20) {
        0 => Subjects::Any,
        1 => Subjects::Account,
        2 => Subjects::These(vec![world::HOOK]),
        3 => Subjects::These(world::tokens()),
        _ => Subjects::These(dice.some_of(&world::targets(), 60)),
    };
    rule.selectors = if dice.percent(50) { dice.some_of(&OTHERS, 60) } else { Vec::new() };
}
