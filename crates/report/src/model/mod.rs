//! What a report says. These types are its JSON; `docs/report.schema.json` is their schema.

mod holdings;
mod trace;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Amount, Data, Hash, Untrusted, Who};

pub use holdings::{
    Allowance, BalanceChange, Configuration, ConfigurationChange, Hashes, Standard, Transfer, Warning, WarningKind,
};
pub use trace::{AccountChange, Argument, Call, CallKind, Decoded, Event, Status, Word};

/// The version of the JSON. The second number grows when something is added, the first when a reader of the old would
/// err.
pub const VERSION: &str = "1.0";

/// What a simulation found, and how far it can be trusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of this format.
    pub version: String,
    /// What all of it comes down to.
    pub conclusion: Conclusion,
    /// What the hook on the chain decided.
    pub chain: Judged,
    /// What the mirror in this tool decided on the same state.
    pub mirror: Judged,
    /// Whether the two are the same in every value.
    pub agree: bool,
    /// How the execution ended.
    pub outcome: Outcome,
    /// Why it failed, where it was not the hook that stopped it.
    pub failure: Option<Untrusted>,
    /// When a denied request becomes allowed, where time alone does it and soon enough.
    pub allowed_from: Option<AllowedFrom>,
    /// Gas used, after refunds.
    pub gas: u64,
    /// The Safe, before the request.
    pub safe: Safe,
    /// Who asks.
    pub request: Request,
    /// What the Safe is asked to do, in order, batches taken apart.
    pub actions: Vec<Action>,
    /// What rules ask for besides conditions and limits.
    pub obligations: Vec<Obligation>,
    /// What was charged to limits.
    pub limits: Vec<LimitUse>,
    /// What moves, as calls and the tokens' events tell.
    pub transfers: Vec<Transfer>,
    /// What everyone involved held before and holds after, as the state tells.
    pub balances: Vec<BalanceChange>,
    /// Who may draw what from now on, as events tell.
    pub allowances: Vec<Allowance>,
    /// What changes of the Safe itself.
    pub configuration: Vec<ConfigurationChange>,
    /// What a reader should look at twice.
    pub warnings: Vec<Warning>,
    /// The hashes that owners compare with their wallets; none for a module's request.
    pub hashes: Option<Hashes>,
    /// Every call of the execution, in the order in which they began.
    pub calls: Vec<Call>,
    /// The events, in order.
    pub logs: Vec<Event>,
    /// What changes on the chain, by account.
    pub state: Vec<AccountChange>,
    /// Everything that the simulation has other than the chain, in words.
    pub overrides: Vec<String>,
    /// What is known of the addresses in this report. A name is never a reason to trust one.
    pub parties: Vec<Party>,
    /// What is known of the tokens in this report.
    pub assets: Vec<Asset>,
    /// What there was beyond what is listed.
    pub left_out: LeftOut,
    /// Where all of it comes from.
    pub provenance: Provenance,
}

/// How much there was beyond what is listed; anything but zeros has a warning too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// Calls.
    pub calls: u64,
    /// Events.
    pub logs: u64,
    /// Transfers and allowances.
    pub transfers: u64,
    /// Balances.
    pub balances: u64,
}

/// What a simulation comes down to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The policy allows it, and the Safe executes it.
    Allowed,
    /// The policy denies it.
    Denied,
    /// The policy allows it, and the execution fails all the same.
    Fails,
    /// The chain and the mirror disagree, or the chain does not do what it says: nothing here can be relied on.
    Disagreement,
}

impl Conclusion {
    /// The only place where a report's verdict comes from: allowed is what both allow and the chain executed.
    #[must_use]
    pub const fn of(chain_allows: bool, mirror_allows: bool, agree: bool, outcome: Outcome) -> Self {
        match (chain_allows, mirror_allows, agree, outcome) {
            (true, true, true, Outcome::Executes) => Self::Allowed,
            (true, true, true, Outcome::Fails) => Self::Fails,
            (false, false, true, Outcome::Denied | Outcome::Fails) => Self::Denied,
            _ => Self::Disagreement,
        }
    }
}

/// When a denied request becomes allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowedFrom {
    /// The first second at which it is, since 1970.
    pub at: u64,
    /// Whether it has to be announced for that, at the time that was simulated.
    pub announced: bool,
}

/// How the execution ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It ran to its end.
    Executes,
    /// The hook reverted it.
    Denied,
    /// It reverted, but not by the hook.
    Fails,
}

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Judged {
    /// Whether it allows.
    pub allows: bool,
    /// The reason's name, as `docs/reason-codes.md` lists them.
    pub reason: String,
    /// The reason in words, with the values that decided.
    pub words: Untrusted,
    /// The id of the rule that decided, if one did.
    pub rule: Option<Untrusted>,
    /// The index of the effect that decided; their number when allowed.
    pub effect: u32,
}

/// A Safe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Safe {
    /// Its address.
    pub address: Who,
    /// Its version, as it says.
    pub version: String,
    /// Its owners, in its order.
    pub owners: Vec<Who>,
    /// Signatures that it asks for.
    pub threshold: Amount,
    /// Its modules.
    pub modules: Vec<Who>,
    /// The hook in its guard slot.
    pub hook: Who,
    /// The hash of the program that is active for it.
    pub program: Hash,
    /// What the policy calls itself.
    pub policy: Untrusted,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The module whose request it is; none for the owners'.
    pub module: Option<Who>,
    /// Who calls the Safe.
    pub initiator: Who,
    /// The Safe's nonce; none for a module's request.
    pub nonce: Option<Amount>,
    /// What the Safe calls.
    pub to: Who,
    /// With how much, in wei.
    pub value: Amount,
    /// With what.
    pub data: Data,
    /// 0 for a call, 1 for a delegatecall.
    pub operation: u8,
}

/// A leaf call of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// Whom it calls.
    pub to: Who,
    /// With how much, in wei.
    pub value: Amount,
    /// 0 for a call, 1 for a delegatecall.
    pub operation: u8,
    /// With what.
    pub data: Data,
    /// The same, read.
    pub call: Option<Decoded>,
    /// What it does, as far as the policy sees, and what decides on it. Empty where nothing was decided on it because
    /// another action was denied first.
    pub effects: Vec<Effect>,
}

/// One thing that an action does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// Its index in the request.
    pub index: u32,
    /// What it does, in words.
    pub words: Untrusted,
    /// Whether it passes; the effect that was denied is the last one.
    pub passes: bool,
    /// The rule that decides on it, and those that join.
    pub rule: Option<Untrusted>,
    /// The notice that it needs, in seconds.
    pub delay: u32,
}

/// What a rule asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Obligation {
    /// In words.
    pub words: Untrusted,
    /// How many are asked for.
    pub need: u64,
    /// How many there are; none where it was not counted, since the verdict came before.
    pub have: Option<u64>,
    /// How many are missing, where it was counted.
    pub missing: Option<u64>,
    /// The rule that asks.
    pub rule: Option<Untrusted>,
}

/// What a request takes of a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitUse {
    /// Its id.
    pub limit: Untrusted,
    /// What it counts.
    pub asset: Untrusted,
    /// The decimals of its amounts.
    pub decimals: u8,
    /// Whose limit it is, where everyone has one of their own.
    pub key: Option<Who>,
    /// What was left before, in base units.
    pub before: Amount,
    /// What the request takes.
    pub charged: Amount,
    /// What is left after.
    pub after: Amount,
}

/// What is known of an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The address.
    pub address: Who,
    /// What it is.
    pub name: Untrusted,
}

/// What is known of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Asset {
    /// The token; zero for native value.
    pub address: Who,
    /// Its name.
    pub name: Option<Untrusted>,
    /// Its decimals.
    pub decimals: Option<u8>,
    /// Whether the policy says so; else the token does, who may lie.
    pub declared: bool,
}

/// Where a report comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The tool and its version.
    pub tool: String,
    /// The chain.
    pub chain_id: u64,
    /// The block on whose state it ran.
    pub block_number: u64,
    /// Its hash, by which the state was pinned.
    pub block_hash: Hash,
    /// The time of the block it ran in, in seconds since 1970.
    pub time: u64,
    /// Where the state came from.
    pub state: Source,
    /// What was taken on trust, in words.
    pub trusted: Vec<String>,
    /// The hash of everything that was found, without names and words: the same wherever it is found again.
    pub facts: Hash,
}

/// Where the state came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A node said it.
    Node,
    /// A node proved it against the block's hash.
    Proofs,
    /// A file that was written before.
    Bundle,
}
