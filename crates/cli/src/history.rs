//! A history of requests: JSON, one object per line, in the order of time. `docs/backtest.md` has the format.

use crate::tx_file::{self, WrittenAction, address, decimal, hex};
use alloy_primitives::{Address, B256, Bytes, U256};
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_eval::Action;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A line of a history.
#[derive(Debug)]
pub(crate) struct Line {
    /// When, in seconds since 1970.
    pub(crate) at: u64,
    pub(crate) event: Event,
}

/// What happened.
#[derive(Debug)]
pub(crate) enum Event {
    Request(PastRequest),
    Announce(Content),
    Cancel(Content),
    Facts(PastFacts),
}

/// What the account was asked for.
#[derive(Debug)]
pub(crate) struct PastRequest {
    pub(crate) content: Content,
    /// Who called `execTransaction`, where that is known.
    pub(crate) initiator: Option<Address>,
    pub(crate) safe_tx_gas: U256,
    pub(crate) gas_price: U256,
    pub(crate) happened: Option<Happened>,
}

/// Whose request it is, and what for.
#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) origin: Option<Address>,
    pub(crate) actions: Vec<Action>,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Happened {
    Executed,
    Denied,
    /// It reverted, so nothing was charged.
    Failed,
}

/// What is known of the chain from then on.
#[derive(Debug)]
pub(crate) struct PastFacts {
    pub(crate) code: Vec<(Address, B256)>,
    pub(crate) answers: Vec<(Address, Bytes, Option<Bytes>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    at: u64,
    origin: Option<String>,
    initiator: Option<String>,
    safe_tx_gas: Option<String>,
    gas_price: Option<String>,
    happened: Option<Happened>,
    actions: Option<Vec<WrittenAction>>,
    announce: Option<WrittenContent>,
    cancel: Option<WrittenContent>,
    facts: Option<WrittenFacts>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenContent {
    origin: Option<String>,
    actions: Vec<WrittenAction>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenFacts {
    #[serde(default)]
    code: BTreeMap<String, String>,
    #[serde(default)]
    answers: Vec<WrittenAnswer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenAnswer {
    target: String,
    data: String,
    /// Null where the call reverts.
    answer: Option<String>,
}

/// Reads a line.
pub(crate) fn parse(line: &str) -> Result<Line> {
    let written: Written = serde_json::from_str(line)?;
    let is_about = |is: bool| usize::from(is);
    let kinds = is_about(written.actions.is_some())
        + is_about(written.announce.is_some())
        + is_about(written.cancel.is_some())
        + is_about(written.facts.is_some());
    if kinds != 1 {
        bail!("write exactly one of `actions`, `announce`, `cancel` and `facts`");
    }
    let of_request = [
        ("origin", written.origin.is_some()),
        ("initiator", written.initiator.is_some()),
        ("safe_tx_gas", written.safe_tx_gas.is_some()),
        ("gas_price", written.gas_price.is_some()),
        ("happened", written.happened.is_some()),
    ];
    if let Some((key, _)) = of_request.iter().find(|(_, is_there)| *is_there && written.actions.is_none()) {
        bail!("`{key}` stands beside `actions` only");
    }
    let event = match (written.actions, written.announce, written.cancel, written.facts) {
        (Some(actions), ..) => Event::Request(PastRequest {
            content: content(WrittenContent { origin: written.origin, actions })?,
            initiator: optional("initiator", written.initiator.as_deref())?,
            safe_tx_gas: number("safe_tx_gas", written.safe_tx_gas.as_deref())?,
            gas_price: number("gas_price", written.gas_price.as_deref())?,
            happened: written.happened,
        }),
        (_, Some(announce), ..) => Event::Announce(content(announce).wrap_err("announce")?),
        (_, _, Some(cancel), _) => Event::Cancel(content(cancel).wrap_err("cancel")?),
        (.., Some(told)) => Event::Facts(facts(told).wrap_err("facts")?),
        _ => bail!("this line tells nothing"),
    };
    Ok(Line { at: written.at, event })
}

fn optional(key: &'static str, text: Option<&str>) -> Result<Option<Address>> {
    text.map(|text| address(text).wrap_err(key)).transpose()
}

fn number(key: &'static str, text: Option<&str>) -> Result<U256> {
    text.map_or(Ok(U256::ZERO), |text| decimal(text).wrap_err(key))
}

fn content(written: WrittenContent) -> Result<Content> {
    let origin = optional("origin", written.origin.as_deref())?;
    Ok(Content { origin, actions: tx_file::actions(&written.actions)? })
}

fn facts(written: WrittenFacts) -> Result<PastFacts> {
    let hash = |text: &str| text.parse::<B256>().map_err(|_| eyre!("`{text}` is no hash: write 0x and 64 hex digits"));
    let code = written.code.iter().map(|(who, code)| Ok((address(who)?, hash(code)?)));
    let answers = written.answers.iter().map(|one| {
        let answer = one.answer.as_deref().map(|text| hex(text, "an answer")).transpose()?;
        Ok((address(&one.target)?, hex(&one.data, "calldata")?, answer))
    });
    let (code, answers) = (code.collect::<Result<_>>(), answers.collect::<Result<_>>());
    Ok(PastFacts { code: code.wrap_err("code")?, answers: answers.wrap_err("answers")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTION: &str = r#"{"to":"0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE","value":"1","data":"0x","operation":0}"#;

    fn error(line: &str) -> String {
        format!("{:#}", parse(line).unwrap_err())
    }

    #[test]
    fn a_line_never_tells_two_things_or_none() {
        let one_of = "write exactly one of `actions`, `announce`, `cancel` and `facts`";
        assert_eq!(error(r#"{"at":1}"#), one_of);
        assert_eq!(error(&format!(r#"{{"at":1,"actions":[{ACTION}],"facts":{{}}}}"#)), one_of);
        assert_eq!(error(r#"{"at":1,"facts":{},"happened":"denied"}"#), "`happened` stands beside `actions` only");
        assert!(error(r#"{"at":1,"actions":[],"nonce":3}"#).starts_with("unknown field `nonce`"));
        assert!(error(r#"{"actions":[]}"#).starts_with("missing field `at`"));
        assert!(error(&format!(r#"{{"at":1,"actions":[{ACTION}],"happened":"maybe"}}"#)).contains("`maybe`"));
    }

    #[test]
    fn a_bad_value_is_named_by_its_path() {
        assert_eq!(error(r#"{"at":1,"actions":[]}"#), "actions: there is none; write at least one");
        assert_eq!(
            error(&format!(r#"{{"at":1,"actions":[{ACTION}],"gas_price":"0x1"}}"#)),
            "gas_price: `0x1` is not a number: write wei in decimal digits"
        );
        assert_eq!(
            error(r#"{"at":1,"facts":{"code":{"0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE":"0x12"}}}"#),
            "facts: code: `0x12` is no hash: write 0x and 64 hex digits"
        );
        assert_eq!(
            error(&format!(r#"{{"at":1,"announce":{{"origin":"me","actions":[{ACTION}]}}}}"#)),
            "announce: origin: `me` is not an address: write 0x and 40 hex digits"
        );
    }
}
