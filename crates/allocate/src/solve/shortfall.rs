//! Why no allocation keeps all bounds: a minimum cut.

use super::curve::Curve;
use super::families::Families;
use super::flow::{Edge, Network, Unsolved};
use super::network::{END, ENTRY, node};
use super::problem::{Bound, Problem};
use alloy_primitives::I256;

/// One of the bounds that collide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// A cap: no more than this fits.
    Cap {
        /// Subject or group.
        id: String,
        /// In base units.
        amount: i128,
        /// The clause.
        clause: String,
    },
    /// A floor: no less than this is asked for.
    Floor {
        /// Subject or group.
        id: String,
        /// In base units.
        amount: i128,
        /// The clause.
        clause: String,
    },
}

/// Bounds of which not all can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collision {
    /// What finds no place, or is missing, in base units.
    pub by: i128,
    /// What has to find a place there besides the floors: the total, or nothing.
    pub total: i128,
    /// The nodes on the side that has too much: 0 the entry, 1 the end, then the groups.
    pub cut: Vec<usize>,
    /// `total + floors − caps = by`.
    pub sides: Vec<Side>,
}

/// The bounds that collide most, or nothing if all can be kept together.
///
/// A floor above the cap of the same subject or group counts as this cap, and is reported alone by the caller.
///
/// # Errors
///
/// A network that is too large.
pub fn shortfall(problem: &Problem, families: &Families) -> Result<Option<Collision>, Unsolved> {
    let mut network = Network::of(problem, families);
    let total = problem.total();
    let bounds: Vec<_> = (0..network.edges.len()).map(|edge| Range::of(problem, edge)).collect();
    for (edge, range) in network.edges.iter_mut().zip(&bounds) {
        edge.curve = Curve::default();
        (edge.least, edge.most) = (range.least(), range.most().min(total));
        edge.flow = edge.flow.clamp(edge.least, edge.most);
    }
    // Whatever finds no place passes by a node of its own, at a cost.
    let aside = network.supply.len();
    let mut excess = network.supply.clone();
    for edge in &network.edges {
        add(&mut excess, edge.from, -edge.flow);
        add(&mut excess, edge.to, edge.flow);
    }
    let most = excess.iter().fold(0, |sum: i128, excess| sum.saturating_add((*excess).max(0)));
    network.supply.push(0);
    for (at, excess) in excess.into_iter().enumerate() {
        let mut curve = Curve::default();
        curve.above(0, I256::ONE);
        network.edges.push(Edge { from: at, to: aside, least: 0, most, flow: excess.max(0), curve });
        let (from, curve) = (aside, Curve::default());
        network.edges.push(Edge { from, to: at, least: 0, most, flow: excess.saturating_neg().max(0), curve });
    }
    network.solve()?;
    let prices = network.prices()?;
    let by = network.edges.iter().filter(|edge| edge.to == aside).fold(0, |sum: i128, e| sum.saturating_add(e.flow));
    if by == 0 {
        return Ok(None);
    }
    let beyond = prices.get(aside).copied().unwrap_or_default();
    let cut: Vec<usize> = (0..aside).filter(|at| prices.get(*at).is_some_and(|price| *price < beyond)).collect();
    let inside = |at: usize| cut.contains(&at);
    let mut sides = Vec::new();
    for (edge, range) in network.edges.iter().zip(&bounds) {
        match (inside(edge.from), inside(edge.to)) {
            (true, false) => sides.extend(range.cap(total)),
            (false, true) => sides.extend(range.floor()),
            _ => {}
        }
    }
    sides.sort();
    let total = if inside(ENTRY) { total } else { 0 } - if inside(END) { total } else { 0 };
    Ok(Some(Collision { by, total, cut, sides }))
}

fn add(list: &mut [i128], index: usize, amount: i128) {
    if let Some(place) = list.get_mut(index) {
        *place = place.saturating_add(amount);
    }
}

/// What bounds a leaf or group, hard bounds of leaves included.
pub(crate) struct Range {
    id: String,
    least: Bound,
    most: Option<Bound>,
}

impl Range {
    /// Of an edge: leaves come first, then groups.
    pub(crate) fn of(problem: &Problem, edge: usize) -> Self {
        if let Some(leaf) = problem.leaves.get(edge) {
            let hard = |amount, clause: Option<&String>| {
                let clause = clause.cloned().unwrap_or_else(|| "what it may change".to_owned());
                Bound { amount, clause }
            };
            let most = hard(leaf.most, leaf.held.as_ref());
            let most = leaf.cap.clone().filter(|cap| cap.amount <= most.amount).unwrap_or(most);
            let least = hard(leaf.least, None);
            let least = leaf.floor.clone().filter(|floor| floor.amount > least.amount).unwrap_or(least);
            return Self { id: leaf.id.clone(), least, most: Some(most) };
        }
        let nothing = || Bound { amount: 0, clause: "nothing".to_owned() };
        match problem.groups.get(edge.saturating_sub(problem.leaves.len())) {
            Some(group) => Self {
                id: group.id.clone(),
                least: group.floor.clone().unwrap_or_else(nothing),
                most: group.cap.clone(),
            },
            None => Self { id: String::new(), least: nothing(), most: None },
        }
    }

    /// The upper bound.
    pub(crate) fn most(&self) -> i128 {
        self.most.as_ref().map_or(i128::MAX, |most| most.amount)
    }

    /// The lower bound, not above the upper one.
    pub(crate) fn least(&self) -> i128 {
        self.least.amount.min(self.most())
    }

    fn cap(&self, total: i128) -> Option<Side> {
        let most = self.most.as_ref();
        let (amount, clause) = match most {
            Some(most) => (most.amount.min(total), most.clause.clone()),
            None => (total, "the total".to_owned()),
        };
        Some(Side::Cap { id: self.id.clone(), amount, clause })
    }

    fn floor(&self) -> Option<Side> {
        let (id, amount, clause) = (self.id.clone(), self.least(), self.least.clause.clone());
        (amount > 0).then_some(Side::Floor { id, amount, clause })
    }
}

/// Keeps the numbering of nodes in one place.
pub(crate) fn group_of(at: usize) -> Option<usize> {
    at.checked_sub(node(0))
}
