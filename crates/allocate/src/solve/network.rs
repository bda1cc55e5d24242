//! From a problem to its network.

use super::curve::Curve;
use super::families::Families;
use super::flow::{Edge, Network, bits};
use super::problem::{Bound, Leaf, Problem};
use alloy_primitives::I256;

/// What a unit costs on each level of the order, so that no circle outweighs a level by those below it.
///
/// A circle has at most as many edges as the network has nodes. The first level's weight is above what all others can
/// make of one, and so on: the sum then compares as the levels do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weights {
    violation: I256,
    turnover: I256,
    square: usize,
}

impl Weights {
    /// Powers of two, for a network of so many nodes and so large a total.
    pub(super) fn of(nodes: usize, total: i128) -> Self {
        let circle = bits(nodes);
        let square = circle + 1;
        let amount = usize::try_from(i128::BITS - total.leading_zeros()).unwrap_or(128) + 2;
        let turnover = square + circle + amount + 1;
        let violation = turnover + circle + 1;
        Self { violation: I256::ONE << violation, turnover: I256::ONE << turnover, square }
    }

    fn bounds(&self, curve: &mut Curve, cap: Option<&Bound>, floor: Option<&Bound>) {
        if let Some(cap) = cap {
            curve.above(cap.amount, self.violation);
        }
        if let Some(floor) = floor {
            curve.below(floor.amount, self.violation);
        }
    }
}

/// The first nodes: where the capital enters, and where it ends.
pub(super) const ENTRY: usize = 0;
pub(super) const END: usize = 1;

/// The node of a group.
pub(super) fn node(group: usize) -> usize {
    group.saturating_add(2)
}

impl Network {
    /// The edges of leaves, then the edges of groups, each as in the problem; flows are as now, bounds are hard.
    pub(super) fn of(problem: &Problem, families: &Families) -> Self {
        let total = problem.total();
        let mut supply = vec![0; node(problem.groups.len())];
        let weights = Weights::of(supply.len(), total);
        if let [entry, end, ..] = supply.as_mut_slice() {
            (*entry, *end) = (total, -total);
        }
        let last = |chain: Option<&Vec<usize>>, root| chain.and_then(|chain| chain.last()).map_or(root, |g| node(*g));
        let mut edges = Vec::with_capacity(problem.leaves.len().saturating_add(problem.groups.len()));
        for (index, leaf) in problem.leaves.iter().enumerate() {
            let mut curve = Curve::default();
            weights.bounds(&mut curve, leaf.cap.as_ref(), leaf.floor.as_ref());
            curve.above(leaf.now, weights.turnover);
            if let Some(target) = leaf.target {
                curve.above(target, I256::ONE);
                curve.below(target, I256::ONE);
            }
            curve.square(weights.square);
            let (least, most) = hard(leaf.now, leaf.cap.as_ref(), leaf.floor.as_ref());
            let (least, most) = (least.max(leaf.least), most.min(leaf.most).min(total));
            let from = last(families.above.get(index), ENTRY);
            let to = last(families.below.get(index), END);
            edges.push(Edge { from, to, least, most, flow: leaf.now, curve });
        }
        for (index, group) in problem.groups.iter().enumerate() {
            let mut curve = Curve::default();
            weights.bounds(&mut curve, group.cap.as_ref(), group.floor.as_ref());
            let now = load(problem, &group.members, |leaf| leaf.now);
            let (least, most) = match group.step {
                Some(0) => (now, now),
                _ => hard(now, group.cap.as_ref(), group.floor.as_ref()),
            };
            let most = most.min(total);
            let second = families.second.get(index) == Some(&true);
            let chains = if second { &families.below } else { &families.above };
            let chain = group.members.first().and_then(|leaf| chains.get(*leaf));
            let outer = chain.and_then(|chain| {
                let own = chain.iter().position(|other| *other == index)?;
                chain.get(own.checked_sub(1)?)
            });
            let outer = outer.map_or(if second { END } else { ENTRY }, |group| node(*group));
            let (from, to) = if second { (node(index), outer) } else { (outer, node(index)) };
            edges.push(Edge { from, to, least, most, flow: now, curve });
        }
        Self { edges, supply }
    }
}

/// No bound becomes further violated than it is: what is above a cap may stay there, and go no higher.
pub(super) fn hard(now: i128, cap: Option<&Bound>, floor: Option<&Bound>) -> (i128, i128) {
    let most = cap.map_or(i128::MAX, |cap| cap.amount.max(now));
    let least = floor.map_or(0, |floor| floor.amount.min(now));
    (least, most)
}

/// A sum over members.
pub(super) fn load(problem: &Problem, members: &[usize], of: impl Fn(&Leaf) -> i128) -> i128 {
    members.iter().filter_map(|member| problem.leaves.get(*member)).fold(0, |sum, leaf| sum.saturating_add(of(leaf)))
}
