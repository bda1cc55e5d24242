//! A treasury that holds dollars at two desks, on real Safes of one node, under a policy that asks for a proposal.

use super::treasury::{ETHER, key, who};
use super::{ANY_TIME, Anvil, root};
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use portcullis_attest::{AttestationItem, Material, seal};
use portcullis_bindings::safe::ERC20;
use portcullis_bindings::{IPolicyHook, Registry, Token, deployer};
use portcullis_chain::install::{self, Installation};
use portcullis_chain::safe::{self, Artifacts, SafeTx, Version};
use portcullis_chain::{Ledger, Node, create2, deploy, read};
use portcullis_eval::Reason;
use portcullis_policy::{Policy, compile};
use serde_json::{Value, json};
use std::fs;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// When the proposal is made, as the node's clock begins.
pub(crate) const AT: &str = "2026-11-20T12:00:00Z";
pub(crate) const BEGIN: u64 = 1_795_176_000;

pub(crate) struct Desk {
    pub(crate) safe: Address,
    pub(crate) token: Address,
    pub(crate) registry: Address,
    pub(crate) folder: TempDir,
}

/// The node, which all Safes share.
pub(crate) fn node() -> (Anvil, Node) {
    let anvil = Anvil::with(&["--chain-id", "1", "--timestamp", &(BEGIN + 60).to_string()]);
    let names = ["payer", "desk-a"];
    let mut node = Node::connect(&anvil.url, names.map(key).to_vec()).unwrap();
    node.put_singleton_factory().unwrap();
    for name in names {
        node.fund(who(name), U256::from(10 * ETHER)).unwrap();
    }
    (anvil, node)
}

impl Desk {
    /// A Safe of ann, bob and cem, two of whom sign; two attesters, whom a registry lists, state what is of a proposal.
    pub(crate) fn new(node: &mut Node, version: Version) -> Self {
        let payer = who("payer");
        let contracts = Artifacts::load(&root().join("node_modules"), version).unwrap().deploy(node, payer).unwrap();
        let owners = ["ann", "bob", "cem"].map(who);
        let safe = contracts.create_safe(node, payer, contracts.singleton, &owners, 2, U256::from(3)).unwrap();
        let deployed = |node: &mut Node, code: &[u8], arguments: Vec<u8>| {
            create2(node, payer, deployer::ARACHNID, B256::ZERO, &[code, &arguments].concat()).unwrap()
        };
        let name = format!("Dollar {version}");
        let arguments = (name, "TUSD", U256::ZERO, who("desk-a"), U256::from(600_000)).abi_encode_params();
        let token = deployed(node, Token::BYTECODE.as_ref(), arguments);
        let allow = ERC20::approveCall { spender: safe, value: U256::from(600_000) }.abi_encode();
        node.send(who("desk-a"), token, U256::ZERO, allow.into()).unwrap().expect_success("allowing").unwrap();
        let registry = deployed(node, Registry::BYTECODE.as_ref(), (payer, U256::ZERO).abi_encode_params());
        let desk = Self { safe, token, registry, folder: TempDir::new().unwrap() };
        desk.list(node, &["eve", "fay"], true);
        desk.papers();
        let policy = fs::read_to_string(desk.folder.path().join("policy.toml")).unwrap();
        let policy = Policy::parse(&policy, "policy.toml").map_err(|faults| faults.to_string()).unwrap();
        let hook = deploy::deploy_hook(node, payer).unwrap();
        let program = deploy::deploy_program(node, payer, &compile(&policy).unwrap().program).unwrap();
        let info = read::safe(node, safe).unwrap();
        let what = Installation { hook, program, change_delay: 3_600, bypassing: Vec::new(), handler: None };
        let batch = install::transaction(&info, contracts.multi_send_call_only, &what).unwrap();
        let data = safe::exec(&batch, desk.owners(&batch));
        node.send(payer, safe, U256::ZERO, data).unwrap().expect_success("installing").unwrap();
        desk
    }

    /// Puts attesters on the registry, or takes them off.
    pub(crate) fn list(&self, node: &mut Node, names: &[&str], on: bool) {
        let members = names.iter().map(|name| who(name)).collect();
        let call =
            if on { Registry::addCall { members }.abi_encode() } else { Registry::removeCall { members }.abi_encode() };
        node.send(who("payer"), self.registry, U256::ZERO, call.into()).unwrap().expect_success("listing").unwrap();
    }

    /// Every document: what is held, what is allowed, and how it is carried out.
    fn papers(&self) {
        let lifecycle = json!([
            {"state": "draft", "at": "2026-10-01T00:00:00Z", "by": "ana"},
            {"state": "approved", "at": "2026-10-05T00:00:00Z", "by": "board"},
            {"state": "in-force", "at": "2026-10-08T00:00:00Z", "by": "board"},
        ]);
        let unit = json!({"symbol": "TUSD", "decimals": 0});
        let (a, b) = (who("desk-a"), who("desk-b"));
        let (token, safe, registry) = (self.token, self.safe, self.registry);
        self.write("documents/snapshot.json", &json!({
            "kind": "allocation-snapshot", "format": 1, "id": "today", "taken_at": "2026-11-20T00:00:00Z", "unit": unit,
            "subjects": [{"id": "desk-a", "kind": "pool"}, {"id": "desk-b", "kind": "pool"}],
            "portfolios": [{"id": "dollars", "total": "600000", "positions": [
                {"subject": "desk-a", "amount": "600000"}, {"subject": "desk-b", "amount": "0"},
            ]}],
        }));
        self.write(
            "documents/risk.json",
            &json!({
                "kind": "risk-profiles", "format": 1, "id": "today", "model": "none", "profiles": [],
                "computed_at": "2026-11-20T06:00:00Z",
            }),
        );
        self.write("documents/policy.json", &json!({
            "kind": "allocation-policy", "format": 1, "id": "desks", "revision": 1, "author": "ana",
            "created_at": "2026-10-01T00:00:00Z", "lifecycle": lifecycle,
            "limits": [{"id": "half", "of": {"kind": "pool"}, "max_share": "70%"}],
            "alerts": [{"id": "board", "at_least": "20%", "severity": "severe", "manual_review": true, "notify": ["board"]}],
            "rebalancing": {"window": "24h", "min_interval": "7d",
                "changes": [{"id": "desk", "of": {"kind": "pool"}, "max_amount": "100000"}]},
        }));
        self.write(
            "mapping.json",
            &json!({
                "kind": "allocation-mapping", "format": 1, "id": "desks", "revision": 1, "author": "ana", "unit": unit,
                "created_at": "2026-10-01T00:00:00Z", "lifecycle": lifecycle, "chain_id": 1, "account": safe,
                "routes": [
                    {"id": "a", "subjects": ["desk-a"], "decrease": {"call": {"to": token,
                        "function": "transferFrom(address,address,uint256)",
                        "arguments": [a.to_string(), "{account}", "{amount}"]}}},
                    {"id": "b", "subjects": ["desk-b"], "increase": {"erc20-transfer": {"token": token, "to": b}}},
                ],
            }),
        );
        let policy = format!(
            "version = 1\nname = \"desks\"\naccount = \"eth:{safe}\"\nsemantics = \"first-match\"\n\
             [control]\nchange_delay = \"1h\"\n\
             [assets]\nTUSD = {{ standard = \"erc20\", address = \"{token}\", decimals = 0 }}\n\
             [groups]\nattesters = {{ registry = \"{registry}\" }}\n\
             [attesters.risk]\nmembers = \"@attesters\"\nat_least = 2\n\
             [facts.proposal]\ntype = \"boolean\"\nsubject = \"request\"\nattesters = \"risk\"\ntimeout = \"1s\"\n\
             ttl = \"30d\"\nmax_age = \"24h\"\non_unknown = \"closed\"\n\
             [[rules]]\nid = \"back\"\nwhen = {{ effect = \"opaque\", target = \"TUSD\", selector = \
             \"transferFrom(address,address,uint256)\", opaque = true, facts = {{ proposal = {{ equals = true }} }} }}\n\
             then = {{ allow = true }}\n\
             [[rules]]\nid = \"place\"\nwhen = {{ effect = \"transfer\", asset = \"TUSD\", recipient = \"{b}\", \
             facts = {{ proposal = {{ equals = true }} }} }}\nthen = {{ allow = true }}\n"
        );
        fs::write(self.folder.path().join("policy.toml"), policy).unwrap();
    }

    pub(crate) fn write(&self, name: &str, value: &Value) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, value.to_string()).unwrap();
    }

    /// Runs a command with these keys; exit code, result and talk.
    pub(crate) fn run(&self, anvil: &Anvil, command: &str, keys: &[&str]) -> (i32, Value, String) {
        let mut portcullis = Command::new(assert_cmd::cargo::cargo_bin("portcullis"));
        portcullis
            .current_dir(self.folder.path())
            .args(command.split_whitespace())
            .arg("--json")
            .stdin(Stdio::null())
            .envs(ANY_TIME);
        for name in keys {
            portcullis
                .args(["--key-env", &name.to_uppercase()])
                .env(name.to_uppercase(), key(name).to_bytes().to_string());
        }
        let on_node = ["attest", "sign", "execute", "transact", "build"];
        if command.split_whitespace().take(2).any(|word| on_node.contains(&word)) {
            portcullis.env("PORTCULLIS_RPC", &anvil.url);
            portcullis.env("PORTCULLIS_POLICY", self.folder.path().join("policy.toml"));
        }
        let output = portcullis.output().unwrap();
        let shown = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
    }

    /// The same, which has to end well.
    pub(crate) fn done(&self, anvil: &Anvil, command: &str, keys: &[&str], code: i32) -> Value {
        let (ended, shown, talk) = self.run(anvil, command, keys);
        assert_eq!(ended, code, "portcullis {command}: {shown} {talk}");
        shown
    }

    /// Ann's and Bob's signatures.
    pub(crate) fn owners(&self, tx: &SafeTx) -> Bytes {
        safe::sign(safe::hash(tx, self.safe, 1), &["ann", "bob"].map(key)).unwrap()
    }

    /// Why the hook denies the transaction with these attestations; none where it executes.
    pub(crate) fn denial(&self, node: &Node, tx: &SafeTx, attestations: Vec<AttestationItem>) -> Option<Reason> {
        let payload = Material { approvals: None, attestations }.encode().unwrap();
        let data = safe::exec(tx, seal(&self.owners(tx), &payload).into());
        let called = node.call(who("payer"), self.safe, U256::ZERO, data).unwrap();
        if called.success {
            return None;
        }
        let denied = IPolicyHook::Denied::abi_decode_validate(&called.output).expect("the hook's own denial");
        Some(Reason::from_number(denied.reason).unwrap())
    }

    pub(crate) fn balance(&self, node: &Node, name: &str) -> U256 {
        read::view(node, self.token, "balanceOf(address)", ERC20::balanceOfCall { owner: who(name) }).unwrap()
    }
}
