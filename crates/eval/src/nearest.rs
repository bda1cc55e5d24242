//! What would have to change for a denied request to be allowed. Nothing is told that an evaluation does not confirm.

mod amounts;

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::evaluate::{effects, evaluate, evaluate_as_met};
use crate::layout::{AccountState, Missing, State, announcement_id, announcement_slot};
use crate::obligation::Obligation;
use crate::reason::Reason;
use crate::request::Request;
use crate::verdict::{Evaluation, Undecided};

/// Times are tried minute by minute so far ahead, in seconds: eight days.
const SOON: u64 = 8 * DAY;
/// And day by day so far: a month and a day.
const LATER: u64 = 32 * DAY;
const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// What would have to be otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The effect's amount may be this much, and no more.
    AtMost {
        /// The effect's index.
        effect: u32,
        /// In base units.
        amount: U256,
    },
    /// The effect's amount may be this much, and no less.
    AtLeast {
        /// The effect's index.
        effect: u32,
        /// In base units.
        amount: U256,
    },
    /// It is the same request, from this second on.
    From(u64),
    /// It is the same request, announced now, from this second on.
    AnnouncedUntil(u64),
    /// It is the same request, with what is missing.
    Nothing,
}

/// A request that would be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearby {
    /// How it differs.
    pub change: Change,
    /// What rules ask of it that is not there yet.
    pub missing: Vec<Obligation>,
}

/// The nearest requests that are allowed where this one is denied, each once all that it misses is there. Empty where it
/// is allowed, and where nothing was found.
///
/// # Errors
/// [`Undecided`] as for [`crate::evaluate`] on the request itself.
pub fn nearest<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
) -> Result<Vec<Nearby>, Undecided> {
    let search = Search { program, chain_id, hook, state };
    let denied = evaluate(program, chain_id, hook, state, request, now)?;
    if denied.verdict.is_allowed() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut add = |change, missing| found.push(Nearby { change, missing });
    if let Some(missing) = search.allows(state, request, now) {
        add(Change::Nothing, missing);
        return Ok(found);
    }
    let reason = denied.verdict.reason;
    if reason == Reason::NotAnnounced {
        if let Some((at, missing)) = search.announced(request, now, &denied) {
            add(Change::AnnouncedUntil(at), missing);
        }
        return Ok(found);
    }
    for (change, missing) in search.amounts(request, now, &denied) {
        add(change, missing);
    }
    if let Some((at, missing)) = search.times(request, now) {
        add(Change::From(at), missing);
    }
    Ok(found)
}

/// The hook's storage with one word more.
struct Overlay<'a, S> {
    under: &'a S,
    slot: U256,
    word: U256,
}

impl<S: State> State for Overlay<'_, S> {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        if slot == self.slot { Ok(self.word) } else { self.under.word(slot) }
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        self.under.code_hash(address)
    }

    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
        self.under.static_call(target, data, gas)
    }

    fn balance(&self, address: Address) -> Result<U256, Missing> {
        self.under.balance(address)
    }
}

struct Search<'a, S> {
    program: &'a [u8],
    chain_id: u64,
    hook: Address,
    state: &'a S,
}

impl<S: State> Search<'_, S> {
    /// What is missing where everything else allows; none where it does not, or where that is not known.
    fn allows<T: State>(&self, state: &T, request: &Request, now: u64) -> Option<Vec<Obligation>> {
        let strict = evaluate(self.program, self.chain_id, self.hook, state, request, now).ok()?;
        if strict.verdict.is_allowed() {
            return Some(Vec::new());
        }
        let lenient = evaluate_as_met(self.program, self.chain_id, self.hook, state, request, now).ok()?;
        let lacks = |one: &Obligation| one.have.is_none_or(|have| have < u64::from(one.need));
        // What denies must be something that is missing, not something that is wrong.
        let missing: Vec<_> = strict.obligations.into_iter().filter(lacks).collect();
        let is_missing = matches!(
            strict.verdict.reason,
            Reason::AttestationRequired
                | Reason::TooFewAttesters
                | Reason::TooFewSignatures
                | Reason::TooFewNamedSigners
                | Reason::TooFewApprovals
        );
        // Nobody signs a module's request.
        let can_come = missing.iter().all(|one| request.origin.is_none() || one.ask.is_for_material());
        (lenient.verdict.is_allowed() && is_missing && can_come && !missing.is_empty()).then_some(missing)
    }

    /// When the request is mature if it is announced now.
    fn announced(&self, request: &Request, now: u64, denied: &Evaluation) -> Option<(u64, Vec<Obligation>)> {
        let delay = u64::from(denied.announcement?.delay);
        let epoch = AccountState::read(request.account, self.state).ok()?.epoch;
        let id = announcement_id(request.account, epoch, request.origin, &request.actions);
        let made = U256::from_be_bytes(request.account.into_word().0).wrapping_shl(96) | U256::from(now);
        let state = Overlay { under: self.state, slot: announcement_slot(id), word: made };
        let at = now.checked_add(delay)?;
        self.allows(&state, request, at).map(|missing| (at, missing))
    }

    /// The first second from now on at which it is allowed, among those that follow a second at which it is not.
    fn times(&self, request: &Request, now: u64) -> Option<(u64, Vec<Obligation>)> {
        let next = |now: u64, step: u64| now.checked_div(step)?.checked_add(1)?.checked_mul(step);
        let (mut denied_at, mut at) = (now, next(now, MINUTE)?);
        let end = now.checked_add(LATER)?;
        let missing = loop {
            if let Some(missing) = self.allows(self.state, request, at) {
                break missing;
            }
            denied_at = at;
            at = next(at, if at.saturating_sub(now) < SOON { MINUTE } else { DAY })?;
            if at > end {
                return None;
            }
        };
        let mut first = (at, missing);
        while let Some(middle) =
            first.0.checked_sub(denied_at).filter(|gap| *gap > 1).map(|gap| denied_at.saturating_add(gap / 2))
        {
            match self.allows(self.state, request, middle) {
                Some(missing) => first = (middle, missing),
                None => denied_at = middle,
            }
        }
        Some(first)
    }

    /// Other amounts for the effect that was denied.
    fn amounts(&self, request: &Request, now: u64, denied: &Evaluation) -> Vec<(Change, Vec<Obligation>)> {
        let mut found = Vec::new();
        let effect = denied.verdict.effect;
        let listed = |request: &Request| {
            effects(self.program, self.chain_id, self.hook, self.state, request, now).ok().flatten()
        };
        let Some((field, amount)) = amounts::field(request, effect, listed) else { return found };
        let allows = |amount: U256| self.allows(self.state, &field.with(request, amount)?, now);
        let mut tastes = amounts::tastes(self.program, amount);
        tastes.push(denied.verdict.have);
        tastes.sort_unstable();
        tastes.dedup();
        // The first below that is allowed, with the one above it that is not.
        let below = tastes.iter().rev().copied().filter(|taste| *taste < amount && !taste.is_zero());
        let mut last = amount;
        for taste in below {
            if let Some(missing) = allows(taste) {
                let (amount, missing) = amounts::boundary(taste, last, missing, &allows);
                found.push((Change::AtMost { effect, amount }, missing));
                break;
            }
            last = taste;
        }
        let mut last = amount;
        for taste in tastes.iter().copied().filter(|taste| *taste > amount) {
            if let Some(missing) = allows(taste) {
                let (amount, missing) = amounts::boundary(taste, last, missing, &allows);
                found.push((Change::AtLeast { effect, amount }, missing));
                break;
            }
            last = taste;
        }
        found
    }
}
