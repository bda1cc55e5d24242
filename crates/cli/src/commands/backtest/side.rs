//! One policy, and what it says of the past.

use crate::history::Happened;
use crate::policy_file::{self, PolicyFile};
use crate::words;
use alloy_primitives::{Address, hex};
use eyre::{Result, bail};
use portcullis_eval::{Ask, Obligation, Request};
use portcullis_policy::{AddressRef, Members, Policy, Scope, When};
use portcullis_replay::{Decided, Facts, Outcome, Setting, Stance, World};
use std::collections::BTreeMap;
use std::path::Path;

/// What is asked for: in words, and who exactly, where the words name a list.
pub(super) type Asked = (String, String);

/// A policy and its world.
pub(super) struct Side {
    file: PolicyFile,
    pub(super) world: World,
    pub(super) account: Address,
    /// Whether some rule or limit is about who executes.
    asks_initiator: bool,
}

/// What a side says of a request, or what happened.
pub(super) struct Answer {
    pub(super) stance: Stance<Asked>,
    decided: Option<Decided>,
}

impl Side {
    pub(super) fn load(path: &Path, hook: Address) -> Result<Self> {
        let file = policy_file::load(path)?;
        let Some(account) = file.policy.account else {
            bail!("`{}` names no account: put it where it says `unknown`", path.display());
        };
        let control = &file.policy.control;
        let world = World::new(Setting {
            program: file.compiled.program.clone(),
            chain_id: account.chain.id(),
            hook,
            account: account.address,
            change_delay: control.change_delay.unwrap_or_default(),
            announcement_expiry: control.announcement_expiry.unwrap_or_default(),
        });
        let asks_initiator = asks_initiator(&file.policy);
        Ok(Self { file, world, account: account.address, asks_initiator })
    }

    pub(super) fn ask(&self, facts: &Facts, request: &Request, is_initiator_known: bool, now: u64) -> Answer {
        if self.asks_initiator && !is_initiator_known {
            return Answer { stance: Stance::Unknown, decided: None };
        }
        let decided = self.world.decide(facts, request, now);
        let stance = match &decided.outcome {
            Outcome::Denied(_) => Stance::Denied,
            Outcome::Unknown(_) => Stance::Unknown,
            Outcome::Allowed(_, asks) => {
                Stance::Allowed(asks.iter().map(|one| (self.asked(one.ask), one.need)).collect())
            }
        };
        Answer { stance, decided: Some(decided) }
    }

    /// Carries a request out that this policy allows, unless it failed, or those who are asked did not consent.
    pub(super) fn go_on(
        &mut self,
        facts: &Facts,
        answer: Answer,
        request: &Request,
        happened: Option<Happened>,
        now: u64,
    ) {
        let asks = matches!(&answer.stance, Stance::Allowed(asks) if !asks.is_empty());
        let is_stopped = happened == Some(Happened::Failed) || (asks && happened == Some(Happened::Denied));
        if let (Some(decided), false) = (answer.decided, is_stopped) {
            self.world.carry_out(facts, decided, request, now);
        }
    }

    fn asked(&self, ask: Ask) -> Asked {
        let names = &self.file.compiled.source_map;
        let whose =
            |list: u32| names.list(list).map_or_else(|| format!("the list at {list}"), |list| list.name.clone());
        match ask {
            Ask::Approvals { list, initiator, owners } => {
                let counts = match (initiator, owners) {
                    (false, false) => "",
                    (true, false) => ", the initiator's counting",
                    (false, true) => ", those of owners who sign counting",
                    (true, true) => ", the initiator's and those of owners who sign counting",
                };
                (format!("approvals by {}{counts}", whose(list)), self.content(list))
            }
            Ask::Signatures => ("owner signatures".to_owned(), String::new()),
            Ask::Signers { list } => (format!("owner signatures by {}", whose(list)), self.content(list)),
            Ask::Attestation { set } => {
                let name = names.attesters(set).map_or_else(|| format!("#{set}"), str::to_owned);
                let content = self.attesters(&name);
                (format!("attesters' signatures of the set {name}"), content)
            }
        }
    }

    /// The bytes of a list: the program has its lists end to end.
    fn content(&self, list: u32) -> String {
        let program = &self.file.compiled.program;
        let next = self.file.compiled.source_map.lists.iter().map(|other| other.offset).filter(|at| *at > list).min();
        let at = |offset: u32| usize::try_from(offset).unwrap_or(usize::MAX);
        hex::encode(program.get(at(list)..next.map_or(program.len(), at)).unwrap_or_default())
    }

    fn attesters(&self, name: &str) -> String {
        let policy = &self.file.policy;
        let mut members: Vec<String> = Vec::new();
        for member in policy.attesters.get(name).into_iter().flat_map(|set| &set.members) {
            match member {
                AddressRef::Literal(address) => members.push(address.to_string()),
                AddressRef::Named(list) => match policy.lists.get(list).or_else(|| policy.groups.get(list)) {
                    Some(Members::Registry(registry)) => members.push(format!("{registry:?}")),
                    Some(Members::Addresses(all)) => members.extend(all.iter().map(ToString::to_string)),
                    None => {}
                },
            }
        }
        members.sort();
        members.dedup();
        members.join(",")
    }
}

impl Answer {
    /// What is known of a request without a policy.
    pub(super) fn happened(happened: Option<Happened>) -> Self {
        let stance = match happened {
            Some(Happened::Executed) => Stance::Allowed(BTreeMap::new()),
            Some(Happened::Denied) => Stance::Denied,
            Some(Happened::Failed) | None => Stance::Unknown,
        };
        Self { stance, decided: None }
    }

    /// The verdict's word, and why.
    pub(super) fn told(&self, side: Option<&Side>, happened: Option<Happened>) -> (&'static str, String) {
        let word = match &self.stance {
            Stance::Denied => "deny",
            Stance::Allowed(asks) if asks.is_empty() => "allow",
            Stance::Allowed(_) => "ask",
            Stance::Unknown => "unknown",
        };
        let Some(side) = side else {
            let why = match happened {
                Some(Happened::Executed) => "it was executed",
                Some(Happened::Denied) => "it was denied",
                Some(Happened::Failed) => "it failed, whatever was decided",
                None => "the history does not say what happened",
            };
            return (word, why.to_owned());
        };
        let names = &side.file.compiled.source_map;
        let why = match self.decided.as_ref().map(|decided| &decided.outcome) {
            None => "the history does not say who executed it, and the policy asks".to_owned(),
            Some(Outcome::Unknown(undecided)) => undecided.to_string(),
            Some(Outcome::Denied(verdict)) => words::reason(verdict, names),
            Some(Outcome::Allowed(None, _)) => "control passes under any program".to_owned(),
            Some(Outcome::Allowed(rule, asks)) => {
                let all: Vec<String> = asks.iter().map(|one| side.words(one)).collect();
                let asks = if all.is_empty() { String::new() } else { format!(", with {}", all.join(" and ")) };
                format!("rule {} allows{asks}", words::rule_id(*rule, names))
            }
        };
        (word, why)
    }
}

impl Side {
    fn words(&self, obligation: &Obligation) -> String {
        format!("{} {}", obligation.need, self.asked(obligation.ask).0)
    }
}

fn asks_initiator(policy: &Policy) -> bool {
    fn asks(when: &When) -> bool {
        let groups = when.any.iter().chain(&when.all).flatten().chain(when.not.as_deref());
        when.initiator.is_some() || groups.into_iter().any(asks)
    }
    policy.limits.values().any(|limit| limit.scope == Scope::Initiator)
        || policy.rules.iter().any(|rule| asks(&rule.when))
}
