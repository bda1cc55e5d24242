//! `history`: what a Safe has executed, as `backtest` reads it.

use crate::exit::Exit;
use crate::output::Output;
use crate::tx_file::{self, WrittenAction};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_chain::history::{Past, PastEvent};
use portcullis_chain::{Node, deploy};
use portcullis_eval::Action;
use serde_json::{Value, json};

// Arguments of `history`.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The node
    #[arg(long, value_name = "URL")]
    rpc: String,
    /// The Safe
    #[arg(long, value_name = "ADDRESS")]
    safe: String,
    /// The first block: a number
    #[arg(long, value_name = "BLOCK")]
    from: u64,
    /// The last block: a number or `latest`
    #[arg(long, value_name = "BLOCK", default_value = "latest")]
    to: String,
}

impl History {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let safe = tx_file::address(&self.safe).wrap_err("--safe")?;
        let node = Node::connect(&self.rpc, Vec::new())?;
        let latest = node.latest()?;
        let to = match self.to.as_str() {
            "latest" => latest,
            text => text.parse().map_err(|_| eyre!("--to: `{text}` is no block: write its number, or `latest`"))?,
        };
        if to > latest || self.from > to {
            bail!("there are no blocks from {} to {to}: the newest is {latest}", self.from);
        }
        let past = node.history(safe, deploy::hook_at(), self.from, to)?;
        let lines: Vec<Value> = past.iter().map(line).collect();
        let text = || lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        output.result(text, json!({ "from": self.from, "to": to, "history": lines }))?;
        Ok(Exit::Done)
    }
}

/// A line of a history, as `docs/backtest.md` has it.
fn line(past: &Past) -> Value {
    let of = |origin: &Option<_>, all: &[Action]| {
        let actions: Vec<_> = all.iter().map(WrittenAction::from).collect();
        let mut content = json!({ "actions": actions });
        if let (Some(origin), Some(fields)) = (origin, content.as_object_mut()) {
            fields.insert("origin".to_owned(), json!(alloy_primitives::Address::to_string(origin)));
        }
        content
    };
    let at = past.at;
    match &past.event {
        PastEvent::Announced { origin, actions } => json!({ "at": at, "announce": of(origin, actions) }),
        PastEvent::Cancelled { origin, actions } => json!({ "at": at, "cancel": of(origin, actions) }),
        PastEvent::Executed { origin, initiator, action, safe_tx_gas, gas_price, success } => {
            let mut line = of(origin, std::slice::from_ref(action));
            if let Some(fields) = line.as_object_mut() {
                fields.insert("at".to_owned(), json!(at));
                fields.insert("initiator".to_owned(), json!(initiator.to_string()));
                fields.insert("happened".to_owned(), json!(if *success { "executed" } else { "failed" }));
                for (key, value) in [("safe_tx_gas", safe_tx_gas), ("gas_price", gas_price)] {
                    if !value.is_zero() {
                        fields.insert(key.to_owned(), json!(value.to_string()));
                    }
                }
            }
            line
        }
    }
}
