//! A real Safe with Portcullis on it, for demonstration and simulation: 2 of 3 owners, real signatures.

use alloy_primitives::{Address, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use eyre::{Result, WrapErr, eyre};
use portcullis_bindings::safe::{SINGLETON_SLOT, Safe};
use portcullis_bindings::{Token, deployer};
use portcullis_chain::deploy;
use portcullis_chain::install::{self, Installation};
use portcullis_chain::safe::{self, Artifacts, Deployment, SafeTx, Version};
use portcullis_chain::{Ledger, PrivateKeySigner, Receipt, create2, read};
use portcullis_eval::{Action, Request};
use std::path::Path;

use crate::embedded::Local;

/// Owners' signatures needed.
const THRESHOLD: usize = 2;

/// A key that everybody knows, for nothing but demonstrations.
pub(crate) fn known_key(role: &str) -> Result<PrivateKeySigner> {
    PrivateKeySigner::from_bytes(&keccak256(format!("portcullis demonstration: {role}"))).wrap_err("a key out of range")
}

/// The owners' keys.
pub(crate) fn owner_keys() -> Result<Vec<PrivateKeySigner>> {
    ["first owner", "second owner", "third owner"].into_iter().map(known_key).collect()
}

/// A Safe and what executes its transactions.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) safe: Address,
    pub(crate) contracts: Deployment,
    pub(crate) hook: Address,
    owners: Vec<PrivateKeySigner>,
    /// Who pays for what is sent.
    pub(crate) sender: Address,
}

impl Site {
    /// Deploys Safe's contracts, the hook and a Safe; the salt makes it another one.
    pub(crate) fn build(ledger: &mut dyn Ledger, node_modules: &Path, version: Version, salt: U256) -> Result<Self> {
        let owners = owner_keys()?;
        let sender = owners.first().ok_or_else(|| eyre!("there is no owner"))?.address();
        let contracts = Artifacts::load(node_modules, version)?.deploy(ledger, sender)?;
        let hook = deploy::deploy_hook(ledger, sender)?;
        let addresses: Vec<Address> = owners.iter().map(PrivateKeySigner::address).collect();
        let safe = contracts.create_safe(ledger, sender, contracts.singleton, &addresses, 2, salt)?;
        Ok(Self { safe, contracts, hook, owners, sender })
    }

    /// Stands the same Safe at another address of an embedded chain: its proxy's code, its singleton and
    /// its own `setup`, so that a policy is simulated on the account it names.
    pub(crate) fn move_to(&mut self, chain: &mut Local, account: Address) -> Result<()> {
        let proxy = chain.0.code(self.safe);
        chain.0.set_code(account, proxy);
        chain.0.set_storage(account, SINGLETON_SLOT, U256::from_be_slice(self.contracts.singleton.as_slice()));
        let setup = Safe::setupCall {
            owners: self.owners.iter().map(PrivateKeySigner::address).collect(),
            threshold: U256::from(THRESHOLD),
            to: Address::ZERO,
            data: Bytes::new(),
            fallbackHandler: self.contracts.handler,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        };
        chain
            .send(self.sender, account, U256::ZERO, setup.abi_encode().into())?
            .expect_success("setting the Safe up")?;
        self.safe = account;
        Ok(())
    }

    /// Puts the Safe under a program. Modules that no guard of this version sees are acknowledged.
    pub(crate) fn install(&self, ledger: &mut dyn Ledger, program: &[u8], change_delay: u32) -> Result<()> {
        let info = read::safe(ledger, self.safe)?;
        let bypassing = if info.version.has_module_guard() { Vec::new() } else { info.modules.clone() };
        let program = deploy::deploy_program(ledger, self.sender, program)?;
        let what = Installation { hook: self.hook, program, change_delay, bypassing, handler: None };
        let batch = install::transaction(&info, self.contracts.multi_send_call_only, &what)?;
        self.execute(ledger, &batch, self.sender)?.expect_success("installing")?;
        Ok(())
    }

    /// The nonce of the Safe's next transaction.
    pub(crate) fn nonce(&self, ledger: &dyn Ledger) -> Result<U256> {
        Ok(read::view(ledger, self.safe, "nonce()", Safe::nonceCall {})?)
    }

    /// A Safe transaction that executes one action.
    pub(crate) fn transaction(&self, action: &Action, nonce: U256) -> SafeTx {
        SafeTx { operation: action.operation, ..safe::call(action.to, action.value, action.data.clone(), nonce) }
    }

    /// Signs with as many owners as needed, and executes. A revert is a result.
    pub(crate) fn execute(&self, ledger: &mut dyn Ledger, tx: &SafeTx, from: Address) -> Result<Receipt> {
        let signatures = self.sign(ledger, tx)?;
        Ok(ledger.send(from, self.safe, U256::ZERO, safe::exec(tx, signatures))?)
    }

    /// What the mirror is asked about a transaction that `from` then executes.
    pub(crate) fn request(&self, ledger: &dyn Ledger, tx: &SafeTx, from: Address) -> Result<Request> {
        let action = Action { to: tx.to, value: tx.value, data: tx.data.clone(), operation: tx.operation };
        Ok(Request {
            account: self.safe,
            origin: None,
            initiator: from,
            safe_tx_gas: tx.safeTxGas,
            gas_price: tx.gasPrice,
            base_gas: tx.baseGas,
            gas_token: tx.gasToken,
            refund_receiver: tx.refundReceiver,
            nonce: tx.nonce,
            signatures: self.sign(ledger, tx)?,
            actions: vec![action],
        })
    }

    fn sign(&self, ledger: &dyn Ledger, tx: &SafeTx) -> Result<Bytes> {
        let signers: Vec<PrivateKeySigner> = self.owners.iter().take(THRESHOLD).cloned().collect();
        Ok(safe::sign(safe::hash(tx, self.safe, ledger.chain_id()), &signers)?)
    }

    /// A token whose whole supply the Safe holds.
    pub(crate) fn token(&self, ledger: &mut dyn Ledger, symbol: &str, decimals: u8, supply: U256) -> Result<Address> {
        let arguments =
            (symbol.to_owned(), symbol.to_owned(), U256::from(decimals), self.safe, supply).abi_encode_params();
        let code = [Token::BYTECODE.as_ref(), &arguments].concat();
        Ok(create2(ledger, self.sender, deployer::ARACHNID, alloy_primitives::B256::ZERO, &code)?)
    }
}
