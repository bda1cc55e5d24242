//! The linter and the difference of policies, against every request of small worlds.
//!
//! `PORTCULLIS_LINT_POLICIES` says how many random policies are tried, 2,000 if absent, `PORTCULLIS_LINT_SEED` which is
//! the first, and `PORTCULLIS_LINT_REPORT` where a run over them is noted, as `cargo xtask lint-proof` asks for.
#![allow(
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod asked;
mod badges;
mod calls;
mod differences;
mod documented;
mod draft;
mod expected;
mod findings;
mod shards;
mod stated;
mod universe;
mod witness;
