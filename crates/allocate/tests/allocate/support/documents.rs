//! Random documents, laid out in random order.

use portcullis_allocate::Inputs;
use portcullis_allocate::documents::{AllocationPolicy, Document, Risk, Snapshot};
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

pub(crate) const AT: &str = "2026-11-20T12:00:00Z";

/// The three kinds of documents as JSON.
#[derive(Clone, Debug)]
pub(crate) struct Papers {
    pub(crate) snapshot: Value,
    pub(crate) risk: Value,
    pub(crate) policies: Vec<Value>,
}

/// The same, read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) snapshot: Document<Snapshot>,
    pub(crate) risk: Document<Risk>,
    pub(crate) policies: Vec<Document<AllocationPolicy>>,
}

impl Papers {
    pub(crate) fn read(&self) -> Read {
        Read {
            snapshot: Document::read("snapshot", &self.snapshot.to_string()).unwrap(),
            risk: Document::read("risk", &self.risk.to_string()).unwrap(),
            policies: (0..)
                .zip(&self.policies)
                .map(|(at, policy)| Document::read(&format!("policy {at}"), &policy.to_string()).unwrap())
                .collect(),
        }
    }

    /// Every list in another order.
    pub(crate) fn shuffled(&self, rng: &mut ChaCha8Rng) -> Self {
        let mut other = self.clone();
        shuffle(&mut other.snapshot, rng);
        shuffle(&mut other.risk, rng);
        other.policies.shuffle(rng);
        other.policies.iter_mut().for_each(|policy| shuffle(policy, rng));
        other
    }
}

impl Read {
    pub(crate) fn inputs(&self) -> Inputs<'_> {
        Inputs {
            snapshot: &self.snapshot,
            risk: &self.risk,
            policies: &self.policies,
            portfolio: "treasury",
            at: AT.parse().unwrap(),
            trial: false,
        }
    }
}

fn shuffle(value: &mut Value, rng: &mut ChaCha8Rng) {
    match value {
        Value::Array(list) => {
            list.shuffle(rng);
            list.iter_mut().for_each(|value| shuffle(value, rng));
        }
        Value::Object(fields) => fields.values_mut().for_each(|value| shuffle(value, rng)),
        _ => {}
    }
}

/// A portfolio of at least three validators of three providers on three networks, with limits on each level, an incident, a
/// target, change limits and alerts; `unit` scales the amounts.
pub(crate) fn papers(rng: &mut ChaCha8Rng, validators: usize, unit: i128) -> Papers {
    let mut subjects = vec![json!({"id": "evm", "kind": "group"})];
    for network in 0..3 {
        let within: &[&str] = if network < 2 { &["evm"] } else { &[] };
        subjects.push(json!({"id": format!("network-{network}"), "kind": "network", "within": within}));
        subjects.push(json!({"id": format!("provider-{network}"), "kind": "provider"}));
    }
    let (mut positions, mut total) = (Vec::new(), 0);
    for number in 0..validators {
        // Every network has somewhere to place capital.
        let network = if number < 3 { number } else { rng.random_range(0..3) };
        let provider = rng.random_range(0..3);
        let id = format!("validator-{number:03}");
        let within = [format!("network-{network}"), format!("provider-{provider}")];
        subjects.push(json!({"id": id, "kind": "validator", "within": within}));
        let amount = rng.random_range(0..9) * unit;
        total += amount;
        positions.push(json!({"subject": id, "amount": amount.to_string()}));
    }
    let share = |rng: &mut ChaCha8Rng, from: u32, to: u32| format!("{}%", rng.random_range(from..to));
    let profiles: Vec<Value> = (0..3)
        .map(|provider| {
            json!({
                "subject": format!("provider-{provider}"), "at": "2026-11-20T06:00:00Z",
                "metrics": {"participation": format!("{}.5", rng.random_range(94..100))},
                "buckets": {"operational": if rng.random_bool(0.1) { "high" } else { "low" }},
            })
        })
        .collect();
    let lifecycle = json!([
        {"state": "draft", "at": "2026-10-01T00:00:00Z", "by": "ana"},
        {"state": "approved", "at": "2026-10-05T00:00:00Z", "by": "board"},
        {"state": "in-force", "at": "2026-10-08T00:00:00Z", "by": "board"},
    ]);
    let head = |id: &str| {
        json!({
            "kind": "allocation-policy", "format": 1, "id": id, "revision": 1, "author": "ana",
            "created_at": "2026-10-01T00:00:00Z", "lifecycle": lifecycle,
        })
    };
    let mut concentration = head("concentration");
    concentration["limits"] = json!([
        {"id": "validator", "of": {"kind": "validator"}, "max_share": share(rng, 5, 40)},
        {"id": "provider", "of": {"kind": "provider"}, "max_share": share(rng, 30, 60)},
        {"id": "network", "of": {"kind": "network"}, "max_share": share(rng, 30, 60), "min_share": share(rng, 0, 5)},
        {"id": "family", "of": {"subjects": ["network-0", "network-1"]}, "together": true, "max_share": share(rng, 50, 90)},
    ]);
    concentration["alerts"] = json!([
        {"id": "risk-desk", "at_least": "1%", "severity": "high", "notify": ["risk", "ops"], "workflow": "rebalance"},
        {"id": "board", "clauses": ["network"], "at_least": "20%", "severity": "severe", "manual_review": true},
    ]);
    let mut care = head("care");
    care["risk"] = json!({"model": "factors/3.2", "max_age": "24h"});
    care["eligibility"] = json!([{
        "id": "reliable", "of": {"kind": "provider"}, "otherwise": "suspend-increases",
        "require": [
            {"metric": {"name": "participation", "at_least": "95"}},
            {"bucket": {"name": "operational", "none_of": ["high", "critical"]}},
            {"no-event": {"kinds": ["outage"]}},
        ],
    }]);
    care["safeguards"] =
        json!([{"id": "incident", "kinds": ["slashing", "outage"], "at_least": "severe", "then": "suspend-increases"}]);
    care["targets"] = json!([
        {"id": "home", "subject": "network-0", "share": share(rng, 20, 40), "drift": "5%"},
        {"id": "first", "subject": "validator-000", "share": share(rng, 1, 9), "drift": "9%"},
    ]);
    care["rebalancing"] = json!({
        "window": "24h", "min_interval": "7d", "pace": {"gradual": {"phases": 2}},
        "changes": [
            {"id": "validators", "of": {"kind": "validator"}, "max_amount": unit.to_string()},
            {"id": "providers", "of": {"kind": "provider"}, "max_share": "25%"},
        ],
    });
    let event = |id: usize, severity: &str| {
        json!({"id": format!("event-{id}"), "subject": format!("provider-{id}"), "kind": "slashing",
            "severity": severity, "at": "2026-11-19T00:00:00Z"})
    };
    let severe = if rng.random_bool(0.3) { "severe" } else { "medium" };
    Papers {
        snapshot: json!({
            "kind": "allocation-snapshot", "format": 1, "id": "today", "taken_at": "2026-11-20T00:00:00Z",
            "unit": {"symbol": "ETH", "decimals": 18}, "subjects": subjects,
            "portfolios": [{"id": "treasury", "client": "acme", "book": "core", "total": total.to_string(),
                "last_moved": "2026-11-18T00:00:00Z", "positions": positions}],
        }),
        risk: json!({
            "kind": "risk-profiles", "format": 1, "id": "today", "model": "factors/3.2",
            "computed_at": "2026-11-20T06:00:00Z", "profiles": profiles,
            "events": [event(0, severe), event(1, "low")],
        }),
        policies: vec![concentration, care],
    }
}
