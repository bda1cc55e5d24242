//! What the mirror never lets through, and what it does.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;
mod conditions;
mod decoding;
mod frozen;
mod hybrid;
mod joining;
mod limits;
mod named;
mod near;
mod obligations;
mod outside;
mod random;
mod requests;
mod semantics;
mod signatures;
mod two_managers;
