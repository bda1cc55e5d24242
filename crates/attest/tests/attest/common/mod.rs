//! Real Safes of every version on a chain in the process.

use std::fs;
use std::path::PathBuf;

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::SolCall;
use portcullis_attest::{Calls, SafeTransaction, SafeVersion, sign, signer};
use portcullis_bindings::deployer;
use portcullis_bindings::safe::{Factory, Safe};
use portcullis_simulate::{Embedded, Invalid};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

pub(crate) const CHAIN_ID: u64 = 31_337;
pub(crate) const HOOK: Address = address!("0000000000000000000000000000000000400c00");
pub(crate) const ANYBODY: Address = address!("00000000000000000000000000000000000a0001");

alloy_sol_types::sol! {
    function domainSeparator() external view returns (bytes32);
    function encodeTransactionData(
        address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice,
        address gasToken, address refundReceiver, uint256 nonce
    ) external view returns (bytes);
    function approveHash(bytes32 hash) external;
}

/// One Safe version's contracts.
pub(crate) struct World {
    pub(crate) chain: Embedded,
    pub(crate) version: SafeVersion,
    singleton: Address,
    factory: Address,
    handler: Address,
}

/// Answers static calls out of a chain, made by the hook.
pub(crate) struct Real<'a>(pub(crate) &'a Embedded);

impl Calls for Real<'_> {
    type Missing = Invalid;

    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Invalid> {
        self.0.static_call(HOOK, target, data, gas)
    }
}

impl World {
    pub(crate) fn new(version: SafeVersion) -> Self {
        let (package, safe, factory) = match version {
            SafeVersion::V1_3_0 => ("@gnosis.pm/safe-contracts", "GnosisSafe", "GnosisSafeProxyFactory"),
            SafeVersion::V1_4_1 => ("@safe-global/safe-contracts", "Safe", "SafeProxyFactory"),
            SafeVersion::V1_5_0 => ("@safe-global/safe-smart-account", "Safe", "SafeProxyFactory"),
        };
        let mut chain = Embedded::new(CHAIN_ID);
        let mut deploy = |folder: &str, name: &str| {
            let code = creation_code(package, folder, name);
            chain.create2(ANYBODY, deployer::SAFE_SINGLETON_FACTORY, B256::ZERO, &code).unwrap()
        };
        let singleton = deploy("", safe);
        let factory = deploy("proxies", factory);
        let handler = deploy("handler", "CompatibilityFallbackHandler");
        Self { chain, version, singleton, factory, handler }
    }

    pub(crate) fn every() -> impl Iterator<Item = Self> {
        SafeVersion::ALL.into_iter().map(Self::new)
    }

    /// Creates a Safe with the compatibility handler.
    pub(crate) fn safe(&mut self, owners: &[Address], threshold: u64, salt: u64) -> Address {
        let setup = Safe::setupCall {
            owners: owners.to_vec(),
            threshold: U256::from(threshold),
            to: Address::ZERO,
            data: Bytes::new(),
            fallbackHandler: self.handler,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        };
        let create = Factory::createProxyWithNonceCall {
            singleton: self.singleton,
            initializer: setup.abi_encode().into(),
            saltNonce: U256::from(salt),
        };
        let receipt = self.chain.send(ANYBODY, self.factory, U256::ZERO, create.abi_encode().into()).unwrap();
        assert!(receipt.success, "{receipt:?}");
        Address::from_word(B256::from_slice(&receipt.output))
    }

    /// What a view of a contract answers.
    pub(crate) fn view<C: SolCall>(&self, target: Address, call: &C) -> C::Return {
        let called = self.chain.call(ANYBODY, target, U256::ZERO, call.abi_encode().into()).unwrap();
        assert!(called.success, "{called:?}");
        C::abi_decode_returns_validate(&called.output).unwrap()
    }

    /// Whether the Safe itself executes the transaction with these signatures.
    pub(crate) fn executes(
        &self,
        initiator: Address,
        account: Address,
        tx: &SafeTransaction,
        signatures: &[u8],
    ) -> bool {
        let call = Safe::execTransactionCall {
            to: tx.to,
            value: tx.value,
            data: tx.data.clone(),
            operation: tx.operation,
            safeTxGas: tx.safe_tx_gas,
            baseGas: tx.base_gas,
            gasPrice: tx.gas_price,
            gasToken: tx.gas_token,
            refundReceiver: tx.refund_receiver,
            signatures: Bytes::copy_from_slice(signatures),
        };
        self.chain.call(initiator, account, U256::ZERO, call.abi_encode().into()).unwrap().success
    }
}

fn creation_code(package: &str, folder: &str, name: &str) -> Bytes {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.extend(["..", "..", "node_modules", package, "build/artifacts/contracts", folder]);
    path.extend([format!("{name}.sol"), format!("{name}.json")]);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}: run npm ci", path.display()));
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["bytecode"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn key(name: &str) -> B256 {
    keccak256(name)
}

pub(crate) fn who(name: &str) -> Address {
    signer(&key(name)).unwrap()
}

/// `r ‖ s ‖ v` by the one of that name.
pub(crate) fn signature(name: &str, digest: B256) -> [u8; 65] {
    sign(&key(name), digest).unwrap()
}

/// The names, by ascending address.
pub(crate) fn ascending<const N: usize>(mut names: [&str; N]) -> [&str; N] {
    names.sort_by_key(|name| who(name));
    names
}

/// The other signature that the same key could have made: `s` mirrored at the order.
pub(crate) fn malleated(signature: [u8; 65]) -> [u8; 65] {
    let order: U256 = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".parse().unwrap();
    let s = order - U256::from_be_slice(&signature[32..64]);
    let mut other = signature;
    other[32..64].copy_from_slice(&s.to_be_bytes::<32>());
    other[64] = 27 + 28 - signature[64];
    other
}

pub(crate) fn dice(seed: u64) -> ChaCha12Rng {
    ChaCha12Rng::seed_from_u64(seed)
}

pub(crate) fn random_bytes(dice: &mut ChaCha12Rng, most: usize) -> Bytes {
    let length = dice.random_range(0..=most);
    (0..length).map(|_| dice.random::<u8>()).collect::<Vec<_>>().into()
}

/// What the Safe's compatibility handler has its owners sign, so that the Safe signs `message`.
pub(crate) fn safe_message(account: Address, message: &[u8]) -> B256 {
    let typehash = keccak256("SafeMessage(bytes message)");
    let hash = keccak256([typehash, keccak256(message)].concat());
    let domain = portcullis_attest::domain_separator(account, CHAIN_ID);
    keccak256([&[0x19, 0x01], domain.as_slice(), hash.as_slice()].concat())
}
