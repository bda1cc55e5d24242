//! The linter and the difference of policies, against every request of small worlds.
//!
//! `PORTCULLIS_LINT_POLICIES` says how many random policies are tried, 2,000 if absent, and `PORTCULLIS_LINT_SEED`
//! which is the first.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod differences;
mod documented;
mod draft;
mod expected;
mod findings;
mod universe;
mod witness;
