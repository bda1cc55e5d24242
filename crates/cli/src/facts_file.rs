//! What is known of facts, from a file: strict, so that nothing written is ignored.

use crate::{policy_file, tx_file};
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_policy::{Cause, FactValue, Observation, Observations, Policy, Subject};
use serde::Deserialize;
use std::path::Path;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    fact: String,
    subject: WrittenSubject,
    value: Option<WrittenValue>,
    observed_at: Option<u64>,
    unknown: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`subject` is an address or `request` in quotes, or an effect's number")]
enum WrittenSubject {
    Effect(u32),
    Named(String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "`value` is text or a number in quotes, or true or false")]
enum WrittenValue {
    Boolean(bool),
    Text(String),
}

/// Reads observations of the policy's facts.
pub(crate) fn load(path: &Path, policy: &Policy) -> Result<Observations> {
    parse(&policy_file::text(path)?, policy).wrap_err_with(|| path.display().to_string())
}

fn parse(text: &str, policy: &Policy) -> Result<Observations> {
    let written: Vec<Written> = serde_json::from_str(text)?;
    let mut found = Observations::new();
    for (index, one) in written.into_iter().enumerate() {
        let at = |key: &str| format!("[{index}].{key}");
        if !policy.facts.contains_key(&one.fact) {
            let known: Vec<_> = policy.facts.keys().map(|name| format!("`{name}`")).collect();
            let known =
                if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            bail!("{}: the policy has no fact `{}`: {known}", at("fact"), one.fact);
        }
        let subject = subject(&one.subject).wrap_err_with(|| at("subject"))?;
        let observation =
            observation(one.value, one.observed_at, one.unknown).wrap_err_with(|| format!("[{index}]"))?;
        if found.insert((one.fact.clone(), subject), observation).is_some() {
            bail!("[{index}]: `{}` of {subject} is told twice: write it once", one.fact);
        }
    }
    Ok(found)
}

fn subject(written: &WrittenSubject) -> Result<Subject> {
    Ok(match written {
        WrittenSubject::Effect(at) => Subject::Effect(*at),
        WrittenSubject::Named(name) if name == "request" => Subject::Request,
        WrittenSubject::Named(name) => Subject::Address(tx_file::address(name)?),
    })
}

fn observation(value: Option<WrittenValue>, observed_at: Option<u64>, unknown: Option<String>) -> Result<Observation> {
    match (value, observed_at, unknown) {
        (Some(value), Some(observed_at), None) => {
            let value = match value {
                WrittenValue::Boolean(value) => FactValue::Boolean(value),
                WrittenValue::Text(text) => FactValue::Text(text),
            };
            Ok(Observation::Value { value, observed_at })
        }
        (None, None, Some(word)) => {
            let cause = Cause::ALL.into_iter().find(|cause| cause.word() == word);
            let cause =
                cause.ok_or_else(|| eyre!("unknown: `{word}` is not `missing`, `stale`, `timeout` or `error`"))?;
            Ok(Observation::Unknown(cause))
        }
        _ => bail!("an observation has `value` and `observed_at`, or `unknown` alone"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let document = include_str!("../../../examples/minimal/policy.toml");
        let facts = "\n[attesters.risk]\nmembers = \"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\"\nat_least = 1\n\
                     [facts.score]\ntype = \"number\"\nsubject = \"recipient\"\nattesters = \"risk\"\ntimeout = \"1s\"\n\
                     ttl = \"1h\"\nmax_age = \"1h\"\non_unknown = \"closed\"\n";
        let policy = Policy::parse(&format!("{document}{facts}"), "policy.toml").unwrap();
        format!("{:#}", parse(text, &policy).unwrap_err())
    }

    #[test]
    fn nothing_written_is_ignored_and_nothing_is_told_twice() {
        let known = r#"{"fact":"score","subject":"request","value":"1","observed_at":5}"#;
        assert!(error(&format!("[{known},{known}]")).ends_with("is told twice: write it once"));
        assert!(
            error(r#"[{"fact":"score","subject":"request","value":"1","at":5}]"#).starts_with("unknown field `at`")
        );
        assert_eq!(
            error(r#"[{"fact":"scor","subject":"request","unknown":"error"}]"#),
            "[0].fact: the policy has no fact `scor`: it has `score`"
        );
        let both = r#"[{"fact":"score","subject":0,"value":"1","observed_at":5,"unknown":"stale"}]"#;
        assert_eq!(error(both), "[0]: an observation has `value` and `observed_at`, or `unknown` alone");
        let without = r#"[{"fact":"score","subject":0,"value":true}]"#;
        assert_eq!(error(without), "[0]: an observation has `value` and `observed_at`, or `unknown` alone");
        assert_eq!(
            error(r#"[{"fact":"score","subject":0,"unknown":"late"}]"#),
            "[0]: unknown: `late` is not `missing`, `stale`, `timeout` or `error`"
        );
        assert!(error(r#"[{"fact":"score","subject":"0x12","unknown":"late"}]"#).starts_with("[0].subject: `0x12`"));
    }
}
