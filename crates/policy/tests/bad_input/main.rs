//! What a person gets wrong, and the exact words they read: file, line, column, excerpt and what to write.
#![allow(clippy::panic, reason = "a test fails by panicking")]

mod conditions;
mod facts;
mod groups;
mod limits;
mod messages;
mod names;
mod obligations;
mod rules;
mod size;
mod syntax;
mod values;

use portcullis_policy::Policy;

const TOML: &str = r#"version = 1
name = "bad"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "first-match"

[control]
change_delay = "48h"

[assets]
ETH = { standard = "native", decimals = 18 }
USDC = { standard = "erc20", address = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", decimals = 6 }

[lists]
friends = ["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"]

[limits.usdc-day]
asset = "USDC"
cap = "1_000"
window = { rolling = "24h" }

[[rules]]
id = "pay"
when = { effect = "transfer", asset = "USDC", recipient = "@friends" }
then = { allow = true, limits = ["usdc-day"] }

[[rules]]
id = "ether"
when = { effect = "transfer", asset = "ETH", amount = { max = "0.5" } }
then = { allow = true }
"#;

const JSON: &str = r#"{
  "version": 1,
  "name": "bad",
  "account": "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8",
  "semantics": "first-match",
  "control": { "change_delay": "48h" },
  "assets": {
    "ETH": { "standard": "native", "decimals": 18 },
    "USDC": { "standard": "erc20", "address": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "decimals": 6 }
  },
  "lists": { "friends": ["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"] },
  "limits": {
    "usdc-day": { "asset": "USDC", "cap": "1_000", "window": { "rolling": "24h" } }
  },
  "rules": [
    {
      "id": "pay",
      "when": { "effect": "transfer", "asset": "USDC", "recipient": "@friends" },
      "then": { "allow": true, "limits": ["usdc-day"] }
    },
    {
      "id": "ether",
      "when": { "effect": "transfer", "asset": "ETH", "amount": { "max": "0.5" } },
      "then": { "allow": true }
    }
  ]
}
"#;

/// What is said about the document after `from` became `to`.
fn complaint(document: &str, from: &str, to: &str) -> String {
    assert_eq!(document.matches(from).count(), 1, "`{from}` stands once in the document");
    let file = if document.starts_with('{') { "policy.json" } else { "policy.toml" };
    match Policy::parse(&document.replace(from, to), file) {
        Ok(_) => panic!("`{to}` was accepted"),
        Err(diagnostics) => format!("\n{diagnostics}\n"),
    }
}

/// `from → to` in the TOML document, then the message and the help that follow.
type Slip = (&'static str, &'static str, &'static str, &'static str);

/// Makes each slip in the document, and hears exactly one complaint.
fn tell(slips: &[Slip]) {
    for (from, to, message, help) in slips {
        assert_eq!(TOML.matches(from).count(), 1, "`{from}` stands once in the document");
        let Err(diagnostics) = Policy::parse(&TOML.replace(from, to), "policy.toml") else {
            panic!("`{to}` was accepted")
        };
        let said: Vec<_> = diagnostics.items().iter().map(|item| (item.message.as_str(), item.help.as_str())).collect();
        assert_eq!(said, [(*message, *help)], "{from} -> {to}");
    }
}
