//! A plan: what was read, where the account shall be, and the one Safe transaction that comes next.

use alloy_primitives::{B256, keccak256};
use portcullis_chain::Node;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::account::Account;
use crate::steps::{self, Goal, Next, Step};
use crate::{Error, Result};

/// The version of the file.
const VERSION: &str = "1.0";

/// The block that a plan was made on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash.
    pub hash: B256,
    /// Its time, in seconds.
    pub timestamp: u64,
}

/// A plan, as its file has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of the file.
    pub format_version: String,
    /// What was read, and is to be the same when the plan is applied.
    pub account: Account,
    /// Where the account shall be.
    pub goal: Goal,
    /// The block of the reading.
    pub block: Block,
    /// What the owners execute.
    pub step: Step,
    /// What the account is like afterwards, as rehearsed.
    pub after: Account,
    /// What a person was shown: nothing is decided by it.
    pub shown: Value,
}

/// The file: a plan and the hash of it.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    plan_hash: B256,
    plan: Plan,
}

impl Plan {
    /// A plan of what comes next.
    #[must_use]
    pub fn new(account: Account, goal: Goal, block: Block, step: Step, after: Account, shown: Value) -> Self {
        Self { format_version: VERSION.to_owned(), account, goal, block, step, after, shown }
    }

    /// Names the plan.
    ///
    /// # Errors
    /// [`Error::BadPlan`] when it does not fit in JSON.
    pub fn hash(&self) -> Result<B256> {
        let bytes = serde_json::to_vec(self).map_err(|error| Error::BadPlan { why: error.to_string() })?;
        Ok(keccak256(bytes))
    }

    /// The file's text.
    ///
    /// # Errors
    /// As [`Plan::hash`].
    pub fn seal(&self) -> Result<String> {
        let sealed = Sealed { plan_hash: self.hash()?, plan: self.clone() };
        serde_json::to_string_pretty(&sealed)
            .map(|text| text + "\n")
            .map_err(|error| Error::BadPlan { why: error.to_string() })
    }

    /// Reads a file's text, and derives its step again: a plan does what its reading and its goal say, or nothing.
    ///
    /// # Errors
    /// [`Error::BadPlan`] when it was cut off or edited.
    pub fn unseal(text: &str) -> Result<Self> {
        let bad = |why: String| Error::BadPlan { why };
        let sealed: Sealed = serde_json::from_str(text).map_err(|error| bad(error.to_string()))?;
        let plan = sealed.plan;
        if plan.format_version != VERSION {
            return Err(bad(format!("its version is `{}`, not `{VERSION}`", plan.format_version)));
        }
        if plan.hash()? != sealed.plan_hash {
            return Err(bad("its content does not have its hash, so it was edited".to_owned()));
        }
        if steps::next(&plan.account, &plan.goal, plan.block.timestamp)? != Next::Execute(plan.step.clone()) {
            return Err(bad("its step is not what its goal asks for".to_owned()));
        }
        Ok(plan)
    }

    /// Insists that the account is as it was when the plan was made, on the same chain of blocks.
    ///
    /// # Errors
    /// [`Error::OtherChain`], [`Error::Reorganised`], [`Error::Moved`], and those of the node.
    pub fn check_unmoved(&self, node: &Node, now: &Account) -> Result<()> {
        if node.block_hash(self.block.number)? != Some(self.block.hash) {
            return Err(Error::Reorganised { block: self.block.number });
        }
        let moved = self.account.moved(now);
        if moved.is_empty() { Ok(()) } else { Err(Error::Moved { what: moved.join(", ") }) }
    }
}
