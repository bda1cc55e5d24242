//! Conditions that ask for lists: names to addresses and registries.

use std::collections::BTreeSet;

use alloy_primitives::Address;

use super::{
    condition::{Attribute, Condition, List, Roster},
    lower::named_list,
    tables::Tables,
};
use crate::{AddressRef, PathSegment, Policy, Problem, Target, When, diagnostics::below};

impl Tables<'_> {
    pub(super) fn members(
        &mut self,
        attribute: Attribute,
        refs: &[AddressRef],
        path: &[PathSegment],
    ) -> Option<Condition> {
        let lists = self.lists(refs, path)?;
        let is_zero = |list: &List| matches!(&list.members, Roster::Addresses(all) if all.contains(&Address::ZERO));
        if attribute == Attribute::Origin && lists.iter().any(is_zero) {
            self.complain(path.to_vec(), "the zero address is no module", "write the module's address");
        }
        one_or_any(lists, |list| Condition::Member(attribute, list))
    }

    pub(super) fn lists(&self, refs: &[AddressRef], path: &[PathSegment]) -> Option<Vec<List>> {
        lists_of(self.policy, refs, &format!("rule {}", self.id), path)
    }

    /// Registries as a rule's targets; addresses are in its keys.
    pub(super) fn target_registries(&mut self, when: &When, path: &[PathSegment]) -> Option<Condition> {
        let registries = registries(self.policy, when.target.as_ref()?);
        if registries.is_empty() {
            return None;
        }
        if registries.len() != when.target.as_ref().map_or(0, Vec::len) {
            let help = "write one rule for the registries and one for the other targets";
            self.complain(below!(path, "target"), "registries and other targets stand in one rule", help);
        }
        self.members(Attribute::Target, &registries, &below!(path, "target"))
    }

    /// The targets of a table within a group.
    pub(super) fn targets(&mut self, targets: &[Target], path: &[PathSegment]) -> Option<Condition> {
        let mut refs = Vec::new();
        for (number, target) in targets.iter().enumerate() {
            let path = below!(path, number);
            match target {
                Target::Account => {
                    let help = "name the account as the rule's own `target`";
                    self.complain(path, "`account` stands in the rule's own `target` only", help);
                }
                Target::Asset(name) => match self.policy.assets.get(name)?.standard.token() {
                    Some(token) => refs.push(AddressRef::Literal(token)),
                    None => self.problems.push(native_target(path, name)),
                },
                Target::Named(name) => refs.push(AddressRef::Named(name.clone())),
                Target::Literal(address) => refs.push(AddressRef::Literal(*address)),
            }
        }
        self.members(Attribute::Target, &refs, path)
    }
}

/// The inline list first, then registries in order, each once. None for a name that nothing defines.
pub(super) fn lists_of(policy: &Policy, refs: &[AddressRef], whose: &str, path: &[PathSegment]) -> Option<Vec<List>> {
    let mut inline = BTreeSet::new();
    let mut named = Vec::new();
    let mut listed = Vec::new();
    let mut registries: Vec<List> = Vec::new();
    for one in refs {
        match one {
            AddressRef::Literal(address) => {
                inline.insert(*address);
                listed.push(one);
            }
            AddressRef::Named(name) => {
                let list = named_list(policy, name)?;
                match &list.members {
                    Roster::Addresses(members) => {
                        inline.extend(members);
                        listed.push(one);
                        named.push(list);
                    }
                    Roster::Registry(..) => registries.push(list),
                }
            }
        }
    }
    registries.sort_by(|a, b| a.members.cmp(&b.members));
    registries.dedup();
    if listed.is_empty() {
        return Some(registries);
    }
    let first = match (named.pop(), listed.len()) {
        (Some(list), 1) => list,
        _ => {
            let words = || listed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let count = listed.len();
            // Words are told of few: an address has a checksum to compute.
            let label = if count > 3 { format!("{count} entries of {whose}") } else { words() };
            List { members: Roster::Addresses(inline), label, path: path.to_vec() }
        }
    };
    registries.insert(0, first);
    Some(registries)
}

/// The native asset is nothing to call.
pub(crate) fn native_target(path: Vec<PathSegment>, name: &str) -> Problem {
    let help = format!("write `{name}` as `asset`, and whom it goes to as `recipient`");
    Problem::new(path, format!("`{name}` is native and has no address"), help)
}

/// Those of a rule's targets that are registries.
pub(crate) fn registries(policy: &Policy, targets: &[Target]) -> Vec<AddressRef> {
    let is_registry = |name: &String| named_list(policy, name).is_some_and(|list| list.members.is_registry());
    let names = targets.iter().filter_map(|target| match target {
        Target::Named(name) if is_registry(name) => Some(AddressRef::Named(name.clone())),
        _ => None,
    });
    names.collect()
}

pub(super) fn one_or_any(lists: Vec<List>, condition: impl Fn(List) -> Condition) -> Option<Condition> {
    let mut all: Vec<_> = lists.into_iter().map(condition).collect();
    if all.len() > 1 { Some(Condition::Any(all)) } else { all.pop() }
}
