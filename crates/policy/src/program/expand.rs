//! From conditions to every key they can match.

use std::collections::BTreeSet;

use alloy_primitives::Address;

use crate::Effect;

pub(crate) const NATIVE: u8 = 1;
pub(crate) const TRANSFER: u8 = 2;
pub(crate) const APPROVE: u8 = 3;
pub(crate) const CALL: u8 = 4;
pub(crate) const OPAQUE: u8 = 5;

/// Flags of the kind byte.
pub(crate) const ANY_SUBJECT: u8 = 0x80;
pub(crate) const ANY_SELECTOR: u8 = 0x40;
pub(crate) const IS_ACCOUNT: u8 = 0x20;

const TRANSFER_SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
const TRANSFER_FROM_SELECTOR: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
const APPROVE_SELECTOR: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
const INCREASE_ALLOWANCE_SELECTOR: [u8; 4] = [0x39, 0x50, 0x93, 0x51];

/// What an action is done to, or what an effect moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Any,
    Account,
    Address(Address),
}

/// The first 25 bytes of an entry; ordered as its bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Kind and flags.
    pub(crate) tag: u8,
    pub(crate) subject: Address,
    pub(crate) selector: [u8; 4],
}

impl Key {
    pub(crate) fn new(kind: u8, subject: Subject, selector: Option<[u8; 4]>) -> Self {
        let (flag, subject) = match subject {
            Subject::Any => (ANY_SUBJECT, Address::ZERO),
            Subject::Account => (IS_ACCOUNT, Address::ZERO),
            Subject::Address(address) => (0, address),
        };
        let any = if selector.is_none() { ANY_SELECTOR } else { 0 };
        Self { tag: kind | flag | any, subject, selector: selector.unwrap_or_default() }
    }

    pub(crate) const fn kind(&self) -> u8 {
        self.tag & 0x0f
    }

    pub(crate) const fn subject(&self) -> Subject {
        if self.tag & ANY_SUBJECT != 0 {
            Subject::Any
        } else if self.tag & IS_ACCOUNT != 0 {
            Subject::Account
        } else {
            Subject::Address(self.subject)
        }
    }

    pub(crate) fn selector(&self) -> Option<[u8; 4]> {
        (self.tag & ANY_SELECTOR == 0).then_some(self.selector)
    }

    /// The bit of this key's class in its kind's nibble of the header.
    pub(crate) const fn class(&self) -> u32 {
        match (self.tag & ANY_SUBJECT != 0, self.tag & ANY_SELECTOR != 0) {
            (false, false) => 1,
            (false, true) => 2,
            (true, false) => 4,
            (true, true) => 8,
        }
    }
}

/// The conditions that decide which keys a rule has. `None` is a condition that was not written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) effect: Option<BTreeSet<Effect>>,
    /// Tokens by address, the native asset as `None`.
    pub(crate) asset: Option<BTreeSet<Option<Address>>>,
    /// Never [`Subject::Any`].
    pub(crate) target: Option<BTreeSet<Subject>>,
    pub(crate) selector: Option<BTreeSet<[u8; 4]>>,
    /// Whether a recipient or an amount is asked for.
    pub(crate) moves: bool,
    /// Whether calls to declared tokens that do not decode match where no effect is named.
    pub(crate) opaque: bool,
}

impl Shape {
    /// Every key that an effect fitting these conditions has.
    pub(crate) fn expand(&self, tokens: &BTreeSet<Address>) -> BTreeSet<Key> {
        self.expand_up_to(usize::MAX, tokens)
    }

    /// The same, given up when there are more than `most`.
    pub(crate) fn expand_up_to(&self, most: usize, tokens: &BTreeSet<Address>) -> BTreeSet<Key> {
        let mut keys = BTreeSet::new();
        for kind in self.kinds(tokens) {
            for subject in self.subjects(kind, tokens) {
                if keys.len() > most {
                    return keys;
                }
                match &self.selector {
                    None => {
                        keys.insert(Key::new(kind, subject, None));
                    }
                    Some(selectors) => keys.extend(
                        selectors
                            .iter()
                            .filter(|selector| is_possible(kind, subject, **selector, tokens))
                            .map(|selector| Key::new(kind, subject, Some(*selector))),
                    ),
                }
            }
        }
        keys
    }

    /// Calls have no asset, recipient or amount; tokens that are not declared have no effects of their own.
    fn kinds(&self, tokens: &BTreeSet<Address>) -> Vec<u8> {
        let all = [
            (NATIVE, Effect::Transfer),
            (TRANSFER, Effect::Transfer),
            (APPROVE, Effect::Approve),
            (CALL, Effect::Call),
            (OPAQUE, Effect::Opaque),
        ];
        let is_named = |effect: &Effect| match &self.effect {
            Some(effects) => effects.contains(effect),
            None => *effect != Effect::Opaque || self.opaque,
        };
        let moves = self.moves || self.asset.is_some();
        all.into_iter()
            .filter(|(_, effect)| is_named(effect))
            .map(|(kind, _)| kind)
            .filter(|kind| !(moves && matches!(*kind, CALL | OPAQUE)))
            .filter(|kind| !(tokens.is_empty() && matches!(*kind, TRANSFER | APPROVE | OPAQUE)))
            .collect()
    }

    fn subjects(&self, kind: u8, tokens: &BTreeSet<Address>) -> Vec<Subject> {
        let targets = || match &self.target {
            None => vec![Subject::Any],
            Some(targets) => targets.iter().copied().collect(),
        };
        match kind {
            NATIVE if self.asset.as_ref().is_some_and(|assets| !assets.contains(&None)) => Vec::new(),
            NATIVE | CALL => targets(),
            _ => match (&self.asset, &self.target) {
                (None, None) => vec![Subject::Any],
                (Some(assets), None) => assets.iter().flatten().copied().map(Subject::Address).collect(),
                (assets, Some(targets)) => targets
                    .iter()
                    .filter(|target| match target {
                        Subject::Address(address) => {
                            tokens.contains(address)
                                && assets.as_ref().is_none_or(|assets| assets.contains(&Some(*address)))
                        }
                        _ => false,
                    })
                    .copied()
                    .collect(),
            },
        }
    }
}

/// Whether an action with this selector can have an effect of this kind.
fn is_possible(kind: u8, subject: Subject, selector: [u8; 4], tokens: &BTreeSet<Address>) -> bool {
    match kind {
        TRANSFER => matches!(selector, TRANSFER_SELECTOR | TRANSFER_FROM_SELECTOR),
        APPROVE => matches!(selector, APPROVE_SELECTOR | INCREASE_ALLOWANCE_SELECTOR),
        OPAQUE => !matches!(selector, TRANSFER_SELECTOR | APPROVE_SELECTOR | INCREASE_ALLOWANCE_SELECTOR),
        // With calldata, a declared token's calls decode or are opaque.
        CALL => !matches!(subject, Subject::Address(address) if tokens.contains(&address)),
        _ => true,
    }
}
