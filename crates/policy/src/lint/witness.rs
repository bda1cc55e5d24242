//! From a class of requests to one of them.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};

use super::{
    arguments::{Argument, argument_at, arguments},
    bdd::{ALL, Set},
    calldata::{fill, free_call, token_call, word_at},
    dimension::Crowd,
    space::{Form, Space, Who, fresh},
};
use crate::{
    FactValue, Scope, Window,
    program::expand::{PERMIT2, PERMIT2_APPROVE_SELECTOR},
};

/// A request of one action, and what is assumed of the chain. What decides is its first effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The account: the policy's, or some address where it names none.
    pub account: Address,
    /// The module that asks; none for the owners.
    pub origin: Option<Address>,
    /// Who calls `execTransaction`.
    pub initiator: Address,
    /// 0 for a call, 1 for a delegatecall.
    pub operation: u8,
    /// Whom the action calls.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// The action's calldata.
    pub data: Bytes,
    /// When, in seconds since 1970.
    pub now: u64,
    /// What registries answer, by registry, method and member.
    pub listed: BTreeMap<(Address, [u8; 4], Address), bool>,
    /// What static calls answer, by contract and calldata.
    pub answers: BTreeMap<(Address, Bytes), Vec<U256>>,
    /// Which addresses have code or not, where it matters.
    pub code: BTreeMap<Address, bool>,
    /// What attesters observe, by fact.
    pub facts: BTreeMap<String, FactValue>,
    /// What is used of limits, where it is not nothing.
    pub used: Vec<Used>,
}

/// What is used of a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The limit's id.
    pub limit: String,
    /// Whose sum it is: a recipient or an initiator; zero for the account.
    pub key: Address,
    /// The asset, zero for native; none for a count.
    pub asset: Option<Address>,
    /// The window.
    pub window: Window,
    /// What is counted apart.
    pub scope: Scope,
    /// The cap that this is to be read with, in base units or requests.
    pub cap: U256,
    /// How much, in base units or requests.
    pub used: U256,
}

/// What registries answer, by registry, method and member.
type Listed = BTreeMap<(Address, [u8; 4], Address), bool>;

/// 5 January 2026, a Monday.
const MONDAY: u64 = 1_767_571_200;
/// How many classes are tried before it is said that none was found.
const TRIES: usize = 48;

/// What assigned words ask.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    /// The recipient is between these.
    recipient: Option<(U256, U256)>,
    /// The amount is at least this.
    amount: Option<U256>,
}

/// What the effect moves.
#[derive(Debug, Clone, Copy)]
struct Moved {
    asset: Option<Address>,
    amount: U256,
    recipient: Option<Address>,
    initiator: Address,
}

impl Space {
    /// A request of the set; none where every class that was tried contradicts itself in ways that sets do not
    /// tell, such as words that overlap.
    pub(super) fn find(&mut self, set: Set) -> Option<Witness> {
        let plain = self.single_request();
        let plain = self.sets.and(set, plain);
        let mut left = if plain == super::bdd::NONE { set } else { plain };
        for _ in 0..TRIES {
            let assignment = self.sets.one_of(left, self.dims.variables)?;
            if let Some(witness) = self.realize(&assignment) {
                return Some(witness);
            }
            let alike = self.alike(&assignment);
            left = self.sets.minus(left, alike);
        }
        None
    }

    /// Where limits on one request hold whatever fits them: nothing was charged before.
    fn single_request(&mut self) -> Set {
        let mut all = ALL;
        for (limit, variable) in self.dims.fits.clone() {
            if limit.window == Window::Transaction && limit.asset.is_some() {
                let fits = self.amount(crate::Comparison::AtMost, limit.cap);
                let holds = self.sets.variable(variable);
                let wrong = self.sets.minus(fits, holds);
                all = self.sets.minus(all, wrong);
            }
        }
        all
    }

    /// Requests that share what can contradict itself.
    fn alike(&mut self, assignment: &[bool]) -> Set {
        let dims = &self.dims;
        let dimensions = [dims.form, dims.token, dims.selector, dims.recipient, dims.to];
        let variables = dims.listed.values().copied().chain(dims.fits.iter().map(|(_, variable)| *variable));
        let mut all: Vec<usize> = variables.chain(dims.truths.iter().map(|(_, variable)| *variable)).collect();
        for dimension in dimensions.iter().chain(dims.words.values()).chain(dims.answers.values()) {
            all.extend(dimension.first..dimension.end());
        }
        all.sort_unstable();
        let mut set = ALL;
        for variable in all.into_iter().rev() {
            let up = assignment.get(variable).copied().unwrap_or(false);
            let (low, high) = if up { (super::bdd::NONE, set) } else { (set, super::bdd::NONE) };
            set = self.sets.split(variable, low, high);
        }
        set
    }

    fn realize(&self, assignment: &[bool]) -> Option<Witness> {
        let (dims, classes) = (&self.dims, &self.classes);
        let form = *Form::EVERY.get(dims.form.class(assignment))?;
        let token = dims.token.class(assignment).checked_sub(1).and_then(|at| classes.tokens.get(at).copied());
        let member = |crowd: &Crowd, class: usize, role: &str, last: bool| {
            let group = crowd.groups.get(class)?;
            let one = if last { group.last() } else { group.first() };
            Some(one.copied().unwrap_or_else(|| fresh(&classes.mentioned, role, 0)))
        };
        let to = match (form, token) {
            (Form::Permit, _) => PERMIT2,
            (Form::Transfer | Form::Approve | Form::Opaque, Some((token, _))) => token,
            _ => member(&classes.to, dims.to.class(assignment), "target", false)?,
        };
        let origin = match dims.origin.class(assignment).checked_sub(1) {
            None => None,
            Some(group) => Some(member(&classes.origins, group, "module", false)?),
        };
        let initiator = match origin {
            Some(module) => module,
            None => member(&classes.initiators, dims.initiator.class(assignment), "initiator", true)?,
        };
        let selector = dims.selector.class(assignment).checked_sub(1);
        let selector = selector.map(|at| classes.selectors.get(at).copied().unwrap_or_else(|| self.other_selector()));
        let is_native = matches!(form, Form::Native | Form::NativeAndCall);
        let written = selector.and_then(|selector| arguments(form, token, selector, classes.account));
        let words = written.as_ref().map(|written| self.written(written, assignment)).unwrap_or_default();
        let recipient = match words.recipient {
            Some(line) => self.recipient_within(dims.recipient.class(assignment), line)?,
            None => member(&classes.recipients, dims.recipient.class(assignment), "recipient", true)?,
        };
        let (amount, last) = classes.amounts.bounds(dims.amount.class(assignment));
        let amount = amount.max(words.amount.unwrap_or_default()).min(last);
        let data = match (form, selector) {
            (_, None) => Bytes::new(),
            (Form::Transfer | Form::Approve | Form::Permit | Form::EnableModule, Some(selector)) => {
                token_call(selector, token, classes.account, recipient, amount)?
            }
            (Form::Opaque, Some(selector)) => {
                let somebody = fresh(&classes.mentioned, "somebody", 0);
                match token_call(selector, token, somebody, fresh(&classes.mentioned, "recipient", 0), U256::ONE) {
                    Some(data) => data,
                    None => free_call(selector, self, assignment)?,
                }
            }
            (_, Some(selector)) => free_call(selector, self, assignment)?,
        };
        let data = match &written {
            Some(written) => fill(data, written, self, assignment)?,
            None => data,
        };
        if form == Form::Call && to == PERMIT2 && selector == Some(PERMIT2_APPROVE_SELECTOR) {
            let token = word_at(&data, 4);
            let decodes = |(one, _): &(Address, u8)| U256::from_be_slice(one.as_slice()) == token;
            if data.len() >= 36 && classes.tokens.iter().any(decodes) {
                return None;
            }
        }
        for ((which, line), dimension) in classes.words.iter().zip(dims.words.values()) {
            let (offset, mask) = *which;
            if line.class(word_at(&data, offset) & mask) != dimension.class(assignment) {
                return None;
            }
        }
        let names_recipient =
            matches!(form, Form::Transfer | Form::Approve | Form::Permit | Form::EnableModule).then_some(recipient);
        let by_token = matches!(form, Form::Transfer | Form::Approve | Form::Permit | Form::Opaque);
        let address = |who: Who| match who {
            Who::To => (!by_token).then_some(to),
            Who::Token => by_token.then_some(to),
            Who::Recipient => names_recipient,
            Who::Origin => origin,
            Who::Initiator => origin.is_none().then_some(initiator),
            Who::Word(offset) => {
                let word = word_at(&data, offset);
                (word.bit_len() <= 160).then(|| Address::from_word(word.into()))
            }
        };
        let listed = self.registries(assignment, address)?;
        let mut code = BTreeMap::new();
        for (who, variable) in &dims.code {
            if let Some(address) = address(*who) {
                code.insert(address, assignment.get(*variable).copied().unwrap_or(false));
            }
        }
        let answers = self.answered(assignment, &listed)?;
        let moved = if is_native || by_token && form != Form::Opaque { amount } else { U256::ZERO };
        let recipient = if is_native { Some(to) } else { names_recipient };
        let asset = if is_native { Some(Address::ZERO) } else { token.map(|(token, _)| token) };
        let used = self.used(assignment, Moved { asset, amount: moved, recipient, initiator })?;
        let time = classes.times.bounds(dims.time.class(assignment)).0.saturating_to::<u64>();
        let day = u64::try_from(dims.day.class(assignment)).ok()?.saturating_mul(86_400);
        Some(Witness {
            account: classes.account,
            origin,
            initiator,
            operation: u8::from(form == Form::Delegatecall),
            to,
            value: if is_native { amount } else { U256::ZERO },
            data,
            now: MONDAY.saturating_add(day).saturating_add(time),
            listed,
            answers,
            code,
            facts: self.stated(assignment)?,
            used,
        })
    }

    /// What the assigned words ask of the recipient and the amount that the calldata names.
    fn written(&self, written: &(Vec<Argument>, Argument), assignment: &[bool]) -> Written {
        let mut found = Written::default();
        for ((which, line), dimension) in self.classes.words.iter().zip(self.dims.words.values()) {
            let bounds = line.bounds(dimension.class(assignment));
            match argument_at(written, which.0) {
                Some(Argument::Recipient) if which.1 == U256::MAX => found.recipient = Some(bounds),
                Some(Argument::Amount) if which.1 == U256::MAX => found.amount = Some(bounds.0),
                _ => {}
            }
        }
        found
    }

    /// A recipient of the class between these numbers.
    fn recipient_within(&self, class: usize, (first, last): (U256, U256)) -> Option<Address> {
        /// How many numbers are tried.
        const NEXT: usize = 64;
        let crowd = &self.classes.recipients;
        let number = |address: &Address| U256::from_be_slice(address.as_slice());
        if class > 0 {
            let group = crowd.groups.get(class)?;
            return group.iter().rfind(|one| (first..=last).contains(&number(one))).copied();
        }
        let other = fresh(&self.classes.mentioned, "recipient", 0);
        if (first..=last).contains(&number(&other)) {
            return Some(other);
        }
        let next = std::iter::successors(Some(first), |one| one.checked_add(U256::ONE)).take(NEXT);
        let next = next.take_while(|one| *one <= last && one.bit_len() <= 160);
        next.map(|one| Address::from_word(one.into())).find(|one| crowd.class(one) == 0)
    }

    /// A selector that no policy names.
    fn other_selector(&self) -> [u8; 4] {
        let some = (0x1234_5678_u32..).map(u32::to_be_bytes);
        some.into_iter().find(|one| self.classes.selectors.binary_search(one).is_err()).unwrap_or_default()
    }

    fn registries(&self, assignment: &[bool], address: impl Fn(Who) -> Option<Address>) -> Option<Listed> {
        let mut listed = BTreeMap::new();
        for ((registry, method, who), variable) in &self.dims.listed {
            if let Some(member) = address(*who) {
                let answer = assignment.get(*variable).copied().unwrap_or(false);
                if listed.insert((*registry, *method, member), answer).is_some_and(|other| other != answer) {
                    return None;
                }
            }
        }
        Some(listed)
    }

    /// Static calls: one call has one answer, a registry's too.
    fn answered(&self, assignment: &[bool], listed: &Listed) -> Option<BTreeMap<(Address, Bytes), Vec<U256>>> {
        let mut answers: BTreeMap<(Address, Bytes), Vec<U256>> = BTreeMap::new();
        for ((asked, line), dimension) in self.classes.answers.iter().zip(self.dims.answers.values()) {
            let (target, data, words, index) = asked;
            let known = listed.iter().any(|((registry, method, member), _)| {
                registry == target && **data == [method.as_slice(), member.into_word().as_slice()].concat()
            });
            let answer =
                answers.entry((*target, data.clone())).or_insert_with(|| vec![U256::ZERO; usize::from(*words)]);
            if known || answer.len() != usize::from(*words) {
                return None;
            }
            *answer.get_mut(usize::from(*index))? = line.bounds(dimension.class(assignment)).0;
        }
        Some(answers)
    }

    /// How much of each limit must be gone, so that it holds the effect or not as assigned.
    fn used(&self, assignment: &[bool], moved: Moved) -> Option<Vec<Used>> {
        let Moved { asset, amount, recipient, initiator } = moved;
        let mut all: Vec<Used> = Vec::new();
        for (limit, variable) in &self.dims.fits {
            let key = match limit.scope {
                Scope::Account => Address::ZERO,
                Scope::Recipient => match recipient {
                    Some(recipient) => recipient,
                    None => continue,
                },
                Scope::Initiator => initiator,
            };
            let adds = if limit.asset.is_some() { amount } else { U256::ONE };
            if adds.is_zero() || (limit.asset.is_some() && limit.asset != asset) {
                continue;
            }
            let fits = assignment.get(*variable).copied().unwrap_or(false);
            let (id, cap) = (limit.id.clone(), limit.cap);
            let known = all.iter_mut().find(|one| {
                one.limit == id && one.asset == limit.asset && one.window == limit.window && one.scope == limit.scope
            });
            let used = match (fits, limit.window) {
                (true, _) => U256::ZERO,
                (false, Window::Transaction) if adds <= cap => return None,
                (false, _) => cap,
            };
            match known {
                None => all.push(Used {
                    limit: id,
                    key,
                    asset: limit.asset,
                    window: limit.window,
                    scope: limit.scope,
                    cap,
                    used,
                }),
                // Two policies cap one sum differently; the higher cap has room for exactly this effect.
                Some(other) => {
                    let other_fits = other.used.is_zero();
                    let (low, low_fits, high, high_fits) = if other.cap < cap {
                        (other.cap, other_fits, cap, fits)
                    } else {
                        (cap, fits, other.cap, other_fits)
                    };
                    let needed = match (low_fits, high_fits) {
                        (true, true) => U256::ZERO,
                        (false, false) => high,
                        (false, true) if low < high => match limit.window {
                            Window::Rolling(_) => return None,
                            _ => high.checked_sub(adds)?,
                        },
                        _ => return None,
                    };
                    (other.used, other.cap) = (needed, high);
                }
            }
        }
        all.retain(|one| !one.used.is_zero() && one.window != Window::Transaction);
        Some(all)
    }
}
