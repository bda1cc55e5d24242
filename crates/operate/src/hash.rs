//! What owners sign, for every Safe since 1.0.0, in the parts that hardware wallets show.
//!
//! EIP-712: `keccak256(0x1901 ‖ domain ‖ message)`. The domain names the chain since 1.3.0; before, the Safe alone.

use std::fmt;
use std::str::FromStr;

use alloy_primitives::{Address, B256, U256, b256, keccak256};
use alloy_sol_types::SolStruct;
use portcullis_bindings::safe::SafeTx;
use serde_json::{Value, json};

/// `keccak256("EIP712Domain(uint256 chainId,address verifyingContract)")`.
const DOMAIN: B256 = portcullis_attest::SAFE_DOMAIN_TYPEHASH;
/// `keccak256("EIP712Domain(address verifyingContract)")`.
const DOMAIN_WITHOUT_CHAIN: B256 = b256!("035aff83d86937d35b32e04f0ddc6ff469290eef2f1b692d8a815c89404d4749");
/// `keccak256("SafeMessage(bytes message)")`.
const SAFE_MESSAGE: B256 = b256!("60b3cbf8b4a223d68d641b3b6ddf9a298e7f33710cf3d3a9d1146b5a6150fbca");

/// A version of Safe whose transactions can be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is the version of its name")]
pub enum SafeVersion {
    V1_0_0,
    V1_1_0,
    V1_1_1,
    V1_2_0,
    V1_3_0,
    V1_4_0,
    V1_4_1,
    V1_5_0,
}

impl SafeVersion {
    /// Every version, oldest first.
    pub const ALL: [Self; 8] = [
        Self::V1_0_0,
        Self::V1_1_0,
        Self::V1_1_1,
        Self::V1_2_0,
        Self::V1_3_0,
        Self::V1_4_0,
        Self::V1_4_1,
        Self::V1_5_0,
    ];

    /// As its `VERSION()` says.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1_0_0 => "1.0.0",
            Self::V1_1_0 => "1.1.0",
            Self::V1_1_1 => "1.1.1",
            Self::V1_2_0 => "1.2.0",
            Self::V1_3_0 => "1.3.0",
            Self::V1_4_0 => "1.4.0",
            Self::V1_4_1 => "1.4.1",
            Self::V1_5_0 => "1.5.0",
        }
    }

    /// Whether the chain's id is part of what is signed.
    #[must_use]
    pub fn names_chain(self) -> bool {
        self >= Self::V1_3_0
    }

    /// Whether contract owners are asked about the hash; before, about what it is the hash of.
    #[must_use]
    pub fn asks_by_hash(self) -> bool {
        self >= Self::V1_5_0
    }
}

impl fmt::Display for SafeVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SafeVersion {
    type Err = String;

    /// Reads what `VERSION()` says, or what the Safe Transaction Service says, which marks L2 variants by `+L2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.strip_suffix("+L2").unwrap_or(text);
        Self::ALL.into_iter().find(|version| version.as_str() == plain).ok_or_else(|| {
            format!(
                "`{text}` is no version of Safe that can be hashed: write one of {}",
                Self::ALL.map(Self::as_str).join(", ")
            )
        })
    }
}

impl From<portcullis_chain::safe::Version> for SafeVersion {
    fn from(version: portcullis_chain::safe::Version) -> Self {
        use portcullis_chain::safe::Version;
        match version {
            Version::V1_3_0 => Self::V1_3_0,
            Version::V1_4_1 => Self::V1_4_1,
            Version::V1_5_0 => Self::V1_5_0,
        }
    }
}

/// Whose hash it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The chain's id.
    pub chain_id: u64,
    /// The Safe.
    pub safe: Address,
    /// Its version.
    pub version: SafeVersion,
}

/// A hash to sign, and its two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashes {
    /// The domain separator.
    pub domain: B256,
    /// The hash of the struct that is signed: what hardware wallets call the message hash.
    pub message: B256,
    /// What is signed.
    pub hash: B256,
}

impl Hashes {
    fn new(domain: B256, message: B256) -> Self {
        Self { domain, message, hash: keccak256(preimage(domain, message)) }
    }

    /// What the hash is the hash of.
    #[must_use]
    pub fn preimage(&self) -> Vec<u8> {
        preimage(self.domain, self.message)
    }
}

fn preimage(domain: B256, message: B256) -> Vec<u8> {
    [&[0x19, 0x01], domain.as_slice(), message.as_slice()].concat()
}

impl Account {
    /// Its EIP-712 domain separator.
    #[must_use]
    pub fn domain(&self) -> B256 {
        let safe = self.safe.into_word();
        if self.version.names_chain() {
            keccak256([DOMAIN, U256::from(self.chain_id).into(), safe].concat())
        } else {
            keccak256([DOMAIN_WITHOUT_CHAIN, safe].concat())
        }
    }

    /// What owners sign for a transaction.
    #[must_use]
    pub fn transaction(&self, tx: &SafeTx) -> Hashes {
        Hashes::new(self.domain(), tx.eip712_hash_struct())
    }

    /// What owners sign for a message of these bytes.
    #[must_use]
    pub fn message(&self, message: &[u8]) -> Hashes {
        Hashes::new(self.domain(), keccak256([SAFE_MESSAGE, keccak256(message)].concat()))
    }

    /// What the owners of this Safe sign, so that it signs, as an owner of the Safe `outer`, what has these hashes there.
    /// The alternative is a transaction of this Safe that calls `approveHash` on `outer`.
    #[must_use]
    pub fn for_owned(&self, outer: SafeVersion, hashes: &Hashes) -> Hashes {
        if outer.asks_by_hash() { self.message(hashes.hash.as_slice()) } else { self.message(&hashes.preimage()) }
    }

    /// The transaction as `eth_signTypedData_v4` takes it, which hashes to the same.
    #[must_use]
    pub fn typed_data(&self, tx: &SafeTx) -> Value {
        let field = |name: &str, kind: &str| json!({ "name": name, "type": kind });
        let mut domain = vec![field("verifyingContract", "address")];
        let mut values = json!({ "verifyingContract": self.safe });
        if self.version.names_chain() {
            domain.insert(0, field("chainId", "uint256"));
            values = json!({ "chainId": self.chain_id.to_string(), "verifyingContract": self.safe });
        }
        json!({
            "types": {
                "EIP712Domain": domain,
                "SafeTx": [
                    field("to", "address"), field("value", "uint256"), field("data", "bytes"),
                    field("operation", "uint8"), field("safeTxGas", "uint256"), field("baseGas", "uint256"),
                    field("gasPrice", "uint256"), field("gasToken", "address"), field("refundReceiver", "address"),
                    field("nonce", "uint256"),
                ],
            },
            "primaryType": "SafeTx",
            "domain": values,
            "message": fields(tx),
        })
    }
}

/// The transaction's fields, numbers in decimal.
#[must_use]
pub fn fields(tx: &SafeTx) -> Value {
    json!({
        "to": tx.to.to_string(), "value": tx.value.to_string(), "data": tx.data, "operation": tx.operation,
        "safeTxGas": tx.safeTxGas.to_string(), "baseGas": tx.baseGas.to_string(),
        "gasPrice": tx.gasPrice.to_string(), "gasToken": tx.gasToken.to_string(),
        "refundReceiver": tx.refundReceiver.to_string(),
        "nonce": tx.nonce.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_hash_to_the_constants() {
        assert_eq!(DOMAIN, keccak256("EIP712Domain(uint256 chainId,address verifyingContract)"));
        assert_eq!(DOMAIN_WITHOUT_CHAIN, keccak256("EIP712Domain(address verifyingContract)"));
        assert_eq!(SAFE_MESSAGE, keccak256("SafeMessage(bytes message)"));
        assert_eq!(keccak256(SafeTx::eip712_encode_type().as_bytes()), portcullis_attest::SAFE_TX_TYPEHASH);
    }

    #[test]
    fn only_versions_that_are_known_are_read() {
        for version in SafeVersion::ALL {
            assert_eq!(version.as_str().parse(), Ok(version));
            assert_eq!(format!("{version}+L2").parse(), Ok(version));
        }
        for text in ["", "0.1.0", "1.6.0", "1.3", "1.3.0+L3", "+L2", "1.3.0 "] {
            assert!(text.parse::<SafeVersion>().is_err(), "{text}");
        }
    }
}
