//! What people decide on a proposal.

use super::{Body, Kind};
use alloy_primitives::{Address, B256, Bytes};
use alloy_sol_types::{SolStruct, eip712_domain};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod typed {
    alloy_sol_types::sol! {
        struct AllocationDecision {
            bytes32 proposal;
            string verdict;
            string by;
            string why;
            string at;
        }
    }
}

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
    /// A key's signature of all of it; a decision without one is unsigned, and only says whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed: Option<Signed>,
}

/// A signature of a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// Whose key it is.
    #[schemars(with = "String")]
    pub signer: Address,
    /// `r ‖ s ‖ v` over [`Decision::digest`].
    #[schemars(with = "String")]
    pub signature: Bytes,
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

impl Verdict {
    /// As the document has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

impl Decision {
    /// What is signed: EIP-712, with the domain `Portcullis allocation`, version 1, of no chain.
    pub fn digest(&self) -> B256 {
        let message = typed::AllocationDecision {
            proposal: self.proposal,
            verdict: self.verdict.name().to_owned(),
            by: self.by.clone(),
            why: self.why.clone(),
            at: self.at.to_string(),
        };
        message.eip712_signing_hash(&eip712_domain! { name: "Portcullis allocation", version: "1", })
    }
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
