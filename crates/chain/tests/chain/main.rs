//! The tests that ask a node, in one binary: what they are built from is built once.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;
mod indexer;
mod install;
mod safes;
mod static_calls;
