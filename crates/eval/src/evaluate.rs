//! From request to verdict, `docs/program.md` §2.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, U256};

use crate::batch::{batcher, transactions};
use crate::control::{Outcome, SlotChanges};
use crate::effect::{Effect, EffectKind, Leaf, Undecodable};
use crate::index::{Found, Test, deciding};
use crate::layout::{AccountState, Missing, State, account_slot, announcement_id, announcement_slot};
use crate::limit::{Meter, Refused, Unopened};
use crate::program::{Malformed, Program};
use crate::reason::Reason;
use crate::request::{Action, Request};

/// Batches may be nested this deep.
const MAX_DEPTH: u8 = 2;

/// Allow, or deny with a reason and what decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// [`Reason::Allowed`], or why not.
    pub reason: Reason,
    /// The index of the deciding effect; their number when allowed.
    pub effect: u32,
    /// The index of the deciding rule, if one did.
    pub rule: Option<u16>,
    /// As the reason's documentation tells, such as a limit's index.
    pub detail: u8,
    /// As the reason's documentation tells.
    pub have: U256,
    /// As the reason's documentation tells.
    pub need: U256,
}

/// One effect and the rule that decided it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What was decided on.
    pub effect: Effect,
    /// The rule that decided; none for control, self-service and effects without one.
    pub rule: Option<u16>,
    /// The class of the key that found the rule, 0 to 3: as the bits of the header number them.
    pub class: Option<u8>,
    /// Seconds that the rule asks for.
    pub delay: u32,
}

/// A rule that was found in scope of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InScope {
    /// The index of the effect.
    pub effect: u32,
    /// The index of the rule.
    pub rule: u16,
    /// Whether it allows.
    pub allows: bool,
}

/// One charge that fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The limit's index.
    pub limit: u8,
    /// What the limit's scope names: a recipient or an initiator; zero for the account.
    pub key: Address,
    /// The index of the effect that was charged.
    pub effect: u32,
    /// What was charged, in base units, or in requests for a count.
    pub amount: U256,
    /// What was left before, in the same.
    pub remaining_before: U256,
}

/// The announcement that a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// Its id.
    pub id: B256,
    /// The joined delay in seconds.
    pub delay: u32,
    /// When it was made, in seconds; 0 for none.
    pub made_at: U256,
}

/// A verdict with all that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// Allow or deny.
    pub verdict: Verdict,
    /// The effects that were decided, in order, the denied one included.
    pub decisions: Vec<Decision>,
    /// Every condition that was tested, in order; a group stands behind its members.
    pub tests: Vec<Test>,
    /// The rules that were found in scope, in order. Under first-match one for each effect; under
    /// all-must-pass all whose obligations join; under allow-overrides also the denying ones that an allowing
    /// one overrides.
    pub in_scope: Vec<InScope>,
    /// What was charged, in order.
    pub charges: Vec<Charge>,
    /// The hook's storage after an allowed request: slot and new word. Empty when denied.
    pub writes: Vec<(U256, U256)>,
    /// Whether the request takes the hook off the account.
    pub removal: bool,
    /// The announcement that was looked for.
    pub announcement: Option<Announcement>,
}

/// There is no verdict, because something was not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecided {
    /// A part of the state.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// There are more effects than the chain can count.
    #[error("the request has too many effects")]
    TooManyEffects,
}

/// A denying verdict in the making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denial(Verdict);

impl Denial {
    pub(crate) const fn new(reason: Reason, effect: u32) -> Self {
        Self(Verdict { reason, effect, rule: None, detail: 0, have: U256::ZERO, need: U256::ZERO })
    }

    pub(crate) const fn have(mut self, have: U256) -> Self {
        self.0.have = have;
        self
    }

    pub(crate) const fn need(mut self, need: U256) -> Self {
        self.0.need = need;
        self
    }

    const fn rule(mut self, rule: u16) -> Self {
        self.0.rule = Some(rule);
        self
    }

    const fn detail(mut self, detail: u8) -> Self {
        self.0.detail = detail;
        self
    }
}

/// Why the walk ended early.
enum Stop {
    Denied(Denial),
    Undecided(Undecided),
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Missing> for Stop {
    fn from(missing: Missing) -> Self {
        Self::Undecided(missing.into())
    }
}

/// The verdict of the hook at `hook` on `request` at time `now` in seconds, under `program` where the account has
/// one active. `state` is the hook's storage and the code hashes of what is delegatecalled.
///
/// # Errors
/// [`Undecided`] when something that decides is not known: never an allow.
pub fn evaluate<S: State>(
    program: &[u8],
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
) -> Result<Evaluation, Undecided> {
    let account = AccountState::read(request.account, state)?;
    let mut walk = Walk {
        hook,
        state,
        request,
        now,
        account,
        program: Program::open(program),
        effects: 0,
        last_rule: None,
        decisions: Vec::new(),
        tests: Vec::new(),
        charges: Vec::new(),
        meters: BTreeMap::new(),
        slots: SlotChanges::default(),
        delay: None,
        announcement: None,
    };
    let (verdict, writes, removal) = match walk.run() {
        Ok((verdict, outcome)) => (verdict, walk.writes(outcome), outcome == Outcome::Removal),
        Err(Stop::Denied(Denial(verdict))) => (verdict, Vec::new(), false),
        Err(Stop::Undecided(undecided)) => return Err(undecided),
    };
    let Walk { decisions, tests, charges, announcement, .. } = walk;
    Ok(Evaluation { verdict, decisions, tests, in_scope: Vec::new(), charges, writes, removal, announcement })
}

/// The longest delay asked for, and who asked first.
#[derive(Clone, Copy)]
struct Delay {
    seconds: u32,
    rule: u16,
    effect: u32,
}

struct Walk<'a, S> {
    hook: Address,
    state: &'a S,
    request: &'a Request,
    now: u64,
    account: AccountState,
    program: Result<Program<'a>, Malformed>,
    effects: u32,
    last_rule: Option<u16>,
    decisions: Vec<Decision>,
    tests: Vec<Test>,
    charges: Vec<Charge>,
    meters: BTreeMap<u8, Meter>,
    slots: SlotChanges,
    delay: Option<Delay>,
    announcement: Option<Announcement>,
}

impl<S: State> Walk<'_, S> {
    fn deny(&self, reason: Reason) -> Denial {
        Denial::new(reason, self.effects)
    }

    fn malformed(&self) -> Denial {
        self.deny(Reason::MalformedProgram)
    }

    fn run(&mut self) -> Result<(Verdict, Outcome), Stop> {
        let request = self.request;
        if !request.safe_tx_gas.is_zero() || !request.gas_price.is_zero() {
            return Err(self.deny(Reason::GasRefund).have(request.safe_tx_gas).need(request.gas_price).into());
        }
        if request.actions.is_empty() {
            return Err(self.deny(Reason::MalformedBatch).into());
        }
        self.actions(&request.actions, 0, false)?;
        let outcome = self.slots.settle(self.hook, &self.account, self.now)?;
        self.announced()?;
        let verdict = Verdict {
            reason: Reason::Allowed,
            effect: self.effects,
            rule: self.last_rule,
            detail: 0,
            have: U256::ZERO,
            need: U256::ZERO,
        };
        Ok((verdict, outcome))
    }

    fn actions(&mut self, actions: &[Action], depth: u8, call_only: bool) -> Result<(), Stop> {
        for action in actions {
            match action.operation {
                0 => self.leaf(action)?,
                1 if !call_only => self.delegatecall(action, depth)?,
                operation => {
                    return Err(self.deny(Reason::BadOperation).have(U256::from(operation)).into());
                }
            }
        }
        Ok(())
    }

    fn delegatecall(&mut self, action: &Action, depth: u8) -> Result<(), Stop> {
        if !action.value.is_zero() {
            return Err(self.deny(Reason::DelegatecallValue).have(action.value).into());
        }
        let Some(batcher) = batcher(action.to, self.state.code_hash(action.to)?) else {
            let target = U256::from_be_bytes(action.to.into_word().0);
            return Err(self.deny(Reason::DelegatecallDenied).have(target).into());
        };
        if depth >= MAX_DEPTH {
            return Err(self.deny(Reason::BatchTooDeep).into());
        }
        let Some(actions) = transactions(batcher, self.request.account, &action.data) else {
            return Err(self.deny(Reason::MalformedBatch).into());
        };
        self.actions(&actions, depth.saturating_add(1), batcher.call_only)
    }

    fn leaf(&mut self, leaf: &Action) -> Result<(), Stop> {
        if self.slots.judge(self.hook, &self.account, self.request, leaf, self.effects)? {
            let effect = Effect {
                kind: EffectKind::Control,
                target: leaf.to,
                subject: leaf.to,
                selector: leaf.data.first_chunk().copied(),
                asset: None,
                recipient: None,
                amount: None,
            };
            self.last_rule = None;
            self.decisions.push(Decision { effect, rule: None, class: None, delay: 0 });
            return self.count();
        }
        if !self.account.active() {
            return Err(self.deny(Reason::NoProgram).into());
        }
        let program = self.program.map_err(|Malformed| self.malformed())?;
        let parsed = Leaf::new(self.request.account, leaf).map_err(|why| self.undecodable(leaf, &why))?;
        if let Some(effect) = parsed.native() {
            self.effect(&program, effect)?;
        }
        if let Some(effect) = parsed.called(&program).map_err(|why| self.undecodable(leaf, &why))? {
            self.effect(&program, effect)?;
        }
        Ok(())
    }

    fn undecodable(&self, leaf: &Action, why: &Undecodable) -> Denial {
        match why {
            Undecodable::Malformed => self.malformed(),
            Undecodable::ShortCalldata => self.deny(Reason::ShortCalldata).have(U256::from(leaf.data.len())),
            Undecodable::NonCanonical(selector) => {
                let selector = U256::from(u32::from_be_bytes(*selector));
                self.deny(Reason::NonCanonicalCalldata).have(selector)
            }
        }
    }

    fn count(&mut self) -> Result<(), Stop> {
        let next = self.effects.checked_add(1);
        self.effects = next.ok_or(Stop::Undecided(Undecided::TooManyEffects))?;
        Ok(())
    }

    fn effect(&mut self, program: &Program<'_>, effect: Effect) -> Result<(), Stop> {
        let at = self.effects;
        let tests = &mut self.tests;
        let note = |rule, op, held, amount| tests.push(Test { effect: at, rule, depth: 0, op, held, order: amount });
        let found = deciding(program, self.hook, self.request, &effect, note);
        let found = found.map_err(|Malformed| self.malformed())?;
        let kind = U256::from(effect.kind.number());
        self.decisions.push(Decision {
            effect,
            rule: found.map(|found| found.rule),
            class: found.map(|found| found.class),
            delay: found.map_or(0, |found| found.body.delay),
        });
        let Some(Found { rule, body, .. }) = found else {
            return Err(self.deny(Reason::NoRule).have(kind).into());
        };
        if !body.allows {
            return Err(self.deny(Reason::RuleDenies).rule(rule).have(kind).into());
        }
        self.charge(program, &effect, rule, body.limits)?;
        if body.delay > self.delay.map_or(0, |delay| delay.seconds) {
            self.delay = Some(Delay { seconds: body.delay, rule, effect: at });
        }
        self.last_rule = Some(rule);
        self.count()
    }

    fn charge(&mut self, program: &Program<'_>, effect: &Effect, rule: u16, listed: &[u8]) -> Result<(), Stop> {
        let malformed = |Malformed| self.malformed();
        let mut limits = match effect.asset {
            Some(asset) => program.everywhere(asset).map_err(malformed)?,
            None => Vec::new(),
        };
        if effect.kind == EffectKind::Opaque
            && let Some(limit) = limits.first()
        {
            let selector = U256::from(u32::from_be_bytes(effect.selector.unwrap_or_default()));
            return Err(self.deny(Reason::OpaqueUnderEverywhere).rule(rule).detail(*limit).have(selector).into());
        }
        for index in listed {
            if effect.amount.is_none() || Some(program.limit(*index).map_err(malformed)?.asset) != effect.asset {
                return Err(self.malformed().into());
            }
            limits.push(*index);
        }
        let Some(amount) = effect.amount.filter(|amount| !amount.is_zero()) else {
            return Ok(());
        };
        limits.sort_unstable();
        limits.dedup();
        for index in limits {
            self.charge_one(program, index, rule, amount)?;
        }
        Ok(())
    }

    fn charge_one(&mut self, program: &Program<'_>, index: u8, rule: u16, amount: U256) -> Result<(), Stop> {
        let effect = self.effects;
        let overflow =
            |pending| Denial::new(Reason::AmountOverflow, effect).rule(rule).detail(index).have(pending).need(amount);
        let meter = match self.meters.entry(index) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let malformed = Denial::new(Reason::MalformedProgram, effect);
                let limit = program.limit(index).map_err(|Malformed| malformed)?;
                let opened = Meter::open(&limit, self.request.account, self.state, self.now);
                entry.insert(opened.map_err(|why| match why {
                    Unopened::Malformed => Stop::Denied(malformed),
                    Unopened::Overflow => Stop::Denied(overflow(U256::ZERO)),
                    Unopened::Missing(missing) => missing.into(),
                })?)
            }
        };
        let remaining_before = meter.remaining();
        meter.charge(amount).map_err(|refused| match refused {
            Refused::Overflow(pending) => overflow(pending),
            Refused::Exceeded(remaining) => {
                Denial::new(Reason::LimitExceeded, effect).rule(rule).detail(index).have(remaining).need(amount)
            }
        })?;
        self.charges.push(Charge { limit: index, key: Address::ZERO, effect, amount, remaining_before });
        Ok(())
    }

    /// With a joined delay, the announcement must be mature and not expired.
    fn announced(&mut self) -> Result<(), Stop> {
        let Some(delay) = self.delay else {
            return Ok(());
        };
        // An ordinary leaf asked for the delay, so the program is open.
        let program = self.program.map_err(|Malformed| self.malformed())?;
        let request = self.request;
        let id = announcement_id(request.account, self.account.epoch, request.origin, &request.actions);
        let word = self.state.word(announcement_slot(id))?;
        // Above the low 96 bits stands the account.
        let made_at = word & U256::MAX.wrapping_shr(160);
        self.announcement = Some(Announcement { id, delay: delay.seconds, made_at });
        let denied = |reason| Denial::new(reason, delay.effect).rule(delay.rule);
        let seconds = U256::from(delay.seconds);
        let now = U256::from(self.now);
        if made_at.is_zero() {
            return Err(denied(Reason::NotAnnounced).need(seconds).into());
        }
        // 96 bits and 32 bits.
        let expired_at = made_at.saturating_add(U256::from(program.announcement_expiry()));
        if now >= expired_at {
            return Err(denied(Reason::AnnouncementExpired).have(expired_at).need(now).into());
        }
        let matures_at = made_at.saturating_add(seconds);
        if now < matures_at {
            return Err(denied(Reason::NotMatured).have(matures_at).need(now).into());
        }
        Ok(())
    }

    fn writes(&self, outcome: Outcome) -> Vec<(U256, U256)> {
        let mut writes: Vec<_> = self.meters.values().filter_map(Meter::write).collect();
        if let Some(announcement) = self.announcement {
            writes.push((announcement_slot(announcement.id), U256::ZERO));
        }
        let account = self.request.account;
        if outcome != Outcome::Nothing {
            writes.push((account_slot(account, 1), U256::ZERO));
            writes.push((account_slot(account, 2), U256::ZERO));
        }
        if outcome == Outcome::Removal {
            let epoch = U256::from(self.account.epoch.saturating_add(1)).wrapping_shl(192);
            writes.push((account_slot(account, 0), epoch));
            writes.push((account_slot(account, 3), U256::ZERO));
        }
        writes
    }
}
