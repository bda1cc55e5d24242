//! Analytics: metrics, scores and buckets of subjects, and what happened to them.

use super::{Body, Decimal, Kind, twice};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one version of a risk model says of subjects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Risk {
    /// `"risk-profiles"`
    pub kind: Kind,
    /// 1
    pub format: u32,
    /// Names this set of profiles.
    pub id: String,
    /// The model and its version, as `"factors/3.2"`.
    pub model: String,
    /// When the set was put together.
    #[schemars(with = "String")]
    pub computed_at: Timestamp,
    /// By subject.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// Incidents, governance and protocol events.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// What is known of a subject.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The subject.
    pub subject: String,
    /// When it was measured.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Measured values: participation, uptime, concentration.
    #[serde(default)]
    pub metrics: BTreeMap<String, Decimal>,
    /// Scores of the model, by factor.
    #[serde(default)]
    pub factors: BTreeMap<String, Decimal>,
    /// Classes of the model, by factor.
    #[serde(default)]
    pub buckets: BTreeMap<String, String>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Names it.
    pub id: String,
    /// Whom it concerns, with all that is part of it.
    pub subject: String,
    /// As `"slashing"`, `"outage"`, `"governance"`, `"protocol-upgrade"`.
    pub kind: String,
    /// How bad it is.
    pub severity: Severity,
    /// When it began.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// When it was over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub resolved_at: Option<Timestamp>,
}

/// How bad an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth noting.
    Low,
    /// Worth watching.
    Medium,
    /// Worth acting.
    High,
    /// Worth stopping.
    Severe,
}

impl Event {
    /// Whether it has begun and is not over.
    pub fn open(&self, at: Timestamp) -> bool {
        self.at <= at && self.resolved_at.is_none_or(|resolved| resolved > at)
    }
}

impl Risk {
    /// A subject's profile.
    pub fn profile(&self, subject: &str) -> Option<&Profile> {
        let at = self.profiles.binary_search_by(|profile| profile.subject.as_str().cmp(subject)).ok()?;
        self.profiles.get(at)
    }
}

impl Body for Risk {
    const KIND: &'static str = "risk-profiles";

    fn head(&self) -> (&str, u32) {
        (&self.kind.0, self.format)
    }

    fn sort(&mut self) {
        self.profiles.sort();
        self.events.sort();
    }

    fn validate(&self) -> Result<(), (String, String, String)> {
        if let Some(id) = twice(self.profiles.iter().map(|profile| &profile.subject)) {
            let what = format!("{id} is there twice");
            return Err((format!("profiles[{id}]"), what, "keep the newest profile of each subject".to_owned()));
        }
        if let Some(id) = twice(self.events.iter().map(|event| &event.id)) {
            let what = format!("{id} is there twice");
            return Err((format!("events[{id}]"), what, "give each event an id of its own".to_owned()));
        }
        let backwards = self.events.iter().find(|event| event.resolved_at.is_some_and(|over| over < event.at));
        if let Some(event) = backwards {
            let what = "it is over before it begins".to_owned();
            return Err((format!("events[{}].resolved_at", event.id), what, "mend one of both times".to_owned()));
        }
        Ok(())
    }
}
