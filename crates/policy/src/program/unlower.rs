//! From the program's conditions to tables of the document.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};

use super::{
    condition::{Attribute, Condition, List, Listed, Roster, day_bit, is_sorted, kinds_of},
    expand::{Shape, Subject, Tokens},
    read::Raw,
};
use crate::{
    AddressRef, Amount, AmountRange, CallData, CallTarget, Comparison, Effect, Fact, FactKind, FactSubject, FactTest,
    FactValue, Members, OnUnknown, Origin, Registry, Selector, StaticCall, Target, TimeSpan, Weekday, When, Word,
    WordTest,
};

/// Names for what a program does not name.
pub(crate) struct Names<'a> {
    /// By address; zero is native.
    pub(crate) assets: BTreeMap<Address, String>,
    pub(crate) groups: BTreeMap<String, Members>,
    pub(crate) lists: BTreeMap<String, Members>,
    /// One for each rule that asks an attester set what the chain cannot see.
    pub(crate) facts: BTreeMap<String, Fact>,
    by_content: BTreeMap<Roster, String>,
    tokens: &'a Tokens,
    limits: Vec<&'a str>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(raw: &'a Raw) -> Self {
        let mut assets: BTreeMap<_, _> =
            (1_usize..).zip(raw.tokens.keys()).map(|(n, token)| (*token, format!("asset-{n}"))).collect();
        assets.insert(Address::ZERO, "native".to_owned());
        Self {
            assets,
            groups: BTreeMap::new(),
            lists: BTreeMap::new(),
            facts: BTreeMap::new(),
            by_content: BTreeMap::new(),
            tokens: &raw.tokens,
            limits: raw.limits.iter().map(|limit| limit.id.as_str()).collect(),
        }
    }

    /// The name of the group with these members.
    pub(crate) fn group(&mut self, list: &List) -> String {
        if let Some(name) = self.by_content.get(&list.members) {
            return name.clone();
        }
        let name = format!("group-{}", self.groups.len().saturating_add(1));
        self.groups.insert(name.clone(), members(&list.members));
        self.by_content.insert(list.members.clone(), name.clone());
        name
    }

    pub(crate) fn list(&mut self, list: &List) -> AddressRef {
        if let Some(name) = self.by_content.get(&list.members) {
            return AddressRef::Named(name.clone());
        }
        let name = format!("list-{}", self.lists.len().saturating_add(1));
        self.lists.insert(name.clone(), members(&list.members));
        self.by_content.insert(list.members.clone(), name.clone());
        AddressRef::Named(name)
    }

    /// A fact that stands for whatever the set states for the rule, and the test that it holds.
    fn fact(&mut self, number: u8, index: u16) -> (String, Vec<FactTest>) {
        let set = set_name(number);
        let name = format!("{set}-{}", u32::from(index).saturating_add(1));
        let fact = Fact {
            kind: FactKind::Boolean,
            subject: FactSubject::Effect,
            attesters: set,
            timeout: 1,
            ttl: 1,
            max_age: 1,
            on_unknown: OnUnknown::Closed,
        };
        self.facts.insert(name.clone(), fact);
        (name, vec![FactTest::Compare(Comparison::Equals, FactValue::Boolean(true))])
    }

    /// A rule's conditions. None where no document has them.
    pub(crate) fn when(&mut self, shape: &Shape, allow: bool, modules: bool, conditions: &[Condition]) -> Option<When> {
        let mut when = self.slots(conditions, Some(shape))?;
        if modules != (when.origin != Origin::Owners) {
            return None;
        }
        let target = |subject: &Subject| match subject {
            Subject::Address(address) => match self.assets.get(address) {
                Some(name) if self.tokens.contains_key(address) => Target::Asset(name.clone()),
                _ => Target::Literal(*address),
            },
            Subject::Account | Subject::Any => Target::Account,
        };
        let asset = |token: &Option<Address>| self.assets.get(&token.unwrap_or_default()).cloned().unwrap_or_default();
        if let Some(targets) = &shape.target {
            when.target = Some(targets.iter().map(target).collect());
        }
        when.selector = shape.selector.as_ref().map(|all| all.iter().copied().map(Selector::from_bytes).collect());
        when.effect = shape.effect.as_ref().map(|effects| effects.iter().copied().collect());
        when.asset = shape.asset.as_ref().map(|assets| assets.iter().map(asset).collect());
        when.opaque = allow && shape.opaque;
        Some(when)
    }

    /// The table whose conditions are these. What its keys cannot hold in this order, `all` can.
    fn table(&mut self, conditions: &[Condition]) -> Option<When> {
        if is_sorted(conditions)
            && let Some(when) = self.slots(conditions, None)
        {
            return Some(when);
        }
        if conditions.len() < 2 {
            return None;
        }
        Some(When { all: Some(self.elements(conditions)?), ..When::default() })
    }

    /// A table of a group: one condition stands alone, several as `all`.
    fn element(&mut self, condition: &Condition) -> Option<When> {
        match condition {
            Condition::All(inner) if inner.len() > 1 && parts_from_asset(inner) => {
                Some(When { all: Some(self.elements(inner)?), ..When::default() })
            }
            Condition::All(inner) if inner.len() > 1 => self.table(inner),
            one => self.slots(std::slice::from_ref(one), None),
        }
    }

    /// Each condition under the key that gives it; none when two ask for one key. In a rule, some keys are not
    /// conditions.
    fn slots(&mut self, conditions: &[Condition], rule: Option<&Shape>) -> Option<When> {
        let mut when = When::default();
        for condition in conditions {
            if self.list_slot(condition, rule, &mut when) {
                continue;
            }
            match condition {
                Condition::AtLeast(value) => set(&mut range(&mut when).min, Amount::from_base_units(*value))?,
                Condition::AtMost(value) => set(&mut range(&mut when).max, Amount::from_base_units(*value))?,
                Condition::IsContract => set(&mut when.recipient_is_contract, true)?,
                Condition::Not(inner)
                    if matches!(inner.as_slice(), [Condition::IsContract]) && when.recipient_is_contract.is_none() =>
                {
                    when.recipient_is_contract = Some(false);
                }
                Condition::Kinds(kinds) if rule.is_none() => set(&mut when.effect, effects(*kinds)?)?,
                Condition::Selectors(selectors) if rule.is_none() && !selectors.is_empty() => {
                    let all = selectors.iter().copied().map(Selector::from_bytes).collect();
                    set(&mut when.selector, all)?;
                }
                Condition::Time { from, to } => set(&mut when.time, TimeSpan { from: *from, to: *to })?,
                Condition::Days(days) => {
                    let all = Weekday::ALL.into_iter().filter(|day| days & day_bit(*day) != 0);
                    set(&mut when.weekday, all.collect())?;
                }
                Condition::Word { offset, comparison, mask, value } => {
                    let mask = (*mask != U256::MAX).then_some(*mask);
                    let test = WordTest::Compare { mask, comparison: *comparison, value: *value };
                    when.word.push(Word { offset: *offset, test });
                }
                Condition::StaticCall(call) => when.static_call.push(StaticCall {
                    target: match self.assets.get(&call.target) {
                        Some(name) if self.tokens.contains_key(&call.target) => CallTarget::Asset(name.clone()),
                        _ => CallTarget::Literal(call.target),
                    },
                    data: CallData::Data(call.data.clone()),
                    gas: call.gas,
                    words: call.words,
                    index: call.index,
                    comparison: call.comparison,
                    value: call.value,
                }),
                Condition::Within(within) => {
                    let name = *self.limits.get(usize::from(within.limit))?;
                    set(&mut when.within, name.to_owned())?;
                }
                Condition::Attested { set: number, index } if rule.is_some() && when.facts.is_empty() => {
                    when.facts = BTreeMap::from([self.fact(*number, *index)]);
                }
                Condition::Any(inner) => set(&mut when.any, self.elements(inner)?)?,
                Condition::All(inner) => set(&mut when.all, self.elements(inner)?)?,
                Condition::Not(inner) => {
                    let table = self.table(inner)?;
                    set(&mut when.not, Box::new(table))?;
                }
                _ => return None,
            }
        }
        Some(when)
    }

    fn elements(&mut self, inner: &[Condition]) -> Option<Vec<When>> {
        inner.iter().map(|one| self.element(one)).collect()
    }

    /// Whether the condition is the lists of one key that is free.
    fn list_slot(&mut self, condition: &Condition, rule: Option<&Shape>, when: &mut When) -> bool {
        let Some((listed, lists)) = condition.listed() else { return false };
        let is_free = match listed {
            Listed::Word(_) => true,
            Listed::Attribute(Attribute::Origin) => when.origin == Origin::Owners,
            Listed::Attribute(Attribute::Initiator) => when.initiator.is_none(),
            Listed::Attribute(Attribute::Recipient) => when.recipient.is_none(),
            Listed::Attribute(Attribute::Target) => when.target.is_none() && rule.is_none_or(|shape| shape.asks_target),
            Listed::Attribute(Attribute::Asset) => {
                when.asset.is_none() && rule.is_none() && lists.iter().all(|list| self.are_assets(list))
            }
        };
        if !is_free {
            return false;
        }
        if listed == Listed::Attribute(Attribute::Asset) {
            when.asset = lists.first().and_then(|list| self.asset_names(list));
            return true;
        }
        let refs: Vec<AddressRef> = lists.into_iter().map(|list| self.list(list)).collect();
        match listed {
            Listed::Word(offset) => when.word.push(Word { offset, test: WordTest::In(refs) }),
            Listed::Attribute(Attribute::Origin) => when.origin = Origin::Modules(refs),
            Listed::Attribute(Attribute::Initiator) => when.initiator = Some(refs),
            Listed::Attribute(Attribute::Recipient) => when.recipient = Some(refs),
            Listed::Attribute(_) => when.target = Some(refs.into_iter().map(target).collect()),
        }
        true
    }

    fn are_assets(&self, list: &List) -> bool {
        self.asset_names(list).is_some()
    }

    /// The names of the list's members, if each is an asset.
    fn asset_names(&self, list: &List) -> Option<Vec<String>> {
        match &list.members {
            Roster::Addresses(members) => members.iter().map(|member| self.assets.get(member).cloned()).collect(),
            Roster::Registry(..) => None,
        }
    }
}

/// The name of an attester set, which sorts like its number.
pub(crate) fn set_name(number: u8) -> String {
    format!("attesters-{:02}", number.saturating_add(1))
}

fn members(roster: &Roster) -> Members {
    match roster {
        Roster::Addresses(members) => Members::Addresses(members.iter().copied().collect()),
        Roster::Registry(address, method) => {
            let contains = Selector::contains();
            let method = if contains.bytes() == *method { contains } else { Selector::from_bytes(*method) };
            Members::Registry(Registry { address: *address, method })
        }
    }
}

fn target(one: AddressRef) -> Target {
    match one {
        AddressRef::Named(name) => Target::Named(name),
        AddressRef::Literal(address) => Target::Literal(address),
    }
}

/// Whether a table of these conditions would write an asset and what is in its units as tables of their own.
fn parts_from_asset(conditions: &[Condition]) -> bool {
    let is_asset = |condition: &Condition| matches!(condition, Condition::Member(Attribute::Asset, _));
    conditions.iter().any(|condition| match condition {
        Condition::All(inner) => inner.iter().any(is_asset) && inner.iter().any(is_in_units),
        _ => false,
    })
}

fn is_in_units(condition: &Condition) -> bool {
    match condition {
        Condition::AtLeast(_) | Condition::AtMost(_) | Condition::Within(_) => true,
        Condition::Any(inner) | Condition::All(inner) | Condition::Not(inner) => inner.iter().any(is_in_units),
        _ => false,
    }
}

/// The effects whose kinds these are.
fn effects(kinds: u8) -> Option<Vec<Effect>> {
    let all: Vec<_> = Effect::ALL.into_iter().filter(|effect| kinds & kinds_of(*effect) != 0).collect();
    let bits = all.iter().fold(0, |bits, effect| bits | kinds_of(*effect));
    (bits == kinds && bits != 0).then_some(all)
}

fn range(when: &mut When) -> &mut AmountRange {
    when.amount.get_or_insert_default()
}

fn set<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    slot.is_none().then(|| *slot = Some(value))
}
