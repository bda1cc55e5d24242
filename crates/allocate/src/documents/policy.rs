//! Allocation policies: scope, eligibility, limits, targets, pace, safeguards and alerts, with their lifecycle.

use super::{Amount, Decimal, Kind, Period, Severity, Share, SubjectKind};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One revision of a policy. Another revision is another document: none is edited in place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllocationPolicy {
    /// `"allocation-policy"`
    pub kind: Kind,
    /// 1
    pub format: u32,
    /// Names the policy across its revisions.
    pub id: String,
    /// Counts from 1.
    pub revision: u32,
    /// Who wrote it.
    pub author: String,
    /// When this revision was begun.
    #[schemars(with = "String")]
    pub created_at: Timestamp,
    /// When this revision was last changed, still a draft.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub modified_at: Option<Timestamp>,
    /// Where it was decided: a link or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance: Option<String>,
    /// What became of it, in order of time.
    pub lifecycle: Vec<Stage>,
    /// Where it applies.
    #[serde(default)]
    pub scope: Scope,
    /// Which risk profiles it may be judged by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<RiskUse>,
    /// Who may be allocated to.
    #[serde(default)]
    pub eligibility: Vec<Eligibility>,
    /// How much may be allocated.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// What would be best.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// How fast it may change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebalancing: Option<Rebalancing>,
    /// What events stop.
    #[serde(default)]
    pub safeguards: Vec<Safeguard>,
    /// Whom a breach concerns.
    #[serde(default)]
    pub alerts: Vec<Alert>,
}

/// A step in the life of a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// What it became.
    pub state: State,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// By whom.
    pub by: String,
}

/// Where a revision is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Being written.
    Draft,
    /// Agreed, not yet applied.
    Approved,
    /// Applied.
    InForce,
    /// No longer applied.
    Retired,
}

/// Where a policy applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// These portfolios; none named means all.
    #[serde(default)]
    pub portfolios: Vec<String>,
    /// Portfolios of these clients; none named means all.
    #[serde(default)]
    pub clients: Vec<String>,
    /// Portfolios kept in these books; none named means all.
    #[serde(default)]
    pub books: Vec<String>,
}

/// Which risk profiles a policy may be judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RiskUse {
    /// The model and its version, exactly.
    pub model: String,
    /// How old a profile may be.
    pub max_age: Period,
}

/// Subjects: those that meet everything given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Select {
    /// All of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<SubjectKind>,
    /// These.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// All that is part of one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
}

/// Who may be allocated to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Eligibility {
    /// Names the clause.
    pub id: String,
    /// Whom it judges.
    pub of: Select,
    /// All of these must hold.
    pub require: Vec<Requirement>,
    /// What follows if one does not.
    pub otherwise: Consequence,
}

/// One test of a subject's risk profile or events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Requirement {
    /// A metric lies in a range.
    Metric {
        /// Its name.
        name: String,
        /// No less.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<Decimal>,
        /// No more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<Decimal>,
    },
    /// A factor's score lies in a range.
    Factor {
        /// Its name.
        name: String,
        /// No less.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_least: Option<Decimal>,
        /// No more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_most: Option<Decimal>,
    },
    /// A factor's bucket is none of these.
    Bucket {
        /// The factor.
        name: String,
        /// Classes that are refused.
        none_of: Vec<String>,
    },
    /// No open event of these kinds concerns the subject or what it is part of.
    NoEvent {
        /// Kinds of events.
        kinds: Vec<String>,
    },
}

/// What follows for a subject that is not eligible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// It keeps what it has, and gains nothing.
    SuspendIncreases,
    /// It neither gains nor loses.
    SuspendChanges,
    /// It is to hold nothing, and gains nothing.
    Exclude,
    /// Nothing changes, but a person must review the proposal.
    ManualReview,
}

/// How much may be allocated to each of some subjects, or to all of them together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Names the clause.
    pub id: String,
    /// Whom it bounds.
    pub of: Select,
    /// Their sum, instead of each.
    #[serde(default)]
    pub together: bool,
    /// No more than this share of the portfolio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_share: Option<Share>,
    /// No more than this, in base units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Amount>,
    /// No less than this share of the portfolio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_share: Option<Share>,
    /// No less than this, in base units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_amount: Option<Amount>,
}

/// What a subject would hold at best.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Names the clause.
    pub id: String,
    /// Whose it is.
    pub subject: String,
    /// As a share of the portfolio.
    pub share: Share,
    /// How far it may drift, in shares of the portfolio, before a proposal brings it back.
    pub drift: Share,
    /// How far back.
    #[serde(default)]
    pub return_to: ReturnTo,
}

/// Where drift is brought back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnTo {
    /// Just within the drift that is tolerated.
    #[default]
    Band,
    /// The target itself.
    Target,
}

/// How fast allocations may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rebalancing {
    /// Between one phase and the next.
    pub window: Period,
    /// Between the last reallocation and the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_interval: Option<Period>,
    /// All at once as far as limits allow, or spread.
    #[serde(default)]
    pub pace: Pace,
    /// At most so much in each window.
    #[serde(default)]
    pub changes: Vec<ChangeLimit>,
}

/// How a move is spread over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Pace {
    /// In the fewest phases that the change limits allow.
    #[default]
    Immediate,
    /// In at least so many phases.
    Gradual {
        /// How many.
        phases: u32,
    },
}

/// How much a subject may change in one window. The smallest of what is given counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeLimit {
    /// Names the clause.
    pub id: String,
    /// Whom it bounds, each alone.
    pub of: Select,
    /// In base units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Amount>,
    /// As a share of the portfolio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_share: Option<Share>,
    /// As a share of what the subject holds. One that holds nothing cannot change under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_relative: Option<Share>,
}

/// What an open event stops at its subject and all that is part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Safeguard {
    /// Names the clause.
    pub id: String,
    /// Kinds of events; none named means all.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// From this severity on.
    pub at_least: Severity,
    /// What follows.
    pub then: Consequence,
}

/// Whom a breach concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alert {
    /// Names the clause.
    pub id: String,
    /// Breaches of these clauses of this policy; none named means all.
    #[serde(default)]
    pub clauses: Vec<String>,
    /// From this deviation on, as a share of the portfolio.
    #[serde(default)]
    pub at_least: Share,
    /// How urgent it is.
    pub severity: Severity,
    /// Where to tell.
    #[serde(default)]
    pub notify: Vec<String>,
    /// The step to start in another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// A person must review the proposal.
    #[serde(default)]
    pub manual_review: bool,
}

impl AllocationPolicy {
    /// What it was at a time.
    pub fn state(&self, at: Timestamp) -> State {
        state_at(&self.lifecycle, at)
    }

    /// `id@revision`.
    pub fn version(&self) -> String {
        format!("{}@{}", self.id, self.revision)
    }
}

/// What a lifecycle says of a time.
pub(super) fn state_at(lifecycle: &[Stage], at: Timestamp) -> State {
    lifecycle.iter().rfind(|stage| stage.at <= at).map_or(State::Draft, |stage| stage.state)
}
