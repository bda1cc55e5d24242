//! What moves, who may draw, what changes of the Safe, and what to look at twice.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Amount, Hash, Untrusted, Who};

/// What kind of asset it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standard {
    /// The chain's own.
    Native,
    /// Amounts of one kind.
    Erc20,
    /// Tokens of their own.
    Erc721,
    /// Amounts of several kinds.
    Erc1155,
}

/// Something moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// What kind of asset.
    pub standard: Standard,
    /// The contract that says so; zero for native value.
    pub asset: Who,
    /// From whom; zero for what is made anew.
    pub from: Who,
    /// To whom; zero for what is destroyed.
    pub to: Who,
    /// Which token, where they differ.
    pub id: Option<Amount>,
    /// How much, in base units.
    pub amount: Amount,
}

/// What somebody held and holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BalanceChange {
    /// Who.
    pub who: Who,
    /// The token; zero for native value.
    pub asset: Who,
    /// Which token, where they differ.
    pub id: Option<Amount>,
    /// Before, in base units; none where the token does not say.
    pub before: Option<Amount>,
    /// After.
    pub after: Option<Amount>,
}

/// Somebody may draw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// What kind of asset.
    pub standard: Standard,
    /// The token.
    pub asset: Who,
    /// Whose.
    pub owner: Who,
    /// Who may draw.
    pub spender: Who,
    /// Whether it is given through Permit2.
    pub permit2: bool,
    /// Which token, where it is one.
    pub id: Option<Amount>,
    /// How much, in base units; none for everything.
    pub amount: Option<Amount>,
    /// The last second at which Permit2 draws it.
    pub expires: Option<u64>,
    /// Whether it takes away instead of giving.
    pub revoked: bool,
}

/// Something of the Safe itself changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationChange {
    /// What changes.
    pub what: Configuration,
    /// Before; none where there was nothing.
    pub before: Option<String>,
    /// After; none where there is nothing any more.
    pub after: Option<String>,
}

/// What a Safe is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Configuration {
    /// An owner comes or goes.
    Owner,
    /// How many have to sign.
    Threshold,
    /// A module comes or goes.
    Module,
    /// The transaction guard.
    Guard,
    /// The module guard.
    ModuleGuard,
    /// The fallback handler.
    FallbackHandler,
    /// The contract that the Safe's proxy runs.
    Singleton,
    /// It is no Safe any more that can be read.
    Unreadable,
}

/// What a reader should look at twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// What kind of warning.
    pub kind: WarningKind,
    /// In words, addresses in full.
    pub words: Untrusted,
}

/// Kinds of warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// Foreign code runs as the Safe.
    Delegatecall,
    /// The Safe itself changes.
    Configuration,
    /// Two addresses begin and end alike.
    LookAlike,
    /// Nothing here knows what the contract is.
    UnverifiedTarget,
    /// Calldata goes to an account without code.
    NoCode,
    /// Who gets something has never been seen on this chain, or never held it.
    FirstTimeRecipient,
    /// An allowance without bound.
    Unlimited,
    /// A token calls itself as another one.
    Name,
    /// A token's events and balances do not fit.
    Balances,
    /// There is more than a report lists.
    LeftOut,
}

/// What owners compare with their wallets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hashes {
    /// EIP-712: the domain separator.
    pub domain: Hash,
    /// EIP-712: the hash of the message.
    pub message: Hash,
    /// What is signed.
    pub safe_tx: Hash,
}
