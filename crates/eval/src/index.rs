//! Finds the rule that decides an effect, `docs/program.md` §2.6.

use std::collections::VecDeque;

use alloy_primitives::{Address, U256};

use crate::effect::Effect;
use crate::program::{Body, Entry, Malformed, Program, key};
use crate::request::Request;

const ANY_SUBJECT: u8 = 0x80;
const ANY_SELECTOR: u8 = 0x40;
const ACCOUNT: u8 = 0x20;

/// The first rule in scope of the effect, with its body.
pub(crate) fn deciding<'a>(
    program: &Program<'a>,
    hook: Address,
    request: &Request,
    effect: &Effect,
) -> Result<Option<(u16, Body<'a>)>, Malformed> {
    let mut runs = runs(program, hook, request.account, effect)?;
    while let Some(entry) = next(&mut runs) {
        let body = program.body(&entry)?;
        if body.modules == request.origin.is_some()
            && holds(program, request, effect, body.conditions)?
        {
            return Ok(Some((entry.rule, body)));
        }
    }
    Ok(None)
}

/// The entries of each class that exists, by class.
fn runs(
    program: &Program<'_>,
    hook: Address,
    account: Address,
    effect: &Effect,
) -> Result<Vec<VecDeque<Entry>>, Malformed> {
    let kind = effect.kind.number();
    let own = effect.target == account;
    let classes = [
        (0, false, false),
        (1, false, true),
        (2, true, false),
        (3, true, true),
    ];
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
        runs.push(
            program
                .look_up(&key(kind | flags, subject, selector))?
                .into(),
        );
    }
    Ok(runs)
}

/// Takes the head with the least rule; the lower class on a tie.
fn next(runs: &mut [VecDeque<Entry>]) -> Option<Entry> {
    let run = runs
        .iter_mut()
        .filter(|run| !run.is_empty())
        .min_by_key(|run| run.front().map(|entry| entry.rule))?;
    run.pop_front()
}

/// Whether all conditions hold, tested in order.
fn holds(
    program: &Program<'_>,
    request: &Request,
    effect: &Effect,
    mut conditions: &[u8],
) -> Result<bool, Malformed> {
    while let Some((op, rest)) = conditions.split_first() {
        let list = || rest.split_first_chunk::<3>().ok_or(Malformed);
        let value = || -> Result<_, Malformed> {
            let (length, rest) = rest.split_first().ok_or(Malformed)?;
            if !(1..=32).contains(length) {
                return Err(Malformed);
            }
            let (value, rest) = rest
                .split_at_checked(usize::from(*length))
                .ok_or(Malformed)?;
            Ok((U256::try_from_be_slice(value).ok_or(Malformed)?, rest))
        };
        let contains = |[a, b, c]: [u8; 3], who| {
            let offset =
                usize::try_from(u32::from_be_bytes([0, a, b, c])).map_err(|_| Malformed)?;
            program.list_contains(offset, who)
        };
        let held;
        (held, conditions) = match op {
            0x01 => {
                let (at, rest) = list()?;
                (contains(*at, request.origin.unwrap_or_default())?, rest)
            }
            0x02 => {
                let (at, rest) = list()?;
                (contains(*at, request.initiator)?, rest)
            }
            0x03 => {
                let (at, rest) = list()?;
                (
                    effect
                        .recipient
                        .map_or(Ok(false), |recipient| contains(*at, recipient))?,
                    rest,
                )
            }
            0x04 => {
                let (least, rest) = value()?;
                (effect.amount.is_some_and(|amount| amount >= least), rest)
            }
            0x05 => {
                let (most, rest) = value()?;
                (effect.amount.is_some_and(|amount| amount <= most), rest)
            }
            _ => return Err(Malformed),
        };
        if !held {
            return Ok(false);
        }
    }
    Ok(true)
}
