//! From conditions in the making to the bytes of a body.

use alloy_primitives::{Address, Bytes, U256};

use crate::assemble::{be, bucket};
use crate::conditions::{Cond, ListDraft, Who};
use crate::dice::Dice;
use crate::draft::{RuleDraft, Subjects};
use crate::obligations::Ask;

fn list_bytes(dice: &mut Dice, members: &[Address], multiplier: U256) -> Vec<u8> {
    let mut members = members.to_vec();
    members.sort_unstable();
    members.dedup();
    let most = [15, 16];
    let bits = match dice.below(200) {
        0 => dice.pick(&most),
        1..=80 => dice.pick(&[1, 2, 3, 4]),
        _ => 0,
    };
    let mut bytes = be::<2>(members.len()).to_vec();
    bytes.push(bits);
    if bits > 0 {
        let at = |member: &Address| bucket(U256::from_be_slice(member.as_slice()), multiplier, bits);
        members.sort_by_key(|member| (at(member), *member));
        let buckets: Vec<usize> = members.iter().map(at).collect();
        for i in 0..=(1_usize << bits) {
            bytes.extend(be::<2>(buckets.partition_point(|bucket| *bucket < i)));
        }
    }
    bytes.extend(members.iter().flatten());
    bytes
}

/// The body so far, and its lists with the positions that point to them.
pub(crate) struct Conditions {
    pub(crate) body: Vec<u8>,
    pub(crate) lists: Vec<(usize, Vec<u8>)>,
    pub(crate) multiplier: U256,
}

impl Conditions {
    /// The obligations, with their size in front.
    pub(crate) fn asks(&mut self, dice: &mut Dice, asks: &[Ask]) {
        let at = self.body.len();
        self.body.extend([0; 2]);
        for ask in asks {
            match ask {
                Ask::Approvals { list, n, flags } => {
                    self.body.push(0x01);
                    self.list(dice, list);
                    self.body.extend([*n, *flags]);
                }
                Ask::Signatures(n) => self.body.extend([0x02, *n]),
                Ask::Signers(list, n) => {
                    self.body.push(0x03);
                    self.list(dice, list);
                    self.body.push(*n);
                }
                Ask::Attestation(set) => self.body.extend([0x04, *set]),
                Ask::Notify(channel) => {
                    self.body.push(0x05);
                    self.body.extend(channel);
                }
                Ask::Raw(bytes) => self.body.extend(bytes),
            }
        }
        let size = be::<2>(self.body.len() - at - 2);
        if let Some(field) = self.body.get_mut(at..at + 2) {
            field.copy_from_slice(&size);
        }
    }

    pub(crate) fn rule(&mut self, dice: &mut Dice, rule: &RuleDraft) {
        let modules = rule.modules.clone().unwrap_or_default();
        let mut named = [(1, &modules), (2, &rule.initiators), (3, &rule.recipients)];
        if rule.subjects == Subjects::Account {
            // `enableModule` asks for the recipient's first.
            named.reverse();
        }
        for (op, members) in named {
            if !members.is_empty() {
                self.body.push(op);
                self.list(dice, &ListDraft::Members(members.clone()));
            }
        }
        for (op, bound) in [(4, rule.min), (5, rule.max)] {
            if let Some(bound) = bound {
                self.body.push(op);
                self.number(dice, bound);
            }
        }
        for condition in &rule.conditions {
            self.condition(dice, condition);
        }
    }

    pub(crate) fn list(&mut self, dice: &mut Dice, list: &ListDraft) {
        let bytes = match list {
            ListDraft::Members(members) => list_bytes(dice, members, self.multiplier),
            ListDraft::Registry(registry) => {
                [&[0, 0, 255], registry.address().as_slice(), &registry.method().1].concat()
            }
        };
        self.lists.push((self.body.len(), bytes));
        self.body.extend([0; 3]);
    }

    /// With its length in front; now and then longer than it must be.
    fn number(&mut self, dice: &mut Dice, value: U256) {
        let least = value.byte_len().max(1);
        let length = if dice.percent(6) { dice.pick(&[least, 32]) } else { least };
        self.body.extend(be::<1>(length));
        self.body.extend(value.to_be_bytes::<32>().iter().skip(32 - length));
    }

    fn condition(&mut self, dice: &mut Dice, condition: &Cond) {
        match condition {
            Cond::Listed(who, list) => {
                self.body.push(match who {
                    Who::Origin => 0x01,
                    Who::Initiator => 0x02,
                    Who::Recipient => 0x03,
                    Who::Target => 0x07,
                    Who::Asset => 0x08,
                });
                self.list(dice, list);
            }
            Cond::AtLeast(value) => {
                self.body.push(0x04);
                self.number(dice, *value);
            }
            Cond::AtMost(value) => {
                self.body.push(0x05);
                self.number(dice, *value);
            }
            Cond::HasCode => self.body.push(0x06),
            Cond::Selectors(all) => {
                self.body.push(0x09);
                self.body.extend(be::<1>(all.len()));
                self.body.extend(all.iter().flatten());
            }
            Cond::Kinds(kinds) => self.body.extend([0x0a, *kinds]),
            Cond::Time(from, to) => {
                self.body.push(0x0b);
                for second in [from, to] {
                    self.body.extend(second.to_be_bytes().iter().skip(1));
                }
            }
            Cond::Days(days) => self.body.extend([0x0c, *days]),
            Cond::Word { offset, cmp, mask, value } => {
                self.body.push(0x0d);
                self.body.extend(offset.to_be_bytes());
                self.body.push(*cmp);
                match mask {
                    Some(mask) => self.number(dice, *mask),
                    None => self.body.push(0),
                }
                self.number(dice, *value);
            }
            Cond::WordListed(offset, list) => {
                self.body.push(0x0e);
                self.body.extend(offset.to_be_bytes());
                self.list(dice, list);
            }
            Cond::Call { target, gas, words, index, cmp, value, data } => {
                self.body.push(0x0f);
                self.body.extend(target.address());
                self.body.extend(gas.to_be_bytes().iter().skip(1));
                self.body.extend([*words, *index, *cmp]);
                self.number(dice, *value);
                self.body.extend(be::<1>(data.len()));
                self.body.extend(data);
            }
            Cond::Fits(limit) => self.body.extend([0x10, *limit]),
            Cond::Any(inside) => self.group(dice, 0x20, inside),
            Cond::All(inside) => self.group(dice, 0x21, inside),
            Cond::NotAll(inside) => self.group(dice, 0x22, inside),
            Cond::Raw(bytes) => self.body.extend(bytes),
        }
    }

    fn group(&mut self, dice: &mut Dice, op: u8, inside: &[Cond]) {
        self.body.extend([op, 0, 0]);
        let start = self.body.len();
        for condition in inside {
            self.condition(dice, condition);
        }
        let length = be::<2>(self.body.len() - start);
        if let Some(field) = self.body.get_mut(start - 2..start) {
            field.copy_from_slice(&length);
        }
    }
}

/// The program with a few bytes wrong, missing or behind it.
pub(crate) fn damage(dice: &mut Dice, program: &Bytes) -> Bytes {
    let mut bytes = program.to_vec();
    match dice.below(10) {
        0 | 1 => bytes.truncate(dice.index(program.len() + 1)),
        2 => bytes.extend(dice.bytes(40)),
        _ => {
            for _ in 0..=dice.below(3) {
                let at = 1 + dice.index(bytes.len().saturating_sub(1));
                let byte = match dice.below(4) {
                    0 => dice.byte(),
                    1 => 0,
                    2 => 0xff,
                    _ => bytes.get(at).copied().unwrap_or_default().wrapping_add(1),
                };
                if let Some(target) = bytes.get_mut(at) {
                    *target = byte;
                }
            }
            if dice.percent(5)
                && let Some(first) = bytes.first_mut()
            {
                *first = 0x01;
            }
        }
    }
    bytes.into()
}
