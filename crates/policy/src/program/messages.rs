//! Message rules: to records of the program, and back.

use alloy_primitives::B256;

use super::{
    Malformed,
    condition::List,
    emit::{ALLOW, Overflow},
    lists::Lists,
    lower::Lowered,
    obligations::{check_count, check_reach, check_signatures, one_list},
    read::{Cursor, list},
    unlower::Names,
};
use crate::{
    Domain, MessageOutcome, MessageRule, MessageType, Named, Policy, Problem, Signers,
    diagnostics::{below, steps},
};

/// A record of the table.
pub(crate) const MESSAGE: usize = 72;
/// The most that the header can count.
const MAX_MESSAGES: usize = 255;
const TRUSTED: u8 = 2;

/// A message rule as the program holds it.
#[derive(Debug)]
pub(crate) struct Signable {
    /// Zero for any.
    domain: B256,
    /// Zero for any.
    kind: B256,
    outcome: u8,
    /// 0 for the account's threshold.
    signatures: u8,
    signers: Option<(List, u8)>,
}

impl Signable {
    pub(crate) fn list(&self) -> Option<&List> {
        self.signers.as_ref().map(|(list, _)| list)
    }

    fn covers(&self, other: &Self) -> bool {
        let fits = |mine: B256, other: B256| mine.is_zero() || mine == other;
        fits(self.domain, other.domain) && fits(self.kind, other.kind)
    }
}

/// The message rules in their order. What is wrong is added to `problems`.
pub(crate) fn lower_messages(policy: &Policy, problems: &mut Vec<Problem>) -> Vec<Signable> {
    if policy.messages.len() > MAX_MESSAGES {
        let message = format!("{} message rules are too many", policy.messages.len());
        let help = format!("keep at most {MAX_MESSAGES}");
        problems.push(Problem::new(steps!["messages", MAX_MESSAGES], message, help));
    }
    let mut all: Vec<Signable> = Vec::new();
    for (at, rule) in policy.messages.iter().enumerate() {
        let lowered = lower(policy, at, rule, problems);
        if let Some(before) = all.iter().position(|earlier| earlier.covers(&lowered)) {
            let first = policy.messages.get(before).map_or("", |rule| &rule.id);
            let message = format!("message rule `{first}` decides whatever this one is about");
            problems.push(Problem::new(steps!["messages", at], message, "put it before, or leave it out"));
        }
        all.push(lowered);
    }
    all
}

fn lower(policy: &Policy, at: usize, rule: &MessageRule, problems: &mut Vec<Problem>) -> Signable {
    let mut lowered = Signable {
        domain: rule.domain.hash(Domain::separator),
        kind: rule.kind.hash(MessageType::hash),
        outcome: 0,
        signatures: 0,
        signers: None,
    };
    let MessageOutcome::Allow { trusted, signatures, signers } = &rule.then else { return lowered };
    let then = steps!["messages", at, "then"];
    lowered.outcome = if *trusted { ALLOW | TRUSTED } else { ALLOW };
    lowered.signatures = signatures.unwrap_or(0);
    check_signatures(*signatures, below!(then, "signatures"), problems);
    if let Some(Signers { list, at_least }) = signers {
        let path = below!(then, "signers");
        let whose = format!("message rule {}", rule.id);
        let list = one_list(policy, list, &below!(path, "list"), &whose, problems);
        if let Some(list) = list {
            check_count(&list, *at_least, below!(path, "at_least"), problems);
            check_reach(*at_least, *signatures, below!(path, "at_least"), problems);
            lowered.signers = Some((list, *at_least));
        }
    }
    lowered
}

/// The table's bytes; places the lists it names.
pub(crate) fn table(lowered: &Lowered, lists: &mut Lists) -> Result<Vec<u8>, Overflow> {
    let mut table = Vec::new();
    for one in &lowered.messages {
        table.extend(one.domain);
        table.extend(one.kind);
        table.extend([one.outcome, one.signatures]);
        let (offset, at_least) = match &one.signers {
            None => ([0; 3], 0),
            Some((list, at_least)) => (lists.place(list)?, *at_least),
        };
        table.extend(offset);
        table.extend([at_least, 0, 0]);
    }
    Ok(table)
}

/// The records as written.
pub(crate) fn read(program: &[u8], at: usize, count: usize) -> Result<Vec<Signable>, Malformed> {
    let mut cursor = Cursor::new(program, at);
    let mut record = || {
        let (domain, kind) = (cursor.array::<32>()?.into(), cursor.array::<32>()?.into());
        let [outcome, signatures] = cursor.array()?;
        let place = cursor.size::<3>()?;
        let [at_least, _, _] = cursor.array()?;
        let signers = if place == 0 { None } else { Some((list(program, place)?, at_least)) };
        Ok(Signable { domain, kind, outcome, signatures, signers })
    };
    (0..count).map(|_| record()).collect()
}

/// The message rules that compile to these records.
pub(crate) fn unlower(names: &mut Names<'_>, all: &[Signable]) -> Vec<MessageRule> {
    let mut unlower = |(number, one): (usize, &Signable)| {
        let signers =
            one.signers.as_ref().map(|(list, at_least)| Signers { list: vec![names.list(list)], at_least: *at_least });
        let then = if one.outcome & ALLOW == 0 {
            MessageOutcome::Deny
        } else {
            MessageOutcome::Allow {
                trusted: one.outcome & TRUSTED != 0,
                signatures: (one.signatures > 0).then_some(one.signatures),
                signers,
            }
        };
        let (domain, kind) = (Named::from_hash(one.domain), Named::from_hash(one.kind));
        MessageRule { id: format!("message-{number}"), domain, kind, then }
    };
    (1..).zip(all).map(&mut unlower).collect()
}
