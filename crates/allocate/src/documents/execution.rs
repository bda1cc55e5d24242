//! What a chain did with an attested phase.

use super::{Body, Kind};
use alloy_primitives::{Address, B256};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One executed phase: the transaction, what it was attested with, and what changed by it.
///
/// It repeats what a chain tells, and proves nothing by itself: whoever doubts it asks a node for the transaction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Execution {
    /// `"allocation-execution"`
    pub kind: Kind,
    /// 1
    pub format: u32,
    /// The proposal that the hook's event names.
    #[schemars(with = "String")]
    pub proposal: B256,
    /// Which of the requests that the account executed under the proposal, from 1.
    pub phase: u32,
    /// The Safe transaction hash, which attesters and owners signed.
    #[schemars(with = "String")]
    pub request: B256,
    /// The chain.
    pub chain_id: u64,
    /// The account.
    #[schemars(with = "String")]
    pub safe: Address,
    /// The Safe's nonce that it used.
    pub nonce: String,
    /// The hook that decided.
    #[schemars(with = "String")]
    pub hook: Address,
    /// The version of the policy that it was attested under.
    #[schemars(with = "String")]
    pub program: B256,
    /// The time of its block.
    #[schemars(with = "String")]
    pub executed_at: Timestamp,
    /// Its block.
    pub block: u64,
    /// The Ethereum transaction.
    #[schemars(with = "String")]
    pub transaction: B256,
    /// Whether the Safe's own call succeeded. The policy had allowed it in either case.
    pub succeeded: bool,
    /// What the transaction cost.
    pub gas_used: u64,
    /// Attester sets whose statement it came with, in their order.
    pub attestations: Vec<Attestation>,
    /// Owners whose signatures are in the file, ascending.
    #[schemars(with = "Vec<String>")]
    pub owners: Vec<Address>,
    /// The policy's limits, in its order; absent if the account has another policy since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Vec<LimitUse>>,
    /// What the account holds of the chain's own coin, and of every ERC-20 token that it gave or received.
    pub balances: Vec<Balance>,
}

/// An attester set's statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The set's place in the policy.
    pub set: u8,
    /// Who signed, ascending.
    #[schemars(with = "Vec<String>")]
    pub attesters: Vec<Address>,
    /// Until when it counted.
    #[schemars(with = "String")]
    pub deadline: Timestamp,
}

/// What is left of a limit, in base units, at the time of the execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitUse {
    /// Its name in the policy.
    pub id: String,
    /// What it counts.
    pub asset: String,
    /// Its cap.
    pub cap: String,
    /// After the block before.
    pub left_before: String,
    /// After the block.
    pub left_after: String,
}

/// What the account holds, in base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Balance {
    /// The token; absent for the chain's own coin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub token: Option<Address>,
    /// After the block before.
    pub before: String,
    /// After the block.
    pub after: String,
}

impl Body for Execution {
    const KIND: &'static str = "allocation-execution";

    fn head(&self) -> (&str, u32) {
        (&self.kind.0, self.format)
    }

    /// The order of limits is the policy's.
    fn sort(&mut self) {
        self.attestations.sort_by_key(|one| one.set);
        self.owners.sort();
        self.balances.sort_by_key(|balance| balance.token);
    }

    fn validate(&self) -> Result<(), (String, String, String)> {
        if self.phase == 0 {
            return Err(("phase".to_owned(), "it is 0".to_owned(), "phases count from 1".to_owned()));
        }
        let limits = self.limits.iter().flatten();
        let limits = limits.flat_map(|limit| [&limit.cap, &limit.left_before, &limit.left_after]);
        let amounts = self.balances.iter().flat_map(|balance| [&balance.before, &balance.after]);
        let is_number = |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        match amounts.chain(limits).chain([&self.nonce]).find(|text| !is_number(text)) {
            Some(text) => {
                let what = format!("`{text}` is no number");
                Err(("document".to_owned(), what, "write base units in decimal digits".to_owned()))
            }
            None => Ok(()),
        }
    }
}
