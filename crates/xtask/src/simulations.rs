//! `simulations`: random requests, each simulated and then executed for real on a node, on every version of Safe, added
//! up over runs in `evidence/simulations.json`.
//!
//! Verdict, gas, events, balances and storage have to be equal. Runs at one source hash add up; a changed source begins
//! anew.

use crate::{record, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Value, json};
use std::time::Instant;

const RECORD: &str = "evidence/simulations.json";
/// What a comparison is about.
const SOURCES: [&str; 8] = [
    "contracts/",
    "crates/simulate/src/",
    "crates/eval/src/",
    "crates/cli/src/fork/",
    "crates/cli/src/inputs/",
    "crates/cli/src/mirror.rs",
    "crates/cli/tests/cli/fork.rs",
    "crates/cli/tests/cli/support/",
];
/// How many requests every version is to see.
pub(crate) const RECORDED: u64 = 1_000;
/// How many are compared before the record is written.
const PIECE: u64 = 100;
const VERSIONS: [&str; 3] = ["1.3.0", "1.4.1", "1.5.0"];

#[derive(Debug, Args)]
pub(crate) struct SimulationsArgs {
    /// How many requests the record is to hold for each version; what it holds already is not done again
    #[arg(long, default_value_t = RECORDED)]
    requests: u64,
    /// Print the record as one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &SimulationsArgs) -> Result<()> {
    let source = record::source(&SOURCES)?;
    stage::must("build the comparison", test(&["--no-run"]))?;
    for version in VERSIONS {
        loop {
            // Read anew, since another run may have added to it.
            let mut whole = current(&source)
                .unwrap_or_else(|| json!({ "format_version": "1.0", "source": source, "versions": {} }));
            let done = record::number(tools::at(tools::at(&whole, "versions"), version), "requests");
            let piece = PIECE.min(args.requests.saturating_sub(done));
            if piece == 0 {
                break;
            }
            let found = compare(version, done, piece)?;
            add(&mut whole, version, &found)?;
            record::write(RECORD, &whole)?;
            if record::number(&found, "differences") > 0 {
                bail!("on Safe {version} something happens otherwise than simulated: see target/xtask");
            }
        }
    }
    let whole = current(&source).unwrap_or(Value::Null);
    if args.json {
        println!("{whole}");
    } else {
        for (version, [requests, differences, seconds]) in rows(&whole) {
            println!(
                "Safe {version}: {requests} requests simulated and executed, {differences} otherwise, {seconds} s"
            );
        }
    }
    Ok(())
}

/// What is on record of this very source, by version: requests, differences and seconds.
pub(crate) fn recorded() -> Result<Vec<(String, [u64; 3])>> {
    Ok(current(&record::source(&SOURCES)?).map(|whole| rows(&whole)).unwrap_or_default())
}

fn rows(whole: &Value) -> Vec<(String, [u64; 3])> {
    let versions = tools::at(whole, "versions").as_object().cloned().unwrap_or_default();
    let row = |(version, one): (String, Value)| {
        (version, ["requests", "differences", "seconds"].map(|key| record::number(&one, key)))
    };
    versions.into_iter().map(row).collect()
}

fn current(source: &str) -> Option<Value> {
    record::read(RECORD).filter(|one| tools::at(one, "source").as_str() == Some(source))
}

fn test(more: &[&str]) -> std::process::Command {
    tools::cargo(&[&["test", "--workspace", "--test", "cli", "--color", "never"], more].concat())
}

/// One piece, by the tests' own harness. The first difference ends it.
fn compare(version: &str, seed: u64, requests: u64) -> Result<Value> {
    let file = tools::root().join("target/xtask/simulations.json");
    std::fs::create_dir_all(tools::root().join("target/xtask")).wrap_err("cannot create target/xtask")?;
    // What an earlier run left must not be taken for this one's.
    let _ = std::fs::remove_file(&file);
    let name = format!("fork::what_is_simulated_on_safe_{}_is_what_then_happens", version.replace('.', "_"));
    let mut command = test(&["--", "--exact", &name]);
    command.env("PORTCULLIS_FORK_REQUESTS", requests.to_string()).env("PORTCULLIS_FORK_SEED", seed.to_string());
    command.env("PORTCULLIS_FORK_REPORT", &file);
    let started = Instant::now();
    let stage = stage::run(&format!("Safe {version}: {requests} requests from {seed} on"), command)?;
    let told: Option<Value> = std::fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok());
    let told = told.ok_or_else(|| eyre!("the comparison on Safe {version} noted nothing: did its node start?"))?;
    if !stage.passed && record::number(&told, "differences") == 0 {
        bail!("the comparison on Safe {version} failed without a difference");
    }
    let mut found = told;
    record::set(&mut found, "seconds", started.elapsed().as_secs().into())?;
    Ok(found)
}

fn add(whole: &mut Value, version: &str, found: &Value) -> Result<()> {
    let mut versions = tools::at(whole, "versions").clone();
    let known = tools::at(&versions, version).clone();
    let sum = |known: &Value, found: &Value, key: &str| {
        let both = record::number(known, key).checked_add(record::number(found, key));
        both.ok_or_else(|| eyre!("too many {key}"))
    };
    let mut one = json!({ "date": record::today()?, "machine": tools::machine() });
    for key in ["requests", "differences", "seconds"] {
        record::set(&mut one, key, sum(&known, found, key)?.into())?;
    }
    let mut outcomes = tools::at(&known, "outcomes").clone();
    if !outcomes.is_object() {
        outcomes = json!({});
    }
    for outcome in tools::at(found, "outcomes").as_object().into_iter().flatten().map(|(outcome, _)| outcome) {
        let both = sum(&outcomes, tools::at(found, "outcomes"), outcome)?;
        record::set(&mut outcomes, outcome, both.into())?;
    }
    record::set(&mut one, "outcomes", outcomes)?;
    record::set(&mut versions, version, one)?;
    record::set(whole, "versions", versions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_add_up_by_version_and_outcome_and_no_difference_is_forgotten() {
        let mut whole = json!({ "versions": {} });
        let run = |differences| {
            json!({ "requests": 10, "differences": differences, "seconds": 2,
            "outcomes": { "executes": 6, "denied": 4 } })
        };
        add(&mut whole, "1.5.0", &run(1)).unwrap();
        add(&mut whole, "1.5.0", &run(0)).unwrap();
        assert_eq!(rows(&whole), [("1.5.0".to_owned(), [20, 1, 4])]);
        assert_eq!(whole.pointer("/versions/1.5.0/outcomes"), Some(&json!({ "executes": 12, "denied": 8 })));
    }
}
