//! What a policy lets everybody do with a Safe within a day and a week, and how much of that the chain confirms.

use super::ANYBODY;
use super::drain::{Taken, Taker, drain};
use super::ledger::Forked;
use alloy_primitives::{Address, B256, U256, keccak256};
use eyre::{Result, WrapErr, bail};
use portcullis_chain::{Ledger, read};
use portcullis_policy::{Account, Chain, Moves, Policy, Reach, compile, decompile, most_within, reaches};
use portcullis_simulate::{Fork, Pinned};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;

/// The table, and what it is about.
#[derive(Debug, Serialize)]
pub(crate) struct Audit {
    pub(crate) safe: Address,
    pub(crate) safe_version: &'static str,
    pub(crate) owners: Vec<Address>,
    pub(crate) threshold: U256,
    pub(crate) chain_id: u64,
    pub(crate) block_number: u64,
    pub(crate) block_hash: B256,
    pub(crate) program: B256,
    pub(crate) policy: String,
    /// Seconds before the owners' change of the policy matures.
    pub(crate) change_delay: u32,
    pub(crate) rows: Vec<Row>,
    /// What each key can do by itself.
    pub(crate) keys: Vec<Key>,
}

/// What one kind of subject can do with one asset.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) by_module: bool,
    /// Modules, or those who call `execTransaction`; empty for everybody whom the policy does not name.
    pub(crate) who: Vec<Address>,
    /// Whether the modules are enabled on the Safe.
    pub(crate) enabled: bool,
    pub(crate) what: &'static str,
    /// By its name in the policy.
    pub(crate) asset: Option<String>,
    #[serde(skip)]
    pub(crate) decimals: u8,
    pub(crate) address: Option<Address>,
    /// The most in any day and week, in base units.
    pub(crate) day: Most,
    pub(crate) week: Most,
    /// What the chain let through of it in the day and week after the block; none where it was not tried.
    pub(crate) reached_day: Option<U256>,
    pub(crate) reached_week: Option<U256>,
    pub(crate) rules: BTreeSet<String>,
    pub(crate) limits: BTreeSet<String>,
    /// What has to come before, in words.
    pub(crate) needs: BTreeSet<String>,
    /// The requests that reach it, in order.
    pub(crate) taken: Vec<Taken>,
    /// Why no more was let through.
    pub(crate) stopped: BTreeSet<String>,
}

/// An upper bound in base units, or that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Most {
    AtMost(U256),
    Unbounded,
}

/// A single key.
#[derive(Debug, Serialize)]
pub(crate) struct Key {
    pub(crate) address: Address,
    pub(crate) can: String,
}

impl From<Option<U256>> for Most {
    fn from(most: Option<U256>) -> Self {
        most.map_or(Self::Unbounded, Self::AtMost)
    }
}

impl Audit {
    /// The hash of everything found.
    pub(crate) fn hash(&self) -> Result<B256> {
        Ok(keccak256(serde_json::to_vec(self).wrap_err("the audit does not fit in JSON")?))
    }
}

/// Audits a Safe on what is known of a block, under the names of a policy where one is given, which has to be the one
/// on the chain.
pub(crate) fn audit(pinned: &Pinned, safe: Address, named: Option<Policy>) -> Result<(Audit, Policy)> {
    let audited = audit_known(pinned, safe, named);
    pinned.complete()?;
    audited
}

fn audit_known(pinned: &Pinned, safe: Address, named: Option<Policy>) -> Result<(Audit, Policy)> {
    let ledger = Forked(Fork::new(pinned, pinned.block().timestamp.saturating_add(1)));
    let info = read::safe(&ledger, safe)?;
    let hook = super::guard(&ledger, &info, None)?;
    let kept = read::account(&ledger, hook, safe)?;
    let active = ledger.code(kept.program, None)?;
    let mut policy = match named {
        Some(policy) => policy,
        None => {
            let mut policy = decompile(&active).wrap_err("the program on the chain does not read back as a policy")?;
            // The account keeps it, not the program.
            policy.control.change_delay = Some(kept.changeDelay);
            policy
        }
    };
    let compiled = compile(&policy)?;
    if compiled.program != active {
        bail!("the policy is not the one on the chain: the Safe is under program {}", keccak256(&active));
    }
    let told = policy.clone();
    // Of the account only the address counts.
    let [chain, ..] = Chain::ALL;
    policy.account = Some(Account { chain, address: safe });
    let all = reaches(&policy)?;
    let names = &compiled.source_map;
    let mut rows = Vec::new();
    for ((by_module, who, moves), reaches) in grouped(&all) {
        let enabled: Vec<Address> = info.modules.iter().copied().filter(|module| is_of(*module, &who, &all)).collect();
        if by_module && who.is_empty() && enabled.is_empty() {
            // Nobody but a module that is yet to be enabled.
            continue;
        }
        let asset = names.assets.iter().find(|asset| Some(asset.address) == moved(moves));
        let mut row = Row {
            by_module,
            who: if by_module && who.is_empty() { enabled.clone() } else { who.clone() },
            enabled: !by_module || !enabled.is_empty(),
            what: what(moves),
            asset: asset.map(|asset| asset.name.clone()),
            decimals: asset.map_or(0, |asset| asset.decimals),
            address: moved(moves),
            day: bound(moves, &reaches, DAY),
            week: bound(moves, &reaches, WEEK),
            reached_day: None,
            reached_week: None,
            rules: reaches.iter().map(|reach| reach.rule.clone()).collect(),
            limits: reaches.iter().flat_map(|reach| &reach.counted).map(|one| one.id.clone()).collect(),
            needs: needs(&reaches),
            taken: Vec::new(),
            stopped: BTreeSet::new(),
        };
        let tried = matches!(moves, Moves::Asset(_) | Moves::Allowance(_)) && row.enabled;
        if tried {
            let module = if by_module { enabled.first().copied() } else { None };
            let taker = Taker { safe, module, policy: &policy, names };
            let drained = drain(pinned, taker, &reaches)?;
            (row.reached_day, row.reached_week) = (Some(drained.day), Some(drained.week));
            (row.taken, row.stopped) = (drained.taken, drained.stopped);
            for (most, reached) in [(row.day, drained.day), (row.week, drained.week)] {
                if matches!(most, Most::AtMost(most) if reached > most) {
                    bail!("the chain lets through more than the policy's bound: report this ({:?})", row.rules);
                }
            }
        }
        rows.push(row);
    }
    let keys = keys(&ledger, &info)?;
    let block = pinned.block();
    let audit = Audit {
        safe,
        safe_version: info.version.as_str(),
        owners: info.owners,
        threshold: info.threshold,
        chain_id: pinned.chain_id(),
        block_number: block.number,
        block_hash: block.hash,
        program: keccak256(&active),
        policy: names.policy.clone(),
        change_delay: kept.changeDelay,
        rows,
        keys,
    };
    Ok((audit, told))
}

/// Whether the rules about these are those about the module.
fn is_of(module: Address, who: &[Address], all: &[Reach]) -> bool {
    let is_named = all.iter().any(|reach| reach.by_module && reach.who.contains(&module));
    if who.is_empty() { !is_named } else { who.contains(&module) }
}

type Grouped<'a> = BTreeMap<(bool, Vec<Address>, Moves), Vec<&'a Reach>>;

fn grouped(all: &[Reach]) -> Grouped<'_> {
    let mut groups = Grouped::new();
    for reach in all {
        groups.entry((reach.by_module, reach.who.clone(), reach.moves)).or_default().push(reach);
    }
    groups
}

fn bound(moves: Moves, reaches: &[&Reach], seconds: u64) -> Most {
    match moves {
        Moves::Asset(_) | Moves::Allowance(_) => most_within(reaches, seconds).into(),
        // What such calls do, no limit counts.
        Moves::Opaque(_) | Moves::Calls | Moves::Delegatecalls => Most::Unbounded,
    }
}

const fn what(moves: Moves) -> &'static str {
    match moves {
        Moves::Asset(_) => "leaves",
        Moves::Allowance(_) => "allowance",
        Moves::Opaque(_) => "opaque calls",
        Moves::Calls => "other calls",
        Moves::Delegatecalls => "delegatecalls",
    }
}

const fn moved(moves: Moves) -> Option<Address> {
    match moves {
        Moves::Asset(asset) | Moves::Allowance(asset) | Moves::Opaque(asset) => Some(asset),
        Moves::Calls | Moves::Delegatecalls => None,
    }
}

fn needs(reaches: &[&Reach]) -> BTreeSet<String> {
    let mut needs = BTreeSet::new();
    for reach in reaches {
        if reach.delay > 0 {
            let delay = crate::units::duration(reach.delay.into());
            needs.insert(format!("{}: announced {delay} before", reach.rule));
        }
        if reach.asks {
            needs.insert(format!("{}: approvals, signers or attesters", reach.rule));
        }
        let assumed = reach.witness.as_ref().is_some_and(|one| {
            let listed = one.listed.values().any(|listed| *listed);
            listed || !one.answers.is_empty() || !one.facts.is_empty()
        });
        if assumed {
            needs.insert(format!("{}: answers of registries, contracts or attesters", reach.rule));
        }
    }
    needs
}

fn keys(ledger: &Forked<'_>, info: &read::SafeInfo) -> Result<Vec<Key>> {
    let mut keys = Vec::new();
    let (threshold, count) = (info.threshold, info.owners.len());
    for owner in &info.owners {
        let can = if threshold <= U256::ONE {
            "everything that the owners can".to_owned()
        } else {
            format!("nothing by itself: {threshold} of {count} owners have to sign")
        };
        keys.push(Key { address: *owner, can });
    }
    for module in &info.modules {
        if ledger.code(*module, None)?.is_empty() {
            keys.push(Key { address: *module, can: "everything that this module can: it is a key".to_owned() });
        }
    }
    keys.push(Key {
        address: ANYBODY,
        can: "nothing but to call what owners have signed (stands for anybody)".to_owned(),
    });
    Ok(keys)
}
