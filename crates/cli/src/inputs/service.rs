//! A transaction as a Safe Transaction Service gives it (`/multisig-transactions/{hash}/`), or takes it.

use super::{Input, Terms};
use crate::tx_file::{TxFile, address, decimal, hex};
use alloy_primitives::{Address, B256, Bytes, U256};
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_eval::Action;
use portcullis_operate::signature::{OwnerSignature, Proof, encode};
use serde::Deserialize;
use serde_json::Value;

/// A number, which some versions of the service write as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(u64),
    Text(String),
}

/// What counts of the service's many fields; the hash covers everything that the Safe would execute.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    safe: Option<String>,
    to: String,
    value: Number,
    data: Option<String>,
    operation: u8,
    safe_tx_gas: Number,
    base_gas: Number,
    gas_price: Number,
    gas_token: Option<String>,
    refund_receiver: Option<String>,
    nonce: Number,
    #[serde(alias = "contractTransactionHash")]
    safe_tx_hash: String,
    confirmations_required: Option<usize>,
    confirmations: Option<Vec<Confirmation>>,
}

#[derive(Deserialize)]
struct Confirmation {
    owner: String,
    signature: Option<String>,
}

/// Reads it, and says what of it is not used.
pub(super) fn read(value: Value) -> Result<(Input, Option<String>)> {
    let written: Written = serde_json::from_value(value)?;
    if written.operation > 1 {
        bail!("operation: {} is neither 0 (call) nor 1 (delegatecall)", written.operation);
    }
    let optional = |text: &Option<String>, key: &'static str| -> Result<Address> {
        text.as_ref().map_or(Ok(Address::ZERO), |text| address(text).wrap_err(key))
    };
    let terms = Terms {
        safe_tx_gas: number(&written.safe_tx_gas, "safeTxGas")?,
        base_gas: number(&written.base_gas, "baseGas")?,
        gas_price: number(&written.gas_price, "gasPrice")?,
        gas_token: optional(&written.gas_token, "gasToken")?,
        refund_receiver: optional(&written.refund_receiver, "refundReceiver")?,
    };
    let action = Action {
        to: address(&written.to).wrap_err("to")?,
        value: number(&written.value, "value")?,
        data: written.data.as_ref().map_or(Ok(Bytes::new()), |data| hex(data, "calldata").wrap_err("data"))?,
        operation: written.operation,
    };
    let hash: B256 = written.safe_tx_hash.parse().map_err(|_| eyre!("safeTxHash: it is no hash of 32 bytes"))?;
    let confirmed = written.confirmations.as_deref().unwrap_or_default();
    let is_enough = written.confirmations_required.is_some_and(|required| required > 0 && confirmed.len() >= required);
    let (signatures, remark) = if is_enough {
        let signatures = confirmed.iter().map(signature).collect::<Result<Vec<_>>>().wrap_err("confirmations")?;
        (encode(&signatures), None)
    } else {
        let have = confirmed.len();
        (Bytes::new(), Some(format!("{have} owners have confirmed, too few: as many as needed are taken to approve")))
    };
    let transaction = TxFile { signatures, actions: vec![action], ..TxFile::default() };
    let safe = written.safe.as_ref().map(|text| address(text).wrap_err("safe")).transpose()?;
    let nonce = Some(number(&written.nonce, "nonce")?);
    Ok((Input { transaction, terms, nonce, safe, hash: Some(hash), chain_id: None }, remark))
}

fn number(number: &Number, key: &'static str) -> Result<U256> {
    match number {
        Number::Number(number) => Ok(U256::from(*number)),
        Number::Text(text) => decimal(text).wrap_err(key),
    }
}

fn signature(confirmation: &Confirmation) -> Result<OwnerSignature> {
    let owner = address(&confirmation.owner).wrap_err("owner")?;
    let text = confirmation.signature.as_ref().ok_or_else(|| eyre!("`{owner}` confirmed without a signature"))?;
    let bytes = hex(text, "a signature")?;
    let unknown = || eyre!("the signature of `{owner}` is of no kind that a Safe takes");
    let (fixed, behind) = bytes.split_first_chunk::<65>().ok_or_else(unknown)?;
    let proof = match fixed.last() {
        Some(1) => Proof::Approved,
        // Behind the static part: the length of what the contract checks, and that.
        Some(0) => {
            let (length, content) = behind.split_first_chunk::<32>().ok_or_else(unknown)?;
            let length = usize::try_from(U256::from_be_bytes(*length)).map_err(|_| unknown())?;
            Proof::Contract(content.get(..length).ok_or_else(unknown)?.to_vec().into())
        }
        _ if behind.is_empty() => Proof::Key(*fixed),
        _ => return Err(unknown()),
    };
    Ok(OwnerSignature { owner, proof })
}
