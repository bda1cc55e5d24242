//! From a table of conditions to those of the program.

use std::collections::BTreeSet;

use alloy_primitives::{Address, Bytes, U256};

use super::{
    bounds::{check_call, check_comparison, check_span},
    condition::{Attribute, Call, Condition, List, MAX_DEPTH, Roster, Within, day_bit, kinds_of, sort},
    lower::{amount_problem, named_list},
};
use crate::{
    AddressRef, AmountRange, CallData, CallTarget, Origin, PathSegment, Policy, Problem, Scope, StaticCall, Target,
    When, Word, WordTest,
    diagnostics::{below, steps},
};

/// What conditions mean depends on the rule they stand in.
pub(crate) struct Tables<'a> {
    pub(crate) policy: &'a Policy,
    /// The rule's place and id.
    pub(crate) position: usize,
    pub(crate) id: &'a str,
    /// Whether it matches modules' requests.
    pub(crate) modules: bool,
    pub(crate) problems: &'a mut Vec<Problem>,
    /// Whether an asset is named that nothing defines, which is reported elsewhere.
    pub(crate) is_unclear: bool,
    /// Every table within a group, by its place.
    pub(crate) nested: Vec<(Vec<PathSegment>, Condition)>,
}

/// The assets that a table's effects can have; none if nothing names them.
type Pinned = Option<BTreeSet<Address>>;

impl Tables<'_> {
    /// The conditions of the rule itself, but for those that make its keys.
    pub(crate) fn rule(&mut self, when: &When) -> Vec<Condition> {
        let path = steps!["rules", self.position, "when"];
        let pinned = self.pinned(when, None);
        let mut conditions = Vec::new();
        if let Origin::Modules(modules) = &when.origin {
            conditions.extend(self.members(Attribute::Origin, modules, &below!(path, "origin")));
        }
        conditions.extend(self.target_registries(when, &path));
        self.common(when, &path, pinned.as_ref(), &mut conditions);
        if conditions.iter().any(|condition| condition.depth() > MAX_DEPTH) {
            let message = format!("conditions nest deeper than {MAX_DEPTH} groups");
            let help = "split the rule, or flatten its groups: each `any`, `all`, `not` and each of their tables \
                        with several conditions is a group";
            self.problems.push(Problem::new(path, message, help));
        }
        sort(&mut conditions);
        conditions
    }

    /// The conditions of a table within a group.
    fn table(&mut self, when: &When, path: &[PathSegment], pinned: Option<&BTreeSet<Address>>) -> Vec<Condition> {
        let before = self.problems.len();
        let own = self.pinned(when, pinned);
        let mut conditions = Vec::new();
        if let Origin::Modules(modules) = &when.origin {
            if !self.modules {
                let help = "name modules in the rule's own `origin` first";
                self.complain(below!(path, "origin"), "the rule matches requests of the owners only", help);
            }
            conditions.extend(self.members(Attribute::Origin, modules, &below!(path, "origin")));
        }
        if let Some(targets) = &when.target {
            conditions.extend(self.targets(targets, &below!(path, "target")));
        }
        if let Some(names) = &when.asset {
            let members = names.iter().filter_map(|name| self.asset(name)).collect();
            let list =
                List { members: Roster::Addresses(members), label: names.join(", "), path: below!(path, "asset") };
            conditions.push(Condition::Member(Attribute::Asset, list));
        }
        if let Some(effects) = &when.effect {
            conditions.push(Condition::Kinds(effects.iter().fold(0, |kinds, effect| kinds | kinds_of(*effect))));
        }
        if let Some(selectors) = &when.selector {
            conditions.push(Condition::Selectors(selectors.iter().map(crate::Selector::bytes).collect()));
        }
        if when.opaque {
            let help = "write it in the rule's `when`, and `effect = \"opaque\"` here";
            self.complain(below!(path, "opaque"), "`opaque` stands in the rule itself only", help);
        }
        self.common(when, path, own.as_ref(), &mut conditions);
        if conditions.is_empty() && self.problems.len() == before {
            self.complain(path.to_vec(), "this table has no conditions", "write at least one, or leave it out");
        }
        sort(&mut conditions);
        conditions
    }

    /// What rules and groups share.
    fn common(
        &mut self,
        when: &When,
        path: &[PathSegment],
        pinned: Option<&BTreeSet<Address>>,
        conditions: &mut Vec<Condition>,
    ) {
        let lists = [
            (Attribute::Initiator, "initiator", &when.initiator),
            (Attribute::Recipient, "recipient", &when.recipient),
        ];
        for (attribute, key, refs) in lists {
            if let Some(refs) = refs {
                conditions.extend(self.members(attribute, refs, &below!(path, key)));
            }
        }
        if let Some(range) = &when.amount {
            self.amount(range, &below!(path, "amount"), pinned, conditions);
        }
        match when.recipient_is_contract {
            Some(true) => conditions.push(Condition::IsContract),
            Some(false) => conditions.push(Condition::Not(vec![Condition::IsContract])),
            None => {}
        }
        if let Some(span) = when.time {
            check_span(span, below!(path, "time"), self.problems);
            conditions.push(Condition::Time { from: span.from, to: span.to });
        }
        if let Some(days) = &when.weekday {
            conditions.push(Condition::Days(days.iter().fold(0, |bits, day| bits | day_bit(*day))));
        }
        for (number, word) in when.word.iter().enumerate() {
            conditions.extend(self.word(word, &below!(path, "word", number)));
        }
        if let Some(name) = &when.within {
            conditions.extend(self.within(name, &below!(path, "within"), pinned));
        }
        for (key, tables) in [("any", &when.any), ("all", &when.all)] {
            let Some(tables) = tables else { continue };
            if tables.is_empty() {
                self.complain(below!(path, key), format!("`{key}` is empty"), "write at least one table of conditions");
            }
            let mut inner = Vec::new();
            for (number, table) in tables.iter().enumerate() {
                let path = below!(path, key, number);
                if tables.iter().take(number).any(|other| other == table) {
                    self.complain(path.clone(), "this table is listed twice", "write it once");
                }
                let mut element = self.table(table, &path, pinned);
                let element = if element.len() > 1 { Some(Condition::All(element)) } else { element.pop() };
                if let Some(element) = element {
                    self.nested.push((path, element.clone()));
                    inner.push(element);
                }
            }
            conditions.push(if key == "any" { Condition::Any(inner) } else { Condition::All(inner) });
        }
        if let Some(table) = &when.not {
            let path = below!(path, "not");
            let inner = self.table(table, &path, pinned);
            self.nested.push((path, Condition::All(inner.clone())));
            conditions.push(Condition::Not(inner));
        }
        for (number, call) in when.static_call.iter().enumerate() {
            conditions.extend(self.static_call(call, &below!(path, "static_call", number)));
        }
    }

    /// The assets that this table and those around it leave.
    fn pinned(&mut self, when: &When, around: Option<&BTreeSet<Address>>) -> Pinned {
        let Some(names) = &when.asset else { return around.cloned() };
        self.is_unclear |= names.iter().any(|name| self.asset(name).is_none());
        let own = names.iter().filter_map(|name| self.asset(name));
        Some(own.filter(|asset| around.is_none_or(|around| around.contains(asset))).collect())
    }

    fn asset(&self, name: &str) -> Option<Address> {
        Some(self.policy.assets.get(name)?.standard.token().unwrap_or_default())
    }

    fn members(&mut self, attribute: Attribute, refs: &[AddressRef], path: &[PathSegment]) -> Option<Condition> {
        let lists = self.lists(refs, path)?;
        let is_zero = |list: &List| matches!(&list.members, Roster::Addresses(all) if all.contains(&Address::ZERO));
        if attribute == Attribute::Origin && lists.iter().any(is_zero) {
            self.complain(path.to_vec(), "the zero address is no module", "write the module's address");
        }
        one_or_any(lists, |list| Condition::Member(attribute, list))
    }

    /// The inline list first, then registries in order, each once. None for a name that nothing defines.
    fn lists(&self, refs: &[AddressRef], path: &[PathSegment]) -> Option<Vec<List>> {
        let mut inline = BTreeSet::new();
        let mut named = Vec::new();
        let mut words = Vec::new();
        let mut registries: Vec<List> = Vec::new();
        for one in refs {
            match one {
                AddressRef::Literal(address) => {
                    inline.insert(*address);
                    words.push(address.to_string());
                }
                AddressRef::Named(name) => {
                    let list = named_list(self.policy, name)?;
                    match &list.members {
                        Roster::Addresses(members) => {
                            inline.extend(members);
                            words.push(list.label.clone());
                            named.push(list);
                        }
                        Roster::Registry(..) => registries.push(list),
                    }
                }
            }
        }
        registries.sort_by(|a, b| a.members.cmp(&b.members));
        registries.dedup();
        if words.is_empty() {
            return Some(registries);
        }
        let first = match (named.pop(), words.len()) {
            (Some(list), 1) => list,
            _ => {
                let count = words.len();
                let label = if count > 3 { format!("{count} entries of rule {}", self.id) } else { words.join(", ") };
                List { members: Roster::Addresses(inline), label, path: path.to_vec() }
            }
        };
        registries.insert(0, first);
        Some(registries)
    }

    /// Registries as a rule's targets; addresses are in its keys.
    fn target_registries(&mut self, when: &When, path: &[PathSegment]) -> Option<Condition> {
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
    fn targets(&mut self, targets: &[Target], path: &[PathSegment]) -> Option<Condition> {
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

    fn amount(
        &mut self,
        range: &AmountRange,
        path: &[PathSegment],
        pinned: Option<&BTreeSet<Address>>,
        conditions: &mut Vec<Condition>,
    ) {
        if range.min.is_none() && range.max.is_none() {
            self.complain(path.to_vec(), "`amount` has no bounds", "write `min`, `max` or both");
            return;
        }
        let Some((name, decimals)) = pinned.and_then(single).and_then(|asset| self.named_asset(asset)) else {
            if !self.is_unclear {
                let help = "name exactly one asset in `asset`: an amount is in its units";
                self.complain(path.to_vec(), "`amount` without one pinned asset", help);
            }
            return;
        };
        let mut read = |key: &str, amount: &Option<crate::Amount>| match amount.as_ref()?.base_units(decimals) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(amount_problem(below!(path, key), &error, &name));
                None
            }
        };
        let (min, max) = (read("min", &range.min), read("max", &range.max));
        if let (Some(least), Some(most)) = (min, max)
            && least > most
        {
            self.complain(path.to_vec(), "`min` is above `max`", "swap them: both bounds are inclusive");
        }
        conditions.extend(min.map(Condition::AtLeast));
        conditions.extend(max.map(Condition::AtMost));
    }

    /// The name and decimals of the asset with this address; zero is native.
    fn named_asset(&self, address: Address) -> Option<(String, u8)> {
        let is_it = |asset: &crate::Asset| asset.standard.token().unwrap_or_default() == address;
        self.policy.assets.iter().find(|(_, asset)| is_it(asset)).map(|(name, asset)| (name.clone(), asset.decimals))
    }

    fn word(&mut self, word: &Word, path: &[PathSegment]) -> Option<Condition> {
        match &word.test {
            WordTest::In(refs) => {
                let lists = self.lists(refs, &below!(path, "in"))?;
                one_or_any(lists, |list| Condition::WordIn(word.offset, list))
            }
            WordTest::Compare { mask, comparison, value } => {
                let mask = mask.unwrap_or(U256::MAX);
                check_comparison(*comparison, mask, *value, path, self.problems);
                Some(Condition::Word { offset: word.offset, comparison: *comparison, mask, value: *value })
            }
        }
    }

    fn within(&mut self, name: &str, path: &[PathSegment], pinned: Option<&BTreeSet<Address>>) -> Option<Condition> {
        let limit = self.policy.limits.get(name)?;
        let index = self.policy.limits.keys().position(|id| id == name)?;
        let asset = match limit.asset() {
            None => None,
            Some(asset) => Some((asset, self.asset(asset)?)),
        };
        if let Some((asset, address)) = asset
            && pinned.and_then(single) != Some(address)
            && !self.is_unclear
        {
            let help = format!("write `{asset}` alone as `asset` beside `within`, or around it");
            let message = format!("limit `{name}` caps {asset}, and this can be about other effects");
            self.complain(path.to_vec(), message, help);
        }
        Some(Condition::Within(Within {
            limit: u8::try_from(index).ok()?,
            asset: asset.map(|(_, address)| address),
            per_recipient: limit.scope == Scope::Recipient,
        }))
    }

    fn static_call(&mut self, call: &StaticCall, path: &[PathSegment]) -> Option<Condition> {
        let target = match &call.target {
            CallTarget::Literal(address) => *address,
            CallTarget::Asset(name) => match self.policy.assets.get(name)?.standard.token() {
                Some(token) => token,
                None => {
                    let help = "write a token's name or a contract's address";
                    self.complain(below!(path, "target"), format!("`{name}` is native and has no address"), help);
                    return None;
                }
            },
        };
        check_call(call, path, self.problems);
        let data = match &call.data {
            CallData::Call(selector) => Bytes::copy_from_slice(&selector.bytes()),
            CallData::Data(data) => data.clone(),
        };
        Some(Condition::StaticCall(Box::new(Call {
            target,
            gas: call.gas,
            words: call.words,
            index: call.index,
            comparison: call.comparison,
            value: call.value,
            data,
        })))
    }

    fn complain(&mut self, path: Vec<PathSegment>, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(path, message, help));
    }
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

fn one_or_any(lists: Vec<List>, condition: impl Fn(List) -> Condition) -> Option<Condition> {
    let mut all: Vec<_> = lists.into_iter().map(condition).collect();
    if all.len() > 1 { Some(Condition::Any(all)) } else { all.pop() }
}

fn single(assets: &BTreeSet<Address>) -> Option<Address> {
    assets.first().copied().filter(|_| assets.len() == 1)
}
