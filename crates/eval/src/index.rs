//! Finds the rule that decides an effect, `docs/program.md` §2.6.

use core::cmp::Ordering;
use std::collections::VecDeque;

use alloy_primitives::{Address, U256};

use crate::effect::Effect;
use crate::program::{Body, Entry, Malformed, Program, key};
use crate::request::Request;

const ANY_SUBJECT: u8 = 0x80;
const ANY_SELECTOR: u8 = 0x40;
const ACCOUNT: u8 = 0x20;

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
    /// How what was compared (amount, word, time, answer) stands to the bound, where something was.
    pub order: Option<Ordering>,
}

/// The rule that decides an effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found<'a> {
    pub(crate) rule: u16,
    pub(crate) class: u8,
    pub(crate) body: Body<'a>,
}

/// The entries of one class.
struct Run {
    class: u8,
    entries: VecDeque<Entry>,
}

/// The first rule in scope of the effect. Every condition tested on the way is noted.
pub(crate) fn deciding<'a>(
    program: &Program<'a>,
    hook: Address,
    request: &Request,
    effect: &Effect,
    mut note: impl FnMut(u16, u8, bool, Option<Ordering>),
) -> Result<Option<Found<'a>>, Malformed> {
    let mut runs = runs(program, hook, request.account, effect)?;
    while let Some((class, entry)) = next(&mut runs) {
        let body = program.body(&entry)?;
        let mut note = |op, held, amount| note(entry.rule, op, held, amount);
        if body.modules == request.origin.is_some() && holds(program, request, effect, body.conditions, &mut note)? {
            return Ok(Some(Found { rule: entry.rule, class, body }));
        }
    }
    Ok(None)
}

/// The entries of each class that exists, by class.
fn runs(program: &Program<'_>, hook: Address, account: Address, effect: &Effect) -> Result<Vec<Run>, Malformed> {
    let kind = effect.kind.number();
    let own = effect.target == account;
    let classes = [(0, false, false), (1, false, true), (2, true, false), (3, true, true)];
    let mut runs = Vec::new();
    for (class, any_subject, any_selector) in classes {
        if !program.has_class(kind, class) || (any_subject && (own || effect.target == hook)) {
            continue;
        }
        let (flags, subject) = match (any_subject, own) {
            (true, _) => (ANY_SUBJECT, Address::ZERO),
            (false, true) => (ACCOUNT, Address::ZERO),
            (false, false) => (0, effect.target),
        };
        let (flags, selector) = match (any_selector, effect.selector) {
            (true, _) => (flags | ANY_SELECTOR, [0; 4]),
            (false, Some(selector)) => (flags, selector),
            (false, None) => continue,
        };
        let entries = program.look_up(&key(kind | flags, subject, selector))?.into();
        runs.push(Run { class, entries });
    }
    Ok(runs)
}

/// Takes the head with the least rule; the lower class on a tie.
fn next(runs: &mut [Run]) -> Option<(u8, Entry)> {
    let heads = runs.iter_mut().filter_map(|run| Some((run.entries.front()?.rule, run)));
    let (_, run) = heads.min_by_key(|(rule, _)| *rule)?;
    Some((run.class, run.entries.pop_front()?))
}

/// Whether all conditions hold, tested in order.
fn holds(
    program: &Program<'_>,
    request: &Request,
    effect: &Effect,
    mut conditions: &[u8],
    note: &mut impl FnMut(u8, bool, Option<Ordering>),
) -> Result<bool, Malformed> {
    while let Some((op, rest)) = conditions.split_first() {
        let list = || rest.split_first_chunk::<3>().ok_or(Malformed);
        let value = || -> Result<_, Malformed> {
            let (length, rest) = rest.split_first().ok_or(Malformed)?;
            if !(1..=32).contains(length) {
                return Err(Malformed);
            }
            let (value, rest) = rest.split_at_checked(usize::from(*length)).ok_or(Malformed)?;
            Ok((U256::try_from_be_slice(value).ok_or(Malformed)?, rest))
        };
        let contains = |[a, b, c]: [u8; 3], who| {
            let offset = usize::try_from(u32::from_be_bytes([0, a, b, c])).map_err(|_| Malformed)?;
            program.list_contains(offset, who)
        };
        let (held, order);
        (held, order, conditions) = match op {
            0x01 => {
                let (at, rest) = list()?;
                (contains(*at, request.origin.unwrap_or_default())?, None, rest)
            }
            0x02 => {
                let (at, rest) = list()?;
                (contains(*at, request.initiator)?, None, rest)
            }
            0x03 => {
                let (at, rest) = list()?;
                (effect.recipient.map_or(Ok(false), |recipient| contains(*at, recipient))?, None, rest)
            }
            0x04 => {
                let (least, rest) = value()?;
                let order = effect.amount.map(|amount| amount.cmp(&least));
                (order.is_some_and(Ordering::is_ge), order, rest)
            }
            0x05 => {
                let (most, rest) = value()?;
                let order = effect.amount.map(|amount| amount.cmp(&most));
                (order.is_some_and(Ordering::is_le), order, rest)
            }
            _ => return Err(Malformed),
        };
        note(*op, held, order);
        if !held {
            return Ok(false);
        }
    }
    Ok(true)
}
