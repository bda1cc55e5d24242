//! Calls, events and changes of the state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Amount, Data, Hash, Untrusted, Who};

/// A call, or the making of a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The index of the call that made it; none for the first.
    pub parent: Option<u32>,
    /// How deep it is: 0 for the first.
    pub depth: u32,
    /// How it is called.
    pub kind: CallKind,
    /// Who calls.
    pub from: Who,
    /// Whose code runs; none where no contract came to be.
    pub to: Option<Who>,
    /// Native value that goes along, in wei.
    pub value: Amount,
    /// Gas used.
    pub gas: u64,
    /// With what.
    pub input: Data,
    /// What it returns or reverts with.
    pub output: Data,
    /// How it ends.
    pub status: Status,
    /// Why it ends so, where it does not succeed.
    pub error: Option<Untrusted>,
    /// Whether nothing of it remains, since it or a call around it reverts.
    pub undone: bool,
    /// The calldata, read.
    pub call: Option<Decoded>,
}

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallKind {
    /// An ordinary call.
    Call,
    /// Without changes.
    StaticCall,
    /// Foreign code as oneself.
    DelegateCall,
    /// Foreign code as oneself, the old way.
    CallCode,
    /// A new contract.
    Create,
    /// A new contract at an address that its code determines.
    Create2,
    /// A contract destroys itself, and what it has goes elsewhere.
    SelfDestruct,
}

/// How a call ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It returns.
    Returned,
    /// It reverts.
    Reverted,
    /// It runs out of gas, or into code that cannot run.
    Halted,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Who tells.
    pub address: Who,
    /// Its topics.
    pub topics: Vec<Hash>,
    /// Its data.
    pub data: Data,
    /// The same, read.
    pub event: Option<Decoded>,
}

/// Calldata or an event as some known signature reads it. That a selector fits does not mean that the contract does
/// what the name says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Decoded {
    /// Such as `transfer(address,uint256)`.
    pub signature: String,
    /// In order.
    pub arguments: Vec<Argument>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// Its name, where the signature has one.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its value.
    pub value: Untrusted,
}

/// What changes of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    /// Which.
    pub address: Who,
    /// Native units, before and after, in wei.
    pub balance: Option<(Amount, Amount)>,
    /// Transactions sent or contracts made.
    pub nonce: Option<(u64, u64)>,
    /// The hash of its code.
    pub code_hash: Option<(Hash, Hash)>,
    /// Words of its storage.
    pub storage: Vec<Word>,
}

/// A word of storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Word {
    /// Where.
    pub slot: Hash,
    /// Before.
    pub before: Hash,
    /// After.
    pub after: Hash,
    /// What it holds, where that is known.
    pub meaning: Option<String>,
}
