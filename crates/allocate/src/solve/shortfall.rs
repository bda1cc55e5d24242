//! Why no allocation keeps all bounds: a minimum cut.

use super::curve::Curve;
use super::families::Families;
use super::flow::{Edge, Network, Unsolved};
use super::network::{END, ENTRY, load};
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
        (edge.least, edge.most) = (range.least().amount.min(total), range.most().amount.min(total));
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
    Ok(Some(Collision::of(problem, families, cut)))
}

impl Collision {
    /// What a cut says: it takes no solver to see that its bounds collide, only a sum.
    pub fn of(problem: &Problem, families: &Families, cut: Vec<usize>) -> Self {
        let total = problem.total();
        let inside = |at: usize| cut.contains(&at);
        let (mut caps, mut floors, mut sides) = (0_i128, 0_i128, Vec::new());
        for (edge, at) in Network::of(problem, families).edges.iter().zip(0..) {
            let range = Range::of(problem, at);
            match (inside(edge.from), inside(edge.to)) {
                (true, false) => {
                    let (id, most) = (range.id.clone(), range.most());
                    caps = caps.saturating_add(most.amount.min(total));
                    sides.push(Side::Cap { id, amount: most.amount.min(total), clause: most.clause });
                }
                (false, true) if range.least().amount > 0 => {
                    let (id, least) = (range.id.clone(), range.least());
                    floors = floors.saturating_add(least.amount);
                    sides.push(Side::Floor { id, amount: least.amount, clause: least.clause });
                }
                _ => {}
            }
        }
        sides.sort();
        let places = if inside(ENTRY) { total } else { 0 } - if inside(END) { total } else { 0 };
        let by = places.saturating_add(floors).saturating_sub(caps);
        Self { by, total: places, cut, sides }
    }

    /// Bounds of one subject or group that exclude each other, by position.
    pub fn alone(problem: &Problem) -> Vec<Self> {
        let edges = problem.leaves.len().saturating_add(problem.groups.len());
        let ranges = (0..edges).map(|edge| Range::of(problem, edge));
        let excluded = ranges.filter(|range| range.least.amount > range.most().amount);
        let of = |range: Range| {
            let (id, most, least) = (range.id.clone(), range.most(), range.least);
            let by = least.amount.saturating_sub(most.amount);
            let cap = Side::Cap { id: id.clone(), amount: most.amount, clause: most.clause };
            let floor = Side::Floor { id, amount: least.amount, clause: least.clause };
            Self { by, total: 0, cut: Vec::new(), sides: vec![cap, floor] }
        };
        excluded.map(of).collect()
    }
}

fn add(list: &mut [i128], index: usize, amount: i128) {
    if let Some(place) = list.get_mut(index) {
        *place = place.saturating_add(amount);
    }
}

/// What bounds a leaf or group, what it may not change included.
struct Range {
    id: String,
    least: Bound,
    most: Option<Bound>,
}

impl Range {
    /// Of an edge: leaves come first, then groups.
    fn of(problem: &Problem, edge: usize) -> Self {
        let fixed = |amount, clause: Option<&String>| {
            let clause = clause.cloned().unwrap_or_else(|| "what it may change".to_owned());
            Bound { amount, clause }
        };
        let lower = |one: Bound, other: Option<&Bound>| match other {
            Some(other) if other.amount <= one.amount => other.clone(),
            _ => one,
        };
        let higher = |one: Bound, other: Option<&Bound>| match other {
            Some(other) if other.amount > one.amount => other.clone(),
            _ => one,
        };
        if let Some(leaf) = problem.leaves.get(edge) {
            let most = lower(fixed(leaf.most, leaf.held.as_ref()), leaf.cap.as_ref());
            let least = higher(fixed(leaf.least, leaf.held.as_ref()), leaf.floor.as_ref());
            return Self { id: leaf.id.clone(), least, most: Some(most) };
        }
        let none = Bound { amount: 0, clause: "nothing".to_owned() };
        let Some(group) = problem.groups.get(edge.saturating_sub(problem.leaves.len())) else {
            return Self { id: String::new(), least: none, most: None };
        };
        let (floor, cap) = (group.floor.as_ref(), group.cap.as_ref());
        let (least, most) = if group.step == Some(0) {
            let now = fixed(load(problem, &group.members, |leaf| leaf.now), None);
            (higher(now.clone(), floor), Some(lower(now, cap)))
        } else {
            (higher(none, floor), cap.cloned())
        };
        Self { id: group.id.clone(), least, most }
    }

    /// The upper bound.
    fn most(&self) -> Bound {
        self.most.clone().unwrap_or_else(|| Bound { amount: i128::MAX, clause: "the total".to_owned() })
    }

    /// The lower bound, not above the upper one.
    fn least(&self) -> Bound {
        let amount = self.least.amount.min(self.most().amount);
        Bound { amount, clause: self.least.clause.clone() }
    }
}
