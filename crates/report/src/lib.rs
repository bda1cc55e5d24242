//! What a simulation found, as a report: the types of its JSON, what can be read out of calls and events, and the same
//! as text, Markdown and one page of HTML. No I/O and no clock: the same findings give the same bytes.
//!
//! Whatever a contract or a file says ([`Untrusted`]) is made harmless before it gets in, and escaped again by every
//! format. An address always stands in full; a name only beside it.

mod decode;
mod document;
mod html;
mod markdown;
mod model;
mod moves;
mod picture;
mod show;
mod show_moves;
mod signatures;
mod text;
pub mod units;
mod untrusted;
mod values;
mod warnings;

pub use decode::{Decoder, NotAbi};
pub use html::{html, html_series};
pub use markdown::markdown;
pub use model::{
    AccountChange, Action, Allowance, AllowedFrom, Argument, Asset, BalanceChange, Call, CallKind, Conclusion,
    Configuration, ConfigurationChange, Decoded, Effect, Event, Hashes, Judged, LeftOut, LimitUse, Obligation, Outcome,
    Party, Provenance, Report, Request, Safe, Source, Standard, Status, Transfer, VERSION, Warning, WarningKind, Word,
};
pub use moves::{allowances, transfers};
pub use signatures::packed;
pub use text::text;
pub use untrusted::Untrusted;
pub use values::{Amount, Data, Hash, Who};
pub use warnings::{Standing, Surroundings, warnings};

/// The report as JSON, with a line break at its end.
///
/// # Errors
/// None for what this crate's types can hold; `serde_json`'s otherwise.
pub fn json(report: &Report) -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(report)? + "\n")
}

/// The JSON Schema (draft 2020-12) of reports.
///
/// # Errors
/// As for [`json`].
pub fn schema() -> serde_json::Result<String> {
    Ok(serde_json::to_string_pretty(&schemars::schema_for!(Report))? + "\n")
}
