//! `bench simulate`: one transfer of a guarded Safe, simulated in every way that the command has, beside others.
//!
//! `--record` keeps what was found in `evidence/bench-simulate.json`, for as long as the source stays the same.

use crate::{record, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Value, json};

const RECORD: &str = "evidence/bench-simulate.json";
/// What the figures are about.
const SOURCES: [&str; 5] =
    ["crates/simulate/src/", "crates/eval/src/", "crates/cli/src/fork/", "crates/cli/benches/", "benches/fork-db/"];
/// A peer with a revm of its own.
const FORK_DB: [&str; 5] =
    ["--release", "--locked", "--manifest-path", "benches/Cargo.toml", "--package=portcullis-bench-fork-db"];

#[derive(Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Keep the figures in evidence/
    #[arg(long)]
    record: bool,
}

/// A figure on record.
pub(crate) struct Recorded {
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) value: String,
    pub(crate) met: bool,
}

pub(crate) fn run(args: &SimulateArgs) -> Result<()> {
    let build = ["build", "--release", "--locked", "--package", "portcullis-cli", "--color", "never"];
    stage::must("build portcullis, optimised", tools::cargo(&build))?;
    // The bench itself only waits, so it is built as tests are.
    let common = ["bench", "--profile", "dev", "--locked", "--workspace", "--bench", "simulate"];
    stage::must("build the bench", tools::cargo(&[common.as_slice(), &["--no-run", "--color", "never"]].concat()))?;
    stage::must(
        "build foundry-fork-db, optimised",
        tools::cargo(&[["build", "--color", "never"].as_slice(), &FORK_DB].concat()),
    )?;
    let mut command = tools::cargo(&[common.as_slice(), &["--quiet", "--"]].concat());
    command.env("PORTCULLIS_BENCH_BINARY", tools::root().join("target/release/portcullis"));
    command.env("PORTCULLIS_BENCH_FORK_DB", tools::root().join("benches/target/release/portcullis-bench-fork-db"));
    if !args.json && !args.record {
        return tools::pass_through(command).wrap_err("bench simulate");
    }
    let mut found: Value = serde_json::from_str(&tools::capture({
        command.arg("--json");
        command
    })?)
    .wrap_err("the bench printed something else than JSON")?;
    let more = json!({
        "format_version": "1.0", "source": record::source(&SOURCES)?, "date": record::today()?,
        "machine": tools::machine(),
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        record::set(&mut found, key, value.clone())?;
    }
    if args.record {
        record::write(RECORD, &found)?;
    }
    if args.json {
        println!("{found}");
        return Ok(());
    }
    let missed: Vec<String> = figures(&found)?.into_iter().filter(|one| !one.met).map(|one| one.name).collect();
    if !missed.is_empty() {
        bail!("recorded, and missed: {}", missed.join(", "));
    }
    Ok(())
}

/// The figures on record of this very source.
pub(crate) fn recorded() -> Result<Vec<Recorded>> {
    let source = record::source(&SOURCES)?;
    let whole = record::read(RECORD).filter(|one| tools::at(one, "source").as_str() == Some(&source));
    whole.map_or(Ok(Vec::new()), |whole| figures(&whole))
}

fn figures(whole: &Value) -> Result<Vec<Recorded>> {
    let figure = |one: &Value| -> Option<Recorded> {
        let text = |key| tools::at(one, key).as_str().map(str::to_owned);
        let (unit, value) = (text("unit")?, tools::at(one, "value").as_f64()?);
        let (most, least) = (tools::at(one, "at_most").as_f64(), tools::at(one, "at_least").as_f64());
        let (sign, target, met) = match (most, least) {
            (Some(most), None) => ("<=", most, value <= most),
            (None, Some(least)) => (">=", least, value >= least),
            _ => return None,
        };
        Some(Recorded {
            name: text("name")?,
            target: format!("{sign} {target} {unit}"),
            value: format!("{value:.3} {unit}"),
            met,
        })
    };
    let all = tools::at(whole, "figures").as_array().map(|all| all.iter().map(figure).collect::<Option<Vec<_>>>());
    all.flatten().filter(|all| !all.is_empty()).ok_or_else(|| eyre!("the bench told no figures"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_met_by_its_value_and_not_by_what_the_record_says() {
        let whole = json!({ "figures": [
            { "name": "a", "unit": "ms", "value": 2.0, "at_most": 1.0, "met": true },
            { "name": "b", "unit": "times", "value": 6.0, "at_least": 5.0, "met": false },
        ] });
        let met: Vec<bool> = figures(&whole).unwrap().iter().map(|one| one.met).collect();
        assert_eq!(met, [false, true]);
        assert!(figures(&json!({ "figures": [{ "name": "a" }] })).is_err() && figures(&json!({})).is_err());
    }
}
