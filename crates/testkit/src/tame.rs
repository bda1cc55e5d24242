//! Drafts as the policy language has words for them.

use alloy_primitives::{Address, Bytes, U256};

use crate::conditions::{Cond, ListDraft, Who};
use crate::dice::Dice;
use crate::draft::{CALL, DELEGATECALL, Draft, NATIVE, OPAQUE, OTHERS, RuleDraft, Subjects};
use crate::policy_text::compiled;
use crate::world;

/// The draft without what no document can say, and its program. Where the compiler refuses it all the same, the rules
/// that it refuses lose their conditions, or go.
pub fn tame(dice: &mut Dice, draft: &Draft) -> (Draft, Option<Bytes>) {
    let mut tamed = draft.clone();
    tamed.limits.truncate(32);
    for limit in &mut tamed.limits {
        if limit.count {
            limit.everywhere = false;
            limit.cap = limit.cap.max(U256::ONE);
        }
        if limit.everywhere {
            limit.scope = 0;
        }
        let standard = draft.tokens.iter().find(|(token, _)| *token == limit.asset).map(|(_, standard)| *standard);
        limit.meters &= limit.everywhere && (limit.asset.is_zero() || standard == Some(1));
    }
    for i in 0..tamed.rules.len() {
        let mut rule = tamed.rules.get(i).cloned();
        if let Some(rule) = &mut rule {
            tame_rule(dice, &tamed, rule);
        }
        if let (Some(slot), Some(rule)) = (tamed.rules.get_mut(i), rule) {
            *slot = rule;
        }
    }
    if let Some(program) = compiled(&tamed) {
        return (tamed, Some(program));
    }
    let rules = std::mem::take(&mut tamed.rules);
    for mut rule in rules {
        let alone = |rule: &RuleDraft| compiled(&Draft { rules: vec![rule.clone()], ..tamed.clone() }).is_some();
        let mut passes = alone(&rule);
        if !passes && !rule.conditions.is_empty() {
            rule.conditions.clear();
            passes = alone(&rule);
        }
        if passes {
            tamed.rules.push(rule);
        }
    }
    let program = compiled(&tamed);
    (tamed, program)
}

fn tame_rule(dice: &mut Dice, draft: &Draft, rule: &mut RuleDraft) {
    if rule.modules.as_ref().is_some_and(Vec::is_empty) {
        rule.modules = Some(world::modules());
    }
    if rule.kind == DELEGATECALL && rule.subjects == Subjects::Any {
        rule.subjects = Subjects::These(world::targets());
    }
    if rule.kind == OPAQUE && rule.selectors.is_empty() {
        rule.selectors = OTHERS[..2].to_vec();
    }
    if rule.kind != NATIVE && rule.only_token().is_none() {
        (rule.min, rule.max) = (None, None);
    }
    let asset = if rule.kind == NATIVE { Some(Address::ZERO) } else { rule.only_token() };
    let mut limits = rule.limits.clone();
    limits.retain(|index| {
        let limit = draft.limits.get(usize::from(*index));
        limit.is_some_and(|limit| {
            (limit.count || Some(limit.asset) == asset)
                && !(limit.scope == 1 && [CALL, OPAQUE, DELEGATECALL].contains(&rule.kind))
        })
    });
    rule.limits = limits;
    let scoped = |scope: u8| {
        let mut limits = rule.limits.iter().filter_map(|index| draft.limits.get(usize::from(*index)));
        limits.any(|limit| limit.scope == scope)
    };
    let (by_recipient, by_initiator) = (scoped(1), scoped(2));
    if by_recipient && rule.recipients.is_empty() && !matches!(rule.subjects, Subjects::These(_) if rule.kind == NATIVE)
    {
        rule.recipients = dice.some_of(&world::recipients(), 30);
    }
    if by_initiator && rule.initiators.is_empty() {
        let all = if rule.modules.is_some() { world::modules() } else { world::initiators() };
        rule.initiators = dice.some_of(&all, 70);
    }
    for condition in &mut rule.conditions {
        tame_condition(draft, condition, asset);
    }
    let mut said: Vec<Cond> = Vec::new();
    rule.conditions.retain(|condition| {
        let again = said.contains(condition) || depth(condition) > 6;
        said.push(condition.clone());
        !again
    });
}

/// How many groups stand in one another.
fn depth(condition: &Cond) -> usize {
    match condition {
        Cond::Any(inside) | Cond::All(inside) | Cond::NotAll(inside) => 1 + inside.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Where there are no words for a condition, one on the initiator stands in.
fn tame_condition(draft: &Draft, condition: &mut Cond, asset: Option<Address>) {
    let anyone = || Cond::Listed(Who::Initiator, ListDraft::Members(world::initiators()));
    match condition {
        Cond::Listed(Who::Origin, _) | Cond::Listed(Who::Asset, ListDraft::Registry(_)) => *condition = anyone(),
        Cond::AtLeast(_) | Cond::AtMost(_) if asset.is_none() => *condition = anyone(),
        Cond::Fits(index)
            if draft
                .limits
                .get(usize::from(*index))
                .is_none_or(|limit| !limit.count && (asset.is_none() || Some(limit.asset) != asset)) =>
        {
            *condition = anyone();
        }
        Cond::Selectors(all) if all.is_empty() => *condition = anyone(),
        Cond::Kinds(kinds) => *kinds |= 0b110,
        Cond::Time(from, to) => {
            *from = *from / 60 * 60;
            *to = *to / 60 * 60;
        }
        Cond::Days(127) => *condition = Cond::Days(1),
        Cond::Word { cmp, mask, value, .. } => {
            *mask = mask.filter(|mask| !mask.is_zero());
            *value &= mask.unwrap_or(U256::MAX);
            if value.is_zero() && [2, 5].contains(cmp) {
                *cmp = 0;
            }
        }
        Cond::Any(inside) | Cond::All(inside) | Cond::NotAll(inside) => {
            if inside.is_empty() {
                inside.push(anyone());
            }
            for condition in inside {
                tame_condition(draft, condition, asset);
            }
        }
        _ => {}
    }
}
