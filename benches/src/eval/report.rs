//! What was found, for people and for programs.

use super::corpus::Hit;
use super::exact::{self, Outcome};
use super::sample::Row;
use super::{Compile, Findings};
use crate::figure::Figure;
use comfy_table::{Table, presets};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

const OURS: &str = "portcullis";
/// Targets: the median at the largest size, how often the fastest peer's time fits, and compiling.
const DECISION_NS: f64 = 150.0;
const TIMES: f64 = 20.0;
const COMPILE_MS: f64 = 20.0;
/// A time is flat when the largest size takes at most this many hundredths of the smallest's.
const FLAT: f64 = 150.0;

/// One object, with a row for each engine, size and hit, with explanation or without.
pub(crate) fn json(findings: &Findings) -> Value {
    let rows = findings.rows.iter().map(|row| {
        json!({
            "engine": row.engine,
            "rules": row.rules,
            "hit": row.hit.to_string(),
            "explain": row.explain,
            "ns": nanoseconds(row.ps),
        })
    });
    let compile = &findings.compile;
    let exactness = findings.exactness.iter().map(|row| {
        let outcomes = exact::edges().into_iter().zip(&row.outcomes);
        let outcomes = outcomes.map(|((edge, _), outcome)| (edge.to_owned(), json!(outcome.to_string())));
        json!({ "engine": row.engine, "form": row.form, "outcomes": outcomes.collect::<serde_json::Map<_, _>>() })
    });
    let figures = targets(findings).iter().map(Figure::json).collect::<Vec<_>>();
    json!({
        "format_version": "1.0",
        "machine": findings.machine,
        "seed": findings.seed,
        "answers_compared": findings.compared,
        "rows": rows.collect::<Vec<_>>(),
        "compile": {
            "rules": compile.rules,
            "program_bytes": compile.program_bytes,
            "parse_us": u64::try_from(compile.parse.as_micros()).unwrap_or(u64::MAX),
            "compile_us": u64::try_from(compile.compile.as_micros()).unwrap_or(u64::MAX),
        },
        "exactness": exactness.collect::<Vec<_>>(),
        "figures": figures,
    })
}

/// Tables.
pub(crate) fn text(findings: &Findings) -> String {
    let mut text = format!("{}\nseed {}\n", findings.machine, findings.seed);
    let _ = writeln!(text, "{} answers agreed before anything was timed\n", findings.compared);
    for (explain, title) in [(false, "Decision only"), (true, "Decision with explanation")] {
        let _ = writeln!(text, "{title}: nanoseconds, medians\n{}\n", speed(&findings.rows, explain));
    }
    let Compile { rules, program_bytes, parse, compile } = findings.compile;
    let _ = writeln!(
        text,
        "Compiling {rules} rules to {program_bytes} bytes: {} µs, after parsing the document in {} µs\n",
        compile.as_micros(),
        parse.as_micros()
    );
    let mut table = table(["engine", "amount given as"].into_iter().chain(exact::edges().map(|(name, _)| name)));
    for row in &findings.exactness {
        let outcomes = row.outcomes.iter().map(Outcome::to_string);
        table.add_row([row.engine.to_owned(), row.form.to_owned()].into_iter().chain(outcomes));
    }
    let _ = writeln!(text, "Exactness: amount <= bound, around each edge\n{table}\n");
    let mut table = self::table(["target", "measured", "met"]);
    for target in targets(findings) {
        let measured = format!("{:.1} {}", target.value, target.unit);
        table.add_row([target.name.clone(), measured, if target.met() { "yes" } else { "no" }.to_owned()]);
    }
    let _ = writeln!(text, "{table}");
    text
}

fn table<'a>(header: impl IntoIterator<Item = &'a str>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_header(header);
    table
}

/// Nanoseconds, rounded.
const fn nanoseconds(ps: u64) -> u64 {
    ps.saturating_add(500) / 1_000
}

/// A line for each size and hit, a column for each engine, and how many times ours fits the fastest peer's.
fn speed(rows: &[Row], explain: bool) -> Table {
    let rows = rows.iter().filter(|row| row.explain == explain).collect::<Vec<_>>();
    let mut engines = Vec::new();
    let mut lines = Vec::new();
    for row in &rows {
        if !engines.contains(&row.engine) {
            engines.push(row.engine);
        }
        if !lines.contains(&(row.rules, row.hit)) {
            lines.push((row.rules, row.hit));
        }
    }
    let mut table = table(["rules", "hit"].into_iter().chain(engines.iter().copied()).chain(["fastest peer / ours"]));
    for (rules, hit) in lines {
        let of = |engine: &str| rows.iter().find(|row| (row.engine, row.rules, row.hit) == (engine, rules, hit));
        let cells =
            engines.iter().map(|engine| of(engine).map_or_else(String::new, |row| nanoseconds(row.ps).to_string()));
        let times = times(&rows, rules, hit).map_or_else(String::new, tenths);
        table.add_row([rules.to_string(), hit.to_string()].into_iter().chain(cells).chain([times]));
    }
    table
}

/// How many tenths of our time the fastest peer's is.
fn times(rows: &[&Row], rules: usize, hit: Hit) -> Option<u64> {
    let same = || rows.iter().filter(|row| row.rules == rules && row.hit == hit);
    let ours = same().find(|row| row.engine == OURS)?.ps;
    let fastest = same().filter(|row| row.engine != OURS).map(|row| row.ps).min()?;
    fastest.saturating_mul(10).checked_div(ours)
}

fn tenths(value: u64) -> String {
    format!("{}.{}", value / 10, value % 10)
}

fn targets(findings: &Findings) -> Vec<Figure> {
    let rows = findings.rows.iter().filter(|row| !row.explain).collect::<Vec<_>>();
    let ours = rows.iter().filter(|row| row.engine == OURS).collect::<Vec<_>>();
    let sizes = ours.iter().map(|row| row.rules).collect::<BTreeSet<_>>();
    let mut targets = Vec::new();
    // Where only another engine was asked, nothing was measured of ours, and nothing is met.
    if let (Some(smallest), Some(largest)) = (sizes.first(), sizes.last()) {
        let slowest = |rules| ours.iter().filter(|row| row.rules == rules).map(|row| row.ps).max();
        let slowest = |rules| slowest(rules).map_or(f64::NAN, |ps| ps as f64 / 1_000.0);
        let (slow, quick) = (slowest(*largest), slowest(*smallest));
        targets.push(Figure::at_most(format!("a decision at {largest} rules"), slow, "ns", DECISION_NS));
        let growth = 100.0 * slow / quick;
        let name = format!("the time at {largest} rules by that at {smallest}, which cannot match");
        targets.push(Figure::at_most(name, growth, "%", FLAT));
    }
    for rules in sizes {
        for hit in Hit::ALL {
            let Some(tenths) = times(&rows, rules, hit) else { continue };
            let name = format!("the fastest peer's time by ours at {rules} rules, {hit}");
            targets.push(Figure::at_least(name, tenths as f64 / 10.0, "times", TIMES));
        }
    }
    let compile = findings.compile.compile.as_secs_f64() * 1_000.0;
    targets.push(Figure::at_most(format!("compiling {} rules", findings.compile.rules), compile, "ms", COMPILE_MS));
    targets
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn findings(engine: &'static str, ps: [u64; 2]) -> Findings {
        let rows = [10, 10_000].into_iter().zip(ps);
        let rows = rows.map(|(rules, ps)| Row { engine, rules, hit: Hit::Last, explain: false, ps }).collect();
        let slow = Duration::from_millis(21);
        let compile = Compile { rules: 1_000, program_bytes: 1, parse: slow, compile: slow };
        Findings { machine: String::new(), seed: 1, compared: 0, rows, compile, exactness: Vec::new() }
    }

    fn met(findings: &Findings) -> Vec<bool> {
        targets(findings).iter().map(Figure::met).collect()
    }

    #[test]
    fn what_was_not_measured_is_not_met() {
        assert_eq!(met(&findings("cel", [1, 1])), [false]);
        assert_eq!(met(&findings(OURS, [0, 0])), [true, false, false]);
    }

    #[test]
    fn targets_are_met_up_to_their_bounds() {
        assert_eq!(met(&findings(OURS, [100_000, 150_000])), [true, true, false]);
        assert_eq!(met(&findings(OURS, [100_000, 151_000])), [false, false, false]);
    }
}
