//! The policy as typed values: names still name, addresses and durations are read.

use std::collections::BTreeMap;

use alloy_primitives::Address;

use crate::text::{account::Account, amount::Amount, selector::Selector};

/// A policy document. Order matters only among `rules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The policy's name; not part of the program.
    pub name: String,
    /// The account the policy is for. `None` is written `account = "unknown"`: a program does not name its
    /// account, so that is what decompiling gives.
    pub account: Option<Account>,
    /// What governs changes and announcements.
    pub control: Control,
    /// The assets the policy declares.
    pub assets: BTreeMap<String, Asset>,
    /// People and contracts with a role.
    pub groups: BTreeMap<String, Vec<Address>>,
    /// Other named addresses. Groups and lists share their names.
    pub lists: BTreeMap<String, Vec<Address>>,
    /// Caps on what may leave, by id.
    pub limits: BTreeMap<String, Limit>,
    /// The rules, in the document's order; `priority` sorts them when compiling.
    pub rules: Vec<Rule>,
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
}

/// A cap on what may be authorised to leave the account in a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// The name of the asset it caps.
    pub asset: String,
    /// The cap, in units of the asset.
    pub cap: Amount,
    /// The window.
    pub window: Window,
    /// Whether every outflow and allowance of the asset is charged, whichever rule matched.
    pub everywhere: bool,
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

/// A rule's conditions. `None` is a condition that was not written; a list that was written is never empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// Whose requests.
    pub origin: Origin,
    /// Who calls `execTransaction`.
    pub initiator: Option<Vec<AddressRef>>,
    /// What the action calls.
    pub target: Option<Vec<Target>>,
    /// The action's function.
    pub selector: Option<Vec<Selector>>,
    /// What the effect is.
    pub effect: Option<Vec<Effect>>,
    /// What the effect moves, by asset name.
    pub asset: Option<Vec<String>>,
    /// Who receives, or may spend.
    pub recipient: Option<Vec<AddressRef>>,
    /// How much, in units of the one pinned asset.
    pub amount: Option<AmountRange>,
    /// Accepts calls to declared tokens that do not decode.
    pub opaque: bool,
}

/// Whose requests a rule matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Origin {
    /// Those of the owners.
    #[default]
    Owners,
    /// Those of these modules.
    Modules(Vec<AddressRef>),
}

/// An address, or the name of a group or list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressRef {
    /// `"@name"`, without the `@`.
    Named(String),
    /// `"0x…"`.
    Literal(Address),
}

/// What an action calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The account itself.
    Account,
    /// A declared token, by name.
    Asset(String),
    /// A group or list, without its `@`.
    Named(String),
    /// An address.
    Literal(Address),
}

/// What an effect is, in the document's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Native value or a token leaves.
    Transfer,
    /// An allowance is granted.
    Approve,
    /// A call that does not decode, to anything but a declared token.
    Call,
    /// A call that does not decode, to a declared token.
    Opaque,
}

impl Effect {
    /// Every effect, in the program's order.
    pub const ALL: [Self; 4] = [Self::Transfer, Self::Approve, Self::Call, Self::Opaque];

    /// The document's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Approve => "approve",
            Self::Call => "call",
            Self::Opaque => "opaque",
        }
    }
}

/// Bounds on an amount, both inclusive, at least one of them set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AmountRange {
    /// At least this much.
    pub min: Option<Amount>,
    /// At most this much.
    pub max: Option<Amount>,
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
    },
}

/// The policy declares no ERC-20 asset of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no erc20 asset is named `{0}`")]
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
    /// [`UnknownAsset`] when no ERC-20 asset has this name.
    pub fn with_asset_address(mut self, name: &str, address: Address) -> Result<Self, UnknownAsset> {
        match self.assets.get_mut(name) {
            Some(Asset { standard: Standard::Erc20(token), .. }) => {
                *token = address;
                Ok(self)
            }
            _ => Err(UnknownAsset(name.to_owned())),
        }
    }
}
