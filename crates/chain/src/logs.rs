//! Past events of one contract.

use alloy::providers::Provider;
use alloy::rpc::types::Filter;
use alloy_primitives::{Address, B256, Log};

use crate::{Node, Result};

impl Node {
    /// Every event of this kind that a contract ever emitted, oldest first.
    ///
    /// # Errors
    /// When the node does not answer, or does not look that far back.
    pub fn events(&self, contract: Address, kind: B256) -> Result<Vec<Log>> {
        let filter = Filter::new().address(contract).event_signature(kind).from_block(0_u64);
        let found = self.wait("eth_getLogs", async { self.provider.get_logs(&filter).await })?;
        Ok(found.into_iter().map(|log| log.inner).collect())
    }
}
