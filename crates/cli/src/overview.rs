//! What is installed on a Safe, who can do what, how far limits are used, and what waits.

use crate::config::{Sending, Settings};
use crate::fork::{self, Forked};
use crate::policy_file::{self, PolicyFile};
use crate::{units, words};
use alloy_primitives::{Address, B256, Log, U256, keccak256};
use alloy_sol_types::SolEvent;
use eyre::{Result, WrapErr, eyre};
use portcullis_bindings::IPolicyHook;
use portcullis_chain::{Ledger, LedgerState, deploy};
use portcullis_eval::{Action, Keyed, Reason, Request, announcement_slot, evaluate, limits};
use portcullis_operate::Error;
use portcullis_operate::account::{Account, Change};
use portcullis_operate::plan::Block;
use portcullis_policy::{Control, Members, Policy, SourceMap, compile, decompile};
use portcullis_simulate::{Fork, Pinned, Wanted};
use serde_json::{Value, json};

/// The high bits of an announcement's word, which are the account; the low ones are when it was made.
const ACCOUNT: usize = 160;

/// A Safe as of one block.
#[derive(Debug)]
pub(crate) struct Overview {
    pub(crate) block: Block,
    pub(crate) account: Account,
    /// Of the active program; none while there is none.
    pub(crate) policy: Option<Policy>,
    limits: Vec<Limit>,
    announced: Option<Vec<Announced>>,
    /// In what the chain differs from the file; none where no file is named.
    pub(crate) drift: Option<Vec<String>>,
    /// How often something was asked of the node and waited for.
    trips: u32,
}

#[derive(Debug)]
struct Limit {
    id: String,
    unit: String,
    decimals: u8,
    cap: U256,
    keyed: Keyed,
    remaining: Option<U256>,
    frees_at: Option<u64>,
}

#[derive(Debug)]
struct Announced {
    id: B256,
    announcer: Address,
    origin: Option<Address>,
    actions: usize,
    made: u64,
    expires: Option<u64>,
    stands: String,
}

impl Overview {
    /// Reads it all, in as few round trips as it takes: the block and what was announced; the Safe and the program; the
    /// words of the program's limits.
    pub(crate) fn read(settings: &Settings) -> Result<Self> {
        let file = settings.policy.as_deref().map(policy_file::load).transpose()?;
        let expected = settings.expected_chain()?;
        let safe = settings.safe(expected.unwrap_or_default())?;
        let wanted = file.as_ref().map(|file| deploy::program_at(&file.compiled.program)).transpose()?;
        let more: Vec<Address> = wanted.iter().map(|program| program.address).collect();
        let (pinned, logs) = fork::survey(settings, safe, &more)?;
        if let Some(expected) = expected.filter(|expected| *expected != pinned.chain_id()) {
            return Err(Error::OtherChain { found: pinned.chain_id(), expected }.into());
        }
        let seen = Self::of(&pinned, safe, settings, file.as_ref(), logs);
        pinned.complete().map_err(|unread| eyre!("{unread}"))?;
        seen
    }

    fn of(
        pinned: &Pinned,
        safe: Address,
        settings: &Settings,
        file: Option<&PolicyFile>,
        logs: Option<Vec<Log>>,
    ) -> Result<Self> {
        let now = pinned.block().timestamp;
        let ledger = Forked(Fork::new(pinned, now));
        let account = Account::read(&ledger, safe)?;
        let active = match account.kept.program {
            Some((at, _)) => ledger.code(at, None)?,
            None => alloy_primitives::Bytes::new(),
        };
        let metered = limits(&active, safe);
        let hook = deploy::hook_at();
        let slots = metered.iter().filter(|limit| limit.keyed() == Keyed::Account);
        let slots = slots.filter_map(|limit| Some((hook, B256::from(limit.slot(Address::ZERO)?))));
        pinned.prefetch(&Wanted { words: slots.collect(), ..Wanted::default() }).map_err(|unread| eyre!("{unread}"))?;

        let (policy, names) = if active.is_empty() {
            (None, None)
        } else {
            let (policy, names) = named(settings, file, &active)?;
            (Some(policy), Some(names))
        };
        let state = LedgerState::new(&ledger, hook, None);
        let mut used = Vec::new();
        for (index, limit) in metered.iter().enumerate() {
            let name = names.as_ref().and_then(|names| names.limits.get(index));
            let usage = match limit.keyed() {
                Keyed::Account => limit.usage(Address::ZERO, &state, now)?,
                Keyed::Recipient | Keyed::Initiator => None,
            };
            used.push(Limit {
                id: name.map_or_else(|| limit.id().to_string(), |name| name.id.clone()),
                unit: name.map_or_else(String::new, |name| name.asset.clone()),
                decimals: name.map_or(0, |name| name.decimals),
                cap: limit.cap(),
                keyed: limit.keyed(),
                remaining: usage.map(|usage| usage.remaining),
                frees_at: usage.and_then(|usage| usage.frees_at),
            });
        }
        let expiry = policy.as_ref().and_then(|policy| policy.control.announcement_expiry);
        let mut announced = None;
        if let (Some(logs), Some(names)) = (logs, &names) {
            let mut live = Vec::new();
            for log in logs {
                live.extend(announcement(&ledger, &active, names, safe, &log, expiry, now)?);
            }
            announced = Some(live);
        }
        let block = pinned.block();
        let block = Block { number: block.number, hash: block.hash, timestamp: block.timestamp };
        let drift = file.map(|file| drift(&account, file, now)).transpose()?;
        Ok(Self { block, account, policy, limits: used, announced, drift, trips: pinned.reads().trips })
    }

    /// Headings, and what stands under each.
    pub(crate) fn sections(&self) -> Vec<(&'static str, Vec<String>)> {
        let (safe, kept) = (&self.account.safe, &self.account.kept);
        let now = self.block.timestamp;
        let mut sections = vec![(
            "Safe",
            vec![
                format!("{} (version {}) on chain {}", safe.address, safe.version, self.account.chain_id),
                format!("block {} {}, {}", self.block.number, self.block.hash, units::time(now)),
            ],
        )];
        let program = match kept.program {
            None => vec!["none: nothing is enforced".to_owned()],
            Some((at, hash)) => vec![
                format!("{hash}, at {at}"),
                format!("change delay {}", units::duration(u64::from(kept.change_delay))),
            ],
        };
        sections.push(("Program", program));
        if let Some(drift) = &self.drift {
            let agrees = vec!["file and chain agree".to_owned()];
            sections.push(("Policy file", if drift.is_empty() { agrees } else { drift.clone() }));
        }
        if let (Some(staged), Some((matures, expires))) = (&kept.staged, kept.window()) {
            let what = match &staged.what {
                Change::Program { code_hash, change_delay, .. } => {
                    format!("program {code_hash}, change delay {}", units::duration(u64::from(*change_delay)))
                }
                Change::Slots { digest } => format!("a change of guards or handler, digest {digest}"),
            };
            let when = if now < matures {
                format!("can be carried out from {} on, in {}", units::time(matures), left(now, matures))
            } else if now < expires {
                format!("can be carried out until {}, for {}", units::time(expires), left(now, expires))
            } else {
                "has expired".to_owned()
            };
            sections.push(("Staged", vec![what, when]));
        }
        if let Some((guardian, ends)) = kept.frozen {
            let ends = ends.map_or("its end is not started".to_owned(), |ends| {
                format!("can end from {} on, in {}", units::time(ends), left(now, ends))
            });
            sections.push(("Frozen", vec![format!("by {guardian}; {ends}")]));
        }
        sections.push(("Who can do what", self.roles()));
        if kept.program.is_some() {
            let lines = self.limits.iter().map(|limit| limit.text(now)).collect();
            sections.push(("Limits", or_none(lines)));
            let unknown = || vec!["unknown: the node gives no past events".to_owned()];
            let lines = |live: &Vec<Announced>| or_none(live.iter().map(|one| one.text(now)).collect());
            sections.push(("Announced", self.announced.as_ref().map_or_else(unknown, lines)));
        }
        sections
    }

    fn roles(&self) -> Vec<String> {
        let safe = &self.account.safe;
        let list = |who: &[Address]| who.iter().map(Address::to_string).collect::<Vec<_>>().join(", ");
        let mut roles = vec![format!("{} of these own the Safe: {}", safe.threshold, list(&safe.owners))];
        if !safe.modules.is_empty() {
            let how = match (self.account.kept.program.is_some(), safe.version.has_module_guard()) {
                (true, true) => "modules, under the policy",
                _ => "modules, which no policy holds",
            };
            roles.push(format!("{how}: {}", list(&safe.modules)));
        }
        let hook = deploy::hook_at();
        for (name, guard) in [("guard", safe.guard), ("module guard", safe.module_guard)] {
            if guard == hook {
                roles.push(format!("{name}: Portcullis, at {hook}"));
            } else if guard != Address::ZERO {
                roles.push(format!("{name}: {guard}, which is not Portcullis"));
            }
        }
        let handler = if safe.handler == deploy::handler_at() { ", the policy's signature handler" } else { "" };
        roles.push(format!("answers for what the Safe signs: {}{handler}", safe.handler));
        let Some(policy) = &self.policy else {
            return roles;
        };
        let Control { announcers, cancellers, guardians, .. } = &policy.control;
        for (may, group) in [("may freeze", guardians), ("may announce", announcers), ("may cancel", cancellers)] {
            if let Some(group) = group {
                roles.push(format!("{may}: @{group}"));
            }
        }
        for (name, members) in &policy.groups {
            roles.push(match members {
                Members::Addresses(addresses) => format!("@{name}: {}", list(addresses)),
                Members::Registry(registry) => format!("@{name}: whoever the registry {} lists", registry.address),
            });
        }
        roles
    }

    /// For machines.
    pub(crate) fn json(&self) -> Value {
        let limit = |limit: &Limit| {
            json!({
                "id": limit.id, "asset": limit.unit, "cap": limit.cap.to_string(),
                "per": match limit.keyed { Keyed::Account => "account", Keyed::Recipient => "recipient", Keyed::Initiator => "initiator" },
                "remaining": limit.remaining.map(|left| left.to_string()), "frees_at": limit.frees_at,
            })
        };
        let announced = |one: &Announced| {
            json!({
                "id": one.id, "announcer": one.announcer, "origin": one.origin, "actions": one.actions,
                "made_at": one.made, "expires_at": one.expires, "stands": one.stands,
            })
        };
        json!({
            "chain_id": self.account.chain_id, "block": self.block, "safe": self.account.safe, "hook": deploy::hook_at(),
            "kept": self.account.kept, "staged_window": self.account.kept.window(),
            "limits": self.limits.iter().map(limit).collect::<Vec<_>>(),
            "announced": self.announced.as_ref().map(|live| live.iter().map(announced).collect::<Vec<_>>()),
            "drift": self.drift, "trips": self.trips,
        })
    }
}

impl Limit {
    fn text(&self, now: u64) -> String {
        let amount = |value| {
            if self.unit == "requests" { format!("{value}") } else { units::amount(value, self.decimals) }
        };
        let (cap, unit) = (amount(self.cap), &self.unit);
        let per = match self.keyed {
            Keyed::Account => "",
            Keyed::Recipient => " for each recipient",
            Keyed::Initiator => " for each initiator",
        };
        let Some(remaining) = self.remaining else {
            return format!("{}: {cap} {unit}{per}", self.id);
        };
        let used = amount(self.cap.saturating_sub(remaining));
        let frees = self.frees_at.map_or_else(String::new, |at| {
            format!("; some of it frees up at {}, in {}", units::time(at), left(now, at))
        });
        format!("{}: {used} of {cap} {unit} used{frees}", self.id)
    }
}

impl Announced {
    fn text(&self, now: u64) -> String {
        let origin = self.origin.map_or_else(|| "the owners".to_owned(), |module| format!("module {module}"));
        let expires = self.expires.map_or_else(String::new, |at| format!(", expires in {}", left(now, at)));
        format!("{} by {} for {origin}: {} actions, {}{expires}", self.id, self.announcer, self.actions, self.stands)
    }
}

fn left(now: u64, then: u64) -> String {
    units::duration(then.saturating_sub(now))
}

fn or_none(lines: Vec<String>) -> Vec<String> {
    if lines.is_empty() { vec!["none".to_owned()] } else { lines }
}

/// The active policy with the names of the file, or of the one that was kept when it was planned; or else as it reads
/// back.
pub(crate) fn named(settings: &Settings, file: Option<&PolicyFile>, active: &[u8]) -> Result<(Policy, SourceMap)> {
    if let Some(file) = file.filter(|file| file.compiled.program == active) {
        return Ok((file.policy.clone(), file.compiled.source_map.clone()));
    }
    if let Some(file) = policy_file::kept(&settings.journals(&Sending::default()), active) {
        return Ok((file.policy, file.compiled.source_map));
    }
    let policy = decompile(active).wrap_err("the program on the chain does not read back as a policy")?;
    let names = compile(&policy)?.source_map;
    Ok((policy, names))
}

/// In what the chain differs from the file.
fn drift(account: &Account, file: &PolicyFile, now: u64) -> Result<Vec<String>> {
    let kept = &account.kept;
    let wanted = keccak256(&file.compiled.program);
    let Some((_, active)) = kept.program else {
        return Ok(vec![format!("nothing is installed; the file is program {wanted}")]);
    };
    let mut drift = Vec::new();
    if active != wanted {
        drift.push(format!("active is program {active}, the file is {wanted}"));
    }
    let delay = file.policy.control.change_delay.unwrap_or(0);
    if kept.change_delay != delay {
        let [is, should] = [kept.change_delay, delay].map(|delay| units::duration(u64::from(delay)));
        drift.push(format!("the change delay is {is}, the file says {should}"));
    }
    if let (Some(staged), Some((_, expires))) = (&kept.staged, kept.window())
        && now < expires
    {
        drift.push(match &staged.what {
            Change::Program { code_hash, .. } if *code_hash == wanted => "the file is staged".to_owned(),
            Change::Program { code_hash, .. } => format!("program {code_hash} is staged"),
            Change::Slots { .. } => "a change of guards or handler is staged".to_owned(),
        });
    }
    Ok(drift)
}

/// An announcement that still stands.
fn announcement(
    ledger: &Forked<'_>,
    active: &[u8],
    names: &SourceMap,
    safe: Address,
    log: &Log,
    expiry: Option<u32>,
    now: u64,
) -> Result<Option<Announced>> {
    let Ok(event) = IPolicyHook::Announced::decode_log(log) else {
        return Ok(None);
    };
    let hook = deploy::hook_at();
    let word = ledger.storage(hook, announcement_slot(event.id), None)?;
    let made = word.wrapping_shl(ACCOUNT).wrapping_shr(ACCOUNT).saturating_to::<u64>();
    let expires = expiry.map(|expiry| made.saturating_add(u64::from(expiry)));
    if made == 0 || expires.is_some_and(|expires| now >= expires) {
        return Ok(None);
    }
    let action = |action: &IPolicyHook::Action| Action {
        to: action.to,
        value: action.value,
        data: action.data.clone(),
        operation: action.operation,
    };
    let actions: Vec<Action> = event.actions.iter().map(action).collect();
    let origin = (!event.origin.is_zero()).then_some(event.origin);
    let initiator = origin.unwrap_or(event.announcer);
    let count = actions.len();
    let request = Request { account: safe, origin, initiator, actions, ..Request::default() };
    let state = LedgerState::new(ledger, hook, None);
    let stands = match evaluate(active, ledger.chain_id(), hook, &state, &request, now) {
        Ok(found) if found.verdict.reason == Reason::NotMatured => {
            let matures = found.verdict.have.saturating_to::<u64>();
            format!("matures at {}, in {}", units::time(matures), left(now, matures))
        }
        Ok(found) if found.verdict.reason == Reason::Allowed => "can be executed".to_owned(),
        Ok(found) => words::reason(&found.verdict, names),
        Err(undecided) => format!("undecided: {undecided}"),
    };
    Ok(Some(Announced { id: event.id, announcer: event.announcer, origin, actions: count, made, expires, stands }))
}
