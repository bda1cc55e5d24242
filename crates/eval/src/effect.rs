//! What an ordinary leaf does, as far as calldata tells, `docs/program.md` §2.5.

use alloy_primitives::{Address, U256};
use portcullis_attest::EffectRecord;

/// What kind of effect it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EffectKind {
    /// A control or self-service call, which rules never see.
    Control = 0,
    /// Native value leaves.
    Native = 1,
    /// A declared token is transferred.
    Transfer = 2,
    /// An allowance on a declared token is granted.
    Approve = 3,
    /// Anything that does not decode.
    Call = 4,
    /// A call to a declared token that does not decode.
    Opaque = 5,
    /// A delegatecall to anything but a known batch contract.
    Delegatecall = 6,
}

impl EffectKind {
    /// The kind's number in programs and verdicts.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The kind's name in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Native => "native",
            Self::Transfer => "transfer",
            Self::Approve => "approve",
            Self::Call => "call",
            Self::Opaque => "opaque",
            Self::Delegatecall => "delegatecall",
        }
    }
}

/// One effect of a leaf, with its action's attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// What it is.
    pub kind: EffectKind,
    /// Whom the action calls.
    pub target: Address,
    /// What rules are found by: the target, or the token that a call to Permit2 is about.
    pub subject: Address,
    /// The action's selector; none without calldata.
    pub selector: Option<[u8; 4]>,
    /// What moves: the token, or zero for native value. None for calls that move nothing known.
    pub asset: Option<Address>,
    /// Who gets it, may draw it, or becomes a module.
    pub recipient: Option<Address>,
    /// How much, in base units; 1 for a token of its own.
    pub amount: Option<U256>,
}

impl Effect {
    /// A call of which nothing more is known.
    pub(crate) const fn call(target: Address, selector: Option<[u8; 4]>) -> Self {
        Self { kind: EffectKind::Call, target, subject: target, selector, asset: None, recipient: None, amount: None }
    }

    /// Code of the target runs as the account.
    pub(crate) const fn delegatecall(target: Address, selector: Option<[u8; 4]>) -> Self {
        Self { kind: EffectKind::Delegatecall, ..Self::call(target, selector) }
    }

    /// What attesters see of it.
    #[must_use]
    pub fn record(&self) -> EffectRecord {
        EffectRecord {
            kind: self.kind.number(),
            target: self.target,
            selector: self.selector,
            asset: self.asset.unwrap_or_default(),
            recipient: self.recipient.unwrap_or_default(),
            amount: self.amount.unwrap_or_default(),
        }
    }
}
