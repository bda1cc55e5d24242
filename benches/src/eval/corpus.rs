//! One policy and its requests, made from a seed: what every engine is given in its own language.

use alloy_primitives::Address;
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use std::fmt;

/// Members of a rule's recipient set.
const RECIPIENTS: usize = 16;
const GROUPS: usize = 8;
const GROUP_MEMBERS: usize = 4;
/// Every rule whose index leaves this rest by five denies. The first and last rule of every size allow.
const DENIES: usize = 3;
/// Bounds lie well below 2^53, so that no engine's numbers round them.
const LEAST: u64 = 1_000_000;
const MOST: u64 = 1_000_000_000_000;

/// A rule: it is in scope of transfers of its token, asked by a member of its group, to one of its recipients, of an
/// amount between its bounds.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) allow: bool,
    pub(crate) token: Address,
    pub(crate) group: usize,
    pub(crate) recipients: Vec<Address>,
    pub(crate) min: u64,
    pub(crate) max: u64,
}

/// A transfer of a token by the account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) initiator: Address,
    pub(crate) token: Address,
    pub(crate) recipient: Address,
    pub(crate) amount: u64,
}

/// What an engine says: the first rule in scope decides, and none denies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) allow: bool,
    pub(crate) rule: Option<usize>,
}

/// Which rule a timed request hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    First,
    Last,
    None,
}

impl Hit {
    pub(crate) const ALL: [Self; 3] = [Self::First, Self::Last, Self::None];
}

impl fmt::Display for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::First => "first",
            Self::Last => "last",
            Self::None => "none",
        })
    }
}

/// A policy, the requests to time and the requests that only must be answered alike.
#[derive(Debug)]
pub(crate) struct Corpus {
    pub(crate) account: Address,
    pub(crate) hook: Address,
    pub(crate) groups: Vec<Vec<Address>>,
    pub(crate) rules: Vec<Rule>,
    /// Timed requests by what they hit, then those that are only compared.
    pub(crate) asks: Vec<(Option<Hit>, Ask)>,
}

impl Corpus {
    /// The same seed and size give the same corpus everywhere.
    pub(crate) fn new(seed: u64, size: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let account = address(&mut rng);
        let hook = address(&mut rng);
        let groups = (0..GROUPS).map(|_| addresses(&mut rng, GROUP_MEMBERS)).collect::<Vec<_>>();
        let rules = (0..size).map(|index| rule(&mut rng, index)).collect();
        let mut corpus = Self { account, hook, groups, rules, asks: Vec::new() };
        corpus.asks = corpus.requests(&mut rng);
        corpus
    }

    /// The requests that hit, as indices.
    pub(crate) fn timed(&self, hit: Hit) -> Vec<usize> {
        (0..self.asks.len()).filter(|at| self.asks[*at].0 == Some(hit)).collect()
    }

    /// What is right, found by trying the rules in order.
    pub(crate) fn expected(&self, ask: &Ask) -> Answer {
        let rule = self.rules.iter().position(|rule| {
            rule.token == ask.token
                && self.groups[rule.group].contains(&ask.initiator)
                && rule.recipients.contains(&ask.recipient)
                && (rule.min..=rule.max).contains(&ask.amount)
        });
        Answer { allow: rule.is_some_and(|at| self.rules[at].allow), rule }
    }

    fn requests(&self, rng: &mut ChaCha8Rng) -> Vec<(Option<Hit>, Ask)> {
        let (first, last) = (&self.rules[0], &self.rules[self.rules.len() - 1]);
        let mut asks = Vec::new();
        for (hit, rule) in [(Hit::First, first), (Hit::Last, last)] {
            for amount in [rule.min, rule.min + 1, rule.max - 1, rule.max] {
                asks.push((Some(hit), self.ask(rng, rule, amount)));
            }
        }
        // What fails at the last condition of the last rule costs most; an unknown token costs least.
        let near = self.ask(rng, last, last.max);
        let miss = [
            Ask { amount: last.max + 1, ..near },
            Ask { amount: last.min - 1, ..near },
            Ask { recipient: address(rng), ..near },
            Ask { token: address(rng), ..near },
        ];
        asks.extend(miss.map(|ask| (Some(Hit::None), ask)));
        for _ in 0..32 {
            let rule = self.rules.choose(rng).unwrap_or(first);
            let within = rng.random_range(rule.min..=rule.max);
            let near = self.ask(rng, rule, within);
            asks.push((None, near));
            asks.push((None, Ask { amount: rule.min - 1, ..near }));
            asks.push((None, Ask { amount: rule.max + 1, ..near }));
            asks.push((None, Ask { initiator: self.groups[(rule.group + 1) % GROUPS][0], ..near }));
            asks.push((None, Ask { initiator: address(rng), ..near }));
            asks.push((None, Ask { recipient: first.recipients[0], ..near }));
        }
        asks
    }

    fn ask(&self, rng: &mut ChaCha8Rng, rule: &Rule, amount: u64) -> Ask {
        let group = &self.groups[rule.group];
        Ask {
            initiator: *group.choose(rng).unwrap_or(&group[0]),
            token: rule.token,
            recipient: *rule.recipients.choose(rng).unwrap_or(&rule.recipients[0]),
            amount,
        }
    }
}

fn rule(rng: &mut ChaCha8Rng, index: usize) -> Rule {
    let min = rng.random_range(2..LEAST);
    Rule {
        allow: index % 5 != DENIES,
        token: address(rng),
        group: rng.random_range(0..GROUPS),
        recipients: addresses(rng, RECIPIENTS),
        min,
        max: rng.random_range(min + 10..MOST),
    }
}

fn address(rng: &mut ChaCha8Rng) -> Address {
    Address::from(rng.random::<[u8; 20]>())
}

fn addresses(rng: &mut ChaCha8Rng, count: usize) -> Vec<Address> {
    (0..count).map(|_| address(rng)).collect()
}
