//! All of `examples/staking`: from its documents to its targets, by phases that a real Safe executes under its policy,
//! and from each record of that to the others.

use crate::support;

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::SolCall;
use portcullis_allocate::documents::{Document, Mapping, Snapshot, Way};
use portcullis_bindings::safe::{SINGLETON_SLOT, Safe};
use portcullis_chain::install::{self, Installation};
use portcullis_chain::safe::{self, Artifacts, Version};
use portcullis_chain::{Ledger, Node, PrivateKeySigner, deploy, read};
use portcullis_policy::{Policy, compile};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use support::relay::rpc;
use support::{Anvil, root};
use tempfile::TempDir;

const AT: &str = "2026-11-20T12:00:00Z";
const BEGIN: u64 = 1_795_176_000;
const DAY: u64 = 86_400;
/// Those of the proposal, each a day after the one before.
const PHASES: [u64; 2] = [1, 2];
/// What is kept in `examples/staking/result`.
const RESULTS: [&str; 9] = [
    "compliance.json",
    "proposal.json",
    "decision.json",
    "phase-1.json",
    "attested-1.json",
    "executed-1.json",
    "phase-2.json",
    "attested-2.json",
    "executed-2.json",
];
/// The account that the example's policy and mapping name.
const SAFE: Address = address!("1000000000000000000000000000000000000000");
const WETH: Address = address!("C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
const POLICY: &str = "examples/staking/safe/policy.toml";
const ATTESTERS: [&str; 2] = ["ATTESTER_1", "ATTESTER_2"];
const OWNERS: [&str; 2] = ["OWNER_1", "OWNER_2"];

/// Keys that anvil publishes, by what they do here.
const KEYS: [(&str, &str); 7] = [
    ("PAYER", "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    ("REVIEWER", "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
    ("ATTESTER_1", "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
    ("ATTESTER_2", "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"),
    ("OWNER_1", "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba"),
    ("OWNER_2", "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e"),
    ("OWNER_3", "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf7356"),
];

mod abi {
    alloy_sol_types::sol! {
        function deposit() external payable;
        function approve(address spender, uint256 value) external returns (bool);
    }
    pub(crate) mod vault {
        alloy_sol_types::sol! {
            function deposit(uint256 assets, address receiver) external returns (uint256);
        }
    }
}

/// What each provider's vault is: Solady's ERC-4626 for wrapped ether.
const VAULT: &str = r#"pragma solidity ^0.8.4;
import {ERC4626} from "solady/src/tokens/ERC4626.sol";
contract Vault is ERC4626 {
    function asset() public pure override returns (address) { return 0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2; }
    function name() public pure override returns (string memory) { return "Staked ether"; }
    function symbol() public pure override returns (string memory) { return "stWETH"; }
}"#;

fn key(name: &str) -> PrivateKeySigner {
    let (_, digits) = KEYS.iter().find(|(known, _)| *known == name).unwrap();
    PrivateKeySigner::from_bytes(&digits.parse().unwrap()).unwrap()
}

fn who(name: &str) -> Address {
    key(name).address()
}

/// The code of wrapped ether and of a vault, out of Solady's sources.
fn compiled() -> [Bytes; 2] {
    let modules = root().join("node_modules");
    let mut sources = json!({ "Vault.sol": { "content": VAULT } });
    for file in ["tokens/ERC20", "tokens/ERC4626", "tokens/WETH", "utils/FixedPointMathLib", "utils/SafeTransferLib"] {
        let name = format!("solady/src/{file}.sol");
        sources[&name] = json!({ "content": fs::read_to_string(modules.join(&name)).unwrap() });
    }
    let input = json!({ "language": "Solidity", "sources": sources, "settings": {
        "evmVersion": "cancun", "optimizer": { "enabled": true, "runs": 200 },
        "metadata": { "bytecodeHash": "none", "appendCBOR": false },
        "outputSelection": { "*": { "*": ["evm.deployedBytecode.object"] } },
    }});
    let mut solc = Command::new("node");
    solc.arg(root().join("tools/solc")).arg("--standard-json").stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut solc = solc.spawn().unwrap();
    solc.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output: Value = serde_json::from_slice(&solc.wait_with_output().unwrap().stdout).unwrap();
    [["solady/src/tokens/WETH.sol", "WETH"], ["Vault.sol", "Vault"]].map(|[file, name]| {
        let code = &output["contracts"][file][name]["evm"]["deployedBytecode"]["object"];
        assert!(code.is_string(), "{}", output["errors"]);
        code.as_str().unwrap().parse().unwrap()
    })
}

/// The folder in which the page's commands run, and the node that they ask.
struct Story {
    anvil: Anvil,
    node: Node,
    folder: TempDir,
    mapping: Document<Mapping>,
    snapshot: Document<Snapshot>,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

impl Story {
    /// What the example takes for granted: the Safe, its vaults with what the snapshot says in them, and the policy.
    fn begins() -> Self {
        let folder = TempDir::new().unwrap();
        copy(&root().join("examples/staking"), &folder.path().join("examples/staking"));
        let text = |name: &str| fs::read_to_string(folder.path().join("examples/staking").join(name)).unwrap();
        let mapping = Document::read("mapping.toml", &text("safe/mapping.toml")).unwrap();
        let snapshot = Document::read("snapshot.toml", &text("snapshot.toml")).unwrap();
        let anvil = Anvil::with(&["--chain-id", "1", "--timestamp", &BEGIN.to_string()]);
        // Every block ten seconds after the one before, so that all times are the same each time.
        rpc(&anvil.url, "anvil_setBlockTimestampInterval", json!([10]));
        let node = Node::connect(&anvil.url, vec![key("PAYER")]).unwrap();
        let mut story = Self { anvil, node, folder, mapping, snapshot };
        story.node.put_singleton_factory().unwrap();
        story.safe();
        story.capital();
        story.policy();
        story
    }

    /// A real Safe of three owners, where the example has it.
    fn safe(&mut self) {
        let (payer, node) = (who("PAYER"), &mut self.node);
        let artifacts = Artifacts::load(&root().join("node_modules"), Version::V1_4_1).unwrap();
        let contracts = artifacts.deploy(node, payer).unwrap();
        let owners = ["OWNER_1", "OWNER_2", "OWNER_3"].map(who);
        let proxy = contracts.create_safe(node, payer, contracts.singleton, &owners, 2, U256::ZERO).unwrap();
        rpc(&self.anvil.url, "anvil_setCode", json!([SAFE, node.code(proxy, None).unwrap()]));
        let place = B256::from(SINGLETON_SLOT);
        rpc(&self.anvil.url, "anvil_setStorageAt", json!([SAFE, place, contracts.singleton.into_word()]));
        let setup = Safe::setupCall {
            owners: owners.to_vec(),
            threshold: U256::from(2),
            to: Address::ZERO,
            data: Bytes::new(),
            fallbackHandler: contracts.handler,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        };
        self.send(SAFE, U256::ZERO, setup.abi_encode());
    }

    /// What each provider holds, in its vault.
    fn capital(&mut self) {
        let [weth, vault] = compiled();
        rpc(&self.anvil.url, "anvil_setCode", json!([WETH, weth]));
        let book = self.by_vault();
        let total = book.values().map(|(held, _)| *held).sum::<i128>();
        self.send(WETH, units(total), abi::depositCall {}.abi_encode());
        for (at, (held, _)) in book {
            rpc(&self.anvil.url, "anvil_setCode", json!([at, vault]));
            let value = units(held);
            self.send(WETH, U256::ZERO, abi::approveCall { spender: at, value }.abi_encode());
            self.send(at, U256::ZERO, abi::vault::depositCall { assets: value, receiver: SAFE }.abi_encode());
        }
    }

    fn policy(&mut self) {
        let text = fs::read_to_string(self.folder.path().join(POLICY)).unwrap();
        let policy = Policy::parse(&text, POLICY).map_err(|faults| faults.to_string()).unwrap();
        let payer = who("PAYER");
        let hook = deploy::deploy_hook(&mut self.node, payer).unwrap();
        let program = deploy::deploy_program(&mut self.node, payer, &compile(&policy).unwrap().program).unwrap();
        let change_delay = policy.control.change_delay.unwrap();
        let what = Installation { hook, program, change_delay, bypassing: Vec::new(), handler: None };
        let info = read::safe(&self.node, SAFE).unwrap();
        let multi_send = portcullis_bindings::safe::MULTI_SEND_CALL_ONLY_1_4_1;
        let batch = install::transaction(&info, multi_send, &what).unwrap();
        let signed = safe::sign(safe::hash(&batch, SAFE, 1), &OWNERS.map(key)).unwrap();
        self.send(SAFE, U256::ZERO, safe::exec(&batch, signed).to_vec());
    }

    fn send(&mut self, to: Address, value: U256, data: Vec<u8>) {
        self.node.send(who("PAYER"), to, value, data.into()).unwrap().expect_success("setting up").unwrap();
    }

    /// By vault: what the validators of its provider hold, and the provider.
    fn by_vault(&self) -> BTreeMap<Address, (i128, String)> {
        let (snapshot, mapping) = (&self.snapshot.body, &self.mapping.body);
        let routes = mapping.routes.iter().map(|route| {
            let vault = match route.decrease {
                Some(Way::Erc4626Withdraw { vault }) => Some(vault),
                _ => None,
            };
            let vault = vault.expect("every route of the example is a vault's");
            let of = |subject: &str| snapshot.subject(subject).unwrap().within.contains(&route.subjects[0]);
            let positions = snapshot.portfolios[0].positions.iter();
            let held = positions.filter(|held| of(&held.subject));
            (vault, (held.map(|held| held.amount.units()).sum(), route.subjects[0].clone()))
        });
        routes.collect()
    }

    /// Runs a command as the page shows it, with these keys.
    fn run(&self, command: &str, keys: &[&str]) -> (i32, Value, String) {
        let mut portcullis = Command::new(assert_cmd::cargo::cargo_bin("portcullis"));
        portcullis.current_dir(self.folder.path()).args(command.split_whitespace()).arg("--json").stdin(Stdio::null());
        portcullis.envs(support::ANY_TIME);
        for name in keys {
            let (_, digits) = KEYS.iter().find(|(known, _)| known == name).unwrap();
            portcullis.args(["--key-env", name]).env(name, digits);
        }
        if !command.starts_with("allocate ") || command.contains("executed") {
            portcullis.env("PORTCULLIS_RPC", &self.anvil.url).env("PORTCULLIS_POLICY", POLICY);
        }
        let output = portcullis.output().unwrap();
        let shown = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
    }

    fn done(&self, command: &str, keys: &[&str], code: i32) -> Value {
        let (ended, shown, talk) = self.run(command, keys);
        assert_eq!(ended, code, "portcullis {command}: {shown} {talk}");
        shown
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&fs::read_to_string(self.folder.path().join(name)).unwrap()).unwrap()
    }
}

fn units(amount: i128) -> U256 {
    U256::try_from(amount).unwrap()
}

fn number(value: &Value) -> i128 {
    value.as_str().unwrap().parse().unwrap()
}

/// `PORTCULLIS_WRITE_EXAMPLES=1 cargo test --workspace --test cli staking::` writes the results anew.
#[test]
fn the_staking_example_goes_from_its_documents_to_its_targets_phase_by_phase() {
    let story = Story::begins();
    story.done(&format!("allocate check examples/staking --at {AT} --out compliance.json"), &[], 2);
    story.done(&format!("allocate propose examples/staking --at {AT} --out proposal.json"), &[], 2);
    let approve =
        "allocate approve proposal.json --by ana --why reviewed --at 2026-11-20T12:03:00Z --out decision.json";
    story.done(approve, &["REVIEWER"], 0);
    let build = "allocate build proposal.json examples/staking --mapping examples/staking/safe/mapping.toml \
                 --decision decision.json --safe-version 1.4.1";
    for phase in PHASES {
        story.done(&format!("{build} --phase {phase} --nonce {phase} --out phase-{phase}.json"), &[], 0);
    }
    let mut held = story.by_vault();
    for phase in PHASES {
        carry_out(&story, phase);
        executed_what_was_proposed(&story, phase, &mut held);
    }
    let targets = story.json("proposal.json");
    let mut target: BTreeMap<String, i128> = BTreeMap::new();
    for line in targets["subjects"].as_array().unwrap() {
        for group in &story.snapshot.body.subject(line["subject"].as_str().unwrap()).unwrap().within {
            *target.entry(group.clone()).or_default() += number(&line["target"]);
        }
    }
    for (amount, provider) in held.values() {
        assert_eq!(Some(amount), target.get(provider), "{provider}");
    }
    found_from_each_other(&story);
    for name in RESULTS {
        let made = fs::read_to_string(story.folder.path().join(name)).unwrap();
        let kept = root().join("examples/staking/result").join(name);
        if std::env::var_os("PORTCULLIS_WRITE_EXAMPLES").is_some() {
            fs::write(&kept, &made).unwrap();
        }
        assert_eq!(made, fs::read_to_string(&kept).unwrap(), "{name}");
    }
}

/// As the page has it, from the attestation on.
fn carry_out(story: &Story, phase: u64) {
    let file = |name: &str| story.folder.path().join(name);
    fs::copy(file(&format!("phase-{phase}.json")), file("batch.json")).unwrap();
    let page = fs::read_to_string(root().join("docs/allocation.md")).unwrap();
    let shown = page.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
    let commands: Vec<&str> = shown.lines().map(|line| line.strip_prefix("portcullis ").unwrap()).collect();
    assert_eq!(commands.len(), 5, "{commands:?}");
    for command in commands {
        let (command, keys): (String, &[&str]) = match command.split_whitespace().next().unwrap() {
            "attest" if !command.starts_with("attest verify") => (format!("{command} --phase {phase}"), &ATTESTERS),
            "sign" => (command.to_owned(), &OWNERS),
            "execute" => (command.to_owned(), &["PAYER"]),
            _ => (command.to_owned(), &[]),
        };
        if phase > 1 && command.starts_with("attest") && !keys.is_empty() {
            let (code, _, talk) = story.run(&command, keys);
            assert!(code == 1 && talk.contains("must not begin before"), "{talk}");
            rpc(&story.anvil.url, "evm_setNextBlockTimestamp", json!([BEGIN + DAY * (phase - 1) + 300]));
            rpc(&story.anvil.url, "evm_mine", json!([]));
        }
        story.done(&command, keys, 0);
    }
    fs::rename(file("batch.json"), file(&format!("attested-{phase}.json"))).unwrap();
    fs::rename(file("executed.json"), file(&format!("executed-{phase}.json"))).unwrap();
}

/// Every vault gave and received what the phase moves at its provider, and the limit was charged with what was placed.
fn executed_what_was_proposed(story: &Story, phase: u64, held: &mut BTreeMap<Address, (i128, String)>) {
    let (proposal, executed) = (story.json("proposal.json"), story.json(&format!("executed-{phase}.json")));
    let request = &story.json(&format!("phase-{phase}.json"))["hash"];
    assert_eq!((&executed["proposal"], &executed["phase"]), (&proposal["id"], &json!(phase)));
    assert_eq!((&executed["succeeded"], &executed["request"]), (&json!(true), request));
    assert_eq!(executed["attestations"][0]["attesters"].as_array().unwrap().len(), 2);
    let mut changes: BTreeMap<String, i128> = BTreeMap::new();
    let phases = proposal["phases"].as_array().unwrap();
    assert_eq!(phases.len(), PHASES.len());
    let described = phases.iter().find(|one| one["number"] == json!(phase)).unwrap();
    for step in described["moves"].as_array().unwrap() {
        let amount = number(&step["amount"]);
        let subject = story.snapshot.body.subject(step["subject"].as_str().unwrap()).unwrap();
        for group in &subject.within {
            *changes.entry(group.clone()).or_default() += if step["move"] == "increase" { amount } else { -amount };
        }
    }
    let balances = executed["balances"].as_array().unwrap();
    let of = |token: Address| {
        let known = balances.iter().find(|balance| balance["token"] == json!(token));
        known.map(|balance| [&balance["before"], &balance["after"]].map(number))
    };
    let mut placed = 0;
    for (vault, (book, provider)) in held {
        let change = changes.get(provider).copied().unwrap_or_default();
        if change != 0 {
            assert_eq!(of(*vault), Some([*book, *book + change]), "{provider}");
        } else {
            assert_eq!(of(*vault), None, "{provider}");
        }
        *book += change;
        placed += change.max(0);
    }
    assert!(placed > 0);
    assert_eq!(of(WETH), Some([0, 0]), "what was freed is what was placed");
    let cap = 500 * 10_i128.pow(18);
    let limit = &executed["limits"][0];
    assert_eq!([&limit["left_before"], &limit["left_after"]].map(number), [cap, cap - placed], "{limit}");
}

/// From the proposal to its execution, and back.
fn found_from_each_other(story: &Story) {
    story.done("allocate put records examples/staking examples/staking/safe/mapping.toml", &[], 0);
    story.done(&format!("allocate put records {}", RESULTS.join(" ")), &[], 0);
    let (proposal, executed) = (story.json("proposal.json"), story.json("executed-1.json"));
    let [proposal, request, transaction] =
        [&proposal["id"], &executed["request"], &executed["transaction"]].map(|id| id.as_str().unwrap().to_owned());
    let links = |id: &str, side: &str| {
        let shown = story.done(&format!("allocate show records {id}"), &[], 0);
        let documents = shown["documents"].as_array().unwrap().clone();
        let all = documents.iter().flat_map(|one| one[side].as_array().unwrap().clone());
        let mut all: Vec<_> = all
            .map(|link| {
                [&link["document"]["kind"], &link["document"]["id"]].map(|text| text.as_str().unwrap().to_owned())
            })
            .collect();
        all.dedup();
        all
    };
    let is = |kind: &str, id: &str| [kind.to_owned(), id.to_owned()];
    let from = links(&proposal, "referred_to_by");
    assert!(from.contains(&is("request", &request)) && from.contains(&is("execution", &transaction)), "{from:?}");
    assert!(from.iter().any(|[kind, _]| kind == "decision"), "{from:?}");
    assert_eq!(links(&request, "refers_to"), [is("proposal", &proposal)]);
    assert!(links(&request, "referred_to_by").contains(&is("execution", &transaction)));
    let back = links(&transaction, "refers_to");
    assert!(back.contains(&is("proposal", &proposal)) && back.contains(&is("request", &request)), "{back:?}");
    // And on the chain itself, where the hook's event names the proposal of the request.
    let again = story.done("allocate executed attested-1.json --out again.json", &[], 0);
    assert_eq!(again["execution"], story.json("executed-1.json"));
    let (code, _, talk) = story.run("allocate executed phase-1.json --out other.json", &[]);
    assert!(code == 1 && talk.contains("does not hold the attestation"), "{talk}");
    let other = "allocate build proposal.json examples/staking --mapping examples/staking/safe/mapping.toml \
                 --decision decision.json --safe-version 1.4.1 --phase 2 --nonce 3 --out other-2.json";
    story.done(other, &[], 0);
    let (code, _, talk) = story.run("allocate executed other-2.json --out other.json", &[]);
    assert!(code == 1 && talk.contains("was not executed with an attestation"), "{talk}");
    // What was measured leads to the same documents as the proposal, and these to both.
    let measured = story.done("allocate list records --kind compliance", &[], 0)["records"][0]["id"].clone();
    let measured = measured.as_str().unwrap();
    assert_eq!(links(measured, "refers_to"), links(&proposal, "refers_to"));
    let snapshot = story.json("proposal.json")["snapshot"]["hash"].as_str().unwrap().to_owned();
    assert!(links(&snapshot, "referred_to_by").contains(&is("compliance", measured)));
}
