//! `lint-proof`: the linter and the difference of policies against brute force over small worlds, added up over runs
//! in `evidence/lint-proof.json`.
//!
//! Runs at one source hash add up, so a long proof is made in pieces; a changed source begins anew.

use crate::{record, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, IsTerminal};
use std::process::Stdio;

/// Where runs add up.
const RECORD: &str = "evidence/lint-proof.json";
/// What a proof is about.
const SOURCES: [&str; 4] =
    ["crates/policy/src/", "crates/policy/tests/lint/", "crates/eval/src/", "crates/attest/src/"];
/// How many policies are looked at before the record is written.
const PIECE: u64 = 1_000;
/// How a long proof is run; optimising what it takes is worth minutes of compiling.
const OPTIMISED: [&str; 6] = ["test", "--release", "--package", "portcullis-policy", "--test", "lint"];
/// How a short one is run: as it is built for the tests.
pub(crate) const AS_BUILT: [&str; 4] = ["test", "--workspace", "--test", "lint"];

#[derive(Debug, Args)]
pub(crate) struct LintProofArgs {
    /// How many random policies the record is to hold; what it holds already is not done again
    #[arg(long, default_value_t = 100_000)]
    cases: u64,
    /// The first seed of a record that begins anew
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &LintProofArgs) -> Result<()> {
    stage::must(
        "build the linter's proof",
        tools::cargo(&[&OPTIMISED[..], &["--no-run", "--color", "never"]].concat()),
    )?;
    let source = source()?;
    let mut record = recorded().filter(|one| tools::at(one, "source").as_str() == Some(&source)).unwrap_or_else(
        || json!({ "format_version": "1.0", "seed": args.seed, "policies": 0, "source": source, "wrong": [] }),
    );
    let bar = progress(args.cases);
    loop {
        let done = record::number(&record, "policies");
        bar.set_position(done.min(args.cases));
        let piece = PIECE.min(args.cases.saturating_sub(done));
        if piece == 0 {
            break;
        }
        let first = record::number(&record, "seed").checked_add(done).ok_or_else(|| eyre!("the seeds end"))?;
        let found = measure(&OPTIMISED, first, piece, &bar, done)?;
        add(&mut record, &found)?;
        record::write(RECORD, &record)?;
    }
    bar.finish_and_clear();
    let wrong = tools::at(&record, "wrong").as_array().map_or(0, Vec::len);
    if args.json {
        println!("{record}");
    } else {
        println!(
            "{} policies from seed {}, {} requests, {wrong} wrong, in {} s",
            record::number(&record, "policies"),
            record::number(&record, "seed"),
            record::number(&record, "requests"),
            record::number(&record, "seconds")
        );
    }
    if wrong != 0 {
        bail!("the linter is wrong about {wrong} policies: seeds {}", tools::at(&record, "wrong"));
    }
    Ok(())
}

/// One piece, by the tests' own harness, which takes every core.
pub(crate) fn measure(test: &[&str], seed: u64, policies: u64, bar: &ProgressBar, before: u64) -> Result<Value> {
    let file = tools::root().join("target/xtask/lint-proof.json");
    std::fs::create_dir_all(tools::root().join("target/xtask")).wrap_err("cannot create target/xtask")?;
    let name = "findings::nothing_is_found_or_differs_that_no_request_shows_and_nothing_that_one_shows_is_missed";
    let mut command = tools::cargo(&[test, &["--quiet", "--", "--exact", name, "--nocapture"]].concat());
    command.env("PORTCULLIS_LINT_POLICIES", policies.to_string()).env("PORTCULLIS_LINT_SEED", seed.to_string());
    command.env("PORTCULLIS_LINT_REPORT", &file).stdout(Stdio::null()).stderr(Stdio::piped());
    // What an earlier run left must not be taken for this one's.
    let _ = std::fs::remove_file(&file);
    let mut child = command.spawn().wrap_err("cannot start the linter's proof")?;
    let mut told = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            match line.strip_prefix("progress ").and_then(|text| text.parse::<u64>().ok()) {
                Some(done) => bar.set_position(before.saturating_add(done)),
                None => told.push(line),
            }
        }
    }
    child.wait().wrap_err("cannot wait for the linter's proof")?;
    let Ok(text) = std::fs::read_to_string(&file) else {
        bail!("the linter's proof noted nothing:\n{}", told.join("\n"));
    };
    // A wrong policy is told as its seed; the text that shows it belongs to stderr.
    let report: Value = serde_json::from_str(&text).wrap_err("the linter's proof noted no JSON")?;
    if tools::at(&report, "wrong").as_array().is_none_or(|wrong| !wrong.is_empty()) {
        eprintln!("{}", told.join("\n"));
    }
    Ok(report)
}

pub(crate) fn recorded() -> Option<Value> {
    record::read(RECORD)
}

/// The hash of everything that a proof is about.
pub(crate) fn source() -> Result<String> {
    record::source(&SOURCES)
}

fn add(record: &mut Value, found: &Value) -> Result<()> {
    let mut sums = json!({});
    for key in ["policies", "requests", "witnesses", "undetermined", "differences", "seconds"] {
        let sum = record::number(record, key)
            .checked_add(record::number(found, key))
            .ok_or_else(|| eyre!("too many {key}"))?;
        record::set(&mut sums, key, sum.into())?;
    }
    let mut findings = tools::at(record, "findings").as_object().cloned().unwrap_or_default();
    for (kind, count) in tools::at(found, "findings").as_object().into_iter().flatten() {
        let known = findings.get(kind).and_then(Value::as_u64).unwrap_or(0);
        findings.insert(kind.clone(), known.saturating_add(count.as_u64().unwrap_or(0)).into());
    }
    let wrong = [record, found].map(|one| tools::at(one, "wrong").as_array().cloned().unwrap_or_default()).concat();
    let more = json!({ "findings": findings, "wrong": wrong, "date": record::today()?, "machine": tools::machine() });
    for (key, value) in sums.as_object().into_iter().chain(more.as_object()).flatten() {
        record::set(record, key, value.clone())?;
    }
    Ok(())
}

fn progress(cases: u64) -> ProgressBar {
    let bar = ProgressBar::new(cases);
    if std::io::stderr().is_terminal() {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} policies, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    } else {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
