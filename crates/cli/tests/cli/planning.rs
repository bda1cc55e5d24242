//! What a plan looks at besides the program: what lint finds of the policy, and the fallback handler.

use crate::support;

use alloy_primitives::Address;
use portcullis_bindings::ISignatureHandler;
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, deploy, read};
use serde_json::{Value, json};
use std::fs;
use support::operator::{DELAY, Ended, Operator};
use support::treasury::who;

/// Plans with more arguments.
fn plan(operator: &Operator, more: &[&str]) -> Ended {
    operator.run(&[&operator.planning()[..], more].concat())
}

/// Refused in one line, with nothing written; the line.
fn refused(operator: &Operator, more: &[&str]) -> String {
    fs::remove_file(operator.file("plan.json")).ok();
    let (code, shown, talk) = plan(operator, more);
    assert_eq!((code, &shown), (1, &Value::Null), "{talk}");
    assert!(!operator.file("plan.json").exists(), "{talk}");
    let errors: Vec<&str> = talk.lines().filter(|line| line.starts_with("error")).collect();
    assert_eq!(errors.len(), 1, "{talk}");
    errors.concat()
}

fn kinds(plan: &Value) -> Vec<&str> {
    plan["lint"]["findings"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

#[test]
fn a_policy_that_shuts_its_owners_in_is_planned_only_when_that_is_meant() {
    let operator = Operator::new(Version::V1_4_1);
    let whole = fs::read_to_string(operator.file("policy.toml")).unwrap();
    let (rules, owners) = whole.split_at(whole.rfind("[[rules]]").unwrap());
    assert!(owners.contains("addOwnerWithThreshold"), "{owners}");

    fs::write(operator.file("policy.toml"), rules).unwrap();
    let line = refused(&operator, &[]);
    for said in ["a lost key can only be replaced after", "add a rule", "--acknowledge-finding no-owner-management"] {
        assert!(line.contains(said), "{said}: {line}");
    }
    // To accept something else accepts nothing of it.
    let other = refused(&operator, &["--acknowledge-finding", "nothing-allowed"]);
    assert!(other.contains("no-owner-management"), "{other}");

    let denies = rules.replace("allow = true", "deny = true");
    assert_ne!(denies, rules);
    fs::write(operator.file("policy.toml"), denies).unwrap();
    let line = refused(&operator, &["--acknowledge-finding", "no-owner-management"]);
    assert!(line.contains("no request is allowed") && line.contains("--acknowledge-finding nothing-allowed"), "{line}");
    let (code, shown, talk) = plan(&operator, &["--acknowledge-finding", "nothing-allowed"]);
    assert_eq!((code, kinds(&shown)), (2, vec!["nothing-allowed"]), "{talk}");
    assert_eq!(shown["way_out"].as_array().unwrap().len(), 2, "even so it can be removed: {shown}");

    // What is only odd is shown, and in nobody's way.
    let odd = format!(
        "{whole}[[rules]]\nid = \"again\"\nwhen = {{ effect = \"transfer\", asset = \"ETH\", recipient = \"{}\", \
         amount = {{ max = \"0.2\" }} }}\nthen = {{ allow = true }}\n",
        who("payee")
    );
    fs::write(operator.file("policy.toml"), odd).unwrap();
    let (code, text, talk) = operator.read(&operator.planning());
    assert!(code == 2 && text.contains("warning[shadowed]: "), "{text} {talk}");

    fs::write(operator.file("policy.toml"), rules).unwrap();
    let (code, shown, talk) = plan(&operator, &["--acknowledge-finding", "no-owner-management"]);
    assert_eq!((code, kinds(&shown)), (2, vec!["no-owner-management"]), "{talk}");
    assert_eq!(operator.apply().0, 0);
    assert_eq!(plan(&operator, &[]).0, 0, "what is in force is not asked about again");
}

/// Plans the handler, and applies two plans with the change delay between them.
fn change_handler(operator: &Operator, more: &[&str], from: Address, to: Address) {
    let executed = operator.executed();
    let (code, shown, talk) = plan(operator, more);
    assert_eq!((code, &shown["step"]["doing"]), (2, &json!("stage_handler")), "{shown} {talk}");
    assert_eq!((&shown["before"]["handler"], &shown["wanted"]["handler"]), (&json!(from), &json!(to)));
    assert_eq!(shown["lint"]["findings"], json!([]), "the policy stays: {shown}");
    assert_eq!(
        shown["rehearsal"][1],
        json!({ "step": "set_handler", "gas": shown["rehearsal"][1]["gas"], "waited": DELAY })
    );
    let (_, text, _) = operator.read(&[&operator.planning()[..], more].concat());
    assert!(text.contains(&format!("handler {from}")) && text.contains("not before"), "{text}");
    assert_eq!(operator.apply().0, 0);
    let (code, shown, _) = plan(operator, more);
    assert!(code == 0 && shown["message"].as_str().unwrap().contains("set the staged fallback handler"), "{shown}");
    assert_eq!(operator.info().handler, from, "not before the change delay has passed");
    operator.wait(DELAY);
    let (code, shown, talk) = plan(operator, more);
    assert_eq!((code, &shown["step"]["doing"]), (2, &json!("set_handler")), "{talk}");
    let (code, _, talk) = operator.apply();
    assert_eq!(code, 0, "{talk}");
    assert_eq!((operator.info().handler, operator.executed()), (to, executed + 2));
    assert_eq!(operator.info().guard, deploy::hook_at());
    assert_eq!(plan(operator, more).0, 0, "nothing to do after it");
}

fn the_handler_is_changed_by_plan(version: Version) {
    let mut operator = Operator::new(version);
    operator.change();
    let (compatible, ours) = (operator.info().handler, deploy::handler_at());
    let line = refused(&operator, &["--handler"]);
    assert!(line.contains("deploy --handler"), "{line}");
    deploy::deploy_handler(&mut operator.node, who("payer")).unwrap();
    let hook = deploy::hook_at().to_string();
    assert!(refused(&operator, &["--handler", &hook]).contains("must never be the fallback handler"));
    let nobody = who("stranger").to_string();
    assert!(refused(&operator, &["--handler", &nobody]).contains("there is no contract at"));

    change_handler(&operator, &["--handler"], compatible, ours);
    let asked = read::view(&operator.node, operator.safe, "HOOK()", ISignatureHandler::HOOKCall {}).unwrap();
    assert_eq!(asked, deploy::hook_at(), "the Safe answers through it");
    // Left out, the handler is nobody's business.
    assert_eq!(operator.plan().0, 0);
    change_handler(&operator, &["--handler", &compatible.to_string()], ours, compatible);
    assert!(!operator.node.code(compatible, None).unwrap().is_empty());

    // With another program, that comes first; what was not made in time is staged again.
    operator.policy("0.8");
    let (code, shown, talk) = plan(&operator, &["--handler"]);
    assert_eq!(code, 2, "{talk}");
    let steps: Vec<&Value> = shown["rehearsal"].as_array().unwrap().iter().map(|run| &run["step"]).collect();
    assert_eq!(steps, ["stage", "activate", "stage_handler", "set_handler"]);
    operator.policy("0.5");
    assert_eq!((plan(&operator, &["--handler"]).0, operator.apply().0), (2, 0));
    operator.wait(DELAY + 14 * 86_400);
    assert_eq!(plan(&operator, &["--handler"]).1["step"]["doing"], "stage_handler");
    assert_eq!(operator.info().handler, compatible);
}

#[test]
fn the_handler_of_a_safe_1_3_0_is_changed_by_plan() {
    the_handler_is_changed_by_plan(Version::V1_3_0);
}

#[test]
fn the_handler_of_a_safe_1_5_0_is_changed_by_plan() {
    the_handler_is_changed_by_plan(Version::V1_5_0);
}
