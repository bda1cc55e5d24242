//! Past requests under a program that may not have been there: what it would have decided on each, with the limits,
//! announcements and staged changes that those before leave behind. Pure.
//!
//! A [`World`] is one account under one program. It begins with nothing charged, announced or staged, and goes on as
//! requests are carried out. Two worlds that see the same requests tell what another policy would have changed.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless,
    clippy::cast_precision_loss
)]

mod change;
mod control;
mod facts;
mod world;

pub use change::{Change, Stance, compare};
pub use facts::Facts;
pub use world::{Decided, Outcome, Setting, World};
