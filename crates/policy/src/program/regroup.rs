//! From a rule's keys back to conditions that expand to exactly them.

use std::collections::BTreeSet;

use alloy_primitives::Address;

use super::{
    condition::{Attribute, Condition, Listed},
    expand::{APPROVE, CALL, DELEGATECALL, Key, NATIVE, OPAQUE, Shape, Subject, TRANSFER, Tokens},
};
use crate::Effect;

/// The conditions, if any exist. What each one can be follows from the keys, except whether it was written.
pub(crate) fn regroup(keys: &BTreeSet<Key>, tokens: &Tokens, conditions: &[Condition], allow: bool) -> Option<Shape> {
    let kinds: BTreeSet<u8> = keys.iter().map(Key::kind).collect();
    let effects: BTreeSet<Effect> = kinds.iter().map(|kind| effect(*kind)).collect::<Option<_>>()?;
    // A document names it as the operation, beside no effect.
    if kinds.len() > 1 && kinds.contains(&DELEGATECALL) {
        return None;
    }
    let selectors: BTreeSet<_> = keys.iter().filter_map(Key::selector).collect();
    let selector = (!selectors.is_empty()).then_some(selectors);
    let subjects: BTreeSet<Subject> = keys.iter().map(Key::subject).filter(|one| *one != Subject::Any).collect();
    let target = (!subjects.is_empty()).then_some(subjects);
    let asset = assets(keys);
    let opaque = !allow || kinds.contains(&OPAQUE);
    let is_target =
        |condition: &Condition| matches!(condition.listed(), Some((Listed::Attribute(Attribute::Target), _)));
    let can_ask = conditions.iter().any(is_target);

    // What people would write first: an asset rather than its token as target, no effect if all fit.
    let mut candidates = Vec::new();
    for asset in [asset.as_ref(), None] {
        for (target, asks_target) in [(None, can_ask), (None, false), (target.as_ref(), false)] {
            let explicit = [Some(&effects), None];
            let effects = if asset.is_some() { explicit } else { [None, Some(&effects)] };
            for effect in effects {
                candidates.push(Shape {
                    effect: effect.cloned(),
                    asset: asset.cloned(),
                    target: target.cloned(),
                    selector: selector.clone(),
                    asks_target,
                    opaque,
                });
            }
        }
    }
    // Amounts and limits need their asset, so a shape that pins one is tried first even where it is not needed.
    candidates.into_iter().find(|shape| shape.expand_up_to(keys.len(), tokens, conditions) == *keys)
}

const fn effect(kind: u8) -> Option<Effect> {
    match kind {
        NATIVE | TRANSFER => Some(Effect::Transfer),
        APPROVE => Some(Effect::Approve),
        CALL => Some(Effect::Call),
        OPAQUE => Some(Effect::Opaque),
        DELEGATECALL => Some(Effect::Delegatecall),
        _ => None,
    }
}

/// The assets whose effects the keys are, where every key has one.
fn assets(keys: &BTreeSet<Key>) -> Option<BTreeSet<Option<Address>>> {
    keys.iter()
        .map(|key| match (key.kind(), key.subject()) {
            (NATIVE, _) => Some(None),
            (TRANSFER | APPROVE, Subject::Address(token)) => Some(Some(token)),
            _ => None,
        })
        .collect()
}
