//! One transaction that a chain has executed: where it was, and what it asked of a Safe.

use alloy::consensus::Transaction as _;
use alloy::eips::BlockId;
use alloy::network::TransactionResponse;
use alloy::providers::Provider;
use alloy_primitives::{Address, B256, Bytes};
use serde_json::{Value, json};

use crate::history::{is_asking, unlike};
use crate::{Node, Result};

/// A transaction in its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The hash of the block before its own.
    pub parent: B256,
    /// The time of its block, in seconds.
    pub at: u64,
    /// How many transactions stand before it in its block.
    pub before: u64,
    /// Whether the Safe was called by the transaction itself, not within it.
    pub is_direct: bool,
    /// Who asked the Safe to execute, and with which calldata, in order.
    pub calls: Vec<(Address, Bytes)>,
}

impl Node {
    /// What a transaction asked a Safe to execute. One that was sent to the Safe itself is told whether it succeeded
    /// or not; calls within another are told where they were not undone.
    ///
    /// # Errors
    /// Those of the node; [`crate::Error::Refused`] where it has no such transaction, or none that asks the Safe, and
    /// where it does not trace one that reached the Safe through another contract.
    pub fn asked_in(&self, safe: Address, transaction: B256) -> Result<Past> {
        const METHOD: &str = "eth_getTransactionByHash";
        let sent = self.wait(METHOD, self.provider().get_transaction_by_hash(transaction))?;
        let sent = sent.ok_or_else(|| unlike(METHOD, "it has no such transaction"))?;
        let (Some(hash), Some(before)) = (sent.block_hash, sent.transaction_index) else {
            return Err(unlike(METHOD, "the transaction is in no block yet"));
        };
        let block = self.wait("eth_getBlockByHash", async { self.provider().get_block(BlockId::hash(hash)).await })?;
        let block = block.ok_or_else(|| unlike("eth_getBlockByHash", "it has no block of that hash"))?;
        let is_direct = sent.to() == Some(safe) && is_asking(sent.input());
        let calls = if is_direct {
            vec![(sent.from(), sent.input().clone())]
        } else {
            let options = json!({ "tracer": "callTracer" });
            let call = self.provider().raw_request("debug_traceTransaction".into(), json!([transaction, options]));
            let tree: Value = self.wait("debug_traceTransaction", call)?;
            let mut found = Vec::new();
            calls(&tree, safe, &mut found);
            found
        };
        if calls.is_empty() {
            return Err(unlike(METHOD, "the transaction asks the Safe to execute nothing"));
        }
        Ok(Past { parent: block.header.parent_hash, at: block.header.timestamp, before, is_direct, calls })
    }
}

/// Calls of the Safe that were not undone, in the order in which they began.
fn calls(call: &Value, safe: Address, found: &mut Vec<(Address, Bytes)>) {
    if call.get("error").is_some() {
        return;
    }
    let text = |key: &str| call.get(key).and_then(Value::as_str).unwrap_or_default();
    if text("type") == "CALL"
        && text("to").parse() == Ok(safe)
        && let (Ok(from), Ok(input)) = (text("from").parse::<Address>(), text("input").parse::<Bytes>())
        && is_asking(&input)
    {
        found.push((from, input));
    }
    for inner in call.get("calls").and_then(Value::as_array).into_iter().flatten() {
        calls(inner, safe, found);
    }
}
