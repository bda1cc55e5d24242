//! Every table of the language.

use super::{
    Described, Kind, Shape,
    conditions::{AMOUNT_RANGE, ANY, FACT_TESTS, INNER, STATIC_CALL, TIME, WHEN, WORD},
    messages::{self, MESSAGE},
};
use crate::{
    FactKind, FactSubject, Scope, Semantics,
    document::{facts, obligations, parse, rules},
    imports,
    program::MAX_DECIMALS,
};

pub(super) const NAME: &str = "^[A-Za-z][A-Za-z0-9_-]{0,63}$";
pub(super) const LIMIT_NAME: &str = "^[A-Za-z][A-Za-z0-9_-]{0,30}$";
pub(super) const LINE: &str = "^.+$";
pub(super) const ADDRESS: &str = "^0x[0-9a-fA-F]{40}$";
const REFERENCE: &str = "^@[A-Za-z][A-Za-z0-9_-]{0,63}$";
pub(super) const AMOUNT: &str = "^[0-9]+(_[0-9]+)*([.][0-9]+(_[0-9]+)*)?$";
const DURATION: &str = "^[0-9]*[1-9][0-9]*[smhdw]$";
const DATE: &str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9]{2}:[0-9]{2}))?$";
pub(super) const SELECTOR: &str = "^(0x[0-9a-fA-F]{8}|[A-Za-z_$][A-Za-z0-9_$]*[(].*[)])$";

pub(super) fn some(kind: Kind) -> Kind {
    Kind::Some(Box::new(kind))
}

fn names(pattern: &'static str, kind: Kind) -> Kind {
    Kind::Names(pattern, Box::new(kind))
}

pub(super) fn addresses() -> Kind {
    some(Kind::Either(vec![Kind::Text(REFERENCE), Kind::Text(ADDRESS)]))
}

fn members() -> Kind {
    Kind::Either(vec![Kind::Several(Box::new(Kind::Text(ADDRESS))), Kind::Table(&REGISTRY), Kind::Table(&IMPORT)])
}

pub(super) const fn count() -> Kind {
    Kind::Integer(1, 255)
}

/// Every table but the document itself.
pub(super) const ALL: [&Shape; 22] = [
    &CONTROL,
    &ASSET,
    &REGISTRY,
    &IMPORT,
    &ATTESTERS,
    &LIMIT,
    &WINDOW,
    &RULE,
    &THEN,
    &APPROVALS,
    &SIGNERS,
    &WHEN,
    &AMOUNT_RANGE,
    &TIME,
    &WORD,
    &STATIC_CALL,
    &MESSAGE,
    &messages::DOMAIN,
    &messages::THEN,
    &FACT,
    &FACT_TESTS,
    &INNER,
];

pub(super) static ROOT: Shape = Shape {
    name: "policy",
    keys: &parse::ROOT,
    required: &["version", "name", "account", "semantics"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "version" => (Kind::Integer(1, 1), "The version of the policy language: 1."),
            "name" => (Kind::Text(LINE), "The policy's name. It is not part of the program."),
            "account" => (Kind::Account, "The account as chain and address (ERC-3770), like `eth:0x…`."),
            "semantics" => (
                Kind::Words(Semantics::ALL.map(Semantics::word).to_vec()),
                "Which of the rules that match an effect decide. What no rule matches is denied.",
            ),
            "control" => (Kind::Table(&CONTROL), "What governs changes, announcements and freezes."),
            "assets" => (names(NAME, Kind::Table(&ASSET)), "The coins and tokens that the account holds."),
            "groups" => (names(NAME, members()), "People and contracts with a role; `@name` in a rule means them."),
            "lists" => (names(NAME, members()), "Other addresses; `@name` in a rule means them."),
            "attesters" => (
                names(NAME, Kind::Table(&ATTESTERS)),
                "Who looks at what the chain cannot see, and signs for one request.",
            ),
            "facts" => (names(NAME, Kind::Table(&FACT)), "What the chain cannot see, and who states it."),
            "limits" => (
                names(LIMIT_NAME, Kind::Table(&LIMIT)),
                "Caps on what may leave, or on how often, in a window of time.",
            ),
            "rules" => (Kind::Array(Box::new(Kind::Table(&RULE))), "The rules, in order."),
            "messages" => (Kind::Array(Box::new(Kind::Table(&MESSAGE))), "What the account may sign, in order."),
            _ => return None,
        })
    },
};

static FACT: Shape = Shape {
    name: "fact",
    keys: &facts::KEYS,
    required: &["type", "subject", "attesters", "timeout", "ttl", "max_age", "on_unknown"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "type" => (Kind::Words(FactKind::ALL.map(FactKind::word).to_vec()), "What its values are."),
            "decimals" => {
                (Kind::Integer(0, i64::from(MAX_DECIMALS)), "How many digits a number may have behind the point.")
            }
            "subject" => (Kind::Words(FactSubject::ALL.map(FactSubject::word).to_vec()), "What it is asked about."),
            "attesters" => (Kind::Text(NAME), "The attester set that states it."),
            "timeout" => (Kind::Text(DURATION), "How long asking may take, like `3s`."),
            "ttl" => (Kind::Text(DURATION), "How long a statement made of it may live, like `10m`."),
            "max_age" => (Kind::Text(DURATION), "Older observations are unknown, like `24h`."),
            "on_unknown" => (
                Kind::Words(vec!["closed", "open", "hold"]),
                "What an unknown means: it denies, takes the value under `assume`, or leaves it to people.",
            ),
            "owner" => (Kind::Text(LINE), "Who answers for `assume`; only with `open`."),
            "assume" => {
                (Kind::Either(vec![Kind::Text(ANY), Kind::Bool]), "The value taken for an unknown; only with `open`.")
            }
            _ => return None,
        })
    },
};

static CONTROL: Shape = Shape {
    name: "control",
    keys: &parse::CONTROL,
    required: &["change_delay"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "change_delay" => (Kind::Text(DURATION), "How long a staged program or slot change waits, at most `30d`."),
            "announcement_expiry" => {
                (Kind::Text(DURATION), "How long an announcement lives: longer than the longest `delay`.")
            }
            "announcers" => (Kind::Text(REFERENCE), "The group that may announce besides owners, account and module."),
            "cancellers" => (Kind::Text(REFERENCE), "The group that may cancel announcements besides the account."),
            "guardians" => (Kind::Text(REFERENCE), "The group whose members may each freeze the account."),
            _ => return None,
        })
    },
};

static ASSET: Shape = Shape {
    name: "asset",
    keys: &parse::ASSET,
    required: &["standard"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "standard" => (
                Kind::Words(vec!["native", "erc20", "erc721", "erc1155"]),
                "`native` for the chain's own coin, else the token's standard.",
            ),
            "address" => (Kind::Text(ADDRESS), "The token's address, with its checksum; none for `native`."),
            "decimals" => (
                Kind::Integer(0, i64::from(MAX_DECIMALS)),
                "What the token's `decimals()` returns; collections are counted whole.",
            ),
            _ => return None,
        })
    },
};

static REGISTRY: Shape = Shape {
    name: "registry",
    keys: &parse::REGISTRY,
    required: &["registry"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "registry" => (Kind::Text(ADDRESS), "The contract that keeps the list, and is asked for every request."),
            "method" => (
                Kind::Text(SELECTOR),
                "Its function of one address that returns a boolean; `contains(address)` if absent.",
            ),
            _ => return None,
        })
    },
};

static IMPORT: Shape = Shape {
    name: "import",
    keys: &imports::KEYS,
    required: &imports::KEYS,
    one_of: &[],
    describe: |key| {
        Some(match key {
            "import" => {
                (Kind::Text("^[^/\\\\:][^\\\\:]*$"), "The list's file, from the policy's folder: one address per line.")
            }
            "sha256" => (Kind::Text("^[0-9a-f]{64}$"), "The SHA-256 of its bytes; `portcullis check` tells it."),
            _ => return None,
        })
    },
};

static ATTESTERS: Shape = Shape {
    name: "attesters",
    keys: &obligations::ATTESTERS,
    required: &["members", "at_least"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "members" => (addresses(), "Who belongs to the set."),
            "at_least" => (count(), "How many of them must sign."),
            _ => return None,
        })
    },
};

static LIMIT: Shape = Shape {
    name: "limit",
    keys: &parse::LIMIT,
    required: &["window"],
    one_of: &[&[&["asset", "cap"], &["count"]]],
    describe: |key| {
        Some(match key {
            "asset" => (Kind::Text(NAME), "The name of the asset that it caps."),
            "cap" => (Kind::Text(AMOUNT), "The most of it that may be authorised in a window, in the asset's units."),
            "count" => (Kind::Integer(0, i64::MAX), "How many requests may be authorised in a window."),
            "window" => (
                Kind::Either(vec![Kind::Words(vec!["transaction"]), Kind::Table(&WINDOW)]),
                "`transaction`, a UTC calendar period, or every interval of a length.",
            ),
            "scope" => (
                Kind::Words(Scope::ALL.map(Scope::word).to_vec()),
                "What has a sum of its own: the account, each recipient or each initiator.",
            ),
            "everywhere" => (Kind::Bool, "Whether every outflow of the asset is charged, whichever rule allowed it."),
            "meter" => (
                Kind::Words(vec!["balance"]),
                "Whether what left the account beyond what calldata declared is charged after each execution.",
            ),
            _ => return None,
        })
    },
};

static WINDOW: Shape = Shape {
    name: "window",
    keys: &parse::WINDOW,
    required: &[],
    one_of: &[&[&["calendar"], &["rolling"]]],
    describe: |key| {
        Some(match key {
            "calendar" => (Kind::Words(vec!["day", "week", "month"]), "A UTC day, week from Monday, or month."),
            "rolling" => (Kind::Text(DURATION), "Every interval of this length, like `24h`."),
            _ => return None,
        })
    },
};

static RULE: Shape = Shape {
    name: "rule",
    keys: &rules::KEYS,
    required: &["id", "when", "then"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "id" => (Kind::Text(NAME), "Unique within the policy; verdicts name it."),
            "name" => (Kind::Text(LINE), "A title."),
            "owner" => (Kind::Text(LINE), "Who answers for the rule."),
            "updated_at" => (Kind::Text(DATE), "When it was last changed: an RFC 3339 date or date-time."),
            "priority" => (Kind::Integer(i64::MIN, i64::MAX), "Higher is earlier; 0 if absent."),
            "when" => (Kind::Table(&WHEN), "The conditions; all must hold. An empty table has none."),
            "then" => (Kind::Table(&THEN), "The outcome."),
            _ => return None,
        })
    },
};

static THEN: Shape =
    Shape { name: "then", keys: &rules::THEN, required: &[], one_of: &[&[&["allow"], &["deny"]]], describe: then };

fn then(key: &str) -> Option<Described> {
    Some(match key {
        "allow" => (Kind::True, "Allow, if everything else here holds."),
        "deny" => (Kind::True, "Deny."),
        "limits" => (some(Kind::Text(LIMIT_NAME)), "The limits that the effect is charged to."),
        "delay" => (Kind::Text(DURATION), "How long ago the request must have been announced."),
        "approvals" => (some(Kind::Table(&APPROVALS)), "Whose members must approve."),
        "signatures" => (count(), "How many owners must sign, where that is more than the threshold."),
        "signers" => (some(Kind::Table(&SIGNERS)), "Owners who must be among those who sign."),
        "attestation" => (some(Kind::Text(NAME)), "The attester sets that must attest the request."),
        "notify" => (some(Kind::Text(NAME)), "The channels that are told by an event."),
        _ => return None,
    })
}

static APPROVALS: Shape = Shape {
    name: "approvals",
    keys: &obligations::APPROVALS,
    required: &["group", "at_least"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "group" => (Kind::Text("^@?[A-Za-z][A-Za-z0-9_-]{0,63}$"), "The group that approves."),
            "at_least" => (count(), "How many of its members must."),
            "initiator" => (Kind::Bool, "Whether the member who calls `execTransaction` counts too."),
            "owners" => (Kind::Bool, "Whether members who sign as owners count too."),
            _ => return None,
        })
    },
};

pub(super) static SIGNERS: Shape = Shape {
    name: "signers",
    keys: &obligations::SIGNERS,
    required: &["list", "at_least"],
    one_of: &[],
    describe: |key| {
        Some(match key {
            "list" => (addresses(), "Who."),
            "at_least" => (count(), "How many of them must sign."),
            _ => return None,
        })
    },
};
