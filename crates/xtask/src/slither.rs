//! `slither`: what the static analyser finds in the contracts, held to the answers in SECURITY.md.

use crate::{pypi, setup, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;

const PACKAGES: [&str; 2] = ["slither-analyzer==0.11.6", "crytic-compile==0.4.2"];
/// Where the answers are: a table whose rows begin with a detector and how many findings it has.
const ANSWERS: &str = "SECURITY.md";

#[derive(Debug, Args)]
pub(crate) struct SlitherArgs {
    /// Print one JSON object on stdout, with every finding
    #[arg(long)]
    json: bool,
}

/// Of each detector, what it found.
type Findings = BTreeMap<String, Vec<String>>;

pub(crate) fn run(args: &SlitherArgs) -> Result<()> {
    setup::run()?;
    let venv = pypi::environment("slither", &PACKAGES)?;
    // It reads everything that was ever compiled there.
    for folder in
        ["out/slither", "cache/slither"].map(|name| tools::root().join(name)).iter().filter(|path| path.exists())
    {
        fs::remove_dir_all(folder).wrap_err_with(|| format!("cannot remove {}", tools::shown(folder)))?;
    }
    let mut build = tools::foundry("forge", &["build", "contracts", "--build-info", "--ast", "--color", "never"])?;
    build.args(["--out", "out/slither", "--cache-path", "cache/slither", "--skip", "test", "--skip", "script"]);
    stage::must("forge build (slither)", build)?;
    let report = venv.join("report.json");
    // It refuses to write over one, and what an earlier run found must not pass for this one's.
    if report.exists() {
        fs::remove_file(&report).wrap_err("cannot remove the last report")?;
    }
    let mut command = tools::command(&pypi::program(&venv, "slither").to_string_lossy(), &[".", "--ignore-compile"]);
    command
        .args(["--foundry-out-directory", "out/slither", "--filter-paths", "node_modules|test/", "--json"])
        .arg(&report)
        .env("PATH", pypi::path_with_forge()?);
    // Its exit code counts findings.
    stage::run("slither", command)?;
    let text = fs::read_to_string(&report).wrap_err("slither wrote no report; target/xtask/slither.log says why")?;
    let findings = read(&serde_json::from_str(&text).wrap_err("slither's report is not JSON")?)?;
    let answered = answered()?;
    let open = open(&findings, &answered);
    if args.json {
        println!("{}", json!({ "findings": findings, "answered": answered, "open": open }));
    } else {
        for (detector, found) in &findings {
            println!("{:>4}  {detector}", found.len());
        }
        println!("{} findings, {} not answered", findings.values().map(Vec::len).sum::<usize>(), open.len());
    }
    if !open.is_empty() {
        bail!("{}; look at them (--json) and answer them in {ANSWERS}", open.join("; "));
    }
    Ok(())
}

fn read(report: &Value) -> Result<Findings> {
    if tools::at(report, "success").as_bool() != Some(true) {
        bail!("slither failed: {}", tools::at(report, "error"));
    }
    let mut findings = Findings::new();
    for found in tools::at(tools::at(report, "results"), "detectors").as_array().into_iter().flatten() {
        let text = |key: &str| tools::at(found, key).as_str().unwrap_or_default().trim().to_owned();
        findings.entry(text("check")).or_default().push(text("description"));
    }
    if findings.is_empty() {
        bail!("slither found nothing at all: it looked at nothing");
    }
    Ok(findings)
}

/// How many findings of each detector are answered.
fn answered() -> Result<BTreeMap<String, usize>> {
    let text = fs::read_to_string(tools::root().join(ANSWERS)).wrap_err_with(|| format!("cannot read {ANSWERS}"))?;
    Ok(text.lines().filter_map(answer).collect())
}

/// A row such as "| `timestamp` | 15 | … |".
fn answer(line: &str) -> Option<(String, usize)> {
    let mut cells = line.strip_prefix("| `")?.split(" | ");
    let detector = cells.next()?.strip_suffix('`')?;
    Some((detector.to_owned(), cells.next()?.parse().ok()?))
}

/// What was found and is not answered, and what is answered and was not found.
fn open(findings: &Findings, answered: &BTreeMap<String, usize>) -> Vec<String> {
    let names: std::collections::BTreeSet<&String> = findings.keys().chain(answered.keys()).collect();
    let count = |name: &str| (findings.get(name).map_or(0, Vec::len), answered.get(name).copied().unwrap_or_default());
    names
        .into_iter()
        .map(|name| (name, count(name)))
        .filter(|(_, (found, told))| found != told)
        .map(|(name, (found, told))| format!("{name}: {found} found, {told} answered"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_without_an_answer_is_open_and_an_answer_without_a_finding_too() {
        let detectors = json!([{ "check": "a", "description": "one\n" }, { "check": "a", "description": "two" }]);
        let findings = read(&json!({ "success": true, "results": { "detectors": detectors } })).unwrap();
        let told = |rows: &[(&str, usize)]| rows.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
        assert!(open(&findings, &told(&[("a", 2)])).is_empty());
        assert_eq!(open(&findings, &told(&[])), ["a: 2 found, 0 answered"]);
        assert_eq!(open(&findings, &told(&[("a", 1), ("b", 1)])), ["a: 2 found, 1 answered", "b: 0 found, 1 answered"]);
    }

    #[test]
    fn a_run_that_failed_or_saw_nothing_is_not_clean() {
        assert!(read(&json!({ "success": false, "error": "no compiler" })).is_err());
        assert!(read(&json!({ "success": true, "results": {} })).is_err());
    }

    #[test]
    fn answers_are_read_where_they_stand() {
        assert_eq!(answer("| `timestamp` | 15 | Seconds. |"), Some(("timestamp".to_owned(), 15)));
        assert_eq!(answer("| detector | findings | answer |"), None);
        assert!(answered().unwrap().len() > 5);
    }
}
