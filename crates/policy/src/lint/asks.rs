//! What rules ask for besides limits and delays.

use std::collections::BTreeMap;

use super::{
    bdd::{NONE, Set},
    decide::Decided,
    space::Space,
};
use crate::{
    Semantics,
    program::{
        condition::{Condition, Roster},
        lower::{Lowered, LoweredRule},
    },
};

/// What is asked for. Who is asked is told apart by the members, whatever they are called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ask {
    Approvals(Roster),
    Signatures,
    Signers(Roster),
    Attestation(Roster),
    Notice(String),
}

/// How much of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level {
    /// None is asked for where this is zero.
    pub(super) count: u8,
    /// Who counts besides, as the program's flags say.
    pub(super) flags: u8,
}

impl Level {
    /// Whether this is harder to meet in some way.
    pub(super) const fn asks_more(self, other: Self) -> bool {
        self.count > other.count || (self.count > 0 && other.count > 0 && other.flags & !self.flags != 0)
    }

    fn join(self, other: Self) -> Self {
        match (self.count, other.count) {
            (0, _) => other,
            (_, 0) => self,
            (a, b) => Self { count: a.max(b), flags: self.flags & other.flags },
        }
    }
}

/// All that is asked for.
pub(super) type Asks = BTreeMap<Ask, Level>;

/// Whether `one` asks for something that `other` does not, or for more of it. Telling somebody holds nothing up.
pub(super) fn asks_more(one: &Asks, other: &Asks) -> bool {
    let holding = one.iter().filter(|(ask, _)| !matches!(ask, Ask::Notice(_)));
    let mut more = holding.map(|(ask, level)| level.asks_more(other.get(ask).copied().unwrap_or_default()));
    more.any(|more| more)
}

/// What the rule asks for.
pub(super) fn of_rule(rule: &LoweredRule, lowered: &Lowered) -> Asks {
    let mut all = Asks::new();
    let mut add = |ask: Ask, count: u8, flags: u8| {
        let level = all.entry(ask).or_default();
        *level = level.join(Level { count, flags });
    };
    for (roster, (_, count, flags)) in &rule.asked.approvals {
        add(Ask::Approvals(roster.clone()), *count, *flags);
    }
    if rule.asked.signatures > 0 {
        add(Ask::Signatures, rule.asked.signatures, 0);
    }
    for (roster, (_, count)) in &rule.asked.signers {
        add(Ask::Signers(roster.clone()), *count, 0);
    }
    // Who answers must have signed that.
    let stating = if let Some(Condition::Attested { set, .. }) = rule.conditions.last() { Some(set) } else { None };
    for set in rule.asked.attestation.iter().chain(stating) {
        if let Some(set) = lowered.attesters.get(usize::from(*set)) {
            add(Ask::Attestation(set.list.members.clone()), set.at_least, 0);
        }
    }
    for channel in &rule.asked.notify {
        add(Ask::Notice(channel.clone()), 1, 0);
    }
    all
}

/// What each thing that is asked for is called.
pub(super) fn labels(lowered: &Lowered) -> BTreeMap<Ask, String> {
    let mut all = BTreeMap::new();
    for rule in &lowered.rules {
        for (roster, (list, ..)) in &rule.asked.approvals {
            all.insert(Ask::Approvals(roster.clone()), format!("approvals of `{}`", list.label));
        }
        for (roster, (list, _)) in &rule.asked.signers {
            all.insert(Ask::Signers(roster.clone()), format!("signatures of `{}`", list.label));
        }
        if rule.asked.signatures > 0 {
            all.insert(Ask::Signatures, "owner signatures".to_owned());
        }
        for channel in &rule.asked.notify {
            all.insert(Ask::Notice(channel.clone()), format!("notices to `{channel}`"));
        }
    }
    for set in &lowered.attesters {
        all.insert(Ask::Attestation(set.list.members.clone()), format!("attestations of `{}`", set.list.label));
    }
    all
}

/// Sets of requests that are asked for the same.
type Parts<T> = BTreeMap<T, Set>;

impl Decided<'_> {
    /// Allowed requests, by how much of this they are asked for.
    pub(super) fn levels(&self, ask: &Ask, space: &mut Space) -> Parts<Level> {
        let of = |asks: &Asks| asks.get(ask).copied();
        self.parts(self.allowed, of, Level::join, space).unwrap_or_default()
    }

    /// Requests of the set by what they are asked for, as far as `of` tells what a rule asks for and `join` what
    /// rules ask for together. None where there are too many.
    pub(super) fn parts<T: Ord + Clone + Default>(
        &self,
        set: Set,
        of: impl Fn(&Asks) -> Option<T>,
        join: impl Fn(T, T) -> T,
        space: &mut Space,
    ) -> Option<Parts<T>> {
        /// More than rules that join ever ask for in different ways.
        const MOST: usize = 4_096;
        let joins = self.view.lowered.semantics == Semantics::AllMustPass;
        let mut parts = Parts::from([(T::default(), set)]);
        for (index, rule, _, say) in self.rules() {
            let asked = self.asks.get(index).filter(|_| rule.allow).and_then(&of);
            let Some(asked) = asked else { continue };
            if joins {
                for (known, set) in std::mem::take(&mut parts) {
                    let (inside, outside) = (space.sets.and(set, say), space.sets.minus(set, say));
                    add(&mut parts, join(known.clone(), asked.clone()), inside, space);
                    add(&mut parts, known, outside, space);
                }
            } else {
                // One rule has a say.
                let inside = space.sets.and(set, say);
                if let Some(rest) = parts.get_mut(&T::default()) {
                    *rest = space.sets.minus(*rest, inside);
                }
                add(&mut parts, asked, inside, space);
            }
            if parts.len() > MOST {
                return None;
            }
        }
        Some(parts)
    }
}

fn add<T: Ord>(parts: &mut Parts<T>, asked: T, set: Set, space: &mut Space) {
    if set != NONE {
        let known = parts.entry(asked).or_insert(NONE);
        *known = space.sets.or(*known, set);
    }
}

/// What two rules ask for together.
pub(super) fn join(mut one: Asks, other: Asks) -> Asks {
    for (ask, level) in other {
        let known = one.entry(ask).or_default();
        *known = known.join(level);
    }
    one
}
