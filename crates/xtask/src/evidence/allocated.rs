//! Allocations, as figures: the tests of `portcullis-allocate` at the sizes that are claimed.

use super::Figure;
use crate::{stage, suite, tools};
use eyre::Result;

/// A figure, what the test behind it calls its cases, the variable that sets how many it makes, and how many have to
/// hold: not each corruption changes something, and not each portfolio's bounds collide.
const TRIED: [(&str, &str, &str, u64, u64); 5] = [
    ("optima that brute force does not find", "instances", "PORTCULLIS_ALLOCATE_INSTANCES", 20_000, 20_000),
    ("colliding bounds without a cut that proves it", "cuts", "PORTCULLIS_ALLOCATE_CUTS", 4_000, 1_000),
    ("orders and thread counts that change a byte", "permutations", "PORTCULLIS_ALLOCATE_PERMUTATIONS", 10_000, 10_000),
    ("corrupted proposals accepted", "corruptions", "PORTCULLIS_ALLOCATE_CORRUPTIONS", 11_000, 10_000),
    ("totals above 10^30 that a phase changes", "totals", "PORTCULLIS_ALLOCATE_TOTALS", 200, 200),
];

pub(super) fn figures() -> Result<Vec<Figure>> {
    let tests = ["test", "--workspace", "--test", "allocate", "--color", "never", "--"];
    let mut command = tools::cargo(&[tests.as_slice(), &["optimum::", "proposal::", "--nocapture"]].concat());
    command.envs(TRIED.map(|(_, _, variable, count, _)| (variable, count.to_string())));
    let outcome = stage::run("try allocations", command)?;
    let ended: Vec<_> = outcome.lines.iter().filter_map(|line| suite::libtest(line)).collect();
    let passed =
        outcome.passed && !ended.is_empty() && ended.iter().all(|(passed, failed)| *passed > 0 && *failed == 0);
    let figure = |(name, what, _, _, least)| figure(name, least, held(&outcome.lines, what), passed);
    Ok(TRIED.map(figure).into())
}

fn figure(name: &str, least: u64, held: Option<u64>, passed: bool) -> Figure {
    Figure {
        name: format!("allocation: {name}"),
        target: format!("0 of {least}"),
        value: held.map_or_else(|| "not proved".to_owned(), |held| format!("0 of {held}")),
        met: passed && held >= Some(least),
        seed: None,
    }
}

/// How many cases held, as a test tells at its end: it ends at the first that does not.
fn held(lines: &[String], what: &str) -> Option<u64> {
    let told = lines.iter().filter_map(|line| line.split_once("tried ")?.1.split_once(' '));
    told.filter(|(_, told)| *told == what).find_map(|(count, _)| count.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_test_tells_or_too_few_cases_prove_nothing() {
        let lines = ["test it_is_the_best ... tried 20000 instances", "tried 7 cuts"].map(str::to_owned);
        assert_eq!(
            (held(&lines, "instances"), held(&lines, "cuts"), held(&lines, "totals")),
            (Some(20_000), Some(7), None)
        );
        assert!(figure("optimum", 20_000, Some(20_000), true).met);
        assert!(!figure("optimum", 20_000, Some(19_999), true).met);
        assert!(!figure("optimum", 20_000, None, true).met);
        assert!(!figure("optimum", 20_000, Some(20_000), false).met);
    }
}
