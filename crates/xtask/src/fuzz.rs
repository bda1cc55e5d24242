//! `fuzz`: random bytes for everything that reads what others wrote, by libFuzzer, added up over runs in
//! `evidence/fuzz.json`.
//!
//! Runs at one source hash add up; a changed source begins anew. What a run found worth keeping stays in
//! `target/fuzz/corpus`; the seeds in `fuzz/corpus` are few and committed.

use crate::{record, stage, tools};
use clap::{Args, ValueEnum};
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Value, json};
use std::process::Command;

const RECORD: &str = "evidence/fuzz.json";
/// What a run is about.
const SOURCES: [&str; 4] = ["crates/policy/src/", "crates/eval/src/", "crates/attest/src/", "fuzz/"];
/// The release that is installed when cargo-fuzz is missing.
const CARGO_FUZZ: &str = "0.13.2";
/// How long every target is to run at least, in seconds.
pub(crate) const RECORDED: u64 = 3_600;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Target {
    /// A policy's text: parser, layout, compiler
    Policy,
    /// A program's bytes: decompiler and evaluation
    Program,
    /// A request's calldata, under policies that people would write
    Calldata,
    /// A batch for MultiSend
    Batch,
}

impl Target {
    fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

#[derive(Debug, Args)]
pub(crate) struct FuzzArgs {
    /// Which target; every one in turn if not told
    #[arg(long)]
    target: Option<Target>,
    /// How long each target runs, in seconds
    #[arg(long, default_value_t = RECORDED)]
    seconds: u64,
    /// Print the record as one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &FuzzArgs) -> Result<()> {
    install()?;
    let source = record::source(&SOURCES)?;
    for target in args.target.map_or_else(|| Target::value_variants().to_vec(), |one| vec![one]) {
        let name = target.name();
        stage::must(&format!("build {name}"), fuzz(&["build", &name]))?;
        let outcome = stage::run(&format!("fuzz {name} for {} s", args.seconds), attempt(&name, args.seconds)?)?;
        let found = json!({
            "seconds": args.seconds,
            "executions": told(&outcome.lines, "stat::number_of_executed_units:").ok_or_else(|| eyre!("{name} did not say what it did:\n{}", outcome.lines.join("\n")))?,
            "failures": u64::from(!outcome.passed),
        });
        // Read anew, since other targets may have run meanwhile.
        let mut whole =
            current(&source)?.unwrap_or_else(|| json!({ "format_version": "1.0", "source": source, "targets": {} }));
        add(&mut whole, &name, &found)?;
        record::write(RECORD, &whole)?;
        if !outcome.passed {
            bail!(
                "{name} failed; what it failed on is in fuzz/artifacts/{name}, and `cargo fuzz run {name} FILE` repeats it"
            );
        }
    }
    let whole = current(&source)?.unwrap_or(Value::Null);
    if args.json {
        println!("{whole}");
    } else {
        for (name, one) in tools::at(&whole, "targets").as_object().into_iter().flatten() {
            let count = |key| record::number(one, key);
            println!("{name}: {} inputs in {} s, {} failed", count("executions"), count("seconds"), count("failures"));
        }
    }
    Ok(())
}

/// The record, if it is about this source.
fn current(source: &str) -> Result<Option<Value>> {
    Ok(record::read(RECORD).filter(|one| tools::at(one, "source").as_str() == Some(source)))
}

/// What is on record of every target: its name, seconds, executions and failures. Empty where the record is of another
/// source.
pub(crate) fn recorded() -> Result<Vec<(String, [u64; 3])>> {
    let Some(whole) = current(&record::source(&SOURCES)?)? else { return Ok(Vec::new()) };
    let targets = tools::at(&whole, "targets").as_object().cloned().unwrap_or_default();
    let row = |(name, one): (String, Value)| {
        (name, ["seconds", "executions", "failures"].map(|key| record::number(&one, key)))
    };
    Ok(targets.into_iter().map(row).collect())
}

fn install() -> Result<()> {
    if tools::probe(tools::cargo(&["fuzz", "--version"])).is_some() {
        return Ok(());
    }
    let args = ["install", "--locked", "--version", CARGO_FUZZ, "cargo-fuzz", "--color", "never"];
    stage::must("install cargo-fuzz", tools::cargo(&args)).map(drop)
}

/// The compiler counts what is reached, which is not yet a stable option of it. There is no `unsafe` to look after, so
/// no sanitizer.
fn fuzz(args: &[&str]) -> Command {
    let (verb, rest) = args.split_at(1);
    let mut command = tools::cargo(&[&["fuzz"], verb, &["--sanitizer", "none"], rest].concat());
    command.env("RUSTC_BOOTSTRAP", "1");
    command
}

fn attempt(name: &str, seconds: u64) -> Result<Command> {
    let corpus = tools::root().join("target/fuzz/corpus").join(name);
    std::fs::create_dir_all(&corpus).wrap_err("cannot create target/fuzz/corpus")?;
    let mut command = fuzz(&["run", name]);
    // The first folder is written to.
    command.arg(corpus).arg(format!("fuzz/corpus/{name}")).arg("--");
    command.args([format!("-max_total_time={seconds}"), "-print_final_stats=1".to_owned(), "-max_len=4096".to_owned()]);
    Ok(command)
}

fn told(lines: &[String], key: &str) -> Option<u64> {
    lines.iter().find_map(|line| line.trim().strip_prefix(key)?.trim().parse().ok())
}

fn add(whole: &mut Value, name: &str, found: &Value) -> Result<()> {
    let mut targets = tools::at(whole, "targets").clone();
    let known = tools::at(&targets, name).clone();
    let mut sum = json!({ "date": record::today()?, "machine": tools::machine() });
    for key in ["seconds", "executions", "failures"] {
        let both = record::number(&known, key).checked_add(record::number(found, key));
        record::set(&mut sum, key, both.ok_or_else(|| eyre!("too many {key}"))?.into())?;
    }
    record::set(&mut targets, name, sum)?;
    record::set(whole, "targets", targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_add_up_and_no_failure_is_forgotten() {
        let mut whole = json!({ "targets": {} });
        add(&mut whole, "batch", &json!({ "seconds": 1, "executions": 10, "failures": 1 })).unwrap();
        add(&mut whole, "batch", &json!({ "seconds": 2, "executions": 20, "failures": 0 })).unwrap();
        let batch = whole.pointer("/targets/batch").unwrap();
        let count = |key| record::number(batch, key);
        assert_eq!((count("seconds"), count("executions"), count("failures")), (3, 30, 1));
    }

    #[test]
    fn what_libfuzzer_says_at_its_end_is_read() {
        let lines = ["Done 7 runs".to_owned(), "stat::number_of_executed_units: 4711".to_owned()];
        assert_eq!(told(&lines, "stat::number_of_executed_units:"), Some(4711));
        assert_eq!(told(&lines, "stat::slowest_unit_time_sec:"), None);
    }

    #[test]
    fn every_target_has_seeds_and_a_program() {
        for target in Target::value_variants() {
            let name = target.name();
            assert!(tools::root().join(format!("fuzz/fuzz_targets/{name}.rs")).exists(), "{name}");
            assert!(tools::root().join(format!("fuzz/corpus/{name}")).read_dir().unwrap().count() > 0, "{name}");
        }
    }
}
