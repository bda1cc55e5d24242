//! What reality imposes: which combinations of classes are requests at all.

use std::collections::BTreeSet;

use alloy_primitives::{Address, U256};

use super::{
    bdd::{NONE, Set},
    dimension::within_mask,
    space::{Form, Space, Who},
};
use crate::{
    Comparison, Window,
    program::expand::{
        APPROVE_SELECTOR, ENABLE_MODULE, ERC20, ERC721, PERMIT2, PERMIT2_APPROVE_SELECTOR,
        SET_APPROVAL_FOR_ALL_SELECTOR, TRANSFER_SELECTOR, approves, transfers,
    },
};

/// Calls to the account that never reach rules: `setGuard`, `setModuleGuard`, `setFallbackHandler`.
pub(super) const CONTROL: [[u8; 4]; 3] = [[0xe1, 0x9a, 0x9d, 0xd9], [0xe0, 0x68, 0xdf, 0x37], [0xf0, 0x8a, 0x03, 0x23]];

impl Space {
    /// The requests that there are.
    pub(super) fn real(&mut self) -> Set {
        let forms = self.forms();
        let rest = [
            self.each_class_exists(),
            self.words_are_numbers(),
            self.bare_words_are_zero(),
            self.words_are_arguments(),
            self.limits_are_sound(),
            self.registries_are_functions(),
            self.truths_go_together(),
        ];
        let rest = self.sets.all(rest);
        self.sets.and(forms, rest)
    }

    pub(super) fn form(&mut self, form: Form) -> Set {
        self.dims.form.is(form.class(), &mut self.sets)
    }

    pub(super) fn forms_of(&mut self, forms: &[Form]) -> Set {
        let classes = forms.iter().map(|form| form.class()).collect();
        self.dims.form.is_in(&classes, &mut self.sets)
    }

    /// Where the action calls the account.
    pub(super) fn account_called(&mut self) -> Set {
        let class = self.classes.to.class(&self.classes.account);
        self.dims.to.is(class, &mut self.sets)
    }

    pub(super) fn selectors<'s>(&mut self, selectors: impl IntoIterator<Item = &'s [u8; 4]>) -> Set {
        let classes = selectors.into_iter().map(|selector| self.selector(*selector)).collect();
        self.dims.selector.is_in(&classes, &mut self.sets)
    }

    pub(super) fn amount(&mut self, how: Comparison, value: U256) -> Set {
        self.classes.amounts.compare(&self.dims.amount, how, value, &mut self.sets)
    }

    fn forms(&mut self) -> Set {
        let no_selector = self.dims.selector.is(0, &mut self.sets);
        let no_token = self.dims.token.is(0, &mut self.sets);
        let nobody = self.dims.recipient.is(0, &mut self.sets);
        let nowhere = self.dims.to.is(0, &mut self.sets);
        let nothing = self.amount(Comparison::Equals, U256::ZERO);
        let something = self.amount(Comparison::MoreThan, U256::ZERO);
        let with_selector = self.sets.not(no_selector);
        let to_account = self.account_called();
        let control = self.selectors(&CONTROL);
        let control = self.sets.and(to_account, control);
        let not_control = self.sets.not(control);
        let enable = self.selectors(&[ENABLE_MODULE]);
        let enabling = self.sets.and(to_account, enable);
        let not_enabling = self.sets.not(enabling);
        let tokens: BTreeSet<usize> =
            self.classes.tokens.iter().map(|(token, _)| self.classes.to.class(token)).collect();
        let to_token = self.dims.to.is_in(&tokens, &mut self.sets);
        let to_other = self.sets.not(to_token);

        let parts = [
            (Form::Native, vec![no_token, nobody, no_selector, something]),
            (Form::NativeAndCall, vec![no_token, nobody, with_selector, something, not_control]),
            (Form::Bare, vec![no_token, nobody, no_selector, nothing]),
            (Form::Call, vec![no_token, nobody, with_selector, nothing, to_other, not_control, not_enabling]),
            (Form::EnableModule, vec![no_token, nothing, enabling]),
            (Form::Delegatecall, vec![no_token, nobody, nothing]),
        ];
        let mut all = NONE;
        for (form, parts) in parts {
            let form = self.form(form);
            let part = self.sets.all(parts.into_iter().chain([form]));
            all = self.sets.or(all, part);
        }
        for (at, (_, standard)) in self.classes.tokens.clone().into_iter().enumerate() {
            let token = self.dims.token.is(at.saturating_add(1), &mut self.sets);
            let calls = self.token_calls(standard, nobody, nothing, with_selector);
            let calls = self.sets.all([token, nowhere, calls]);
            all = self.sets.or(all, calls);
        }
        all
    }

    /// Calls to a declared token of this standard, and Permit2's about it.
    fn token_calls(&mut self, standard: u8, nobody: Set, nothing: Set, with_selector: Set) -> Set {
        let one = self.amount(Comparison::Equals, U256::ONE);
        let all = self.amount(Comparison::Equals, U256::MAX);
        let any = super::bdd::ALL;
        let (transfer, approve, permit, opaque) =
            (self.form(Form::Transfer), self.form(Form::Approve), self.form(Form::Permit), self.form(Form::Opaque));
        let transferring = self.selectors(transfers(standard));
        let moved = if standard == ERC721 { one } else { any };
        let transferring = self.sets.all([transfer, transferring, moved]);
        let approving = self.selectors(approves(standard));
        let approved = match standard {
            ERC20 => any,
            _ => {
                let by_operator = self.selectors(&[SET_APPROVAL_FOR_ALL_SELECTOR]);
                let ends = self.sets.or(nothing, all);
                let by_operator = self.sets.and(by_operator, ends);
                let single = self.selectors(&[APPROVE_SELECTOR]);
                let zero = self.classes.recipients.class(&Address::ZERO);
                let zero = self.dims.recipient.is(zero, &mut self.sets);
                let taken_back = self.sets.and(zero, nothing);
                let given = self.sets.minus(one, zero);
                let amounts = self.sets.or(taken_back, given);
                let single = self.sets.and(single, amounts);
                self.sets.or(by_operator, single)
            }
        };
        let approving = self.sets.all([approve, approving, approved]);
        let has_permits = standard == ERC20 && self.classes.tokens.iter().all(|(token, _)| *token != PERMIT2);
        let permitting = if has_permits {
            let selector = self.selectors(&[PERMIT2_APPROVE_SELECTOR]);
            let clean = self.amount(Comparison::LessThan, U256::ONE.wrapping_shl(160));
            self.sets.all([permit, selector, clean])
        } else {
            NONE
        };
        // A transfer of what is not the account's does not decode; what has no source always does.
        let decoded = self.selectors(approves(standard).iter().chain(if standard == ERC20 {
            Some(&TRANSFER_SELECTOR)
        } else {
            None
        }));
        let undecoded = self.sets.minus(with_selector, decoded);
        let opaque = self.sets.all([opaque, undecoded, nobody, nothing]);
        self.sets.any([transferring, approving, permitting, opaque])
    }

    fn each_class_exists(&mut self) -> Set {
        let dims = &self.dims;
        let fixed = [
            dims.form,
            dims.token,
            dims.to,
            dims.selector,
            dims.origin,
            dims.initiator,
            dims.recipient,
            dims.amount,
            dims.time,
            dims.day,
        ];
        let all: Vec<_> =
            fixed.into_iter().chain(dims.words.values().copied()).chain(dims.answers.values().copied()).collect();
        let mut real = super::bdd::ALL;
        // From the last variables up: each step is then small.
        for dimension in all.into_iter().rev() {
            let exists = dimension.exists(&mut self.sets);
            real = self.sets.and(exists, real);
        }
        // The time line goes on behind midnight, where no second of a day is.
        let line = &self.classes.times;
        let last = line.class(U256::from(86_399_u32));
        let day = self.dims.time.between(0, last, &mut self.sets);
        real = self.sets.and(real, day);
        // No module is at the zero address: class 1 and up are groups of addresses.
        let zero = self.classes.origins.class(&Address::ZERO);
        let zero = self.dims.origin.is(zero.saturating_add(1), &mut self.sets);
        real = self.sets.minus(real, zero);
        // The owners' initiator is not asked for a module's request.
        let owners = self.dims.origin.is(0, &mut self.sets);
        let unasked = self.dims.initiator.is(0, &mut self.sets);
        let unasked = self.sets.or(owners, unasked);
        self.sets.and(real, unasked)
    }

    /// A masked word has only bits of its mask.
    fn words_are_numbers(&mut self) -> Set {
        let mut real = super::bdd::ALL;
        for (((_, mask), line), dimension) in self.classes.words.iter().zip(self.dims.words.values()) {
            let classes = (0..line.classes()).filter(|class| {
                let (first, last) = line.bounds(*class);
                within_mask(first, *mask).is_some_and(|number| number <= last)
            });
            let some = dimension.is_in(&classes.collect(), &mut self.sets);
            real = self.sets.and(real, some);
        }
        real
    }

    /// Without calldata every word is zero.
    fn bare_words_are_zero(&mut self) -> Set {
        let bare = self.forms_of(&[Form::Native, Form::Bare]);
        let delegated = self.form(Form::Delegatecall);
        let no_selector = self.dims.selector.is(0, &mut self.sets);
        let delegated = self.sets.and(delegated, no_selector);
        let bare = self.sets.or(bare, delegated);
        let mut zero = super::bdd::ALL;
        for dimension in self.dims.words.values() {
            let is_zero = dimension.is(0, &mut self.sets);
            zero = self.sets.and(zero, is_zero);
        }
        let with_calldata = self.sets.not(bare);
        self.sets.or(zero, with_calldata)
    }

    /// What charges nothing fits; what is above the cap does not; of two caps on one sum the higher holds more.
    fn limits_are_sound(&mut self) -> Set {
        let mut real = super::bdd::ALL;
        let fits = self.dims.fits.clone();
        for (limit, variable) in &fits {
            let holds = self.sets.variable(*variable);
            let sound = if limit.asset.is_some() {
                let nothing = self.amount(Comparison::Equals, U256::ZERO);
                let above = self.amount(Comparison::MoreThan, limit.cap);
                let free_but_not = self.sets.minus(nothing, holds);
                let above_but_fits = self.sets.and(above, holds);
                let wrong = self.sets.or(free_but_not, above_but_fits);
                self.sets.not(wrong)
            } else if limit.cap.is_zero() {
                self.sets.not(holds)
            } else {
                super::bdd::ALL
            };
            real = self.sets.and(real, sound);
            for (other, higher) in &fits {
                let same = limit.id == other.id
                    && limit.asset == other.asset
                    && limit.window == other.window
                    && limit.scope == other.scope;
                if same && limit.cap < other.cap && !matches!(limit.window, Window::Rolling(_)) {
                    let higher = self.sets.variable(*higher);
                    let lower_only = self.sets.minus(holds, higher);
                    real = self.sets.minus(real, lower_only);
                }
            }
        }
        real
    }

    /// A registry says the same of an address wherever it stands.
    fn registries_are_functions(&mut self) -> Set {
        let mut real = super::bdd::ALL;
        let listed: Vec<_> = self.dims.listed.iter().map(|(which, variable)| (*which, *variable)).collect();
        for ((registry, method, who), variable) in &listed {
            for ((other, other_method, whom), second) in &listed {
                if registry != other || method != other_method || who >= whom {
                    continue;
                }
                let (a, b) = (self.sets.variable(*variable), self.sets.variable(*second));
                let (only_a, only_b) = (self.sets.minus(a, b), self.sets.minus(b, a));
                let differ = self.sets.or(only_a, only_b);
                for (address, here) in self.alone(*who) {
                    let there = self.alone(*whom).into_iter().find(|(one, _)| *one == address);
                    if let Some((_, there)) = there {
                        let same = self.sets.and(here, there);
                        let wrong = self.sets.and(same, differ);
                        real = self.sets.minus(real, wrong);
                    }
                }
            }
        }
        real
    }

    /// The addresses that are a class of their own, and where it is theirs.
    fn alone(&mut self, who: Who) -> Vec<(Address, Set)> {
        let (dimension, crowd, from) = match who {
            Who::To => (self.dims.to, &self.classes.to, 0),
            Who::Recipient => (self.dims.recipient, &self.classes.recipients, 0),
            Who::Origin => (self.dims.origin, &self.classes.origins, 1_usize),
            Who::Initiator => (self.dims.initiator, &self.classes.initiators, 0),
            Who::Token | Who::Word(_) => return Vec::new(),
        };
        let groups = crowd.groups.iter().enumerate().filter_map(|(class, group)| match group.as_slice() {
            [one] if class > 0 => Some((*one, class.saturating_add(from))),
            _ => None,
        });
        groups.map(|(address, class)| (address, dimension.is(class, &mut self.sets))).collect()
    }
}
