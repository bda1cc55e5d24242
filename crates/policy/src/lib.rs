//! The policy document: parse, validate, compile, decompile.
//!
//! A [`Policy`] is what a person writes, in TOML or JSON; [`compile`] turns it into the canonical program bytes
//! that the chain and the mirror both read (`docs/program.md`), with a [`SourceMap`] that names what the bytes
//! only number. [`decompile`] goes back, and refuses bytes that do not recompile to themselves.
//!
//! ```
//! use portcullis_policy::{Policy, compile, decompile};
//!
//! let text = r#"
//! version = 1
//! name = "pocket-money"
//! account = "eth:0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE"
//! semantics = "first-match"
//! control = { change_delay = "48h" }
//! assets = { ETH = { standard = "native", decimals = 18 } }
//!
//! [[rules]]
//! id = "small-ether"
//! when = { effect = "transfer", asset = "ETH", amount = { max = "0.5" } }
//! then = { allow = true }
//! "#;
//! let policy = Policy::parse(text, "policy.toml")?;
//! let compiled = compile(&policy)?;
//! assert_eq!(compiled.source_map.rule(0).map(|rule| rule.id.as_str()), Some("small-ether"));
//! assert_eq!(compile(&decompile(&compiled.program)?)?.program, compiled.program);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_lossless,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::float_arithmetic
)]

mod diagnostics;
mod document;
mod facts;
mod format;
mod imports;
mod lint;
mod model;
mod program;
mod schema;
mod text;

pub use diagnostics::{Diagnostic, Diagnostics, PathSegment, Problem};
pub use facts::{Cause, FactVerdict, Judgement, Knowledge, Observation, Observations, Scene, Subject};
pub use format::format;
pub use imports::Load;
pub use lint::{
    Change, Counted, Difference, Direction, Finding, FindingKind, LintError, Moves, Reach, Report, Severity, Used,
    Witness, diff, lint, most_within, reaches,
};
pub use model::{
    AddressRef, AmountRange, Approvals, Asset, AttesterSet, CallData, CallTarget, Cap, Comparison, Control, Domain,
    Effect, Fact, FactKind, FactSubject, FactTest, FactValue, Limit, Members, MessageOutcome, MessageRule, Named,
    Obligations, OnUnknown, Origin, Outcome, Policy, Registry, Rule, Scope, Semantics, Signers, Standard, StaticCall,
    Target, TimeSpan, UnknownAsset, Weekday, When, Window, Word, WordTest,
};
pub use program::{
    CompileError, Compiled, MAX_PROGRAM_BYTES, Malformed, compile, compile_off_chain, decompile,
    source_map::{AssetName, AttestedRule, ConditionName, LimitName, ListName, RuleName, Seen, SourceMap},
    verify_canonical,
};
pub use schema::schema;
pub use text::{
    account::{Account, Chain},
    amount::{Amount, AmountError},
    selector::Selector,
    typed_data::MessageType,
};
