//! A Safe transaction: hash, signatures, execution.

use alloy::signers::SignerSync;
use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::{SolCall, SolStruct, eip712_domain};
use portcullis_bindings::safe::{Safe, SafeTx};

use super::{Transaction, multi_send};
use crate::{Error, Result};

/// A plain call, without gas refund: Portcullis denies any other.
#[must_use]
pub fn call(to: Address, value: U256, data: Bytes, nonce: U256) -> SafeTx {
    SafeTx {
        to,
        value,
        data,
        operation: 0,
        safeTxGas: U256::ZERO,
        baseGas: U256::ZERO,
        gasPrice: U256::ZERO,
        gasToken: Address::ZERO,
        refundReceiver: Address::ZERO,
        nonce,
    }
}

/// A batch: a delegatecall to `multi_send`.
#[must_use]
pub fn batch(multi_send_at: Address, transactions: &[Transaction], nonce: U256) -> SafeTx {
    SafeTx { operation: 1, ..call(multi_send_at, U256::ZERO, multi_send(transactions), nonce) }
}

/// What owners sign. The same for every supported version: the chain's id is in the domain since 1.3.0.
#[must_use]
pub fn hash(tx: &SafeTx, safe: Address, chain_id: u64) -> B256 {
    tx.eip712_signing_hash(&eip712_domain! { chain_id: chain_id, verifying_contract: safe, })
}

/// Signatures of the keys over a hash, 65 bytes each, ascending by owner as the Safe wants them.
///
/// # Errors
/// [`Error::Signing`] when a key cannot sign.
pub fn sign(hash: B256, keys: &[PrivateKeySigner]) -> Result<Bytes> {
    let mut keys: Vec<_> = keys.iter().collect();
    keys.sort_by_key(|key| key.address());
    let mut signatures = Vec::new();
    for key in keys {
        let signed = key.sign_hash_sync(&hash);
        let signature = signed.map_err(|error| Error::Signing { owner: key.address(), why: error.to_string() })?;
        signatures.extend_from_slice(&signature.as_bytes());
    }
    Ok(signatures.into())
}

/// The calldata of `execTransaction`.
#[must_use]
pub fn exec(tx: &SafeTx, signatures: Bytes) -> Bytes {
    let tx = tx.clone();
    Safe::execTransactionCall {
        to: tx.to,
        value: tx.value,
        data: tx.data,
        operation: tx.operation,
        safeTxGas: tx.safeTxGas,
        baseGas: tx.baseGas,
        gasPrice: tx.gasPrice,
        gasToken: tx.gasToken,
        refundReceiver: tx.refundReceiver,
        signatures,
    }
    .abi_encode()
    .into()
}
