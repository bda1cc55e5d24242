//! What one person does on chain with a key of their own: the same steps for every such command.

use crate::config::{Ground, Keys, Place, Sending};
use crate::output::{Output, talk};
use crate::sending::{self, Sends};
use alloy_primitives::{Address, B256, Bytes, U256};
use clap::Args;
use eyre::Result;
use portcullis_chain::Call;
use portcullis_operate::signer::Signers;
use serde_json::{Value, json};

// Where, with which key, and how it is sent.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Member {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) keys: Keys,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

/// A call that somebody makes, and how to speak of it.
#[derive(Debug)]
pub(crate) struct Act<'a> {
    /// The contract.
    pub(crate) to: Address,
    /// Calldata.
    pub(crate) data: Bytes,
    /// Names it in the journal, with everything that tells it from another.
    pub(crate) step: String,
    /// What will happen, line by line.
    pub(crate) before: Vec<String>,
    /// A question that `yes` answers.
    pub(crate) question: &'a str,
}

impl Member {
    /// Opens the Safe and the keys.
    pub(crate) fn open(&self) -> Result<(Ground, Signers)> {
        let ground = self.place.open()?;
        let signers = ground.settings.signers(&self.keys, ground.account().chain_id)?;
        Ok((ground, signers))
    }

    /// Says what will happen, tries it out, asks, and sends it.
    pub(crate) fn act(&self, ground: &Ground, signers: &Signers, act: Act<'_>) -> Result<Value> {
        let payer = signers.payer()?;
        let call = Call { to: act.to, value: U256::ZERO, data: act.data };
        let sends = Sends { settings: &ground.settings, node: &ground.node, signers, sending: &self.sending };
        for line in act.before {
            talk(line);
        }
        talk(format!("by           {payer}, who pays"));
        sends.try_out(&call)?;
        sending::consent(&self.sending, act.question)?;
        let done = sends.send(payer, &act.step, false, &call)?;
        Ok(json!({ "by": payer, "transaction": done.hash, "block": done.mined.block, "gas": done.mined.gas_used }))
    }
}

/// Prints what happened.
pub(crate) fn after(output: &Output, words: String, sent: &Value, more: Value) -> Result<()> {
    let mut object = json!({ "sent": sent });
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    let hash = sent.get("transaction").and_then(Value::as_str).unwrap_or_default().to_owned();
    output.result(|| format!("{words} (transaction {hash})"), object)
}

/// 32 bytes as people write them.
pub(crate) fn word(text: &str) -> Result<B256> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64);
    let word = digits.and_then(|_| text.parse().ok());
    word.ok_or_else(|| eyre::eyre!("`{text}` is no hash: write 0x and 64 hex digits"))
}
