//! What an ordinary leaf does, as far as calldata tells, `docs/program.md` §2.5.

use alloy_primitives::{Address, U256};

use crate::program::{Malformed, Program};
use crate::request::Action;

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
    /// Who gets it, or may draw it.
    pub recipient: Option<Address>,
    /// How much, in base units.
    pub amount: Option<U256>,
}

/// Why a leaf has no effects.
pub(crate) enum Undecodable {
    Malformed,
    ShortCalldata,
    NonCanonical([u8; 4]),
}

impl From<Malformed> for Undecodable {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
const INCREASE_ALLOWANCE: [u8; 4] = [0x39, 0x50, 0x93, 0x51];

/// The address in the word, if nothing else is.
pub(crate) fn clean_address(word: &[u8; 32]) -> Option<Address> {
    let (head, tail) = word.split_first_chunk::<12>()?;
    (*head == [0; 12]).then(|| Address::from_slice(tail))
}

/// The arguments, if they are exactly `N` words.
pub(crate) fn words<const N: usize>(arguments: &[u8]) -> Option<[&[u8; 32]; N]> {
    let (words, rest) = arguments.as_chunks::<32>();
    if !rest.is_empty() || words.len() != N {
        return None;
    }
    let mut all = words.iter();
    let mut out = [&[0; 32]; N];
    for slot in &mut out {
        *slot = all.next()?;
    }
    Some(out)
}

/// What an ordinary leaf moves and calls, as yet undecoded.
#[derive(Clone, Copy)]
pub(crate) struct Leaf<'a> {
    account: Address,
    bare: Effect,
    value: U256,
    call: Option<([u8; 4], &'a [u8])>,
}

impl<'a> Leaf<'a> {
    pub(crate) fn new(account: Address, leaf: &'a Action) -> Result<Self, Undecodable> {
        let call = leaf.data.split_first_chunk::<4>().map(|(selector, rest)| (*selector, rest));
        if call.is_none() && !leaf.data.is_empty() {
            return Err(Undecodable::ShortCalldata);
        }
        let bare = Effect {
            kind: EffectKind::Call,
            target: leaf.to,
            subject: leaf.to,
            selector: call.map(|(selector, _)| selector),
            asset: None,
            recipient: None,
            amount: None,
        };
        Ok(Self { account, bare, value: leaf.value, call })
    }

    /// The first effect: native value that leaves, if any does.
    pub(crate) fn native(&self) -> Option<Effect> {
        (!self.value.is_zero()).then_some(Effect {
            kind: EffectKind::Native,
            asset: Some(Address::ZERO),
            recipient: Some(self.bare.target),
            amount: Some(self.value),
            ..self.bare
        })
    }

    /// The second: what the calldata does; a bare call when there is neither calldata nor value.
    pub(crate) fn called(&self, program: &Program<'_>) -> Result<Option<Effect>, Undecodable> {
        match self.call {
            Some((selector, arguments)) => decode(program, self.account, self.bare, selector, arguments).map(Some),
            None => Ok(self.value.is_zero().then_some(self.bare)),
        }
    }
}

fn decode(
    program: &Program<'_>,
    account: Address,
    bare: Effect,
    selector: [u8; 4],
    arguments: &[u8],
) -> Result<Effect, Undecodable> {
    if !program.declares(bare.target)? {
        return Ok(bare);
    }
    let dirty = Undecodable::NonCanonical(selector);
    let opaque = Effect { kind: EffectKind::Opaque, asset: Some(bare.target), ..bare };
    let (kind, source, recipient, amount) = match selector {
        TRANSFER | APPROVE | INCREASE_ALLOWANCE => {
            let Some([recipient, amount]) = words(arguments) else {
                return Err(dirty);
            };
            let kind = if selector == TRANSFER { EffectKind::Transfer } else { EffectKind::Approve };
            (kind, Some(account), clean_address(recipient), amount)
        }
        TRANSFER_FROM => {
            let Some([source, recipient, amount]) = words(arguments) else {
                return Err(dirty);
            };
            (EffectKind::Transfer, clean_address(source), clean_address(recipient), amount)
        }
        _ => return Ok(opaque),
    };
    let (Some(source), Some(recipient)) = (source, recipient) else {
        return Err(dirty);
    };
    if source != account {
        return Ok(opaque);
    }
    Ok(Effect { kind, recipient: Some(recipient), amount: Some(U256::from_be_bytes(*amount)), ..opaque })
}
