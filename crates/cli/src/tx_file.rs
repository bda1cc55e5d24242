//! Transactions from files: strict, so that nothing written is ignored.

use crate::{named, policy_file};
use alloy_primitives::{Address, Bytes, U256};
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_chain::safe::Transaction;
use portcullis_eval::Action;
use portcullis_policy::Chain;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a transaction file says.
#[derive(Debug, Default)]
pub(crate) struct TxFile {
    /// The module that asks; none for the owners.
    pub(crate) origin: Option<Address>,
    /// Who calls `execTransaction`.
    pub(crate) initiator: Option<Address>,
    /// What owners and others signed for the Safe's present nonce, as `execTransaction` takes it.
    pub(crate) signatures: Bytes,
    /// In order, at least one.
    pub(crate) actions: Vec<Action>,
    /// The chain that addresses were written for.
    pub(crate) chain: Option<Chain>,
}

/// A transaction as files write it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    origin: Option<String>,
    initiator: Option<String>,
    signatures: Option<String>,
    actions: Vec<WrittenAction>,
}

/// An action as files write it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WrittenAction {
    to: String,
    value: String,
    data: String,
    operation: u8,
}

impl From<&Action> for WrittenAction {
    fn from(action: &Action) -> Self {
        Self {
            to: action.to.to_string(),
            value: action.value.to_string(),
            data: action.data.to_string(),
            operation: action.operation,
        }
    }
}

/// Reads a transaction.
pub(crate) fn load(path: &Path) -> Result<TxFile> {
    parse(&policy_file::text(path)?).wrap_err_with(|| path.display().to_string())
}

fn parse(text: &str) -> Result<TxFile> {
    understand(serde_json::from_str(text)?)
}

/// What was written, checked.
pub(crate) fn understand(mut written: Written) -> Result<TxFile> {
    let chain = take_chain(&mut written)?;
    let actions = actions(&written.actions)?;
    let signatures = written
        .signatures
        .map(|text| hex(&text, "a signature").wrap_err("signatures"))
        .transpose()?
        .unwrap_or_default();
    let optional =
        |key: &'static str, value: Option<String>| value.map(|text| address(&text).wrap_err(key)).transpose();
    Ok(TxFile {
        origin: optional("origin", written.origin)?,
        initiator: optional("initiator", written.initiator)?,
        signatures,
        actions,
        chain,
    })
}

/// Takes the chain off every address that names one. All have to name the same.
fn take_chain(written: &mut Written) -> Result<Option<Chain>> {
    let actions =
        written.actions.iter_mut().enumerate().map(|(index, one)| (format!("actions[{index}].to"), &mut one.to));
    let others = [("origin", &mut written.origin), ("initiator", &mut written.initiator)];
    let others = others.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text.as_mut()?)));
    let mut named: Option<Chain> = None;
    for (key, text) in others.chain(actions) {
        let (chain, address) = named::split(text).wrap_err_with(|| key.clone())?;
        let (before, address) = (named, address.to_owned());
        named = chain.or(named);
        if before.is_some() && before != named {
            bail!("{key}: `{text}` is on another chain than the addresses before it");
        }
        *text = address;
    }
    Ok(named)
}

/// Reads actions, at least one.
pub(crate) fn actions(written: &[WrittenAction]) -> Result<Vec<Action>> {
    let mut actions = Vec::new();
    for (index, action) in written.iter().enumerate() {
        let at = |key: &str| format!("actions[{index}].{key}");
        if action.operation > 1 {
            bail!("{}: {} is neither 0 (call) nor 1 (delegatecall)", at("operation"), action.operation);
        }
        actions.push(Action {
            to: address(&action.to).wrap_err_with(|| at("to"))?,
            value: decimal(&action.value).wrap_err_with(|| at("value"))?,
            data: hex(&action.data, "calldata").wrap_err_with(|| at("data"))?,
            operation: action.operation,
        });
    }
    if actions.is_empty() {
        bail!("actions: there is none; write at least one");
    }
    Ok(actions)
}

/// `0x` and 40 digits. Mixed case is a checksum, and has to be right.
pub(crate) fn address(text: &str) -> Result<Address> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 40);
    let digits = digits.ok_or_else(|| eyre!("`{text}` is not an address: write 0x and 40 hex digits"))?;
    let address: Address = text.parse().map_err(|_| eyre!("`{text}` is not an address: write 0x and 40 hex digits"))?;
    let mixed = digits.chars().any(char::is_uppercase) && digits.chars().any(char::is_lowercase);
    if mixed && address.to_checksum(None) != text {
        bail!("`{text}` has a wrong checksum: check it, then write {address}");
    }
    Ok(address)
}

pub(crate) fn decimal(text: &str) -> Result<U256> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        bail!("`{text}` is not a number: write wei in decimal digits");
    }
    U256::from_str_radix(text, 10).map_err(|_| eyre!("`{text}` does not fit in 256 bits"))
}

pub(crate) fn hex(text: &str, what: &str) -> Result<Bytes> {
    if !text.starts_with("0x") {
        bail!("`{}` is not {what}: write 0x and hex digits", shortened(text));
    }
    text.parse().map_err(|_| eyre!("`{}` is not {what}: write 0x and an even number of hex digits", shortened(text)))
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(40).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

impl TxFile {
    /// Refuses what was written for another chain.
    pub(crate) fn must_be_on(&self, chain_id: u64) -> Result<()> {
        named::must_be(self.chain, chain_id)
    }

    /// As a file writes it.
    pub(crate) fn written(&self) -> Written {
        Written {
            origin: self.origin.map(|origin| origin.to_string()),
            initiator: self.initiator.map(|initiator| initiator.to_string()),
            signatures: Some(self.signatures.to_string()),
            actions: self.actions.iter().map(WrittenAction::from).collect(),
        }
    }

    /// The one action that a Safe executes.
    pub(crate) fn top_level(&self, multi_send: Address, multi_send_call_only: Address) -> Action {
        top_level(&self.actions, multi_send, multi_send_call_only)
    }
}

/// The one action that a Safe executes: the action itself, or a batch of them through `multi_send`
/// (`multi_send_call_only` where none is a delegatecall).
pub(crate) fn top_level(actions: &[Action], multi_send: Address, multi_send_call_only: Address) -> Action {
    if let [only] = actions {
        return only.clone();
    }
    let delegates = actions.iter().any(|action| action.operation == 1);
    let transactions: Vec<Transaction> = actions
        .iter()
        .map(|action| Transaction {
            to: action.to,
            value: action.value,
            data: action.data.clone(),
            operation: action.operation,
        })
        .collect();
    Action {
        to: if delegates { multi_send } else { multi_send_call_only },
        value: U256::ZERO,
        data: portcullis_chain::safe::multi_send(&transactions),
        operation: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: &str = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE";

    fn error(text: &str) -> String {
        format!("{:#}", parse(text).unwrap_err())
    }

    fn one(to: &str, value: &str, data: &str) -> String {
        format!(r#"{{"actions":[{{"to":"{to}","value":"{value}","data":"{data}","operation":0}}]}}"#)
    }

    #[test]
    fn nothing_written_is_ignored() {
        let text = r#"{"actions":[],"nonce":3}"#;
        assert!(error(text).starts_with("unknown field `nonce`"), "{}", error(text));
        let twice = format!(r#"{{"origin":"{TO}","origin":"{TO}","actions":[]}}"#);
        assert!(error(&twice).starts_with("duplicate field `origin`"));
        assert_eq!(error(r#"{"actions":[]}"#), "actions: there is none; write at least one");
    }

    #[test]
    fn a_bad_value_is_named_by_its_path() {
        assert_eq!(
            error(&one(TO, "1.5", "0x")),
            "actions[0].value: `1.5` is not a number: write wei in decimal digits"
        );
        assert_eq!(
            error(&one(TO, "1", "0xabc")),
            "actions[0].data: `0xabc` is not calldata: write 0x and an even number of hex digits"
        );
        assert_eq!(
            error(&one("0x12", "1", "0x")),
            "actions[0].to: `0x12` is not an address: write 0x and 40 hex digits"
        );
        let wrong = TO.replace('E', "e");
        assert_eq!(
            error(&one(&wrong, "1", "0x")),
            format!("actions[0].to: `{wrong}` has a wrong checksum: check it, then write {TO}")
        );
        assert!(error(&one(TO, &"9".repeat(78), "0x")).ends_with("does not fit in 256 bits"));
    }

    #[test]
    fn addresses_may_name_one_chain_and_no_two() {
        let file = parse(&one(&format!("oeth:{TO}"), "1", "0x")).unwrap();
        assert_eq!(file.actions[0].to.to_string(), TO);
        assert!(file.must_be_on(10).is_ok() && file.must_be_on(1).is_err());
        let two =
            format!(r#"{{"initiator":"eth:{TO}",{}"#, one(&format!("oeth:{TO}"), "1", "0x").trim_start_matches('{'));
        assert!(error(&two).contains("is on another chain than the addresses before it"), "{}", error(&two));
        assert!(error(&one(&format!("nowhere:{TO}"), "1", "0x")).starts_with("actions[0].to: `nowhere` is no chain"));
    }

    #[test]
    fn signatures_are_hex_or_refused() {
        let with =
            |signatures: &str| one(TO, "1", "0x").replacen('{', &format!(r#"{{"signatures":"{signatures}","#), 1);
        assert_eq!(
            error(&with("0xabc")),
            "signatures: `0xabc` is not a signature: write 0x and an even number of hex digits"
        );
        assert_eq!(parse(&with("0xabcd")).unwrap().signatures, Bytes::from_static(&[0xab, 0xcd]));
        assert!(parse(&one(TO, "1", "0x")).unwrap().signatures.is_empty());
    }

    #[test]
    fn several_actions_become_one_batch() {
        let action = format!(r#"{{"to":"{TO}","value":"1","data":"0x","operation":0}}"#);
        let file = parse(&format!(r#"{{"actions":[{action},{action}]}}"#)).unwrap();
        let (all, calls) = (Address::repeat_byte(1), Address::repeat_byte(2));
        let top = file.top_level(all, calls);
        assert_eq!((top.to, top.operation, top.value), (calls, 1, U256::ZERO));
        assert_eq!(parse(&one(TO, "7", "0x")).unwrap().top_level(all, calls).value, U256::from(7));
    }
}
