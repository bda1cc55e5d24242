//! Conditions as the program holds them: what each asks, and where it stands.

use std::collections::BTreeSet;

use alloy_primitives::{Address, Bytes, U256};

use super::expand::{APPROVE, CALL, Key, NATIVE, OPAQUE, PERMIT2, Subject, TRANSFER};
use crate::{Comparison, Effect, PathSegment, Weekday};

/// How deep groups nest.
pub(crate) const MAX_DEPTH: usize = 8;

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// An address of the request, action or effect is in a list.
    Member(Attribute, List),
    AtLeast(U256),
    AtMost(U256),
    IsContract,
    Selectors(BTreeSet<[u8; 4]>),
    /// Bit `k` for kind `k`.
    Kinds(u8),
    Time {
        from: u32,
        to: u32,
    },
    /// Bit 0 is Monday.
    Days(u8),
    Word {
        offset: u16,
        comparison: Comparison,
        mask: U256,
        value: U256,
    },
    WordIn(u16, List),
    StaticCall(Box<Call>),
    Within(Within),
    /// An attester set says so: its number, and the rule's place among its hybrid rules.
    Attested {
        set: u8,
        index: u16,
    },
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Vec<Self>),
}

/// Whose membership a list decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attribute {
    Origin,
    Initiator,
    Recipient,
    Target,
    Asset,
}

/// What a static call asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) target: Address,
    pub(crate) gas: u32,
    pub(crate) words: u8,
    pub(crate) index: u8,
    pub(crate) comparison: Comparison,
    pub(crate) value: U256,
    pub(crate) data: Bytes,
}

/// A limit that the effect must still fit, and what that asks of the effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Within {
    pub(crate) limit: u8,
    /// The asset whose amounts it caps; none for a count.
    pub(crate) asset: Option<Address>,
    /// Whether it counts for each recipient.
    pub(crate) per_recipient: bool,
}

/// A set of addresses, and what to call it.
#[derive(Debug, Clone)]
pub(crate) struct List {
    pub(crate) members: Roster,
    pub(crate) label: String,
    pub(crate) path: Vec<PathSegment>,
}

/// Lists are the same when they have the same members.
impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

impl Eq for List {}

/// Who is in a list. A list of addresses sorts before registries, and those by address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Roster {
    Addresses(BTreeSet<Address>),
    Registry(Address, [u8; 4]),
}

impl Roster {
    pub(crate) const fn is_registry(&self) -> bool {
        matches!(self, Self::Registry(..))
    }

    fn contains(&self, member: &Address) -> bool {
        match self {
            Self::Addresses(members) => members.contains(member),
            Self::Registry(..) => false,
        }
    }
}

/// What the lists of one key of the document test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listed {
    Attribute(Attribute),
    Word(u16),
}

impl Condition {
    /// The lists that one key of the document can have given: one list, or a group of lists of one attribute, the
    /// inline one first, then registries in order.
    pub(crate) fn listed(&self) -> Option<(Listed, Vec<&List>)> {
        let one = |condition: &Self| match condition {
            Self::Member(attribute, _) => Some(Listed::Attribute(*attribute)),
            Self::WordIn(offset, _) => Some(Listed::Word(*offset)),
            _ => None,
        };
        match self {
            Self::Member(_, list) | Self::WordIn(_, list) => Some((one(self)?, vec![list])),
            Self::Any(inner) if inner.len() > 1 => {
                let listed = one(inner.first()?)?;
                let lists: Vec<_> = inner
                    .iter()
                    .map(|condition| match condition {
                        Self::Member(_, list) | Self::WordIn(_, list) if one(condition) == Some(listed) => Some(list),
                        _ => None,
                    })
                    .collect::<Option<_>>()?;
                let ascends = lists.iter().zip(lists.iter().skip(1)).all(|(a, b)| a.members < b.members);
                let inline = lists.iter().filter(|list| !list.members.is_registry()).count();
                (ascends && inline <= 1).then_some((listed, lists))
            }
            _ => None,
        }
    }

    /// The condition and those within it.
    fn inner(&self) -> &[Self] {
        match self {
            Self::Any(inner) | Self::All(inner) | Self::Not(inner) => inner,
            _ => &[],
        }
    }

    /// Groups around the deepest condition.
    pub(crate) fn depth(&self) -> usize {
        let inner = self.inner();
        let deepest = inner.iter().map(Self::depth).max();
        deepest.map_or(0, |depth| depth.saturating_add(1))
    }

    fn has(&self, test: &impl Fn(&Self) -> bool) -> bool {
        test(self) || self.inner().iter().any(|inner| inner.has(test))
    }

    /// Where it stands among the conditions of its table: what asks other contracts comes last.
    pub(crate) fn rank(&self) -> (u8, u8) {
        let asks = |condition: &Self| match condition {
            Self::Member(_, list) | Self::WordIn(_, list) => list.members.is_registry(),
            _ => false,
        };
        // What nobody stated denies, so it is asked last.
        if matches!(self, Self::Attested { .. }) {
            return (3, 0);
        }
        let section =
            if self.has(&|condition| matches!(condition, Self::StaticCall(_))) { 2 } else { u8::from(self.has(&asks)) };
        let order = match (self.listed(), self) {
            (Some((Listed::Attribute(attribute), _)), _) => attribute.op(),
            (Some((Listed::Word(_), _)), _) => 14,
            (None, Self::AtLeast(_)) => 4,
            (None, Self::AtMost(_)) => 5,
            (None, Self::IsContract) => 6,
            (None, Self::Not(inner)) if matches!(inner.as_slice(), [Self::IsContract]) => 6,
            (None, Self::Kinds(_)) => 9,
            (None, Self::Selectors(_)) => 10,
            (None, Self::Time { .. }) => 11,
            (None, Self::Days(_)) => 12,
            (None, Self::Word { .. } | Self::Member(..) | Self::WordIn(..)) => 13,
            (None, Self::Within(_)) => 15,
            (None, Self::Any(_)) => 16,
            (None, Self::All(_)) => 17,
            (None, Self::Not(_)) => 18,
            (None, Self::StaticCall(_) | Self::Attested { .. }) => 19,
        };
        (section, order)
    }

    /// Whether it can hold for some effect with this key.
    pub(crate) fn can_hold(&self, key: &Key) -> bool {
        match self {
            Self::Member(Attribute::Recipient, _) | Self::IsContract => key.has_recipient(),
            Self::Member(Attribute::Asset, list) => match (key.kind(), key.subject()) {
                (NATIVE, _) => list.members.contains(&Address::ZERO),
                (TRANSFER | APPROVE | OPAQUE, Subject::Address(token)) => list.members.contains(&token),
                (TRANSFER | APPROVE | OPAQUE, _) => list.members != native(),
                _ => false,
            },
            Self::Member(Attribute::Target, list) => match key.subject() {
                Subject::Address(address) if !list.members.is_registry() => {
                    list.members.contains(&address) || (key.kind() == APPROVE && list.members.contains(&PERMIT2))
                }
                _ => true,
            },
            Self::AtLeast(_) | Self::AtMost(_) => key.has_amount(),
            Self::Within(within) => match within.asset {
                Some(asset) => {
                    key.has_amount()
                        && match (key.kind(), key.subject()) {
                            (NATIVE, _) => asset == Address::ZERO,
                            (_, Subject::Address(token)) => asset == token,
                            _ => asset != Address::ZERO,
                        }
                }
                None => !within.per_recipient || key.has_recipient(),
            },
            Self::Kinds(kinds) => has_kind(*kinds, key.kind()),
            Self::Selectors(selectors) => key.selector().is_none_or(|selector| selectors.contains(&selector)),
            Self::Any(inner) => inner.iter().any(|one| one.can_hold(key)),
            Self::All(inner) => inner.iter().all(|one| one.can_hold(key)),
            Self::Not(inner) => !inner.iter().all(|one| one.must_hold(key)),
            _ => true,
        }
    }

    /// Whether it holds for every effect with this key.
    fn must_hold(&self, key: &Key) -> bool {
        match self {
            Self::Member(Attribute::Asset, list) => match (key.kind(), key.subject()) {
                (NATIVE, _) => list.members.contains(&Address::ZERO),
                (TRANSFER | APPROVE | OPAQUE, Subject::Address(token)) => list.members.contains(&token),
                _ => false,
            },
            Self::Member(Attribute::Target, list) => match (key.kind(), key.subject()) {
                (NATIVE | TRANSFER | CALL | OPAQUE, Subject::Address(address)) => list.members.contains(&address),
                _ => false,
            },
            Self::Kinds(kinds) => has_kind(*kinds, key.kind()),
            Self::Selectors(selectors) => key.selector().is_some_and(|selector| selectors.contains(&selector)),
            Self::Any(inner) => inner.iter().any(|one| one.must_hold(key)),
            Self::All(inner) => inner.iter().all(|one| one.must_hold(key)),
            Self::Not(inner) => inner.iter().any(|one| !one.can_hold(key)),
            _ => false,
        }
    }
}

impl Attribute {
    pub(crate) const ALL: [Self; 5] = [Self::Origin, Self::Initiator, Self::Recipient, Self::Target, Self::Asset];

    /// The condition's first byte.
    pub(crate) const fn op(self) -> u8 {
        match self {
            Self::Origin => 1,
            Self::Initiator => 2,
            Self::Recipient => 3,
            Self::Target => 7,
            Self::Asset => 8,
        }
    }
}

fn native() -> Roster {
    Roster::Addresses(BTreeSet::from([Address::ZERO]))
}

fn has_kind(kinds: u8, kind: u8) -> bool {
    kinds.checked_shr(u32::from(kind)).is_some_and(|shifted| shifted & 1 == 1)
}

/// The order in which a table's conditions are tested. Ties keep the order in which the document's keys are read.
pub(crate) fn sort(conditions: &mut [Condition]) {
    conditions.sort_by_cached_key(Condition::rank);
}

/// Whether they stand in that order.
pub(crate) fn is_sorted(conditions: &[Condition]) -> bool {
    conditions.is_sorted_by_key(Condition::rank)
}

/// The bits of the kinds that the document calls by this word.
pub(crate) const fn kinds_of(effect: Effect) -> u8 {
    match effect {
        Effect::Transfer => 0b0000_0110,
        Effect::Approve => 0b0000_1000,
        Effect::Call => 0b0001_0000,
        Effect::Opaque => 0b0010_0000,
        Effect::Delegatecall => 0b0100_0000,
    }
}

/// The day's bit; Monday's is the lowest.
pub(crate) fn day_bit(day: Weekday) -> u8 {
    let position = Weekday::ALL.iter().position(|one| *one == day).and_then(|at| u32::try_from(at).ok());
    position.and_then(|position| 1_u8.checked_shl(position)).unwrap_or(0)
}

impl Condition {
    /// The document's key for it.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Member(Attribute::Origin, _) => "origin",
            Self::Member(Attribute::Initiator, _) => "initiator",
            Self::Member(Attribute::Recipient, _) => "recipient",
            Self::Member(Attribute::Target, _) => "target",
            Self::Member(Attribute::Asset, _) => "asset",
            Self::AtLeast(_) | Self::AtMost(_) => "amount",
            Self::IsContract => "recipient_is_contract",
            Self::Selectors(_) => "selector",
            Self::Kinds(_) => "effect",
            Self::Time { .. } => "time",
            Self::Days(_) => "weekday",
            Self::Word { .. } | Self::WordIn(..) => "word",
            Self::StaticCall(_) => "static_call",
            Self::Within(_) => "within",
            Self::Attested { .. } => "facts",
            Self::Any(_) => "any",
            Self::All(_) => "all",
            Self::Not(_) => "not",
        }
    }
}
