//! One case, as it is kept in a vector file.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};
use portcullis_eval::{Action, Request, Verdict};
use serde::{Deserialize, Serialize};

use crate::safes::Safe;

/// How the request reaches the hook, besides `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// Not at all: no entry carries such a request.
    CheckOnly,
    /// `checkTransaction`, by the account.
    Transaction,
    /// `checkModuleTransaction`, by the account.
    Module,
    /// `preCheck` by the manager, for owners.
    PreCheckOwners,
    /// `preCheck` by the manager, for a plugin.
    PreCheckPlugin,
    /// `preCheckRootAccess` by the manager, for owners.
    RootOwners,
    /// `preCheckRootAccess` by the manager, for a plugin.
    RootPlugin,
}

impl Entry {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::CheckOnly,
        Self::Transaction,
        Self::Module,
        Self::PreCheckOwners,
        Self::PreCheckPlugin,
        Self::RootOwners,
        Self::RootPlugin,
    ];

    /// Whether a module asks.
    #[must_use]
    pub const fn by_module(self) -> bool {
        matches!(self, Self::Module | Self::PreCheckPlugin | Self::RootPlugin)
    }

    /// Whether the manager calls.
    #[must_use]
    pub const fn managed(self) -> bool {
        matches!(self, Self::PreCheckOwners | Self::PreCheckPlugin | Self::RootOwners | Self::RootPlugin)
    }
}

/// An action as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseAction {
    /// Target.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// 0, 1, or wrong.
    pub operation: u8,
}

/// How much of an asset the account has, in base units. A token of which it has [`Held::UNTOLD`] does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Before the execution.
    pub before: U256,
    /// After it.
    pub after: U256,
}

impl Held {
    /// What a token does not tell.
    pub const UNTOLD: U256 = U256::MAX;
}

/// A program, a state, a request and a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Case {
    /// How the request reaches the hook.
    pub entry: Entry,
    /// The active program's bytes.
    pub program: Bytes,
    /// The hook's storage: words that are not zero.
    pub words: BTreeMap<U256, U256>,
    /// The block's time in seconds.
    pub now: u64,
    /// The account.
    pub account: Address,
    /// The module, if one asks.
    pub origin: Option<Address>,
    /// Who calls.
    pub initiator: Address,
    /// Denied unless zero.
    pub safe_tx_gas: U256,
    /// Denied unless zero.
    pub gas_price: U256,
    /// Top-level actions.
    pub actions: Vec<CaseAction>,
    /// What the account is; without code if it is nothing, so that nothing can be asked of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe: Option<Safe>,
    /// What the owners sign and hand over, besides the actions.
    #[serde(default, skip_serializing_if = "Signed::is_nothing")]
    pub signed: Signed,
    /// What the account has of the assets that limits meter, zero for native; nothing of what is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub held: BTreeMap<Address, Held>,
}

/// What owners sign and hand over, besides the actions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// Part of what owners sign.
    pub base_gas: U256,
    /// Part of what owners sign.
    pub gas_token: Address,
    /// Part of what owners sign.
    pub refund_receiver: Address,
    /// The Safe's nonce that is signed for.
    pub nonce: U256,
    /// Owner signatures, with the material behind them.
    pub signatures: Bytes,
}

impl Signed {
    /// Whether it is all zero and empty.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Case {
    /// The request as the mirror takes it.
    #[must_use]
    pub fn request(&self) -> Request {
        let actions = self.actions.iter().map(|a| Action {
            to: a.to,
            value: a.value,
            data: a.data.clone(),
            operation: a.operation,
        });
        Request {
            account: self.account,
            origin: self.origin,
            initiator: self.initiator,
            safe_tx_gas: self.safe_tx_gas,
            gas_price: self.gas_price,
            actions: actions.collect(),
            base_gas: self.signed.base_gas,
            gas_token: self.signed.gas_token,
            refund_receiver: self.signed.refund_receiver,
            nonce: self.signed.nonce,
            signatures: self.signed.signatures.clone(),
        }
    }
}

/// A verdict as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseVerdict {
    /// The reason's name.
    pub reason: String,
    /// The deciding effect.
    pub effect: u32,
    /// The deciding rule.
    pub rule: Option<u16>,
    /// See the reason.
    pub detail: u8,
    /// See the reason.
    pub have: U256,
    /// See the reason.
    pub need: U256,
}

impl From<Verdict> for CaseVerdict {
    fn from(v: Verdict) -> Self {
        let reason = v.reason.name().to_owned();
        Self { reason, effect: v.effect, rule: v.rule, detail: v.detail, have: v.have, need: v.need }
    }
}

/// A case with what it must come to, as `test/vectors` keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vector {
    /// The case.
    pub case: Case,
    /// The verdict of both evaluators.
    pub verdict: CaseVerdict,
    /// The words written, slot and value, in order of slots; none when denied.
    pub writes: Vec<(U256, U256)>,
}
