//! What the mirror never lets through, and what it does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod common;
mod conditions;
mod decoding;
mod delegation;
mod frozen;
mod hybrid;
mod joining;
mod limits;
mod messages;
mod metering;
mod named;
mod near;
mod obligations;
mod openings;
mod outside;
mod random;
mod requests;
mod semantics;
mod signatures;
mod templates;
mod two_managers;
