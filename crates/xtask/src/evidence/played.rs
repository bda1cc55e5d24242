//! The demo's day, as figures: on each Safe every verdict twice, and none that differs.

use super::{Figure, run_to_end};
use crate::tools;
use eyre::Result;
use serde_json::Value;
use std::process::Command;

const SAFES: [&str; 2] = ["1.4.1", "1.5.0"];

pub(super) fn figures(place: &str, mut command: Command) -> Result<Vec<Figure>> {
    command.arg("--json");
    let (report, passed) = run_to_end(&format!("demo, {place}"), command)?;
    let mut figures = verdict_figures(place, &report);
    figures.push(Figure {
        name: format!("demo, {place}: reasons, rules, effects and values agree"),
        target: "yes".to_owned(),
        value: if passed { "yes" } else { "no" }.to_owned(),
        met: passed,
        seed: None,
    });
    Ok(figures)
}

/// The verdicts of each Safe's steps, of which each must have both.
fn verdict_figures(place: &str, report: &Value) -> Vec<Figure> {
    let steps: Vec<&Value> =
        tools::at(report, "steps").as_array().map(|steps| steps.iter().collect()).unwrap_or_default();
    let mut figures = Vec::new();
    for safe in SAFES {
        let own: Vec<&&Value> = steps.iter().filter(|step| tools::at(step, "safe").as_str() == Some(safe)).collect();
        let verdict = |step: &Value, side: &str| tools::at(step, side).as_str().map(str::to_owned);
        let agreed: Vec<String> = own
            .iter()
            .filter_map(|step| verdict(step, "chain").filter(|chain| verdict(step, "rust").as_ref() == Some(chain)))
            .collect();
        let both = ["allow", "deny"].iter().all(|one| agreed.iter().any(|verdict| verdict == one));
        let differing = own.len().saturating_sub(agreed.len());
        figures.push(Figure {
            name: format!("demo, {place}, Safe {safe}: verdict pairs that differ"),
            target: "0, with both verdicts among the steps".to_owned(),
            value: format!("{differing} of {}", own.len()),
            met: differing == 0 && both,
            seed: None,
        });
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn met(steps: &Value) -> Vec<bool> {
        verdict_figures("embedded", &json!({ "steps": steps })).iter().map(|figure| figure.met).collect()
    }

    fn step(safe: &str, chain: &str, rust: &str) -> Value {
        json!({ "safe": safe, "chain": chain, "rust": rust })
    }

    #[test]
    fn steps_without_verdicts_and_a_day_without_steps_are_missed() {
        assert_eq!(met(&json!([])), [false, false]);
        assert_eq!(verdict_figures("embedded", &json!({})).iter().filter(|figure| figure.met).count(), 0);
        let whole = [step("1.4.1", "allow", "allow"), step("1.4.1", "deny", "deny")];
        assert_eq!(met(&json!(whole)), [true, false]);
        let [first, second] = whole;
        assert_eq!(met(&json!([first, second, { "safe": "1.4.1" }])), [false, false]);
    }

    #[test]
    fn verdicts_that_differ_or_are_all_alike_are_missed() {
        assert_eq!(met(&json!([step("1.4.1", "allow", "allow"), step("1.4.1", "deny", "allow")])), [false, false]);
        assert_eq!(met(&json!([step("1.4.1", "deny", "deny")])), [false, false]);
    }
}
