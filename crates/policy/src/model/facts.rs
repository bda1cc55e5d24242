//! What the chain cannot see, and what rules ask of it.

/// Something that the chain cannot see, which an attester set states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What its values are.
    pub kind: FactKind,
    /// What it is asked about.
    pub subject: FactSubject,
    /// The attester set that states it, by name.
    pub attesters: String,
    /// How long asking may take, in seconds.
    pub timeout: u32,
    /// How long a statement made of it may live, in seconds.
    pub ttl: u32,
    /// Older observations are unknown, in seconds.
    pub max_age: u32,
    /// What an unknown means.
    pub on_unknown: OnUnknown,
}

/// What the values of a fact are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactKind {
    /// Unsigned decimals with this many digits behind the point, below 2^256 without it.
    Number {
        /// Digits behind the point.
        decimals: u8,
    },
    /// Text.
    Text,
    /// True or false.
    Boolean,
}

impl FactKind {
    /// Every kind; a number's decimals are written apart.
    pub const ALL: [Self; 3] = [Self::Number { decimals: 0 }, Self::Text, Self::Boolean];

    /// The document's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Number { .. } => "number",
            Self::Text => "text",
            Self::Boolean => "boolean",
        }
    }
}

/// What a fact is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FactSubject {
    /// The request.
    Request,
    /// Each effect.
    Effect,
    /// The effect's recipient.
    Recipient,
    /// Who calls `execTransaction`.
    Initiator,
    /// The effect's asset.
    Asset,
    /// What the effect's action calls.
    Target,
}

impl FactSubject {
    /// Every subject.
    pub const ALL: [Self; 6] =
        [Self::Request, Self::Effect, Self::Recipient, Self::Initiator, Self::Asset, Self::Target];

    /// The document's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Effect => "effect",
            Self::Recipient => "recipient",
            Self::Initiator => "initiator",
            Self::Asset => "asset",
            Self::Target => "target",
        }
    }
}

/// What an unknown fact means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnUnknown {
    /// Deny what depends on it.
    Closed,
    /// People decide what depends on it.
    Hold,
    /// Take a value for it, and say so.
    Open {
        /// Who answers for that.
        owner: String,
        /// The value.
        assume: FactValue,
    },
}

impl OnUnknown {
    /// The document's word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Hold => "hold",
            Self::Open { .. } => "open",
        }
    }
}

/// A value of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactValue {
    /// Text, or a number in the fact's units, as written.
    Text(String),
    /// True or false.
    Boolean(bool),
}

/// What a rule asks of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactTest {
    /// It compares with a value. Only numbers have an order.
    Compare(super::Comparison, FactValue),
    /// It is one of these texts.
    In(Vec<String>),
}
