//! Members announce, approve, deny, freeze and curate with keys of their own, on real Safes.

use crate::support;

use alloy_primitives::{Address, B256, U256};
use alloy_sol_types::SolValue;
use portcullis_bindings::{Registry, deployer};
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, create2};
use serde_json::{Value, json};
use std::path::Path;
use support::treasury::{Treasury, ether, who};

const HOUR: u64 = 3_600;

/// Ether takes a delay and an approval of eve's or the payer's; eve may freeze.
fn rules() -> String {
    let (eve, payer) = (who("eve"), who("payer"));
    format!(
        "[groups]\nwatch = [\"{eve}\", \"{payer}\"]\n\
         [[rules]]\nid = \"tokens\"\nwhen = {{ effect = \"transfer\", asset = \"TUSD\" }}\nthen = {{ allow = true }}\n\
         [[rules]]\nid = \"ether\"\nwhen = {{ effect = \"transfer\", asset = \"ETH\" }}\n\
         then = {{ allow = true, delay = \"2h\", approvals = {{ group = \"watch\", at_least = 1 }} }}\n"
    )
}

fn treasury(version: Version) -> Treasury {
    let mut treasury = Treasury::guarded(version, &rules(), "guardians = \"@watch\"\ncancellers = \"@watch\"\n");
    treasury.node.fund(who("eve"), U256::from(10_u64.pow(18))).unwrap();
    treasury
}

fn done(result: (i32, Value, String)) -> Value {
    let (code, shown, talk) = result;
    assert_eq!(code, 0, "{talk}");
    shown
}

fn denied(treasury: &Treasury, folder: &Path, arguments: &[&str], keys: &[&str], reason: &str) {
    let before = treasury.blocks();
    let (code, shown, talk) = treasury.run(folder, arguments, keys);
    assert_eq!((code, shown["rehearsal"]["reason"].as_str()), (3, Some(reason)), "{talk}");
    assert_eq!(treasury.blocks(), before, "a denied transaction is not sent");
}

#[test]
fn an_announcement_and_an_approval_open_the_way_for_one_transaction() {
    for (version, on_chain) in [(Version::V1_3_0, true), (Version::V1_4_1, false), (Version::V1_5_0, true)] {
        let treasury = treasury(version);
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        treasury.file(at, "pay.json", &[ether("vendor", 8)]);
        let owners = ["ann", "bob"];
        let pay = ["transact", "--tx", "pay.json", "--yes"];
        denied(&treasury, at, &pay, &owners, "TooFewApprovals");

        // Collecting is no sending: what members may still bring is no reason to stop.
        let collect = ["transact", "--tx", "pay.json", "--signatures", "pay.sigs"];
        let hash = done(treasury.run(at, &collect, &owners))["hash"].as_str().unwrap().to_owned();
        if on_chain {
            done(treasury.run(at, &["approve", &hash, "--yes"], &["eve"]));
        } else {
            let signed = done(treasury.run(at, &["approve", "pay.sigs", "--sign"], &["eve"]));
            assert_eq!(signed["approver"], json!(who("eve")));
        }
        let execute = ["execute", "pay.sigs", "--yes"];
        denied(&treasury, at, &execute, &["payer"], "NotAnnounced");
        let shown = done(treasury.run(at, &["announce", "--tx", "pay.json", "--yes"], &["ann"]));
        let id = shown["id"].as_str().unwrap().to_owned();
        denied(&treasury, at, &execute, &["payer"], "NotMatured");
        done(treasury.run(at, &["cancel", &id, "--yes"], &["eve"]));
        denied(&treasury, at, &execute, &["payer"], "NotAnnounced");
        let line = treasury.refused(at, &["cancel", &id, "--yes"], &["eve"]);
        assert!(line.contains("there is no announcement"), "{line}");

        // The same again is another step, and is sent again.
        done(treasury.run(at, &["announce", "--tx", "pay.json", "--yes"], &["ann"]));
        let line = treasury.refused(at, &["announce", "--tx", "pay.json", "--yes"], &["ann"]);
        assert!(line.contains("AlreadyAnnounced"), "{line}");
        treasury.wait(3 * HOUR);
        let before = treasury.node.balance(who("vendor")).unwrap();
        done(treasury.run(at, &execute, &["payer"]));
        assert_eq!(treasury.node.balance(who("vendor")).unwrap() - before, U256::from(8));
    }
}

#[test]
fn a_denial_is_for_good_and_strangers_have_no_say() {
    let treasury = treasury(Version::V1_4_1);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    treasury.file(at, "pay.json", &[ether("vendor", 8)]);
    let collect = ["transact", "--tx", "pay.json", "--signatures", "pay.sigs"];
    let hash = done(treasury.run(at, &collect, &["ann", "bob"]))["hash"].as_str().unwrap().to_owned();
    std::fs::write(at.join("policy.toml"), &treasury.policy).unwrap();
    let deny = ["deny", &hash, "--group", "watch", "--policy", "policy.toml", "--yes"];
    let line = treasury.refused(at, &deny, &["ann"]);
    assert!(line.contains("NotAllowed"), "{line}");
    let line =
        treasury.refused(at, &["deny", &hash, "--group", "nobody", "--policy", "policy.toml", "--yes"], &["eve"]);
    assert!(line.contains("the program has no group `@nobody`"), "{line}");
    done(treasury.run(at, &["approve", &hash, "--yes"], &["payer"]));
    done(treasury.run(at, &deny, &["eve"]));
    denied(&treasury, at, &["execute", "pay.sigs", "--yes"], &["payer"], "ApprovalDenied");
}

#[test]
fn a_freeze_denies_all_but_control_until_the_owners_end_it() {
    for version in [Version::V1_3_0, Version::V1_5_0] {
        let treasury = treasury(version);
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        let (owners, pay) = (["ann", "bob"], ["transact", "--tx", "pay.json", "--yes"]);
        treasury.file(at, "pay.json", &[treasury.tokens("payee", 5)]);
        let line = treasury.refused(at, &["unfreeze", "--yes"], &owners);
        assert!(line.contains("is not frozen"), "{line}");
        let line = treasury.refused(at, &["freeze", "--yes"], &["ann"]);
        assert!(line.contains("NotAllowed"), "{line}");
        done(treasury.run(at, &["freeze", "--yes"], &["eve"]));
        denied(&treasury, at, &pay, &owners, "Frozen");
        let line = treasury.refused(at, &["freeze", "--yes"], &["eve"]);
        assert!(line.contains("is frozen already"), "{line}");
        done(treasury.run(at, &["unfreeze", "--yes"], &owners));
        let line = treasury.refused(at, &["unfreeze", "--yes"], &owners);
        assert!(line.contains("run this again from"), "{line}");
        treasury.wait(2 * HOUR);
        done(treasury.run(at, &["unfreeze", "--yes"], &owners));
        done(treasury.run(at, &pay, &owners));
        let line = treasury.refused(at, &["freeze", "--yes"], &["eve"]);
        assert!(line.contains("Barred"), "{line}");
    }
}

fn registry(treasury: &mut Treasury, curator: Address, delay: u32) -> Address {
    let code = [Registry::BYTECODE.as_ref(), &(curator, U256::from(delay)).abi_encode_params()].concat();
    create2(&mut treasury.node, who("payer"), deployer::ARACHNID, B256::ZERO, &code).unwrap()
}

#[test]
fn a_curator_changes_a_registry_and_nobody_else() {
    let mut treasury = treasury(Version::V1_4_1);
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let registry = registry(&mut treasury, who("eve"), 600).to_string();
    let (vendor, payee) = (who("vendor").to_string(), who("payee").to_string());
    let add = ["registry", "add", &registry, &vendor, &payee, "--yes"];
    let line = treasury.refused(at, &add, &["ann"]);
    assert!(line.contains("curates the registry, not"), "{line}");
    done(treasury.run(at, &add, &["eve"]));
    let list = || done(treasury.run(at, &["registry", "list", &registry], &[]));
    let shown = list();
    assert_eq!(shown["members"].as_array().unwrap().len(), 2, "{shown}");
    assert_eq!(shown["members"][0]["counts"], json!(false));
    let line = treasury.refused(at, &add, &["eve"]);
    assert!(line.contains("was added already"), "{line}");
    treasury.wait(700);
    assert_eq!(list()["members"][0]["counts"], json!(true));
    done(treasury.run(at, &["registry", "remove", &registry, &vendor, "--yes"], &["eve"]));
    let shown = list();
    assert_eq!(shown["members"].as_array().unwrap().len(), 1, "{shown}");
    assert_eq!(shown["members"][0]["member"], json!(who("payee")));
}
