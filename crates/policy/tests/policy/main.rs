//! The tests of the language, in one binary: what they are built from is built once.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "tests fail by panicking")]

mod asked;
mod common;
mod examples;
mod expansion;
mod format;
mod imports;
mod knowledge;
mod random;
mod reference;
mod schema;
