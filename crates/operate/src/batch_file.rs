//! Batches as the Safe Transaction Builder imports them (`version` 1.0), with its checksum.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::{
    self, MULTI_SEND_1_3_0, MULTI_SEND_1_3_0_EIP155, MULTI_SEND_1_4_1, MULTI_SEND_1_5_0, MultiSend, SafeTx,
};
use portcullis_chain::safe::Transaction;
use serde_json::{Map, Value, json};

/// MultiSends whose batches the app makes again itself.
const MULTI_SENDS: [Address; 7] = [
    MULTI_SEND_1_3_0,
    MULTI_SEND_1_3_0_EIP155,
    safe::MULTI_SEND_CALL_ONLY_1_3_0,
    MULTI_SEND_1_4_1,
    safe::MULTI_SEND_CALL_ONLY_1_4_1,
    MULTI_SEND_1_5_0,
    safe::MULTI_SEND_CALL_ONLY_1_5_0,
];
/// Before the calldata of a batch's entry: operation, target, value, length.
const ENTRY_HEAD: usize = 1 + 20 + 32 + 32;

/// What a batch file holds besides its calls.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Shown in the app.
    pub name: &'a str,
    /// Shown in the app.
    pub description: &'a str,
    /// The chain's id.
    pub chain_id: u64,
    /// The Safe.
    pub safe: Address,
    /// Seconds since 1970.
    pub created_at: u64,
}

/// A batch file, with its checksum.
#[must_use]
pub fn batch(about: &About<'_>, calls: &[Transaction]) -> Value {
    let transactions: Vec<Value> = calls
        .iter()
        .map(|call| {
            json!({
                "to": call.to.to_string(), "value": call.value.to_string(), "data": call.data,
                // Null as the app writes what it does not know: it is part of what the checksum covers.
                "contractMethod": null, "contractInputsValues": null,
            })
        })
        .collect();
    let mut file = json!({
        "version": "1.0",
        "chainId": about.chain_id.to_string(),
        "createdAt": about.created_at.saturating_mul(1_000),
        "meta": {
            "name": about.name,
            "description": about.description,
            "txBuilderVersion": "1.18.0",
            "createdFromSafeAddress": about.safe.to_string(),
            "createdFromOwnerAddress": "",
        },
        "transactions": transactions,
    });
    let sum = checksum(&file);
    if let Some(meta) = file.get_mut("meta").and_then(Value::as_object_mut) {
        meta.insert("checksum".to_owned(), json!(sum));
    }
    file
}

/// The calls of a Safe transaction: itself, or those of the batch that it is.
///
/// # Errors
/// Why the app cannot make it, in words: it makes no delegatecalls but its own batches.
pub fn calls(tx: &SafeTx) -> Result<Vec<Transaction>, String> {
    if tx.operation == 0 {
        return Ok(vec![Transaction { to: tx.to, value: tx.value, data: tx.data.clone(), operation: 0 }]);
    }
    if !MULTI_SENDS.contains(&tx.to) {
        return Err(format!("a batch file holds calls, and this is a delegatecall to `{}`", tx.to));
    }
    let calls =
        MultiSend::multiSendCall::abi_decode_validate(&tx.data).ok().and_then(|call| entries(&call.transactions));
    let calls = calls.ok_or("the batch of this transaction is malformed")?;
    match calls.iter().position(|call| call.operation != 0) {
        Some(index) => {
            Err(format!("a batch file holds calls, and number {} of this batch is none", index.saturating_add(1)))
        }
        None => Ok(calls),
    }
}

fn entries(mut bytes: &[u8]) -> Option<Vec<Transaction>> {
    let mut calls = Vec::new();
    while !bytes.is_empty() {
        let (head, rest) = bytes.split_at_checked(ENTRY_HEAD)?;
        let (operation, head) = head.split_first()?;
        let (to, head) = head.split_first_chunk::<20>()?;
        let (value, length) = head.split_first_chunk::<32>()?;
        let length = usize::try_from(U256::from_be_slice(length)).ok()?;
        let (data, rest) = rest.split_at_checked(length)?;
        calls.push(Transaction {
            to: Address::from(*to),
            value: U256::from_be_bytes(*value),
            data: Bytes::copy_from_slice(data),
            operation: *operation,
        });
        bytes = rest;
    }
    Some(calls)
}

/// The checksum as the app computes it: of the file without its name and checksum, keys sorted by UTF-16 code units.
#[must_use]
pub fn checksum(file: &Value) -> B256 {
    let mut file = file.clone();
    if let Some(meta) = file.get_mut("meta").and_then(Value::as_object_mut) {
        meta.remove("checksum");
        meta.insert("name".to_owned(), Value::Null);
    }
    let mut text = String::new();
    serialize(&file, &mut text);
    keccak256(text)
}

fn serialize(value: &Value, text: &mut String) {
    match value {
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                serialize(item, text);
            }
            text.push(']');
        }
        Value::Object(object) => {
            let keys = sorted(object);
            text.push('{');
            text.push_str(&json!(keys).to_string());
            for key in keys {
                serialize(object.get(key).unwrap_or(&Value::Null), text);
                text.push(',');
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

fn sorted(object: &Map<String, Value>) -> Vec<&String> {
    let mut keys: Vec<&String> = object.keys().collect();
    keys.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::b256;
    use portcullis_chain::safe::multi_send;

    /// The app's own test vector: `apps/tx-builder`'s `checksum.test.ts` in the Safe wallet's repository.
    fn official() -> Value {
        let to = "0x49d4450977E2c95362C13D3a31a09311E0Ea26A6";
        json!({
            "version": "1.0", "chainId": "4", "createdAt": 1_646_321_521_061_u64,
            "meta": {
                "name": "test batch file", "txBuilderVersion": "1.4.0", "checksum": "",
                "createdFromSafeAddress": "0xDF8a1Ce35c9a6ACE153B4e0767942f1E2291a1Aa", "createdFromOwnerAddress": to,
            },
            "transactions": [
                { "to": to, "value": "0",
                  "contractMethod": {
                      "inputs": [{ "internalType": "address", "name": "paramAddress", "type": "address" }],
                      "name": "testAddress", "payable": false },
                  "contractInputsValues": { "paramAddress": to } },
                { "to": to, "value": "0",
                  "contractMethod": {
                      "inputs": [{ "internalType": "bool", "name": "paramBool", "type": "bool" }],
                      "name": "testBool", "payable": false },
                  "contractInputsValues": { "paramAddress": "", "paramBool": "false" } },
                { "to": to, "value": "2000000000000000000",
                  "data": "0x42f4579000000000000000000000000049d4450977e2c95362c13d3a31a09311e0ea26a6" },
            ],
        })
    }

    const OFFICIAL: B256 = b256!("86c81826dbf7e8a37612153294cc85fdf5c81998dd0a44b86d945502a7eace7c");

    #[test]
    fn the_checksum_is_the_official_one_and_covers_all_but_the_name() {
        let file = official();
        assert_eq!(checksum(&file), OFFICIAL);
        let changed = |path: &str, value: Value| {
            let mut file = file.clone();
            *file.pointer_mut(path).unwrap() = value;
            checksum(&file)
        };
        assert_eq!(changed("/meta/name", json!("another")), OFFICIAL);
        assert_eq!(changed("/meta/checksum", json!(OFFICIAL)), OFFICIAL);
        for path in
            ["/chainId", "/createdAt", "/meta/createdFromSafeAddress", "/transactions/0/to", "/transactions/2/data"]
        {
            assert_ne!(changed(path, json!("5")), OFFICIAL, "{path}");
        }
    }

    #[test]
    fn a_file_holds_the_calls_of_a_batch_and_its_own_checksum() {
        let to = Address::repeat_byte(7);
        let pay = Transaction { to, value: U256::from(5), data: Bytes::new(), operation: 0 };
        let call = Transaction { to, value: U256::ZERO, data: Bytes::from_static(&[1, 2, 3, 4]), operation: 0 };
        let both = [pay.clone(), call.clone()];
        let nonce = U256::from(3);
        let tx = portcullis_chain::safe::batch(safe::MULTI_SEND_CALL_ONLY_1_4_1, &both, nonce);
        assert_eq!(calls(&tx).unwrap(), both);
        let alone = calls(&portcullis_chain::safe::call(to, pay.value, Bytes::new(), nonce)).unwrap();
        assert_eq!(alone, both[..1]);

        let about = About { name: "pay", description: "", chain_id: 1, safe: to, created_at: 1_800_000_000 };
        let file = batch(&about, &both);
        assert_eq!(file["meta"]["checksum"], json!(checksum(&file)));
        assert_eq!(file["transactions"][0]["value"], "5");
        assert_eq!(file["transactions"][1]["data"], "0x01020304");

        let elsewhere = SafeTx { to, ..tx.clone() };
        assert!(calls(&elsewhere).unwrap_err().contains("delegatecall"));
        let inner = multi_send(&[Transaction { operation: 1, ..call }, pay]);
        assert!(calls(&SafeTx { data: inner, ..tx.clone() }).unwrap_err().contains("number 1"));
        let cut = SafeTx { data: Bytes::copy_from_slice(&tx.data[..tx.data.len() - 40]), ..tx };
        assert!(calls(&cut).unwrap_err().contains("malformed"));
    }
}
