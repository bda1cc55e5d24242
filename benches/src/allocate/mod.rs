//! `allocate`: the optimum of portfolios in two crossing hierarchies, beside an interior-point solver and a simplex
//! solver.
//!
//! Clarabel and HiGHS are given only the first two levels of the order, least violation and then least turnover, which
//! are linear programs; ours decides all five.

mod agree;
mod highs;
mod linear;
mod portfolio;

use crate::figure::Figure;
use crate::machine;
use clap::Args;
use comfy_table::{Table, presets};
use eyre::{Result, eyre};
use highs::Highs;
use linear::Found;
use portcullis_allocate::solve::{Families, Problem, optimum};
use serde_json::json;
use std::time::{Duration, Instant};

#[derive(Debug, Args)]
pub(crate) struct AllocateArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Validators in a portfolio
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1_000, 10_000])]
    sizes: Vec<usize>,
    /// What the portfolios are made from
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Runs of each, of which the median counts
    #[arg(long, default_value_t = 5)]
    samples: usize,
    /// Instead of times: whether all agree on so many small portfolios, whose amounts floats hold exactly
    #[arg(long, value_name = "COUNT")]
    agree: Option<usize>,
}

const OURS: &str = "portcullis";
/// What is asked of a portfolio of so many validators.
const LARGEST: usize = 10_000;
const MOST_MS: f64 = 1_000.0;
/// What wei are counted in for solvers that take floats.
const ETHER: f64 = 1e18;

/// One solver on one portfolio.
struct Row {
    solver: &'static str,
    validators: usize,
    median: Duration,
    /// Whether total, violation and turnover are right to the last wei.
    exact: bool,
    /// How far violation and turnover are from the least ones, in wei.
    off: [i128; 2],
}

pub(crate) fn run(args: &AllocateArgs) -> Result<()> {
    let mut highs = Highs::start();
    if let Some(count) = args.agree {
        return agree::run(args.seed, count, highs?, args.json);
    }
    let mut rows = Vec::new();
    for &validators in &args.sizes {
        let problem = portfolio::of(args.seed, validators);
        let mut best = Vec::new();
        let ours = median(args.samples, || {
            let families = Families::of(&problem).map_err(|error| eyre!("{error}"))?;
            best = optimum(&problem, &families).map_err(|error| eyre!("{error}"))?.amounts;
            Ok(())
        })?;
        let least = [problem.violation(&best), turnover(&problem, &best)];
        rows.push(row(OURS, &problem, ours, &best, least));
        let mut found = Vec::new();
        let theirs = median(args.samples, || {
            found = wei(&linear::solve(&problem, ETHER, &mut |program| program.clarabel())?);
            Ok(())
        })?;
        rows.push(row("clarabel", &problem, theirs, &found, least));
        if let Ok(highs) = &mut highs {
            let mut times = Vec::new();
            for _ in 0..args.samples.max(1) {
                highs.worked = Duration::ZERO;
                found = wei(&linear::solve(&problem, ETHER, &mut |program| highs.solve(program))?);
                times.push(highs.worked);
            }
            rows.push(row("highs", &problem, middle(times)?, &found, least));
        }
        eprintln!("{validators} validators: done");
    }
    let absent: Vec<String> = highs.err().map(|error| format!("highs did not run: {error:#}")).into_iter().collect();
    if args.json {
        let largest = rows.iter().filter(|row| row.solver == OURS && row.validators == LARGEST);
        let figures = largest.map(|row| {
            let ms = row.median.as_secs_f64() * 1_000.0;
            Figure::at_most(format!("{LARGEST} validators in two hierarchies"), ms, "ms", MOST_MS).json()
        });
        let figures: Vec<_> = figures.collect();
        let rows = rows.iter().map(|row| {
            json!({
                "solver": row.solver, "validators": row.validators, "hierarchies": 2,
                "ms": row.median.as_secs_f64() * 1_000.0, "exact": row.exact,
                "violation_off_wei": row.off[0].to_string(), "turnover_off_wei": row.off[1].to_string(),
            })
        });
        let rows: Vec<_> = rows.collect();
        println!(
            "{}",
            json!({ "machine": machine::name(), "seed": args.seed, "rows": rows, "figures": figures, "absent": absent })
        );
        return Ok(());
    }
    println!("{}, seed {}", machine::name(), args.seed);
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["solver", "validators", "ms", "exact", "violation off by, wei", "turnover off by, wei"]);
    for row in &rows {
        let ms = format!("{:.1}", row.median.as_secs_f64() * 1_000.0);
        let exact = if row.exact { "yes" } else { "no" };
        let [violation, turnover] = row.off.map(|off| off.to_string());
        table.add_row([row.solver, &row.validators.to_string(), &ms, exact, &violation, &turnover]);
    }
    println!("{table}");
    absent.iter().for_each(|line| println!("{line}"));
    Ok(())
}

fn wei(found: &Found) -> Vec<i128> {
    found.amounts.iter().map(|amount| (amount * ETHER).round() as i128).collect()
}

fn row(solver: &'static str, problem: &Problem, median: Duration, amounts: &[i128], least: [i128; 2]) -> Row {
    let off = [problem.violation(amounts) - least[0], turnover(problem, amounts) - least[1]];
    let whole = amounts.iter().sum::<i128>() == problem.total();
    Row { solver, validators: problem.leaves.len(), median, exact: whole && off == [0, 0], off }
}

fn turnover(problem: &Problem, amounts: &[i128]) -> i128 {
    problem.leaves.iter().zip(amounts).map(|(leaf, amount)| (amount - leaf.now).abs()).sum()
}

fn median(samples: usize, mut work: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..samples.max(1) {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed());
    }
    middle(times)
}

fn middle(mut times: Vec<Duration>) -> Result<Duration> {
    times.sort_unstable();
    times.get(times.len() / 2).copied().ok_or_else(|| eyre!("nothing was measured"))
}
