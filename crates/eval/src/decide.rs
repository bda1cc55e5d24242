//! Finds the rules that decide an effect, `docs/program.md` §2.6.

use alloc::vec::Vec;

use alloy_primitives::Address;

use crate::attested::Asked;
use crate::charge::Meters;
use crate::condition::{Act, Conditions, Setting, Trace};
use crate::layout::State;
use crate::leaf::Reach;
use crate::program::{Body, Entries, Entry, Malformed, Program, Semantics, key};
use crate::verdict::{Fault, Stop};

const ANY_SUBJECT: u8 = 0x80;
const ANY_SELECTOR: u8 = 0x40;
const ACCOUNT: u8 = 0x20;

/// The condition on the recipient.
const RECIPIENT: u8 = 0x03;

/// What the rules say to an effect.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Decided {
    NoRule,
    Denied(Rule),
    /// By this rule first; what it and others ask for is joined.
    Allowed(Rule),
}

impl Decided {
    /// The deciding rule.
    pub(crate) const fn rule(self) -> Option<Rule> {
        match self {
            Self::NoRule => None,
            Self::Denied(rule) | Self::Allowed(rule) => Some(rule),
        }
    }
}

/// A rule, and the class of the key that found it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    pub(crate) index: u16,
    pub(crate) class: u8,
}

/// The joined obligations of the rules that allow an effect.
#[derive(Clone, Debug)]
pub(crate) struct Joined<'a> {
    /// The first of them, once there is one.
    first: Option<Rule>,
    /// The longest delay, in seconds, and the first rule that asks for it.
    pub(crate) delay: u32,
    pub(crate) delayed_by: u16,
    /// Bit `i` for the limit with index `i`.
    pub(crate) limits: u32,
    listed_by: [u16; 32],
    /// What is wrong with the limits that they list is found only once all of them are known.
    pub(crate) sound: bool,
    /// What each of the rules asks for besides, by rule.
    pub(crate) obligations: Vec<(u16, &'a [u8])>,
}

impl<'a> Joined<'a> {
    pub(crate) const fn new() -> Self {
        Self {
            first: None,
            delay: 0,
            delayed_by: 0,
            limits: 0,
            listed_by: [0; 32],
            sound: true,
            obligations: Vec::new(),
        }
    }

    /// The index of the first rule.
    pub(crate) fn first(&self) -> u16 {
        self.first.map_or(0, |rule| rule.index)
    }

    fn add(&mut self, program: &Program<'_>, act: &Act<'_>, which: Rule, body: &Body<'a>) {
        let rule = which.index;
        self.first.get_or_insert(which);
        if !body.obligations.is_empty() {
            self.obligations.push((rule, body.obligations));
        }
        if body.delay > self.delay {
            (self.delay, self.delayed_by) = (body.delay, rule);
        }
        for index in body.limits {
            let Ok(limit) = program.limit(*index) else {
                self.sound = false;
                return;
            };
            let effect = act.effect;
            self.sound &= limit.counts() || (effect.amount.is_some() && effect.asset == Some(limit.asset));
            let bit = 1_u32 << index;
            if self.limits & bit == 0
                && let Some(by) = self.listed_by.get_mut(usize::from(*index))
            {
                *by = rule;
            }
            self.limits |= bit;
        }
    }

    /// The rule that a denial by this limit names: the first that lists it, else the first of all.
    pub(crate) fn lister(&self, limit: u8) -> u16 {
        let listed = self.limits.checked_shr(u32::from(limit)).unwrap_or(0) & 1 == 1;
        self.listed_by.get(usize::from(limit)).copied().filter(|_| listed).unwrap_or(self.first())
    }
}

/// What the rules in scope of the effect say together.
pub(crate) fn decide<'a, S: State>(
    setting: &Setting<'a, S>,
    act: &Act<'_>,
    meters: &mut Meters,
    asked: &mut Asked<'_>,
    trace: &mut Trace,
    joined: &mut Joined<'a>,
) -> Result<Decided, Stop> {
    let program = setting.program;
    // What is not well formed names no rule.
    let stop = |fault: Fault, rule| fault.stop(act.at, rule);
    let mut candidates = Candidates { runs: [const { None }; 4] };
    candidates.find(setting, act).map_err(|why| stop(why.into(), 0))?;
    let mut denied = None;
    for (class, entry) in &mut candidates {
        let index = entry.rule;
        let body = program.body(&entry).map_err(|why| stop(why.into(), index))?;
        let names_recipient = act.reach != Reach::NamedRecipient || body.conditions.first() == Some(&RECIPIENT);
        if body.modules != setting.request.origin.is_some() || !names_recipient {
            continue;
        }
        let mut conditions =
            Conditions { setting, act, rule: index, meters: &mut *meters, asked: &mut *asked, trace: &mut *trace };
        if !conditions.hold(body.conditions).map_err(|why| stop(why, index))? {
            continue;
        }
        trace.in_scope(act.at, index, body.allows);
        let rule = Rule { index, class };
        if body.allows {
            joined.add(program, act, rule, &body);
        }
        match (program.semantics(), body.allows) {
            (Semantics::FirstMatch | Semantics::AllMustPass, false) => return Ok(Decided::Denied(rule)),
            (Semantics::FirstMatch | Semantics::AllowOverrides, true) => break,
            (Semantics::AllMustPass, true) => {}
            (Semantics::AllowOverrides, false) => _ = denied.get_or_insert(rule),
        }
    }
    Ok(match (joined.first, denied) {
        (Some(first), _) => Decided::Allowed(first),
        (None, Some(rule)) => Decided::Denied(rule),
        (None, None) => Decided::NoRule,
    })
}

/// The entries of one class, the next of them ahead of the rest.
struct Run<'a> {
    head: Entry,
    rest: Entries<'a>,
}

/// The entries that may match an effect, by rule, with their class; the lower class on a tie.
struct Candidates<'a> {
    runs: [Option<Run<'a>>; 4],
}

impl<'a> Candidates<'a> {
    /// Looks up every class that exists.
    #[inline]
    fn find<S>(&mut self, setting: &Setting<'a, S>, act: &Act<'_>) -> Result<(), Malformed> {
        let (program, effect) = (setting.program, act.effect);
        let (account, hook) = (setting.request.account, setting.hook);
        let kind = effect.kind.number();
        for (run, class) in self.runs.iter_mut().zip(0_u8..) {
            if !program.has_class(kind, class) {
                continue;
            }
            let (any_subject, any_selector) = (class & 2 == 2, class & 1 == 1);
            let out_of_reach = match act.reach {
                Reach::Every => false,
                Reach::Named | Reach::NamedRecipient => class != 0,
                Reach::NamedSubject => any_subject,
            };
            let only_named = || [effect.subject, effect.target].iter().any(|who| *who == account || *who == hook);
            if out_of_reach || (any_subject && only_named()) {
                continue;
            }
            let (flags, subject) = match any_subject {
                true => (ANY_SUBJECT, Address::ZERO),
                false if effect.subject == account => (ACCOUNT, Address::ZERO),
                false => (0, effect.subject),
            };
            let (flags, selector) = match (any_selector, effect.selector) {
                (true, _) => (flags | ANY_SELECTOR, [0; 4]),
                (false, Some(selector)) => (flags, selector),
                (false, None) => continue,
            };
            let mut rest = program.look_up(key(kind | flags, subject, selector))?;
            *run = rest.next().map(|head| Run { head, rest });
        }
        Ok(())
    }
}

impl Iterator for Candidates<'_> {
    type Item = (u8, Entry);

    fn next(&mut self) -> Option<Self::Item> {
        let heads = self.runs.iter_mut().zip(0_u8..).filter(|(run, _)| run.is_some());
        let (least, class) = heads.min_by_key(|(run, _)| run.as_ref().map(|run| run.head.rule))?;
        let run = least.as_mut()?;
        let entry = run.head;
        match run.rest.next() {
            Some(head) => run.head = head,
            None => *least = None,
        }
        Some((class, entry))
    }
}
