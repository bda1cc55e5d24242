//! From documents to an executed phase, on a real Safe of each version, and nothing else under its attestation.

use crate::support;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolEvent;
use portcullis_attest::{AttestationItem, Binding, Proof, sign};
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::SafeTx;
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, Node, deploy};
use portcullis_eval::Reason;
use portcullis_operate::attested::Attested;
use portcullis_operate::collected::Collected;
use serde_json::{Value, json};
use std::fs;
use support::Anvil;
use support::desk::{AT, Desk, node};
use support::treasury::{key, who};

const ATTEST: &str = "attest batch.json --proposal proposal.json --documents documents --mapping mapping.json";
const BUILD: &str =
    "allocate build proposal.json documents --mapping mapping.json --decision yes.json --out batch.json";

#[test]
fn documents_become_an_executed_phase_and_its_attestation_allows_nothing_else() {
    let (anvil, mut node) = node();
    for version in Version::ALL {
        let desk = Desk::new(&mut node, version);
        let id = proposed(&desk, &anvil);
        reviewed(&desk, &anvil);
        one_is_not_enough(&desk, &anvil, &node);
        let done = desk.done(&anvil, &format!("{ATTEST} --decision yes.json"), &["fay"], 0);
        assert_eq!(done["attestations"][0]["attesters"].as_array().unwrap().len(), 2, "{done}");
        assert_eq!(done["proposal"], id);
        let valid = desk.done(&anvil, "attest verify batch.json", &[], 0);
        assert_eq!(valid["valid"], true, "{valid}");

        let collected = Collected::read(&desk.folder.path().join("batch.json")).unwrap();
        let attested = collected.attestations().next().unwrap().clone();
        nothing_may_be_changed(&desk, &node, &collected.tx, &attested);
        revoked(&desk, &anvil, &mut node, &collected.tx, &attested);

        desk.done(&anvil, "sign batch.json", &["ann", "bob"], 0);
        desk.done(&anvil, "execute batch.json --yes", &["payer"], 0);
        assert_eq!(desk.balance(&node, "desk-b"), U256::from(90_000));
        // The execution names the proposal, and the request that was attested.
        let events = node.events(deploy::hook_at(), IPolicyHook::Attested::SIGNATURE_HASH).unwrap();
        let events = events.iter().map(|log| IPolicyHook::Attested::decode_log(log).unwrap());
        let own: Vec<_> = events.filter(|event| event.account == desk.safe).collect();
        assert_eq!(own.len(), 1);
        assert_eq!((own[0].request, json!(own[0].proposal)), (collected.hash(), id));
        // The same statement does not serve the next nonce, and no attester makes it again.
        let again = SafeTx { nonce: collected.tx.nonce + U256::ONE, ..collected.tx.clone() };
        let replayed = desk.denial(&node, &again, vec![attested.material()]);
        assert!(matches!(replayed, Some(Reason::TooFewAttesters | Reason::BadMaterial)), "{replayed:?}");
        desk.done(&anvil, BUILD, &[], 0);
        refused(&desk, &anvil, &format!("{ATTEST} --decision yes.json"), "1 phases of proposal");
        desk.done(&anvil, &format!("{BUILD} --phase 2"), &[], 0);
        refused(&desk, &anvil, &format!("{ATTEST} --phase 2 --decision yes.json"), "must not begin before");
    }
}

/// The proposal's id, with its batch built.
fn proposed(desk: &Desk, anvil: &Anvil) -> Value {
    let propose = format!("allocate propose documents --at {AT} --out proposal.json");
    let proposal = desk.done(anvil, &propose, &[], 2)["proposal"].clone();
    assert_eq!((proposal["phases"].as_array().unwrap().len(), &proposal["manual_review"]), (2, &json!(true)));
    decide(desk, anvil, "approve", "yes.json");
    let built = desk.done(anvil, BUILD, &[], 0);
    assert_eq!((&built["proposal"], built["calls"].as_array().unwrap().len()), (&proposal["id"], 2));
    proposal["id"].clone()
}

fn refused(desk: &Desk, anvil: &Anvil, command: &str, why: &str) {
    let before = fs::read(desk.folder.path().join("batch.json")).unwrap();
    let (code, shown, talk) = desk.run(anvil, command, &["eve"]);
    assert!(code != 0 && (talk.contains(why) || shown.to_string().contains(why)), "{command}: {code} {shown} {talk}");
    assert_eq!(fs::read(desk.folder.path().join("batch.json")).unwrap(), before, "{command}");
}

fn decide(desk: &Desk, anvil: &Anvil, word: &str, file: &str) {
    desk.done(anvil, &format!("allocate {word} proposal.json --by ana --why reviewed --out {file}"), &[], 0);
}

/// Nobody attests before a person has approved, nor what is not the proposal's batch.
fn reviewed(desk: &Desk, anvil: &Anvil) {
    refused(desk, anvil, ATTEST, "a person must review it first");
    decide(desk, anvil, "reject", "no.json");
    refused(desk, anvil, &format!("{ATTEST} --decision no.json"), "ana rejected the proposal: reviewed");
    refused(desk, anvil, "attest batch.json", "proposal of the request is unknown (missing), and closed then");
    let told = json!([{"fact": "proposal", "subject": "request", "value": true, "observed_at": support::desk::BEGIN}]);
    desk.write("facts.json", &told);
    refused(desk, anvil, "attest batch.json --facts facts.json", "is for `attest` itself to observe");
    let mapping = fs::read_to_string(desk.folder.path().join("mapping.json")).unwrap();
    let theft = mapping.replace(&format!("\"{}\"", json_address("desk-b")), &format!("\"{}\"", json_address("thief")));
    assert_ne!(theft, mapping);
    fs::write(desk.folder.path().join("theft.json"), theft).unwrap();
    desk.done(anvil, &BUILD.replace("mapping.json", "theft.json"), &[], 0);
    refused(desk, anvil, &format!("{ATTEST} --decision yes.json"), "is not what phase 1 of proposal");
    desk.done(anvil, BUILD, &[], 0);
}

/// As the mapping has it.
fn json_address(name: &str) -> String {
    json!(who(name)).as_str().unwrap().to_owned()
}

fn one_is_not_enough(desk: &Desk, anvil: &Anvil, node: &Node) {
    let done = desk.done(anvil, &format!("{ATTEST} --decision yes.json"), &["eve"], 0);
    assert_eq!(done["attestations"][0]["attesters"], json!([who("eve")]));
    let (code, verified, _) = desk.run(anvil, "attest verify batch.json", &[]);
    assert_eq!((code, &verified["reason"]), (3, &json!("TooFewAttesters")), "{verified}");
    let collected = Collected::read(&desk.folder.path().join("batch.json")).unwrap();
    let one: Vec<_> = collected.attestations().map(Attested::material).collect();
    assert_eq!(desk.denial(node, &collected.tx, one), Some(Reason::TooFewAttesters));
    assert_eq!(desk.denial(node, &collected.tx, Vec::new()), Some(Reason::AttestationRequired));
}

/// The attestation with signatures of both attesters over it, as they would make them for this binding.
fn signed(binding: &Binding, effects: B256, item: &AttestationItem) -> AttestationItem {
    let digest = binding.attestation_digest(effects, item);
    let mut keys = ["eve", "fay"].map(key);
    keys.sort_by_key(alloy_address);
    let proofs = keys.iter().map(|key| Proof::ecdsa(sign(&key.to_bytes(), digest).unwrap())).collect();
    AttestationItem { proofs, ..item.clone() }
}

fn alloy_address(key: &portcullis_chain::PrivateKeySigner) -> Address {
    key.address()
}

fn nothing_may_be_changed(desk: &Desk, node: &Node, tx: &SafeTx, attested: &Attested) {
    let (item, binding, effects) = (attested.material(), attested.binding, attested.effects);
    assert_eq!(desk.denial(node, tx, vec![item.clone()]), None, "as it is, it executes");
    assert_eq!(signed(&binding, effects, &item), item, "both signed what is signed here");
    let denied = |what: &str, item: AttestationItem, reasons: &[Reason]| {
        let reason = desk.denial(node, tx, vec![item]);
        assert!(reason.is_some_and(|reason| reasons.contains(&reason)), "{what}: {reason:?}");
    };
    // Strangers are recovered from signatures over anything else, in any order.
    let strangers = [Reason::TooFewAttesters, Reason::BadMaterial];
    // Every field that travels, under the signatures that were made.
    let changed = |change: &dyn Fn(&mut AttestationItem)| {
        let mut item = item.clone();
        change(&mut item);
        item
    };
    denied("set", changed(&|item| item.set = 1), &[Reason::AttestationRequired]);
    denied("deadline", changed(&|item| item.deadline += 1), &strangers);
    denied("proposal", changed(&|item| item.proposal.0[31] ^= 1), &strangers);
    denied("no proposal", changed(&|item| item.proposal = B256::ZERO), &strangers);
    // Two effects and two rules: the third pair is said to be false of a rule that is not asked.
    denied("statement", changed(&|item| item.statement = vec![item.statement[0] ^ 0b0011_0000].into()), &strangers);
    denied("shorter", changed(&|item| item.statement = Vec::new().into()), &[Reason::AttestationRequired]);
    let longer = [item.statement.as_ref(), &[0]].concat();
    denied("longer", changed(&|item| item.statement = longer.clone().into()), &[Reason::MalformedMaterial]);
    denied("one signature", changed(&|item| drop(item.proofs.pop())), &[Reason::TooFewAttesters]);
    denied("one twice", changed(&|item| item.proofs[1] = item.proofs[0].clone()), &[Reason::BadMaterial]);
    denied("out of order", changed(&|item| item.proofs.reverse()), &[Reason::BadMaterial]);
    // Every field that the signatures bind to, signed for something else.
    let other = Binding { chain_id: 5, ..binding };
    denied("chain", signed(&other, effects, &item), &strangers);
    let other = Binding { hook: who("other"), ..binding };
    denied("hook", signed(&other, effects, &item), &strangers);
    let other = Binding { account: who("other"), ..binding };
    denied("Safe", signed(&other, effects, &item), &strangers);
    let other = Binding { request: B256::repeat_byte(1), ..binding };
    denied("request", signed(&other, effects, &item), &strangers);
    let other = Binding { program: B256::repeat_byte(1), ..binding };
    denied("policy version", signed(&other, effects, &item), &strangers);
    let other = Binding { epoch: binding.epoch + 1, ..binding };
    denied("epoch", signed(&other, effects, &item), &strangers);
    denied("effects", signed(&binding, B256::repeat_byte(1), &item), &strangers);
    let expired = AttestationItem { deadline: node.now().unwrap() - 1, ..item.clone() };
    denied("expired", signed(&binding, effects, &expired), &[Reason::BadMaterial]);
    let says_no = AttestationItem { statement: vec![0b0101_0101].into(), ..item.clone() };
    denied("not true", signed(&binding, effects, &says_no), &[Reason::NoRule, Reason::RuleDenies]);
}

/// Who is off the registry does not count from that block on.
fn revoked(desk: &Desk, anvil: &Anvil, node: &mut Node, tx: &SafeTx, attested: &Attested) {
    desk.list(node, &["fay"], false);
    assert_eq!(desk.denial(node, tx, vec![attested.material()]), Some(Reason::TooFewAttesters));
    let (code, verified, _) = desk.run(anvil, "attest verify batch.json", &[]);
    assert_eq!((code, &verified["valid"]), (3, &json!(false)));
    desk.list(node, &["fay"], true);
}
