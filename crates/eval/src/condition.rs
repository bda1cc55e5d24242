//! Whether the conditions of a rule hold for an effect, `docs/program.md` §1.

use alloc::vec::Vec;

use core::cmp::Ordering;

use alloy_primitives::{Address, KECCAK256_EMPTY, U256};

use crate::attested::Asked;
use crate::calldata::{clean_bool, words};
use crate::charge::Meters;
use crate::decide::Rule;
use crate::effect::Effect;
use crate::layout::State;
use crate::leaf::Reach;
use crate::operand::Operands;
use crate::program::{Membership, Program};
use crate::request::Request;
use crate::verdict::{Charge, Decision, Fault, InScope};

/// Groups nest this deep.
const MAX_DEPTH: u8 = 8;
/// What a registry is asked with, in gas.
const REGISTRY_GAS: u32 = 100_000;
const DAY: u64 = 86_400;
/// 1 January 1970 was a Thursday.
const FIRST_WEEKDAY: u64 = 3;

/// A condition that was tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Test {
    /// The index of the effect.
    pub effect: u32,
    /// The index of the rule.
    pub rule: u16,
    /// The condition's opcode.
    pub op: u8,
    /// How many groups it stands in.
    pub depth: u8,
    /// Whether it held.
    pub held: bool,
    /// How what was compared (amount, word, answer, charge) stands to the bound, where something was.
    pub order: Option<Ordering>,
}

/// What an evaluation did, step by step: nothing is decided by it.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    /// Nothing is noted, where only the verdict is asked for.
    silent: bool,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) tests: Vec<Test>,
    pub(crate) in_scope: Vec<InScope>,
    pub(crate) charges: Vec<Charge>,
}

impl Trace {
    pub(crate) const fn silent() -> Self {
        Self { silent: true, decisions: Vec::new(), tests: Vec::new(), in_scope: Vec::new(), charges: Vec::new() }
    }

    pub(crate) fn decision(&mut self, effect: &Effect, rule: Option<Rule>, delay: u32) {
        if !self.silent {
            let (rule, class) = (rule.map(|rule| rule.index), rule.map(|rule| rule.class));
            self.decisions.push(Decision { effect: *effect, rule, class, delay });
        }
    }

    fn test(&mut self, test: Test) {
        if !self.silent {
            self.tests.push(test);
        }
    }

    pub(crate) fn in_scope(&mut self, effect: u32, rule: u16, allows: bool) {
        if !self.silent {
            self.in_scope.push(InScope { effect, rule, allows });
        }
    }

    pub(crate) fn charge(&mut self, charge: Charge) {
        if !self.silent {
            self.charges.push(charge);
        }
    }
}

/// What stays the same for all effects of a request.
#[derive(Debug)]
pub(crate) struct Setting<'a, S> {
    pub(crate) chain_id: u64,
    pub(crate) program: &'a Program<'a>,
    pub(crate) hook: Address,
    pub(crate) state: &'a S,
    pub(crate) request: &'a Request,
    /// In seconds.
    pub(crate) now: u64,
}

impl<S: State> Setting<'_, S> {
    /// Whether the list holds them.
    pub(crate) fn listed(&self, list: u32, who: Address) -> Result<bool, Fault> {
        listed(self.program, self.state, list, who)
    }
}

/// Whether the list of the program holds them.
#[inline]
pub(crate) fn listed<S: State>(program: &Program<'_>, state: &S, list: u32, who: Address) -> Result<bool, Fault> {
    match program.list_contains(list, who)? {
        Membership::Known(listed) => Ok(listed),
        Membership::Ask(registry, selector) => ask(state, registry, selector, who),
    }
}

/// Whether the registry says that it holds them.
#[cold]
fn ask<S: State>(state: &S, registry: Address, selector: [u8; 4], who: Address) -> Result<bool, Fault> {
    let mut call = [0; 36];
    let (head, tail) = call.split_at_mut(4);
    head.copy_from_slice(&selector);
    tail.copy_from_slice(who.into_word().as_slice());
    let answer = state.static_call(registry, &call, REGISTRY_GAS)?;
    let answer = answer.as_ref().and_then(|answer| words(answer)).and_then(|[word]| clean_bool(word));
    answer.ok_or(Fault::Registry(registry))
}

/// The effect to decide on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Act<'a> {
    /// Its index.
    pub(crate) at: u32,
    pub(crate) effect: &'a Effect,
    /// The action's calldata.
    pub(crate) data: &'a [u8],
    pub(crate) reach: Reach,
}

/// The test of one rule's conditions on one effect.
pub(crate) struct Conditions<'a, 'b, S> {
    pub(crate) setting: &'a Setting<'a, S>,
    pub(crate) act: &'a Act<'a>,
    pub(crate) rule: u16,
    pub(crate) meters: &'a mut Meters,
    pub(crate) asked: &'a mut Asked<'b>,
    pub(crate) trace: &'a mut Trace,
}

/// Whether a condition held, and how what it compares stands to its bound.
type Held = (bool, Option<Ordering>);

impl<S: State> Conditions<'_, '_, S> {
    /// Whether all conditions hold, tested in order.
    pub(crate) fn hold(&mut self, conditions: &[u8]) -> Result<bool, Fault> {
        Ok(!self.find(false, Operands(conditions), 0)?)
    }

    /// Tests in order until one condition holds or not, as wanted; whether one did.
    fn find(&mut self, wanted: bool, mut conditions: Operands<'_>, depth: u8) -> Result<bool, Fault> {
        while let Some(op) = conditions.op() {
            let (held, order) = self.test(op, &mut conditions, depth)?;
            self.trace.test(Test { effect: self.act.at, rule: self.rule, op, depth, held, order });
            if held == wanted {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads the operand whole before it tests the condition.
    fn test(&mut self, op: u8, operands: &mut Operands<'_>, depth: u8) -> Result<Held, Fault> {
        let (request, effect, data) = (self.setting.request, self.act.effect, self.act.data);
        let held = match op {
            0x01 => self.listed(operands.offset()?, request.origin.or(Some(Address::ZERO)))?,
            0x02 => self.listed(operands.offset()?, Some(request.initiator))?,
            0x03 => self.listed(operands.offset()?, effect.recipient)?,
            0x04 | 0x05 => {
                let bound = operands.value()?;
                let order = effect.amount.map(|amount| amount.cmp(&bound));
                let held =
                    if op == 0x04 { order.is_some_and(Ordering::is_ge) } else { order.is_some_and(Ordering::is_le) };
                return Ok((held, order));
            }
            0x06 => match effect.recipient {
                Some(recipient) => {
                    let hash = self.setting.state.code_hash(recipient)?;
                    !hash.is_zero() && hash != KECCAK256_EMPTY
                }
                None => false,
            },
            0x07 => self.listed(operands.offset()?, Some(effect.target))?,
            0x08 => self.listed(operands.offset()?, effect.asset)?,
            0x09 => {
                let selectors = operands.selectors()?;
                effect.selector.is_some_and(|selector| selectors.contains(&selector))
            }
            0x0a => u32::from(operands.byte()?) & (1_u32 << effect.kind.number()) != 0,
            0x0b => {
                let (from, to) = operands.span(DAY)?;
                let time = self.setting.now % DAY;
                if from < to { from <= time && time < to } else { from <= time || time < to }
            }
            0x0c => {
                let days = operands.byte()?;
                if !(1..=127).contains(&days) {
                    return Err(Fault::Malformed);
                }
                let today = (self.setting.now / DAY).saturating_add(FIRST_WEEKDAY) % 7;
                u64::from(days) & (1_u64 << today) != 0
            }
            0x0d => {
                let (at, comparison) = (operands.short()?, operands.comparison()?);
                let (mask, value) = (operands.mask()?, operands.value()?);
                let order = (word(data, at) & mask).cmp(&value);
                return Ok((comparison.holds(order), Some(order)));
            }
            0x0e => {
                let (at, list) = (operands.short()?, operands.offset()?);
                let word = word(data, at);
                let address = (word.bit_len() <= 160).then(|| Address::from_word(word.into()));
                self.listed(list, address)?
            }
            0x0f => return self.answers(operands),
            0x10 => return self.meters.fits(self.setting, self.act, operands.byte()?),
            // Neither more nor less than a truth is stated of a rule, so it does not stand in groups.
            0x11 if depth == 0 => {
                let (set, index) = (operands.byte()?, operands.short()?);
                self.asked.holds(self.setting, self.act, self.rule, set, index)?
            }
            0x20..=0x22 => {
                let members = operands.group()?;
                if depth >= MAX_DEPTH {
                    return Err(Fault::Malformed);
                }
                let found = self.find(op == 0x20, members, depth.saturating_add(1))?;
                if op == 0x21 { !found } else { found }
            }
            _ => return Err(Fault::Malformed),
        };
        Ok((held, None))
    }

    /// Whether there is somebody, and the list holds them.
    fn listed(&self, list: u32, who: Option<Address>) -> Result<bool, Fault> {
        who.map_or(Ok(false), |who| self.setting.listed(list, who))
    }

    fn answers(&self, operands: &mut Operands<'_>) -> Result<Held, Fault> {
        let (target, gas) = (operands.address()?, operands.offset()?);
        let (words, index) = (operands.byte()?, operands.byte()?);
        let (comparison, value, call) = (operands.comparison()?, operands.value()?, operands.call()?);
        if !(1..=8).contains(&words) || index >= words {
            return Err(Fault::Malformed);
        }
        let answer = self.setting.state.static_call(target, call, gas)?.unwrap_or_default();
        let (found, rest) = answer.as_chunks::<32>();
        let word = found.get(usize::from(index)).filter(|_| rest.is_empty() && found.len() == usize::from(words));
        let order = U256::from_be_bytes(*word.ok_or(Fault::StaticCall(target))?).cmp(&value);
        Ok((comparison.holds(order), Some(order)))
    }
}

/// The word of calldata from `at` on, zero beyond its end.
fn word(data: &[u8], at: u16) -> U256 {
    let mut word = [0; 32];
    for (to, from) in word.iter_mut().zip(data.iter().skip(usize::from(at))) {
        *to = *from;
    }
    U256::from_be_bytes(word)
}
