//! What a simulation found, without names or words: the part of a report that has a hash.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_eval::Verdict;
use portcullis_report::Outcome;
use portcullis_simulate::{Change, Ran};
use serde::Serialize;
use std::collections::BTreeMap;

/// Something that the simulation has other than the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Override {
    /// An owner is taken to have approved the transaction on chain.
    ApprovedHash { owner: Address, hash: B256, slot: B256 },
    /// The Safe is taken to be at the transaction's nonce, which is ahead of it.
    Nonce { nonce: U256 },
    /// The chain ran other transactions before it in its block.
    EarlierInBlock { count: u64 },
    /// The transaction did something before it called the Safe.
    WithinTransaction,
    /// The policy was changed before, to which owners are taken to consent, and time passed for it.
    PolicyChanged { program: B256, seconds: u64 },
    /// Requests ran before it.
    AfterRequests { count: u64 },
    /// Nobody is named, so somebody without code sends it.
    AnySender { sender: Address },
    /// A contract sends it as no contract can: it calls without being called.
    ContractSends { sender: Address },
    /// The sender pays nothing for gas, and the block has no base fee.
    FreeGas,
}

/// A verdict, by numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Judged {
    verdict: &'static str,
    reason: &'static str,
    effect: u32,
    rule: Option<u16>,
    detail: u8,
    have: U256,
    need: U256,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Event {
    address: Address,
    topics: Vec<B256>,
    data: Bytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Changed {
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<(U256, U256)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<(u64, u64)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code_hash: Option<(B256, B256)>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    storage: BTreeMap<B256, (B256, B256)>,
}

/// Everything that a simulation found. The fields' order is that of the bytes that are hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Facts {
    pub(crate) version: &'static str,
    pub(crate) chain_id: u64,
    pub(crate) block_number: u64,
    pub(crate) block_hash: B256,
    pub(crate) time: u64,
    pub(crate) safe: Address,
    pub(crate) safe_version: &'static str,
    pub(crate) safe_tx_hash: Option<B256>,
    pub(crate) nonce: Option<U256>,
    pub(crate) origin: Option<Address>,
    pub(crate) initiator: Address,
    pub(crate) hook: Address,
    pub(crate) program: B256,
    pub(crate) chain: Judged,
    pub(crate) mirror: Judged,
    pub(crate) agree: bool,
    pub(crate) outcome: Outcome,
    pub(crate) failure: Option<String>,
    pub(crate) gas: u64,
    logs: Vec<Event>,
    changes: BTreeMap<Address, Changed>,
    pub(crate) overrides: Vec<Override>,
}

impl From<&Verdict> for Judged {
    fn from(verdict: &Verdict) -> Self {
        let Verdict { reason, effect, rule, detail, have, need } = *verdict;
        Self { verdict: crate::words::verdict(verdict), reason: reason.name(), effect, rule, detail, have, need }
    }
}

/// What is known of the execution.
pub(crate) struct Setting {
    pub(crate) chain_id: u64,
    pub(crate) block_number: u64,
    pub(crate) block_hash: B256,
    pub(crate) time: u64,
    pub(crate) safe: Address,
    pub(crate) safe_version: &'static str,
    pub(crate) safe_tx_hash: Option<B256>,
    pub(crate) nonce: Option<U256>,
    pub(crate) origin: Option<Address>,
    pub(crate) initiator: Address,
    pub(crate) hook: Address,
    pub(crate) program: B256,
    pub(crate) overrides: Vec<Override>,
}

impl Facts {
    pub(crate) fn new(
        setting: Setting,
        chain: &Verdict,
        mirror: &Verdict,
        outcome: Outcome,
        failure: Option<String>,
        ran: &Ran,
    ) -> Self {
        let event = |log: &alloy_primitives::Log| Event {
            address: log.address,
            topics: log.topics().to_vec(),
            data: log.data.data.clone(),
        };
        let changed = |change: &Change| Changed {
            balance: change.balance,
            nonce: change.nonce,
            code_hash: change.code,
            storage: change.words.clone(),
        };
        Self {
            version: "1.0",
            chain_id: setting.chain_id,
            block_number: setting.block_number,
            block_hash: setting.block_hash,
            time: setting.time,
            safe: setting.safe,
            safe_version: setting.safe_version,
            safe_tx_hash: setting.safe_tx_hash,
            nonce: setting.nonce,
            origin: setting.origin,
            initiator: setting.initiator,
            hook: setting.hook,
            program: setting.program,
            chain: chain.into(),
            mirror: mirror.into(),
            agree: chain == mirror,
            outcome,
            failure,
            gas: ran.receipt.gas_used,
            logs: ran.receipt.logs.iter().map(event).collect(),
            changes: ran.changes.iter().map(|(who, change)| (*who, changed(change))).collect(),
            overrides: setting.overrides,
        }
    }

    /// The hash of the report: of these facts as JSON without spaces.
    pub(crate) fn hash(&self) -> Result<B256, serde_json::Error> {
        Ok(keccak256(serde_json::to_vec(self)?))
    }
}

impl Override {
    /// In words.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::ApprovedHash { owner, .. } => {
                format!("owner {owner} is taken to have approved the transaction (approvedHashes is written)")
            }
            Self::Nonce { nonce } => format!("the Safe is taken to be at nonce {nonce}"),
            Self::EarlierInBlock { count } => {
                format!("the {count} transactions before it in its block are not run: the state is the block's before")
            }
            Self::WithinTransaction => "what its transaction did before it called the Safe is not run".to_owned(),
            Self::PolicyChanged { program, seconds } => {
                let waited = crate::units::duration(*seconds);
                format!("the policy was changed to program {program} before, with the owners' consent, in {waited}")
            }
            Self::AfterRequests { count } => format!("it runs on what {count} requests before it left"),
            Self::AnySender { sender } => format!("nobody is named who executes: {sender} does"),
            Self::ContractSends { sender } => {
                format!("{sender} is a contract, and sends the transaction itself instead of being called to")
            }
            Self::FreeGas => "gas is counted, but costs nothing, and the block has no base fee".to_owned(),
        }
    }
}
