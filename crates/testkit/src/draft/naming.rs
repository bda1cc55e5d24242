//! Rules that must name their target: those for `enableModule`, for plugins, for delegatecalls.

use super::{CALL, DELEGATECALL, ENABLE_MODULE, OTHERS, PLUGINS, RuleDraft, Subjects};
use crate::dice::Dice;
use crate::world;

/// Makes the rule one of those that calls must name in full: `enableModule`, and plugins of the manager.
pub(super) fn named(dice: &mut Dice, rule: &mut RuleDraft) {
    rule.kind = CALL;
    rule.recipients = Vec::new();
    if dice.percent(50) {
        rule.subjects = Subjects::Account;
        rule.selectors = vec![ENABLE_MODULE];
        if dice.percent(90) {
            rule.recipients = dice.some_of(&world::modules(), 60);
            // The recipient's condition is then the first.
            rule.initiators = Vec::new();
        }
    } else {
        rule.subjects = if dice.percent(60) { Subjects::These(vec![world::MANAGER]) } else { Subjects::Account };
        rule.selectors = dice.some_of(&PLUGINS, 60);
    }
    if dice.percent(10) {
        rule.selectors = Vec::new();
    }
    if dice.percent(5) {
        rule.subjects = Subjects::Any;
    }
}

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
