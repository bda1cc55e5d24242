//! `simulate --rpc` on nodes that lie, fail, or are not there: whatever they do, nothing is allowed that was not
//! computed on a state that was read.

use crate::support;

use alloy_primitives::Address;
use portcullis_chain::safe::Version;
use serde_json::{Value, json};
use std::path::Path;
use support::relay::{Fate, Relay, rpc};
use support::treasury::{ETHER, Treasury, ether, key, who};

fn pays(treasury: &Treasury) -> Value {
    json!({ "actions": [treasury.tokens("payee", 5_000_000)] })
}

/// What the payment reads, by the calls that read it: method, and the beginning of the parameters.
fn reads(treasury: &Treasury) -> Vec<(&'static str, Value)> {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    let bundle = bundle.to_str().unwrap();
    let (code, _, talk) = treasury.simulate(&treasury.anvil.url, &["--bundle", bundle], &pays(treasury));
    assert_eq!(code, 0, "{talk}");
    let text = std::fs::read_to_string(bundle).unwrap();
    let held: Value = serde_json::from_str(text.split_once('\n').unwrap().1).unwrap();
    let state = &held["state"];
    let mut reads = Vec::new();
    for account in state["accounts"].as_object().unwrap().keys() {
        reads.extend(
            ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"].map(|method| (method, json!([account]))),
        );
    }
    for (account, words) in state["words"].as_object().unwrap() {
        reads.extend(words.as_object().unwrap().keys().map(|slot| ("eth_getStorageAt", json!([account, slot]))));
    }
    reads
}

fn same(call: &Value, read: &Value) -> bool {
    let read = read.as_array().unwrap();
    read.iter()
        .enumerate()
        .all(|(index, one)| call[index].as_str().unwrap_or_default().eq_ignore_ascii_case(one.as_str().unwrap()))
}

#[test]
fn a_part_of_the_state_that_the_node_does_not_give_is_never_taken_for_zero() {
    let treasury = Treasury::new(Version::V1_4_1);
    let reads = reads(&treasury);
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.html");
    let report = report.to_str().unwrap();
    assert!(reads.len() > 40, "{}", reads.len());
    let fates = [
        Fate::Error("missing trie node"),
        Fate::Result(Value::Null),
        Fate::Left,
        Fate::Result(json!("0x")),
        Fate::Result(json!("0xzz")),
    ];
    let every: usize = std::env::var("PORTCULLIS_FAULTS_EVERY").map_or(3, |text| text.parse().unwrap());
    for (index, (method, read)) in reads.into_iter().enumerate().step_by(every) {
        // No code is an answer: "0x".
        let fate = fates[index / every % fates.len()].clone();
        let fate = if method == "eth_getCode" && fate == Fate::Result(json!("0x")) { Fate::Left } else { fate };
        let (withheld, told) = (read.clone(), fate.clone());
        let relay = Relay::start(&treasury.anvil.url, move |asked, parameters| {
            if asked == method && same(parameters, &withheld) { told.clone() } else { Fate::Pass }
        });
        // A bundle holds what a report reads, too.
        let (code, shown, talk) = treasury.simulate(&relay.url, &["--report", report], &pays(&treasury));
        assert_eq!((code, &shown), (4, &Value::Null), "{method} {read} {fate:?}: {talk}");
        assert!(!Path::new(report).exists(), "{method} {read}");
        assert_eq!(talk.lines().count(), 1, "{talk}");
    }
}

#[test]
fn a_node_that_is_broken_slow_or_of_another_chain_leaves_it_undecided() {
    let treasury = Treasury::new(Version::V1_4_1);
    let node = &treasury.anvil.url;
    let undecided = |what: &str, more: &[&str], fate: fn(&str, &Value) -> Fate, expected: &str| {
        let relay = Relay::start(node, fate);
        let (code, shown, talk) = treasury.simulate(&relay.url, more, &pays(&treasury));
        assert_eq!((code, &shown), (4, &Value::Null), "{what}: {talk}");
        assert!(talk.contains(expected), "{what}: {talk}");
    };
    undecided("another chain", &["--chain-id", "1"], |_, _| Fate::Pass, "the node is on chain 31337, not on chain 1");
    let no_chain = |asked: &str, _: &Value| if asked == "eth_chainId" { Fate::Result(Value::Null) } else { Fate::Pass };
    undecided("no chain", &[], no_chain, "it names no chain");
    let pruned = |asked: &str, _: &Value| {
        if asked.starts_with("eth_get") && asked != "eth_getBlockByNumber" {
            Fate::Error("missing trie node")
        } else {
            Fate::Pass
        }
    };
    undecided("a pruned block", &["--block", "3"], pruned, "use an archive node or a newer block");
    undecided("a block to come", &["--block", "999999"], |_, _| Fate::Pass, "gives no block 999999");
    let nowhere = "0x1111111111111111111111111111111111111111111111111111111111111111";
    undecided("a block of another chain", &["--block", nowhere], |_, _| Fate::Pass, "gives no block `0x1111");
    let other = |asked: &str, _: &Value| {
        if asked == "eth_getBlockByNumber" { Fate::Result(Value::Null) } else { Fate::Pass }
    };
    undecided("no block", &[], other, "gives no block `latest`");
    undecided("an error for all", &[], |_, _| Fate::Error("limit exceeded"), "limit exceeded");
    undecided("server trouble", &[], |_, _| Fate::Body(503, ""), "503");
    undecided("no JSON", &[], |_, _| Fate::Body(200, "<html>"), "does not speak JSON-RPC");
    undecided("half of it", &[], |_, _| Fate::Body(200, "[{\"jsonrpc\":"), "does not speak JSON-RPC");
    undecided("no time", &["--timeout", "1"], |_, _| Fate::Hang, "no node answers");
    // Slow only where the state is read, after the block was given.
    let late = |asked: &str, _: &Value| if asked == "eth_getStorageAt" { Fate::Hang } else { Fate::Pass };
    undecided("late", &["--timeout", "1"], late, "no node answers");
}

#[test]
fn a_block_is_the_one_that_was_asked_for_or_none() {
    let treasury = Treasury::new(Version::V1_4_1);
    let newest = treasury.ask("eth_getBlockByNumber", json!(["latest", false]));
    let relay = Relay::start(&treasury.anvil.url, move |asked, _| {
        if asked.starts_with("eth_getBlockBy") { Fate::Result(newest.clone()) } else { Fate::Pass }
    });
    let other = treasury.ask("eth_getBlockByNumber", json!(["0x2", false]));
    for block in ["2", other["hash"].as_str().unwrap()] {
        let (code, _, talk) = treasury.simulate(&relay.url, &["--block", block], &pays(&treasury));
        assert_eq!(code, 4, "{talk}");
        assert!(talk.contains("it answers with block"), "{talk}");
    }
}

#[test]
fn a_node_without_batches_or_access_lists_is_read_all_the_same() {
    let treasury = Treasury::new(Version::V1_4_1);
    let (_, expected, _) = treasury.simulate(&treasury.anvil.url, &[], &pays(&treasury));
    let relay = Relay::start(&treasury.anvil.url, |asked, _| {
        if asked == "eth_createAccessList" { Fate::Error("method not found") } else { Fate::Pass }
    });
    let (code, shown, talk) = treasury.simulate(&relay.url, &[], &pays(&treasury));
    assert_eq!((code, &shown["report_hash"]), (0, &expected["report_hash"]), "{talk}");
    assert!(shown["state"]["trips"].as_u64() > expected["state"]["trips"].as_u64());
}

#[test]
fn few_round_trips_read_what_a_payment_needs() {
    let treasury = Treasury::new(Version::V1_4_1);
    let relay = Relay::start(&treasury.anvil.url, |_, _| Fate::Pass);
    let (code, shown, talk) = treasury.simulate(&relay.url, &[], &pays(&treasury));
    assert_eq!(code, 0, "{talk}");
    assert!(shown["state"]["trips"].as_u64().unwrap() <= 3, "{}", shown["state"]);
    // The second is one batch of more calls than one request takes: its parts travel side by side.
    assert!(relay.trips() <= 5, "{}", relay.trips());
}

#[test]
fn what_denies_everything_denies_under_every_option() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for version in Version::ALL {
        let treasury = Treasury::denying_all(version);
        std::fs::write(path("policy.toml"), &treasury.policy).unwrap();
        let newest = treasury.ask("eth_getBlockByNumber", json!(["latest", false]));
        let number = u64::from_str_radix(newest["number"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
        let (number, hash) = (number.to_string(), newest["hash"].as_str().unwrap().to_owned());
        let [ann, bob, cem] = ["ann", "bob", "cem"].map(|name| who(name).to_string());
        let (policy, cache, bundle) = (path("policy.toml"), path("cache"), path("bundle"));
        let later = "99999999999";
        let options: [&[&str]; 12] = [
            &["--proven"],
            &[],
            &["--block", "latest"],
            &["--block", &number],
            &["--block", &hash],
            &["--at", later],
            &["--chain-id", "31337"],
            &["--signer", &ann, "--signer", &bob, "--signer", &cem],
            &["--cache", &cache],
            &["--cache", &cache],
            &["--policy", &policy],
            &["--bundle", &bundle, "--timeout", "30"],
        ];
        let tx = treasury.call(who("payee"), ETHER, Vec::new());
        let mut transactions = vec![
            json!({ "actions": [ether("payee", ETHER)] }),
            json!({ "actions": [ether("payee", ETHER)], "initiator": ann }),
            json!({ "actions": [ether("payee", ETHER)], "signatures": treasury.signed(&tx, &["ann", "bob"]) }),
            json!({ "actions": [treasury.tokens("payee", 1), ether("payee", 1)] }),
        ];
        if version.has_module_guard() {
            transactions.push(json!({ "actions": [ether("payee", 1)], "origin": who("module").to_string() }));
        }
        for (index, transaction) in transactions.iter().enumerate() {
            // Every option with one transaction, one option with every transaction.
            let some = if index == 0 { &options[..] } else { &options[..1] };
            for more in some {
                // Signatures of the transaction's own, and owners taken to approve besides, are two ways to the same.
                let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, more, transaction);
                assert_eq!(
                    (code, &shown["chain"], &shown["rust"]),
                    (3, &json!("deny"), &json!("deny")),
                    "{more:?} {talk}"
                );
                assert_eq!(shown["outcome"], "denied", "{version} {more:?} {transaction}: {shown}");
            }
        }
        let (code, shown, talk) = support::run(&["replay", &bundle], &Value::Null);
        assert_eq!((code, &shown["chain"]), (3, &json!("deny")), "{talk}");
    }
}

#[test]
fn nobody_lowers_the_threshold() {
    let treasury = Treasury::new(Version::V1_4_1);
    let node = &treasury.anvil.url;
    let (code, shown, _) = treasury.simulate(node, &[], &pays(&treasury));
    let overrides = shown["report"]["overrides"].as_array().unwrap();
    let approved: Vec<&Value> = overrides.iter().filter(|one| one["kind"] == "approved_hash").collect();
    assert_eq!((code, approved.len()), (0, 2), "as many as the threshold, and told: {shown}");
    for one in &approved {
        let owner: Address = one["owner"].as_str().unwrap().parse().unwrap();
        assert!(["ann", "bob", "cem"].map(who).contains(&owner));
    }

    let tx = treasury.call(who("payee"), 1, Vec::new());
    for signers in [&["ann"][..], &["ann", "mallory"]] {
        let signed = json!({ "actions": [ether("payee", 1)], "signatures": treasury.signed(&tx, signers) });
        let (code, shown, _) = treasury.simulate(node, &[], &signed);
        assert_eq!((code, &shown["outcome"], &shown["chain"]), (1, &json!("fails"), &json!("allow")), "{shown}");
        assert!(shown["failure"].as_str().unwrap().contains("GS02"), "{shown}");
    }
    let alone = who("ann").to_string();
    let (code, shown, _) = treasury.simulate(node, &["--signer", &alone], &pays(&treasury));
    assert_eq!((code, &shown["outcome"]), (1, &json!("fails")), "{shown}");
    let stranger = key("mallory").address().to_string();
    let (code, _, talk) = treasury.simulate(node, &["--signer", &stranger], &pays(&treasury));
    assert_eq!(code, 1);
    assert!(talk.contains("is no owner of the Safe"), "{talk}");
}

#[test]
fn a_module_is_simulated_as_its_guard_sees_it() {
    let treasury = Treasury::new(Version::V1_5_0);
    let node = &treasury.anvil.url;
    let asks = |module: Address, wei: u64| json!({ "actions": [ether("payee", wei)], "origin": module.to_string() });
    let (code, shown, talk) = treasury.simulate(node, &[], &asks(who("module"), ETHER / 2));
    assert_eq!((code, &shown["chain"], &shown["outcome"]), (0, &json!("allow"), &json!("executes")), "{talk}{shown}");
    let (code, shown, _) = treasury.simulate(node, &[], &asks(who("module"), ETHER / 2 + 1));
    assert_eq!((code, &shown["chain"], &shown["outcome"]), (3, &json!("deny"), &json!("denied")));
    // Not enabled, and a contract: the Safe turns it away before the guard is asked, and the policy has no rule for it.
    let (code, shown, _) = treasury.simulate(node, &[], &asks(treasury.token, 1));
    assert_eq!((code, &shown["chain"], &shown["outcome"]), (3, &json!("deny"), &json!("fails")), "{shown}");
    let kinds: Vec<&Value> = shown["report"]["overrides"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert!(kinds.contains(&&json!("contract_sends")), "{shown}");

    let old = Treasury::new(Version::V1_4_1);
    let (code, _, talk) = old.simulate(&old.anvil.url, &[], &asks(who("module"), 1));
    assert_eq!(code, 1);
    assert!(talk.contains("bypasses the guard of Safe 1.4.1"), "{talk}");
}

/// What a lying node does.
type Lie = Box<dyn Fn(&str, &Value) -> Fate + Send + Sync>;

/// The account's storage root and every word's value and proof, changed one at a time.
fn forgeries(proof: &Value) -> Vec<Value> {
    let mut forged = Vec::new();
    let mut with = |pointer: &str, change: &dyn Fn(&str) -> String| {
        let mut other = proof.clone();
        let place = other.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} of {proof}"));
        *place = json!(change(place.as_str().unwrap()));
        forged.push(other);
    };
    let last_digit = |text: &str| {
        let (head, last) = text.split_at(text.len() - 1);
        format!("{head}{}", if last == "1" { "2" } else { "1" })
    };
    for pointer in ["/balance", "/nonce", "/codeHash", "/storageHash", "/accountProof/0"] {
        with(pointer, &last_digit);
    }
    if proof.pointer("/storageProof/0").is_some() {
        with("/storageProof/0/value", &last_digit);
        with("/storageProof/0/value", &|text| if text == "0x0" { "0x1" } else { "0x0" }.to_owned());
    }
    if proof.pointer("/storageProof/0/proof/0").is_some() {
        with("/storageProof/0/proof/0", &last_digit);
    }
    forged
}

#[test]
fn a_node_that_lies_is_caught_where_everything_is_proven() {
    let treasury = Treasury::new(Version::V1_4_1);
    let node = treasury.anvil.url.clone();
    let (code, trusted, _) = treasury.simulate(&node, &[], &pays(&treasury));
    let (proven, shown, talk) = treasury.simulate(&node, &["--proven"], &pays(&treasury));
    assert_eq!((code, proven, &shown["state"]["proven"]), (0, 0, &json!(true)), "{talk}");
    assert_eq!(shown["report_hash"], trusted["report_hash"], "the same state, proven");
    assert!(shown["state"]["trips"].as_u64().unwrap() <= 3, "{}\n{talk}", shown["state"]);

    let caught = |fate: Lie, about: &str| {
        let relay = Relay::start(&node, fate);
        let (code, shown, talk) = treasury.simulate(&relay.url, &["--proven"], &pays(&treasury));
        assert_eq!((code, &shown), (4, &Value::Null), "{about}: {talk}");
    };
    let hook = portcullis_chain::deploy::hook_at();
    for liar in [treasury.safe, hook, treasury.token] {
        let told = move |parameters: &Value| parameters[0].as_str().unwrap().parse() == Ok(liar);
        let count = {
            let slots = json!([json!(alloy_primitives::B256::ZERO)]);
            forgeries(&rpc(&node, "eth_getProof", json!([liar, slots, "latest"]))).len()
        };
        for index in 0..count {
            let url = node.clone();
            let fate = move |asked: &str, parameters: &Value| {
                if asked != "eth_getProof" || !told(parameters) {
                    return Fate::Pass;
                }
                let all = forgeries(&rpc(&url, asked, parameters.clone()));
                Fate::Result(all[index.min(all.len() - 1)].clone())
            };
            caught(Box::new(fate), &format!("{liar} {index}"));
        }
        let code = move |asked: &str, parameters: &Value| {
            if asked == "eth_getCode" && told(parameters) { Fate::Result(json!("0x00")) } else { Fate::Pass }
        };
        caught(Box::new(code), "other code");
    }
    // A header that does not hash to its hash.
    for (field, other) in [("timestamp", "0x7fffffff"), ("stateRoot", &format!("0x{}", "12".repeat(32)))] {
        let mut block = treasury.ask("eth_getBlockByNumber", json!(["latest", false]));
        block[field] = json!(other);
        let fate = move |asked: &str, _: &Value| {
            if asked == "eth_getBlockByNumber" { Fate::Result(block.clone()) } else { Fate::Pass }
        };
        caught(Box::new(fate), field);
    }
    caught(
        Box::new(|asked, _| if asked == "eth_getProof" { Fate::Error("no such method") } else { Fate::Pass }),
        "none",
    );
}

/// Code that reverts with what it is called with.
const ECHO: &str = "0x365f5f37365ffd";

#[test]
fn a_denial_that_the_hook_did_not_say_is_none() {
    let rule = |target: Address| {
        format!("[[rules]]\nid = \"echo\"\nwhen = {{ target = \"{target}\" }}\nthen = {{ allow = true }}\n")
    };
    let target = Address::repeat_byte(0xec);
    let treasury = Treasury::with(Version::V1_5_0, &rule(target));
    treasury.ask("anvil_setCode", json!([target, ECHO]));
    let (reason, rule) = (12, 0);
    let forged = portcullis_bindings::IPolicyHook::Denied {
        reason,
        effect: 0,
        rule,
        detail: 0,
        have: alloy_primitives::U256::ZERO,
        need: alloy_primitives::U256::ZERO,
    };
    let data = alloy_sol_types::SolError::abi_encode(&forged);
    let call = json!({ "actions": [support::treasury::action(target, 0, &data)] });
    let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &[], &call);
    assert_eq!((code, &shown["chain"], &shown["outcome"]), (1, &json!("allow"), &json!("fails")), "{shown} {talk}");
    assert!(shown["failure"].as_str().unwrap().contains("(Denied)"), "{shown}");
}

/// Code that never ends.
const LOOP: &str = "0x5b5f56";

#[test]
fn a_contract_that_loops_for_ever_ends_with_its_gas() {
    let target = Address::repeat_byte(0x10);
    let rule = format!("[[rules]]\nid = \"loop\"\nwhen = {{ target = \"{target}\" }}\nthen = {{ allow = true }}\n");
    let treasury = Treasury::with(Version::V1_4_1, &rule);
    treasury.ask("anvil_setCode", json!([target, LOOP]));
    let call = json!({ "actions": [support::treasury::action(target, 0, &[1, 2, 3, 4])] });
    let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &[], &call);
    assert_eq!((code, &shown["chain"], &shown["outcome"]), (1, &json!("allow"), &json!("fails")), "{shown} {talk}");
    assert!(shown["gas"].as_u64().unwrap() > 16_000_000, "{shown}");
}
