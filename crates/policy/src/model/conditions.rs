//! What a rule asks of an effect.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};

use super::FactTest;
use crate::text::{amount::Amount, selector::Selector};

/// Conditions of a rule, or of a table within `any`, `all` or `not`: all must hold.
///
/// `None` and an empty `word` or `static_call` are conditions that were not written; other lists that were
/// written are never empty. In a rule, `target`, `selector`, `effect` and `asset` make the keys of the index; within
/// a group they are conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// Whose requests. Within a group only modules are named, and [`Origin::Owners`] is not written.
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
    /// Accepts calls to declared tokens that do not decode. Never within a group.
    pub opaque: bool,
    /// Whether the recipient has code.
    pub recipient_is_contract: Option<bool>,
    /// When in the day.
    pub time: Option<TimeSpan>,
    /// On which days.
    pub weekday: Option<Vec<Weekday>>,
    /// Words of the action's calldata.
    pub word: Vec<Word>,
    /// What contracts answer.
    pub static_call: Vec<StaticCall>,
    /// The limit that the effect would still fit.
    pub within: Option<String>,
    /// What is asked of facts, by name; all of it must hold. Never within a group.
    pub facts: BTreeMap<String, Vec<FactTest>>,
    /// At least one of these holds.
    pub any: Option<Vec<Self>>,
    /// Each of these holds.
    pub all: Option<Vec<Self>>,
    /// This does not hold.
    pub not: Option<Box<Self>>,
}

/// Seconds of a UTC day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeSpan {
    /// The first second.
    pub from: u32,
    /// The second after the last, up to 86,400; before `from` when the span passes midnight.
    pub to: u32,
}

/// A day of the week, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weekday {
    /// Monday.
    Monday,
    /// Tuesday.
    Tuesday,
    /// Wednesday.
    Wednesday,
    /// Thursday.
    Thursday,
    /// Friday.
    Friday,
    /// Saturday.
    Saturday,
    /// Sunday.
    Sunday,
}

impl Weekday {
    /// Every day, in the program's order.
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    /// The document's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Monday => "mon",
            Self::Tuesday => "tue",
            Self::Wednesday => "wed",
            Self::Thursday => "thu",
            Self::Friday => "fri",
            Self::Saturday => "sat",
            Self::Sunday => "sun",
        }
    }
}

/// A test of 32 bytes of calldata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where the word starts, in bytes from the start of the calldata.
    pub offset: u16,
    /// What it must be.
    pub test: WordTest,
}

/// What a word of calldata must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordTest {
    /// A number.
    Compare {
        /// The bits that are looked at; all when none is written.
        mask: Option<U256>,
        /// How.
        comparison: Comparison,
        /// With what.
        value: U256,
    },
    /// An address of a list.
    In(Vec<AddressRef>),
}

/// How two numbers compare, both unsigned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Comparison {
    /// `=`
    Equals,
    /// `≠`
    NotEquals,
    /// `<`
    LessThan,
    /// `≤`
    AtMost,
    /// `>`
    MoreThan,
    /// `≥`
    AtLeast,
}

impl Comparison {
    /// Every comparison, in the program's order.
    pub const ALL: [Self; 6] =
        [Self::Equals, Self::NotEquals, Self::LessThan, Self::AtMost, Self::MoreThan, Self::AtLeast];

    /// The document's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Equals => "equals",
            Self::NotEquals => "not_equals",
            Self::LessThan => "less_than",
            Self::AtMost => "at_most",
            Self::MoreThan => "more_than",
            Self::AtLeast => "at_least",
        }
    }
}

/// A call that changes nothing, and what it must answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaticCall {
    /// Who is called.
    pub target: CallTarget,
    /// With what.
    pub data: CallData,
    /// The most gas it may take.
    pub gas: u32,
    /// How many words it answers, 1 to 8.
    pub words: u8,
    /// Which of them is compared, from 0.
    pub index: u8,
    /// How.
    pub comparison: Comparison,
    /// With what.
    pub value: U256,
}

/// Who is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallTarget {
    /// A declared token, by name.
    Asset(String),
    /// An address.
    Literal(Address),
}

/// Calldata of a static call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallData {
    /// A function without arguments.
    Call(Selector),
    /// Bytes, 4 to 255 of them.
    Data(Bytes),
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AddressRef {
    /// `"@name"`, without the `@`.
    Named(String),
    /// `"0x…"`.
    Literal(Address),
}

/// What an action calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    /// A delegatecall to anything but a known batch contract; documents write it as `operation`.
    Delegatecall,
}

impl Effect {
    /// Every effect that documents write as `effect`, in the program's order.
    pub const ALL: [Self; 4] = [Self::Transfer, Self::Approve, Self::Call, Self::Opaque];

    /// The document's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Transfer => "transfer",
            Self::Approve => "approve",
            Self::Call => "call",
            Self::Opaque => "opaque",
            Self::Delegatecall => "delegatecall",
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
