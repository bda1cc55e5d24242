//! What people decide on a proposal.

use super::{Body, Kind};
use alloy_primitives::B256;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Somebody's word on a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// `"allocation-decision"`
    pub kind: Kind,
    /// 1
    pub format: u32,
    /// The proposal's id.
    #[schemars(with = "String")]
    pub proposal: B256,
    /// What was decided.
    pub verdict: Verdict,
    /// By whom.
    pub by: String,
    /// Why.
    pub why: String,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// What people decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It may be carried out.
    Approved,
    /// It must not.
    Rejected,
}

impl Body for Decision {
    const KIND: &'static str = "allocation-decision";

    fn head(&self) -> (&str, u32) {
        (&self.kind.0, self.format)
    }

    fn sort(&mut self) {}

    fn validate(&self) -> Result<(), (String, String, String)> {
        let wrong = |path: &str, remedy: &str| Err((path.to_owned(), "it is empty".to_owned(), remedy.to_owned()));
        if self.by.trim().is_empty() {
            return wrong("by", "say who decides");
        }
        if self.why.trim().is_empty() {
            return wrong("why", "say why");
        }
        Ok(())
    }
}
