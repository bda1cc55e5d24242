//! `--report`: what it says is what the node says, and nothing that a contract says gets out of its place.

use crate::support;

use alloy_primitives::{Address, Bytes, U256, hex};
use alloy_sol_types::{SolError, SolValue};
use portcullis_bindings::safe::ERC20;
use portcullis_bindings::{Token, deployer};
use portcullis_chain::safe::{self, Version};
use portcullis_chain::{create2, deploy};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use support::treasury::{ETHER, Treasury, action, ether, who};

const FORMATS: [&str; 4] = ["html", "md", "json", "txt"];

fn report(folder: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(folder.join("report.json")).unwrap()).unwrap()
}

#[test]
fn under_a_policy_that_denies_all_no_option_makes_a_simulation_say_allow() {
    let folder = tempfile::tempdir().unwrap();
    let treasury = Treasury::denying_all(Version::V1_5_0);
    let url = &treasury.anvil.url;
    fs::write(folder.path().join("policy.toml"), &treasury.policy).unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (bundle, policy, cache) = (file("bundle"), file("policy.toml"), file(""));
    let later = (treasury_time(&treasury) + 400 * 86_400).to_string();
    let owners = ["ann", "bob", "cem"].map(|name| who(name).to_string());
    let options: Vec<Vec<&str>> = vec![
        vec![],
        vec!["--bundle", &bundle],
        vec!["--proven"],
        vec!["--cache", &cache],
        vec!["--at", &later],
        vec!["--policy", &policy],
        vec!["--signer", &owners[0], "--signer", &owners[1], "--signer", &owners[2], "--timeout", "30"],
    ];
    let asked = [
        json!({ "actions": [treasury.tokens("payee", 1)] }),
        json!({ "actions": [ether("payee", 1), treasury.allowance("vendor", 0)] }),
        json!({ "actions": [ether("payee", 0)], "origin": who("module").to_string() }),
        json!({ "actions": [action(treasury.safe, 0, &hex::decode("694e80c3").unwrap())] }),
    ];
    for (index, more) in options.iter().enumerate() {
        let transaction = &asked[index % asked.len()];
        let format = FORMATS[index % FORMATS.len()];
        let path = file(&format!("report.{format}"));
        let more = [&more[..], &["--report", &path]].concat();
        let (code, shown, talk) = treasury.simulate(url, &more, transaction);
        assert_eq!((code, &shown["chain"], &shown["rust"]), (3, &json!("deny"), &json!("deny")), "{more:?} {talk}");
        let written = fs::read_to_string(&path).unwrap();
        assert!(written.to_lowercase().contains("denied"), "{written}");
        assert!(!written.contains("The policy allows it") && !written.contains("\"allowed\""), "{written}");
    }
    let path = file("report.json");
    assert_eq!(support::run(&["replay", &bundle, "--report", &path], &Value::Null).0, 3);
    assert_eq!(
        (report(folder.path())["conclusion"].as_str(), &report(folder.path())["agree"]),
        (Some("denied"), &json!(true))
    );
}

fn treasury_time(treasury: &Treasury) -> u64 {
    let block = treasury.ask("eth_getBlockByNumber", json!(["latest", false]));
    u64::from_str_radix(block["timestamp"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

#[test]
fn a_report_out_of_a_bundle_is_the_same_to_the_byte_and_a_changed_bundle_gives_none() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (bundle, from_node) = (file("bundle"), file("node.json"));
    let treasury = Treasury::new(Version::V1_4_1);
    let pay = json!({ "actions": [treasury.tokens("payee", 7), ether("vendor", 8)] });
    let (code, _, talk) = treasury.simulate(&treasury.anvil.url, &["--bundle", &bundle, "--report", &from_node], &pay);
    assert_eq!(code, 0, "{talk}");
    drop(treasury);
    let write = |format: &str| {
        let path = file(&format!("report.{format}"));
        let (code, _, talk) = support::run(&["replay", &bundle, "--report", &path], &Value::Null);
        assert_eq!(code, 0, "{talk}");
        fs::read(&path).unwrap()
    };
    for format in FORMATS {
        assert_eq!(write(format), write(format), "{format}");
    }
    // The node's differs only in where the state came from.
    let mut node: Value = serde_json::from_slice(&fs::read(&from_node).unwrap()).unwrap();
    let replayed = report(folder.path());
    assert_eq!(node["provenance"]["state"], "node");
    for key in ["state", "trusted"] {
        node["provenance"][key] = replayed["provenance"][key].clone();
    }
    assert_eq!(node, replayed);

    let whole = fs::read(&bundle).unwrap();
    for place in [0, 40, 90, whole.len() / 2, whole.len() - 2] {
        let mut flipped = whole.clone();
        flipped[place] ^= 1;
        fs::write(&bundle, &flipped).unwrap();
        let path = file("never.html");
        assert_eq!(support::run(&["replay", &bundle, "--report", &path], &Value::Null).0, 1);
        assert!(!Path::new(&path).exists());
    }
    fs::write(&bundle, &whole).unwrap();
    let (code, _, talk) = support::run(&["replay", &bundle, "--report", &file("report.pdf")], &Value::Null);
    assert!(code == 1 && talk.contains("end its name with .html, .md, .json or .txt"), "{talk}");
}

/// The node's tree as our list: kind, who, whom, value, input, output and whether it ended well, by depth.
fn flattened(call: &Value, depth: u64, list: &mut Vec<Value>) {
    let kind = call["type"].as_str().unwrap().to_lowercase();
    let number = |key: &str| call[key].as_str().map_or(U256::ZERO, |text| text.parse().unwrap());
    let value = if kind == "delegatecall" { U256::ZERO } else { number("value") };
    let address = |key: &str| call[key].as_str().unwrap().parse::<Address>().unwrap().to_string();
    let bytes = |key: &str| call[key].as_str().unwrap_or("0x").to_owned();
    list.push(json!([
        depth,
        kind,
        address("from"),
        address("to"),
        value.to_string(),
        bytes("input"),
        bytes("output"),
        call.get("error").is_none(),
    ]));
    for inner in call["calls"].as_array().into_iter().flatten() {
        flattened(inner, depth + 1, list);
    }
}

#[test]
fn the_call_tree_is_the_nodes_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json").display().to_string();
    for version in [Version::V1_3_0, Version::V1_5_0] {
        let treasury = Treasury::new(version);
        let asked = [
            vec![treasury.tokens("payee", 7)],
            vec![ether("vendor", 8), treasury.tokens("payee", 9)],
            // Denied, and failing.
            vec![treasury.allowance("payee", 1)],
            vec![treasury.tokens("payee", 1_000_000_000)],
            vec![ether("payee", ETHER), ether("payee", ETHER), ether("payee", ETHER)],
        ];
        for actions in asked {
            let read = |one: &Value| safe::Transaction {
                to: one["to"].as_str().unwrap().parse().unwrap(),
                value: U256::from_str_radix(one["value"].as_str().unwrap(), 10).unwrap(),
                data: one["data"].as_str().unwrap().parse().unwrap(),
                operation: 0,
            };
            let all: Vec<_> = actions.iter().map(read).collect();
            let tx = match &all[..] {
                [only] => safe::call(only.to, only.value, only.data.clone(), treasury.nonce()),
                several => safe::batch(treasury.contracts.multi_send_call_only, several, treasury.nonce()),
            };
            let signatures = treasury.signed(&tx, &["bob", "cem"]);
            let sender = who("payer");
            let file = json!({ "actions": actions, "initiator": sender.to_string(), "signatures": signatures });
            let (_, shown, talk) = treasury.simulate(&treasury.anvil.url, &["--report", &path], &file);
            assert_eq!(shown["agree"], true, "{talk}");
            let at = treasury_time(&treasury) + 1;
            let data = safe::exec(&tx, signatures);
            let call = json!({ "from": sender, "to": treasury.safe, "data": data, "gas": "0x1000000" });
            let options = json!({ "tracer": "callTracer", "blockOverrides": { "time": format!("{at:#x}") } });
            let tree = treasury.ask("debug_traceCall", json!([call, "latest", options]));
            let mut expected = Vec::new();
            flattened(&tree, 0, &mut expected);
            let report = report(folder.path());
            let calls = report["calls"].as_array().unwrap().iter().map(|call| {
                json!([
                    call["depth"],
                    call["kind"],
                    call["from"],
                    call["to"],
                    call["value"],
                    call["input"]["head"],
                    call["output"]["head"],
                    call["status"] == "returned",
                ])
            });
            let calls: Vec<_> = calls.collect();
            assert!(calls.len() >= 3, "{calls:?}");
            assert_eq!(calls, expected, "{version} {actions:?}");
        }
    }
}

/// Anybody may be called, with anything.
const OPEN: &str = r#"
[[rules]]
id   = "anything"
when = { effect = "call" }
then = { allow = true }
"#;

#[test]
fn what_tokens_call_themselves_and_how_contracts_revert_stays_where_it_belongs() {
    let folder = tempfile::tempdir().unwrap();
    let mut treasury = Treasury::with(Version::V1_4_1, OPEN);
    let name = "TUSD\u{1b}[2J\u{202e}<script>alert(1)</script>`|".to_owned() + &"x".repeat(1_000);
    let arguments = (&name, &name, U256::from(6), treasury.safe, U256::from(1_000)).abi_encode_params();
    let init_code = [Token::BYTECODE.as_ref(), &arguments].concat();
    let salt = alloy_primitives::B256::ZERO;
    let token = create2(&mut treasury.node, who("payer"), deployer::ARACHNID, salt, &init_code).unwrap();
    let data = alloy_sol_types::SolCall::abi_encode(&ERC20::transferCall { to: who("payee"), value: U256::from(5) });
    let reverting = Address::repeat_byte(0x77);
    put(&treasury, reverting, &reverts_with(&alloy_sol_types::Revert::from(name.clone()).abi_encode()));
    let returning = Address::repeat_byte(0x78);
    // 2.5 MB of zeros, which is what the gas of one transaction pays for.
    put(&treasury, returning, &hex::decode("622625a05ff3").unwrap());
    let looping = Address::repeat_byte(0x79);
    put(&treasury, looping, &hex::decode("5b5f56").unwrap());
    let cases = [
        (action(token, 0, &data), 0, "allowed"),
        (action(reverting, 0, &[1, 2, 3, 4]), 1, "fails"),
        (action(returning, 0, &[1, 2, 3, 4]), 0, "allowed"),
        (action(looping, 0, &[1, 2, 3, 4]), 1, "fails"),
    ];
    for (asked, exit, conclusion) in cases {
        for format in FORMATS {
            let path = folder.path().join(format!("report.{format}"));
            let more = ["--report", path.to_str().unwrap()];
            let (code, _, talk) = treasury.simulate(&treasury.anvil.url, &more, &json!({ "actions": [asked] }));
            assert_eq!(code, exit, "{talk}");
            let written = fs::read_to_string(&path).unwrap();
            assert!(written.len() < 400_000, "{} bytes of {format}", written.len());
            assert!(!written.chars().any(|one| (one.is_control() && one != '\n') || one == '\u{202e}'));
            assert!(format != "html" || !written.contains("<script"));
        }
        assert_eq!(report(folder.path())["conclusion"], conclusion);
        if asked["to"] == token.to_string() {
            let report = report(folder.path());
            let (moved, asset) =
                (&report["transfers"][0], &report["assets"].as_array().unwrap().last().unwrap().clone());
            assert_eq!((moved["amount"].as_str(), &asset["declared"]), (Some("5"), &json!(false)));
            assert!(asset["name"].as_str().unwrap().starts_with(r"TUSD\u{1b}[2J\u{202e}<script>"), "{asset}");
            let changes: Vec<_> =
                report["balances"].as_array().unwrap().iter().map(|one| one["after"].clone()).collect();
            assert!(changes.contains(&json!("5")) && changes.contains(&json!("995")), "{changes:?}");
        }
    }
}

fn put(treasury: &Treasury, at: Address, code: &[u8]) {
    treasury.ask("anvil_setCode", json!([at, Bytes::copy_from_slice(code)]));
}

/// Code that reverts with these bytes.
fn reverts_with(bytes: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[0x61, high, low, 0x80, 0x60, 0x0c, 0x60, 0x00, 0x39, 0x60, 0x00, 0xfd], bytes].concat()
}

#[test]
fn a_report_names_what_changes_of_the_safe_and_what_its_owners_sign() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json").display().to_string();
    let rules = r#"
[[rules]]
id   = "owners"
when = { target = "account", selector = ["addOwnerWithThreshold(address,uint256)"] }
then = { allow = true }
"#;
    let treasury = Treasury::with(Version::V1_4_1, rules);
    let call =
        portcullis_bindings::safe::Safe::addOwnerWithThresholdCall { owner: who("dan"), threshold: U256::from(3) };
    let data = alloy_sol_types::SolCall::abi_encode(&call);
    let asked = json!({ "actions": [action(treasury.safe, 0, &data)] });
    let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &["--report", &path], &asked);
    assert_eq!(code, 0, "{talk}");
    let report = report(folder.path());
    assert_eq!(
        report["configuration"],
        json!([
            { "what": "owner", "before": null, "after": who("dan").to_string() },
            { "what": "threshold", "before": "2", "after": "3" },
        ])
    );
    let warned: Vec<_> = report["warnings"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(warned, ["configuration", "configuration"]);
    let hash = |key: &str| -> alloy_primitives::B256 { report["hashes"][key].as_str().unwrap().parse().unwrap() };
    let signed = [&[0x19, 0x01], hash("domain").as_slice(), hash("message").as_slice()].concat();
    assert_eq!(alloy_primitives::keccak256(signed), hash("safe_tx"));
    assert_eq!(report["hashes"]["safe_tx"], shown["report"]["safe_tx_hash"]);
    assert_eq!(report["provenance"]["facts"], shown["report_hash"]);
    assert_eq!(report["overrides"].as_array().unwrap().len(), 4);
    assert_eq!(report["safe"]["hook"], deploy::hook_at().to_string());
    // As published.
    let schema = fs::read_to_string(support::root().join("docs/report.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["title"], "Report");
}

/// Answers `GET` as Sourcify does: with the ABI of one contract, nonsense for another, and 404 for all others.
fn sourcify(known: Address, broken: Address) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/server", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = asked.clone();
    let inputs = json!([{ "name": "grantee", "type": "address" }, { "name": "wad", "type": "uint256" }]);
    let function = json!({ "type": "function", "name": "transfer", "stateMutability": "nonpayable",
        "inputs": inputs, "outputs": [] });
    let abi = json!({ "abi": [function], "chainId": "31337", "address": known }).to_string();
    // Ends with the test's process: nothing waits for it.
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while reader.read_line(&mut head).unwrap() > 2 {}
            let path = head.split(' ').nth(1).unwrap().to_owned();
            let (status, body) = match &path {
                path if path.contains(&known.to_string()) => (200, abi.as_str()),
                path if path.contains(&broken.to_string()) => (200, "{\"abi\":\"\u{1b}[2J\"}"),
                _ => (404, "{}"),
            };
            noted.lock().unwrap().push(path);
            let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    (url, asked)
}

#[test]
fn what_a_server_says_of_contracts_names_calls_and_changes_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let file = path.to_str().unwrap();
    let treasury = Treasury::new(Version::V1_4_1);
    let pay = json!({ "actions": [treasury.tokens("payee", 7)] });
    let (code, plain, talk) = treasury.simulate(&treasury.anvil.url, &["--report", file], &pay);
    assert_eq!(code, 0, "{talk}");
    let without = fs::read_to_string(&path).unwrap();
    assert!(!without.contains("grantee"));
    let trusted = || {
        let report: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        report["provenance"]["trusted"].as_array().unwrap().clone()
    };
    let before = trusted();

    let (url, asked) = sourcify(treasury.token, treasury.safe);
    let (code, named, talk) = treasury.simulate(&treasury.anvil.url, &["--report", file, "--sourcify", &url], &pay);
    assert_eq!((code, &named["report_hash"]), (0, &plain["report_hash"]), "{talk}");
    assert!(fs::read_to_string(&path).unwrap().contains("grantee"));
    let names = json!(format!("the names that 127.0.0.1 has for {}", treasury.token));
    assert_eq!(trusted(), [before, vec![names]].concat());
    assert!(talk.contains(&format!("no names for `{}`", treasury.safe)) && !talk.contains('\u{1b}'), "{talk}");
    let asked = asked.lock().unwrap();
    assert!(asked.contains(&format!("/server/v2/contract/31337/{}?fields=abi", treasury.token)), "{asked:?}");

    // Nobody there: everything but the names stays.
    let (code, _, talk) =
        treasury.simulate(&treasury.anvil.url, &["--report", file, "--sourcify", "http://127.0.0.1:9"], &pay);
    assert_eq!(code, 0, "{talk}");
    assert_eq!(fs::read_to_string(&path).unwrap(), without);
}
