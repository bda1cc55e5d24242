//! Whether anybody can give what rules ask for.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U160};

use super::{
    Finding, FindingKind, Report, Severity,
    asks::{Ask, Asks, join},
    bdd::{NONE, Set},
    decide::Decided,
    space::{Space, inline},
};
use crate::{
    Members, Policy,
    diagnostics::steps,
    program::{INITIATOR_COUNTS, OWNERS_COUNT},
};

/// Requests for which nobody can give what is asked, whoever owns the account, signs and approves.
pub(super) struct Unmet {
    pub(super) set: Set,
    /// Whether rules join in too many ways to look at.
    pub(super) is_partial: bool,
}

pub(super) fn unmet(decided: &Decided<'_>, space: &mut Space) -> Unmet {
    let of = |asks: &Asks| {
        let needs = |ask: &&Ask| matches!(ask, Ask::Approvals(_) | Ask::Signers(_) | Ask::Attestation(_));
        let kept: Asks = asks.iter().filter(|(ask, _)| needs(ask)).map(|(ask, level)| (ask.clone(), *level)).collect();
        (!kept.is_empty()).then_some(kept)
    };
    let Some(parts) = decided.parts(decided.allowed, of, join, space) else {
        return Unmet { set: NONE, is_partial: true };
    };
    let (mut set, mut is_partial) = (NONE, false);
    for (asks, part) in parts {
        if asks.is_empty() {
            continue;
        }
        let mut hopeless = BTreeSet::new();
        for (class, group) in space.classes.initiators.groups.iter().enumerate() {
            // Members of a group are in the same lists, so that one stands for all.
            match Quorum::new(&asks, group.first().copied(), space.classes.account).can_be_met() {
                Some(true) => {}
                Some(false) => _ = hopeless.insert(class),
                None => is_partial = true,
            }
        }
        let hopeless = space.dims.initiator.is_in(&hopeless, &mut space.sets);
        let owners = space.dims.origin.is(0, &mut space.sets);
        let hopeless = space.sets.all([part, hopeless, owners]);
        set = space.sets.or(set, hopeless);
    }
    Unmet { set, is_partial }
}

/// Owners who are asked for by name and, where they sign, do not count as approvers.
struct Quorum {
    /// How many may still be taken from each group of approvers.
    spare: Vec<i64>,
    /// How many owners of each list must still sign.
    missing: Vec<i64>,
    /// How many people there are who stand in these lists and would be lost to these groups.
    people: BTreeMap<(Vec<usize>, Vec<usize>), i64>,
}

impl Quorum {
    fn new(asks: &Asks, initiator: Option<Address>, account: Address) -> Self {
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let mut quorum = Self { spare: Vec::new(), missing: Vec::new(), people: BTreeMap::new() };
        let mut strict = Vec::new();
        let mut named = Vec::new();
        for (ask, level) in asks {
            let (Ask::Approvals(roster) | Ask::Signers(roster) | Ask::Attestation(roster)) = ask else { continue };
            // A registry can list anybody.
            let Some(members) = inline(roster) else { continue };
            let need = i64::from(level.count);
            match ask {
                Ask::Signers(_) => {
                    named.push(members);
                    quorum.missing.push(need);
                }
                _ => {
                    let left_out =
                        initiator.filter(|_| matches!(ask, Ask::Approvals(_)) && level.flags & INITIATOR_COUNTS == 0);
                    let able = members.iter().filter(|one| !one.is_zero() && Some(**one) != left_out);
                    quorum.spare.push(count(able.count()).saturating_sub(need));
                    if matches!(ask, Ask::Approvals(_)) && level.flags & OWNERS_COUNT == 0 {
                        strict.push((quorum.spare.len().saturating_sub(1), members, left_out));
                    }
                }
            }
        }
        let owners: BTreeSet<Address> = named.iter().copied().flatten().copied().collect();
        for owner in owners.into_iter().filter(|one| can_own(*one, account)) {
            let lists = named.iter().enumerate().filter(|(_, list)| list.contains(&owner)).map(|(at, _)| at);
            let lost = strict.iter().filter(|(_, group, out)| group.contains(&owner) && Some(owner) != *out);
            let lost: Vec<usize> = lost.map(|(at, ..)| *at).collect();
            let lists: Vec<usize> = lists.collect();
            if lost.is_empty() {
                // Nothing speaks against their signature.
                for at in lists {
                    if let Some(missing) = quorum.missing.get_mut(at) {
                        *missing = missing.saturating_sub(1);
                    }
                }
            } else {
                let many = quorum.people.entry((lists, lost)).or_default();
                *many = many.saturating_add(1);
            }
        }
        quorum
    }

    /// None where that takes too long to say.
    fn can_be_met(&self) -> Option<bool> {
        let people: Vec<_> = self.people.iter().collect();
        let mut steps = 20_000_u32;
        search(&people, self.spare.clone(), self.missing.clone(), &mut steps)
    }
}

/// Whether a Safe takes it for an owner.
fn can_own(address: Address, account: Address) -> bool {
    address != account && !address.is_zero() && address != Address::from(U160::from(1))
}

type People<'a> = (&'a (Vec<usize>, Vec<usize>), &'a i64);

fn search(people: &[People<'_>], spare: Vec<i64>, missing: Vec<i64>, steps: &mut u32) -> Option<bool> {
    *steps = steps.checked_sub(1)?;
    if spare.iter().any(|left| *left < 0) {
        return Some(false);
    }
    if missing.iter().all(|left| *left <= 0) {
        return Some(true);
    }
    let Some((((lists, lost), many), rest)) = people.split_first() else { return Some(false) };
    for taken in 0..=**many {
        let less = |all: &[i64], at: &[usize]| -> Vec<i64> {
            let less =
                |(place, left): (usize, &i64)| if at.contains(&place) { left.saturating_sub(taken) } else { *left };
            all.iter().enumerate().map(less).collect()
        };
        if search(rest, less(&spare, lost), less(&missing, lists), steps)? {
            return Some(true);
        }
    }
    Some(false)
}

pub(super) fn check(policy: &Policy, decided: &Decided<'_>, space: &mut Space, report: &mut Report) {
    for (index, rule, _, say) in decided.rules() {
        let asked =
            !rule.asked.approvals.is_empty() || !rule.asked.signers.is_empty() || !rule.asked.attestation.is_empty();
        let hopeless = space.sets.and(say, decided.unmet);
        if !rule.allow || !asked || hopeless == NONE || space.sets.and(say, decided.allowed) != NONE {
            continue;
        }
        let id = decided.id(policy, index);
        let Some(witness) = space.find(hopeless) else {
            report.undetermined.push(format!("what rule `{id}` asks for may be impossible to give"));
            continue;
        };
        report.findings.push(Finding {
            kind: FindingKind::ImpossibleQuorum,
            severity: Severity::Error,
            rules: vec![id.clone()],
            path: steps!["rules", rule.position, "then"],
            message: format!(
                "nobody can ever give what rule `{id}` asks for: too few of those who are asked may count"
            ),
            help: "ask for fewer, name more members, or let the initiator or the owners who sign count".to_owned(),
            witness: Some(witness),
        });
    }
    if decided.is_partial {
        report
            .undetermined
            .push("rules join what they ask for in too many ways to say whether it can be given".to_owned());
    }
    guardians(policy, report);
}

/// A freeze that nobody can call for.
fn guardians(policy: &Policy, report: &mut Report) {
    let Some(Members::Addresses(members)) = policy.control.guardians.as_ref().and_then(|name| policy.groups.get(name))
    else {
        return;
    };
    let own = policy.account.map(|account| account.address);
    if members.iter().all(|member| member.is_zero() || Some(*member) == own) {
        report.findings.push(Finding {
            kind: FindingKind::NoGuardian,
            severity: Severity::Warning,
            rules: Vec::new(),
            path: steps!["control", "guardians"],
            message: "no guardian can act before the owners do: the group has nobody but the account itself".to_owned(),
            help: "name a person or a contract that can freeze alone, or leave `guardians` out".to_owned(),
            witness: None,
        });
    }
}
