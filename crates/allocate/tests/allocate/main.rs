//! The tests of allocations, in one binary: what they are built from is built once.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

mod documents;
mod execution;
mod optimum;
mod proposal;
mod support;
