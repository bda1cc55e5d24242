//! What the compliance phase leaves behind, whether or not anything is proposed.

use super::{AlertNotice, Body, Kind, PolicyReference, Record, Reference, Unit};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A portfolio against the policies in force at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compliance {
    /// `"allocation-compliance"`
    pub kind: Kind,
    /// 1
    pub format: u32,
    /// Which portfolio.
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
    /// One for each clause and subject.
    pub records: Vec<Record>,
    /// Whom breaches concern.
    pub alerts: Vec<AlertNotice>,
    /// A person must review what is proposed.
    pub manual_review: bool,
}

impl Compliance {
    /// The clauses that do not hold.
    pub fn breaches(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| !record.satisfied)
    }
}

impl Body for Compliance {
    const KIND: &'static str = "allocation-compliance";

    fn head(&self) -> (&str, u32) {
        (&self.kind.0, self.format)
    }

    fn sort(&mut self) {
        self.policies.sort_by(|one, other| (&one.id, one.revision).cmp(&(&other.id, other.revision)));
        self.records.sort();
        self.alerts.sort();
    }

    fn validate(&self) -> Result<(), (String, String, String)> {
        Ok(())
    }
}
