//! `test`: every test of both languages, and one line that counts them.

use crate::stage::{self, Outcome};
use crate::{bench_gas, setup, tools};
use eyre::{Result, WrapErr, bail};
use std::process::Stdio;
use std::thread;

/// Tests that passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs all runners, whatever the first ones say, so that one run tells everything that fails.
pub(crate) fn run() -> Result<()> {
    setup::run()?;
    let mut total = Count::default();
    let mut broken = Vec::new();
    let mut note = |name: &str, outcome: &Outcome, closing: fn(&str) -> Option<Count>| {
        for line in &outcome.lines {
            if let Some(count) = closing(line) {
                println!("{name}: {}", line.trim());
                total.passed = total.passed.saturating_add(count.passed);
                total.failed = total.failed.saturating_add(count.failed);
            }
        }
        if !outcome.passed {
            broken.push(name.to_owned());
        }
    };

    let nextest = tools::probe(tools::cargo(&["nextest", "--version"])).is_some();
    let (runner, common) = if nextest {
        ("cargo nextest", ["nextest", "run", "--workspace", "--no-tests=pass", "--color", "never"].as_slice())
    } else {
        ("cargo test", ["test", "--workspace", "--lib", "--bins", "--tests", "--color", "never"].as_slice())
    };
    ahead(&[common, &["--no-run"]].concat())?;

    let build = stage::run("forge build", tools::foundry("forge", &["build", "--color", "never"])?)?;
    note("forge build", &build, |_| None);
    let forge = stage::run("forge test", tools::foundry("forge", &["test", "--color", "never"])?)?;
    note("forge test", &forge, forge_count);
    let mut gas = tools::foundry("forge", &["test", "--color", "never"])?;
    gas.env("FOUNDRY_PROFILE", bench_gas::PROFILE);
    note("forge test (gas)", &stage::run("forge test (gas)", gas)?, forge_count);

    // It waits for what is built ahead, and says what of that failed.
    let cargo = stage::run(runner, tools::cargo(&[common, &["--no-fail-fast"]].concat()))?;
    note(runner, &cargo, if nextest { nextest_count } else { libtest_count });
    let args = ["test", "--workspace", "--doc", "--no-fail-fast", "--color", "never"];
    let doctests = stage::run("doctests", tools::cargo(&args))?;
    note("doctests", &doctests, libtest_count);

    println!("{} passed, {} failed", total.passed, total.failed);
    if !broken.is_empty() {
        bail!("failed: {}", broken.join(", "));
    }
    if total.failed > 0 || total.passed == 0 {
        bail!("{} tests failed, {} passed", total.failed, total.passed);
    }
    Ok(())
}

/// Begins to build the tests of Rust while forge compiles, which takes one core for minutes from nothing.
fn ahead(args: &[&str]) -> Result<()> {
    let mut command = tools::cargo(args);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().wrap_err("cannot start cargo")?;
    thread::spawn(move || child.wait());
    Ok(())
}

/// The number in front of a word: `12 passed` has 12 in front of `passed`.
fn number_before(line: &str, word: &str) -> Option<u64> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.windows(2).find_map(|pair| match pair {
        [number, next] if next.trim_end_matches([',', ';']) == word => number.parse().ok(),
        _ => None,
    })
}

/// `Ran 5 test suites in 1.20s (…): 23 tests passed, 0 failed, 0 skipped (23 total tests)`
fn forge_count(line: &str) -> Option<Count> {
    let (_, counts) = line.trim().strip_prefix("Ran ")?.split_once("): ")?;
    let mut words = counts.split_whitespace();
    let passed = words.next()?.parse().ok()?;
    counts.contains("total tests").then_some(())?;
    Some(Count { passed, failed: number_before(counts, "failed")? })
}

/// `Summary [   0.5s] 12 tests run: 10 passed (1 slow), 1 failed, 1 timed out, 0 skipped`
fn nextest_count(line: &str) -> Option<Count> {
    let (_, counts) = line.trim().strip_prefix("Summary [")?.split_once("run:")?;
    let passed = number_before(counts, "passed").unwrap_or(0);
    let failed = number_before(counts, "failed").unwrap_or(0);
    let timed_out = number_before(counts, "timed").unwrap_or(0);
    let unfit = number_before(counts, "exec").unwrap_or(0);
    Some(Count { passed, failed: failed.saturating_add(timed_out).saturating_add(unfit) })
}

/// How many tests of one of cargo's runs passed and failed; none where a line is no closing line.
pub(crate) fn libtest(line: &str) -> Option<(u64, u64)> {
    libtest_count(line).map(|count| (count.passed, count.failed))
}

/// `test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s`
fn libtest_count(line: &str) -> Option<Count> {
    let counts = line.trim().strip_prefix("test result: ")?;
    Some(Count { passed: number_before(counts, "passed")?, failed: number_before(counts, "failed")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_closing_line_of_each_runner() {
        let forge =
            "Ran 5 test suites in 1.20s (2.00s CPU time): 23 tests passed, 1 failed, 0 skipped (24 total tests)";
        assert_eq!(forge_count(forge), Some(Count { passed: 23, failed: 1 }));
        let nextest = "     Summary [   0.5s] 12 tests run: 10 passed (1 slow), 1 failed, 1 timed out, 0 skipped";
        assert_eq!(nextest_count(nextest), Some(Count { passed: 10, failed: 2 }));
        let libtest = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(libtest_count(libtest), Some(Count { passed: 3, failed: 0 }));
    }

    #[test]
    fn counts_no_other_line() {
        assert_eq!(forge_count("Ran 3 tests for test/A.t.sol:A"), None);
        assert_eq!(forge_count("Suite result: ok. 3 passed; 0 failed; 0 skipped"), None);
        assert_eq!(nextest_count("PASS [   0.1s] a::b"), None);
        assert_eq!(libtest_count("test a ... ok"), None);
    }
}
