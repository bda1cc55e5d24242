//! The next units of an edge at the prices of a round, in 128 bits.

use super::flow::Edge;
use super::round::{FAR, Precision};
use alloy_primitives::I256;

/// Costs are exact to this many bits below epsilon; what is smaller is rounded, and left to a later round.
const BELOW: usize = 100;

/// More than any gain of a round.
const BEYOND: i128 = 1 << 125;

/// Units of one slope: unit `k` leads from a flow of `k` to `k + 1`.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// A unit of this piece.
    at: i128,
    /// What that unit costs.
    cost: i128,
    /// The first unit.
    low: i128,
    /// The first unit beyond.
    high: i128,
}

/// An edge in one round.
#[derive(Clone, Debug)]
pub(super) struct Units {
    gain: I256,
    precision: Precision,
    /// Each unit costs two to this power more than the one before; or as much.
    slope: Option<isize>,
    /// The piece of the next unit, if there is one.
    above: Option<Piece>,
    /// The piece of the last unit, if one can be given up.
    below: Option<Piece>,
}

impl Units {
    /// The edge at its flow, with `gain` the price where it ends less the price where it begins.
    pub(super) fn of(edge: &Edge, gain: I256, precision: Precision) -> Self {
        let of_price = |slope: usize| (slope + precision.scale).cast_signed() - unit(precision).cast_signed();
        let slope = edge.curve.slope().map(of_price);
        let mut units = Self { gain, precision, slope, above: None, below: None };
        units.above = units.piece(edge, edge.flow);
        units.below = units.piece(edge, edge.flow - 1);
        units
    }

    /// Takes every unit that costs less than `gain` epsilons, up to a flow of `room`.
    pub(super) fn rise(&mut self, edge: &mut Edge, gain: i64, room: i128) {
        while let Some(piece) = self.above.filter(|_| edge.flow < room) {
            let reached = self.first(piece, self.limit(gain)).clamp(edge.flow, piece.high).min(room);
            if reached == edge.flow {
                return;
            }
            (edge.flow, self.below) = (reached, self.above);
            if reached < piece.high {
                return;
            }
            self.above = self.piece(edge, reached);
        }
    }

    /// Gives up every unit that costs more than `gain` epsilons, down to a flow of `room`.
    pub(super) fn fall(&mut self, edge: &mut Edge, gain: i64, room: i128) {
        while let Some(piece) = self.below.filter(|_| edge.flow > room) {
            let reached = self.first(piece, self.limit(gain) + 1).clamp(piece.low, edge.flow).max(room);
            if reached == edge.flow {
                return;
            }
            (edge.flow, self.above) = (reached, self.below);
            if reached > piece.low {
                return;
            }
            self.below = self.piece(edge, reached - 1);
        }
    }

    /// What one unit more costs at `flow`, and what one less costs, in epsilons rounded down.
    pub(super) fn costs(&self, flow: i128) -> [i64; 2] {
        let epsilons = |cost: i128| {
            let epsilons = cost >> (self.precision.size - unit(self.precision));
            i64::try_from(epsilons).unwrap_or(if cost < 0 { -FAR } else { FAR }).clamp(-FAR, FAR)
        };
        let up = self.above.map(|piece| self.cost(piece, flow));
        let down = self.below.map(|piece| -self.cost(piece, flow - 1));
        [up, down].map(|cost| cost.map_or(FAR, epsilons))
    }

    /// The units of one slope around one of them, if the edge has it.
    fn piece(&self, edge: &Edge, at: i128) -> Option<Piece> {
        if at < edge.least || at >= edge.most {
            return None;
        }
        let cost = (edge.curve.marginal(at) << self.precision.scale) - self.gain;
        let beyond = if cost.is_negative() { -BEYOND } else { BEYOND };
        let cost = i128::try_from(cost.asr(unit(self.precision))).unwrap_or(beyond).clamp(-BEYOND, BEYOND);
        let (low, high) = edge.curve.between(at);
        Some(Piece { at, cost, low: low.max(edge.least), high: high.min(edge.most) })
    }

    fn cost(&self, piece: Piece, unit: i128) -> i128 {
        let further = unit - piece.at;
        piece.cost.saturating_add(match self.slope {
            Some(slope) if slope < 0 => further >> slope.unsigned_abs().min(126),
            Some(slope) => further.saturating_mul(1 << slope.unsigned_abs().min(126)),
            None => 0,
        })
    }

    /// The first unit of a piece that costs at least `limit`.
    fn first(&self, piece: Piece, limit: i128) -> i128 {
        let left = limit.saturating_sub(piece.cost);
        match self.slope {
            Some(slope) if slope < 0 => {
                piece.at.saturating_add(left.saturating_mul(1 << slope.unsigned_abs().min(126)))
            }
            // Rounded up.
            Some(slope) => piece.at.saturating_sub(left.saturating_neg() >> slope.unsigned_abs().min(126)),
            None if left > 0 => piece.high,
            None => piece.low,
        }
    }

    fn limit(&self, gain: i64) -> i128 {
        i128::from(gain).saturating_mul(1 << (self.precision.size - unit(self.precision)))
    }
}

/// Costs are counted in two to this power.
fn unit(precision: Precision) -> usize {
    precision.size.saturating_sub(BELOW)
}
