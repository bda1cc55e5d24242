//! Whether ours, Clarabel and HiGHS find the same least violation and least turnover.

use super::highs::Highs;
use super::linear::{self, Found};
use super::{portfolio, turnover};
use crate::figure::Figure;
use eyre::{Result, bail, eyre};
use portcullis_allocate::solve::{Families, optimum};
use serde_json::json;

/// Solves `count` portfolios with each, and fails if any two differ.
pub(super) fn run(seed: u64, count: usize, mut highs: Highs, as_json: bool) -> Result<()> {
    let (mut different, mut unanswered) = (Vec::new(), 0_usize);
    for number in 0..count {
        let problem = portfolio::small(seed, number.try_into()?);
        let families = Families::of(&problem).map_err(|error| eyre!("{error}"))?;
        let ours = optimum(&problem, &families).map_err(|error| eyre!("{error}"))?.amounts;
        let least = [problem.violation(&ours), turnover(&problem, &ours)];
        // An interior-point solver calls some portfolios infeasible that are not. HiGHS has to answer all.
        let clarabel = linear::solve(&problem, 1.0, &mut |program| program.clarabel());
        unanswered += usize::from(clarabel.is_err());
        let highs = linear::solve(&problem, 1.0, &mut |program| highs.solve(program))?;
        let theirs = [clarabel.ok().map(|found| ("clarabel", found)), Some(("highs", highs))];
        for (solver, found) in theirs.into_iter().flatten() {
            let rounded = whole(&found);
            if rounded != Some(least) {
                different.push(format!("portfolio {number}: {solver} found {rounded:?}, ours is {least:?}"));
            }
        }
        if (number + 1) % 1_000 == 0 {
            eprintln!("{} of {count} portfolios: {} answers differ", number + 1, different.len());
        }
    }
    if as_json {
        let unit = format!("of {}", 2 * count - unanswered);
        let figure = Figure::at_most("answers of other solvers that differ", different.len() as f64, unit, 0.0).json();
        let told = json!({
            "seed": seed, "instances": count, "unanswered_by_clarabel": unanswered, "different": different,
            "figures": [figure],
        });
        println!("{told}");
    } else {
        different.iter().for_each(|line| println!("{line}"));
        let answers = 2 * count - unanswered;
        println!("{count} portfolios, seed {seed}: {} of {answers} answers differ from ours", different.len());
        println!("Clarabel found none for {unanswered}");
    }
    if !different.is_empty() {
        bail!("{} answers differ", different.len());
    }
    Ok(())
}

/// Least violation and turnover, which are whole numbers; none where what was found is not near one.
fn whole(found: &Found) -> Option<[i128; 2]> {
    let near = |value: f64| ((value - value.round()).abs() < 0.1).then(|| value.round() as i128);
    Some([near(found.violation)?, near(found.turnover)?])
}
