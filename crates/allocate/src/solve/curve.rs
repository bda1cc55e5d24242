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

    /// The most flow, from `flow` up to `most`, that is reached by units that each cost less than `price`.
    pub(super) fn rise(&self, flow: i128, most: i128, price: I256) -> i128 {
        let mut at = flow;
        while at < most {
            let end = self.kinks.iter().map(|kink| kink.0).find(|kink| *kink > at).map_or(most, |kink| kink.min(most));
            let left = price - self.linear(at);
            let reached = match self.square {
                // 2^shift · (2y − 1) < left
                Some(shift) => narrow((ceil(left, shift)).asr(1)),
                None if left > I256::ZERO => end,
                None => at,
            };
            if reached < end {
                return reached.max(at);
            }
            at = end;
        }
        at
    }

    /// The least flow, from `flow` down to `least`, that is reached by giving up units that each cost more than `price`.
    pub(super) fn fall(&self, flow: i128, least: i128, price: I256) -> i128 {
        let mut at = flow;
        while at > least {
            let last = at.saturating_sub(1);
            let start = self.kinks.iter().map(|kink| kink.0).rfind(|kink| *kink <= last);
            let start = start.map_or(least, |kink| kink.max(least));
            let left = price - self.linear(last);
            let reached = match self.square {
                // 2^shift · (2y + 1) > left
                Some(shift) => narrow((left.asr(shift) + I256::ONE).asr(1)),
                None if left < I256::ZERO => start,
                None => at,
            };
            if reached > start {
                return reached.min(at);
            }
            at = start;
        }
        at
    }

    fn linear(&self, flow: i128) -> I256 {
        self.kinks.iter().take_while(|kink| kink.0 <= flow).fold(self.slope, |sum, kink| sum + kink.1)
    }
}

/// `value / 2^shift`, rounded up.
pub(super) fn ceil(value: I256, shift: usize) -> I256 {
    -((-value).asr(shift))
}

/// An amount among prices.
pub(super) fn wide(value: i128) -> I256 {
    let magnitude = I256::from_raw(U256::from(value.unsigned_abs()));
    if value < 0 { -magnitude } else { magnitude }
}

/// A price among amounts; what is beyond every amount stays beyond it.
fn narrow(value: I256) -> i128 {
    i128::try_from(value).unwrap_or(if value.is_negative() { i128::MIN } else { i128::MAX })
}
