//! From conditions to every key they can match.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, address};

use super::condition::{Attribute, Condition};
use crate::Effect;

pub(crate) const NATIVE: u8 = 1;
pub(crate) const TRANSFER: u8 = 2;
pub(crate) const APPROVE: u8 = 3;
pub(crate) const CALL: u8 = 4;
pub(crate) const OPAQUE: u8 = 5;
pub(crate) const DELEGATECALL: u8 = 6;

/// Flags of the kind byte.
pub(crate) const ANY_SUBJECT: u8 = 0x80;
pub(crate) const ANY_SELECTOR: u8 = 0x40;
pub(crate) const IS_ACCOUNT: u8 = 0x20;

/// Standards, as declarations number them.
pub(crate) const ERC20: u8 = 1;
pub(crate) const ERC721: u8 = 2;
pub(crate) const ERC1155: u8 = 3;

/// `approve` on it, of a token declared as ERC-20, is an allowance on the token.
pub(crate) const PERMIT2: Address = address!("0x000000000022D473030F116dDEE9F6B43aC78BA3");
/// `enableModule(address)`.
pub(crate) const ENABLE_MODULE: [u8; 4] = [0x61, 0x0b, 0x59, 0x25];

pub(crate) const TRANSFER_SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
pub(crate) const TRANSFER_FROM_SELECTOR: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
pub(crate) const APPROVE_SELECTOR: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
const INCREASE_ALLOWANCE_SELECTOR: [u8; 4] = [0x39, 0x50, 0x93, 0x51];
/// ERC-721's safeTransferFrom, without and with bytes.
pub(crate) const SAFE_TRANSFER_SELECTOR: [u8; 4] = [0x42, 0x84, 0x2e, 0x0e];
pub(crate) const SAFE_TRANSFER_WITH_DATA_SELECTOR: [u8; 4] = [0xb8, 0x8d, 0x4f, 0xde];
/// ERC-1155's safeTransferFrom and safeBatchTransferFrom.
pub(crate) const TRANSFER_ID_SELECTOR: [u8; 4] = [0xf2, 0x42, 0x43, 0x2a];
pub(crate) const TRANSFER_IDS_SELECTOR: [u8; 4] = [0x2e, 0xb2, 0xc2, 0xd6];
pub(crate) const SET_APPROVAL_FOR_ALL_SELECTOR: [u8; 4] = [0xa2, 0x2c, 0xb4, 0x65];
pub(crate) const PERMIT2_APPROVE_SELECTOR: [u8; 4] = [0x87, 0x51, 0x7c, 0x45];

/// Declared tokens and their standards.
pub(crate) type Tokens = BTreeMap<Address, u8>;

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

    /// Whether it is for letting a module in, which only a rule that names the module can match.
    pub(crate) fn is_enable_module(&self) -> bool {
        self.kind() == CALL && self.subject() == Subject::Account && self.selector() == Some(ENABLE_MODULE)
    }

    /// Whether effects with this key have a recipient.
    pub(crate) fn has_recipient(&self) -> bool {
        self.has_amount() || self.is_enable_module()
    }

    /// Whether effects with this key have an amount.
    pub(crate) const fn has_amount(&self) -> bool {
        matches!(self.kind(), NATIVE | TRANSFER | APPROVE)
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
    /// Whether the target is one of registries, which keys cannot name.
    pub(crate) asks_target: bool,
    /// Whether calls to declared tokens that do not decode match where no effect is named.
    pub(crate) opaque: bool,
}

impl Shape {
    /// Every key that an effect fitting these and the other conditions can have.
    pub(crate) fn expand(&self, tokens: &Tokens, conditions: &[Condition]) -> BTreeSet<Key> {
        self.expand_up_to(usize::MAX, tokens, conditions)
    }

    /// The same, given up when there are more than `most`.
    pub(crate) fn expand_up_to(&self, most: usize, tokens: &Tokens, conditions: &[Condition]) -> BTreeSet<Key> {
        let names_module = conditions.iter().any(|one| matches!(one, Condition::Member(Attribute::Recipient, _)));
        let can_match = |key: &Key| {
            (names_module || !key.is_enable_module()) && conditions.iter().all(|condition| condition.can_hold(key))
        };
        let mut keys = BTreeSet::new();
        for kind in self.kinds(tokens) {
            for subject in self.subjects(kind, tokens) {
                if keys.len() > most {
                    return keys;
                }
                match &self.selector {
                    None => keys.extend(Some(Key::new(kind, subject, None)).filter(can_match)),
                    Some(selectors) => keys.extend(
                        selectors
                            .iter()
                            .filter(|selector| is_possible(kind, subject, **selector, tokens))
                            .map(|selector| Key::new(kind, subject, Some(*selector)))
                            .filter(can_match),
                    ),
                }
            }
        }
        keys
    }

    /// Calls have no asset; tokens that are not declared have no effects of their own.
    fn kinds(&self, tokens: &Tokens) -> Vec<u8> {
        let all = [
            (NATIVE, Effect::Transfer),
            (TRANSFER, Effect::Transfer),
            (APPROVE, Effect::Approve),
            (CALL, Effect::Call),
            (OPAQUE, Effect::Opaque),
            (DELEGATECALL, Effect::Delegatecall),
        ];
        let is_named = |effect: &Effect| match &self.effect {
            Some(effects) => effects.contains(effect),
            None => match effect {
                Effect::Opaque => self.opaque,
                Effect::Delegatecall => false,
                _ => true,
            },
        };
        all.into_iter()
            .filter(|(_, effect)| is_named(effect))
            .map(|(kind, _)| kind)
            .filter(|kind| !(self.asset.is_some() && matches!(*kind, CALL | OPAQUE | DELEGATECALL)))
            .filter(|kind| !(tokens.is_empty() && matches!(*kind, TRANSFER | APPROVE | OPAQUE)))
            .collect()
    }

    fn subjects(&self, kind: u8, tokens: &Tokens) -> Vec<Subject> {
        let targets = || match &self.target {
            None => vec![Subject::Any],
            Some(targets) => targets.iter().copied().collect(),
        };
        match kind {
            NATIVE if self.asset.as_ref().is_some_and(|assets| !assets.contains(&None)) => Vec::new(),
            NATIVE | CALL => targets(),
            // Only a target that is named is trusted to run as the account.
            DELEGATECALL => self.target.iter().flatten().copied().collect(),
            _ if self.asks_target => Vec::new(),
            _ => match (&self.asset, &self.target) {
                (None, None) => vec![Subject::Any],
                (Some(assets), None) => assets.iter().flatten().copied().map(Subject::Address).collect(),
                (assets, Some(targets)) => targets
                    .iter()
                    .filter(|target| match target {
                        Subject::Address(address) => {
                            tokens.contains_key(address)
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
fn is_possible(kind: u8, subject: Subject, selector: [u8; 4], tokens: &Tokens) -> bool {
    let some = |test: &dyn Fn(u8) -> bool| match subject {
        Subject::Address(address) => tokens.get(&address).copied().is_some_and(test),
        _ => tokens.values().copied().any(test),
    };
    match kind {
        TRANSFER => some(&|standard| transfers(standard).contains(&selector)),
        APPROVE => some(&|standard| {
            let through_permit2 = standard == ERC20 && !tokens.contains_key(&PERMIT2);
            approves(standard).contains(&selector) || (through_permit2 && selector == PERMIT2_APPROVE_SELECTOR)
        }),
        // Transfers of what is not the account's are opaque.
        OPAQUE => some(&|standard| {
            let is_own_transfer = standard == ERC20 && selector == TRANSFER_SELECTOR;
            !is_own_transfer && !approves(standard).contains(&selector)
        }),
        // With calldata, a declared token's calls decode or are opaque.
        CALL => !matches!(subject, Subject::Address(address) if tokens.contains_key(&address)),
        _ => true,
    }
}

pub(crate) const fn transfers(standard: u8) -> &'static [[u8; 4]] {
    match standard {
        ERC20 => &[TRANSFER_SELECTOR, TRANSFER_FROM_SELECTOR],
        ERC721 => &[TRANSFER_FROM_SELECTOR, SAFE_TRANSFER_SELECTOR, SAFE_TRANSFER_WITH_DATA_SELECTOR],
        ERC1155 => &[TRANSFER_ID_SELECTOR, TRANSFER_IDS_SELECTOR],
        _ => &[],
    }
}

pub(crate) const fn approves(standard: u8) -> &'static [[u8; 4]] {
    match standard {
        ERC20 => &[APPROVE_SELECTOR, INCREASE_ALLOWANCE_SELECTOR],
        ERC721 => &[APPROVE_SELECTOR, SET_APPROVAL_FOR_ALL_SELECTOR],
        ERC1155 => &[SET_APPROVAL_FOR_ALL_SELECTOR],
        _ => &[],
    }
}
