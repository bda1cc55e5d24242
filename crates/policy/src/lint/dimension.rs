//! Dimensions of requests: each is split into finitely many classes, which variables number.

use std::collections::{BTreeSet, HashMap};

use alloy_primitives::{Address, U256};

use super::bdd::{ALL, NONE, Set, Sets};
use crate::Comparison;

/// Classes, numbered in binary by variables that follow each other; the highest bit first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Dimension {
    pub(super) first: usize,
    pub(super) bits: usize,
    pub(super) classes: usize,
}

impl Dimension {
    /// Takes the next variables.
    pub(super) fn new(classes: usize, next: &mut usize) -> Self {
        let bits = usize::try_from(usize::BITS.saturating_sub(classes.saturating_sub(1).leading_zeros())).unwrap_or(0);
        let first = *next;
        *next = next.saturating_add(bits);
        Self { first, bits, classes }
    }

    /// The variable behind the last one.
    pub(super) const fn end(&self) -> usize {
        self.first.saturating_add(self.bits)
    }

    /// Where the class is `from`, `to` or between.
    pub(super) fn between(&self, from: usize, to: usize, sets: &mut Sets) -> Set {
        if from > to { NONE } else { self.block(0, 0, from, to, sets) }
    }

    fn block(&self, bit: usize, base: usize, from: usize, to: usize, sets: &mut Sets) -> Set {
        let shift = u32::try_from(self.bits.saturating_sub(bit)).unwrap_or(0);
        let size = 1_usize.checked_shl(shift).unwrap_or(usize::MAX);
        let last = base.saturating_add(size.saturating_sub(1));
        if to < base || last < from {
            return NONE;
        }
        if from <= base && last <= to {
            return ALL;
        }
        let next = bit.saturating_add(1);
        let low = self.block(next, base, from, to, sets);
        let high = self.block(next, base.saturating_add(size >> 1), from, to, sets);
        sets.split(self.first.saturating_add(bit), low, high)
    }

    /// Where the class is this one.
    pub(super) fn is(&self, class: usize, sets: &mut Sets) -> Set {
        self.between(class, class, sets)
    }

    /// Where the class is one of these.
    pub(super) fn is_in(&self, classes: &BTreeSet<usize>, sets: &mut Sets) -> Set {
        let mut found = NONE;
        let mut left = classes.iter().copied().peekable();
        while let Some(from) = left.next() {
            let mut to = from;
            while left.peek() == Some(&to.saturating_add(1)) {
                to = left.next().unwrap_or(to);
            }
            let run = self.between(from, to, sets);
            found = sets.or(found, run);
        }
        found
    }

    /// Where the number is a class's.
    pub(super) fn exists(&self, sets: &mut Sets) -> Set {
        self.between(0, self.classes.saturating_sub(1), sets)
    }

    /// The class in an assignment.
    pub(super) fn class(&self, assignment: &[bool]) -> usize {
        let bits = assignment.iter().skip(self.first).take(self.bits);
        bits.fold(0, |class, bit| class.wrapping_shl(1) | usize::from(*bit))
    }
}

/// Numbers, cut into intervals: a class begins at each of these.
#[derive(Debug, Clone, Default)]
pub(super) struct Cuts(BTreeSet<U256>);

impl Cuts {
    /// Gives the number a class of its own.
    pub(super) fn single(&mut self, value: U256) {
        self.0.insert(value);
        self.0.extend(value.checked_add(U256::ONE));
    }

    /// The cuts in order, from zero on.
    pub(super) fn line(mut self) -> Line {
        self.0.insert(U256::ZERO);
        Line(self.0.into_iter().collect())
    }
}

/// The first number of each class, ascending from zero.
#[derive(Debug, Clone, Default)]
pub(super) struct Line(Vec<U256>);

impl Line {
    pub(super) fn classes(&self) -> usize {
        self.0.len()
    }

    pub(super) fn class(&self, value: U256) -> usize {
        self.0.partition_point(|first| *first <= value).saturating_sub(1)
    }

    /// The first and the last number of a class.
    pub(super) fn bounds(&self, class: usize) -> (U256, U256) {
        let first = self.0.get(class).copied().unwrap_or_default();
        let next = self.0.get(class.saturating_add(1));
        (first, next.map_or(U256::MAX, |next| next.saturating_sub(U256::ONE)))
    }

    /// Where the number compares so with a value that has a class of its own.
    pub(super) fn compare(&self, dimension: &Dimension, how: Comparison, value: U256, sets: &mut Sets) -> Set {
        let at = self.class(value);
        let last = self.classes().saturating_sub(1);
        let below = match at.checked_sub(1) {
            Some(below) => dimension.between(0, below, sets),
            None => NONE,
        };
        let here = dimension.is(at, sets);
        let above = dimension.between(at.saturating_add(1), last, sets);
        match how {
            Comparison::Equals => here,
            Comparison::NotEquals => sets.or(below, above),
            Comparison::LessThan => below,
            Comparison::AtMost => sets.or(below, here),
            Comparison::MoreThan => above,
            Comparison::AtLeast => sets.or(here, above),
        }
    }
}

/// Addresses, those together that no list tells apart. Class 0 is everybody in no list.
#[derive(Debug, Clone, Default)]
pub(super) struct Crowd {
    pub(super) groups: Vec<Vec<Address>>,
    class: HashMap<Address, usize>,
}

impl Crowd {
    pub(super) fn new<'a>(lists: impl IntoIterator<Item = &'a BTreeSet<Address>>) -> Self {
        let mut seen: HashMap<Address, Vec<usize>> = HashMap::new();
        let distinct: BTreeSet<&BTreeSet<Address>> = lists.into_iter().collect();
        for (number, list) in distinct.into_iter().enumerate() {
            for address in list {
                seen.entry(*address).or_default().push(number);
            }
        }
        let mut all: Vec<_> = seen.into_iter().map(|(address, lists)| (lists, address)).collect();
        all.sort_unstable();
        let mut crowd = Self { groups: vec![Vec::new()], class: HashMap::new() };
        let mut last: Option<&Vec<usize>> = None;
        for (lists, address) in &all {
            if last != Some(lists) {
                crowd.groups.push(Vec::new());
                last = Some(lists);
            }
            crowd.class.insert(*address, crowd.groups.len().saturating_sub(1));
            if let Some(group) = crowd.groups.last_mut() {
                group.push(*address);
            }
        }
        crowd
    }

    pub(super) fn class(&self, address: &Address) -> usize {
        self.class.get(address).copied().unwrap_or(0)
    }

    /// Where the address is one of the list, which is one of those that it was made from.
    pub(super) fn is_in(&self, dimension: &Dimension, list: &BTreeSet<Address>, sets: &mut Sets) -> Set {
        let classes = list.iter().map(|address| self.class(address)).collect();
        dimension.is_in(&classes, sets)
    }
}

/// The least number from `from` on that has only bits of the mask.
pub(super) fn within_mask(from: U256, mask: U256) -> Option<U256> {
    let outside = from & !mask;
    if outside.is_zero() {
        return Some(from);
    }
    let highest = outside.bit_len().saturating_sub(1);
    // Above it every bit is the mask's: the next number up sets the lowest one that is free.
    let raise = (highest..256).find(|bit| mask.bit(*bit) && !from.bit(*bit))?;
    let kept = from.checked_shr(raise).unwrap_or_default().checked_shl(raise).unwrap_or_default();
    Some((kept & mask) | U256::ONE.wrapping_shl(raise))
}
