//! From request to verdict, `docs/program.md` §2.

mod delegation;
mod ending;
mod ground;
mod metering;

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, U256};

use crate::attested::{Asked, Source};
use crate::balances::Metering;
use crate::charge::Meters;
use crate::condition::{Act, Setting, Trace};
use crate::control::{Outcome, SlotChanges};
use crate::decide::{Decided, Joined, decide};
use crate::effect::{Effect, EffectKind};
use crate::layout::{Standing, State, account_slot, announcement_id, announcement_slot};
use crate::leaf::{Leaf, Reach, Undecodable};
use crate::meet::{Effects, meet};
use crate::obligation::Obligations;
use crate::opening::Opening;
use crate::program::{Malformed, Program};
use crate::reason::Reason;
use crate::request::{Action, Request};
use crate::verdict::{Announcement, Denial, Evaluation, Stop, Undecided, Verdict};
use crate::watch::Watched;

use ground::Ground;

/// The verdict of the hook at `hook` on the chain `chain_id` on `request` at time `now` in seconds, under `program`
/// where the account has one active. `state` is what the hook reads: its storage, code hashes and the answers to its
/// static calls.
///
/// # Errors
/// [`Undecided`] when something that decides is not known: never an allow.
pub fn evaluate<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
) -> Result<Evaluation, Undecided> {
    evaluate_with(program, chain_id, hook, state, request, now, Source::Material(None))
}

/// The same, where somebody may answer for attesters.
pub(crate) fn evaluate_with<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
    source: Source<'_>,
) -> Result<Evaluation, Undecided> {
    let ground = Ground::read(program, request.account, state)?;
    let mut walk = Walk::new(&ground, chain_id, hook, state, request, now, Trace::default());
    walk.asked = Asked::new(source);
    walk.evaluation()
}

/// The same, where everything that rules ask for besides is taken to be there.
pub(crate) fn evaluate_as_met<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
) -> Result<Evaluation, Undecided> {
    let ground = Ground::read(program, request.account, state)?;
    let mut walk = Walk::new(&ground, chain_id, hook, state, request, now, Trace::default());
    walk.is_met = true;
    walk.evaluation()
}

/// The evaluation of the request of which nobody says yet what it is called or who signs it: what rules ask for
/// besides limits and delay is listed, and taken to be there. A module's request has no signatures, so where rules
/// ask it for any it stays denied. Which rules were tried, and what was charged, is not noted.
///
/// # Errors
/// As for [`evaluate`]; and where it depends on what attesters would state.
pub fn consented<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
) -> Result<Evaluation, Undecided> {
    let ground = Ground::read(program, request.account, state)?;
    let mut walk = Walk::new(&ground, chain_id, hook, state, request, now, Trace::silent());
    walk.is_met = request.origin.is_none();
    let is_met = walk.is_met;
    let evaluation = walk.evaluation()?;
    if is_met && evaluation.verdict.reason == Reason::AttestationRequired {
        return Err(Undecided::Unattested(evaluation.verdict.detail));
    }
    Ok(evaluation)
}

/// The verdict of [`evaluate`] alone, by the same steps: what led to it is not noted, and what would be written is
/// not put together.
///
/// # Errors
/// As for [`evaluate`].
pub fn verdict<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
) -> Result<Verdict, Undecided> {
    let ground = Ground::read(program, request.account, state)?;
    match Walk::new(&ground, chain_id, hook, state, request, now, Trace::silent()).run() {
        Ok((verdict, _)) | Err(Stop::Denied(Denial(verdict))) => Ok(verdict),
        Err(Stop::Undecided(undecided)) => Err(undecided),
    }
}

/// The request's effects, in order, whatever the rules say to them. None where it is denied before all of them are
/// known.
///
/// # Errors
/// As for [`evaluate`].
pub fn effects<S: State>(
    program: &[u8],
    chain_id: u64,
    hook: Address,
    state: &S,
    request: &Request,
    now: u64,
) -> Result<Option<Vec<Effect>>, Undecided> {
    let ground = Ground::read(program, request.account, state)?;
    let mut walk = Walk::new(&ground, chain_id, hook, state, request, now, Trace::silent());
    walk.listed = Some(Vec::new());
    match walk.actions(&request.actions, 0, false) {
        Ok(()) => Ok(walk.listed),
        Err(Stop::Denied(_)) => Ok(None),
        Err(Stop::Undecided(undecided)) => Err(undecided),
    }
}

/// The longest delay asked for, and who asked first.
#[derive(Clone, Copy)]
struct Delay {
    seconds: u32,
    rule: u16,
    effect: u32,
}

struct Walk<'a, 't, S> {
    chain_id: u64,
    hook: Address,
    state: &'a S,
    request: &'a Request,
    now: u64,
    account: Standing,
    program: Result<&'a Program<'a>, Malformed>,
    effects: u32,
    last_rule: Option<u16>,
    trace: Trace,
    meters: Meters,
    slots: SlotChanges,
    /// Of the effects so far, which attesters see; zero where the program has no attesters.
    digest: B256,
    asked: Asked<'t>,
    /// Whether what rules ask for besides limits and delay is taken to be there.
    is_met: bool,
    /// The effects, where nothing but them is asked for.
    listed: Option<Vec<Effect>>,
    delay: Option<Delay>,
    announcement: Option<Announcement>,
    opening: Option<Opening>,
    /// The first delegatecall that a rule allows, and the rule.
    trusted: Option<(u32, u16)>,
    /// Whether the account is called.
    calls_itself: bool,
    watched: Option<Watched>,
    /// Whether rules allowed an effect.
    ruled: bool,
    metering: Option<Metering>,
}

impl<'a, 't, S: State> Walk<'a, 't, S> {
    #[inline]
    fn new(
        ground: &'a Ground<'a>,
        chain_id: u64,
        hook: Address,
        state: &'a S,
        request: &'a Request,
        now: u64,
        trace: Trace,
    ) -> Self {
        Self {
            chain_id,
            hook,
            state,
            request,
            now,
            account: ground.account,
            program: ground.program.as_ref().map_err(|why| *why),
            effects: 0,
            last_rule: None,
            trace,
            meters: Meters::default(),
            slots: SlotChanges::default(),
            digest: B256::ZERO,
            asked: Asked::new(Source::Material(None)),
            is_met: false,
            listed: None,
            delay: None,
            announcement: None,
            opening: None,
            trusted: None,
            calls_itself: false,
            watched: None,
            ruled: false,
            metering: None,
        }
    }

    fn evaluation(mut self) -> Result<Evaluation, Undecided> {
        let (verdict, writes, removal) = match self.run() {
            Ok((verdict, outcome)) => (verdict, self.writes(outcome), outcome == Outcome::Removal),
            Err(Stop::Denied(Denial(verdict))) => (verdict, Vec::new(), false),
            Err(Stop::Undecided(undecided)) => return Err(undecided),
        };
        let Trace { decisions, tests, in_scope, charges, .. } = self.trace;
        let Obligations { all: obligations, notices } = self.asked.obligations;
        let (announcement, opening) = (self.announcement, self.opening);
        let (watched, metering) = (self.watched, self.metering);
        Ok(Evaluation {
            verdict,
            decisions,
            tests,
            in_scope,
            charges,
            writes,
            removal,
            obligations,
            notices,
            announcement,
            opening,
            watched,
            metering,
        })
    }

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
        let outcome = self.slots.settle(self.hook, request.account, self.state, self.now)?;
        self.watched()?;
        self.metered()?;
        self.met()?;
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

    /// The active program, which rules are asked under.
    fn opened(&self) -> Result<&'a Program<'a>, Stop> {
        if !self.account.is_active {
            return Err(self.deny(Reason::NoProgram).into());
        }
        if self.account.is_frozen {
            return Err(self.deny(Reason::Frozen).into());
        }
        Ok(self.program.map_err(|Malformed| self.malformed())?)
    }

    fn leaf(&mut self, leaf: &Action) -> Result<(), Stop> {
        self.calls_itself |= leaf.to == self.request.account;
        if self.slots.judge(self.hook, &self.account, self.request, leaf, self.effects)? {
            let bare = Effect::call(leaf.to, leaf.data.first_chunk().copied());
            let effect = Effect { kind: EffectKind::Control, ..bare };
            self.last_rule = None;
            self.trace.decision(&effect, None, 0);
            return self.count(&effect);
        }
        let program = self.opened()?;
        let undecodable = |walk: &Self, why| walk.undecodable(leaf, &why);
        let parsed = Leaf::new(&self.account, self.request, leaf).map_err(|why| undecodable(self, why))?;
        if let Some(effect) = parsed.native() {
            self.effect(program, &effect, &leaf.data, Reach::Every)?;
        }
        if let Some(called) = parsed.called(program).map_err(|why| undecodable(self, why))? {
            self.effect(program, &called.effect, &leaf.data, called.reach)?;
            for amount in called.more {
                let effect = Effect { amount: Some(U256::from_be_bytes(*amount)), ..called.effect };
                self.effect(program, &effect, &leaf.data, called.reach)?;
            }
        }
        Ok(())
    }

    fn undecodable(&self, leaf: &Action, why: &Undecodable) -> Denial {
        match why {
            Undecodable::Malformed => self.malformed(),
            Undecodable::ShortCalldata => self.deny(Reason::ShortCalldata).have(U256::from(leaf.data.len())),
            Undecodable::NonCanonical(selector) => self.deny(Reason::NonCanonicalCalldata).have_selector(*selector),
        }
    }

    fn count(&mut self, effect: &Effect) -> Result<(), Stop> {
        self.listed.iter_mut().for_each(|all| all.push(*effect));
        if self.program.is_ok_and(Program::has_attesters) {
            self.digest = effect.record().fold(self.digest);
        }
        let next = self.effects.checked_add(1);
        self.effects = next.ok_or(Stop::Undecided(Undecided::TooManyEffects))?;
        Ok(())
    }

    fn effect(&mut self, program: &'a Program<'a>, effect: &Effect, data: &[u8], reach: Reach) -> Result<(), Stop> {
        if self.listed.is_some() {
            return self.count(effect);
        }
        let at = self.effects;
        let act = Act { at, effect, data, reach };
        let setting = self.setting(program);
        let mut joined = Joined::new();
        let decided = decide(&setting, &act, &mut self.meters, &mut self.asked, &mut self.trace, &mut joined);
        let rule = decided.as_ref().ok().copied().and_then(Decided::rule);
        let delay = if let Ok(Decided::Allowed(_)) = decided { joined.delay } else { 0 };
        self.trace.decision(effect, rule, delay);
        let kind = U256::from(effect.kind.number());
        match decided? {
            Decided::NoRule if effect.kind == EffectKind::Delegatecall => {
                return Err(self.deny(Reason::DelegatecallDenied).have_address(effect.target).into());
            }
            Decided::NoRule => return Err(self.deny(Reason::NoRule).have(kind).into()),
            Decided::Denied(rule) => return Err(self.deny(Reason::RuleDenies).rule(rule.index).have(kind).into()),
            Decided::Allowed(_) => {}
        }
        self.meters.charge(&setting, &act, &joined, &mut self.trace)?;
        self.ruled = true;
        for (rule, obligations) in &joined.obligations {
            let read = self.asked.obligations.join(program, obligations, *rule, at);
            read.map_err(|Malformed| self.malformed())?;
        }
        if joined.delay > self.delay.map_or(0, |delay| delay.seconds) {
            self.delay = Some(Delay { seconds: joined.delay, rule: joined.delayed_by, effect: at });
        }
        self.last_rule = rule.map(|rule| rule.index);
        self.count(effect)
    }

    const fn setting<'b>(&self, program: &'b Program<'a>) -> Setting<'b, S>
    where
        'a: 'b,
    {
        let Self { chain_id, hook, state, request, now, .. } = *self;
        Setting { chain_id, program, hook, state, request, now }
    }
}
