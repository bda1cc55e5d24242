//! One account under one program.

use std::collections::HashMap;

use alloy_primitives::{Address, U256};
use portcullis_eval::{
    Action, Obligation, Reason, Request, Undecided, Verdict, account_slot, announcement_id, announcement_slot,
    consented,
};

use crate::facts::{Facts, View};

/// What a world is made of.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The program.
    pub program: Vec<u8>,
    /// The chain's id.
    pub chain_id: u64,
    /// Where the hook is.
    pub hook: Address,
    /// The account.
    pub account: Address,
    /// Seconds that a staged change waits.
    pub change_delay: u32,
    /// Seconds that an announcement lives, as the program has it.
    pub announcement_expiry: u32,
}

/// What a program would have decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Allowed by this rule, if what is asked for besides is there. None for control.
    Allowed(Option<u16>, Vec<Obligation>),
    /// Denied.
    Denied(Verdict),
    /// Something that decides is not known.
    Unknown(Undecided),
}

/// A decision, and what carrying the request out would write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// The decision.
    pub outcome: Outcome,
    writes: Vec<(U256, U256)>,
}

/// An account under a program, with the hook's storage so far.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) setting: Setting,
    pub(crate) words: HashMap<U256, U256>,
}

/// Stands for the contract that holds the program, which no decision depends on.
pub(crate) const PROGRAM: Address = Address::with_last_byte(1);

impl World {
    /// The program has just been installed.
    #[must_use]
    pub fn new(setting: Setting) -> Self {
        let mut world = Self { setting, words: HashMap::new() };
        world.activate(world.setting.change_delay, 0, 2);
        world
    }

    /// What the program decides on the request at this time, in seconds. Whoever is asked to approve, sign or attest
    /// is taken to do so: what is asked for is told instead.
    #[must_use]
    pub fn decide(&self, facts: &Facts, request: &Request, now: u64) -> Decided {
        let Setting { program, chain_id, hook, .. } = &self.setting;
        let view = View { words: &self.words, facts };
        match consented(program, *chain_id, *hook, &view, request, now) {
            Ok(evaluation) => {
                let verdict = evaluation.verdict;
                let outcome = if verdict.reason == Reason::Allowed {
                    Outcome::Allowed(verdict.rule, evaluation.obligations)
                } else {
                    Outcome::Denied(verdict)
                };
                Decided { outcome, writes: evaluation.writes }
            }
            Err(undecided) => Decided { outcome: Outcome::Unknown(undecided), writes: Vec::new() },
        }
    }

    /// The request is carried out as decided: what it was charged is committed, and what it says to the hook is done.
    /// Nothing, if it was not allowed.
    pub fn carry_out(&mut self, facts: &Facts, decided: Decided, request: &Request, now: u64) {
        if !matches!(decided.outcome, Outcome::Allowed(..)) {
            return;
        }
        self.words.extend(decided.writes);
        self.talk_to_hook(facts, request, now);
    }

    /// Somebody announces a request. A live announcement is not touched.
    pub fn announce(&mut self, origin: Option<Address>, actions: &[Action], now: u64) {
        let Setting { account, announcement_expiry, .. } = self.setting;
        let slot = announcement_slot(announcement_id(account, self.epoch(), origin, actions));
        let made_at = self.words.get(&slot).map_or(U256::ZERO, |word| *word & U256::MAX.wrapping_shr(160));
        let expires_at = made_at.saturating_add(U256::from(announcement_expiry));
        if made_at.is_zero() || U256::from(now) >= expires_at {
            let owner = U256::from_be_slice(account.as_slice()).wrapping_shl(96);
            self.words.insert(slot, owner | U256::from(now));
        }
    }

    /// Somebody cancels the announcement of a request.
    pub fn cancel(&mut self, origin: Option<Address>, actions: &[Action]) {
        let id = announcement_id(self.setting.account, self.epoch(), origin, actions);
        self.words.remove(&announcement_slot(id));
    }

    /// How often the hook was taken off the account.
    fn epoch(&self) -> u32 {
        let word = self.words.get(&account_slot(self.setting.account, 0)).copied().unwrap_or_default();
        (word.wrapping_shr(192) & U256::from(u32::MAX)).saturating_to()
    }

    pub(crate) fn set(&mut self, n: u8, word: U256) {
        self.words.insert(account_slot(self.setting.account, n), word);
    }

    /// The program is active, under this delay, epoch and route.
    pub(crate) fn activate(&mut self, change_delay: u32, epoch: u32, route: u8) {
        let field = |value: u32, at: usize| U256::from(value).wrapping_shl(at);
        let program = U256::from_be_slice(PROGRAM.as_slice());
        self.set(0, program | field(change_delay, 160) | field(epoch, 192) | field(route.into(), 224));
    }
}
