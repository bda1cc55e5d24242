//! Words of calldata that decode: they are what the effect says.

use alloy_primitives::{Address, U256};

use super::{
    bdd::{ALL, NONE, Set},
    dimension::{Line, within_mask},
    space::{Form, Space},
};
use crate::{
    Comparison,
    program::expand::{
        APPROVE_SELECTOR, ENABLE_MODULE, ERC20, ERC721, PERMIT2_APPROVE_SELECTOR, SAFE_TRANSFER_WITH_DATA_SELECTOR,
        SET_APPROVAL_FOR_ALL_SELECTOR, TRANSFER_ID_SELECTOR, TRANSFER_IDS_SELECTOR, TRANSFER_SELECTOR, approves,
        transfers,
    },
};

/// What stands in a word of calldata.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Argument {
    Recipient,
    Amount,
    /// Whether the amount is not zero.
    Flag,
    Fixed(U256),
    /// An address, but not this one.
    AnyBut(Address),
    /// A number of this many bits.
    Bits(usize),
    /// What the caller likes, as far as this goes.
    Free,
}

/// The arguments of a call that has one encoding, and what stands behind them; none for other calls.
pub(super) fn arguments(
    form: Form,
    token: Option<(Address, u8)>,
    selector: [u8; 4],
    account: Address,
) -> Option<(Vec<Argument>, Argument)> {
    use Argument::{Amount, AnyBut, Bits, Fixed, Flag, Free, Recipient};
    let word = |address: Address| U256::from_be_slice(address.as_slice());
    let end = Fixed(U256::ZERO);
    let own = Fixed(word(account));
    let found = match (form, token) {
        (Form::EnableModule, _) if selector == ENABLE_MODULE => (vec![Recipient], end),
        (Form::Permit, Some((token, _))) if selector == PERMIT2_APPROVE_SELECTOR => {
            (vec![Fixed(word(token)), Recipient, Amount, Bits(48)], end)
        }
        (Form::Transfer, Some((_, standard))) if transfers(standard).contains(&selector) => {
            match (standard, selector) {
                (ERC20, TRANSFER_SELECTOR) => (vec![Recipient, Amount], end),
                (ERC20, _) => (vec![own, Recipient, Amount], end),
                (ERC721, SAFE_TRANSFER_WITH_DATA_SELECTOR) => {
                    (vec![own, Recipient, Free, Fixed(U256::from(0x80_u8)), Fixed(U256::ZERO)], Free)
                }
                (ERC721, _) => (vec![own, Recipient, Free], end),
                (_, TRANSFER_ID_SELECTOR) => {
                    (vec![own, Recipient, Free, Amount, Fixed(U256::from(0xa0_u8)), Fixed(U256::ZERO)], Free)
                }
                (_, TRANSFER_IDS_SELECTOR) => (vec![own, Recipient, Fixed(U256::from(0xa0_u8))], Free),
                _ => return None,
            }
        }
        (Form::Approve, Some((_, standard))) if approves(standard).contains(&selector) => match (standard, selector) {
            (_, SET_APPROVAL_FOR_ALL_SELECTOR) => (vec![Recipient, Flag], end),
            (ERC721, APPROVE_SELECTOR) => (vec![Recipient, Free], end),
            _ => (vec![Recipient, Amount], end),
        },
        (Form::Opaque, Some((_, ERC20))) if transfers(ERC20).contains(&selector) => {
            (vec![AnyBut(account), AnyBut(Address::ZERO), Free], end)
        }
        (Form::Opaque, Some((_, standard))) if transfers(standard).contains(&selector) => {
            (vec![AnyBut(account), AnyBut(Address::ZERO)], Free)
        }
        _ => return None,
    };
    Some(found)
}

/// The argument at an offset; none where words do not begin.
pub(super) fn argument_at(found: &(Vec<Argument>, Argument), offset: u16) -> Option<Argument> {
    let behind = usize::from(offset).checked_sub(4)?;
    let number = behind.checked_div(32).filter(|number| number.saturating_mul(32) == behind)?;
    Some(found.0.get(number).copied().unwrap_or(found.1))
}

impl Space {
    /// Where words of decoded calls are what their effects say.
    pub(super) fn words_are_arguments(&mut self) -> Set {
        let mut real = ALL;
        let words: Vec<_> = self.classes.words.keys().copied().collect();
        if words.is_empty() {
            return real;
        }
        for form in [Form::EnableModule, Form::Transfer, Form::Approve, Form::Permit, Form::Opaque] {
            let tokens: Vec<_> = std::iter::once(None).chain(self.classes.tokens.iter().copied().map(Some)).collect();
            for (class, token) in tokens.into_iter().enumerate() {
                for selector in self.classes.selectors.clone() {
                    let Some(found) = arguments(form, token, selector, self.classes.account) else { continue };
                    let form = self.form(form);
                    let token = self.dims.token.is(class, &mut self.sets);
                    let selected = self.selectors(&[selector]);
                    let call = self.sets.all([form, token, selected]);
                    for (offset, mask) in &words {
                        let Some(argument) = argument_at(&found, *offset) else { continue };
                        let holds = self.argument_holds(argument, (*offset, *mask));
                        let wrong = self.sets.minus(call, holds);
                        real = self.sets.minus(real, wrong);
                    }
                }
            }
        }
        real
    }

    fn argument_holds(&mut self, argument: Argument, which: (u16, U256)) -> Set {
        let (Some(dimension), Some(line)) =
            (self.dims.words.get(&which).copied(), self.classes.words.get(&which).cloned())
        else {
            return ALL;
        };
        let mask = which.1;
        match argument {
            Argument::Free => ALL,
            Argument::Fixed(value) => dimension.is(line.class(value & mask), &mut self.sets),
            Argument::Bits(bits) => {
                let small = mask & U256::MAX.wrapping_shr(256_usize.saturating_sub(bits));
                self.some_number(&line, small, which)
            }
            Argument::AnyBut(other) => {
                let small = mask & U256::MAX.wrapping_shr(96);
                let some = self.some_number(&line, small, which);
                let other = U256::from_be_slice(other.as_slice());
                let alone = line.bounds(line.class(other)) == (other, other) && mask == U256::MAX;
                let but = if alone { dimension.is(line.class(other), &mut self.sets) } else { NONE };
                self.sets.minus(some, but)
            }
            Argument::Flag => {
                let zero = self.amount(Comparison::Equals, U256::ZERO);
                let no = dimension.is(0, &mut self.sets);
                let yes = dimension.is(line.class(U256::ONE & mask), &mut self.sets);
                let (no, yes) = (self.sets.and(zero, no), self.sets.minus(yes, zero));
                self.sets.or(no, yes)
            }
            Argument::Amount if mask == U256::MAX => {
                let mut all = NONE;
                for class in 0..line.classes() {
                    let (first, last) = line.bounds(class);
                    let (from, to) = (self.classes.amounts.class(first), self.classes.amounts.class(last));
                    let amount = self.dims.amount.between(from, to, &mut self.sets);
                    let word = dimension.is(class, &mut self.sets);
                    let both = self.sets.and(amount, word);
                    all = self.sets.or(all, both);
                }
                all
            }
            Argument::Amount => ALL,
            Argument::Recipient => {
                let groups = self.classes.recipients.groups.clone();
                let mut all = NONE;
                for (class, group) in groups.iter().enumerate() {
                    let word = if class == 0 {
                        self.anybody_else(&line, which)
                    } else {
                        let classes = group.iter().map(|one| line.class(U256::from_be_slice(one.as_slice()) & mask));
                        dimension.is_in(&classes.collect(), &mut self.sets)
                    };
                    let here = self.dims.recipient.is(class, &mut self.sets);
                    let both = self.sets.and(here, word);
                    all = self.sets.or(all, both);
                }
                all
            }
        }
    }

    /// Classes with a number of these bits.
    fn some_number(&mut self, line: &Line, bits: U256, which: (u16, U256)) -> Set {
        let classes = (0..line.classes()).filter(|class| {
            let (first, last) = line.bounds(*class);
            within_mask(first, bits).is_some_and(|number| number <= last)
        });
        let classes = classes.collect();
        self.dims.words.get(&which).map_or(ALL, |dimension| dimension.is_in(&classes, &mut self.sets))
    }

    /// Classes with an address that is in no list of recipients.
    fn anybody_else(&mut self, line: &Line, which: (u16, U256)) -> Set {
        let addresses = which.1 & U256::MAX.wrapping_shr(96);
        let crowd = &self.classes.recipients;
        let classes = (0..line.classes()).filter(|class| {
            let (first, last) = line.bounds(*class);
            let some = within_mask(first, addresses).filter(|number| *number <= last);
            some.is_some_and(|number| {
                which.1 != U256::MAX || first != last || crowd.class(&Address::from_word(number.into())) == 0
            })
        });
        let classes = classes.collect();
        self.dims.words.get(&which).map_or(ALL, |dimension| dimension.is_in(&classes, &mut self.sets))
    }
}
