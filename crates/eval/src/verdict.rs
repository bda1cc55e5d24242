//! What an evaluation says, and how it ends early.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};

use crate::balances::Metering;
use crate::condition::Test;
use crate::effect::Effect;
use crate::layout::Missing;
use crate::obligation::{Notice, Obligation};
use crate::opening::Opening;
use crate::program::Malformed;
use crate::reason::Reason;
use crate::watch::Watched;

/// Allow, or deny with a reason and what decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// [`Reason::Allowed`], or why not.
    pub reason: Reason,
    /// The index of the deciding effect; their number when allowed.
    pub effect: u32,
    /// The index of the deciding rule, if one did.
    pub rule: Option<u16>,
    /// As the reason's documentation tells, such as a limit's index.
    pub detail: u8,
    /// As the reason's documentation tells.
    pub have: U256,
    /// As the reason's documentation tells.
    pub need: U256,
}

impl Verdict {
    /// Whether it allows.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.reason == Reason::Allowed
    }
}

/// One effect and the rule that decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What was decided on.
    pub effect: Effect,
    /// The rule that decided; none for control, self-service and effects without one.
    pub rule: Option<u16>,
    /// The class of the key that found the rule, 0 to 3: as the bits of the header number them.
    pub class: Option<u8>,
    /// The longest delay, in seconds, of the rules that decided together.
    pub delay: u32,
}

/// A rule that was found in scope of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InScope {
    /// The index of the effect.
    pub effect: u32,
    /// The index of the rule.
    pub rule: u16,
    /// Whether it allows.
    pub allows: bool,
}

/// One charge that fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The limit's index.
    pub limit: u8,
    /// What the limit's scope names: a recipient or an initiator; zero for the account.
    pub key: Address,
    /// The index of the effect that was charged.
    pub effect: u32,
    /// What was charged, in base units, or in requests for a count.
    pub amount: U256,
    /// What was left before, in the same.
    pub remaining_before: U256,
}

/// The announcement that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Its id.
    pub id: B256,
    /// The joined delay in seconds.
    pub delay: u32,
    /// When it was made, in seconds; 0 for none.
    pub made_at: U256,
}

/// A verdict with all that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Allow or deny.
    pub verdict: Verdict,
    /// The effects that were looked at, in order, the denied one included.
    pub decisions: Vec<Decision>,
    /// Every condition that was tested, in order; a group stands behind its members.
    pub tests: Vec<Test>,
    /// The rules that were found in scope, in order. Under first-match one for each effect; under
    /// all-must-pass all whose obligations join; under allow-overrides also the denying ones that an allowing
    /// one overrides.
    pub in_scope: Vec<InScope>,
    /// What was charged, in order.
    pub charges: Vec<Charge>,
    /// The hook's storage after an allowed request: slot and new word. Empty when denied.
    pub writes: Vec<(U256, U256)>,
    /// Whether the request takes the hook off the account.
    pub removal: bool,
    /// What was joined besides limits and delay, in the order in which it was first asked for, and how much of each
    /// there is.
    pub obligations: Vec<Obligation>,
    /// The channels to tell, in the order in which they were first named. Told only when allowed.
    pub notices: Vec<Notice>,
    /// The announcement that was looked for.
    pub announcement: Option<Announcement>,
    /// Of a module request that approvals or attestations are asked for: whether it is open. Executing ends that.
    pub opening: Option<Opening>,
    /// What is noted of the account, where a rule allows a delegatecall: the verdict is then of what comes before the
    /// execution, and [`Watched::verdict`] of what comes after.
    pub watched: Option<Watched>,
    /// What is noted for limits that meter: the verdict is then of what comes before the execution, and
    /// [`Metering::settle`] of what comes after.
    pub metering: Option<Metering>,
}

/// There is no verdict, because something was not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// A part of the state.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// There are more effects than the chain can count.
    #[error("the request has too many effects")]
    TooManyEffects,
    /// What this attester set would state.
    #[error("what attester set {0} states is not known")]
    Unattested(u8),
}

/// A denying verdict in the making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denial(pub(crate) Verdict);

impl Denial {
    pub(crate) const fn new(reason: Reason, effect: u32) -> Self {
        Self(Verdict { reason, effect, rule: None, detail: 0, have: U256::ZERO, need: U256::ZERO })
    }

    pub(crate) const fn have(mut self, have: U256) -> Self {
        self.0.have = have;
        self
    }

    pub(crate) fn have_address(self, have: Address) -> Self {
        self.have(have.into_word().into())
    }

    pub(crate) fn have_selector(self, have: [u8; 4]) -> Self {
        self.have(U256::from(u32::from_be_bytes(have)))
    }

    pub(crate) const fn need(mut self, need: U256) -> Self {
        self.0.need = need;
        self
    }

    pub(crate) const fn rule(mut self, rule: u16) -> Self {
        self.0.rule = Some(rule);
        self
    }

    pub(crate) const fn detail(mut self, detail: u8) -> Self {
        self.0.detail = detail;
        self
    }
}

/// Why an evaluation ends early.
#[derive(Debug)]
pub(crate) enum Stop {
    Denied(Denial),
    Undecided(Undecided),
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        Self::Undecided(missing.into())
    }
}

/// Why a question about a rule or a limit has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Malformed,
    Registry(Address),
    StaticCall(Address),
    /// The set says neither yes nor no.
    Unattested(u8),
    Missing(Missing),
}

impl From<Malformed> for Fault {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<Missing> for Fault {
    fn from(missing: Missing) -> Self {
        Self::Missing(missing)
    }
}

impl Fault {
    /// How the fault ends the evaluation; `rule` is the one under test.
    pub(crate) fn stop(self, effect: u32, rule: u16) -> Stop {
        match self {
            Self::Malformed => Denial::new(Reason::MalformedProgram, effect).into(),
            Self::Registry(who) => Denial::new(Reason::RegistryFailed, effect).rule(rule).have_address(who).into(),
            Self::StaticCall(who) => Denial::new(Reason::StaticCallFailed, effect).rule(rule).have_address(who).into(),
            Self::Unattested(set) => Denial::new(Reason::AttestationRequired, effect).rule(rule).detail(set).into(),
            Self::Missing(missing) => missing.into(),
        }
    }
}
