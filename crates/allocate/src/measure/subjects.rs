//! Which positions belong to which subjects, and the bounds gathered for them.

use crate::documents::{AllocationPolicy, Consequence, Document, Fault, Select, Snapshot, Subject};
use crate::inputs::Inputs;
use crate::solve::{Bound, Group, Leaf, Problem};
use std::collections::BTreeMap;

/// The positions of one portfolio as leaves, by subject.
pub(super) struct Subjects<'a> {
    snapshot: &'a Snapshot,
    /// Every subject with what it is part of, itself included.
    around: BTreeMap<&'a str, Vec<&'a Subject>>,
    /// Every subject with its leaves.
    members: BTreeMap<&'a str, Vec<usize>>,
    leaves: Vec<Leaf>,
    groups: BTreeMap<String, Group>,
    pub(super) total: i128,
}

impl<'a> Subjects<'a> {
    pub(super) fn of(inputs: &Inputs<'a>) -> Result<Self, Fault> {
        let (snapshot, portfolio) = (&inputs.snapshot.body, inputs.holdings()?);
        let mut around = BTreeMap::new();
        for subject in &snapshot.subjects {
            let outer = snapshot.around(subject).map_err(|id| {
                Fault::new(
                    &inputs.snapshot.name,
                    format!("subjects[{id}].within"),
                    "it contains itself",
                    "break the circle",
                )
            })?;
            around.insert(subject.id.as_str(), outer);
        }
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        let mut leaves = Vec::new();
        for (at, position) in portfolio.positions.iter().enumerate() {
            for outer in around.get(position.subject.as_str()).into_iter().flatten() {
                members.entry(&outer.id).or_default().push(at);
            }
            leaves.push(Leaf {
                id: position.subject.clone(),
                now: position.amount.units(),
                least: 0,
                most: portfolio.total.units(),
                held: None,
                cap: None,
                floor: None,
                target: None,
                step: None,
            });
        }
        Ok(Self { snapshot, around, members, leaves, groups: BTreeMap::new(), total: portfolio.total.units() })
    }

    pub(super) fn into_problem(self) -> Problem {
        Problem { leaves: self.leaves, groups: self.groups.into_values().collect() }
    }

    /// A subject and all that it is part of.
    pub(super) fn around(&self, subject: &str) -> &[&'a Subject] {
        self.around.get(subject).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_subject(&self, subject: &str) -> Vec<usize> {
        self.members.get(subject).cloned().unwrap_or_default()
    }

    /// The leaves of a subject that a policy names.
    pub(super) fn members(
        &self,
        policy: &Document<AllocationPolicy>,
        path: &str,
        subject: &str,
    ) -> Result<Vec<usize>, Fault> {
        if self.snapshot.subject(subject).is_none() {
            let what = format!("there is no subject or group `{subject}`");
            return Err(Fault::new(&policy.name, path, what, "mend the name, or add it to the snapshot's subjects"));
        }
        Ok(self.of_subject(subject))
    }

    /// The subjects that a policy selects, with their leaves, by id.
    pub(super) fn select(
        &self,
        policy: &Document<AllocationPolicy>,
        path: &str,
        select: &Select,
    ) -> Result<Vec<(String, Vec<usize>)>, Fault> {
        let path = format!("{path}.of");
        if *select == Select::default() {
            return Err(Fault::new(&policy.name, path, "it selects nothing", "give kind, subjects or within"));
        }
        for named in select.subjects.iter().chain(&select.within) {
            self.members(policy, &path, named)?;
        }
        let fits = |subject: &&Subject| {
            let around = self.around(&subject.id);
            select.kind.is_none_or(|kind| subject.kind == kind)
                && (select.subjects.is_empty() || select.subjects.contains(&subject.id))
                && (select.within.is_empty()
                    || around.iter().any(|outer| outer.id != subject.id && select.within.contains(&outer.id)))
        };
        let found: Vec<_> = self
            .snapshot
            .subjects
            .iter()
            .filter(fits)
            .map(|subject| (subject.id.clone(), self.of_subject(&subject.id)))
            .collect();
        if found.is_empty() {
            return Err(Fault::new(&policy.name, path, "no subject is selected", "mend it, or leave the clause out"));
        }
        Ok(found)
    }

    pub(super) fn load(&self, members: &[usize]) -> i128 {
        members.iter().filter_map(|at| self.leaves.get(*at)).fold(0, |sum: i128, leaf| sum.saturating_add(leaf.now))
    }

    /// The leaf that a set is, if it is the subject's only one.
    fn alone(&mut self, id: &str, members: &[usize]) -> Option<&mut Leaf> {
        let [only] = members else { return None };
        self.leaves.get_mut(*only).filter(|leaf| leaf.id == id)
    }

    fn group(&mut self, id: &str, members: &[usize]) -> &mut Group {
        self.groups.entry(id.to_owned()).or_insert_with(|| Group {
            id: id.to_owned(),
            members: members.to_vec(),
            cap: None,
            floor: None,
            step: None,
        })
    }

    /// Tightens the bounds of a subject or a set.
    pub(super) fn bound(&mut self, id: &str, members: &[usize], floor: Option<Bound>, cap: Option<Bound>) {
        let (own_floor, own_cap) = match self.alone(id, members) {
            Some(leaf) => (&mut leaf.floor, &mut leaf.cap),
            None => {
                let group = self.group(id, members);
                (&mut group.floor, &mut group.cap)
            }
        };
        tighten(own_floor, floor, |new, old| new > old);
        tighten(own_cap, cap, |new, old| new < old);
    }

    pub(super) fn aim(&mut self, id: &str, members: &[usize], target: i128) {
        if let Some(leaf) = self.alone(id, members) {
            leaf.target = leaf.target.or(Some(target));
        }
    }

    /// Limits what a subject may change in one phase. A change of nothing holds it where it is.
    pub(super) fn step(&mut self, id: &str, members: &[usize], step: i128, clause: &str) {
        let own = match self.alone(id, members) {
            Some(leaf) => {
                if step == 0 {
                    (leaf.least, leaf.most) = (leaf.now, leaf.now);
                    leaf.held = leaf.held.take().or_else(|| Some(clause.to_owned()));
                }
                &mut leaf.step
            }
            None => &mut self.group(id, members).step,
        };
        *own = Some(own.map_or(step, |old| old.min(step)));
    }

    /// Applies a consequence to every leaf.
    pub(super) fn hold(&mut self, members: &[usize], then: Consequence, clause: &str) {
        for at in members {
            let Some(leaf) = self.leaves.get_mut(*at) else { continue };
            leaf.most = leaf.now;
            leaf.held = leaf.held.take().or_else(|| Some(clause.to_owned()));
            match then {
                Consequence::SuspendChanges => leaf.least = leaf.now,
                Consequence::Exclude => {
                    let none = Bound { amount: 0, clause: clause.to_owned() };
                    tighten(&mut leaf.cap, Some(none), |new, old| new < old);
                }
                Consequence::SuspendIncreases | Consequence::ManualReview => {}
            }
        }
    }
}

/// Replaces a bound by a tighter one; of equals the first clause by name stays.
fn tighten(old: &mut Option<Bound>, new: Option<Bound>, tighter: fn(i128, i128) -> bool) {
    let Some(new) = new else { return };
    let replaces = old
        .as_ref()
        .is_none_or(|old| tighter(new.amount, old.amount) || (new.amount == old.amount && new.clause < old.clause));
    if replaces {
        *old = Some(new);
    }
}
