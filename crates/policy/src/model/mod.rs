//! The policy as typed values: names still name, addresses and durations are read.

mod conditions;
mod facts;
mod messages;
mod obligations;

use std::collections::BTreeMap;

use alloy_primitives::Address;

pub use conditions::{
    AddressRef, AmountRange, CallData, CallTarget, Comparison, Effect, Origin, StaticCall, Target, TimeSpan, Weekday,
    When, Word, WordTest,
};
pub use facts::{Fact, FactKind, FactSubject, FactTest, FactValue, OnUnknown};
pub use messages::{Domain, MessageOutcome, MessageRule, Named};
pub use obligations::{Approvals, AttesterSet, Obligations, Signers};

use crate::text::{account::Account, amount::Amount, selector::Selector};

/// A policy document. Order matters only among `rules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The policy's name; not part of the program.
    pub name: String,
    /// The account the policy is for. `None` is written `account = "unknown"`: a program does not name its
    /// account, so that is what decompiling gives.
    pub account: Option<Account>,
    /// Which of the rules in scope decide.
    pub semantics: Semantics,
    /// What governs changes and announcements.
    pub control: Control,
    /// The assets the policy declares.
    pub assets: BTreeMap<String, Asset>,
    /// People and contracts with a role.
    pub groups: BTreeMap<String, Members>,
    /// Other named addresses. Groups and lists share their names.
    pub lists: BTreeMap<String, Members>,
    /// Sets of attesters, by name. Their order is that of their names.
    pub attesters: BTreeMap<String, AttesterSet>,
    /// What the chain cannot see, by name.
    pub facts: BTreeMap<String, Fact>,
    /// Caps on what may leave, by id.
    pub limits: BTreeMap<String, Limit>,
    /// The rules, in the document's order; `priority` sorts them when compiling.
    pub rules: Vec<Rule>,
    /// What the account may sign; the first rule that fits decides.
    pub messages: Vec<MessageRule>,
}

/// Which of the rules in scope of an effect decide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Semantics {
    /// The first one.
    #[default]
    FirstMatch,
    /// All of them: none may deny, and their obligations join.
    AllMustPass,
    /// The first one that allows.
    AllowOverrides,
}

impl Semantics {
    /// Every semantics, in the program's order.
    pub const ALL: [Self; 3] = [Self::FirstMatch, Self::AllMustPass, Self::AllowOverrides];

    /// The document's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::FirstMatch => "first-match",
            Self::AllMustPass => "all-must-pass",
            Self::AllowOverrides => "allow-overrides",
        }
    }
}

/// Who belongs to a group or list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Members {
    /// These addresses, which stand in the program.
    Addresses(Vec<Address>),
    /// Whoever a contract says.
    Registry(Registry),
}

impl Members {
    /// The members that are known without asking a contract.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        match self {
            Self::Addresses(addresses) => addresses,
            Self::Registry(_) => &[],
        }
    }
}

/// An on-chain address list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// The contract that is asked.
    pub address: Address,
    /// The function that answers, of one address, with a boolean.
    pub method: Selector,
}

/// The `[control]` table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Control {
    /// Seconds before a staged change matures. Kept in the account's storage, not in the program.
    pub change_delay: Option<u32>,
    /// Seconds an announcement lives.
    pub announcement_expiry: Option<u32>,
    /// The group that may announce, without its `@`.
    pub announcers: Option<String>,
    /// The group that may cancel announcements, without its `@`.
    pub cancellers: Option<String>,
    /// The group whose members may freeze the account, without its `@`.
    pub guardians: Option<String>,
}

/// A declared asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// What it is.
    pub standard: Standard,
    /// Digits behind the decimal point of one unit.
    pub decimals: u8,
}

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// The chain's own coin.
    Native,
    /// An ERC-20 token at this address.
    Erc20(Address),
    /// An ERC-721 collection at this address; its amounts count tokens.
    Erc721(Address),
    /// An ERC-1155 collection at this address; its amounts count units of whichever id.
    Erc1155(Address),
}

impl Standard {
    /// The token's address; none for the chain's own coin.
    #[must_use]
    pub const fn token(self) -> Option<Address> {
        match self {
            Self::Native => None,
            Self::Erc20(token) | Self::Erc721(token) | Self::Erc1155(token) => Some(token),
        }
    }
}

/// A cap on what may be authorised to leave the account, or on how often, in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What is capped.
    pub cap: Cap,
    /// The window.
    pub window: Window,
    /// What is counted apart.
    pub scope: Scope,
    /// Whether every outflow and allowance of the asset is charged, whichever rule matched. Never for a count.
    pub everywhere: bool,
    /// Whether what left the account beyond that is charged as well, by the account's balance. Only where everywhere.
    pub meters: bool,
}

impl Limit {
    /// The name of the asset it caps; none for a count.
    #[must_use]
    pub const fn asset(&self) -> Option<&String> {
        match &self.cap {
            Cap::Amount { asset, .. } => Some(asset),
            Cap::Count(_) => None,
        }
    }
}

/// What a limit caps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cap {
    /// How much of an asset.
    Amount {
        /// The asset's name.
        asset: String,
        /// The cap, in units of the asset.
        amount: Amount,
    },
    /// How many requests.
    Count(u64),
}

/// What a limit counts apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scope {
    /// Nothing: one sum for the account.
    #[default]
    Account,
    /// One sum for each recipient.
    Recipient,
    /// One sum for each initiator.
    Initiator,
}

impl Scope {
    /// Every scope, in the program's order.
    pub const ALL: [Self; 3] = [Self::Account, Self::Recipient, Self::Initiator];

    /// The document's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Recipient => "recipient",
            Self::Initiator => "initiator",
        }
    }
}

/// A limit's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// One request.
    Transaction,
    /// A UTC day.
    Day,
    /// A UTC week, from Monday.
    Week,
    /// A UTC month.
    Month,
    /// Every interval of this many seconds.
    Rolling(u32),
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique within the policy.
    pub id: String,
    /// A title.
    pub name: Option<String>,
    /// Who answers for the rule.
    pub owner: Option<String>,
    /// RFC 3339 date or date-time, as written.
    pub updated_at: Option<String>,
    /// Higher is earlier; rules of one priority keep the document's order.
    pub priority: i64,
    /// The conditions.
    pub when: When,
    /// The outcome.
    pub then: Outcome,
}

/// What a rule decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Deny.
    Deny,
    /// Allow, if the obligations hold.
    Allow {
        /// Limits charged, by id.
        limits: Vec<String>,
        /// Seconds since the announcement.
        delay: Option<u32>,
        /// What must be there besides.
        obligations: Obligations,
    },
}

/// The policy declares no token of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no token is named `{0}`")]
pub struct UnknownAsset(pub String);

impl Policy {
    /// The same policy for another account. Explicit addresses of the former account are not rewritten.
    #[must_use]
    pub fn with_account(mut self, address: Address) -> Self {
        let chain = self.account.map_or_else(Default::default, |account| account.chain);
        self.account = Some(Account { chain, address });
        self
    }

    /// The same policy with the token `name` at another address.
    ///
    /// # Errors
    /// [`UnknownAsset`] when no token has this name.
    pub fn with_asset_address(mut self, name: &str, address: Address) -> Result<Self, UnknownAsset> {
        match self.assets.get_mut(name).map(|asset| &mut asset.standard) {
            Some(Standard::Erc20(token) | Standard::Erc721(token) | Standard::Erc1155(token)) => {
                *token = address;
                Ok(self)
            }
            _ => Err(UnknownAsset(name.to_owned())),
        }
    }
}
