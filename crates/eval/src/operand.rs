//! Reads the operands of conditions and obligations, `docs/program.md` §1: each whole, or the program is malformed.

use core::cmp::Ordering;

use alloy_primitives::{Address, B256, U256};

use crate::program::{Malformed, number};

/// Conditions or obligations that are not read yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operands<'a>(pub(crate) &'a [u8]);

/// How a word must stand to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Comparison {
    /// Whether it holds for a word that stands to the value like this.
    pub(crate) const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::More => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

impl<'a> Operands<'a> {
    /// The next op; none at the end.
    pub(crate) fn op(&mut self) -> Option<u8> {
        self.byte().ok()
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    #[inline]
    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        self.chunk().map(|[byte]| byte)
    }

    /// A number of two bytes.
    pub(crate) fn short(&mut self) -> Result<u16, Malformed> {
        self.chunk().map(u16::from_be_bytes)
    }

    /// A number of three bytes, such as where a list is.
    pub(crate) fn offset(&mut self) -> Result<u32, Malformed> {
        self.chunk().map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    pub(crate) fn word(&mut self) -> Result<B256, Malformed> {
        self.chunk().map(B256::from)
    }

    pub(crate) fn address(&mut self) -> Result<Address, Malformed> {
        self.chunk::<20>().map(Address::from)
    }

    /// A length of at least one byte and a number.
    pub(crate) fn value(&mut self) -> Result<U256, Malformed> {
        let length = self.byte()?;
        if length == 0 {
            return Err(Malformed);
        }
        self.number(length)
    }

    /// A length and a number; no bytes are all ones.
    pub(crate) fn mask(&mut self) -> Result<U256, Malformed> {
        match self.byte()? {
            0 => Ok(U256::MAX),
            length => self.number(length),
        }
    }

    fn number(&mut self, length: u8) -> Result<U256, Malformed> {
        if length > 32 {
            return Err(Malformed);
        }
        self.take(usize::from(length)).map(number)
    }

    pub(crate) fn comparison(&mut self) -> Result<Comparison, Malformed> {
        Ok(match self.byte()? {
            0 => Comparison::Equal,
            1 => Comparison::NotEqual,
            2 => Comparison::Less,
            3 => Comparison::AtMost,
            4 => Comparison::More,
            5 => Comparison::AtLeast,
            _ => return Err(Malformed),
        })
    }

    /// A count and as many selectors.
    pub(crate) fn selectors(&mut self) -> Result<&'a [[u8; 4]], Malformed> {
        let bytes = usize::from(self.byte()?).saturating_mul(4);
        Ok(self.take(bytes)?.as_chunks().0)
    }

    /// Two times of three bytes, at most `most`.
    pub(crate) fn span(&mut self, most: u64) -> Result<(u64, u64), Malformed> {
        let (from, to) = (u64::from(self.offset()?), u64::from(self.offset()?));
        if from > most || to > most { Err(Malformed) } else { Ok((from, to)) }
    }

    /// A length of one byte and calldata with a whole selector.
    pub(crate) fn call(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.byte()?;
        if length < 4 {
            return Err(Malformed);
        }
        self.take(usize::from(length))
    }

    /// A length of two bytes and conditions.
    pub(crate) fn group(&mut self) -> Result<Self, Malformed> {
        let length = self.short()?;
        self.take(usize::from(length)).map(Self)
    }
}
