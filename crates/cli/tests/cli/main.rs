//! Every test of the command line, in one binary: what they are built from is built once.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod allocate;
mod attest;
mod audit;
#[cfg(feature = "aws")]
mod aws;
mod backtest;
mod bad_input;
mod docs;
mod example;
mod facts;
mod fork;
mod fork_faults;
mod gas_programs;
#[cfg(feature = "gcp")]
mod gcp;
mod inputs;
mod language;
mod members;
mod messages;
mod operate;
mod operate_faults;
mod operating;
mod owners;
mod past_and_future;
mod planning;
mod protocol_kit;
mod report;
mod service;
mod simulate;
mod staking;
mod status;
mod support;
mod verification;
mod writing;
