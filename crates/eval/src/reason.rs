//! Why a request is denied: the numbers and names of `contracts/types/Reason.sol`.

use core::fmt;

/// Why a request is denied, or that it is not. Numbers are append-only.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Every effect is allowed and every obligation is met.
    Allowed = 0,
    /// No program is active for the account.
    NoProgram = 1,
    /// The active program is not well formed where it was read.
    MalformedProgram = 2,
    /// The request asks for a gas refund or sets safeTxGas.
    GasRefund = 3,
    /// The operation is neither call nor delegatecall.
    BadOperation = 4,
    /// A delegatecall carries value.
    DelegatecallValue = 5,
    /// A delegatecall to anything but a known MultiSend, which no rule names.
    DelegatecallDenied = 6,
    /// A batch is empty or not in canonical encoding.
    MalformedBatch = 7,
    /// Batches are nested more than two deep.
    BatchTooDeep = 8,
    /// Calldata of one to three bytes.
    ShortCalldata = 9,
    /// A known call is not in exact ABI encoding.
    NonCanonicalCalldata = 10,
    /// No rule matches the effect.
    NoRule = 11,
    /// The first rule that matches denies.
    RuleDenies = 12,
    /// A call that does not decode, to an asset under an everywhere limit.
    OpaqueUnderEverywhere = 13,
    /// The charge does not fit the limit.
    LimitExceeded = 14,
    /// The charges of this request overflow.
    AmountOverflow = 15,
    /// The rule asks for a delay and the request was not announced.
    NotAnnounced = 16,
    /// The announcement has not matured.
    NotMatured = 17,
    /// The announcement has expired.
    AnnouncementExpired = 18,
    /// A control action by a module, with value, or of a kind that never passes.
    ControlDenied = 19,
    /// The slot changes are not exactly the staged list.
    SlotsNotStaged = 20,
    /// The staged slot changes have not matured.
    SlotsNotMatured = 21,
    /// The staged slot changes have expired.
    StagedExpired = 22,
    /// The slot changes leave the hook in one guard but not in the other.
    HalfRoute = 23,
    /// A registry did not answer a look-up with yes or no.
    RegistryFailed = 24,
    /// A static call did not return the words that the rule expects.
    StaticCallFailed = 25,
    /// A guardian has frozen the account.
    Frozen = 26,
    /// The envelope, its payload or a statement in it is not well formed.
    MalformedMaterial = 27,
    /// A signature or approval in the material does not count, so none does.
    BadMaterial = 28,
    /// The rule asks for an attestation and the request brings none, or none that says anything of the effect.
    AttestationRequired = 29,
    /// Too few members of the set have attested.
    TooFewAttesters = 30,
    /// An owner signature is not what the Safe would take, or the account does not tell its version or threshold.
    BadOwnerSignatures = 31,
    /// Fewer owner signatures than are needed.
    TooFewSignatures = 32,
    /// Too few of the owners who signed are on the rule's list.
    TooFewNamedSigners = 33,
    /// A member of the group has denied the request.
    ApprovalDenied = 34,
    /// Too few members of the group have approved.
    TooFewApprovals = 35,
    /// A request with this nonce was executed in this transaction already. Only executions see it.
    RequestReplayed = 36,
    /// The first message rule that matches denies.
    MessageDenied = 37,
    /// No message rule matches domain and type.
    NoMessageRule = 38,
    /// A limit is everywhere, and the message rule that allows is not trusted.
    MessageUntrusted = 39,
    /// The signature does not show what the digest is the digest of.
    MessageUnknown = 40,
    /// A request of the account is executing, or has been in this transaction with a delegatecall that a rule allows.
    /// Only executions see it.
    AccountLocked = 41,
    /// A rule allows the delegatecall, but a manager leaves out the check that comes after it.
    DelegatecallUnwatched = 42,
    /// A delegatecall that a rule allows, and a call to the account itself in the same request.
    DelegatecallMixed = 43,
    /// The account does not tell what a delegatecall must leave as it is.
    AccountUnreadable = 44,
    /// A delegatecall changed what it must leave as it is. Only the check after an execution sees it.
    AccountChanged = 45,
    /// A limit meters the account's balance, but a manager leaves out the check that comes after.
    BalanceUnwatched = 46,
    /// An asset that a limit meters does not tell the account's balance.
    BalanceUnreadable = 47,
    /// More left the account than its calldata declared, and that does not fit the limit.
    BalanceExceeded = 48,
}

impl Reason {
    const ALL: [Self; 49] = [
        Self::Allowed,
        Self::NoProgram,
        Self::MalformedProgram,
        Self::GasRefund,
        Self::BadOperation,
        Self::DelegatecallValue,
        Self::DelegatecallDenied,
        Self::MalformedBatch,
        Self::BatchTooDeep,
        Self::ShortCalldata,
        Self::NonCanonicalCalldata,
        Self::NoRule,
        Self::RuleDenies,
        Self::OpaqueUnderEverywhere,
        Self::LimitExceeded,
        Self::AmountOverflow,
        Self::NotAnnounced,
        Self::NotMatured,
        Self::AnnouncementExpired,
        Self::ControlDenied,
        Self::SlotsNotStaged,
        Self::SlotsNotMatured,
        Self::StagedExpired,
        Self::HalfRoute,
        Self::RegistryFailed,
        Self::StaticCallFailed,
        Self::Frozen,
        Self::MalformedMaterial,
        Self::BadMaterial,
        Self::AttestationRequired,
        Self::TooFewAttesters,
        Self::BadOwnerSignatures,
        Self::TooFewSignatures,
        Self::TooFewNamedSigners,
        Self::ApprovalDenied,
        Self::TooFewApprovals,
        Self::RequestReplayed,
        Self::MessageDenied,
        Self::NoMessageRule,
        Self::MessageUntrusted,
        Self::MessageUnknown,
        Self::AccountLocked,
        Self::DelegatecallUnwatched,
        Self::DelegatecallMixed,
        Self::AccountUnreadable,
        Self::AccountChanged,
        Self::BalanceUnwatched,
        Self::BalanceUnreadable,
        Self::BalanceExceeded,
    ];

    /// Every reason, in the order of its numbers.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        &Self::ALL
    }

    /// The number that the chain uses.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The reason with this number, if there is one.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The name that the chain uses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::NoProgram => "NoProgram",
            Self::MalformedProgram => "MalformedProgram",
            Self::GasRefund => "GasRefund",
            Self::BadOperation => "BadOperation",
            Self::DelegatecallValue => "DelegatecallValue",
            Self::DelegatecallDenied => "DelegatecallDenied",
            Self::MalformedBatch => "MalformedBatch",
            Self::BatchTooDeep => "BatchTooDeep",
            Self::ShortCalldata => "ShortCalldata",
            Self::NonCanonicalCalldata => "NonCanonicalCalldata",
            Self::NoRule => "NoRule",
            Self::RuleDenies => "RuleDenies",
            Self::OpaqueUnderEverywhere => "OpaqueUnderEverywhere",
            Self::LimitExceeded => "LimitExceeded",
            Self::AmountOverflow => "AmountOverflow",
            Self::NotAnnounced => "NotAnnounced",
            Self::NotMatured => "NotMatured",
            Self::AnnouncementExpired => "AnnouncementExpired",
            Self::ControlDenied => "ControlDenied",
            Self::SlotsNotStaged => "SlotsNotStaged",
            Self::SlotsNotMatured => "SlotsNotMatured",
            Self::StagedExpired => "StagedExpired",
            Self::HalfRoute => "HalfRoute",
            Self::RegistryFailed => "RegistryFailed",
            Self::StaticCallFailed => "StaticCallFailed",
            Self::Frozen => "Frozen",
            Self::MalformedMaterial => "MalformedMaterial",
            Self::BadMaterial => "BadMaterial",
            Self::AttestationRequired => "AttestationRequired",
            Self::TooFewAttesters => "TooFewAttesters",
            Self::BadOwnerSignatures => "BadOwnerSignatures",
            Self::TooFewSignatures => "TooFewSignatures",
            Self::TooFewNamedSigners => "TooFewNamedSigners",
            Self::ApprovalDenied => "ApprovalDenied",
            Self::TooFewApprovals => "TooFewApprovals",
            Self::RequestReplayed => "RequestReplayed",
            Self::MessageDenied => "MessageDenied",
            Self::NoMessageRule => "NoMessageRule",
            Self::MessageUntrusted => "MessageUntrusted",
            Self::MessageUnknown => "MessageUnknown",
            Self::AccountLocked => "AccountLocked",
            Self::DelegatecallUnwatched => "DelegatecallUnwatched",
            Self::DelegatecallMixed => "DelegatecallMixed",
            Self::AccountUnreadable => "AccountUnreadable",
            Self::AccountChanged => "AccountChanged",
            Self::BalanceUnwatched => "BalanceUnwatched",
            Self::BalanceUnreadable => "BalanceUnreadable",
            Self::BalanceExceeded => "BalanceExceeded",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn every_reason_stands_at_its_own_number() {
        for (at, reason) in Reason::all().iter().enumerate() {
            assert_eq!(usize::from(reason.number()), at);
            assert_eq!(Reason::from_number(reason.number()), Some(*reason));
        }
        assert_eq!(Reason::from_number(u8::try_from(Reason::all().len()).unwrap()), None);
    }
}
