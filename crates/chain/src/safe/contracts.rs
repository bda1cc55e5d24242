//! Safe's own contracts, out of its packages, at their canonical addresses.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use portcullis_bindings::safe::{Factory, Safe};

use super::{ANYBODY, Version};
use crate::{Error, Ledger, Result, create2};

/// The creation code of one version's contracts.
#[derive(Clone, Debug)]
pub struct Artifacts {
    version: Version,
    singleton: Bytes,
    singleton_l2: Bytes,
    factory: Bytes,
    handler: Bytes,
    multi_send: Bytes,
    multi_send_call_only: Bytes,
}

/// Where one version's contracts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// Of the contracts.
    pub version: Version,
    /// `Safe`, called `GnosisSafe` in 1.3.0.
    pub singleton: Address,
    /// `SafeL2`, which emits events.
    pub singleton_l2: Address,
    /// The proxy factory.
    pub factory: Address,
    /// `CompatibilityFallbackHandler`.
    pub handler: Address,
    /// `MultiSend`.
    pub multi_send: Address,
    /// `MultiSendCallOnly`.
    pub multi_send_call_only: Address,
}

impl Artifacts {
    /// Reads the compiled contracts from the packages of a `node_modules` directory.
    ///
    /// # Errors
    /// [`Error::MissingArtifact`] when one is missing or not what the package ships.
    pub fn load(node_modules: &Path, version: Version) -> Result<Self> {
        let (package, safe, factory) = match version {
            Version::V1_3_0 => ("@gnosis.pm/safe-contracts", "GnosisSafe", "GnosisSafeProxyFactory"),
            Version::V1_4_1 => ("@safe-global/safe-contracts", "Safe", "SafeProxyFactory"),
            Version::V1_5_0 => ("@safe-global/safe-smart-account", "Safe", "SafeProxyFactory"),
        };
        let contracts = node_modules.join(package).join("build/artifacts/contracts");
        let read = |folder: &str, name: &str| {
            creation_code(contracts.join(folder).join(format!("{name}.sol")).join(format!("{name}.json")))
        };
        Ok(Self {
            version,
            singleton: read("", safe)?,
            singleton_l2: read("", &format!("{safe}L2"))?,
            factory: read("proxies", factory)?,
            handler: read("handler", "CompatibilityFallbackHandler")?,
            multi_send: read("libraries", "MultiSend")?,
            multi_send_call_only: read("libraries", "MultiSendCallOnly")?,
        })
    }

    /// The canonical addresses: they follow from the code.
    #[must_use]
    pub fn addresses(&self) -> Deployment {
        let at = |code: &Bytes| self.version.deployer().create2(B256::ZERO, keccak256(code));
        Deployment {
            version: self.version,
            singleton: at(&self.singleton),
            singleton_l2: at(&self.singleton_l2),
            factory: at(&self.factory),
            handler: at(&self.handler),
            multi_send: at(&self.multi_send),
            multi_send_call_only: at(&self.multi_send_call_only),
        }
    }

    /// Deploys what is not there yet.
    ///
    /// # Errors
    /// [`Error::NoProxy`] when the chain lacks the CREATE2 proxy, and those of sending.
    pub fn deploy(&self, ledger: &mut dyn Ledger, from: Address) -> Result<Deployment> {
        let contracts = [
            &self.singleton,
            &self.singleton_l2,
            &self.factory,
            &self.handler,
            &self.multi_send,
            &self.multi_send_call_only,
        ];
        for code in contracts {
            create2(ledger, from, self.version.deployer(), B256::ZERO, code)?;
        }
        Ok(self.addresses())
    }
}

impl Deployment {
    /// Creates a Safe with the compatibility handler and no modules, and returns its address.
    ///
    /// # Errors
    /// [`Error::Failed`] when the Safe refuses its owners or threshold, and those of sending.
    pub fn create_safe(
        &self,
        ledger: &mut dyn Ledger,
        from: Address,
        singleton: Address,
        owners: &[Address],
        threshold: u64,
        salt: U256,
    ) -> Result<Address> {
        let initializer: Bytes = Safe::setupCall {
            owners: owners.to_vec(),
            threshold: U256::from(threshold),
            to: Address::ZERO,
            data: Bytes::new(),
            fallbackHandler: self.handler,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        }
        .abi_encode()
        .into();
        let safe = self.safe_address(ledger, singleton, &initializer, salt)?;
        let create = Factory::createProxyWithNonceCall { singleton, initializer, saltNonce: salt };
        ledger.send(from, self.factory, U256::ZERO, create.abi_encode().into())?.expect_success("creating the Safe")?;
        if ledger.code(safe, None)?.is_empty() {
            return Err(Error::NotDeployed { address: safe, why: "the factory made another Safe".to_owned() });
        }
        Ok(safe)
    }

    fn safe_address(
        &self,
        ledger: &dyn Ledger,
        singleton: Address,
        initializer: &Bytes,
        salt: U256,
    ) -> Result<Address> {
        let call = Factory::proxyCreationCodeCall {}.abi_encode();
        let called = ledger.call(ANYBODY, self.factory, U256::ZERO, call.into())?;
        let bad = |output| Error::BadReturn { address: self.factory, function: "proxyCreationCode()", output };
        let code = Factory::proxyCreationCodeCall::abi_decode_returns_validate(&called.output)
            .map_err(|_| bad(called.output))?;
        let init_code = [code.as_ref(), &singleton.into_word().0].concat();
        let salt = keccak256((keccak256(initializer), salt).abi_encode());
        Ok(self.factory.create2(salt, keccak256(init_code)))
    }
}

fn creation_code(path: PathBuf) -> Result<Bytes> {
    let read = || -> std::result::Result<Bytes, String> {
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let artifact: serde_json::Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let code = artifact.get("bytecode").and_then(serde_json::Value::as_str).ok_or("it has no bytecode")?;
        let code: Bytes = code.parse().map_err(|error| format!("its bytecode is not hex: {error}"))?;
        if code.is_empty() { Err("its bytecode is empty".to_owned()) } else { Ok(code) }
    };
    read().map_err(|why| Error::MissingArtifact { path, why })
}
