//! Small faults in the mirror, planted by cargo-mutants, and whether its own tests notice.
//!
//! The mutants are cut into parts that each go through all files. A part that is done is on record at once, so a run
//! that is broken off goes on where it was; a changed source begins anew.

use super::{MutantsArgs, Shard};
use crate::{link, record, stage, tools};
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Value, json};
use std::path::PathBuf;

const RECORD: &str = "evidence/mutants-mirror.json";
/// What a run is about: what is mutated, what it is built on, and what its tests compile policies with.
const SOURCES: [&str; 4] = ["crates/eval/", "crates/attest/src/", "crates/policy/src/", "crates/xtask/src/mutants/"];
/// The release that is installed when cargo-mutants is missing.
const CARGO_MUTANTS: &str = "27.1.0";
/// How many parts there are.
const PARTS: usize = 40;
/// How many mutants are to be tried at least before the record claims anything.
pub(crate) const RECORDED: u64 = 100;
/// What a record must show, in percent.
pub(crate) const KILLED: u64 = 95;

pub(crate) fn run(args: &MutantsArgs) -> Result<()> {
    let source = record::source(&SOURCES)?;
    if !args.report {
        install()?;
        for part in parts(args.seed, args.shard) {
            if sum(&current(&source))?.tried >= u64::try_from(args.count).unwrap_or(u64::MAX) {
                break;
            }
            if !done(&current(&source), part) {
                examine(&source, part)?;
            }
        }
    }
    let whole = current(&source);
    let Sum { tried, killed, survivors } = sum(&whole)?;
    if args.json {
        println!("{}", json!({ "mutants": tried, "killed": killed, "survivors": survivors, "source": source }));
    } else {
        survivors.iter().for_each(|name| println!("survived {name}"));
        println!("{killed} of {tried} mutants killed (source {source})");
    }
    Ok(())
}

/// The parts of a shard, in an order that only the seed decides.
fn parts(seed: u64, shard: Shard) -> Vec<usize> {
    let mut all: Vec<usize> = (0..PARTS).collect();
    all.sort_by_cached_key(|part| link::keccak(format!("{seed} {part}").as_bytes()));
    all.into_iter().skip(shard.index.saturating_sub(1)).step_by(shard.of).collect()
}

fn install() -> Result<()> {
    if tools::probe(tools::cargo(&["mutants", "--version"])).is_some() {
        return Ok(());
    }
    let args = ["install", "--locked", "--version", CARGO_MUTANTS, "cargo-mutants", "--color", "never"];
    stage::must("install cargo-mutants", tools::cargo(&args)).map(drop)
}

/// Puts the mutants of one part to the mirror's tests, one at a time, in a copy of the tree.
fn examine(source: &str, part: usize) -> Result<()> {
    let place = tools::root().join("target/mutants");
    let output = place.join(format!("mirror-{part}"));
    // What an earlier run left is of another source, and must not be taken for this one's.
    if output.exists() {
        std::fs::remove_dir_all(&output).wrap_err("cannot clear target/mutants")?;
    }
    std::fs::create_dir_all(&output).wrap_err("cannot create target/mutants")?;
    let mut command = tools::cargo(&["mutants", "--package", "portcullis-eval", "--sharding", "round-robin"]);
    command.args(["--shard", &format!("{part}/{PARTS}"), "--no-times", "--colors", "never", "--output"]).arg(&output);
    // The tests that take seconds; the others hold compiler and mirror together, and take minutes.
    command.args(["--cargo-arg=--lib", "--cargo-arg=--test=evaluate", "--cap-lints", "true"]);
    // A busy machine is slow, and no mutant.
    command.args(["--minimum-test-timeout", "120"]);
    // What all parts have in common is built once.
    command.env("CARGO_TARGET_DIR", place.join("mirror-target")).env("CARGO_PROFILE_DEV_DEBUG", "false");
    let outcome = stage::run(&format!("mutants of the mirror, part {part} of {PARTS}"), command)?;
    let path = output.join("mutants.out/outcomes.json");
    let found = read(&path).and_then(|found| judge(&found));
    let found = found.wrap_err_with(|| outcome.lines.join("\n"))?;
    // Read anew, since other parts may have run meanwhile.
    let mut whole = current(source);
    let mut parts = tools::at(&whole, "parts").clone();
    record::set(&mut parts, &part.to_string(), found)?;
    record::set(&mut whole, "parts", parts)?;
    record::write(RECORD, &whole)
}

fn read(path: &PathBuf) -> Result<Value> {
    let text = std::fs::read_to_string(path).wrap_err("cargo-mutants left no outcomes")?;
    serde_json::from_str(&text).wrap_err("the outcomes are not JSON")
}

/// What became of a part. A mutant that does not compile does not count; one whose tests never end is noticed.
fn judge(found: &Value) -> Result<Value> {
    let (mut killed, mut survivors) = (0_u64, Vec::new());
    for one in tools::at(found, "outcomes").as_array().ok_or_else(|| eyre!("there are no outcomes"))? {
        let mutant = tools::at(tools::at(one, "scenario"), "Mutant");
        match tools::at(one, "summary").as_str().unwrap_or_default() {
            "Success" if mutant.is_null() => {}
            "CaughtMutant" | "Timeout" if !mutant.is_null() => killed = killed.saturating_add(1),
            "Unviable" => {}
            "MissedMutant" => survivors.push(tools::at(mutant, "name").clone()),
            other => bail!("without any mutant the outcome is {other}"),
        }
    }
    Ok(json!({ "date": record::today()?, "machine": tools::machine(), "killed": killed, "survivors": survivors }))
}

/// The record, if it is about this source; else an empty one.
fn current(source: &str) -> Value {
    record::read(RECORD)
        .filter(|one| tools::at(one, "source").as_str() == Some(source))
        .unwrap_or_else(|| json!({ "format_version": "1.0", "source": source, "parts": {} }))
}

fn done(whole: &Value, part: usize) -> bool {
    !tools::at(tools::at(whole, "parts"), &part.to_string()).is_null()
}

/// What all parts came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    pub(crate) tried: u64,
    pub(crate) killed: u64,
    pub(crate) survivors: Vec<String>,
}

fn sum(whole: &Value) -> Result<Sum> {
    let mut sum = Sum::default();
    for part in tools::at(whole, "parts").as_object().into_iter().flat_map(|parts| parts.values()) {
        let names = tools::at(part, "survivors").as_array().ok_or_else(|| eyre!("a part tells no survivors"))?;
        sum.survivors.extend(names.iter().filter_map(Value::as_str).map(ToOwned::to_owned));
        sum.killed = sum.killed.saturating_add(record::number(part, "killed"));
    }
    sum.tried = sum.killed.saturating_add(u64::try_from(sum.survivors.len())?);
    Ok(sum)
}

/// What is on record of this very source.
pub(crate) fn recorded() -> Result<Sum> {
    sum(&current(&record::source(&SOURCES)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(summary: &str, name: Option<&str>) -> Value {
        let scenario = name.map_or_else(|| json!("Baseline"), |name| json!({ "Mutant": { "name": name } }));
        json!({ "scenario": scenario, "summary": summary })
    }

    #[test]
    fn what_does_not_compile_does_not_count_and_what_never_ends_is_noticed() {
        let found = json!({ "outcomes": [
            outcome("Success", None), outcome("CaughtMutant", Some("a")), outcome("Timeout", Some("b")),
            outcome("Unviable", Some("c")), outcome("MissedMutant", Some("d")),
        ] });
        let whole = json!({ "parts": { "0": judge(&found).unwrap() } });
        let expected = Sum { tried: 3, killed: 2, survivors: vec!["d".to_owned()] };
        assert_eq!(sum(&whole).unwrap(), expected);
        assert!(done(&whole, 0) && !done(&whole, 1));
    }

    #[test]
    fn tests_that_fail_without_a_mutant_are_no_result() {
        assert!(judge(&json!({ "outcomes": [outcome("Failure", None)] })).is_err());
        assert!(judge(&json!({ "outcomes": [outcome("Success", Some("a"))] })).is_err());
        assert!(judge(&json!({})).is_err());
    }

    #[test]
    fn every_part_is_of_one_shard() {
        let shard = |index| parts(1, Shard { index, of: 3 });
        let mut all: Vec<usize> = (1..=3).flat_map(shard).collect();
        all.sort_unstable();
        assert_eq!(all, (0..PARTS).collect::<Vec<_>>());
        assert_ne!(parts(1, Shard { index: 1, of: 1 }), parts(2, Shard { index: 1, of: 1 }));
    }
}
