//! What is known of facts, and what follows for the rules that ask: true, false or unknown.
//!
//! Nothing unknown is ever taken for true or false, unless the fact itself says so with `open`, and then the judgement
//! names who answers for that.

mod value;

use std::{collections::BTreeMap, fmt};

use alloy_primitives::Address;

pub(crate) use value::Value;

use crate::{FactSubject, FactTest, FactValue, OnUnknown, Policy, Rule, SourceMap};

/// What one observation of a fact is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// The request.
    Request,
    /// The effect with this index.
    Effect(u32),
    /// Whoever is at this address; zero for the native asset.
    Address(Address),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request => f.write_str("the request"),
            Self::Effect(at) => write!(f, "effect {at}"),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// Why a fact is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Nobody observed it.
    Missing,
    /// The observation is older than the fact allows.
    Stale,
    /// Whoever was asked did not answer in time.
    Timeout,
    /// Asking failed, or the answer is not one.
    Error,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Self; 4] = [Self::Missing, Self::Stale, Self::Timeout, Self::Error];

    /// What people write.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Stale => "stale",
            Self::Timeout => "timeout",
            Self::Error => "error",
        }
    }
}

/// What was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// A value.
    Value {
        /// As written.
        value: FactValue,
        /// When, in seconds.
        observed_at: u64,
    },
    /// Nothing.
    Unknown(Cause),
}

/// Observations by fact and subject.
pub type Observations = BTreeMap<(String, Subject), Observation>;

/// The effect and request that rules ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scene {
    /// The effect's index.
    pub at: u32,
    /// Who calls `execTransaction`.
    pub initiator: Address,
    /// What the effect's action calls.
    pub target: Address,
    /// What moves, zero for native; if anything does.
    pub asset: Option<Address>,
    /// Who receives, if anybody does.
    pub recipient: Option<Address>,
}

/// What is known of one fact that a rule asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactVerdict {
    /// The fact.
    pub fact: String,
    /// What it is asked about; none where the effect has no such thing.
    pub subject: Option<Subject>,
    /// Whether what is asked of it holds. None where it is unknown.
    pub truth: Option<bool>,
    /// Why it is unknown, also where a value is taken for it.
    pub cause: Option<Cause>,
    /// What follows where it is unknown.
    pub on_unknown: OnUnknown,
}

impl FactVerdict {
    /// Who answers for the value that was taken for an unknown one, if it was.
    #[must_use]
    pub fn assumed_by(&self) -> Option<&str> {
        match (&self.on_unknown, self.cause) {
            (OnUnknown::Open { owner, .. }, Some(_)) => Some(owner),
            _ => None,
        }
    }
}

/// What is known of all that a rule asks an attester set about one effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether all of it holds: one that does not decides, then one that is unknown.
    pub truth: Option<bool>,
    /// Whether people decide where it is unknown; else it is denied.
    pub is_held: bool,
    /// Each fact, by name.
    pub facts: Vec<FactVerdict>,
    /// The last second at which a statement of this may count: none where nothing was observed.
    pub deadline: u64,
}

/// What is known at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Knowledge<'a> {
    policy: &'a Policy,
    source_map: &'a SourceMap,
    observations: &'a Observations,
    now: u64,
}

impl<'a> Knowledge<'a> {
    /// What the observations say at `now`, in seconds. `source_map` is that of the compiled policy.
    #[must_use]
    pub const fn new(policy: &'a Policy, source_map: &'a SourceMap, observations: &'a Observations, now: u64) -> Self {
        Self { policy, source_map, observations, now }
    }

    /// What is known of what the rule with this place among the hybrid rules of the set asks about an effect. None
    /// where there is no such rule.
    #[must_use]
    pub fn judge(&self, set: u8, index: u16, scene: &Scene) -> Option<Judgement> {
        Some(self.judge_rule(self.rule(set, index)?, scene))
    }

    /// The rule with this place among the hybrid rules of the set.
    #[must_use]
    pub fn rule(&self, set: u8, index: u16) -> Option<&'a Rule> {
        let id = self.source_map.hybrid_rule(set, index).map(|rule| rule.id.as_str())?;
        self.policy.rules.iter().find(|rule| rule.id == id)
    }

    fn judge_rule(&self, rule: &Rule, scene: &Scene) -> Judgement {
        let mut deadline = u64::MAX;
        let verdicts = rule.when.facts.iter().map(|(name, tests)| self.fact(name, tests, scene, &mut deadline));
        let facts: Vec<FactVerdict> = verdicts.collect();
        let truth = if facts.iter().any(|one| one.truth == Some(false)) {
            Some(false)
        } else if facts.iter().any(|one| one.truth.is_none()) {
            None
        } else {
            Some(true)
        };
        let mut unknown = facts.iter().filter(|one| one.truth.is_none());
        let is_held = truth.is_none() && unknown.all(|one| one.on_unknown == OnUnknown::Hold);
        Judgement { truth, is_held, facts, deadline }
    }

    fn fact(&self, name: &str, tests: &[FactTest], scene: &Scene, deadline: &mut u64) -> FactVerdict {
        let on_unknown = self.policy.facts.get(name).map_or(OnUnknown::Closed, |fact| fact.on_unknown.clone());
        let verdict = |subject, truth, cause| FactVerdict {
            fact: name.to_owned(),
            subject,
            truth,
            cause,
            on_unknown: on_unknown.clone(),
        };
        // A fact that the policy does not have is unknown, like everything else that nobody observed.
        let Some(fact) = self.policy.facts.get(name) else { return verdict(None, None, Some(Cause::Missing)) };
        let subject = match fact.subject {
            FactSubject::Request => Some(Subject::Request),
            FactSubject::Effect => Some(Subject::Effect(scene.at)),
            FactSubject::Recipient => scene.recipient.map(Subject::Address),
            FactSubject::Initiator => Some(Subject::Address(scene.initiator)),
            FactSubject::Asset => scene.asset.map(Subject::Address),
            FactSubject::Target => Some(Subject::Address(scene.target)),
        };
        let read = |value: &FactValue| Value::read(fact.kind, value);
        let known = subject.ok_or(Cause::Missing).and_then(|subject| {
            match self.observations.get(&(name.to_owned(), subject)) {
                None => Err(Cause::Missing),
                Some(Observation::Unknown(cause)) => Err(*cause),
                Some(Observation::Value { observed_at, .. }) if *observed_at > self.now => Err(Cause::Error),
                Some(Observation::Value { observed_at, .. })
                    if observed_at.saturating_add(fact.max_age.into()) < self.now =>
                {
                    Err(Cause::Stale)
                }
                Some(Observation::Value { value, observed_at }) => {
                    read(value).map(|value| (value, *observed_at)).ok_or(Cause::Error)
                }
            }
        });
        let (value, from, cause) = match (known, &fact.on_unknown) {
            (Ok((value, observed_at)), _) => (value, observed_at, None),
            (Err(cause), OnUnknown::Open { assume, .. }) => match read(assume) {
                Some(value) => (value, self.now, Some(cause)),
                None => return verdict(subject, None, Some(cause)),
            },
            (Err(cause), OnUnknown::Closed | OnUnknown::Hold) => return verdict(subject, None, Some(cause)),
        };
        let truths: Vec<_> = tests.iter().map(|test| value.meets(fact.kind, test)).collect();
        let truth = if tests.is_empty() || truths.contains(&None) {
            // What compiles asks something, and only what can be answered.
            return verdict(subject, None, Some(Cause::Error));
        } else {
            !truths.contains(&Some(false))
        };
        *deadline = (*deadline).min(from.saturating_add(fact.ttl.into()));
        verdict(subject, Some(truth), cause)
    }
}
