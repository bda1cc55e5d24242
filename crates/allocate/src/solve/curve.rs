//! The cost of an edge: piecewise linear, perhaps with a square; convex.

use alloy_primitives::{I256, U256};

/// A convex cost of an integer flow.
#[derive(Clone, Debug, Default)]
pub(super) struct Curve {
    slope: I256,
    kinks: Vec<(i128, I256)>,
    square: Option<usize>,
}

impl Curve {
    /// Adds `weight · max(0, flow − at)`.
    pub(super) fn above(&mut self, at: i128, weight: I256) {
        self.kinks.push((at, weight));
        self.kinks.sort_by_key(|kink| kink.0);
    }

    /// Adds `weight · max(0, at − flow)`.
    pub(super) fn below(&mut self, at: i128, weight: I256) {
        self.slope -= weight;
        self.above(at, weight);
    }

    /// Adds `2^shift · flow²`.
    pub(super) fn square(&mut self, shift: usize) {
        self.square = Some(shift);
    }

    /// What one unit more costs at `flow`.
    pub(super) fn marginal(&self, flow: i128) -> I256 {
        let linear = self.linear(flow);
        match self.square {
            Some(shift) => linear + (wide(flow.saturating_mul(2).saturating_add(1)) << shift),
            None => linear,
        }
    }

    /// By what power of two each unit costs more than the one before, but for kinks, if it does.
    pub(super) fn slope(&self) -> Option<usize> {
        self.square.map(|shift| shift + 1)
    }

    /// The kinks around a unit: the last one at or below it, and the first above it.
    pub(super) fn between(&self, unit: i128) -> (i128, i128) {
        let mut kinks = (i128::MIN, i128::MAX);
        for (at, _) in &self.kinks {
            if *at > unit {
                kinks.1 = *at;
                break;
            }
            kinks.0 = *at;
        }
        kinks
    }

    fn linear(&self, flow: i128) -> I256 {
        self.kinks.iter().take_while(|kink| kink.0 <= flow).fold(self.slope, |sum, kink| sum + kink.1)
    }
}

/// An amount among prices.
pub(super) fn wide(value: i128) -> I256 {
    let magnitude = I256::from_raw(U256::from(value.unsigned_abs()));
    if value < 0 { -magnitude } else { magnitude }
}
