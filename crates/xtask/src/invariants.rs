//! `invariants`: long random histories of real accounts, and what was seen of them.

use crate::{link, setup, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail};
use serde_json::{Value, json};
use std::fs;
use std::process::Stdio;
use std::time::Instant;

const TESTS: &str = "test/invariant/*.t.sol";
const RECORD: &str = "evidence/invariants.json";

#[derive(Debug, Args)]
pub(crate) struct InvariantsArgs {
    /// How many histories of each sort of account
    #[arg(long, default_value_t = 8)]
    runs: u32,
    /// How many steps each history has
    #[arg(long, default_value_t = 5000)]
    depth: u32,
    /// What decides the steps
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Add the run to evidence/invariants.json
    #[arg(long)]
    record: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &InvariantsArgs) -> Result<()> {
    setup::run()?;
    let started = Instant::now();
    let mut command =
        tools::foundry("forge", &["test", "--match-path", TESTS, "--match-test", "invariant_", "--json"])?;
    command
        .args(["--fuzz-seed", &args.seed.to_string()])
        .env("FOUNDRY_INVARIANT_RUNS", args.runs.to_string())
        .env("FOUNDRY_INVARIANT_DEPTH", args.depth.to_string());
    eprintln!(".... invariants: {} histories of {} steps, of each sort of account", args.runs, args.depth);
    let output = command.stderr(Stdio::inherit()).output().wrap_err("cannot start forge")?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .wrap_err_with(|| format!("forge test printed no JSON object ({})", output.status))?;
    let (accounts, broken) = read(&report)?;
    let row = json!({
        "source": source()?, "seed": args.seed, "runs": args.runs, "depth": args.depth, "accounts": accounts,
        "broken": broken, "seconds": started.elapsed().as_secs(),
        "date": tools::capture(tools::command("date", &["-u", "+%Y-%m-%d"]))?.trim(), "machine": tools::machine(),
    });
    if args.record {
        record(&row)?;
    }
    if args.json {
        println!("{row}");
    } else {
        for (name, calls) in accounts.as_object().into_iter().flatten() {
            println!("{name}: {calls} steps");
        }
    }
    if !broken.is_empty() {
        bail!("{}", broken.join("; "));
    }
    eprintln!("every property held after every step");
    Ok(())
}

/// Steps by sort of account, and what broke.
fn read(report: &Value) -> Result<(Value, Vec<String>)> {
    let mut accounts = serde_json::Map::new();
    let mut broken = Vec::new();
    for (contract, suite) in report.as_object().into_iter().flatten() {
        let name = contract.rsplit(':').next().unwrap_or(contract);
        for (test, result) in tools::at(suite, "test_results").as_object().into_iter().flatten() {
            if tools::at(result, "status").as_str() != Some("Success") {
                let reason = tools::at(result, "reason").as_str().unwrap_or("no reason given");
                broken.push(format!("{name} {test}: {reason}"));
            }
            let calls = tools::at(tools::at(tools::at(result, "kind"), "Invariant"), "calls");
            accounts.insert(name.to_owned(), calls.clone());
        }
    }
    if accounts.is_empty() {
        bail!("no history was made");
    }
    Ok((Value::Object(accounts), broken))
}

/// Runs add up as long as the contracts and the histories are the same.
fn record(row: &Value) -> Result<()> {
    let path = tools::root().join(RECORD);
    let rows =
        fs::read_to_string(&path).map_or_else(|_| json!([]), |text| serde_json::from_str(&text).unwrap_or(json!([])));
    let mut kept: Vec<Value> = rows.as_array().into_iter().flatten().cloned().collect();
    kept.retain(|old| tools::at(old, "source") == tools::at(row, "source"));
    kept.push(row.clone());
    fs::create_dir_all(tools::root().join("evidence")).wrap_err("cannot create evidence/")?;
    let text = serde_json::to_string_pretty(&kept)?;
    fs::write(&path, text + "\n").wrap_err_with(|| format!("cannot write {RECORD}"))
}

fn source() -> Result<String> {
    let mut digest = Vec::new();
    for path in tools::tracked_files()? {
        if path.ends_with(".sol") && (path.starts_with("contracts/") || path.starts_with("test/invariant/")) {
            let text = fs::read(tools::root().join(&path)).wrap_err_with(|| format!("cannot read {path}"))?;
            digest = link::keccak(&[digest.as_slice(), path.as_bytes(), &text].concat());
        }
    }
    Ok(link::digits(&digest).chars().take(16).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: &str) -> Value {
        json!({ "test/a.sol:A": { "test_results": { "invariant_a()": {
            "status": status, "reason": "INV-1.1", "kind": { "Invariant": { "calls": 10 } } } } } })
    }

    #[test]
    fn steps_are_counted_and_what_breaks_is_told() {
        let (accounts, broken) = read(&report("Success")).unwrap();
        assert_eq!((accounts, broken), (json!({ "A": 10 }), Vec::new()));
        let (_, broken) = read(&report("Failure")).unwrap();
        assert_eq!(broken, ["A invariant_a(): INV-1.1"]);
        assert!(read(&json!({})).is_err());
    }
}
