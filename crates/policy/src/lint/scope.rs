//! The requests that a rule is about.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};

use super::{
    bdd::{ALL, NONE, Set},
    mention::grouped,
    space::{Fits, Form, Space, Who, inline},
    truths::Truth,
};
use crate::{
    Comparison,
    program::{
        condition::{Attribute, Condition, List, Roster},
        expand::{APPROVE, CALL, DELEGATECALL, ENABLE_MODULE, NATIVE, OPAQUE, PERMIT2, TRANSFER},
        lower::{Lowered, LoweredRule},
    },
};

/// How one policy reads requests: what its declarations decode.
#[derive(Debug)]
pub(super) struct View<'a> {
    pub(super) lowered: &'a Lowered,
    /// The requests that there are.
    pub(super) real: Set,
    native: Set,
    transfer: Set,
    approve: Set,
    opaque: Set,
    /// Calls whose target is class of `to`, and those to tokens that this policy does not declare.
    call: Set,
    undeclared: Set,
    enable: Set,
    delegatecall: Set,
}

impl<'a> View<'a> {
    pub(super) fn new(lowered: &'a Lowered, real: Set, space: &mut Space) -> Self {
        let declared = space
            .classes
            .tokens
            .iter()
            .zip(1..)
            .filter(|((token, _), _)| lowered.tokens.contains_key(token))
            .map(|(_, class)| class)
            .collect();
        let declared = space.dims.token.is_in(&declared, &mut space.sets);
        let of = |form: Form, space: &mut Space| {
            let form = space.form(form);
            space.sets.and(form, declared)
        };
        let transfer = of(Form::Transfer, space);
        let permit = of(Form::Permit, space);
        let approve = of(Form::Approve, space);
        let opaque = of(Form::Opaque, space);
        let tokens = space.forms_of(&[Form::Transfer, Form::Approve, Form::Permit, Form::Opaque]);
        let undeclared = space.sets.minus(tokens, declared);
        Self {
            lowered,
            real,
            native: space.forms_of(&[Form::Native, Form::NativeAndCall]),
            transfer,
            approve: space.sets.or(approve, permit),
            opaque,
            call: space.forms_of(&[Form::Bare, Form::Call]),
            undeclared,
            enable: space.form(Form::EnableModule),
            delegatecall: space.form(Form::Delegatecall),
        }
    }

    /// Effects of the kind.
    pub(super) fn kind(&self, kind: u8, space: &mut Space) -> Set {
        match kind {
            NATIVE => self.native,
            TRANSFER => self.transfer,
            APPROVE => self.approve,
            CALL => space.sets.any([self.call, self.undeclared, self.enable]),
            OPAQUE => self.opaque,
            DELEGATECALL => self.delegatecall,
            _ => NONE,
        }
    }

    /// Effects that move something: those with an amount.
    pub(super) fn moves(&self, space: &mut Space) -> Set {
        space.sets.any([self.native, self.transfer, self.approve])
    }

    /// Effects with this asset.
    pub(super) fn asset(&self, asset: Address, space: &mut Space) -> Set {
        let tokens = space.sets.any([self.transfer, self.approve, self.opaque]);
        if asset == Address::ZERO {
            return self.native;
        }
        let token = token_is(&BTreeSet::from([asset]), space);
        space.sets.and(tokens, token)
    }

    /// The requests that the rule matches.
    pub(super) fn scope(&self, rule: &LoweredRule, space: &mut Space) -> Set {
        let mut scope = self.keys(rule, space);
        for condition in &rule.conditions {
            let holds = self.holds(condition, space);
            scope = space.sets.and(scope, holds);
        }
        space.sets.and(scope, self.real)
    }

    /// What the rule's keys and origin leave.
    pub(super) fn keys(&self, rule: &LoweredRule, space: &mut Space) -> Set {
        let mut all = NONE;
        for ((kind, selector), subjects) in grouped(rule) {
            let selected = match selector {
                None => ALL,
                Some(selector) => space.selectors(&[selector]),
            };
            let enabling = kind == CALL && selector == Some(ENABLE_MODULE) && subjects.account;
            let to_account = space.account_called();
            let found = match kind {
                NATIVE | CALL | DELEGATECALL => {
                    let own = if subjects.account { to_account } else { NONE };
                    let any = if subjects.any { space.sets.not(to_account) } else { NONE };
                    let named = space.classes.to.is_in(&space.dims.to, &subjects.addresses, &mut space.sets);
                    let direct = space.sets.any([own, any, named]);
                    let called = match kind {
                        NATIVE => self.native,
                        DELEGATECALL => self.delegatecall,
                        _ => self.call,
                    };
                    let direct = space.sets.and(direct, called);
                    let token = self.token_target(&subjects.addresses, subjects.any, space);
                    let through = if kind == CALL { space.sets.and(token, self.undeclared) } else { NONE };
                    let module = if enabling { self.enable } else { NONE };
                    space.sets.any([direct, through, module])
                }
                _ => {
                    let token = if subjects.any { ALL } else { token_is(&subjects.addresses, space) };
                    let kind = self.kind(kind, space);
                    space.sets.and(kind, token)
                }
            };
            let found = space.sets.and(found, selected);
            all = space.sets.or(all, found);
        }
        let owners = space.dims.origin.is(0, &mut space.sets);
        if rule.modules { space.sets.minus(all, owners) } else { space.sets.and(all, owners) }
    }

    /// Calls to tokens and Permit2, told by the token, whose target is one of these.
    fn token_target(&self, targets: &BTreeSet<Address>, any: bool, space: &mut Space) -> Set {
        if any {
            return ALL;
        }
        let permit = space.form(Form::Permit);
        let tokens = token_is(targets, space);
        let direct = space.sets.minus(tokens, permit);
        if targets.contains(&PERMIT2) { space.sets.or(direct, permit) } else { direct }
    }

    /// Where the condition holds.
    pub(super) fn holds(&self, condition: &Condition, space: &mut Space) -> Set {
        match condition {
            Condition::Member(attribute, list) => self.member(*attribute, list, space),
            Condition::AtLeast(value) => self.bound(Comparison::AtLeast, *value, space),
            Condition::AtMost(value) => self.bound(Comparison::AtMost, *value, space),
            Condition::IsContract => {
                let has_code = |who: Who, space: &mut Space| {
                    space.dims.code.get(&who).copied().map_or(NONE, |variable| space.sets.variable(variable))
                };
                let (to, named) = (has_code(Who::To, space), has_code(Who::Recipient, space));
                self.recipient(to, named, space)
            }
            Condition::Selectors(selectors) => space.selectors(selectors),
            Condition::Kinds(kinds) => {
                let mut all = NONE;
                for kind in [NATIVE, TRANSFER, APPROVE, CALL, OPAQUE, DELEGATECALL] {
                    if kinds.checked_shr(u32::from(kind)).is_some_and(|shifted| shifted & 1 == 1) {
                        let one = self.kind(kind, space);
                        all = space.sets.or(all, one);
                    }
                }
                all
            }
            Condition::Time { from, to } => {
                let (times, line) = (space.dims.time, &space.classes.times);
                let after = line.compare(&times, Comparison::AtLeast, U256::from(*from), &mut space.sets);
                let before = line.compare(&times, Comparison::LessThan, U256::from(*to), &mut space.sets);
                if from < to { space.sets.and(after, before) } else { space.sets.or(after, before) }
            }
            Condition::Days(days) => {
                let days = (0..7_usize)
                    .filter(|day| {
                        u32::try_from(*day).ok().and_then(|day| days.checked_shr(day)).is_some_and(|d| d & 1 == 1)
                    })
                    .collect();
                space.dims.day.is_in(&days, &mut space.sets)
            }
            Condition::Word { offset, comparison, mask, value } => {
                let which = (*offset, *mask);
                match (space.dims.words.get(&which), space.classes.words.get(&which)) {
                    (Some(dimension), Some(line)) => line.compare(dimension, *comparison, *value, &mut space.sets),
                    _ => NONE,
                }
            }
            Condition::WordIn(offset, list) => word_in(*offset, list, space),
            Condition::StaticCall(call) => {
                let asked = (call.target, call.data.clone(), call.words, call.index);
                match (space.dims.answers.get(&asked), space.classes.answers.get(&asked)) {
                    (Some(dimension), Some(line)) => {
                        line.compare(dimension, call.comparison, call.value, &mut space.sets)
                    }
                    _ => NONE,
                }
            }
            Condition::Within(within) => {
                let limit = self.lowered.limits.get(usize::from(within.limit)).map(Fits::of);
                let found = space.dims.fits.iter().find(|(known, _)| Some(known) == limit.as_ref());
                let Some((_, variable)) = found else { return NONE };
                let holds = space.sets.variable(*variable);
                let about = match within.asset {
                    Some(asset) => {
                        let (moves, asset) = (self.moves(space), self.asset(asset, space));
                        space.sets.and(moves, asset)
                    }
                    None if within.per_recipient => self.recipient(ALL, ALL, space),
                    None => ALL,
                };
                space.sets.and(holds, about)
            }
            Condition::Attested { .. } => {
                let mut rules = self.lowered.rules.iter();
                let rule = rules.find(|rule| rule.conditions.last() == Some(condition));
                let truth = rule.and_then(|rule| Truth::of(rule, self.lowered));
                let found = space.dims.truths.iter().find(|(known, _)| Some(known) == truth.as_ref());
                let variable = found.map(|(_, variable)| *variable);
                variable.map_or(NONE, |variable| space.sets.variable(variable))
            }
            Condition::Any(inner) => {
                let mut any = NONE;
                for one in inner {
                    let one = self.holds(one, space);
                    any = space.sets.or(any, one);
                }
                any
            }
            Condition::All(inner) => self.all(inner, space),
            Condition::Not(inner) => {
                let all = self.all(inner, space);
                space.sets.not(all)
            }
        }
    }

    fn all(&self, conditions: &[Condition], space: &mut Space) -> Set {
        let mut all = ALL;
        for one in conditions {
            let one = self.holds(one, space);
            all = space.sets.and(all, one);
        }
        all
    }

    fn bound(&self, how: Comparison, value: U256, space: &mut Space) -> Set {
        let amount = space.amount(how, value);
        let moves = self.moves(space);
        space.sets.and(moves, amount)
    }

    /// What holds of recipients: `to` of those who are called, `named` of those whom the calldata names.
    fn recipient(&self, to: Set, named: Set, space: &mut Space) -> Set {
        let to = space.sets.and(self.native, to);
        let naming = space.sets.any([self.transfer, self.approve, self.enable]);
        let named = space.sets.and(naming, named);
        space.sets.or(to, named)
    }

    fn member(&self, attribute: Attribute, list: &List, space: &mut Space) -> Set {
        match attribute {
            Attribute::Recipient => {
                let to = listed(Who::To, list, space);
                let named = listed(Who::Recipient, list, space);
                self.recipient(to, named, space)
            }
            Attribute::Origin => {
                let owners = space.dims.origin.is(0, &mut space.sets);
                let of_zero = inline(&list.members).is_some_and(|members| members.contains(&Address::ZERO));
                let module = listed(Who::Origin, list, space);
                let module = space.sets.minus(module, owners);
                if of_zero { space.sets.or(module, owners) } else { module }
            }
            Attribute::Initiator => {
                let owners = space.dims.origin.is(0, &mut space.sets);
                let module = listed(Who::Origin, list, space);
                let owner = listed(Who::Initiator, list, space);
                let (module, owner) = (space.sets.minus(module, owners), space.sets.and(owner, owners));
                space.sets.or(module, owner)
            }
            Attribute::Target => {
                let tokens = space.forms_of(&[Form::Transfer, Form::Approve, Form::Permit, Form::Opaque]);
                let by_token = match inline(&list.members) {
                    Some(members) => self.token_target(members, false, space),
                    None => listed(Who::Token, list, space),
                };
                let by_token = space.sets.and(by_token, tokens);
                let to = listed(Who::To, list, space);
                let to = space.sets.minus(to, tokens);
                space.sets.or(by_token, to)
            }
            Attribute::Asset => {
                let Some(members) = inline(&list.members) else { return NONE };
                let native = if members.contains(&Address::ZERO) { self.native } else { NONE };
                let moving = space.sets.any([self.transfer, self.approve, self.opaque]);
                let token = token_is(members, space);
                let token = space.sets.and(moving, token);
                space.sets.or(native, token)
            }
        }
    }
}

/// Where the token is one of these.
fn token_is(tokens: &BTreeSet<Address>, space: &mut Space) -> Set {
    let classes = space.classes.tokens.iter().zip(1..).filter(|((token, _), _)| tokens.contains(token));
    let classes = classes.map(|(_, class)| class).collect();
    space.dims.token.is_in(&classes, &mut space.sets)
}

/// Where somebody is in the list.
fn listed(who: Who, list: &List, space: &mut Space) -> Set {
    let (classes, dims, sets) = (&space.classes, &space.dims, &mut space.sets);
    match &list.members {
        Roster::Registry(registry, method) => {
            dims.listed.get(&(*registry, *method, who)).copied().map_or(NONE, |variable| sets.variable(variable))
        }
        Roster::Addresses(members) => match who {
            Who::To => classes.to.is_in(&dims.to, members, sets),
            Who::Recipient => classes.recipients.is_in(&dims.recipient, members, sets),
            Who::Initiator => classes.initiators.is_in(&dims.initiator, members, sets),
            Who::Origin => {
                let groups = members.iter().map(|one| classes.origins.class(one).saturating_add(1)).collect();
                dims.origin.is_in(&groups, sets)
            }
            Who::Token | Who::Word(_) => NONE,
        },
    }
}

/// Where the word is an address of the list.
fn word_in(offset: u16, list: &List, space: &mut Space) -> Set {
    let which = (offset, U256::MAX);
    let (Some(dimension), Some(line)) = (space.dims.words.get(&which), space.classes.words.get(&which)) else {
        return NONE;
    };
    match &list.members {
        Roster::Addresses(members) => {
            let classes = members.iter().map(|one| line.class(U256::from_be_slice(one.as_slice()))).collect();
            dimension.is_in(&classes, &mut space.sets)
        }
        Roster::Registry(registry, method) => {
            let addresses = U256::MAX.wrapping_shr(96);
            let is_address = line.compare(dimension, Comparison::AtMost, addresses, &mut space.sets);
            let asked = (*registry, *method, Who::Word(offset));
            let known = space.dims.listed.get(&asked).copied();
            let known = known.map_or(NONE, |variable| space.sets.variable(variable));
            space.sets.and(is_address, known)
        }
    }
}
