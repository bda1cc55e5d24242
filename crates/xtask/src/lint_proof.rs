//! `lint-proof`: the linter and the difference of policies against brute force over small worlds, added up over runs
//! in `evidence/lint-proof.json`.
//!
//! Runs at one source hash add up, so a long proof is made in pieces; a changed source begins anew.

use crate::{stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};
use sha3::{Digest, Keccak256};
use std::io::{BufRead, BufReader, IsTerminal};
use std::process::Stdio;

/// Where runs add up.
const RECORD: &str = "evidence/lint-proof.json";
/// What a proof is about.
const SOURCES: [&str; 4] =
    ["crates/policy/src/", "crates/policy/tests/lint/", "crates/eval/src/", "crates/attest/src/"];
/// How many policies are looked at before the record is written.
const PIECE: u64 = 1_000;

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
    let build =
        ["test", "--release", "--package", "portcullis-policy", "--test", "lint", "--no-run", "--color", "never"];
    stage::must("build the linter's proof", tools::cargo(&build))?;
    let source = source()?;
    let mut record = recorded().filter(|one| tools::at(one, "source").as_str() == Some(&source)).unwrap_or_else(
        || json!({ "format_version": "1.0", "seed": args.seed, "policies": 0, "source": source, "wrong": [] }),
    );
    let bar = progress(args.cases);
    loop {
        let done = number(&record, "policies");
        bar.set_position(done.min(args.cases));
        let piece = PIECE.min(args.cases.saturating_sub(done));
        if piece == 0 {
            break;
        }
        let first = number(&record, "seed").checked_add(done).ok_or_else(|| eyre!("the seeds end"))?;
        let found = measure(first, piece, &bar, done)?;
        add(&mut record, &found)?;
        write(&record)?;
    }
    bar.finish_and_clear();
    let wrong = tools::at(&record, "wrong").as_array().map_or(0, Vec::len);
    if args.json {
        println!("{record}");
    } else {
        println!(
            "{} policies from seed {}, {} requests, {wrong} wrong, in {} s",
            number(&record, "policies"),
            number(&record, "seed"),
            number(&record, "requests"),
            number(&record, "seconds")
        );
    }
    if wrong != 0 {
        bail!("the linter is wrong about {wrong} policies: seeds {}", tools::at(&record, "wrong"));
    }
    Ok(())
}

/// One piece, by the tests' own harness, which takes every core.
pub(crate) fn measure(seed: u64, policies: u64, bar: &ProgressBar, before: u64) -> Result<Value> {
    let file = tools::root().join("target/xtask/lint-proof.json");
    std::fs::create_dir_all(tools::root().join("target/xtask")).wrap_err("cannot create target/xtask")?;
    let name = "findings::nothing_is_found_or_differs_that_no_request_shows_and_nothing_that_one_shows_is_missed";
    let test = ["test", "--release", "--quiet", "--package", "portcullis-policy", "--test", "lint"];
    let mut command = tools::cargo(&[test.as_slice(), &["--", "--exact", name, "--nocapture"]].concat());
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
    serde_json::from_str(&std::fs::read_to_string(tools::root().join(RECORD)).ok()?).ok()
}

/// The hash of everything that a proof is about, with the names of the files.
pub(crate) fn source() -> Result<String> {
    let mut hash = Keccak256::new();
    let mut files = tools::tracked_files()?;
    files.sort_unstable();
    for path in files.iter().filter(|path| SOURCES.iter().any(|folder| path.starts_with(folder))) {
        let text = std::fs::read(tools::root().join(path)).wrap_err_with(|| format!("cannot read {path}"))?;
        hash.update(path.as_bytes());
        hash.update([0]);
        hash.update(Keccak256::digest(&text));
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn add(record: &mut Value, found: &Value) -> Result<()> {
    let mut sums = json!({});
    for key in ["policies", "requests", "witnesses", "undetermined", "differences", "seconds"] {
        let sum = number(record, key).checked_add(number(found, key)).ok_or_else(|| eyre!("too many {key}"))?;
        set(&mut sums, key, sum.into())?;
    }
    let mut findings = tools::at(record, "findings").as_object().cloned().unwrap_or_default();
    for (kind, count) in tools::at(found, "findings").as_object().into_iter().flatten() {
        let known = findings.get(kind).and_then(Value::as_u64).unwrap_or(0);
        findings.insert(kind.clone(), known.saturating_add(count.as_u64().unwrap_or(0)).into());
    }
    let wrong = [record, found].map(|one| tools::at(one, "wrong").as_array().cloned().unwrap_or_default()).concat();
    let date = tools::capture(tools::command("date", &["-u", "+%Y-%m-%d"]))?.trim().to_owned();
    let more = json!({ "findings": findings, "wrong": wrong, "date": date, "machine": tools::machine() });
    for (key, value) in sums.as_object().into_iter().chain(more.as_object()).flatten() {
        set(record, key, value.clone())?;
    }
    Ok(())
}

fn set(object: &mut Value, key: &str, value: Value) -> Result<()> {
    let object = object.as_object_mut().ok_or_else(|| eyre!("{RECORD} is no JSON object"))?;
    object.insert(key.to_owned(), value);
    Ok(())
}

fn write(record: &Value) -> Result<()> {
    let file = tools::root().join(RECORD);
    std::fs::create_dir_all(tools::root().join("evidence")).wrap_err("cannot create evidence")?;
    let text = serde_json::to_string_pretty(record).wrap_err("cannot write JSON")?;
    std::fs::write(file, text + "\n").wrap_err_with(|| format!("cannot write {RECORD}"))
}

pub(crate) fn number(value: &Value, key: &str) -> u64 {
    tools::at(value, key).as_u64().unwrap_or(0)
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
