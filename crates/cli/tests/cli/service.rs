//! Proposals go to a service that checks what the Safe Transaction Service checks: every field, the hash as the Safe
//! itself computes it, and whose signatures they are.

use crate::support;

use alloy_primitives::{Address, B256, Bytes, U256, eip191_hash_message};
use alloy_sol_types::SolValue;
use portcullis_attest::recover;
use portcullis_bindings::safe::Safe;
use portcullis_bindings::{Registry, deployer};
use portcullis_chain::safe::Version;
use portcullis_chain::{Ledger, Node, create2, read};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use support::treasury::{Treasury, ether, who};

const KEY: &str = "a-key-for-the-service";
const FIELDS: [&str; 14] = [
    "to",
    "value",
    "data",
    "operation",
    "safeTxGas",
    "baseGas",
    "gasPrice",
    "gasToken",
    "refundReceiver",
    "nonce",
    "contractTransactionHash",
    "sender",
    "signature",
    "origin",
];

/// What the service has taken: the hash, and who has signed.
type Taken = Arc<Mutex<Vec<(B256, BTreeSet<Address>)>>>;

struct Service {
    url: String,
    taken: Taken,
}

impl Service {
    fn start(node: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/tx-service/test", listener.local_addr().unwrap());
        let taken = Taken::default();
        let kept = taken.clone();
        // Ends with the test's process: nothing waits for it.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let node = Node::connect(&node, Vec::new()).unwrap();
                let (status, body) = match serve(&stream, &node) {
                    Ok(taken) => {
                        kept.lock().unwrap().push(taken);
                        (201, Value::Null)
                    }
                    Err((status, why)) => (status, json!({ "nonFieldErrors": [why] })),
                };
                answer(stream, status, &body.to_string());
            }
        });
        Self { url, taken }
    }
}

fn answer(mut stream: TcpStream, status: u16, body: &str) {
    let head = format!("HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes()).ok();
}

fn refuse<T>(why: impl Into<String>) -> Result<T, (u16, String)> {
    Err((422, why.into()))
}

/// As the service's serializer validates.
fn serve(stream: &TcpStream, node: &Node) -> Result<(B256, BTreeSet<Address>), (u16, String)> {
    let mut reader = BufReader::new(stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let header = |name: &str| {
        let found =
            lines.iter().filter_map(|line| line.split_once(": ")).find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.to_owned())
    };
    let mut body = vec![0; header("content-length").unwrap().parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    if header("authorization").as_deref() != Some(&format!("Bearer {KEY}")) {
        return Err((401, "Authentication credentials were not provided.".to_owned()));
    }
    if header("content-type").as_deref() != Some("application/json") {
        return Err((415, "Unsupported media type".to_owned()));
    }
    let path = lines[0].strip_prefix("POST /tx-service/test/api/v2/safes/").ok_or((404, "Not found".to_owned()))?;
    let safe = path.strip_suffix("/multisig-transactions/ HTTP/1.1").ok_or((404, "Not found".to_owned()))?;
    let safe = checksummed(safe).ok_or((422, "Checksum address validation failed".to_owned()))?;
    let body: Value = serde_json::from_slice(&body).map_err(|error| (400, error.to_string()))?;
    validate(&body, safe, node)
}

fn checksummed(text: &str) -> Option<Address> {
    Address::parse_checksummed(text, None).ok()
}

fn decimal(body: &Value, name: &str) -> Result<U256, (u16, String)> {
    let text = body[name].as_str().filter(|text| !text.is_empty() && text.bytes().all(|one| one.is_ascii_digit()));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| (422, format!("{name}: A valid integer is required.")))
}

fn address(body: &Value, name: &str) -> Result<Address, (u16, String)> {
    body[name].as_str().and_then(checksummed).ok_or_else(|| (422, format!("{name}: is no checksummed address")))
}

fn validate(body: &Value, safe: Address, node: &Node) -> Result<(B256, BTreeSet<Address>), (u16, String)> {
    let fields: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    if fields != BTreeSet::from(FIELDS) {
        return refuse(format!("fields {fields:?}"));
    }
    let data: Bytes = match &body["data"] {
        Value::Null => Bytes::new(),
        Value::String(text) if text.starts_with("0x") && text.len() > 2 => text.parse().unwrap(),
        other => return refuse(format!("data: {other}")),
    };
    let Some(operation @ 0..=1) = body["operation"].as_u64() else { return refuse("operation") };
    let Some(nonce) = body["nonce"].as_u64() else { return refuse("nonce") };
    if body["origin"].as_str().is_none_or(|origin| origin.len() > 200) {
        return refuse("origin: Ensure this field has no more than 200 characters.");
    }
    let current: U256 =
        read::view(node, safe, "nonce()", Safe::nonceCall {}).map_err(|error| (404, error.to_string()))?;
    if U256::from(nonce) < current {
        return refuse(format!("Tx with nonce={nonce} for safe={safe} already executed"));
    }
    let call = Safe::getTransactionHashCall {
        to: address(body, "to")?,
        value: decimal(body, "value")?,
        data,
        operation: operation.try_into().unwrap(),
        safeTxGas: decimal(body, "safeTxGas")?,
        baseGas: decimal(body, "baseGas")?,
        gasPrice: decimal(body, "gasPrice")?,
        gasToken: address(body, "gasToken")?,
        refundReceiver: address(body, "refundReceiver")?,
        nonce: U256::from(nonce),
    };
    let hash = read::view(node, safe, "getTransactionHash", call).unwrap();
    let given = body["contractTransactionHash"].as_str().unwrap();
    if given != hash.to_string() {
        return refuse(format!("Contract-transaction-hash={hash} does not match provided contract-tx-hash={given}"));
    }
    let owners = read::view(node, safe, "getOwners()", Safe::getOwnersCall {}).unwrap();
    let sender = address(body, "sender")?;
    if !owners.contains(&sender) {
        return refuse(format!("Sender={sender} is not an owner or delegate."));
    }
    let signature: Bytes = body["signature"].as_str().unwrap().parse().unwrap();
    let (parts, rest) = signature.as_chunks::<65>();
    if parts.is_empty() || !rest.is_empty() {
        return refuse("signature: Ensure this field has at least 65 bytes.");
    }
    let mut signers = BTreeSet::new();
    for part in parts {
        let (r, s, v) = (B256::from_slice(&part[..32]), B256::from_slice(&part[32..64]), part[64]);
        let owner = if v > 30 { recover(eip191_hash_message(hash), v - 4, r, s) } else { recover(hash, v, r, s) };
        match owner {
            Some(owner) if owners.contains(&owner) && signers.insert(owner) => {}
            other => return refuse(format!("Signer={other:?} is not an owner, or duplicated")),
        }
    }
    if !signers.contains(&sender) {
        return refuse(format!("Signature does not match sender={sender}."));
    }
    Ok((hash, signers))
}

#[test]
fn a_proposal_is_what_the_service_takes_and_a_refusal_is_one_line() {
    let treasury = Treasury::new(Version::V1_4_1);
    let service = Service::start(treasury.anvil.url.clone());
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let configure = |variable: &str| {
        let config = format!(
            "rpc = \"$NODE\"\nsafe = \"{}\"\nkey_env = [\"ANN\"]\nservice = {{ url = \"{}\", key_env = \"{variable}\" }}\n",
            treasury.safe, service.url
        );
        std::fs::write(at.join("portcullis.toml"), config).unwrap();
    };
    let run = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("portcullis").unwrap();
        command.current_dir(at).args(arguments).arg("--json").env("NODE", &treasury.anvil.url);
        for name in ["ann", "bob", "eve"] {
            command.env(name.to_uppercase(), support::treasury::key(name).to_bytes().to_string());
        }
        let output = command.envs(support::ANY_TIME).env("SERVICE", KEY).env("WRONG", "another-key").output().unwrap();
        let shown: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
    };
    configure("SERVICE");
    treasury.file(at, "pay.json", &[treasury.tokens("payee", 5), ether("vendor", 8)]);
    treasury.file(at, "theft.json", &[treasury.tokens("eve", 5)]);

    let blocks = treasury.blocks();
    // The node, the Safe and the key come from the file; one owner is enough to propose.
    let (code, shown, talk) = run(&["transact", "--tx", "pay.json", "--propose", "--yes"]);
    assert_eq!((code, &shown["ended"]["how"]), (0, &json!("proposed")), "{talk}");
    let (code, _, talk) =
        run(&["transact", "--tx", "pay.json", "--propose", "--yes", "--key-env", "BOB", "--key-env", "ANN"]);
    assert_eq!(code, 0, "{talk}");
    // A later one, while the first waits.
    let (code, _, talk) =
        run(&["transact", "--to", &who("vendor").to_string(), "--value", "1", "--nonce", "4", "--propose", "--yes"]);
    assert_eq!(code, 0, "{talk}");
    {
        let taken = service.taken.lock().unwrap();
        let signers: Vec<usize> = taken.iter().map(|(_, signers)| signers.len()).collect();
        assert_eq!(signers, [1, 2, 1]);
        assert_eq!(taken[0].0.to_string(), shown["hash"].as_str().unwrap());
        assert_eq!(taken[0].0, taken[1].0);
        assert_ne!(taken[0].0, taken[2].0);
    }
    // What the policy denies is not proposed.
    assert_eq!(run(&["transact", "--tx", "theft.json", "--propose", "--yes"]).0, 3);
    configure("WRONG");
    let (code, _, talk) = run(&["transact", "--tx", "pay.json", "--propose", "--yes"]);
    assert!(code == 1 && talk.contains("does not take the key (401)") && !talk.contains("another-key"), "{talk}");
    configure("NO_SUCH_VARIABLE");
    let (code, _, talk) = run(&["transact", "--tx", "pay.json", "--propose", "--yes"]);
    assert!(code == 1 && talk.contains("`NO_SUCH_VARIABLE`, which holds the service's key, is not set"), "{talk}");
    assert_eq!(service.taken.lock().unwrap().len(), 3);
    assert_eq!(treasury.blocks(), blocks, "a proposal is no transaction");
    assert_eq!(treasury.node.balance(who("vendor")).unwrap(), U256::ZERO);
}

#[test]
fn the_service_refuses_what_is_wrong_in_any_field() {
    let treasury = Treasury::new(Version::V1_4_1);
    let tx = treasury.call(who("vendor"), 8, Vec::new());
    let hash = portcullis_chain::safe::hash(&tx, treasury.safe, treasury.node.chain_id());
    let (zero, sum) = (Address::ZERO, |address: Address| address.to_string());
    let right = json!({
        "to": sum(tx.to), "value": "8", "data": null, "operation": 0, "safeTxGas": "0", "baseGas": "0", "gasPrice": "0",
        "gasToken": sum(zero), "refundReceiver": sum(zero), "nonce": 1, "contractTransactionHash": hash, "sender": sum(who("ann")),
        "signature": treasury.signed(&tx, &["ann"]), "origin": "",
    });
    assert!(validate(&right, treasury.safe, &treasury.node).is_ok());
    let wrong = [
        ("to", json!(sum(who("eve")))),
        ("value", json!("9")),
        ("value", json!(8)),
        ("data", json!("0x00")),
        ("operation", json!(1)),
        ("operation", json!(2)),
        ("safeTxGas", json!("1")),
        ("baseGas", json!("1")),
        ("gasPrice", json!("1")),
        ("gasToken", json!(sum(who("eve")))),
        ("refundReceiver", json!(sum(who("eve")))),
        ("nonce", json!(0)),
        ("nonce", json!(2)),
        ("contractTransactionHash", json!(B256::ZERO)),
        ("sender", json!(sum(who("eve")))),
        ("sender", json!(sum(who("bob")))),
        ("signature", json!("0x")),
        ("signature", json!(treasury.signed(&tx, &["eve"]))),
        ("signature", json!(treasury.signed(&tx, &["ann", "ann"]))),
        ("origin", json!("x".repeat(201))),
    ];
    for (field, value) in wrong {
        let mut body = right.clone();
        body[field] = value.clone();
        assert!(validate(&body, treasury.safe, &treasury.node).is_err(), "{field}: {value}");
    }
}

/// Tokens pass; ether takes an announcement and an approval of eve's, who may freeze.
fn documented() -> Treasury {
    let eve = who("eve");
    let rules = format!(
        "[groups]\nwatch = [\"{eve}\"]\n\
         [[rules]]\nid = \"tokens\"\nwhen = {{ effect = \"transfer\", asset = \"TUSD\" }}\nthen = {{ allow = true }}\n\
         [[rules]]\nid = \"ether\"\nwhen = {{ effect = \"transfer\", asset = \"ETH\" }}\n\
         then = {{ allow = true, delay = \"2h\", approvals = {{ group = \"watch\", at_least = 1 }} }}\n"
    );
    let control = "guardians = \"@watch\"\ncancellers = \"@watch\"\n";
    let mut treasury = Treasury::guarded(Version::V1_4_1, &rules, control);
    treasury.node.fund(eve, U256::from(10_u64.pow(18))).unwrap();
    treasury
}

#[test]
fn every_command_of_the_page_runs() {
    let page = std::fs::read_to_string(support::root().join("docs/signing.md")).unwrap();
    let mut treasury = documented();
    let service = Service::start(treasury.anvil.url.clone());
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let code = [Registry::BYTECODE.as_ref(), &(who("eve"), U256::from(600)).abi_encode_params()].concat();
    let registry = create2(&mut treasury.node, who("payer"), deployer::ARACHNID, B256::ZERO, &code).unwrap();
    treasury.file(at, "pay.json", &[treasury.tokens("payee", 5)]);
    treasury.file(at, "large.json", &[ether("vendor", 8)]);
    std::fs::write(at.join("policy.toml"), &treasury.policy).unwrap();
    std::fs::copy(support::root().join("crates/operate/tests/keys/bob.json"), at.join("bob.json")).unwrap();
    let blocks = |kind: &str| {
        let fence = format!("```{kind}\n");
        page.split(fence.as_str()).skip(1).map(|part| part.split("```").next().unwrap()).collect::<Vec<_>>()
    };
    let [config] = blocks("toml")[..] else { panic!("one file of configuration") };
    let config = config.replace("$SAFE", &treasury.safe.to_string()).replace("$SERVICE_URL", &service.url);
    std::fs::write(at.join("portcullis.toml"), config).unwrap();
    // What Safe's own SDK does is run by `protocol_kit.rs`.
    let ours = |line: &&str| !line.starts_with("node tools/protocol-kit.mjs ");
    let commands: Vec<&str> = blocks("sh").into_iter().flat_map(str::lines).filter(ours).collect();
    assert!(commands.len() > 20, "{commands:?}");
    for command in commands {
        let words = command.replace("$REGISTRY", &registry.to_string());
        let mut words = words.split_whitespace();
        assert_eq!(words.next(), Some("portcullis"));
        let mut process = assert_cmd::Command::cargo_bin("portcullis").unwrap();
        process.current_dir(at).args(words).env("NODE", &treasury.anvil.url);
        process.env("SERVICE", KEY).env("PASSWORD", "a long night").envs(support::ANY_TIME);
        for name in ["ann", "bob", "eve", "payer"] {
            process.env(name.to_uppercase(), support::treasury::key(name).to_bytes().to_string());
        }
        let output = process.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{command}\n{told}");
        println!("$ {command}\n{told}");
    }
}
