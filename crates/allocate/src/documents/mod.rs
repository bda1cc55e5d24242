//! Documents: read, validated, put in one order, and hashed.

mod beacon;
mod compliance;
mod decision;
mod execution;
mod lido;
mod mapping;
mod policy;
mod policy_rules;
mod proposal;
mod quantity;
mod risk;
mod snapshot;

pub use beacon::Deposit;
pub use compliance::Compliance;
pub use decision::{Decision, Signed, Verdict};
pub use execution::{Attestation, Balance, Execution, LimitUse};
pub use lido::Claim;
pub use mapping::{Allowance, Mapping, Route, Way};
pub use policy::{
    Alert, AllocationPolicy, ChangeLimit, Consequence, Eligibility, Limit, Pace, Rebalancing, Requirement, ReturnTo,
    RiskUse, Safeguard, Scope, Select, Stage, State, Target,
};
pub use proposal::{
    AlertNotice, Certificate, CollisionLine, Direction, Move, MoveKind, Phase, PolicyReference, PortfolioTotals,
    Proposal, Record, Reference, SideKind, SideLine, SubjectLine,
};
pub use quantity::{Amount, Change, Decimal, Period, Share};
pub use risk::{Event, Profile, Risk, Severity};
pub use snapshot::{Portfolio, Position, Snapshot, Subject, SubjectKind, Unit};

use alloy_primitives::{B256, keccak256};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use thiserror::Error;

/// What is wrong with a document, where, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Fault {
    /// The document's name: a file, or its id.
    pub document: String,
    /// The field, as `positions[3].amount`.
    pub path: String,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { document, path, what, remedy } = self;
        write!(f, "{document}: {path}: {what}; {remedy}")
    }
}

impl Fault {
    pub(crate) fn new(
        document: impl Into<String>,
        path: impl Into<String>,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { document: document.into(), path: path.into(), what: what.into(), remedy: remedy.into() }
    }
}

/// A kind of document.
pub trait Body: Serialize + DeserializeOwned + JsonSchema {
    /// Its `kind` field.
    const KIND: &'static str;
    /// The `kind` and `format` that were read.
    fn head(&self) -> (&str, u32);
    /// Puts every list in its order, so that equal documents are equal bytes.
    fn sort(&mut self);
    /// Checks what types do not.
    ///
    /// # Errors
    ///
    /// Path, what is wrong, and the remedy.
    fn validate(&self) -> Result<(), (String, String, String)>;
}

/// A document that was read, with the hash of its canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document<T> {
    /// Where it was read from, for errors.
    pub name: String,
    /// Keccak-256 of the RFC 8785 form with every list sorted: the same however the document was laid out.
    pub hash: B256,
    /// What it says.
    pub body: T,
}

impl<T: Body> Document<T> {
    /// Reads TOML, or JSON if the text starts with a brace.
    ///
    /// # Errors
    ///
    /// The first fault.
    pub fn read(name: &str, text: &str) -> Result<Self, Fault> {
        let body: T = parse(name, text)?;
        Self::of(name, body)
    }

    /// Takes a body that was made in memory.
    ///
    /// # Errors
    ///
    /// The first fault.
    pub fn of(name: &str, mut body: T) -> Result<Self, Fault> {
        let (kind, format) = body.head();
        if kind != T::KIND {
            let what = format!("`{kind}` is not the kind of document that belongs here");
            return Err(Fault::new(name, "kind", what, format!("give a document with kind = \"{}\"", T::KIND)));
        }
        if format != 1 {
            return Err(Fault::new(name, "format", format!("format {format} is unknown"), "write format = 1"));
        }
        body.sort();
        body.validate().map_err(|(path, what, remedy)| Fault::new(name, path, what, remedy))?;
        let hash = hash(name, &body)?;
        Ok(Self { name: name.to_owned(), hash, body })
    }
}

/// Reads a type from TOML or JSON.
pub(crate) fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, Fault> {
    let fault = |path: String, message: String| {
        let message = message.trim().replace(['\n', '\r'], " ");
        let (what, remedy) = match message.split_once("; ") {
            Some((what, remedy)) => (what.to_owned(), remedy.to_owned()),
            None => (message, "compare with `portcullis allocate schema`".to_owned()),
        };
        Fault::new(name, if path == "." { "document".to_owned() } else { path }, what, remedy)
    };
    if text.trim_start().starts_with('{') {
        let mut reader = serde_json::Deserializer::from_str(text);
        let body = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| fault(error.path().to_string(), error.inner().to_string()))?;
        reader.end().map_err(|error| fault("document".to_owned(), error.to_string()))?;
        return Ok(body);
    }
    let reader =
        toml::Deserializer::parse(text).map_err(|error| fault("document".to_owned(), error.message().to_owned()))?;
    serde_path_to_error::deserialize(reader)
        .map_err(|error| fault(error.path().to_string(), error.inner().message().to_owned()))
}

/// The canonical JSON of a value (RFC 8785): what [`Document::hash`] is the Keccak-256 of.
///
/// # Errors
///
/// A value that does not fit in JSON.
pub fn canonical(name: &str, value: &impl Serialize) -> Result<Vec<u8>, Fault> {
    serde_json_canonicalizer::to_vec(value)
        .map_err(|error| Fault::new(name, "document", error.to_string(), "report this"))
}

/// Keccak-256 of the canonical JSON of a value.
pub(crate) fn hash(name: &str, value: &impl Serialize) -> Result<B256, Fault> {
    Ok(keccak256(canonical(name, value)?))
}

/// The first two neighbours of a sorted list that are equal.
fn twice<T: PartialEq>(mut sorted: impl Iterator<Item = T>) -> Option<T> {
    let mut last = sorted.next()?;
    for next in sorted {
        if next == last {
            return Some(next);
        }
        last = next;
    }
    None
}

/// The JSON Schema of a kind of document.
pub fn schema<T: Body>() -> serde_json::Value {
    schemars::schema_for!(T).to_value()
}

/// A `kind` field, so that every document says what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Kind(pub String);
