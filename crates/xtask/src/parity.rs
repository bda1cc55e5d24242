//! `parity`: the compiled contract against the Rust evaluator, by the testkit's own binary; long runs add up in
//! `evidence/parity.json`.

use crate::{record, setup, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Stdio;

const RECORD: &str = "evidence/parity.json";
/// What a run is about: what is deployed, what mirrors it, and what asks both.
const SOURCES: [&str; 5] = [
    "crates/bindings/artifacts/",
    "crates/eval/src/",
    "crates/attest/src/",
    "crates/policy/src/",
    "crates/testkit/src/",
];
/// How many cases each seed of the record has.
const PIECE: u64 = 100_000;
/// How many cases the record is to hold.
pub(crate) const RECORDED: u64 = 10_000_000;

#[derive(Debug, Args)]
pub(crate) struct ParityArgs {
    /// How many random cases
    #[arg(long)]
    cases: Option<u64>,
    /// The seed to start from; printed, so that a run can be repeated
    #[arg(long)]
    seed: Option<u64>,
    /// Plant known faults in both evaluators; each must be caught
    #[arg(long)]
    self_test: bool,
    /// Compare what accounts sign instead of what they execute
    #[arg(long)]
    messages: bool,
    /// Compare batches with what Safe's contracts execute, instead of verdicts
    #[arg(long, conflicts_with_all = ["messages", "self_test"])]
    batches: bool,
    /// Add to the record in evidence/, one seed after the other, until it holds that many cases
    #[arg(long, conflicts_with_all = ["messages", "self_test", "batches"])]
    record: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ParityArgs) -> Result<()> {
    setup::run()?;
    if args.record {
        return add_up(args);
    }
    build()?;
    let mut command = binary()?;
    if let Some(cases) = args.cases {
        command.arg("--cases").arg(cases.to_string());
    }
    if let Some(seed) = args.seed {
        command.arg("--seed").arg(seed.to_string());
    }
    if args.self_test {
        command.arg("--self-test");
    }
    if args.messages {
        command.arg("--messages");
    }
    if args.batches {
        command.arg("--batches");
    }
    if args.json {
        command.arg("--json");
    }
    tools::pass_through(command).wrap_err("parity")
}

/// Builds the harness as a stage of its own, so that measuring does not time the compiler.
pub(crate) fn build() -> Result<()> {
    tools::build(&["parity"], "posting")
}

/// The built harness.
pub(crate) fn binary() -> Result<std::process::Command> {
    tools::built("parity")
}

/// The record, if it is about this source.
pub(crate) fn recorded() -> Result<Option<Value>> {
    let source = record::source(&SOURCES)?;
    Ok(record::read(RECORD).filter(|one| tools::at(one, "source").as_str() == Some(&source)))
}

fn add_up(args: &ParityArgs) -> Result<()> {
    // Worth compiling once more: optimised, the same cases take a fraction of the time.
    let built = ["build", "--release", "--package", "portcullis-testkit", "--bin", "parity", "--color", "never"];
    stage::must("build the harness", tools::cargo(&built))?;
    let program = tools::root().join("target/release").join(format!("parity{}", std::env::consts::EXE_SUFFIX));
    let wanted = args.cases.unwrap_or(RECORDED);
    let mut whole = match recorded()? {
        Some(known) => known,
        None => json!({
            "format_version": "1.0", "source": record::source(&SOURCES)?, "first_seed": args.seed.unwrap_or(1), "seeds": 0,
        }),
    };
    while record::number(&whole, "cases") < wanted {
        let seed = record::number(&whole, "first_seed").checked_add(record::number(&whole, "seeds"));
        let seed = seed.ok_or_else(|| eyre!("the seeds end"))?;
        let mut command = tools::command(&program.to_string_lossy(), &["--json"]);
        command.args(["--cases", &PIECE.to_string(), "--seed", &seed.to_string()]).stderr(Stdio::inherit());
        let started = std::time::Instant::now();
        let output = command.output().wrap_err("cannot start the harness")?;
        let found = serde_json::from_slice(&output.stdout)
            .wrap_err_with(|| format!("the harness printed no JSON object ({})", output.status))?;
        add(&mut whole, &found, started.elapsed().as_secs())?;
        record::write(RECORD, &whole)?;
        let count = |key| record::number(&whole, key);
        eprintln!("seed {seed}: {} cases, {} disagreements", count("cases"), count("disagreements"));
    }
    if args.json {
        println!("{whole}");
    }
    if record::number(&whole, "disagreements") != 0 {
        bail!(
            "they disagree; `cargo xtask parity --seed N --cases {PIECE}` shows where, N one of {}",
            tools::at(&whole, "wrong")
        );
    }
    Ok(())
}

/// One seed more. A point is uncovered as long as no seed reached it.
fn add(whole: &mut Value, found: &Value, seconds: u64) -> Result<()> {
    let points = |one: &Value| -> BTreeSet<String> {
        let listed = tools::at(one, "uncovered").as_array().into_iter().flatten();
        listed.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let (known, now) = (points(whole), points(found));
    let uncovered = if record::number(whole, "seeds") == 0 { now } else { &known & &now };
    let mut wrong = tools::at(whole, "wrong").as_array().cloned().unwrap_or_default();
    if record::number(found, "disagreements") != 0 {
        wrong.push(tools::at(found, "seed").clone());
    }
    let (one, taken) = (json!({ "seeds": 1, "seconds": seconds }), ["seeds", "seconds"]);
    for (from, keys) in [(found, ["cases", "disagreements"]), (&one, taken)] {
        for key in keys {
            let sum = record::number(whole, key).checked_add(record::number(from, key));
            record::set(whole, key, sum.ok_or_else(|| eyre!("too many {key}"))?.into())?;
        }
    }
    let rest = json!({ "uncovered": uncovered, "wrong": wrong, "date": record::today()?, "machine": tools::machine() });
    for (key, value) in rest.as_object().into_iter().flatten() {
        record::set(whole, key, value.clone())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_add_up_and_no_disagreement_is_forgotten() {
        let mut whole = json!({ "seeds": 0 });
        let found = |seed: u64, disagreements: u64, uncovered: &[&str]| json!({ "seed": seed, "cases": 10, "disagreements": disagreements, "uncovered": uncovered });
        add(&mut whole, &found(1, 2, &["a", "b"]), 3).unwrap();
        add(&mut whole, &found(2, 0, &["b", "c"]), 4).unwrap();
        let count = |key| record::number(&whole, key);
        assert_eq!(["seeds", "cases", "disagreements", "seconds"].map(count), [2, 20, 2, 7]);
        assert_eq!(tools::at(&whole, "wrong"), &json!([1]));
        assert_eq!(tools::at(&whole, "uncovered"), &json!(["b"]));
    }
}
