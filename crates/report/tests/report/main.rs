//! The tests of reports, in one binary: what they are built from is built once.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests fail by panicking")]

mod formats;
mod moves;
mod support;
mod warnings;
