//! The mirror: program, state, request and time to verdict; pure.
//!
//! [`evaluate`] follows `docs/program.md` on program bytes, as the hook does on chain, and knows nothing of the
//! document that the bytes were compiled from.
#![no_std]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::cast_lossless,
    clippy::cast_precision_loss
)]

extern crate alloc;

mod attested;
mod balances;
mod batch;
mod calldata;
mod charge;
mod condition;
mod control;
mod decide;
mod effect;
mod evaluate;
mod forecast;
mod layout;
mod leaf;
mod limit;
mod meet;
mod message;
mod nearest;
mod obligation;
mod opening;
mod operand;
mod program;
mod reason;
mod request;
mod usage;
mod verdict;
mod watch;

pub use attested::Question;
pub use balances::{Balance, Excess, Metering};
pub use batch::{CALL_ONLY_HASHES, MULTI_SENDS, MultiSend, leaves};
pub use condition::Test;
pub use control::selectors;
pub use effect::{Effect, EffectKind};
pub use evaluate::{consented, effects, evaluate, verdict};
pub use forecast::{Answer, Forecast, Met, OnUnknown, Outlook, Projection, Unstatable, forecast, project};
pub use layout::{
    AccountState, CHANGE_WINDOW, MemoryState, Missing, Route, StagedKind, State, account_slot, announcement_id,
    announcement_slot, approval_slot, content, denial_slot, kept_slot, limit_descriptor, limit_slot, opening_slot,
};
pub use leaf::PERMIT2;
pub use limit::WINDOW_LANES;
pub use message::{Asked, MessageRequest, evaluate_message};
pub use nearest::{Change, Nearby, nearest};
pub use obligation::{Ask, Notice, Obligation};
pub use opening::Opening;
pub use reason::Reason;
pub use request::{Action, Request};
pub use usage::{Keyed, Metered, Usage, limits};
pub use verdict::{Announcement, Charge, Decision, Evaluation, InScope, Undecided, Verdict};
pub use watch::Watched;
