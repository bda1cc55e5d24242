//! The one best allocation, and the prices that prove it.

use super::families::Families;
use super::flow::{Network, Unsolved};
use super::problem::Problem;
use super::ties;
use alloy_primitives::I256;

/// The best allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Optimum {
    /// By leaf, in base units.
    pub amounts: Vec<i128>,
    /// Of the entry, of the end, then by group. They prove the first four levels, and are the same for every input
    /// order.
    pub prices: Vec<I256>,
}

/// Least violation, then least turnover, then the least sum of squares, then least distance to the targets, then the
/// most to the smallest ids.
///
/// # Errors
///
/// Amounts too large for exact prices.
pub fn optimum(problem: &Problem, families: &Families) -> Result<Optimum, Unsolved> {
    let mut network = Network::of(problem, families);
    network.solve()?;
    let prices = network.prices()?;
    ties::by_id(&mut network, &prices, problem.leaves.len());
    let amounts = network.edges.iter().take(problem.leaves.len()).map(|edge| edge.flow).collect();
    Ok(Optimum { amounts, prices })
}
