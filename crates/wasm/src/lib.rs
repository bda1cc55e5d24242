//! The mirror for wallets: one question in JSON, one answer in JSON, the same on every platform.
//!
//! A question holds the program's bytes, the request, the time, and what is known of the chain. What is not in it is
//! unknown, not zero: the answer is then undecided and names what to read, so that a wallet reads just that and asks
//! again. `portcullis.mjs` beside this crate loads the module.

#[cfg(target_arch = "wasm32")]
pub mod exports;
mod known;

use alloy_primitives::{Address, Bytes, U256};
use portcullis_eval::{Action, Evaluation, Request, Undecided, evaluate};
use serde::{Deserialize, Serialize};

pub use known::{Answered, Known, Unknown};

/// A request, and all that decides on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The program that the account has active, as the code of its data contract.
    pub program: Bytes,
    /// The chain's id.
    pub chain_id: u64,
    /// The hook's address.
    pub hook: Address,
    /// The time of the block, in seconds.
    pub now: u64,
    /// What the account is asked to execute.
    pub request: Asked,
    /// What is known of the chain, as of one block.
    pub state: Known,
}

/// A request, in the words of a Safe transaction. Numbers are strings, in base units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The Safe.
    pub account: Address,
    /// The module that asks; absent where owners do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Address>,
    /// Who calls `execTransaction`.
    pub initiator: Address,
    /// One for a Safe, more for a manager's transaction.
    pub actions: Vec<AskedAction>,
    /// Denied unless zero.
    pub safe_tx_gas: U256,
    /// Part of what owners sign.
    pub base_gas: U256,
    /// Denied unless zero.
    pub gas_price: U256,
    /// Part of what owners sign.
    pub gas_token: Address,
    /// Part of what owners sign.
    pub refund_receiver: Address,
    /// The Safe's nonce that is signed for.
    pub nonce: U256,
    /// Owner signatures, with the material behind them.
    pub signatures: Bytes,
}

/// One call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedAction {
    /// The target.
    pub to: Address,
    /// Native units, in wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// 0 for a call, 1 for a delegatecall.
    pub operation: u8,
}

/// What the hook will do. Allowed only if `allowed` says so: an undecided answer and an error have no such field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// There is a verdict.
    Decided {
        /// Whether the hook lets the request pass.
        allowed: bool,
        /// The reason's name, as docs/reason-codes.md has it.
        reason: String,
        /// Its number.
        number: u8,
        /// The index of the deciding effect.
        effect: u32,
        /// The index of the deciding rule, if one did.
        rule: Option<u16>,
        /// See the reason.
        detail: u8,
        /// See the reason.
        have: U256,
        /// See the reason.
        need: U256,
        /// What an allowed request writes to the hook's storage: slot and word.
        writes: Vec<(U256, U256)>,
    },
    /// Something that decides is not known.
    Undecided {
        /// What, in words.
        undecided: String,
        /// What to read and to put into `state` before asking again, where reading helps.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        read: Option<Unknown>,
    },
    /// The question is none.
    Unreadable {
        /// What is wrong with it.
        error: String,
    },
}

/// Answers a question that is JSON, in JSON. Never panics; what cannot be read is an error, never an allow.
#[must_use]
pub fn answer(question: &str) -> String {
    let answer = match serde_json::from_str::<Question>(question) {
        Ok(question) => question.answer(),
        Err(error) => Answer::Unreadable { error: error.to_string() },
    };
    serde_json::to_string(&answer).unwrap_or_else(|_| r#"{"error":"the answer cannot be written"}"#.to_owned())
}

impl Question {
    /// What the hook will do.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let state = self.state.reading();
        match evaluate(&self.program, self.chain_id, self.hook, &state, &self.request.request(), self.now) {
            Ok(evaluation) => decided(evaluation),
            Err(why) => Answer::Undecided {
                undecided: why.to_string(),
                read: if matches!(why, Undecided::Missing(_)) { state.unknown() } else { None },
            },
        }
    }
}

fn decided(evaluation: Evaluation) -> Answer {
    let verdict = evaluation.verdict;
    Answer::Decided {
        allowed: verdict.is_allowed(),
        reason: verdict.reason.name().to_owned(),
        number: verdict.reason.number(),
        effect: verdict.effect,
        rule: verdict.rule,
        detail: verdict.detail,
        have: verdict.have,
        need: verdict.need,
        writes: evaluation.writes,
    }
}

impl Asked {
    /// As the mirror takes it.
    #[must_use]
    pub fn request(&self) -> Request {
        let actions = self.actions.iter().map(|action| Action {
            to: action.to,
            value: action.value,
            data: action.data.clone(),
            operation: action.operation,
        });
        Request {
            account: self.account,
            origin: self.origin,
            initiator: self.initiator,
            safe_tx_gas: self.safe_tx_gas,
            base_gas: self.base_gas,
            gas_price: self.gas_price,
            gas_token: self.gas_token,
            refund_receiver: self.refund_receiver,
            nonce: self.nonce,
            signatures: self.signatures.clone(),
            actions: actions.collect(),
        }
    }
}
