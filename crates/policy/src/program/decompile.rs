//! From program to policy.

use std::collections::BTreeMap;

use super::{
    MAX_PROGRAM_BYTES, compile,
    emit::{ALLOW, MODULES},
    expand::{ERC20, ERC721, ERC1155},
    messages,
    obligations::{INITIATOR_COUNTS, OWNERS_COUNT},
    read::{self, Raw, RawAsked, RawLimit, RawRule},
    regroup::regroup,
    unlower::{Names, set_name},
};
use crate::{
    AddressRef, Amount, Approvals, Asset, AttesterSet, Cap, Control, Limit, Obligations, Outcome, Policy, Rule, Scope,
    Signers, Standard, Window,
};

/// Why bytes are not a program that this compiler writes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// More than a contract holds.
    #[error("the program takes {0} bytes, more than the {MAX_PROGRAM_BYTES} that a contract holds")]
    TooLarge(usize),
    /// A field reaches past the end.
    #[error("the bytes end within the field at offset {at}")]
    Short {
        /// Where the field starts.
        at: usize,
    },
    /// The header breaks the layout.
    #[error("the header is malformed at offset {at}")]
    Header {
        /// The field's offset.
        at: usize,
    },
    /// A limit breaks the layout.
    #[error("the limit at offset {at} is malformed")]
    Limit {
        /// The limit's offset.
        at: usize,
    },
    /// The directory and the entries do not fit together.
    #[error("the directory does not end where entries end")]
    Directory,
    /// An entry is for a rule that the header does not count.
    #[error("an entry is for rule {rule}, which does not exist")]
    Entry {
        /// The rule's index.
        rule: usize,
    },
    /// A condition breaks the layout.
    #[error("the condition at offset {at} is malformed")]
    Body {
        /// The condition's offset.
        at: usize,
    },
    /// A list breaks the layout.
    #[error("the list at offset {at} is malformed")]
    List {
        /// The list's offset.
        at: usize,
    },
    /// No conditions expand to exactly this rule's keys.
    #[error("no conditions have exactly the keys of rule {rule}")]
    Keys {
        /// The rule's index.
        rule: usize,
    },
    /// No table of conditions gives this rule's conditions.
    #[error("no document has the conditions of rule {rule}")]
    Conditions {
        /// The rule's index.
        rule: usize,
    },
    /// The policy that the bytes describe does not compile.
    #[error("what the bytes describe is not a policy: {0}")]
    NotAPolicy(String),
    /// The policy that the bytes describe compiles to other bytes.
    #[error("the program is not canonical: it recompiles to other bytes from offset {at}")]
    NotCanonical {
        /// The first byte that differs.
        at: usize,
    },
}

/// Whether the bytes recompile to themselves. Nothing else may be reviewed, planned or staged: a crafted
/// index could hide a rule that decompiling shows.
///
/// # Errors
/// [`Malformed`].
pub fn verify_canonical(program: &[u8]) -> Result<(), Malformed> {
    decompile(program).map(drop)
}

/// The policy that compiles to exactly these bytes.
///
/// What a program does not hold is generated: names other than limit ids, assets without decimals with
/// amounts in base units, an unknown account, no change delay.
///
/// # Errors
/// [`Malformed`] for every other sequence of bytes.
pub fn decompile(program: &[u8]) -> Result<Policy, Malformed> {
    if program.len() > MAX_PROGRAM_BYTES {
        return Err(Malformed::TooLarge(program.len()));
    }
    let raw = read::read(program)?;
    let policy = policy(&raw)?;
    let again = compile(&policy).map_err(|error| Malformed::NotAPolicy(error.to_string()))?.program;
    if again == program {
        return Ok(policy);
    }
    let same = program.iter().zip(&again).take_while(|(old, new)| old == new).count();
    Err(Malformed::NotCanonical { at: same })
}

fn policy(raw: &Raw) -> Result<Policy, Malformed> {
    let mut names = Names::new(raw);
    let control = Control {
        change_delay: None,
        announcement_expiry: (raw.expiry > 0).then_some(raw.expiry),
        announcers: raw.announcers.as_ref().map(|list| names.group(list)),
        cancellers: raw.cancellers.as_ref().map(|list| names.group(list)),
        guardians: raw.guardians.as_ref().map(|list| names.group(list)),
    };
    let mut attesters = BTreeMap::new();
    for (number, (list, at_least)) in (0..).zip(&raw.attesters) {
        let members = vec![AddressRef::Named(names.group(list))];
        attesters.insert(set_name(number), AttesterSet { members, at_least: *at_least });
    }
    // Who approves is a group even where conditions name the same members first.
    for asked in raw.rules.iter().flat_map(|rule| &rule.asked) {
        if let RawAsked::Approvals { list, .. } = asked {
            names.group(list);
        }
    }
    let messages = messages::unlower(&mut names, &raw.messages);
    let limits = raw.limits.iter().map(|one| limit(&names, one)).collect::<Result<_, _>>()?;
    let rules = (0..).zip(&raw.rules).map(|(at, one)| rule(&mut names, at, one, raw)).collect::<Result<_, _>>()?;
    let mut assets = BTreeMap::new();
    for (address, name) in &names.assets {
        let standard = match raw.tokens.get(address) {
            None => Standard::Native,
            Some(&ERC20) => Standard::Erc20(*address),
            Some(&ERC721) => Standard::Erc721(*address),
            Some(&ERC1155) => Standard::Erc1155(*address),
            Some(other) => return Err(Malformed::NotAPolicy(format!("no token has standard {other}"))),
        };
        assets.insert(name.clone(), Asset { standard, decimals: 0 });
    }
    Ok(Policy {
        name: "decompiled".to_owned(),
        account: None,
        semantics: raw.semantics,
        control,
        assets,
        groups: names.groups,
        lists: names.lists,
        attesters,
        facts: names.facts,
        limits,
        rules,
        messages,
    })
}

fn limit(names: &Names<'_>, limit: &RawLimit) -> Result<(String, Limit), Malformed> {
    let malformed = |what: &str| Malformed::NotAPolicy(format!("limit `{}`: {what}", limit.id));
    let window = match limit.window {
        0 => Window::Transaction,
        1 => Window::Day,
        2 => Window::Week,
        3 => Window::Month,
        // The window's length is only kept as an eighth, rounded up; lanes too long for 32 bits of seconds
        // are those of the longest duration.
        4 => Window::Rolling(limit.lane.saturating_mul(8)),
        _ => return Err(malformed("its window is unknown")),
    };
    let cap = match limit.asset {
        None => Cap::Count(u64::try_from(limit.cap).map_err(|_| malformed("it counts too many requests"))?),
        Some(asset) => {
            let asset = names.assets.get(&asset).ok_or_else(|| malformed("its asset is not declared"))?.clone();
            Cap::Amount { asset, amount: Amount::from_base_units(limit.cap) }
        }
    };
    let scope = Scope::ALL.get(usize::from(limit.scope)).copied().ok_or_else(|| malformed("its scope is unknown"))?;
    Ok((limit.id.clone(), Limit { cap, window, scope, everywhere: limit.everywhere, meters: limit.meters }))
}

fn rule(names: &mut Names<'_>, at: usize, raw: &RawRule, all: &Raw) -> Result<Rule, Malformed> {
    let (allow, modules) = (raw.outcome & ALLOW != 0, raw.outcome & MODULES != 0);
    let keys = raw.keys.iter().copied().collect();
    let shape = regroup(&keys, &all.tokens, &raw.conditions, allow).ok_or(Malformed::Keys { rule: at })?;
    let when = names.when(&shape, allow, modules, &raw.conditions).ok_or(Malformed::Conditions { rule: at })?;
    let limits = raw.limits.iter().map(|index| all.limits.get(usize::from(*index)).map(|limit| limit.id.clone()));
    let limits = limits.collect::<Option<Vec<_>>>();
    let limits = limits.ok_or_else(|| Malformed::NotAPolicy(format!("rule {at} names a limit that does not exist")))?;
    let then = if allow {
        let obligations = obligations(names, &raw.asked);
        Outcome::Allow { limits, delay: (raw.delay > 0).then_some(raw.delay), obligations }
    } else {
        Outcome::Deny
    };
    let id = format!("rule-{}", at.saturating_add(1));
    Ok(Rule { id, name: None, owner: None, updated_at: None, priority: 0, when, then })
}

fn obligations(names: &mut Names<'_>, all: &[RawAsked]) -> Obligations {
    let mut obligations = Obligations::default();
    for asked in all {
        match asked {
            RawAsked::Approvals { list, at_least, flags } => obligations.approvals.push(Approvals {
                group: names.group(list),
                at_least: *at_least,
                initiator: flags & INITIATOR_COUNTS != 0,
                owners: flags & OWNERS_COUNT != 0,
            }),
            RawAsked::Signatures(count) => obligations.signatures = Some(*count),
            RawAsked::Signers(list, at_least) => {
                obligations.signers.push(Signers { list: vec![names.list(list)], at_least: *at_least });
            }
            RawAsked::Attestation(set) => obligations.attestation.push(set_name(*set)),
            RawAsked::Notify(channel) => obligations.notify.push(channel.clone()),
        }
    }
    obligations
}
