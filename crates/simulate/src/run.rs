//! One transaction on revm, and what it did.

use alloy_primitives::{Address, Bytes, Log, TxKind, U256};
use revm::context::result::{EVMError, ExecutionResult, ResultAndState};
use revm::context::{BlockEnv, Context, TxEnv};
use revm::primitives::hardfork::SpecId;
use revm::{Database, ExecuteEvm, InspectEvm, MainBuilder, MainContext};

use crate::trace::Watch;

/// The rules of the chain: the newest that mainnet runs.
pub const SPEC: SpecId = SpecId::OSAKA;

/// The most that one transaction may use since EIP-7825, and so what every transaction here offers.
pub(crate) const GAS_LIMIT: u64 = 1 << 24;

/// What a transaction did. A failed one has its revert data as output, and no logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Whether it ran to its end.
    pub success: bool,
    /// What it returned, or reverted with; empty when it halted.
    pub output: Bytes,
    /// Why it halted, such as running out of gas.
    pub halt: Option<String>,
    /// Gas used, after refunds.
    pub gas_used: u64,
    /// The events, in order.
    pub logs: Vec<Log>,
    /// The number of its block.
    pub block: u64,
    /// The time of its block, in seconds.
    pub timestamp: u64,
    /// The contract that a creating transaction made.
    pub created: Option<Address>,
}

/// What a call returned, without a trace on the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Called {
    /// Whether it ran to its end.
    pub success: bool,
    /// What it returned, or reverted with; empty when it halted.
    pub output: Bytes,
    /// Gas used, after refunds, the transaction's own costs included.
    pub gas_used: u64,
}

impl Receipt {
    pub(crate) fn new(result: ExecutionResult, block: u64, timestamp: u64) -> Self {
        let success = result.is_success();
        let halt = match &result {
            ExecutionResult::Halt { reason, .. } => Some(format!("{reason:?}")),
            ExecutionResult::Success { .. } | ExecutionResult::Revert { .. } => None,
        };
        Self {
            success,
            halt,
            gas_used: result.tx_gas_used(),
            logs: if success { result.logs().to_vec() } else { Vec::new() },
            block,
            timestamp,
            created: result.created_address(),
            output: result.into_output().unwrap_or_default(),
        }
    }
}

impl Called {
    pub(crate) fn new(result: ExecutionResult) -> Self {
        Self {
            success: result.is_success(),
            gas_used: result.tx_gas_used(),
            output: result.into_output().unwrap_or_default(),
        }
    }
}

/// Where a transaction runs. Gas costs nothing (price and base fee are zero) but is counted in full.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub(crate) chain_id: u64,
    pub(crate) block: BlockEnv,
    /// Whether a contract may be the sender, as no chain has it.
    pub(crate) contracts_send: bool,
}

/// A transaction.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) from: Address,
    pub(crate) kind: TxKind,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
    pub(crate) nonce: u64,
    pub(crate) gas_limit: u64,
}

impl Surroundings {
    pub(crate) fn run<D: Database>(
        self,
        db: D,
        sent: Sent,
        watch: Option<&mut Watch>,
    ) -> Result<ResultAndState, EVMError<D::Error>> {
        let transaction = TxEnv::builder()
            .caller(sent.from)
            .kind(sent.kind)
            .value(sent.value)
            .data(sent.data)
            .nonce(sent.nonce)
            .chain_id(Some(self.chain_id))
            .gas_limit(sent.gas_limit)
            .build()
            .map_err(|error| EVMError::Custom(format!("{error:?}")))?;
        let context = Context::mainnet()
            .with_db(db)
            .modify_cfg_chained(|cfg| {
                cfg.chain_id = self.chain_id;
                // What transactions may use is bounded where they are sent; a static call's frame needs more.
                cfg.tx_gas_limit_cap = Some(u64::MAX);
                cfg.disable_eip3607 = self.contracts_send;
                cfg.set_spec_and_mainnet_gas_params(SPEC);
            })
            .with_block(self.block);
        match watch {
            None => context.build_mainnet().transact(transaction),
            Some(watch) => context.build_mainnet_with_inspector(watch).inspect_tx(transaction),
        }
    }
}
