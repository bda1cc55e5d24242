//! The tests of what is signed, in one binary: what they are built from is built once.
#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod common;
mod envelope;
mod messages;
mod owners;
mod safe_hash;
mod statement;
mod verify;
