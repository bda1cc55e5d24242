//! What became of one attested Safe transaction, by its hash.

use alloy::eips::BlockId;
use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy_primitives::{Address, B256, Log, U256, keccak256};
use alloy_sol_types::SolEvent;
use portcullis_bindings::IPolicyHook;

use crate::history::unlike;
use crate::{Node, Result};

/// A Safe transaction that was executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// The Ethereum transaction.
    pub transaction: B256,
    /// Its block.
    pub block: u64,
    /// The block's time, in seconds.
    pub at: u64,
    /// Whether the Safe's own call succeeded.
    pub success: bool,
    /// What the Ethereum transaction cost.
    pub gas_used: u64,
    /// Everything that it logged, in order.
    pub logs: Vec<Log>,
}

impl Node {
    /// How the Safe executed the attested transaction with this Safe transaction hash; none where it did not. The hook
    /// logs each, indexed by both.
    ///
    /// # Errors
    /// Those of the node, and [`crate::Error::Refused`] where its answers do not fit together.
    pub fn execution(&self, hook: Address, safe: Address, request: B256) -> Result<Option<Execution>> {
        let filter = Filter::new().address(hook).event_signature(IPolicyHook::Attested::SIGNATURE_HASH);
        let filter = filter.topic1(safe.into_word()).topic2(request).from_block(0_u64);
        let logs = self.wait("eth_getLogs", async { self.provider().get_logs(&filter).await })?;
        let Some(log) = logs.first() else { return Ok(None) };
        let (Some(block), Some(transaction)) = (log.block_number, log.transaction_hash) else {
            return Err(unlike("eth_getLogs", "a log is in no block"));
        };
        let receipt = self.wait("eth_getTransactionReceipt", self.provider().get_transaction_receipt(transaction))?;
        let receipt = receipt.ok_or_else(|| unlike("eth_getTransactionReceipt", "it has no such transaction"))?;
        let logs: Vec<Log> = receipt.logs().iter().map(|log| log.inner.clone()).collect();
        let kinds = ["ExecutionSuccess(bytes32,uint256)", "ExecutionFailure(bytes32,uint256)"].map(keccak256);
        let told = |log: &&Log| {
            // 1.3.0 indexes nothing, later versions the hash.
            let hash = log.topics().get(1).copied().or_else(|| log.data.data.get(..32).map(B256::from_slice));
            log.address == safe
                && log.topics().first().is_some_and(|kind| kinds.contains(kind))
                && hash == Some(request)
        };
        let ended = logs.iter().find(told);
        let ended =
            ended.ok_or_else(|| unlike("eth_getTransactionReceipt", "the Safe does not tell of the execution"))?;
        Ok(Some(Execution {
            transaction,
            block,
            at: self.time_of(BlockId::number(block))?,
            success: ended.topics().first() == kinds.first(),
            gas_used: receipt.gas_used,
            logs,
        }))
    }

    /// What an account held of the chain's own coin after a block.
    ///
    /// # Errors
    /// When the node does not answer, or does not look that far back.
    pub fn balance_after(&self, who: Address, block: u64) -> Result<U256> {
        self.wait("eth_getBalance", async { self.provider().get_balance(who).block_id(BlockId::number(block)).await })
    }
}
