//! A batch as the Safe Transaction Builder exports it (`version` 1.0).

use super::Input;
use crate::tx_file::{TxFile, address, decimal, hex};
use alloy_dyn_abi::{DynSolType, DynSolValue};
use alloy_json_abi::{Function, Param, StateMutability};
use alloy_primitives::Bytes;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_eval::Action;
use portcullis_operate::batch_file;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Batch {
    version: String,
    chain_id: String,
    #[serde(rename = "createdAt")]
    _created_at: Option<Value>,
    #[serde(rename = "meta")]
    _meta: Option<Value>,
    transactions: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    to: String,
    value: String,
    data: Option<String>,
    contract_method: Option<Method>,
    contract_inputs_values: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Method {
    name: String,
    inputs: Vec<Param>,
}

/// Reads it, and says what the app would say of it.
pub(super) fn read(value: &Value) -> Result<(Input, Vec<String>)> {
    let batch: Batch = Batch::deserialize(value)?;
    if batch.version != "1.0" {
        bail!("version: `{}` is not 1.0, the only one that is known", batch.version);
    }
    let chain_id =
        batch.chain_id.parse().map_err(|_| eyre!("chainId: `{}` is no number of a chain", batch.chain_id))?;
    let mut actions = Vec::new();
    for (index, entry) in batch.transactions.iter().enumerate() {
        let at = |key: &str| format!("transactions[{index}].{key}");
        actions.push(Action {
            to: address(&entry.to).wrap_err_with(|| at("to"))?,
            value: decimal(&entry.value).wrap_err_with(|| at("value"))?,
            data: calldata(entry).wrap_err_with(|| at("data"))?,
            operation: 0,
        });
    }
    if actions.is_empty() {
        bail!("transactions: there is none");
    }
    let mut remarks = Vec::new();
    if let Some(sum) = value.pointer("/meta/checksum").and_then(Value::as_str)
        && sum.parse() != Ok(batch_file::checksum(value))
    {
        remarks.push("its checksum is wrong: it was changed after the app wrote it".to_owned());
    }
    let transaction = TxFile { actions, ..TxFile::default() };
    Ok((Input { transaction, chain_id: Some(chain_id), ..Input::default() }, remarks))
}

/// The calldata that is there, or else that of the method with its values, as the app puts it together.
fn calldata(entry: &Entry) -> Result<Bytes> {
    if let Some(data) = entry.data.as_ref().filter(|data| !data.is_empty()) {
        return hex(data, "calldata");
    }
    let Some(method) = entry.contract_method.as_ref().filter(|one| !matches!(&*one.name, "receive" | "fallback"))
    else {
        return Ok(Bytes::new());
    };
    let function = Function {
        name: method.name.clone(),
        inputs: method.inputs.clone(),
        outputs: Vec::new(),
        state_mutability: StateMutability::Payable,
    };
    let values = entry.contract_inputs_values.as_ref();
    let argument = |input: &Param| -> Result<DynSolValue> {
        let name = &input.name;
        let text = values.and_then(|values| values.get(name)).ok_or_else(|| eyre!("`{name}` has no value"))?;
        let kind = DynSolType::parse(&input.selector_type());
        let kind = kind.map_err(|_| eyre!("`{name}` is of no known type `{}`", input.ty))?;
        let wrong = || eyre!("`{name}` is no {}; in lists, write large numbers in quotes", input.ty);
        if matches!(kind, DynSolType::Array(_) | DynSolType::FixedArray(..) | DynSolType::Tuple(_)) {
            let list: Value = serde_json::from_str(text).map_err(|_| wrong())?;
            return listed(&kind, &list).ok_or_else(wrong);
        }
        leaf(&kind, text).ok_or_else(wrong)
    };
    let arguments = method.inputs.iter().map(argument).collect::<Result<Vec<_>>>()?;
    let encoded = DynSolValue::Tuple(arguments).abi_encode_params();
    Ok([function.selector().as_slice(), &encoded].concat().into())
}

fn listed(kind: &DynSolType, value: &Value) -> Option<DynSolValue> {
    let each = |inner: &DynSolType| value.as_array()?.iter().map(|one| listed(inner, one)).collect::<Option<Vec<_>>>();
    match kind {
        DynSolType::Array(inner) => each(inner).map(DynSolValue::Array),
        DynSolType::FixedArray(inner, length) => {
            each(inner).filter(|items| items.len() == *length).map(DynSolValue::FixedArray)
        }
        DynSolType::Tuple(kinds) => {
            let items = value.as_array().filter(|items| items.len() == kinds.len())?;
            let items = kinds.iter().zip(items).map(|(kind, item)| listed(kind, item)).collect::<Option<Vec<_>>>();
            items.map(DynSolValue::Tuple)
        }
        leaf_kind => match value {
            Value::String(text) => leaf(leaf_kind, text),
            Value::Bool(truth) => leaf(leaf_kind, &truth.to_string()),
            // A larger one was rounded when it was read.
            Value::Number(number) if number.is_u64() || number.is_i64() => leaf(leaf_kind, &number.to_string()),
            _ => None,
        },
    }
}

fn leaf(kind: &DynSolType, text: &str) -> Option<DynSolValue> {
    match kind {
        DynSolType::Address => address(text).ok().map(DynSolValue::Address),
        // No units, which the app does not read either.
        DynSolType::Uint(_) | DynSolType::Int(_) if text.contains(|one: char| one.is_whitespace() || one == '.') => {
            None
        }
        other => other.coerce_str(text).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_sol_types::{SolCall, sol};
    use serde_json::json;

    sol! {
        struct Part { address who; uint256 share; }
        function split(Part[] parts, bytes2 mark, bool last);
    }

    fn batch(values: Value) -> Value {
        let parts = json!({ "name": "parts", "type": "tuple[]", "internalType": "struct Part[]", "components": [
            { "name": "who", "type": "address", "internalType": "address" },
            { "name": "share", "type": "uint256", "internalType": "uint256" },
        ]});
        let plain = |name: &str, kind: &str| json!({ "name": name, "type": kind, "internalType": kind });
        json!({ "version": "1.0", "chainId": "1", "createdAt": 1, "meta": { "name": "x" }, "transactions": [{
            "to": "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE", "value": "7", "data": null,
            "contractMethod": { "name": "split", "payable": false,
                "inputs": [parts, plain("mark", "bytes2"), plain("last", "bool")] },
            "contractInputsValues": values,
        }]})
    }

    #[test]
    fn a_method_with_values_becomes_the_calldata_that_solidity_has() {
        let who = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE";
        let parts = format!(r#"[["{who}","340282366920938463463374607431768211456"],["{who}",2]]"#);
        let read = read(&batch(json!({ "parts": parts, "mark": "0x1234", "last": "true" })));
        let (input, _) = read.unwrap_or_else(|error| panic!("{error:#}"));
        let part = |share: &str| Part { who: who.parse().unwrap(), share: share.parse().unwrap() };
        let parts = vec![part("340282366920938463463374607431768211456"), part("2")];
        let expected = splitCall { parts, mark: [0x12, 0x34].into(), last: true }.abi_encode();
        assert_eq!(input.transaction.actions[0].data, Bytes::from(expected));
        // Unquoted, it would be rounded.
        let parts = format!(r#"[["{who}",340282366920938463463374607431768211456]]"#);
        assert!(super::read(&batch(json!({ "parts": parts, "mark": "0x1234", "last": "true" }))).is_err());
        assert!(super::read(&batch(json!({ "mark": "0x1234", "last": "true" }))).is_err());
    }

    #[test]
    fn a_batch_that_was_changed_is_told_and_an_unknown_field_refused() {
        let mut file = batch(json!({ "parts": "[]", "mark": "0x1234", "last": "false" }));
        let sum = batch_file::checksum(&file).to_string();
        file["meta"]["checksum"] = json!(sum);
        assert!(read(&file).unwrap().1.is_empty());
        file["transactions"][0]["value"] = json!("8");
        assert_eq!(read(&file).unwrap().1.len(), 1);
        file["transactions"][0]["operation"] = json!(1);
        assert!(read(&file).is_err());
    }
}
