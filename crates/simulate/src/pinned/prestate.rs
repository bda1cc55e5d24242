//! What calls touch, with its values before them: one trace tells what many reads would (geth's `prestateTracer`, which
//! other nodes have too).

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use serde_json::{Value, json};

use super::hash_of;
use super::parse::{bytes, number, small, word};
use super::record::Account;
use super::rpc::Call;

/// An account as it was before the call.
pub(super) struct Touched {
    pub(super) account: Account,
    pub(super) code: Bytes,
    pub(super) words: BTreeMap<B256, B256>,
}

/// Traces a call on the state after a block.
pub(super) fn call((from, to, data): &(Address, Address, Bytes), at: &Value) -> Call {
    let call = json!({ "from": from, "to": to, "data": data });
    Call { method: "debug_traceCall", parameters: json!([call, at, { "tracer": "prestateTracer" }]) }
}

/// Whatever the trace tells in full of an account. What does not read is left out, and asked for again.
pub(super) fn touched(trace: &Value) -> impl Iterator<Item = (Address, Touched)> + '_ {
    let accounts = trace.as_object().into_iter().flatten();
    accounts.filter_map(|(who, told)| Some((who.parse().ok()?, account(told).ok()?)))
}

fn account(told: &Value) -> Result<Touched, String> {
    let balance: U256 = number(told.get("balance").ok_or("its `balance` is missing")?)?;
    // Tracers leave out a nonce of zero and code that is none, and write the nonce as a number.
    let nonce = match told.get("nonce") {
        None | Some(Value::Null) => 0,
        Some(nonce) => nonce.as_u64().map_or_else(|| small(nonce), Ok)?,
    };
    let code = match told.get("code") {
        None | Some(Value::Null) => Bytes::new(),
        Some(code) => bytes(code)?,
    };
    let storage = told.get("storage").and_then(Value::as_object).into_iter().flatten();
    let words = storage.map(|(slot, value)| Ok((word(&Value::from(slot.as_str()))?, word(value)?)));
    let words = words.collect::<Result<_, String>>()?;
    Ok(Touched { account: Account { balance, nonce, code_hash: hash_of(&code) }, code, words })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_a_trace_leaves_out_of_an_account_is_nothing_and_what_does_not_read_is_not_told() {
        let trace = json!({
            "0x1111111111111111111111111111111111111111": { "balance": "0x5", "nonce": 2, "code": "0x00", "storage": {
                "0x0000000000000000000000000000000000000000000000000000000000000001": "0x07" } },
            "0x2222222222222222222222222222222222222222": { "balance": "0x0" },
            "0x3333333333333333333333333333333333333333": { "nonce": 2 },
            "0x4444444444444444444444444444444444444444": { "balance": "0x0", "storage": { "0x1": "all" } },
            "0x5555555555555555555555555555555555555555": { "balance": "0x0", "code": 7 },
            "nobody": { "balance": "0x0" },
        });
        let told: BTreeMap<Address, Touched> = touched(&trace).collect();
        let keys: Vec<Address> = told.keys().copied().collect();
        assert_eq!(keys, [Address::repeat_byte(0x11), Address::repeat_byte(0x22)]);
        let full = told.get(&Address::repeat_byte(0x11)).unwrap();
        assert_eq!((full.account.balance, full.account.nonce), (U256::from(5), 2));
        assert_eq!(full.account.code_hash, alloy_primitives::keccak256([0]));
        assert_eq!(full.words, BTreeMap::from([(B256::with_last_byte(1), B256::with_last_byte(7))]));
        assert_eq!(told.get(&Address::repeat_byte(0x22)).unwrap().account.code_hash, hash_of(&[]));
    }
}
