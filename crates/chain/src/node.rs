//! A node, over HTTP.

use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

use alloy::consensus::TxEnvelope;
use alloy::eips::BlockId;
use alloy::network::{Ethereum, EthereumWallet, NetworkTransactionBuilder, TransactionBuilder};
use alloy::providers::{Provider, RootProvider};
use alloy::rpc::client::RpcClient;
use alloy::rpc::types::state::AccountOverride;
use alloy::rpc::types::{BlockOverrides, TransactionReceipt, TransactionRequest};
use alloy::signers::local::PrivateKeySigner;
use alloy::transports::http::{Http, reqwest};
use alloy::transports::{RpcError, TransportError};
use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_bindings::{deployer, probe};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::{Called, Error, Ledger, Receipt, Result};

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(20);
/// How long a transaction may take to get into a block.
const MINING_TIMEOUT: Duration = Duration::from_secs(180);
/// What a transaction offers when the node says that it will revert and so estimates nothing.
const GAS_OF_REVERTING: u64 = 10_000_000;

/// A node over HTTP, with the keys to send from. The calls block; the threads are the node's own.
pub struct Node {
    pub(crate) runtime: Runtime,
    pub(crate) provider: RootProvider<Ethereum>,
    url: String,
    chain_id: u64,
    keys: Vec<PrivateKeySigner>,
}

/// Without the URL's path, which may hold a key.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").field("url", &self.url).field("chain_id", &self.chain_id).finish_non_exhaustive()
    }
}

impl Node {
    /// Connects, and asks for the chain's id.
    ///
    /// # Errors
    /// [`Error::BadUrl`], or [`Error::Unreachable`] when nobody answers.
    pub fn connect(url: &str, keys: Vec<PrivateKeySigner>) -> Result<Self> {
        Self::connect_within(url, keys, REQUEST_TIMEOUT)
    }

    /// Connects, with a limit to what one request may take.
    ///
    /// # Errors
    /// As [`Node::connect`].
    pub fn connect_within(url: &str, keys: Vec<PrivateKeySigner>, limit: Duration) -> Result<Self> {
        let parsed =
            reqwest::Url::parse(url).map_err(|_| Error::BadUrl { url: url.to_owned(), why: "it does not parse" })?;
        let bad = |why| Error::BadUrl { url: shown(&parsed), why };
        match parsed.scheme() {
            "http" => {}
            "https" if cfg!(feature = "tls") => {}
            "https" => return Err(bad("this build speaks no TLS (feature `tls`)")),
            _ => return Err(bad("it is neither http nor https")),
        }
        #[cfg(feature = "tls")]
        // Fails only where the process has chosen a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let unreachable = |why: String| Error::Unreachable { url: shown(&parsed), why };
        let client = reqwest::Client::builder().timeout(limit);
        // Reading the certificates that a system trusts takes longer than asking a node close by.
        #[cfg(feature = "tls")]
        let client = if parsed.scheme() == "http" { client.tls_certs_only([]) } else { client };
        let client = client.build().map_err(|error| unreachable(cause(&error)))?;
        let local = parsed.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1"));
        let transport = Http::with_client(client, parsed.clone());
        let provider = RootProvider::new(RpcClient::new(transport, local));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let mut node = Self { runtime, provider, url: shown(&parsed), chain_id: 0, keys };
        node.chain_id = node.wait("eth_chainId", node.provider.get_chain_id())?;
        Ok(node)
    }

    /// The number of the newest block.
    ///
    /// # Errors
    /// When the node does not answer.
    pub fn latest(&self) -> Result<u64> {
        self.wait("eth_blockNumber", self.provider.get_block_number())
    }

    /// Puts the Safe singleton factory where it stands on public chains, if it is not there. Only chains
    /// made for tests and demonstrations can (`anvil_setCode`).
    ///
    /// # Errors
    /// When the node cannot, or does not answer.
    pub fn put_singleton_factory(&mut self) -> Result<()> {
        let factory = deployer::SAFE_SINGLETON_FACTORY;
        if !self.code(factory, None)?.is_empty() {
            return Ok(());
        }
        self.raw("anvil_setCode", json!([factory, Bytes::from_static(&deployer::CODE)]))
    }

    pub(crate) const fn provider(&self) -> &RootProvider<Ethereum> {
        &self.provider
    }

    /// Runs a request to its end, and sorts its errors.
    pub(crate) fn wait<T>(
        &self,
        method: &'static str,
        request: impl Future<Output = std::result::Result<T, TransportError>>,
    ) -> Result<T> {
        self.runtime.block_on(request).map_err(|error| self.fault(method, &error))
    }

    fn fault(&self, method: &'static str, error: &TransportError) -> Error {
        match error {
            RpcError::Transport(why) => Error::Unreachable { url: self.url.clone(), why: cause(why) },
            RpcError::DeserError { err, .. } => {
                Error::Unreachable { url: self.url.clone(), why: format!("it does not speak JSON-RPC ({err})") }
            }
            RpcError::ErrorResp(answer) => Error::Refused { method, why: answer.message.to_string() },
            other => Error::Refused { method, why: other.to_string() },
        }
    }

    /// A request whose answer does not matter.
    fn raw(&self, method: &'static str, parameters: serde_json::Value) -> Result<()> {
        let _: serde_json::Value = self.wait(method, self.provider.raw_request(method.into(), parameters))?;
        Ok(())
    }

    pub(crate) fn time_of(&self, block: BlockId) -> Result<u64> {
        let found = self.wait("eth_getBlockByNumber", async { self.provider.get_block(block).await })?;
        found
            .map(|block| block.header.timestamp)
            .ok_or_else(|| Error::Refused { method: "eth_getBlockByNumber", why: "it has no such block".to_owned() })
    }

    /// A call's result, where a revert is one.
    pub(crate) fn ran(
        &self,
        method: &'static str,
        answer: std::result::Result<Bytes, TransportError>,
    ) -> Result<Called> {
        match answer {
            Ok(output) => Ok(Called { success: true, output }),
            Err(RpcError::ErrorResp(payload)) => match payload.as_revert_data() {
                Some(output) => Ok(Called { success: false, output }),
                // Nodes answer a revert without data with code 3, or with words only.
                None if payload.code == 3 || payload.message.contains("revert") => {
                    Ok(Called { success: false, output: Bytes::new() })
                }
                None => Err(self.fault(method, &RpcError::ErrorResp(payload))),
            },
            Err(error) => Err(self.fault(method, &error)),
        }
    }

    fn gas_for(&self, request: &TransactionRequest) -> Result<u64> {
        let estimate = self.runtime.block_on(async { self.provider.estimate_gas(request.clone()).await });
        match estimate {
            // A fifth more: what a guard reads may cost more a block later.
            Ok(gas) => Ok(gas.saturating_add(gas / 5)),
            Err(error) => {
                let called = self.ran("eth_estimateGas", Err(error))?;
                debug_assert!(!called.success, "an error is never a success");
                Ok(GAS_OF_REVERTING)
            }
        }
    }

    fn mined(&self, hash: B256) -> Result<TransactionReceipt> {
        let started = Instant::now();
        let mut pause = Duration::from_millis(5);
        while started.elapsed() < MINING_TIMEOUT {
            let found = self.wait("eth_getTransactionReceipt", self.provider.get_transaction_receipt(hash))?;
            if let Some(receipt) = found {
                return Ok(receipt);
            }
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2).min(Duration::from_secs(1));
        }
        Err(Error::NotMined { hash, waited: started.elapsed() })
    }

    /// What a failed transaction reverted with: receipts do not say, so it runs again on the state before
    /// its block, at the time of its block. Transactions before it in the same block are not seen.
    pub(crate) fn revert_data(&self, request: &TransactionRequest, block: u64, timestamp: u64) -> Result<Bytes> {
        let time = BlockOverrides::default().with_number(U256::from(block)).with_time(timestamp);
        let before = BlockId::number(block.saturating_sub(1));
        let answer = self
            .runtime
            .block_on(async { self.provider.call(request.clone()).block(before).with_block_overrides(time).await });
        let called = self.ran("eth_call", answer)?;
        Ok(if called.success { Bytes::new() } else { called.output })
    }
}

/// A URL without what may be a secret: user, password, path and query.
fn shown(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{host}{port}", url.scheme())
}

/// The innermost cause, which names no URL: the outer ones repeat it with its secrets.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    text.split(" for url (").next().unwrap_or_default().to_owned()
}

fn block_id(at: Option<u64>) -> BlockId {
    at.map_or_else(BlockId::latest, BlockId::number)
}

impl Ledger for Node {
    fn chain_id(&self) -> u64 {
        self.chain_id
    }

    fn now(&self) -> Result<u64> {
        self.time_of(BlockId::latest())
    }

    fn advance(&mut self, seconds: u64) -> Result<()> {
        self.raw("evm_increaseTime", json!([U256::from(seconds)]))?;
        self.raw("evm_mine", json!([]))
    }

    fn balance(&self, who: Address) -> Result<U256> {
        self.wait("eth_getBalance", async { self.provider.get_balance(who).await })
    }

    fn fund(&mut self, who: Address, wei: U256) -> Result<()> {
        self.raw("anvil_setBalance", json!([who, wei]))
    }

    fn code(&self, who: Address, at: Option<u64>) -> Result<Bytes> {
        self.wait("eth_getCode", async { self.provider.get_code_at(who).block_id(block_id(at)).await })
    }

    fn storage(&self, who: Address, slot: U256, at: Option<u64>) -> Result<U256> {
        self.wait("eth_getStorageAt", async { self.provider.get_storage_at(who, slot).block_id(block_id(at)).await })
    }

    fn call(&self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Called> {
        let request = TransactionRequest::default().with_from(from).with_to(to).with_value(value).with_input(data);
        // Of the newest block, as all that is read here: without a block the library asks for the pending one.
        let answer = self.runtime.block_on(async { self.provider.call(request).latest().await });
        self.ran("eth_call", answer)
    }

    fn static_call(&self, from: Address, to: Address, data: &[u8], gas: u32, at: Option<u64>) -> Result<Option<Bytes>> {
        let request = TransactionRequest::default()
            .with_to(from)
            .with_input(probe::calldata(to, gas, data))
            .with_gas_limit(probe::gas_limit(gas));
        let code = AccountOverride::default().with_code(probe::CODE);
        let call = self.provider.call(request).block(block_id(at)).account_override(from, code);
        let output = self.wait("eth_call", async { call.await })?;
        let why = || "it does not run a call with other code in place of a contract's".to_owned();
        probe::answer(&output).ok_or_else(|| Error::Refused { method: "eth_call", why: why() })
    }

    fn send(&mut self, from: Address, to: Address, value: U256, data: Bytes) -> Result<Receipt> {
        let key = self.keys.iter().find(|key| key.address() == from).ok_or(Error::NoKey { from })?;
        let wallet = EthereumWallet::from(key.clone());
        let request = TransactionRequest::default().with_from(from).with_to(to).with_value(value).with_input(data);
        let fees = self.wait("eth_feeHistory", self.provider.estimate_eip1559_fees())?;
        let nonce =
            self.wait("eth_getTransactionCount", async { self.provider.get_transaction_count(from).pending().await })?;
        let full = request
            .clone()
            .with_chain_id(self.chain_id)
            .with_nonce(nonce)
            .with_gas_limit(self.gas_for(&request)?)
            .with_max_fee_per_gas(fees.max_fee_per_gas)
            .with_max_priority_fee_per_gas(fees.max_priority_fee_per_gas);
        let signed: TxEnvelope = self
            .runtime
            .block_on(full.build(&wallet))
            .map_err(|error| Error::Signing { owner: from, why: error.to_string() })?;
        let hash = *signed.tx_hash();
        self.wait("eth_sendRawTransaction", async { self.provider.send_tx_envelope(signed).await.map(|_| ()) })?;

        let receipt = self.mined(hash)?;
        let block = receipt.block_number.ok_or(Error::NotMined { hash, waited: Duration::ZERO })?;
        let timestamp = self.time_of(BlockId::number(block))?;
        let success = receipt.status();
        let output = if success { Bytes::new() } else { self.revert_data(&request, block, timestamp)? };
        let logs = receipt.logs().iter().map(|log| log.inner.clone()).collect();
        Ok(Receipt { success, output, gas_used: receipt.gas_used, logs, block, timestamp })
    }
}
