//! A report with something in every place.

use portcullis_report::Report;
use serde_json::{Value, json as object};

pub(crate) const SAFE: &str = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE";
pub(crate) const TOKEN: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
pub(crate) const PAYEE: &str = "0x28C6c06298d514Db089934071355E5743bf21d60";
const WORD: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";

/// A report in which everybody who can say something says this.
pub(crate) fn saying(said: &str) -> Report {
    let judged = object!({ "allows": true, "reason": "Allowed", "words": said, "rule": said, "effect": 1 });
    let data = object!({ "length": 2, "head": "0x1234" });
    let read = object!({
        "signature": "transfer(address,uint256)", "arguments": [{ "name": "to", "type": "address", "value": said }],
    });
    let call = |parent: Value, depth: u32| {
        object!({
            "parent": parent, "depth": depth, "kind": "call", "from": SAFE, "to": TOKEN, "value": "7", "gas": 5,
            "input": data, "output": data, "status": "reverted", "error": said, "undone": true, "call": read,
        })
    };
    let warning = object!({ "kind": "name", "words": said });
    let moved = |asset: &str, id: Value| object!({ "standard": "erc20", "asset": asset, "from": SAFE, "to": PAYEE, "id": id, "amount": "1500000" });
    let zero = "0x0000000000000000000000000000000000000000";
    let report = object!({
        "version": "1.0", "conclusion": "allowed", "chain": judged, "mirror": judged, "agree": true,
        "outcome": "executes", "failure": said, "gas": 100,
        "safe": {
            "address": SAFE, "version": "1.4.1", "owners": [PAYEE], "threshold": "1", "modules": [], "hook": TOKEN,
            "program": WORD, "policy": said,
        },
        "request": {
            "module": null, "initiator": PAYEE, "nonce": "3", "to": TOKEN, "value": "0", "data": data, "operation": 1,
        },
        "actions": [{
            "to": TOKEN, "value": "9", "operation": 1, "data": data, "call": read,
            "effects": [{ "index": 0, "words": said, "passes": true, "rule": said, "delay": 60 }],
        }],
        "obligations": [{ "words": said, "need": 2, "have": 1, "missing": 1, "rule": said }],
        "limits": [{
            "limit": said, "asset": said, "decimals": 6, "key": PAYEE, "before": "3000000", "charged": "1500000",
            "after": "1500000",
        }],
        "transfers": [moved(TOKEN, Value::Null), moved(PAYEE, "12".into()), moved(zero, Value::Null)],
        "balances": [{ "who": SAFE, "asset": TOKEN, "id": null, "before": "2", "after": "1" }],
        "allowances": [{
            "standard": "erc20", "asset": TOKEN, "owner": SAFE, "spender": PAYEE, "permit2": true, "id": null,
            "amount": null, "expires": 1_767_225_600, "revoked": false,
        }],
        "configuration": [{ "what": "guard", "before": TOKEN, "after": null }],
        "warnings": [warning], "hashes": { "domain": WORD, "message": WORD, "safe_tx": WORD },
        "calls": [call(Value::Null, 0), call(0.into(), 1), call(Value::Null, 0)],
        "logs": [{ "address": TOKEN, "topics": [WORD], "data": data, "event": read }],
        "state": [{
            "address": SAFE, "balance": ["1", "2"], "nonce": [1, 2], "code_hash": null,
            "storage": [{ "slot": WORD, "before": WORD, "after": WORD, "meaning": "threshold" }],
        }],
        "overrides": ["gas costs nothing"], "parties": [{ "address": PAYEE, "name": said }],
        "assets": [{ "address": TOKEN, "name": said, "decimals": 6, "declared": false }],
        "left_out": { "calls": 0, "logs": 0, "transfers": 0, "balances": 0 },
        "provenance": {
            "tool": "portcullis 0.1.0", "chain_id": 1, "block_number": 5, "block_hash": WORD, "time": 1_767_225_600,
            "state": "proofs", "trusted": ["the block's hash"], "facts": WORD,
        },
    });
    serde_json::from_value(report).unwrap()
}
