//! Sending in steps that can be written down between: sign, broadcast, look up.

use alloy::consensus::{Transaction, TxEnvelope};
use alloy::eips::{BlockId, Decodable2718, Encodable2718};
use alloy::network::{EthereumWallet, NetworkTransactionBuilder, NetworkWallet, TransactionBuilder};
use alloy::providers::Provider;
use alloy::rpc::types::TransactionRequest;
use alloy_primitives::{Address, B256, Bytes, Log, U256};

use crate::{Error, Ledger, Node, Result};

/// A call that a transaction makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The target.
    pub to: Address,
    /// Native units, in wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
}

impl Call {
    fn request(&self, from: Address) -> TransactionRequest {
        let Self { to, value, data } = self.clone();
        TransactionRequest::default().with_from(from).with_to(to).with_value(value).with_input(data)
    }
}

/// A transaction that is signed, and so can be sent any number of times and executes once at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Who pays.
    pub from: Address,
    /// The payer's nonce.
    pub nonce: u64,
    /// The hash, by which it is looked up.
    pub hash: B256,
    /// The bytes that nodes take.
    pub raw: Bytes,
}

/// A transaction in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mined {
    /// Whether it ran to its end.
    pub success: bool,
    /// Gas used, after refunds.
    pub gas_used: u64,
    /// The events, in order.
    pub logs: Vec<Log>,
    /// The number of its block.
    pub block: u64,
    /// The hash of its block.
    pub block_hash: B256,
}

impl Node {
    /// Signs a transaction with the payer's next nonce, and sends nothing.
    ///
    /// # Errors
    /// [`Error::Failed`] when the node says that it would revert; those of the node and the signer.
    pub fn sign(&self, payer: &EthereumWallet, call: &Call) -> Result<Signed> {
        let from = NetworkWallet::<alloy::network::Ethereum>::default_signer_address(payer);
        let request = call.request(from);
        let estimate = self.runtime.block_on(async { self.provider.estimate_gas(request.clone()).await });
        let gas = match estimate {
            Ok(gas) => gas,
            Err(error) => {
                let called = self.ran("eth_estimateGas", Err(error))?;
                return Err(Error::Failed { what: "the transaction would fail: it", output: called.output });
            }
        };
        let fees = self.wait("eth_feeHistory", self.provider.estimate_eip1559_fees())?;
        let nonce = self.transactions(from, true)?;
        let full = request
            .with_chain_id(self.chain_id())
            .with_nonce(nonce)
            // A fifth more: what a guard reads may cost more a block later.
            .with_gas_limit(gas.saturating_add(gas / 5))
            .with_max_fee_per_gas(fees.max_fee_per_gas)
            .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas);
        let signed: TxEnvelope = self
            .runtime
            .block_on(full.build(payer))
            .map_err(|error| Error::Signing { owner: from, why: error.to_string() })?;
        Ok(Signed { from, nonce, hash: *signed.tx_hash(), raw: signed.encoded_2718().into() })
    }

    /// Hands the bytes of a signed transaction to the node.
    ///
    /// # Errors
    /// When the node does not answer, or does not take it: because it has it already, for one.
    pub fn broadcast(&self, raw: &Bytes) -> Result<()> {
        self.wait("eth_sendRawTransaction", async { self.provider.send_raw_transaction(raw).await.map(|_| ()) })
    }

    /// What became of a transaction; none while it is in no block.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn mined_at(&self, hash: B256) -> Result<Option<Mined>> {
        let found = self.wait("eth_getTransactionReceipt", self.provider.get_transaction_receipt(hash))?;
        Ok(found.and_then(|receipt| {
            Some(Mined {
                success: receipt.status(),
                gas_used: receipt.gas_used,
                block: receipt.block_number?,
                block_hash: receipt.block_hash?,
                logs: receipt.logs().iter().map(|log| log.inner.clone()).collect(),
            })
        }))
    }

    /// Whether the node has the transaction, in a block or waiting for one.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn knows(&self, hash: B256) -> Result<bool> {
        let found = self.wait("eth_getTransactionByHash", self.provider.get_transaction_by_hash(hash));
        Ok(found?.is_some())
    }

    /// How many transactions an account has sent: in blocks only, or with those that wait.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn transactions(&self, who: Address, waiting: bool) -> Result<u64> {
        let at = if waiting { BlockId::pending() } else { BlockId::latest() };
        let count = async { self.provider.get_transaction_count(who).block_id(at).await };
        self.wait("eth_getTransactionCount", count)
    }

    /// The hash of the block with this number, on the chain as it is now; none where there is none.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn block_hash(&self, number: u64) -> Result<Option<B256>> {
        let block = async { self.provider.get_block(BlockId::number(number)).await };
        Ok(self.wait("eth_getBlockByNumber", block)?.map(|block| block.header.hash))
    }

    /// What a signed transaction in a block reverted with, as it would run before that block, at its time.
    ///
    /// # Errors
    /// When the bytes are no transaction, the node does not answer, or keeps no such state.
    pub fn why_reverted(&self, from: Address, raw: &Bytes, block: u64) -> Result<Bytes> {
        let invalid = |why: &str| Error::Invalid { from, why: why.to_owned() };
        let signed = TxEnvelope::decode_2718(&mut raw.as_ref()).map_err(|error| invalid(&error.to_string()))?;
        let to = signed.to().ok_or_else(|| invalid("it calls nobody"))?;
        let call = Call { to, value: signed.value(), data: signed.input().clone() };
        let timestamp = self.time_of(BlockId::number(block))?;
        self.revert_data(&call.request(from), block, timestamp)
    }
}
