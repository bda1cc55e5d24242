//! Names: well formed, unique, defined.

use std::collections::BTreeSet;

use super::written::groups;
use crate::{
    AddressRef, CallTarget, MessageOutcome, Origin, Outcome, PathSegment, Policy, Problem, Target, When, WordTest,
    diagnostics::{below, steps},
};

/// Longest rule id, group, list and asset name.
const MAX_NAME: usize = 64;
/// Longest limit id, and channel: each is one zero-padded word of the program.
const MAX_LIMIT_ID: usize = 31;

/// Every name that is malformed, defined twice or not defined.
pub(crate) fn check(policy: &Policy) -> Vec<Problem> {
    let mut found = Vec::new();
    let sets = [("assets", policy.assets.keys().collect::<Vec<_>>(), MAX_NAME)];
    let sets = sets.into_iter().chain([
        ("groups", policy.groups.keys().collect(), MAX_NAME),
        ("lists", policy.lists.keys().collect(), MAX_NAME),
        ("attesters", policy.attesters.keys().collect(), MAX_NAME),
        ("facts", policy.facts.keys().collect(), MAX_NAME),
        ("limits", policy.limits.keys().collect(), MAX_LIMIT_ID),
    ]);
    for (table, names, longest) in sets {
        for name in names {
            if let Some(help) = malformed(name, longest) {
                found.push(Problem::new(steps![table, name], format!("`{name}` is not a name"), help).on_key());
            }
        }
    }
    for word in ["account", "owners", "unknown"] {
        if policy.assets.contains_key(word) {
            let help = "the word has a meaning of its own: choose another name";
            found.push(
                Problem::new(steps!["assets", word], format!("an asset cannot be named `{word}`"), help).on_key(),
            );
        }
    }
    for name in policy.lists.keys().filter(|name| policy.groups.contains_key(*name)) {
        let message = format!("`{name}` is a group and a list");
        found.push(Problem::new(steps!["lists", name], message, "rename one: `@` names both").on_key());
    }
    let control = &policy.control;
    for (key, group) in
        [("announcers", &control.announcers), ("cancellers", &control.cancellers), ("guardians", &control.guardians)]
    {
        if let Some(name) = group {
            undefined_group(policy, steps!["control", key], name, &mut found);
        }
    }
    for (name, set) in &policy.attesters {
        check_refs(policy, &set.members, steps!["attesters", name, "members"].as_slice(), &mut found);
    }
    for (name, fact) in &policy.facts {
        undefined_set(policy, steps!["facts", name, "attesters"], &fact.attesters, &mut found);
    }
    for (id, limit) in &policy.limits {
        if let Some(asset) = limit.asset().filter(|asset| !policy.assets.contains_key(*asset)) {
            found.push(undefined_asset(policy, steps!["limits", id, "asset"], asset));
        }
    }
    let mut ids = BTreeSet::new();
    for (index, rule) in policy.rules.iter().enumerate() {
        if let Some(help) = malformed(&rule.id, MAX_NAME) {
            found.push(Problem::new(steps!["rules", index, "id"], format!("`{}` is not a name", rule.id), help));
        }
        if !ids.insert(&rule.id) {
            let message = format!("another rule has the id `{}`", rule.id);
            found.push(Problem::new(steps!["rules", index, "id"], message, "give every rule an id of its own"));
        }
        check_rule(policy, index, &mut found);
    }
    check_messages(policy, &mut found);
    found
}

fn check_messages(policy: &Policy, found: &mut Vec<Problem>) {
    let mut ids = BTreeSet::new();
    for (index, rule) in policy.messages.iter().enumerate() {
        if let Some(help) = malformed(&rule.id, MAX_NAME) {
            found.push(Problem::new(steps!["messages", index, "id"], format!("`{}` is not a name", rule.id), help));
        }
        if !ids.insert(&rule.id) {
            let message = format!("another message rule has the id `{}`", rule.id);
            let help = "give every message rule an id of its own";
            found.push(Problem::new(steps!["messages", index, "id"], message, help));
        }
        if let MessageOutcome::Allow { signers: Some(signers), .. } = &rule.then {
            check_refs(policy, &signers.list, steps!["messages", index, "then", "signers", "list"].as_slice(), found);
        }
    }
}

fn check_rule(policy: &Policy, index: usize, found: &mut Vec<Problem>) {
    let Some(rule) = policy.rules.get(index) else { return };
    check_table(policy, &rule.when, steps!["rules", index, "when"].as_slice(), found);
    for name in rule.when.facts.keys().filter(|name| !policy.facts.contains_key(*name)) {
        let path = steps!["rules", index, "when", "facts", name];
        let help = define(name, policy.facts.keys(), "facts", "");
        found.push(Problem::new(path, format!("no fact is named `{name}`"), help).on_key());
    }
    let Outcome::Allow { limits, obligations, .. } = &rule.then else { return };
    let then = steps!["rules", index, "then"];
    for (at, name) in limits.iter().enumerate() {
        undefined_limit(policy, below!(then, "limits", at), name, found);
    }
    for (at, one) in obligations.approvals.iter().enumerate() {
        undefined_group(policy, below!(then, "approvals", at, "group"), &one.group, found);
    }
    for (at, one) in obligations.signers.iter().enumerate() {
        check_refs(policy, &one.list, &below!(then, "signers", at, "list"), found);
    }
    for (at, name) in obligations.attestation.iter().enumerate() {
        undefined_set(policy, below!(then, "attestation", at), name, found);
    }
}

fn undefined_set(policy: &Policy, path: Vec<PathSegment>, name: &str, found: &mut Vec<Problem>) {
    if !policy.attesters.contains_key(name) {
        let help = define(name, policy.attesters.keys(), "attesters", "");
        found.push(Problem::new(path, format!("no attester set is named `{name}`"), help));
    }
}

fn check_table(policy: &Policy, when: &When, base: &[PathSegment], found: &mut Vec<Problem>) {
    let origin = match &when.origin {
        Origin::Owners => None,
        Origin::Modules(modules) => Some(modules),
    };
    let lists = [("origin", origin), ("initiator", when.initiator.as_ref()), ("recipient", when.recipient.as_ref())];
    let mut refs: Vec<_> = lists.into_iter().map(|(key, members)| (steps![key], members)).collect();
    for (number, word) in when.word.iter().enumerate() {
        if let WordTest::In(members) = &word.test {
            refs.push((steps!["word", number, "in"], Some(members)));
        }
    }
    for (path, members) in refs {
        check_refs(policy, members.map_or(&[], Vec::as_slice), &[base, &path].concat(), found);
    }
    for (number, target) in when.target.iter().flatten().enumerate() {
        let path = below!(base, "target", number);
        match target {
            Target::Named(name) => undefined_list(policy, path, name, found),
            Target::Asset(name) if !policy.assets.contains_key(name) => {
                found.push(undefined_asset(policy, path, name));
            }
            _ => {}
        }
    }
    for (number, name) in when.asset.iter().flatten().enumerate() {
        if !policy.assets.contains_key(name) {
            found.push(undefined_asset(policy, below!(base, "asset", number), name));
        }
    }
    for (number, call) in when.static_call.iter().enumerate() {
        if let CallTarget::Asset(name) = &call.target
            && !policy.assets.contains_key(name)
        {
            found.push(undefined_asset(policy, below!(base, "static_call", number, "target"), name));
        }
    }
    if let Some(name) = &when.within {
        undefined_limit(policy, below!(base, "within"), name, found);
    }
    for (path, table) in groups(when) {
        check_table(policy, table, &[base, &path].concat(), found);
    }
}

fn check_refs(policy: &Policy, members: &[AddressRef], path: &[PathSegment], found: &mut Vec<Problem>) {
    for (number, member) in members.iter().enumerate() {
        if let AddressRef::Named(name) = member {
            undefined_list(policy, below!(path, number), name, found);
        }
    }
}

fn undefined_group(policy: &Policy, path: Vec<PathSegment>, name: &str, found: &mut Vec<Problem>) {
    if !policy.groups.contains_key(name) {
        let help = if policy.lists.contains_key(name) {
            format!("`{name}` is a list: move it to `groups`")
        } else {
            define(name, policy.groups.keys(), "groups", "@")
        };
        found.push(Problem::new(path, format!("no group is named `@{name}`"), help));
    }
}

fn undefined_limit(policy: &Policy, path: Vec<PathSegment>, name: &str, found: &mut Vec<Problem>) {
    if !policy.limits.contains_key(name) {
        let help = define(name, policy.limits.keys(), "limits", "");
        found.push(Problem::new(path, format!("no limit is named `{name}`"), help));
    }
}

fn undefined_asset(policy: &Policy, path: Vec<PathSegment>, name: &str) -> Problem {
    let help = if policy.lists.contains_key(name) || policy.groups.contains_key(name) {
        format!("write `@{name}` for the list")
    } else {
        define(name, policy.assets.keys(), "assets", "")
    };
    Problem::new(path, format!("no asset is named `{name}`"), help)
}

fn undefined_list(policy: &Policy, path: Vec<PathSegment>, name: &str, found: &mut Vec<Problem>) {
    if !policy.lists.contains_key(name) && !policy.groups.contains_key(name) {
        let help = define(name, policy.lists.keys().chain(policy.groups.keys()), "lists", "@");
        found.push(Problem::new(path, format!("no list or group is named `@{name}`"), help));
    }
}

fn define<'a>(name: &str, known: impl Iterator<Item = &'a String>, table: &str, sign: &str) -> String {
    match nearest(name, known.map(String::as_str)) {
        Some(near) => format!("did you mean `{sign}{near}`? otherwise define `{name}` in `{table}`"),
        None => format!("define `{name}` in `{table}`"),
    }
}

/// The known word that the writer most likely meant.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase();
    let most = word.chars().count().div_ceil(3).min(3);
    known
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// What a channel must be called, if not like this.
pub(crate) fn channel_help(name: &str) -> Option<String> {
    malformed(name, MAX_LIMIT_ID)
}

/// What a name must look like, if this one does not.
fn malformed(name: &str, longest: usize) -> Option<String> {
    let starts = name.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic());
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let fits = starts && plain && name.len() <= longest;
    (!fits).then(|| format!("start with a letter and use at most {longest} letters, digits, `-` and `_`"))
}
