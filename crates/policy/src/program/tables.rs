//! From a table of conditions to those of the program.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};

use super::{
    bounds::{check_call, check_comparison, check_span},
    condition::{Attribute, Call, Condition, List, MAX_DEPTH, Roster, Within, day_bit, kinds_of, sort},
    lower::amount_problem,
    membership::one_or_any,
};
use crate::{
    AmountRange, CallData, CallTarget, Origin, PathSegment, Policy, Problem, Scope, StaticCall, When, Word, WordTest,
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
    /// Whether a name is used that nothing defines, which is reported elsewhere.
    pub(crate) is_unclear: bool,
    /// Every table of an `any` or `all` that is not within a `not`, by its place.
    pub(crate) nested: Vec<(Vec<PathSegment>, Condition)>,
}

/// The assets that a table's effects can have, with their names.
#[derive(Clone)]
struct Pinned<'a> {
    assets: BTreeMap<Address, &'a str>,
    /// Whether a table around this one leaves none of them, so that this one never holds.
    is_never: bool,
}

impl<'a> Tables<'a> {
    /// The conditions of the rule itself, but for those that make its keys.
    pub(crate) fn rule(&mut self, when: &'a When) -> Vec<Condition> {
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
    fn table(&mut self, when: &'a When, path: &[PathSegment], pinned: Option<&Pinned<'a>>) -> Vec<Condition> {
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
        if *when == When::default() {
            self.complain(path.to_vec(), "this table has no conditions", "write at least one, or leave it out");
        }
        sort(&mut conditions);
        conditions
    }

    /// What rules and groups share.
    fn common(
        &mut self,
        when: &'a When,
        path: &[PathSegment],
        pinned: Option<&Pinned<'a>>,
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
        let mut words = Vec::new();
        for (number, word) in when.word.iter().enumerate() {
            let path = below!(path, "word", number);
            let word = self.word(word, &path);
            self.add(word, &mut words, path);
        }
        conditions.extend(words);
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
                let mut element = self.table(table, &path, pinned);
                let element = if element.len() > 1 { Some(Condition::All(element)) } else { element.pop() };
                self.nested.extend(element.clone().map(|element| (path.clone(), element)));
                self.add(element, &mut inner, path);
            }
            conditions.push(if key == "any" { Condition::Any(inner) } else { Condition::All(inner) });
        }
        if let Some(table) = &when.not {
            let path = below!(path, "not");
            let recorded = self.nested.len();
            let inner = self.table(table, &path, pinned);
            self.nested.truncate(recorded);
            conditions.push(Condition::Not(inner));
        }
        let mut calls = Vec::new();
        for (number, call) in when.static_call.iter().enumerate() {
            let path = below!(path, "static_call", number);
            let call = self.static_call(call, &path);
            self.add(call, &mut calls, path);
        }
        conditions.extend(calls);
    }

    /// Adds what is not there yet. What is, is perhaps not what was meant, however differently it is written.
    fn add(&mut self, condition: Option<Condition>, all: &mut Vec<Condition>, path: Vec<PathSegment>) {
        if condition.as_ref().is_some_and(|condition| all.contains(condition)) {
            self.complain(path, "this says what another one here says already", "write it once");
        }
        all.extend(condition);
    }

    /// The assets that this table and those around it leave.
    fn pinned(&self, when: &'a When, around: Option<&Pinned<'a>>) -> Option<Pinned<'a>> {
        let Some(names) = &when.asset else { return around.cloned() };
        let own = names.iter().filter_map(|name| Some((self.asset(name)?, name.as_str())));
        let (left, out): (BTreeMap<_, _>, BTreeMap<_, _>) =
            own.partition(|(asset, _)| around.is_none_or(|around| around.assets.contains_key(asset)));
        let is_never = left.is_empty() || around.is_some_and(|around| around.is_never);
        Some(Pinned { assets: if left.is_empty() { out } else { left }, is_never })
    }

    fn asset(&self, name: &str) -> Option<Address> {
        Some(self.policy.assets.get(name)?.standard.token().unwrap_or_default())
    }

    fn amount(
        &mut self,
        range: &AmountRange,
        path: &[PathSegment],
        pinned: Option<&Pinned<'a>>,
        conditions: &mut Vec<Condition>,
    ) {
        if range.min.is_none() && range.max.is_none() {
            self.complain(path.to_vec(), "`amount` has no bounds", "write `min`, `max` or both");
            return;
        }
        let named =
            pinned.and_then(Pinned::single).and_then(|(_, name)| Some((name, self.policy.assets.get(name)?.decimals)));
        let Some((name, decimals)) = named else {
            if !self.is_unclear {
                let help = "name exactly one asset in `asset`: an amount is in its units";
                self.complain(path.to_vec(), "`amount` without one pinned asset", help);
            }
            return;
        };
        let mut read = |key: &str, amount: &Option<crate::Amount>| match amount.as_ref()?.base_units(decimals) {
            Ok(value) => Some(value),
            Err(error) => {
                self.problems.push(amount_problem(below!(path, key), &error, name));
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

    fn within(&mut self, name: &str, path: &[PathSegment], pinned: Option<&Pinned<'a>>) -> Option<Condition> {
        let limit = self.policy.limits.get(name)?;
        let index = self.policy.limits.keys().position(|id| id == name)?;
        let asset = match limit.asset() {
            None => None,
            Some(asset) => Some((asset, self.asset(asset)?)),
        };
        if let Some((asset, address)) = asset
            && !pinned.is_some_and(|pinned| pinned.is_never || pinned.single() == Some((address, asset.as_str())))
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

    pub(super) fn complain(&mut self, path: Vec<PathSegment>, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(path, message, help));
    }
}

impl<'a> Pinned<'a> {
    /// The one asset; any of them where it makes no difference.
    fn single(&self) -> Option<(Address, &'a str)> {
        let first = self.assets.first_key_value().map(|(asset, name)| (*asset, *name));
        first.filter(|_| self.is_never || self.assets.len() == 1)
    }
}
