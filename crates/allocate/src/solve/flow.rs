//! Convex min-cost flow in integers, by cost scaling.
//!
//! Goldberg and Tarjan, "Finding Minimum-Cost Circulations by Successive Approximation" (1990), with every unit of a
//! convex edge as an edge of its own: a push takes as many of them as are admissible at once.
#![expect(clippy::indexing_slicing, reason = "nodes and edges are numbered by the network itself")]

use super::curve::{Curve, ceil, wide};
use alloy_primitives::I256;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use thiserror::Error;

/// How fast the prices become exact: by this many bits a round.
const BITS: usize = 4;

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
        if size + 2 * scale + BITS + 8 > 255 || !self.fits() {
            return Err(Unsolved::TooLarge);
        }
        loop {
            size = size.saturating_sub(BITS);
            self.refine(&mut price, I256::ONE << size, scale)?;
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

    /// One round: every residual unit costs at least `-epsilon` afterwards.
    fn refine(&mut self, price: &mut [I256], epsilon: I256, scale: usize) -> Result<(), Unsolved> {
        let mut excess = self.supply.clone();
        for edge in &mut self.edges {
            let gain = price[edge.to] - price[edge.from];
            edge.flow = edge.curve.rise(edge.flow, edge.most, ceil(gain, scale));
            edge.flow = edge.curve.fall(edge.flow, edge.least, gain.asr(scale));
            excess[edge.from] -= edge.flow;
            excess[edge.to] += edge.flow;
        }
        let at_node = self.at_node();
        let start = price.to_vec();
        let deepest = epsilon * wide(1 << (BITS + 3)) * wide(i128::try_from(price.len() + 1).unwrap_or(i128::MAX));
        let mut next = vec![0; price.len()];
        let mut relabels = 0;
        self.approach(price, &excess, &at_node, epsilon, scale);
        let mut active: VecDeque<usize> = (0..price.len()).filter(|node| excess[*node] > 0).collect();
        while let Some(node) = active.pop_front() {
            while excess[node] > 0 {
                let Some(&index) = at_node[node].get(next[node]) else {
                    let below = self.relabel(node, price, &at_node[node], scale).ok_or(Unsolved::NoFlow)?;
                    price[node] = below - epsilon;
                    next[node] = 0;
                    relabels += 1;
                    if relabels % price.len() == 0 {
                        self.approach(price, &excess, &at_node, epsilon, scale);
                        next.fill(0);
                    }
                    if start[node] - price[node] > deepest {
                        return Err(Unsolved::NoFlow);
                    }
                    continue;
                };
                let edge = &mut self.edges[index];
                let gain = price[edge.to] - price[edge.from];
                let (other, moved) = if edge.from == node {
                    let room = edge.most.min(edge.flow.saturating_add(excess[node]));
                    let reached = edge.curve.rise(edge.flow, room, ceil(gain, scale));
                    (edge.to, reached - std::mem::replace(&mut edge.flow, reached))
                } else {
                    let room = edge.least.max(edge.flow.saturating_sub(excess[node]));
                    let reached = edge.curve.fall(edge.flow, room, gain.asr(scale));
                    (edge.from, std::mem::replace(&mut edge.flow, reached) - reached)
                };
                if moved > 0 {
                    excess[node] -= moved;
                    if excess[other] <= 0 && excess[other] + moved > 0 {
                        active.push_back(other);
                    }
                    excess[other] += moved;
                }
                if excess[node] > 0 {
                    next[node] += 1;
                }
            }
        }
        // Supplies cancel out, so that nothing in excess means nothing missing.
        Ok(())
    }

    /// Lowers every price as far as relabels would, on the way to what is missing: Goldberg's global update, a search
    /// from the nodes that miss something, in steps of `epsilon`.
    fn approach(&self, price: &mut [I256], excess: &[i128], at_node: &[Vec<usize>], epsilon: I256, scale: usize) {
        let size = epsilon.unsigned_abs().bit_len().saturating_sub(1);
        let mut away: Vec<Option<I256>> = vec![None; price.len()];
        let missing = (0..price.len()).filter(|node| excess[*node] < 0);
        let mut open: BinaryHeap<_> = missing.map(|node| Reverse((I256::ZERO, node))).collect();
        let mut farthest = I256::ZERO;
        while let Some(Reverse((steps, node))) = open.pop() {
            if away[node].is_some() {
                continue;
            }
            (away[node], farthest) = (Some(steps), steps);
            for index in &at_node[node] {
                let edge = &self.edges[*index];
                let (other, cost) =
                    if edge.to == node { (edge.from, edge.up()) } else { (edge.to, edge.down().map(|cost| -cost)) };
                let Some(cost) = cost.filter(|_| away[other].is_none()) else { continue };
                let left = (cost << scale) + price[other] - price[node];
                open.push(Reverse((steps + left.asr(size) + I256::ONE, other)));
            }
        }
        if farthest.is_zero() {
            return;
        }
        for (price, steps) in price.iter_mut().zip(away) {
            *price -= epsilon * steps.unwrap_or(farthest);
        }
    }

    /// The highest price of a node at which its cheapest residual unit is free.
    fn relabel(&self, node: usize, price: &[I256], edges: &[usize], scale: usize) -> Option<I256> {
        let reach = edges.iter().filter_map(|index| {
            let edge = &self.edges[*index];
            if edge.from == node {
                edge.up().map(|cost| price[edge.to] - (cost << scale))
            } else {
                edge.down().map(|cost| price[edge.from] + (cost << scale))
            }
        });
        reach.max()
    }

    /// By node, the edges that touch it.
    pub(super) fn at_node(&self) -> Vec<Vec<usize>> {
        let mut at_node = vec![Vec::new(); self.supply.len()];
        for (index, edge) in self.edges.iter().enumerate() {
            at_node[edge.from].push(index);
            at_node[edge.to].push(index);
        }
        at_node
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
