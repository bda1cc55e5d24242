//! Witnesses, for people and for scripts.

use crate::units;
use alloy_primitives::hex;
use portcullis_policy::{FactValue, Window, Witness};
use serde_json::{Value, json};

/// The request in a few lines, as `explain` and `simulate` would be given it.
pub(crate) fn text(witness: &Witness) -> String {
    let who = match witness.origin {
        Some(module) => format!("module {module}"),
        None => format!("the owners, sent by {}", witness.initiator),
    };
    let mut lines = vec![
        format!("{who}, at {}", units::time(witness.now)),
        match witness.operation {
            0 => format!("to {}, value {}, data {}", witness.to, witness.value, witness.data),
            _ => format!("delegatecall to {}, data {}", witness.to, witness.data),
        },
    ];
    for ((registry, method, member), listed) in &witness.listed {
        let says = if *listed { "lists" } else { "does not list" };
        lines.push(format!("registry {registry} ({}) {says} {member}", hex::encode_prefixed(method)));
    }
    for ((target, data), words) in &witness.answers {
        let words: Vec<String> = words.iter().map(ToString::to_string).collect();
        lines.push(format!("{target} answers {} to {data}", words.join(", ")));
    }
    for (address, has_code) in &witness.code {
        lines.push(format!("{address} {}", if *has_code { "has code" } else { "has no code" }));
    }
    for (fact, value) in &witness.facts {
        lines.push(format!("fact `{fact}` is {}", fact_value(value)));
    }
    for used in &witness.used {
        lines.push(format!("{} of limit `{}` is used", used.used, used.limit));
    }
    lines.join("\n")
}

/// The request as a transaction file, and what is assumed beside it.
pub(crate) fn json(witness: &Witness) -> Value {
    let mut transaction = json!({
        "initiator": witness.initiator.to_string(),
        "actions": [{
            "to": witness.to.to_string(), "value": witness.value.to_string(), "data": witness.data.to_string(),
            "operation": witness.operation,
        }],
    });
    if let (Some(module), Some(fields)) = (witness.origin, transaction.as_object_mut()) {
        fields.insert("origin".to_owned(), module.to_string().into());
    }
    let listed: Vec<Value> = witness
        .listed
        .iter()
        .map(|((registry, method, member), listed)| {
            json!({ "registry": registry, "method": hex::encode_prefixed(method), "member": member, "listed": listed })
        })
        .collect();
    let answers: Vec<Value> = witness
        .answers
        .iter()
        .map(|((target, data), words)| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            json!({ "target": target, "data": data, "words": words })
        })
        .collect();
    let code: Vec<Value> =
        witness.code.iter().map(|(address, has_code)| json!({ "address": address, "has_code": has_code })).collect();
    let facts: serde_json::Map<String, Value> =
        witness.facts.iter().map(|(fact, value)| (fact.clone(), fact_value(value))).collect();
    let used: Vec<Value> = witness
        .used
        .iter()
        .map(|used| {
            json!({
                "limit": used.limit, "key": used.key, "used": used.used.to_string(), "window": window(used.window),
            })
        })
        .collect();
    json!({
        "transaction": transaction, "now": witness.now, "registries": listed, "answers": answers, "code": code,
        "facts": facts, "used": used,
    })
}

fn fact_value(value: &FactValue) -> Value {
    match value {
        FactValue::Text(text) => text.as_str().into(),
        FactValue::Boolean(value) => (*value).into(),
    }
}

fn window(window: Window) -> String {
    match window {
        Window::Transaction => "transaction".to_owned(),
        Window::Day => "day".to_owned(),
        Window::Week => "week".to_owned(),
        Window::Month => "month".to_owned(),
        Window::Rolling(seconds) => format!("{seconds}s"),
    }
}
