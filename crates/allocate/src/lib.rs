//! Portfolios, allocation policies, proposals and their certificates; pure.
//!
//! Everything is a function of documents and a time. Amounts are integers in base units.
#![deny(
    clippy::as_conversions,
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_arithmetic
)]

pub mod documents;
mod execution;
mod inputs;
mod measure;
mod outlook;
mod proposal;
pub mod solve;
mod verify;

pub use execution::{Call, calls};
pub use inputs::Inputs;
pub use measure::{Measured, comply, measure};
pub use outlook::{Explanation, Outlook, explain, outlook};
pub use proposal::{Unproposed, identity, propose};
pub use verify::{Refused, verify};
