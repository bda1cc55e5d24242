//! One treasury on any ledger: an in-process chain and a real node.

mod anvil;
mod in_process;
mod program;

pub(crate) use anvil::Anvil;
pub(crate) use in_process::InProcess;
pub(crate) use program::pay_only;

use std::path::PathBuf;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use portcullis_bindings::safe::{ERC20, Safe};
use portcullis_bindings::{Token, deployer};
use portcullis_chain::safe::{Artifacts, Deployment, SafeTx, Version, exec, hash, sign};
use portcullis_chain::{Called, Ledger, PrivateKeySigner, Receipt, create2, read};

pub(crate) const PAYER: &str = "payer";

pub(crate) fn key(name: &str) -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&keccak256(name)).unwrap()
}

pub(crate) fn who(name: &str) -> Address {
    key(name).address()
}

pub(crate) fn node_modules() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../node_modules")
}

/// A Safe of three owners, two of whom must sign, and a token of which it holds a million units.
pub(crate) struct Treasury {
    pub(crate) contracts: Deployment,
    pub(crate) safe: Address,
    pub(crate) token: Address,
}

impl Treasury {
    pub(crate) fn new(ledger: &mut dyn Ledger, version: Version, l2: bool) -> Self {
        ledger.fund(who(PAYER), U256::from(10).pow(U256::from(20))).unwrap();
        let contracts = Artifacts::load(&node_modules(), version).unwrap().deploy(ledger, who(PAYER)).unwrap();
        let singleton = if l2 { contracts.singleton_l2 } else { contracts.singleton };
        let owners = ["ann", "bob", "cem"].map(who);
        let salt = U256::from(7);
        let safe = contracts.create_safe(ledger, who(PAYER), singleton, &owners, 2, salt).unwrap();
        let arguments = ("Test Dollar", "TUSD", U256::from(6), safe, U256::from(1_000_000)).abi_encode_params();
        let init_code = [Token::BYTECODE.as_ref(), &arguments].concat();
        let token = create2(ledger, who(PAYER), deployer::ARACHNID, B256::ZERO, &init_code).unwrap();
        Self { contracts, safe, token }
    }

    pub(crate) fn nonce(&self, ledger: &dyn Ledger) -> U256 {
        read::view(ledger, self.safe, "nonce()", Safe::nonceCall {}).unwrap()
    }

    pub(crate) fn transfer(&self, to: Address, value: u64) -> Bytes {
        ERC20::transferCall { to, value: U256::from(value) }.abi_encode().into()
    }

    pub(crate) fn held(&self, ledger: &dyn Ledger, owner: Address) -> U256 {
        read::view(ledger, self.token, "balanceOf(address)", ERC20::balanceOfCall { owner }).unwrap()
    }

    pub(crate) fn signed(&self, ledger: &dyn Ledger, tx: &SafeTx, signers: &[&str]) -> Bytes {
        let keys: Vec<_> = signers.iter().map(|name| key(name)).collect();
        exec(tx, sign(hash(tx, self.safe, ledger.chain_id()), &keys).unwrap())
    }

    /// Executes with the signatures of two owners.
    pub(crate) fn execute(&self, ledger: &mut dyn Ledger, tx: &SafeTx) -> Receipt {
        let data = self.signed(ledger, tx, &["ann", "bob"]);
        ledger.send(who(PAYER), self.safe, U256::ZERO, data).unwrap()
    }

    pub(crate) fn try_out(&self, ledger: &dyn Ledger, tx: &SafeTx) -> Called {
        let data = self.signed(ledger, tx, &["ann", "bob"]);
        ledger.call(who(PAYER), self.safe, U256::ZERO, data).unwrap()
    }
}
