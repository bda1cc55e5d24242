//! What another version of a policy changes.

use std::collections::BTreeSet;

use super::{
    LintError, Witness,
    asks::Ask,
    bdd::{NONE, Set},
    decide::Decided,
    scope::View,
    space::{Fits, Space},
};
use crate::{
    Policy,
    program::{expand::PERMIT2, lower::lower},
};

/// Whether a change allows more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// It allows more, or the same for less.
    Looser,
    /// It allows less, or the same for more.
    Stricter,
}

/// What changes for some requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// They were denied and are allowed, or the other way round.
    Verdict,
    /// They wait for another time: seconds in the old and in the new policy.
    Delay(u32, u32),
    /// They are charged to this limit in one of them only.
    Limit(String),
    /// They are charged to this limit in both, and its cap is another.
    Cap(String),
    /// They are charged to this limit in both, but its sum starts empty: its asset, scope or window is another.
    Restart(String),
    /// This limit charges what leaves the account by them beyond what they declare, in one of them only.
    Meter(String),
    /// They are asked for another number of this, or of the same number others may count.
    Obligation {
        /// What, as in "approvals of `@management`".
        what: String,
        /// How many the old policy asks for.
        old: u8,
        /// How many the new policy asks for.
        new: u8,
    },
}

/// Requests for which two policies differ in the same way, by the same rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Whether the new policy is looser or stricter here.
    pub direction: Direction,
    /// What changes.
    pub change: Change,
    /// The deciding rule of the old policy, by id; none where no rule matches.
    pub old_rule: Option<String>,
    /// The deciding rule of the new policy.
    pub new_rule: Option<String>,
    /// One of the requests; none where every class that was tried contradicts itself, so that there may be none.
    pub witness: Option<Witness>,
}

/// What the new policy changes for requests, each difference once for every pair of deciding rules.
///
/// # Errors
/// [`LintError`] when a policy does not compile, they are for different accounts or read a token differently, or are
/// too complex.
pub fn diff(old: &Policy, new: &Policy) -> Result<Vec<Difference>, LintError> {
    crate::compile_off_chain(old)?;
    crate::compile_off_chain(new)?;
    let account = match (old.account, new.account) {
        (Some(a), Some(b)) if a != b => return Err(LintError::Accounts),
        (a, b) => a.or(b).map(|account| account.address),
    };
    let (before, after) = (lower(old, &mut Vec::new()), lower(new, &mut Vec::new()));
    for (token, standard) in &before.tokens {
        if after.tokens.get(token).is_some_and(|other| other != standard) {
            return Err(LintError::Standards(*token));
        }
    }
    if before.tokens.contains_key(&PERMIT2) != after.tokens.contains_key(&PERMIT2) {
        return Err(LintError::Standards(PERMIT2));
    }
    let mut space = Space::new(&[&before, &after], account);
    let real = space.real();
    let before = View::new(&before, real, &mut space);
    let before = Decided::new(before, &mut space);
    let after = View::new(&after, real, &mut space);
    let after = Decided::new(after, &mut space);
    let mut pair = Pair { old, new, before, after, found: Vec::new() };
    pair.verdicts(&mut space);
    pair.delays(&mut space);
    pair.limits(&mut space);
    pair.obligations(&mut space);
    if space.sets.is_full() { Err(LintError::TooComplex) } else { Ok(pair.found) }
}

struct Pair<'a> {
    old: &'a Policy,
    new: &'a Policy,
    before: Decided<'a>,
    after: Decided<'a>,
    found: Vec<Difference>,
}

impl Pair<'_> {
    fn verdicts(&mut self, space: &mut Space) {
        let looser = space.sets.minus(self.after.allowed, self.before.allowed);
        let stricter = space.sets.minus(self.before.allowed, self.after.allowed);
        self.tell(Direction::Looser, &Change::Verdict, looser, space);
        self.tell(Direction::Stricter, &Change::Verdict, stricter, space);
    }

    /// Requests that both allow, after different times.
    fn delays(&mut self, space: &mut Space) {
        let both = space.sets.and(self.before.allowed, self.after.allowed);
        let of = |decided: &Decided<'_>| {
            let mut all: Vec<u32> = decided.rules().map(|(_, rule, _, _)| rule.delay).chain([0]).collect();
            all.sort_unstable();
            all.dedup();
            all
        };
        let exactly = |decided: &Decided<'_>, at: usize, all: &[u32], space: &mut Space| {
            let waits = all.get(at).map_or(NONE, |delay| decided.waits(*delay, space));
            let longer = all.get(at.saturating_add(1)).map_or(NONE, |delay| decided.waits(*delay, space));
            space.sets.minus(waits, longer)
        };
        let (olds, news) = (of(&self.before), of(&self.after));
        for (i, old) in olds.iter().enumerate() {
            let was = exactly(&self.before, i, &olds, space);
            let was = space.sets.and(was, both);
            if was == NONE {
                continue;
            }
            for (j, new) in news.iter().enumerate().filter(|(_, new)| *new != old) {
                let is = exactly(&self.after, j, &news, space);
                let set = space.sets.and(was, is);
                let direction = if new < old { Direction::Looser } else { Direction::Stricter };
                self.tell(direction, &Change::Delay(*old, *new), set, space);
            }
        }
    }

    fn limits(&mut self, space: &mut Space) {
        let both = space.sets.and(self.before.allowed, self.after.allowed);
        let (olds, news): (Vec<_>, Vec<_>) = (self.before.limits().collect(), self.after.limits().collect());
        let charged = |decided: &Decided<'_>, found: Option<&(u8, Fits)>, space: &mut Space| {
            let charged = found.map_or(NONE, |(index, _)| decided.charged(*index, space));
            space.sets.and(charged, both)
        };
        let mut ids: Vec<&String> = olds.iter().chain(&news).map(|(_, limit)| &limit.id).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let old = olds.iter().find(|(_, limit)| limit.id == *id);
            let new = news.iter().find(|(_, limit)| limit.id == *id);
            let (was, is) = (charged(&self.before, old, space), charged(&self.after, new, space));
            let (gone, come, kept) = (space.sets.minus(was, is), space.sets.minus(is, was), space.sets.and(was, is));
            self.tell(Direction::Looser, &Change::Limit(id.clone()), gone, space);
            self.tell(Direction::Stricter, &Change::Limit(id.clone()), come, space);
            match (self.before.meters(id), self.after.meters(id)) {
                (true, false) => self.tell(Direction::Looser, &Change::Meter(id.clone()), both, space),
                (false, true) => self.tell(Direction::Stricter, &Change::Meter(id.clone()), both, space),
                _ => {}
            }
            let (Some((_, old)), Some((_, new))) = (old, new) else { continue };
            if (old.asset, old.window, old.scope) != (new.asset, new.window, new.scope) {
                self.tell(Direction::Looser, &Change::Restart(id.clone()), kept, space);
            }
            if old.cap != new.cap {
                let direction = if old.cap < new.cap { Direction::Looser } else { Direction::Stricter };
                self.tell(direction, &Change::Cap(id.clone()), kept, space);
            }
        }
    }

    /// Requests that both allow, for other approvals, signatures, attestations or notices.
    fn obligations(&mut self, space: &mut Space) {
        let mut labels = super::asks::labels(self.before.view.lowered);
        labels.extend(super::asks::labels(self.after.view.lowered));
        let of = |decided: &Decided<'_>| decided.asks.iter().flat_map(|asks| asks.keys().cloned()).collect();
        let (mut asked, others): (BTreeSet<Ask>, BTreeSet<Ask>) = (of(&self.before), of(&self.after));
        asked.extend(others);
        for ask in asked {
            let what = labels.remove(&ask).unwrap_or_default();
            let (olds, news) = (self.before.levels(&ask, space), self.after.levels(&ask, space));
            for (old, was) in &olds {
                for (new, is) in news.iter().filter(|(new, _)| *new != old) {
                    let set = space.sets.and(*was, *is);
                    let change = Change::Obligation { what: what.clone(), old: old.count, new: new.count };
                    if old.asks_more(*new) {
                        self.tell(Direction::Looser, &change, set, space);
                    }
                    if new.asks_more(*old) {
                        self.tell(Direction::Stricter, &change, set, space);
                    }
                }
            }
        }
    }

    /// Tells the change of these requests, once for each pair of rules that decide.
    fn tell(&mut self, direction: Direction, change: &Change, set: Set, space: &mut Space) {
        let mut left = set;
        // Every round takes away all that one pair decides.
        while left != NONE && !space.sets.is_full() {
            let Some(assignment) = space.sets.one_of(left, space.dims.variables) else { return };
            let mut alike = left;
            let mut of = |decided: &Decided<'_>, space: &mut Space| {
                let decider = decided.decider(&assignment, space);
                alike = match decider.and_then(|at| decided.says.get(at)) {
                    Some(say) => {
                        // Under all-must-pass several rules have a say; the first is named.
                        let earlier = decided.says.iter().take(decider.unwrap_or(0)).copied();
                        let earlier = space.sets.any(earlier);
                        let first = space.sets.minus(*say, earlier);
                        space.sets.and(alike, first)
                    }
                    None => {
                        let all = space.sets.any(decided.says.iter().copied());
                        space.sets.minus(alike, all)
                    }
                };
                decider
            };
            let (old_rule, new_rule) = (of(&self.before, space), of(&self.after, space));
            left = space.sets.minus(left, alike);
            let witness = space.find(alike);
            let id = |policy: &Policy, decided: &Decided<'_>, at: Option<usize>| {
                let position = decided.view.lowered.rules.get(at?)?.position;
                policy.rules.get(position).map(|rule| rule.id.clone())
            };
            self.found.push(Difference {
                direction,
                change: change.clone(),
                old_rule: id(self.old, &self.before, old_rule),
                new_rule: id(self.new, &self.after, new_rule),
                witness,
            });
        }
    }
}
