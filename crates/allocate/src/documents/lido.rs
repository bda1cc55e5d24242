//! Requests in Lido's withdrawal queue that can be claimed.

use super::Amount;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A finalized withdrawal request of the account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The request's id, as the queue's event `WithdrawalRequested` tells it.
    pub request: u64,
    /// What it pays, in wei: `getClaimableEther`, which may be less than was asked for.
    pub wei: Amount,
    /// Its checkpoint, as `findCheckpointHints` gives it. The queue looks for it itself where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<u64>,
}

/// What is wrong with the claims of a way, and the remedy.
pub(super) fn fault(claims: &[Claim]) -> Option<(String, &'static str)> {
    let mut known = BTreeSet::new();
    if let Some(claim) = claims.iter().find(|claim| !known.insert(claim.request)) {
        return Some((format!("request {} is there twice", claim.request), "claim each once"));
    }
    if let Some(claim) = claims.iter().find(|claim| claim.wei.units() <= 0) {
        return Some((format!("request {} pays nothing", claim.request), "wait until it is finalized"));
    }
    let hints = claims.iter().filter(|claim| claim.hint.is_some()).count();
    if hints > 0 && hints < claims.len() {
        return Some(("only some of its requests have a hint".to_owned(), "give hints for all, or for none"));
    }
    None
}
