//! Whoever operates Portcullis on a Safe that was used before: a folder with a policy, keys in the environment, a node.

use super::relay::rpc;
use super::treasury::{ETHER, key, who};
use super::{ANY_TIME, Anvil, root};
use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::Safe;
use portcullis_chain::read::SafeInfo;
use portcullis_chain::safe::{self, Artifacts, Deployment, SafeTx, Version};
use portcullis_chain::{Ledger, Node, deploy, read};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The change delay of the policy, in seconds.
pub(crate) const DELAY: u64 = 3_600;

pub(crate) struct Operator {
    pub(crate) anvil: Anvil,
    pub(crate) node: Node,
    pub(crate) contracts: Deployment,
    pub(crate) safe: Address,
    pub(crate) folder: TempDir,
}

/// How a command ended: exit code, the object it printed, and what it said besides.
pub(crate) type Ended = (i32, Value, String);

impl Operator {
    /// A Safe of ann, bob and cem, two of whom sign, on a chain that has the hook. It was used before: one module, one
    /// payment.
    pub(crate) fn new(version: Version) -> Self {
        let mut operator = Self::bare(version);
        deploy::deploy_hook(&mut operator.node, who("payer")).unwrap();
        let module = Safe::enableModuleCall { module: who("module") }.abi_encode();
        operator.execute(&operator.call(operator.safe, 0, module));
        operator.execute(&operator.call(who("payee"), 5, Vec::new()));
        operator
    }

    /// The same without the hook and unused.
    pub(crate) fn bare(version: Version) -> Self {
        let anvil = Anvil::with(&["--chain-id", "1"]);
        let mut node = Node::connect(&anvil.url, ["payer", "cem"].map(key).to_vec()).unwrap();
        node.put_singleton_factory().unwrap();
        for name in ["payer", "cem"] {
            node.fund(who(name), U256::from(10 * ETHER)).unwrap();
        }
        let modules = root().join("node_modules");
        let contracts = Artifacts::load(&modules, version).unwrap().deploy(&mut node, who("payer")).unwrap();
        let owners = ["ann", "bob", "cem"].map(who);
        let safe =
            contracts.create_safe(&mut node, who("payer"), contracts.singleton, &owners, 2, U256::from(1)).unwrap();
        node.fund(safe, U256::from(ETHER)).unwrap();
        let operator = Self { anvil, node, contracts, safe, folder: TempDir::new().unwrap() };
        operator.policy("0.5");
        operator
    }

    /// Writes the policy: so much ether to the payee at a time, and nothing else but the owners' own management.
    pub(crate) fn policy(&self, most: &str) {
        let text = format!(
            "version = 1\nname = \"operated\"\naccount = \"eth:{}\"\nsemantics = \"first-match\"\n\
             [control]\nchange_delay = \"1h\"\n[assets]\nETH = {{ standard = \"native\", decimals = 18 }}\n\
             [[rules]]\nid = \"pay\"\nwhen = {{ effect = \"transfer\", asset = \"ETH\", recipient = \"{}\", \
             amount = {{ max = \"{most}\" }} }}\nthen = {{ allow = true }}\n\
             [[rules]]\nid = \"owners\"\nwhen = {{ target = \"account\", selector = [\
             \"addOwnerWithThreshold(address,uint256)\"] }}\nthen = {{ allow = true }}\n",
            self.safe,
            who("payee")
        );
        fs::write(self.file("policy.toml"), text).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("portcullis"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null()).envs(ANY_TIME);
        for name in ["payer", "ann", "bob", "cem", "stranger"] {
            command.env(name.to_uppercase(), key(name).to_bytes().to_string());
        }
        command.env("NODE", &self.anvil.url);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Self::ended(&mut self.command(arguments))
    }

    /// As by somebody who says nothing of clocks.
    pub(crate) fn run_on_time(&self, arguments: &[&str]) -> Ended {
        Self::ended(self.command(arguments).env_remove(ANY_TIME[0].0))
    }

    fn ended(command: &mut Command) -> Ended {
        let output = command.arg("--json").output().unwrap();
        let shown = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), shown, String::from_utf8(output.stderr).unwrap())
    }

    /// As a person runs it: stdout and stderr.
    pub(crate) fn read(&self, arguments: &[&str]) -> (i32, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    pub(crate) fn spawn(&self, arguments: &[&str]) -> Child {
        self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Plans, with the module acknowledged.
    pub(crate) fn plan(&self) -> Ended {
        self.run(&self.planning())
    }

    pub(crate) fn planning(&self) -> Vec<&'static str> {
        let module: &'static str = Box::leak(who("module").to_string().into_boxed_str());
        vec!["plan", "--policy", "policy.toml", "--rpc", "$NODE", "-o", "plan.json", "--acknowledge-module", module]
    }

    /// What applies the plan, through `node`.
    pub(crate) fn applying<'a>(node: &'a str, more: &[&'a str]) -> Vec<&'a str> {
        let keys = ["--key-env", "PAYER", "--key-env", "ANN", "--key-env", "BOB"];
        [&["apply", "plan.json", "--rpc", node, "--yes"], &keys[..], more].concat()
    }

    pub(crate) fn apply(&self) -> Ended {
        self.run(&Self::applying("$NODE", &[]))
    }

    /// Plans and applies, where there has to be something to do.
    pub(crate) fn change(&self) -> Value {
        let (code, plan, talk) = self.plan();
        assert_eq!(code, 2, "{plan} {talk}");
        let (code, done, talk) = self.apply();
        assert_eq!(code, 0, "{done} {talk}");
        plan
    }

    pub(crate) fn wait(&self, seconds: u64) {
        self.ask("evm_increaseTime", json!([seconds]));
        self.ask("evm_mine", json!([]));
    }

    pub(crate) fn ask(&self, method: &str, parameters: Value) -> Value {
        rpc(&self.anvil.url, method, parameters)
    }

    pub(crate) fn info(&self) -> SafeInfo {
        read::safe(&self.node, self.safe).unwrap()
    }

    /// Of the Safe: how many transactions it has executed.
    pub(crate) fn executed(&self) -> u64 {
        self.info().nonce.to()
    }

    /// How many transactions the payer has in blocks.
    pub(crate) fn paid(&self) -> u64 {
        self.node.transactions(who("payer"), false).unwrap()
    }

    pub(crate) fn call(&self, to: Address, value: u64, data: Vec<u8>) -> SafeTx {
        safe::call(to, U256::from(value), data.into(), self.info().nonce)
    }

    /// The calldata that executes a transaction, signed by ann and bob.
    pub(crate) fn signed(&self, tx: &SafeTx) -> alloy_primitives::Bytes {
        let keys = ["ann", "bob"].map(key);
        safe::exec(tx, safe::sign(safe::hash(tx, self.safe, self.node.chain_id()), &keys).unwrap())
    }

    /// Executes; returns whether that succeeded.
    pub(crate) fn try_execute(&mut self, tx: &SafeTx) -> bool {
        let data = self.signed(tx);
        self.node.send(who("payer"), self.safe, U256::ZERO, data).unwrap().success
    }

    pub(crate) fn execute(&mut self, tx: &SafeTx) {
        assert!(self.try_execute(tx), "{tx:?}");
    }
}
