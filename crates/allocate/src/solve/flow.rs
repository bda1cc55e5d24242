//! Convex min-cost flow in integers, by cost scaling.
//!
//! Goldberg and Tarjan, "Finding Minimum-Cost Circulations by Successive Approximation" (1990), with every unit of a
//! convex edge as an edge of its own: a push takes as many of them as are admissible at once.
#![expect(clippy::indexing_slicing, reason = "nodes and edges are numbered by the network itself")]

use super::curve::Curve;
use super::round::{Arcs, Precision, refine};
use alloy_primitives::I256;
use thiserror::Error;

/// How fast the prices become exact: by this many bits a round.
pub(super) const BITS: usize = 3;

/// More nodes would let a round's prices fall beyond what it counts costs to.
const MOST_SCALE: usize = 18;

/// The network has no flow within its bounds, or is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unsolved {
    /// No flow keeps all bounds, which the caller excludes.
    #[error("no flow keeps the hard bounds: this is a fault of portcullis, please report it")]
    NoFlow,
    /// The prices would need more than 256 bits.
    #[error("too many subjects and groups for amounts this large; split the portfolio")]
    TooLarge,
}

/// A subject or a group.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) least: i128,
    pub(super) most: i128,
    pub(super) flow: i128,
    pub(super) curve: Curve,
}

impl Edge {
    /// What one unit more costs, if there is room for it.
    pub(super) fn up(&self) -> Option<I256> {
        (self.flow < self.most).then(|| self.curve.marginal(self.flow))
    }

    /// What one unit less saves, if one can be given up.
    pub(super) fn down(&self) -> Option<I256> {
        (self.flow > self.least).then(|| self.curve.marginal(self.flow - 1))
    }
}

/// Nodes, edges, and what enters at each node.
#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) edges: Vec<Edge>,
    pub(super) supply: Vec<i128>,
}

impl Network {
    /// Brings the flow within the bounds, in balance, and to least cost.
    pub(super) fn solve(&mut self) -> Result<(), Unsolved> {
        for edge in &mut self.edges {
            edge.flow = edge.flow.clamp(edge.least, edge.most);
        }
        // A circle passes at most every node, so prices that are right to 1/nodes of a unit are right.
        let scale = bits(self.supply.len());
        let mut price = vec![I256::ZERO; self.supply.len()];
        let dearest = self.edges.iter().flat_map(|edge| [edge.up(), edge.down()]).flatten().map(I256::unsigned_abs);
        let mut size = dearest.max().map_or(0, |cost| cost.bit_len()) + scale;
        if scale > MOST_SCALE || size + 2 * scale + BITS + 8 > 255 || !self.fits() {
            return Err(Unsolved::TooLarge);
        }
        let arcs = Arcs::of(self);
        loop {
            size = size.saturating_sub(BITS);
            refine(self, &arcs, &mut price, Precision { size, scale })?;
            if size == 0 {
                return Ok(());
            }
        }
    }

    /// Whether no node can be handed more than is counted.
    fn fits(&self) -> bool {
        let mut handed: Vec<i128> = self.supply.iter().map(|supply| supply.saturating_abs()).collect();
        for edge in &self.edges {
            let most = edge.most.saturating_abs().max(edge.least.saturating_abs());
            handed[edge.from] = handed[edge.from].saturating_add(most);
            handed[edge.to] = handed[edge.to].saturating_add(most);
        }
        handed.iter().all(|amount| *amount < 1 << 126)
    }

    /// The highest prices, none above zero, at which no residual unit has a negative cost: they prove the optimum, and
    /// are the same for every optimal flow. Bellman and Ford's, so that they also find a flow that is not optimal.
    pub(super) fn prices(&self) -> Result<Vec<I256>, Unsolved> {
        let mut residual = Vec::new();
        for edge in &self.edges {
            residual.extend(edge.up().map(|cost| (edge.from, edge.to, cost)));
            residual.extend(edge.down().map(|cost| (edge.to, edge.from, -cost)));
        }
        let mut price = vec![I256::ZERO; self.supply.len()];
        for _ in 0..=price.len() {
            let mut changed = false;
            for (from, to, cost) in &residual {
                let reached = price[*from] + *cost;
                if reached < price[*to] {
                    price[*to] = reached;
                    changed = true;
                }
            }
            if !changed {
                return Ok(price);
            }
        }
        Err(Unsolved::NoFlow)
    }
}

/// The bits that hold `value`.
pub(super) fn bits(value: usize) -> usize {
    usize::try_from(usize::BITS - value.leading_zeros()).unwrap_or(64)
}
