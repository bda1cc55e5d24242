//! `simulate --rpc` and `replay`: what is simulated is what then happens, and happens again out of a bundle.

use crate::support;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::Safe;
use portcullis_chain::Ledger;
use portcullis_chain::safe::{self, SafeTx, Version};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use support::relay::{Fate, Relay};
use support::treasury::{ETHER, Treasury, ether, who};

/// Payments allowed and not, batches, allowances, calls that nothing decodes, and more than the Safe has.
fn actions(treasury: &Treasury, dice: &mut ChaCha8Rng) -> Vec<Value> {
    let count = if dice.random_ratio(1, 3) { dice.random_range(2..4) } else { 1 };
    let one = |dice: &mut ChaCha8Rng| {
        let to = ["payee", "vendor", "payee", "stranger"][dice.random_range(0..4)];
        match dice.random_range(0..10) {
            0..=3 => treasury.tokens(to, dice.random_range(0..300_000_000)),
            4..=7 => ether(to, dice.random_range(0..ETHER)),
            8 => treasury.allowance(to, dice.random_range(0..2)),
            _ => support::treasury::action(treasury.token, 0, &dice.random::<[u8; 8]>()),
        }
    };
    (0..count).map(|_| one(dice)).collect()
}

/// The one action that the Safe executes, as the simulation puts it together.
fn top_level(treasury: &Treasury, actions: &[Value]) -> SafeTx {
    let read = |action: &Value| safe::Transaction {
        to: action["to"].as_str().unwrap().parse().unwrap(),
        value: U256::from_str_radix(action["value"].as_str().unwrap(), 10).unwrap(),
        data: action["data"].as_str().unwrap().parse().unwrap(),
        operation: 0,
    };
    let all: Vec<_> = actions.iter().map(read).collect();
    match &all[..] {
        [only] => safe::call(only.to, only.value, only.data.clone(), treasury.nonce()),
        several => safe::batch(treasury.contracts.multi_send_call_only, several, treasury.nonce()),
    }
}

fn number(value: &Value) -> U256 {
    U256::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

/// What the node says that the transaction changed: storage after it, and balances of those who pay no gas.
type After = BTreeMap<Address, (Option<U256>, BTreeMap<B256, B256>)>;

fn on_node(treasury: &Treasury, transaction: &Value, ignored: &[Address]) -> After {
    let options = json!({ "tracer": "prestateTracer", "tracerConfig": { "diffMode": true } });
    let diff = treasury.ask("debug_traceTransaction", json!([transaction, options]));
    let mut after = After::new();
    for (who, account) in diff["post"].as_object().unwrap() {
        let who: Address = who.parse().unwrap();
        let balance = account.get("balance").map(number).filter(|_| !ignored.contains(&who));
        let before = diff["pre"][who.to_string().to_lowercase()]["storage"].as_object().cloned().unwrap_or_default();
        let mut words = BTreeMap::new();
        // What became zero is before only.
        for slot in before.keys() {
            words.insert(slot.parse().unwrap(), B256::ZERO);
        }
        for (slot, word) in account["storage"].as_object().cloned().unwrap_or_default() {
            words.insert(slot.parse().unwrap(), B256::from(number(&word)));
        }
        if balance.is_some() || !words.is_empty() {
            after.insert(who, (balance, words));
        }
    }
    after
}

fn simulated(changes: &Value, ignored: &[Address]) -> After {
    let mut after = After::new();
    for (who, change) in changes.as_object().unwrap() {
        let who: Address = who.parse().unwrap();
        let balance = change.get("balance").map(|both| number(&both[1])).filter(|_| !ignored.contains(&who));
        let words = change["storage"].as_object().cloned().unwrap_or_default();
        let words =
            words.iter().map(|(slot, both)| (slot.parse().unwrap(), both[1].as_str().unwrap().parse().unwrap()));
        let words: BTreeMap<B256, B256> = words.collect();
        if balance.is_some() || !words.is_empty() {
            after.insert(who, (balance, words));
        }
    }
    after
}

/// Simulates random requests, executes each for real, and compares everything.
fn compare(version: Version, count: u32) {
    let mut treasury = Treasury::new(version);
    let mut dice = ChaCha8Rng::seed_from_u64(seed(count) << 8 | version as u64);
    let mut outcomes: BTreeMap<String, u32> = BTreeMap::new();
    for index in 0..count {
        // Whatever fails from here on is a difference; the last note is that there was none.
        note(index + 1, 1, &outcomes);
        if index % 40 == 39 {
            treasury.node.fund(treasury.safe, U256::from(2 * ETHER)).unwrap();
        }
        let newest = treasury.ask("eth_getBlockByNumber", json!(["latest", false]));
        let pause = if dice.random_ratio(1, 4) { dice.random_range(1..60_000) } else { 1 };
        let at = u64::try_from(number(&newest["timestamp"])).unwrap() + pause;
        let actions = actions(&treasury, &mut dice);
        let by_module = version.has_module_guard() && dice.random_ratio(1, 4);
        let tx = top_level(&treasury, &actions);
        let sender = if by_module { who("module") } else { who(["payer", "ann"][dice.random_range(0..2)]) };
        let (transaction, data): (Value, Bytes) = if by_module {
            let SafeTx { to, value, data, operation, .. } = tx;
            let call = Safe::execTransactionFromModuleCall { to, value, data, operation };
            (json!({ "actions": actions, "origin": sender.to_string() }), call.abi_encode().into())
        } else {
            let signatures = treasury.signed(&tx, &["bob", "cem"]);
            let file = json!({ "actions": actions, "initiator": sender.to_string(), "signatures": signatures });
            (file, safe::exec(&tx, signatures))
        };
        let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &["--at", &at.to_string()], &transaction);
        let about = format!("{version} {index} {transaction}\n{shown}\n{talk}");
        assert_eq!(shown["agree"], true, "{about}");

        treasury.ask("evm_setNextBlockTimestamp", json!([at]));
        let receipt = treasury.node.send(sender, treasury.safe, U256::ZERO, data).unwrap();
        assert_eq!(receipt.timestamp, at);
        let outcome = shown["outcome"].as_str().unwrap();
        *outcomes.entry(outcome.to_owned()).or_default() += 1;
        assert_eq!(code == 0, outcome == "executes", "{about}");
        assert_eq!(receipt.success, outcome == "executes", "{about}");
        assert_eq!(shown["gas"].as_u64().unwrap(), receipt.gas_used, "{about}");
        let logs: Vec<Value> = receipt
            .logs
            .iter()
            .map(|log| json!({ "address": log.address, "topics": log.topics(), "data": log.data.data }))
            .collect();
        assert_eq!(shown["report"]["logs"], json!(logs), "{about}");
        let block = treasury.ask("eth_getBlockByNumber", json!(["latest", false]));
        let miner: Address = block["miner"].as_str().unwrap().parse().unwrap();
        let ignored = [sender, miner];
        let expected = on_node(&treasury, &block["transactions"][0], &ignored);
        assert_eq!(simulated(&shown["report"]["changes"], &ignored), expected, "{about}");
    }
    note(count, 0, &outcomes);
    assert!(["executes", "denied"].iter().all(|outcome| outcomes.contains_key(*outcome)), "{outcomes:?}");
}

/// Where `cargo xtask simulations` asks for it.
fn note(requests: u32, differences: u32, outcomes: &BTreeMap<String, u32>) {
    if let Ok(file) = std::env::var("PORTCULLIS_FORK_REPORT") {
        let report = json!({ "requests": requests, "differences": differences, "outcomes": outcomes });
        fs::write(file, report.to_string()).unwrap();
    }
}

fn seed(count: u32) -> u64 {
    std::env::var("PORTCULLIS_FORK_SEED").map_or(u64::from(count), |text| text.parse().unwrap())
}

fn count() -> u32 {
    std::env::var("PORTCULLIS_FORK_REQUESTS").map_or(14, |text| text.parse().unwrap())
}

#[test]
fn what_is_simulated_on_safe_1_3_0_is_what_then_happens() {
    compare(Version::V1_3_0, count());
}

#[test]
fn what_is_simulated_on_safe_1_4_1_is_what_then_happens() {
    compare(Version::V1_4_1, count());
}

#[test]
fn what_is_simulated_on_safe_1_5_0_is_what_then_happens() {
    compare(Version::V1_5_0, count());
}

#[test]
fn a_bundle_replays_to_the_same_report_without_a_node_and_only_as_it_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle");
    let path = file.to_str().unwrap();
    let treasury = Treasury::new(Version::V1_5_0);
    let pay = json!({ "actions": [treasury.tokens("payee", 7), ether("vendor", 8)] });
    let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &["--bundle", path], &pay);
    assert_eq!(code, 0, "{talk}");
    // The node is gone.
    drop(treasury);
    let (code, replayed, talk) = support::run(&["replay", path], &Value::Null);
    assert_eq!((code, &replayed["state"]["trips"]), (0, &json!(0)), "{talk}");
    assert_eq!(replayed["report_hash"], shown["report_hash"]);
    assert_eq!(replayed["report"], shown["report"]);

    let whole = fs::read(&file).unwrap();
    println!("a bundle of {} bytes", whole.len());
    let places = (0..80).chain((80..whole.len()).step_by(whole.len() / 40)).step_by(3);
    for place in places {
        for bit in [0x01, 0x20] {
            let mut flipped = whole.clone();
            flipped[place] ^= bit;
            fs::write(&file, &flipped).unwrap();
            let (code, shown, _) = support::run(&["replay", path], &Value::Null);
            assert_eq!((code, shown), (1, Value::Null), "byte {place}");
        }
    }
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    assert_eq!(support::run(&["replay", path], &Value::Null).0, 1);
}

#[test]
fn a_bundle_that_lacks_a_word_is_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle");
    let path = file.to_str().unwrap();
    let treasury = Treasury::new(Version::V1_4_1);
    let pay = json!({ "actions": [ether("vendor", 8)] });
    assert_eq!(treasury.simulate(&treasury.anvil.url, &["--bundle", path], &pay).0, 0);
    let text = fs::read_to_string(&file).unwrap();
    // Sealed anew by somebody who left out the nonce.
    let (_, content) = text.split_once('\n').unwrap();
    let nonce = format!("\"{:#066x}\":", 5);
    let (before, rest) = content.split_once(&nonce).unwrap();
    let (_, behind) = rest.split_once(',').unwrap();
    let without = format!("{before}{behind}");
    let hash = B256::from_slice(&Sha256::digest(&without));
    fs::write(&file, format!("portcullis bundle 2 {hash}\n{without}")).unwrap();
    let (code, shown, talk) = support::run(&["replay", path], &Value::Null);
    assert_eq!((code, shown), (4, Value::Null), "{talk}");
    assert!(talk.contains("the bundle does not hold slot"), "{talk}");
}

#[test]
fn a_cache_saves_reads_and_one_that_was_changed_is_read_anew() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().to_str().unwrap();
    let treasury = Treasury::new(Version::V1_4_1);
    let pay = json!({ "actions": [ether("vendor", 8)] });
    let run = || {
        let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &["--cache", cache], &pay);
        assert_eq!(code, 0, "{talk}");
        (shown["report_hash"].clone(), shown["state"]["from_node"].as_u64().unwrap(), shown["state"]["trips"].clone())
    };
    let (report, read, _) = run();
    assert!(read > 30, "{read}");
    assert_eq!(run(), (report.clone(), 0, json!(1)));
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    let whole = fs::read(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("31337-0x"), "{name}");
    for place in [0, 30, whole.len() / 2, whole.len() - 3] {
        let mut changed = whole.clone();
        changed[place] ^= 1;
        fs::write(file, &changed).unwrap();
        assert_eq!(run(), (report.clone(), read, json!(2)), "byte {place}");
        assert_eq!(fs::read(file).unwrap(), whole, "written anew");
    }
    // Another block's file under this block's name says nothing of this block.
    treasury.ask("evm_mine", json!([]));
    let (_, again, _) = run();
    assert_eq!(again, read);
    let newer = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).find(|path| path != file);
    fs::copy(file, newer.unwrap()).unwrap();
    assert_eq!(run().1, read);
}

#[test]
fn a_block_that_is_named_by_its_hash_takes_one_round_trip_and_says_the_same() {
    let treasury = Treasury::new(Version::V1_5_0);
    let pay = json!({ "actions": [treasury.tokens("payee", 7), ether("vendor", 8)] });
    let block = treasury.ask("eth_getBlockByNumber", json!(["latest", false]))["hash"].as_str().unwrap().to_owned();
    let by_hash = ["--block", &block];
    let run = |url: &str, more: &[&str]| {
        let (code, shown, talk) = treasury.simulate(url, more, &pay);
        assert_eq!(code, 0, "{talk}");
        (shown["state"]["trips"].as_u64().unwrap(), shown["report_hash"].clone())
    };
    let node = treasury.anvil.url.as_str();
    let (trips, report) = run(node, &[]);
    assert_eq!(trips, 2);
    assert_eq!(run(node, &by_hash), (1, report.clone()));
    assert_eq!(run(node, &[&by_hash[..], &["--proven"]].concat()), (2, report.clone()));
    let (trips, again) = run(node, &["--lazy"]);
    assert!(trips > 20 && again == report, "{trips}");
    // Nodes that trace nothing, or tell only half, cost a round trip and change nothing.
    for half in [Fate::Error("the method does not exist"), Fate::Result(json!({})), Fate::Left] {
        let relay = Relay::start(node, move |method, _| match method {
            "debug_traceCall" => half.clone(),
            _ => Fate::Pass,
        });
        assert_eq!(run(&relay.url, &by_hash), (2, report.clone()));
    }
}

#[test]
fn names_come_from_files_too_and_several_requests_are_one_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (abi, page, bundle) = (path("abi.json"), path("page.html"), path("bundle"));
    let inputs = json!([{ "name": "grantee", "type": "address" }, { "name": "wad", "type": "uint256" }]);
    let function = json!({ "type": "function", "name": "transfer", "stateMutability": "nonpayable",
        "inputs": inputs, "outputs": [] });
    fs::write(&abi, json!([function]).to_string()).unwrap();
    let treasury = Treasury::new(Version::V1_4_1);
    let pay = json!({ "actions": [treasury.tokens("payee", 7)] });
    let more = ["--tx", "TX", "--abi", &abi, "--report", &page, "--bundle", &bundle];
    let (code, _, talk) = treasury.simulate(&treasury.anvil.url, &more, &pay);
    assert_eq!(code, 0, "{talk}");
    let text = fs::read_to_string(&page).unwrap();
    for said in ["id=\"request-2\"", "request 2 of 2", "grantee", "0xa9059cbb", "transfer(address,uint256)"] {
        assert!(text.contains(said), "{said}");
    }
    // Of another contract it tells nothing.
    let (other, again) = (format!("{}={abi}", treasury.safe), path("again.html"));
    let replay = ["replay", &bundle, "--report", &again, "--abi", &other];
    assert_eq!(support::run(&replay, &Value::Null).0, 0);
    let text = fs::read_to_string(&again).unwrap();
    assert!(!text.contains("grantee") && text.contains("0xa9059cbb"));
    fs::write(&abi, "{}").unwrap();
    let (code, _, talk) = support::run(&replay, &Value::Null);
    assert!(code == 1 && talk.contains("it is no JSON ABI"), "{talk}");
    let (code, timed, talk) = support::run(&["replay", &bundle, "--times", "3"], &Value::Null);
    assert_eq!((code, &timed["times"]), (0, &json!(3)), "{talk}");
    assert!(timed["first_us"].as_u64().unwrap() > 0 && timed["median_us"].as_u64().unwrap() > 0);
}

#[test]
fn every_command_of_the_page_runs() {
    let page = fs::read_to_string(support::root().join("docs/simulate.md")).unwrap();
    let shell = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let treasury = Treasury::new(Version::V1_4_1);
    let pay = json!({ "actions": [ether("vendor", 8)] });
    fs::write(folder.path().join("tx.json"), pay.to_string()).unwrap();
    fs::write(folder.path().join("policy.toml"), &treasury.policy).unwrap();
    let commands: Vec<&str> = shell.lines().collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    for command in commands {
        let command = command.replace("$RPC", &treasury.anvil.url).replace("$SAFE", &treasury.safe.to_string());
        let mut words = command.split_whitespace();
        assert_eq!(words.next(), Some("portcullis"));
        let mut process = assert_cmd::Command::cargo_bin("portcullis").unwrap();
        process.current_dir(folder.path()).args(words).assert().code(0);
    }
}
