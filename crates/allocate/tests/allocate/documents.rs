//! Bad documents end in an error that names the document, the path and the remedy.

use crate::support;

use portcullis_allocate::documents::{
    AllocationPolicy, Document, Fault, Proposal, Risk, Share, Snapshot, State, schema,
};
use portcullis_allocate::{Inputs, measure, propose};
use serde_json::{Value, json};
use support::documents::{AT, Papers, papers};
use support::rng;

fn sound() -> Papers {
    papers(&mut rng(21), 6, 1_000)
}

/// The fault that a set of documents ends in.
fn fault(papers: &Papers) -> Fault {
    let read = || -> Result<(), Fault> {
        let policies = (0..)
            .zip(&papers.policies)
            .map(|(at, policy)| Document::<AllocationPolicy>::read(&format!("policy {at}"), &policy.to_string()));
        let policies = policies.collect::<Result<Vec<_>, _>>()?;
        let snapshot = Document::<Snapshot>::read("snapshot", &papers.snapshot.to_string())?;
        let risk = Document::<Risk>::read("risk", &papers.risk.to_string())?;
        let (at, portfolio) = (AT.parse().unwrap(), "treasury");
        let inputs = Inputs { snapshot: &snapshot, risk: &risk, policies: &policies, portfolio, at, trial: false };
        measure(&inputs).map(|_| ())
    };
    read().unwrap_err()
}

/// Breaks one thing, and expects document, path, fault and remedy in the error.
fn refuses(break_it: impl Fn(&mut Papers), document: &str, path: &str, says: &str) {
    let mut papers = sound();
    break_it(&mut papers);
    let fault = fault(&papers);
    assert!(
        fault.document == document && fault.path.contains(path) && fault.to_string().contains(says),
        "wanted {document}: {path}: {says}, got {fault}"
    );
    assert!(!fault.remedy.is_empty());
}

fn position(papers: &mut Papers, at: usize) -> &mut Value {
    &mut papers.snapshot["portfolios"][0]["positions"][at]
}

#[test]
fn amounts_that_are_no_amounts_are_refused() {
    let cases = [
        (json!("-5"), "negative"),
        (json!("1.5"), "fractional"),
        (json!("1329227995784915872903807060280344577"), "too large"),
        (json!("5 ETH"), "no amount"),
        (json!(5), "in quotes"),
    ];
    for (amount, says) in cases {
        refuses(|papers| position(papers, 2)["amount"] = amount.clone(), "snapshot", "positions[2].amount", says);
    }
}

#[test]
fn parts_that_do_not_add_up_are_refused() {
    let total = |papers: &mut Papers| papers.snapshot["portfolios"][0]["total"] = json!("1");
    refuses(total, "snapshot", "portfolios[treasury].total", "add up to");
}

#[test]
fn subjects_are_there_once_and_lie_in_each_other_without_circles() {
    let twice = |papers: &mut Papers| {
        let first = papers.snapshot["subjects"][0].clone();
        papers.snapshot["subjects"].as_array_mut().unwrap().push(first);
    };
    refuses(twice, "snapshot", "subjects[evm]", "there twice");
    let held_twice = |papers: &mut Papers| {
        let first = position(papers, 0).clone();
        papers.snapshot["portfolios"][0]["positions"].as_array_mut().unwrap().push(first);
    };
    refuses(held_twice, "snapshot", "positions", "validator-000 is there twice");
    let circle = |papers: &mut Papers| {
        papers.snapshot["subjects"][0]["within"] = json!(["west"]);
        let west = json!({"id": "west", "kind": "group", "within": ["evm"]});
        papers.snapshot["subjects"].as_array_mut().unwrap().push(west);
    };
    refuses(circle, "snapshot", "within", "contains itself");
    let unknown = |papers: &mut Papers| papers.snapshot["subjects"][0]["within"] = json!(["nowhere"]);
    refuses(unknown, "snapshot", "subjects[evm].within", "no subject `nowhere`");
}

#[test]
fn a_missing_stale_or_foreign_risk_profile_never_counts_as_a_good_one() {
    // Every provider that a validator of the portfolio lies in is judged.
    let provider = sound().snapshot["subjects"][7]["within"][1].as_str().unwrap().to_owned();
    let mine = |papers: &Papers| {
        let profiles = papers.risk["profiles"].as_array().unwrap();
        profiles.iter().position(|profile| profile["subject"] == provider.as_str()).unwrap()
    };
    let missing = |papers: &mut Papers| {
        let at = mine(papers);
        papers.risk["profiles"].as_array_mut().unwrap().remove(at);
    };
    refuses(missing, "risk", &format!("profiles[{provider}]"), "no profile");
    let metric = |papers: &mut Papers| {
        let at = mine(papers);
        papers.risk["profiles"][at]["metrics"] = json!({});
    };
    refuses(metric, "risk", "metrics.participation", "missing");
    let stale = |papers: &mut Papers| {
        let at = mine(papers);
        papers.risk["profiles"][at]["at"] = json!("2026-11-18T00:00:00Z");
    };
    refuses(stale, "risk", &format!("profiles[{provider}].at"), "older than");
    refuses(|papers| papers.risk["model"] = json!("factors/3.1"), "risk", "model", "factors/3.2");
    refuses(|papers| papers.risk["computed_at"] = json!("2027-01-01T00:00:00Z"), "risk", "computed_at", "after");
}

#[test]
fn policies_that_mean_nothing_are_refused() {
    let share = |papers: &mut Papers| papers.policies[0]["limits"][1]["max_share"] = json!("101%");
    refuses(share, "policy 0", "limits[1].max_share", "above 100 %");
    let group = |papers: &mut Papers| papers.policies[0]["limits"][1]["of"] = json!({"subjects": ["provider-9"]});
    refuses(group, "policy 0", "limits[provider].of", "no subject or group `provider-9`");
    let idle = |papers: &mut Papers| papers.policies[0]["limits"][1]["max_share"] = Value::Null;
    refuses(idle, "policy 0", "limits[provider]", "limits nothing");
    let key = |papers: &mut Papers| papers.policies[0]["limits"][1]["maximum"] = json!("1%");
    refuses(key, "policy 0", "limits[1]", "unknown field");
    let unapproved = |papers: &mut Papers| {
        papers.policies[0]["lifecycle"].as_array_mut().unwrap().remove(1);
    };
    refuses(unapproved, "policy 0", "lifecycle", "never approved");
    refuses(|papers| papers.policies[0]["kind"] = json!("policy"), "policy 0", "kind", "allocation-policy");
}

#[test]
fn a_new_version_never_edits_an_old_one_and_only_one_is_in_force() {
    let edited = |papers: &mut Papers| {
        let mut copy = papers.policies[0].clone();
        copy["author"] = json!("eve");
        papers.policies.push(copy);
    };
    refuses(edited, "policy 2", "revision", "other content");
    let both = |papers: &mut Papers| {
        let mut next = papers.policies[0].clone();
        next["revision"] = json!(2);
        papers.policies.push(next);
    };
    refuses(both, "policy 2", "lifecycle", "in force");
    // With the old one retired as the new one begins, exactly the new one is named.
    let mut papers = sound();
    both(&mut papers);
    let retired = json!({"state": "retired", "at": "2026-11-01T00:00:00Z", "by": "board"});
    papers.policies[0]["lifecycle"].as_array_mut().unwrap().push(retired);
    let read = papers.read();
    let proposal = propose(&read.inputs()).unwrap();
    let named: Vec<_> = proposal.policies.iter().map(|policy| (policy.id.as_str(), policy.revision)).collect();
    assert_eq!(named, [("care", 1), ("concentration", 2)]);
    assert_eq!(read.policies[0].body.state("2026-10-06T00:00:00Z".parse().unwrap()), State::Approved);
}

#[test]
fn a_document_hashes_the_same_in_toml_and_json_and_in_any_order() {
    let papers = sound();
    let body: toml::Value = serde_json::from_value(papers.policies[0].clone()).unwrap();
    let text = toml::to_string(&body).unwrap();
    let from_toml = Document::<AllocationPolicy>::read("policy", &text).unwrap();
    let from_json = Document::<AllocationPolicy>::read("policy", &papers.policies[0].to_string()).unwrap();
    assert_eq!(from_toml, from_json);
    let mut rng = rng(22);
    assert_eq!(papers.shuffled(&mut rng).read().snapshot.hash, papers.read().snapshot.hash);
}

#[test]
fn shares_round_down_exactly() {
    let share: Share = "33.33%".parse().unwrap();
    assert_eq!(share.of(10_i128.pow(30)), 333_300_000_000_000_000_000_000_000_000);
    assert_eq!((share.of(9_999), share.of(1)), (3_332, 0));
    assert_eq!(share.to_string(), "33.33%");
}

#[test]
fn documents_keep_their_schema() {
    let papers = sound();
    let read = papers.read();
    let proposal = serde_json::to_value(propose(&read.inputs()).unwrap()).unwrap();
    for (schema, document) in [
        (schema::<Snapshot>(), &papers.snapshot),
        (schema::<Risk>(), &papers.risk),
        (schema::<AllocationPolicy>(), &papers.policies[0]),
        (schema::<AllocationPolicy>(), &papers.policies[1]),
        (schema::<Proposal>(), &proposal),
    ] {
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(validator.is_valid(document), "{:?}", validator.iter_errors(document).next().unwrap().to_string());
        assert!(!validator.is_valid(&json!({"kind": "nothing"})));
    }
}
