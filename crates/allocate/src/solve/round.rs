//! One round of cost scaling: afterwards every residual unit costs at least `-epsilon`.
//!
//! Prices need 256 bits, and the costs of units too. Within a round prices only fall, by whole epsilons, and no further
//! than the size of the network allows. So a round counts epsilons, in 64 bits, beside the costs of the next units at
//! the prices it began with; what is out of reach is cut off.
#![expect(clippy::indexing_slicing, reason = "nodes, edges and arcs are numbered by the network itself")]

use super::curve::wide;
use super::flow::{BITS, Network, Unsolved};
use super::units::Units;
use alloy_primitives::I256;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// More epsilons than any price falls by.
pub(super) const FAR: i64 = 1 << 60;

/// What a round is exact to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Precision {
    /// Epsilon is two to this power.
    pub(super) size: usize,
    /// Prices are costs times two to this power.
    pub(super) scale: usize,
}

/// Every edge in both directions, those that leave a node in a row.
pub(super) struct Arcs {
    /// By node, its first arc; then how many there are.
    first: Vec<usize>,
    /// By arc, where it leads.
    to: Vec<usize>,
    /// By arc, its edge, and the arc of it that leads back.
    edge: Vec<(usize, usize)>,
    /// By edge: its arc along, and the one against its direction.
    of_edge: Vec<[usize; 2]>,
}

impl Arcs {
    pub(super) fn of(network: &Network) -> Self {
        let nodes = network.supply.len();
        let mut first = vec![0; nodes + 1];
        for node in network.edges.iter().flat_map(|edge| [edge.from, edge.to]) {
            first[node + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let mut place = first.clone();
        let mut to = vec![0; 2 * network.edges.len()];
        let mut edges = vec![(0, 0); to.len()];
        let mut of_edge = Vec::with_capacity(network.edges.len());
        for (index, edge) in network.edges.iter().enumerate() {
            let along = place[edge.from];
            place[edge.from] += 1;
            let against = place[edge.to];
            place[edge.to] += 1;
            (to[along], to[against]) = (edge.to, edge.from);
            (edges[along], edges[against]) = ((index, against), (index, along));
            of_edge.push([along, against]);
        }
        Self { first, to, edge: edges, of_edge }
    }

    fn at(&self, node: usize) -> std::ops::Range<usize> {
        self.first[node]..self.first[node + 1]
    }
}

/// What a round knows.
struct Round<'a> {
    arcs: &'a Arcs,
    /// By edge.
    units: Vec<Units>,
    /// By arc, what its next unit costs at the first prices, in epsilons rounded down.
    costs: Vec<i64>,
    /// By node, by how many epsilons its price fell.
    fallen: Vec<i64>,
    /// By node, what it has too much.
    excess: Vec<i128>,
}

/// Makes flow and prices right to `epsilon`.
pub(super) fn refine(
    network: &mut Network,
    arcs: &Arcs,
    price: &mut [I256],
    precision: Precision,
) -> Result<(), Unsolved> {
    let mut round = Round {
        arcs,
        units: Vec::with_capacity(network.edges.len()),
        costs: vec![FAR; arcs.to.len()],
        fallen: vec![0; price.len()],
        excess: network.supply.clone(),
    };
    for (edge, index) in network.edges.iter_mut().zip(0..) {
        let gain = price[edge.to] - price[edge.from];
        let mut units = Units::of(edge, gain, precision);
        units.rise(edge, 0, edge.most);
        units.fall(edge, 0, edge.least);
        round.excess[edge.from] -= edge.flow;
        round.excess[edge.to] += edge.flow;
        round.units.push(units);
        round.price(index, edge.flow);
    }
    round.balance(network)?;
    for (price, fallen) in price.iter_mut().zip(&round.fallen) {
        *price -= wide(i128::from(*fallen)) << precision.size;
    }
    Ok(())
}

impl Round<'_> {
    /// Goldberg and Tarjan's: nodes with an excess push it along admissible arcs, and fall where there are none.
    fn balance(&mut self, network: &mut Network) -> Result<(), Unsolved> {
        let nodes = self.fallen.len();
        let deepest = i64::try_from(nodes + 1).map_or(FAR, |nodes| nodes.saturating_mul(1 << (BITS + 3)));
        self.approach();
        let mut next: Vec<usize> = self.arcs.first[..nodes].to_vec();
        let mut relabels = 0;
        let mut active: VecDeque<usize> = (0..nodes).filter(|node| self.excess[*node] > 0).collect();
        while let Some(node) = active.pop_front() {
            while self.excess[node] > 0 {
                let Some(at) = self.admissible(node, next[node]) else {
                    (self.fallen[node], next[node]) = self.below(node);
                    if self.fallen[node] > deepest {
                        return Err(Unsolved::NoFlow);
                    }
                    relabels += 1;
                    if relabels % (2 * nodes) == 0 {
                        self.approach();
                        next.copy_from_slice(&self.arcs.first[..nodes]);
                    }
                    continue;
                };
                let other = self.arcs.to[at];
                let moved = self.push(network, self.arcs.edge[at].0, node);
                if self.excess[other] <= 0 && self.excess[other] + moved > 0 {
                    active.push_back(other);
                }
                self.excess[node] -= moved;
                self.excess[other] += moved;
                // While there is an excess, nothing of the arc is left.
                next[node] = at;
            }
        }
        // Supplies cancel out, so that nothing in excess means nothing missing.
        Ok(())
    }

    /// Moves what is admissible along an edge, up to the excess of the node it leaves.
    fn push(&mut self, network: &mut Network, index: usize, node: usize) -> i128 {
        let (edge, units) = (&mut network.edges[index], &mut self.units[index]);
        let (before, gain) = (edge.flow, self.fallen[edge.from] - self.fallen[edge.to]);
        if edge.from == node {
            units.rise(edge, gain, edge.most.min(before.saturating_add(self.excess[node])));
        } else {
            units.fall(edge, gain, edge.least.max(before.saturating_sub(self.excess[node])));
        }
        let after = edge.flow;
        self.price(index, after);
        if after > before { after - before } else { before - after }
    }

    /// What the next units of an edge cost.
    fn price(&mut self, edge: usize, flow: i128) {
        let [along, against] = self.arcs.of_edge[edge];
        [self.costs[along], self.costs[against]] = self.units[edge].costs(flow);
    }

    /// The first arc of a node, from one on, whose next unit costs less than nothing.
    fn admissible(&self, node: usize, from: usize) -> Option<usize> {
        let (at, fallen) = (from..self.arcs.first[node + 1], self.fallen[node]);
        let mut arcs = self.costs[at.clone()].iter().zip(&self.arcs.to[at]);
        arcs.position(|(cost, to)| cost + self.fallen[*to] < fallen).map(|skipped| from + skipped)
    }

    /// How far a node has to fall for its cheapest unit to cost less than nothing, and the first arc that has it.
    fn below(&self, node: usize) -> (i64, usize) {
        let at = self.arcs.at(node);
        let arcs = self.costs[at.clone()].iter().zip(&self.arcs.to[at.clone()]).zip(at.clone());
        let reached = arcs.map(|((cost, to), at)| (cost + self.fallen[*to] + 1, at));
        reached.min().unwrap_or((FAR, at.start))
    }

    /// Lowers every price as far as relabels would, on the way to what is missing: Goldberg's global update, a search
    /// from the nodes that miss something to those that have too much.
    fn approach(&mut self) {
        let nodes = self.fallen.len();
        let mut away = vec![FAR; nodes];
        let mut settled = vec![false; nodes];
        let mut open = BinaryHeap::new();
        for node in (0..nodes).filter(|node| self.excess[*node] < 0) {
            away[node] = 0;
            open.push(Reverse((0, node)));
        }
        let mut sought = self.excess.iter().filter(|excess| **excess > 0).count();
        let mut farthest = 0;
        while let Some(Reverse((steps, node))) = open.pop().filter(|_| sought > 0) {
            if std::mem::replace(&mut settled[node], true) {
                continue;
            }
            farthest = steps;
            sought -= usize::from(self.excess[node] > 0);
            for at in self.arcs.at(node) {
                let (other, cost) = (self.arcs.to[at], self.costs[self.arcs.edge[at].1]);
                if settled[other] || cost == FAR {
                    continue;
                }
                let reached = steps + cost + self.fallen[node] - self.fallen[other] + 1;
                if reached < away[other] {
                    away[other] = reached;
                    open.push(Reverse((reached, other)));
                }
            }
        }
        for (node, fallen) in self.fallen.iter_mut().enumerate() {
            *fallen += if settled[node] { away[node] } else { farthest };
        }
    }
}
