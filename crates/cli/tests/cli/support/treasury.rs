//! A Safe of three owners under a policy, on a real node.

use super::relay::rpc;
use super::{Anvil, root, run};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use portcullis_bindings::safe::{ERC20, Safe};
use portcullis_bindings::{Token, deployer};
use portcullis_chain::install::{self, Installation};
use portcullis_chain::safe::{self, Artifacts, Deployment, SafeTx, Version};
use portcullis_chain::{Ledger, Node, PrivateKeySigner, Receipt, create2, deploy, read};
use portcullis_policy::{Policy, compile};
use serde_json::{Value, json};

pub(crate) const ETHER: u64 = 1_000_000_000_000_000_000;

/// What pays, asks and gets paid.
pub(crate) fn key(name: &str) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(name)).unwrap()
}

pub(crate) fn who(name: &str) -> Address {
    key(name).address()
}

pub(crate) struct Treasury {
    pub(crate) anvil: Anvil,
    pub(crate) node: Node,
    pub(crate) contracts: Deployment,
    pub(crate) safe: Address,
    pub(crate) token: Address,
    pub(crate) policy: String,
}

/// Payees get tokens and ether within limits; so does one module of what it may.
const RULES: &str = r#"
[limits.tokens]
asset      = "TUSD"
cap        = "1_000"
window     = { rolling = "24h" }
everywhere = true

[limits.ether]
asset  = "ETH"
cap    = "3"
window = { calendar = "day" }

[[rules]]
id   = "no-allowances"
when = { effect = "approve" }
then = { deny = true }

[[rules]]
id   = "tokens"
when = { effect = "transfer", asset = "TUSD", recipient = "@payees" }
then = { allow = true }

[[rules]]
id   = "ether"
when = { effect = "transfer", asset = "ETH", recipient = "@payees", amount = { max = "1" } }
then = { allow = true, limits = ["ether"] }
"#;

/// Nothing is allowed, not even what no rule tells of.
const NO_RULES: &str = r#"
[[rules]]
id   = "nothing"
when = { effect = "transfer" }
then = { deny = true }
"#;

impl Treasury {
    pub(crate) fn new(version: Version) -> Self {
        Self::under(version, RULES)
    }

    pub(crate) fn denying_all(version: Version) -> Self {
        Self::under(version, NO_RULES)
    }

    pub(crate) fn with(version: Version, rules: &str) -> Self {
        Self::under(version, rules)
    }

    /// With more lines in `[control]`.
    pub(crate) fn guarded(version: Version, rules: &str, control: &str) -> Self {
        Self::built(version, rules, control)
    }

    fn under(version: Version, rules: &str) -> Self {
        Self::built(version, rules, "")
    }

    fn built(version: Version, rules: &str, control: &str) -> Self {
        let anvil = Anvil::start();
        let keys = ["payer", "module", "ann"].map(key).to_vec();
        let mut node = Node::connect(&anvil.url, keys).unwrap();
        node.put_singleton_factory().unwrap();
        for name in ["payer", "module", "ann"] {
            node.fund(who(name), U256::from(10 * ETHER)).unwrap();
        }
        let payer = who("payer");
        let contracts =
            Artifacts::load(&root().join("node_modules"), version).unwrap().deploy(&mut node, payer).unwrap();
        let owners = ["ann", "bob", "cem"].map(who);
        let safe = contracts.create_safe(&mut node, payer, contracts.singleton, &owners, 2, U256::ZERO).unwrap();
        let arguments = ("Test Dollar", "TUSD", U256::from(6), safe, U256::from(700_000_000)).abi_encode_params();
        let init_code = [Token::BYTECODE.as_ref(), &arguments].concat();
        let token = create2(&mut node, payer, deployer::ARACHNID, B256::ZERO, &init_code).unwrap();
        node.fund(safe, U256::from(2 * ETHER)).unwrap();
        let mut policy = format!(
            "version = 1\nname = \"fork\"\naccount = \"eth:{safe}\"\nsemantics = \"first-match\"\n\
             [control]\nchange_delay = \"1h\"\nannouncement_expiry = \"3d\"\n\
             {control}\
             [assets]\nETH = {{ standard = \"native\", decimals = 18 }}\n\
             TUSD = {{ standard = \"erc20\", address = \"{token}\", decimals = 6 }}\n\
             {rules}"
        );
        if version.has_module_guard() && rules == RULES {
            policy.push_str(&format!(
                "[[rules]]\nid = \"module\"\nwhen = {{ origin = \"{}\", effect = \"transfer\", asset = \"ETH\", \
                 recipient = \"@payees\", amount = {{ max = \"0.5\" }} }}\nthen = {{ allow = true }}\n",
                who("module")
            ));
        }
        let policy = policy.replace("\"@payees\"", &format!("[\"{}\", \"{}\"]", who("payee"), who("vendor")));
        let mut treasury = Self { anvil, node, contracts, safe, token, policy };
        treasury.install();
        treasury
    }

    fn install(&mut self) {
        if self.contracts.version.has_module_guard() {
            let module = who("module");
            self.execute(&self.call(self.safe, 0, Safe::enableModuleCall { module }.abi_encode()));
        }
        let policy = Policy::parse(&self.policy, "policy.toml").map_err(|faults| faults.to_string()).unwrap();
        let hook = deploy::deploy_hook(&mut self.node, who("payer")).unwrap();
        let program = deploy::deploy_program(&mut self.node, who("payer"), &compile(&policy).unwrap().program).unwrap();
        let info = read::safe(&self.node, self.safe).unwrap();
        let what = Installation { hook, program, change_delay: 3_600, bypassing: Vec::new(), handler: None };
        let batch = install::transaction(&info, self.contracts.multi_send_call_only, &what).unwrap();
        self.execute(&batch);
    }

    /// A Safe that ann and a Safe of eve's and cem's own, both of whom must sign; the outer one is under the policy.
    pub(crate) fn nested(&mut self) -> (Address, Address) {
        let payer = who("payer");
        let inner = self.contracts.create_safe(
            &mut self.node,
            payer,
            self.contracts.singleton,
            &["eve", "cem"].map(who),
            2,
            U256::from(8),
        );
        let inner = inner.unwrap();
        let owners = [who("ann"), inner];
        let (singleton, salt) = (self.contracts.singleton, U256::from(9));
        let outer = self.contracts.create_safe(&mut self.node, payer, singleton, &owners, 2, salt).unwrap();
        self.node.fund(outer, U256::from(ETHER)).unwrap();
        let policy = Policy::parse(&self.policy, "policy.toml").map_err(|faults| faults.to_string()).unwrap();
        let hook = deploy::deploy_hook(&mut self.node, payer).unwrap();
        let program = deploy::deploy_program(&mut self.node, payer, &compile(&policy).unwrap().program).unwrap();
        let info = read::safe(&self.node, outer).unwrap();
        let what = Installation { hook, program, change_delay: 3_600, bypassing: Vec::new(), handler: None };
        let batch = install::transaction(&info, self.contracts.multi_send_call_only, &what).unwrap();
        let hash = safe::hash(&batch, outer, self.node.chain_id());
        // Ann calls and so consents; the inner Safe approves on chain.
        let approve = Safe::approveHashCall { hash }.abi_encode();
        let call = safe::call(outer, U256::ZERO, approve.into(), U256::ZERO);
        let signed = safe::sign(safe::hash(&call, inner, self.node.chain_id()), &["eve", "cem"].map(key)).unwrap();
        let data = safe::exec(&call, signed);
        self.node.send(payer, inner, U256::ZERO, data).unwrap().expect_success("approving").unwrap();
        let mut ascending = owners;
        ascending.sort_unstable();
        let part = |owner: &Address| [owner.into_word().as_slice(), &[0; 32], &[1]].concat();
        let signatures: Vec<u8> = ascending.iter().flat_map(part).collect();
        let data = safe::exec(&batch, signatures.into());
        self.node.send(who("ann"), outer, U256::ZERO, data).unwrap().expect_success("installing").unwrap();
        (outer, inner)
    }

    pub(crate) fn nonce(&self) -> U256 {
        read::view(&self.node, self.safe, "nonce()", Safe::nonceCall {}).unwrap()
    }

    pub(crate) fn call(&self, to: Address, value: u64, data: Vec<u8>) -> SafeTx {
        safe::call(to, U256::from(value), data.into(), self.nonce())
    }

    /// Signatures of these owners for the transaction.
    pub(crate) fn signed(&self, tx: &SafeTx, signers: &[&str]) -> Bytes {
        let keys: Vec<_> = signers.iter().map(|name| key(name)).collect();
        safe::sign(safe::hash(tx, self.safe, self.node.chain_id()), &keys).unwrap()
    }

    fn execute(&mut self, tx: &SafeTx) -> Receipt {
        let data = safe::exec(tx, self.signed(tx, &["ann", "bob"]));
        self.node.send(who("payer"), self.safe, U256::ZERO, data).unwrap().expect_success("setting up").unwrap()
    }

    pub(crate) fn simulate(&self, url: &str, more: &[&str], transaction: &Value) -> (i32, Value, String) {
        let safe = self.safe.to_string();
        let arguments = ["simulate", "--rpc", url, "--safe", &safe, "--tx", "TX"];
        run(&[&arguments[..], more].concat(), transaction)
    }

    pub(crate) fn ask(&self, method: &str, parameters: Value) -> Value {
        rpc(&self.anvil.url, method, parameters)
    }

    pub(crate) fn tokens(&self, to: &str, amount: u64) -> Value {
        let call = ERC20::transferCall { to: who(to), value: U256::from(amount) };
        action(self.token, 0, &call.abi_encode())
    }

    pub(crate) fn allowance(&self, spender: &str, amount: u64) -> Value {
        let call = ERC20::approveCall { spender: who(spender), value: U256::from(amount) };
        action(self.token, 0, &call.abi_encode())
    }
}

pub(crate) fn action(to: Address, value: u64, data: &[u8]) -> Value {
    let data = alloy_primitives::hex::encode_prefixed(data);
    json!({ "to": to.to_string(), "value": value.to_string(), "data": data, "operation": 0 })
}

pub(crate) fn ether(to: &str, wei: u64) -> Value {
    action(who(to), wei, &[])
}
