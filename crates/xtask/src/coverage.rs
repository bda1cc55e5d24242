//! `coverage`: how much of the contracts the tests reach, by line and by branch.

use crate::{setup, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail};
use serde_json::json;
use std::fs;

/// What is asked for, in percent.
const LEAST: u64 = 98;
const REPORT: &str = "target/xtask/coverage.lcov";

#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// How many there are, and how many were reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reached {
    all: u64,
    hit: u64,
}

impl Reached {
    fn count(&mut self, hit: bool) {
        self.all = self.all.saturating_add(1);
        self.hit = self.hit.saturating_add(u64::from(hit));
    }

    fn suffices(self) -> bool {
        self.all != 0 && self.hit.saturating_mul(100) >= self.all.saturating_mul(LEAST)
    }
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Coverage {
    lines: Reached,
    branches: Reached,
    /// File and line of what no test reaches.
    missed: Vec<String>,
}

pub(crate) fn run(args: &CoverageArgs) -> Result<()> {
    setup::run()?;
    let report = tools::root().join(REPORT);
    if report.exists() {
        fs::remove_file(&report).wrap_err("cannot remove the last report")?;
    }
    // Gas is measured on the committed code, and Halmos's properties are no tests.
    let mut command = tools::foundry("forge", &["coverage", "--no-match-path", "test/{gas,symbolic}/*"])?;
    command.args(["--report", "lcov", "--report-file", REPORT, "--color", "never"]);
    stage::must("forge coverage", command)?;
    let found = read(&fs::read_to_string(&report).wrap_err_with(|| format!("cannot read {REPORT}"))?);
    let (lines, branches) = (found.lines, found.branches);
    if args.json {
        let row = |reached: Reached| json!({ "all": reached.all, "reached": reached.hit });
        println!("{}", json!({ "lines": row(lines), "branches": row(branches), "missed": found.missed }));
    } else {
        found.missed.iter().for_each(|place| println!("missed  {place}"));
        println!("{} of {} lines, {} of {} branches", lines.hit, lines.all, branches.hit, branches.all);
    }
    if !lines.suffices() || !branches.suffices() {
        bail!("fewer than {LEAST} % of lines or branches are reached");
    }
    Ok(())
}

/// Of an lcov report, what it says of contracts/. Yul has no branches there: boundary tests are what reaches them.
fn read(report: &str) -> Coverage {
    let mut found = Coverage::default();
    let mut file = None;
    for line in report.lines() {
        if let Some(path) = line.strip_prefix("SF:") {
            file = path.starts_with("contracts/").then_some(path);
        }
        let Some(path) = file else { continue };
        let (reached, what, place) = if let Some(line) = line.strip_prefix("DA:") {
            (&mut found.lines, "", line)
        } else if let Some(branch) = line.strip_prefix("BRDA:") {
            (&mut found.branches, " (branch)", branch)
        } else {
            continue;
        };
        // The number of times comes last, and is "-" where even the line was not reached.
        let hit = place.rsplit(',').next().is_some_and(|times| times.parse::<u64>().is_ok_and(|times| times > 0));
        reached.count(hit);
        if !hit {
            let number = place.split(',').next().unwrap_or_default();
            found.missed.push(format!("{path}:{number}{what}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_contracts_count_and_what_is_missed_is_named() {
        let report =
            "SF:test/A.sol\nDA:1,0\nend_of_record\nSF:contracts/B.sol\nDA:1,3\nDA:2,0\nBRDA:2,0,0,-\nBRDA:3,1,0,2\n";
        let found = read(report);
        assert_eq!((found.lines, found.branches), (Reached { all: 2, hit: 1 }, Reached { all: 2, hit: 1 }));
        assert_eq!(found.missed, ["contracts/B.sol:2", "contracts/B.sol:2 (branch)"]);
    }

    #[test]
    fn nothing_at_all_does_not_suffice() {
        assert!(!read("").lines.suffices());
        assert!(!Reached { all: 100, hit: 97 }.suffices());
        assert!(Reached { all: 100, hit: 98 }.suffices());
    }
}
