//! What rules ask for: names to lists and sets, and whether it can ever be met.

use std::collections::BTreeMap;

use super::{
    condition::{List, Roster},
    lower::{LoweredSet, check_repeats, named_list},
    membership::lists_of,
    names::channel_help,
};
use crate::{
    AddressRef, Approvals, AttesterSet, Obligations, Origin, Outcome, PathSegment, Policy, Problem, Signers,
    diagnostics::{below, steps},
};

/// The most attester sets a program has.
const MAX_SETS: usize = 16;
/// What an approval's flags say.
pub(crate) const INITIATOR_COUNTS: u8 = 1;
pub(crate) const OWNERS_COUNT: u8 = 2;

/// What a rule asks for, as the program holds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) approvals: BTreeMap<Roster, (List, u8, u8)>,
    /// 0 where none are asked for.
    pub(crate) signatures: u8,
    pub(crate) signers: BTreeMap<Roster, (List, u8)>,
    /// Ascending numbers.
    pub(crate) attestation: Vec<u8>,
    /// Ascending names.
    pub(crate) notify: Vec<String>,
}

impl Asked {
    /// Every list it names, in the order in which they are placed.
    pub(crate) fn lists(&self) -> impl Iterator<Item = &List> {
        self.approvals.values().map(|(list, ..)| list).chain(self.signers.values().map(|(list, _)| list))
    }
}

/// Attester sets in their order, each one list and how many of it must sign.
pub(crate) fn lower_sets(policy: &Policy, problems: &mut Vec<Problem>) -> Vec<LoweredSet> {
    if let Some(name) = policy.attesters.keys().nth(MAX_SETS) {
        let message = format!("{} attester sets are too many", policy.attesters.len());
        problems.push(Problem::new(steps!["attesters", name], message, format!("keep at most {MAX_SETS}")).on_key());
    }
    let lower = |(name, set): (&String, &AttesterSet)| {
        let path = steps!["attesters", name];
        let list = one_list(policy, &set.members, &below!(path, "members"), &format!("attesters {name}"), problems)?;
        check_count(&list, set.at_least, below!(path, "at_least"), problems);
        Some(LoweredSet { list, at_least: set.at_least, hybrid_rules: 0 })
    };
    policy.attesters.iter().filter_map(lower).collect()
}

/// What the rule at this position asks for.
pub(crate) fn lower_obligations(policy: &Policy, position: usize, problems: &mut Vec<Problem>) -> Asked {
    let mut asked = Asked::default();
    let Some(rule) = policy.rules.get(position) else { return asked };
    let Outcome::Allow { obligations, .. } = &rule.then else { return asked };
    let base = steps!["rules", position, "then"];
    let by_module = rule.when.origin != Origin::Owners;
    if by_module {
        for (key, is_asked) in
            [("signatures", obligations.signatures.is_some()), ("signers", !obligations.signers.is_empty())]
        {
            if is_asked {
                let message = format!("`{key}` of a module's request can never be there");
                let help = format!("leave `{key}` out, or `origin`: only owners' requests carry signatures");
                problems.push(Problem::new(below!(base, key), message, help));
            }
        }
        check_posted(policy, obligations, &base, problems);
    }
    let whose = format!("rule {}", rule.id);
    let mut lowering = Lowering { policy, problems, asked: &mut asked, whose: &whose };
    for (at, one) in obligations.approvals.iter().enumerate() {
        lowering.approvals(one, &below!(base, "approvals", at));
    }
    lowering.signatures(obligations.signatures, below!(base, "signatures"));
    for (at, one) in obligations.signers.iter().enumerate() {
        lowering.signers(one, obligations.signatures, &below!(base, "signers", at));
    }
    check_repeats(below!(base, "attestation"), &obligations.attestation, problems);
    check_repeats(below!(base, "notify"), &obligations.notify, problems);
    for (at, name) in obligations.notify.iter().enumerate() {
        if let Some(help) = channel_help(name) {
            let path = below!(base, "notify", at);
            problems.push(Problem::new(path, format!("`{name}` is not a name"), help));
        }
    }
    let number = |name: &String| policy.attesters.keys().position(|known| known == name);
    asked.attestation = obligations.attestation.iter().filter_map(number).filter_map(|at| at.try_into().ok()).collect();
    asked.attestation.sort_unstable();
    asked.notify.clone_from(&obligations.notify);
    asked.notify.sort_unstable();
    asked
}

/// What is posted for a module's request is counted when it executes, by asking the chain for each member; of a registry
/// nobody knows them all.
fn check_posted(policy: &Policy, obligations: &Obligations, base: &[PathSegment], problems: &mut Vec<Problem>) {
    let mut complain = |path: Vec<PathSegment>, message: String| {
        let help = "name addresses there, or leave `origin` out: what a module's request needs is posted on chain \
                    before, and only members that the policy lists are looked for";
        problems.push(Problem::new(path, message, help));
    };
    for (at, approvals) in obligations.approvals.iter().enumerate() {
        let Approvals { group, .. } = approvals;
        if named_list(policy, group).is_some_and(|list| list.members.is_registry()) {
            let message = format!("nobody of `@{group}`, a registry, can approve a module's request");
            complain(below!(base, "approvals", at, "group"), message);
        }
    }
    for (at, name) in obligations.attestation.iter().enumerate() {
        let Some(set) = policy.attesters.get(name) else { continue };
        let lists = lists_of(policy, &set.members, name, base).unwrap_or_default();
        if lists.iter().any(|list| list.members.is_registry()) {
            let message = format!("nobody of `{name}`, a registry, can attest a module's request");
            complain(below!(base, "attestation", at), message);
        }
    }
}

struct Lowering<'a> {
    policy: &'a Policy,
    problems: &'a mut Vec<Problem>,
    asked: &'a mut Asked,
    /// The rule, in words.
    whose: &'a str,
}

impl Lowering<'_> {
    fn approvals(&mut self, approvals: &Approvals, path: &[PathSegment]) {
        let Approvals { group, at_least, initiator, owners } = approvals;
        let Some(list) = named_list(self.policy, group).filter(|_| self.policy.groups.contains_key(group)) else {
            return;
        };
        check_count(&list, *at_least, below!(path, "at_least"), self.problems);
        let mut flags = 0;
        if *initiator {
            flags |= INITIATOR_COUNTS;
        }
        if *owners {
            flags |= OWNERS_COUNT;
        }
        if self.asked.approvals.insert(list.members.clone(), (list, *at_least, flags)).is_some() {
            self.twice(below!(path, "group"), &format!("@{group}"));
        }
    }

    fn signatures(&mut self, signatures: Option<u8>, path: Vec<PathSegment>) {
        check_signatures(signatures, path, self.problems);
        self.asked.signatures = signatures.unwrap_or(0);
    }

    fn signers(&mut self, signers: &Signers, signatures: Option<u8>, path: &[PathSegment]) {
        let list = one_list(self.policy, &signers.list, &below!(path, "list"), self.whose, self.problems);
        let Some(list) = list else { return };
        check_count(&list, signers.at_least, below!(path, "at_least"), self.problems);
        check_reach(signers.at_least, signatures, below!(path, "at_least"), self.problems);
        let label = list.label.clone();
        if self.asked.signers.insert(list.members.clone(), (list, signers.at_least)).is_some() {
            self.twice(below!(path, "list"), &label);
        }
    }

    fn twice(&mut self, path: Vec<PathSegment>, name: &str) {
        let message = format!("the members of `{name}` are asked twice");
        self.problems.push(Problem::new(path, message, "ask them once, for the higher number"));
    }
}

/// Asking for none is asking for what is asked for anyway.
pub(crate) fn check_signatures(signatures: Option<u8>, path: Vec<PathSegment>, problems: &mut Vec<Problem>) {
    if signatures == Some(0) {
        let help = "write how many owners must sign, or leave `signatures` out for the account's threshold";
        problems.push(Problem::new(path, "no signatures are asked for", help));
    }
}

/// Beyond the account's threshold and what is asked for, signatures are not read.
pub(crate) fn check_reach(at_least: u8, signatures: Option<u8>, path: Vec<PathSegment>, problems: &mut Vec<Problem>) {
    if at_least > signatures.unwrap_or(1).max(1) {
        let message = format!("{at_least} named owners are asked for, and perhaps fewer signatures read");
        let help = format!("write `signatures = {at_least}` beside `signers`");
        problems.push(Problem::new(path, message, help));
    }
}

/// The one list of these members; none for a name that nothing defines.
pub(crate) fn one_list(
    policy: &Policy,
    members: &[AddressRef],
    path: &[PathSegment],
    whose: &str,
    problems: &mut Vec<Problem>,
) -> Option<List> {
    if members.is_empty() {
        problems.push(Problem::new(path.to_vec(), "nobody is named", "write at least one address or list"));
        return None;
    }
    check_repeats(path.to_vec(), members, problems);
    let mut lists = lists_of(policy, members, whose, path)?;
    if lists.len() > 1 {
        let help = "name addresses and inline lists, or one registry alone";
        problems.push(Problem::new(path.to_vec(), "those asked stand in several lists", help));
        return None;
    }
    lists.pop()
}

/// Nobody can be asked for more members than there are.
pub(crate) fn check_count(list: &List, at_least: u8, path: Vec<PathSegment>, problems: &mut Vec<Problem>) {
    if at_least == 0 {
        let help = "write how many are needed, at least 1, or leave the obligation out";
        problems.push(Problem::new(path, "nobody is asked for", help));
        return;
    }
    if let Roster::Addresses(members) = &list.members
        && usize::from(at_least) > members.len()
    {
        let (count, label) = (members.len(), &list.label);
        let message = format!("{at_least} of `{label}` are asked for, which has {count}");
        problems.push(Problem::new(path, message, format!("write at most {count}, or add members")));
    }
}
