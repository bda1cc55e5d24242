//! What policies mention: where requests must be told apart.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};

use super::{
    dimension::Cuts,
    space::{Asked, Who, inline},
};
use crate::program::{
    condition::{Attribute, Condition, List, Roster},
    expand::Subject,
    lower::{Lowered, LoweredRule},
};

/// Lists, bounds and questions, each where it is asked.
#[derive(Debug, Default)]
pub(super) struct Mentions<'a> {
    pub(super) to: Vec<&'a BTreeSet<Address>>,
    /// Subjects of keys, those together that always stand together.
    pub(super) subjects: Vec<BTreeSet<Address>>,
    pub(super) origins: Vec<&'a BTreeSet<Address>>,
    pub(super) initiators: Vec<&'a BTreeSet<Address>>,
    pub(super) recipients: Vec<&'a BTreeSet<Address>>,
    pub(super) selectors: BTreeSet<[u8; 4]>,
    pub(super) amounts: Cuts,
    pub(super) times: Cuts,
    pub(super) words: BTreeMap<(u16, U256), Cuts>,
    pub(super) answers: BTreeMap<Asked, Cuts>,
    pub(super) registries: BTreeSet<(Address, [u8; 4], Who)>,
    /// Limits that are asked, by index.
    pub(super) fits: BTreeSet<u8>,
}

/// Keys that differ in their subjects only.
#[derive(Debug, Default)]
pub(super) struct Subjects {
    pub(super) any: bool,
    pub(super) account: bool,
    pub(super) addresses: BTreeSet<Address>,
}

/// The rule's subjects for each kind and selector.
pub(super) fn grouped(rule: &LoweredRule) -> BTreeMap<(u8, Option<[u8; 4]>), Subjects> {
    let mut groups: BTreeMap<_, Subjects> = BTreeMap::new();
    for key in &rule.keys {
        let group = groups.entry((key.kind(), key.selector())).or_default();
        match key.subject() {
            Subject::Any => group.any = true,
            Subject::Account => group.account = true,
            Subject::Address(address) => _ = group.addresses.insert(address),
        }
    }
    groups
}

impl<'a> Mentions<'a> {
    pub(super) fn add(&mut self, lowered: &'a Lowered) {
        for rule in &lowered.rules {
            for ((_, selector), subjects) in grouped(rule) {
                self.selectors.extend(selector);
                if !subjects.addresses.is_empty() && self.subjects.last() != Some(&subjects.addresses) {
                    self.subjects.push(subjects.addresses);
                }
            }
            self.conditions(&rule.conditions, lowered);
            // Who starts a request may not count for it.
            let asked = rule.asked.lists().filter_map(|list| inline(&list.members));
            self.initiators.extend(asked);
        }
    }

    /// Every address in a list.
    pub(super) fn addresses(&self) -> impl Iterator<Item = Address> {
        let lists = self.to.iter().chain(&self.origins).chain(&self.initiators).chain(&self.recipients).copied();
        lists.chain(&self.subjects).flatten().copied()
    }

    fn conditions(&mut self, conditions: &'a [Condition], lowered: &'a Lowered) {
        for condition in conditions {
            match condition {
                Condition::Member(attribute, list) => self.member(*attribute, list),
                Condition::AtLeast(value) | Condition::AtMost(value) => self.amounts.single(*value),
                Condition::Selectors(selectors) => self.selectors.extend(selectors),
                Condition::Time { from, to } => {
                    self.times.single(U256::from(*from));
                    self.times.single(U256::from(*to));
                }
                Condition::Word { offset, mask, value, .. } => {
                    self.words.entry((*offset, *mask)).or_default().single(*value);
                }
                Condition::WordIn(offset, list) => {
                    let cuts = self.words.entry((*offset, U256::MAX)).or_default();
                    // What is above is no address.
                    cuts.single(U256::MAX.wrapping_shr(96));
                    match &list.members {
                        Roster::Addresses(members) => {
                            members.iter().for_each(|member| cuts.single(U256::from_be_slice(member.as_slice())));
                        }
                        Roster::Registry(registry, method) => {
                            self.registries.insert((*registry, *method, Who::Word(*offset)));
                        }
                    }
                }
                Condition::StaticCall(call) => {
                    let asked = (call.target, call.data.clone(), call.words, call.index);
                    self.answers.entry(asked).or_default().single(call.value);
                }
                Condition::Within(within) => {
                    self.fits.insert(within.limit);
                    if let Some(limit) = lowered.limits.get(usize::from(within.limit)) {
                        self.amounts.single(limit.cap);
                    }
                }
                Condition::Any(inner) | Condition::All(inner) | Condition::Not(inner) => {
                    self.conditions(inner, lowered);
                }
                // A question of a rule is a variable of its own.
                Condition::IsContract | Condition::Kinds(_) | Condition::Days(_) | Condition::Attested { .. } => {}
            }
        }
    }

    fn member(&mut self, attribute: Attribute, list: &'a List) {
        let asked: &[Who] = match attribute {
            Attribute::Origin => &[Who::Origin],
            Attribute::Initiator => &[Who::Initiator, Who::Origin],
            Attribute::Recipient => &[Who::Recipient, Who::To],
            Attribute::Target => &[Who::To, Who::Token],
            Attribute::Asset => return,
        };
        for who in asked {
            match (&list.members, inline(&list.members)) {
                (Roster::Registry(registry, method), _) => {
                    self.registries.insert((*registry, *method, *who));
                }
                (_, Some(members)) => match who {
                    Who::To => self.to.push(members),
                    Who::Recipient => self.recipients.push(members),
                    Who::Origin => self.origins.push(members),
                    Who::Initiator => self.initiators.push(members),
                    Who::Token | Who::Word(_) => {}
                },
                _ => {}
            }
        }
    }
}
