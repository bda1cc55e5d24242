//! Which groups nest, and whether two families hold them all.

use super::problem::Problem;
use std::collections::{BTreeMap, VecDeque};
use thiserror::Error;

/// Groups that cannot be arranged in two families, so that the best allocation need not be a flow.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "a third family crosses the two others: {}; integers no longer follow from a flow, so nothing is proposed. Drop the limit of one of them, or make it nest in another",
    .0.join(" × ")
)]
pub struct Crossing(
    /// Groups of which each overlaps the next, and the last the first, without one holding the other: an odd circle.
    pub Vec<String>,
);

/// The groups in two families. Within each, any two are apart or one holds the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Families {
    /// By group: whether it is of the second family.
    pub second: Vec<bool>,
    /// By leaf: its groups of the first family, the widest first.
    pub above: Vec<Vec<usize>>,
    /// By leaf: its groups of the second family, the widest first.
    pub below: Vec<Vec<usize>>,
}

impl Families {
    /// Arranges the groups of a problem.
    ///
    /// # Errors
    ///
    /// Groups that cross in a third direction.
    pub fn of(problem: &Problem) -> Result<Self, Crossing> {
        let mut groups_of = vec![Vec::new(); problem.leaves.len()];
        for (index, group) in problem.groups.iter().enumerate() {
            for member in &group.members {
                if let Some(groups) = groups_of.get_mut(*member) {
                    groups.push(index);
                }
            }
        }
        let second = two_colours(problem, &crossings(problem, &groups_of))?;
        // Groups of the same members lie in each other by id, so that the arrangement is one.
        let size = |group: &usize| problem.groups.get(*group).map_or(0, |group| group.members.len());
        let chains = |family: bool| {
            let of_family = |group: &&usize| second.get(**group) == Some(&family);
            groups_of
                .iter()
                .map(|groups| {
                    let mut chain: Vec<usize> = groups.iter().filter(of_family).copied().collect();
                    chain.sort_by_key(|group| (std::cmp::Reverse(size(group)), *group));
                    chain
                })
                .collect()
        };
        let (above, below) = (chains(false), chains(true));
        Ok(Self { second, above, below })
    }
}

/// By group, the groups that share a member with it while neither holds the other.
fn crossings(problem: &Problem, groups_of: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for groups in groups_of {
        for (position, first) in groups.iter().enumerate() {
            for second in groups.iter().skip(position.saturating_add(1)) {
                let count = shared.entry((*first, *second)).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
    let mut crossings = vec![Vec::new(); problem.groups.len()];
    let size = |group: usize| problem.groups.get(group).map_or(0, |group| group.members.len());
    for ((first, second), count) in shared {
        if count < size(first).min(size(second)) {
            for (one, other) in [(first, second), (second, first)] {
                if let Some(list) = crossings.get_mut(one) {
                    list.push(other);
                }
            }
        }
    }
    crossings
}

fn two_colours(problem: &Problem, crossings: &[Vec<usize>]) -> Result<Vec<bool>, Crossing> {
    let mut colour: Vec<Option<bool>> = vec![None; crossings.len()];
    let mut parent: Vec<Option<usize>> = vec![None; crossings.len()];
    let mut queue = VecDeque::new();
    for start in 0..crossings.len() {
        if colour.get(start).is_some_and(Option::is_none) {
            set(&mut colour, start, Some(false));
            queue.push_back(start);
        }
        while let Some(group) = queue.pop_front() {
            let own = colour.get(group).copied().flatten() == Some(true);
            for other in crossings.get(group).into_iter().flatten() {
                match colour.get(*other).copied().flatten() {
                    None => {
                        set(&mut colour, *other, Some(!own));
                        set(&mut parent, *other, Some(group));
                        queue.push_back(*other);
                    }
                    Some(theirs) if theirs == own => return Err(circle(problem, &parent, group, *other)),
                    Some(_) => {}
                }
            }
        }
    }
    Ok(colour.into_iter().map(|colour| colour == Some(true)).collect())
}

fn set<T>(list: &mut [T], index: usize, value: T) {
    if let Some(place) = list.get_mut(index) {
        *place = value;
    }
}

fn circle(problem: &Problem, parent: &[Option<usize>], one: usize, other: usize) -> Crossing {
    let path = |from: usize| {
        std::iter::successors(Some(from), |group| parent.get(*group).copied().flatten()).collect::<Vec<_>>()
    };
    let (ours, theirs) = (path(one), path(other));
    let meet = ours.iter().find(|group| theirs.contains(group)).copied();
    let until = |path: &[usize]| path.iter().copied().take_while(|group| Some(*group) != meet).collect::<Vec<_>>();
    let mut ring = until(&ours);
    ring.extend(meet);
    ring.extend(until(&theirs).into_iter().rev());
    Crossing(ring.into_iter().filter_map(|group| problem.groups.get(group)).map(|group| group.id.clone()).collect())
}
