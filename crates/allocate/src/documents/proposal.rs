//! What the engine writes: records, alerts, and proposals with their certificates.

use super::{AllocationPolicy, Amount, Body, Change, Document, Kind, Risk, Severity, Share, Snapshot, Unit};
use alloy_primitives::B256;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The outcome of one clause for one subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// `id@revision` of the policy.
    pub policy: String,
    /// The clause.
    pub clause: String,
    /// The subject, or the clause itself where it bounds subjects together.
    pub subject: String,
    /// Whether the clause holds.
    pub satisfied: bool,
    /// Which way it deviates.
    pub direction: Direction,
    /// By how much, in base units.
    pub deviation: Amount,
    /// The values that decided, by name.
    pub values: BTreeMap<String, String>,
}

/// Which way something deviates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It does not.
    Within,
    /// Too much.
    Above,
    /// Too little.
    Below,
    /// Not a matter of amounts.
    Ineligible,
}

/// An alert that a breach sets off.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AlertNotice {
    /// `id@revision` of the policy.
    pub policy: String,
    /// The alert.
    pub alert: String,
    /// The clause that is violated.
    pub clause: String,
    /// Where.
    pub subject: String,
    /// How urgent it is.
    pub severity: Severity,
    /// Where to tell.
    pub notify: Vec<String>,
    /// The step to start in another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// A person must review.
    pub manual_review: bool,
}

/// A document that a proposal was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Its id.
    pub id: String,
    /// Its hash.
    #[schemars(with = "String")]
    pub hash: B256,
    /// Its time.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// The risk model, for risk profiles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl Reference {
    pub(crate) fn snapshot(document: &Document<Snapshot>) -> Self {
        let Snapshot { id, taken_at, .. } = &document.body;
        Self { id: id.clone(), hash: document.hash, at: *taken_at, model: None }
    }

    pub(crate) fn risk(document: &Document<Risk>) -> Self {
        let Risk { id, computed_at, model, .. } = &document.body;
        Self { id: id.clone(), hash: document.hash, at: *computed_at, model: Some(model.clone()) }
    }
}

/// A policy revision that was in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PolicyReference {
    /// Its id.
    pub id: String,
    /// Its revision.
    pub revision: u32,
    /// Its hash.
    #[schemars(with = "String")]
    pub hash: B256,
    /// Who wrote it.
    pub author: String,
    /// Where it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance: Option<String>,
}

impl PolicyReference {
    pub(crate) fn of(document: &Document<AllocationPolicy>) -> Self {
        let AllocationPolicy { id, revision, author, governance, .. } = &document.body;
        let (author, governance) = (author.clone(), governance.clone());
        Self { id: id.clone(), revision: *revision, hash: document.hash, author, governance }
    }
}

/// Sums over the portfolio, in base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortfolioTotals {
    /// What is allocated, before and after.
    pub total: Amount,
    /// What is above caps and below floors, now.
    pub violation_now: Amount,
    /// The same, after the last phase: the least that is possible.
    pub violation_after: Amount,
    /// What moves.
    pub turnover: Amount,
}

/// What a subject holds, and should hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SubjectLine {
    /// The subject.
    pub subject: String,
    /// Now.
    pub now: Amount,
    /// After the last phase.
    pub target: Amount,
    /// The difference.
    pub change: Change,
    /// The share of the portfolio after the last phase, rounded down.
    pub weight: Share,
}

/// A step of the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// Counts from 1.
    pub number: u32,
    /// Not before this time.
    #[schemars(with = "String")]
    pub not_before: Timestamp,
    /// In this sequence: what is freed first, then what is placed.
    pub moves: Vec<Move>,
}

/// What one subject does in a phase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Which way.
    #[serde(rename = "move")]
    pub kind: MoveKind,
    /// The subject.
    pub subject: String,
    /// In base units, above zero.
    pub amount: Amount,
}

/// Which way a move goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MoveKind {
    /// The subject gives capital back.
    Decrease,
    /// The subject receives capital.
    Increase,
}

/// Bounds that cannot all be kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CollisionLine {
    /// By how much, in base units: `places − caps + floors`.
    pub by: Amount,
    /// What has to find a place under the caps, or is too little for the floors if below zero.
    pub places: Change,
    /// The bounds.
    pub sides: Vec<SideLine>,
}

/// One of the bounds that collide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SideLine {
    /// A cap or a floor.
    pub bound: SideKind,
    /// Subject or group.
    pub subject: String,
    /// In base units.
    pub amount: Amount,
    /// The clause.
    pub clause: String,
}

/// Which side a bound is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SideKind {
    /// No more.
    Cap,
    /// No less.
    Floor,
}

/// What proves that a proposal is the best: a price for each node of its network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// Where the capital enters.
    pub entry: String,
    /// Where it ends.
    pub end: String,
    /// By group that is bounded.
    pub groups: BTreeMap<String, String>,
    /// The nodes that have too much, if bounds collide: `entry`, `end`, or `group:` and its id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
}

/// The one best way back within the policies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// `"allocation-proposal"`
    pub kind: Kind,
    /// 1
    pub format: u32,
    /// Keccak-256 of the canonical form of everything else: attestations and executions name it.
    #[schemars(with = "String")]
    pub id: B256,
    /// For which portfolio.
    pub portfolio: String,
    /// The time that decided which policies are in force, and how old profiles are.
    #[schemars(with = "String")]
    pub evaluated_at: Timestamp,
    /// The snapshot.
    pub snapshot: Reference,
    /// The risk profiles.
    pub risk: Reference,
    /// The policies in force, by id.
    pub policies: Vec<PolicyReference>,
    /// What amounts are counted in.
    pub unit: Unit,
    /// Sums.
    pub totals: PortfolioTotals,
    /// A person must review it before anything is executed.
    pub manual_review: bool,
    /// What is violated now.
    pub breaches: Vec<Record>,
    /// Whom that concerns.
    pub alerts: Vec<AlertNotice>,
    /// By subject.
    pub subjects: Vec<SubjectLine>,
    /// The way there.
    pub phases: Vec<Phase>,
    /// Bounds that cannot all be kept, if so.
    pub collisions: Vec<CollisionLine>,
    /// The proof.
    pub certificate: Certificate,
}

impl Body for Proposal {
    const KIND: &'static str = "allocation-proposal";

    fn head(&self) -> (&str, u32) {
        (&self.kind.0, self.format)
    }

    /// A proposal's order is part of it.
    fn sort(&mut self) {}

    fn validate(&self) -> Result<(), (String, String, String)> {
        Ok(())
    }
}
