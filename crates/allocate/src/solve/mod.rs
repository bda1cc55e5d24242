//! The exact optimum: from bounds to the one best allocation.
//!
//! Groups that nest form a tree. Two trees, one above the subjects and one below them, form a network in which every
//! subject is an edge and every group is an edge, and the capital is a flow. All levels of the order are convex costs
//! of single edges, so one convex min-cost flow in integers decides them all (`docs/decisions/`, allocation).

mod curve;
mod families;
mod flow;
mod network;
mod optimum;
mod phases;
mod problem;
mod round;
mod shortfall;
mod ties;
mod units;

pub use families::{Crossing, Families};
pub use flow::Unsolved;
pub use optimum::{Optimum, optimum};
pub use phases::{Unphased, phases};
pub use problem::{Bound, Group, Leaf, Problem, excess, sum};
pub use shortfall::{Collision, Side, shortfall};
