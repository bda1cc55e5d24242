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
    let mut different = Vec::new();
    for number in 0..count {
        let problem = portfolio::small(seed, number.try_into()?);
        let families = Families::of(&problem).map_err(|error| eyre!("{error}"))?;
        let ours = optimum(&problem, &families).map_err(|error| eyre!("{error}"))?.amounts;
        let least = [problem.violation(&ours), turnover(&problem, &ours)];
        let theirs = [
            ("clarabel", linear::solve(&problem, 1.0, &mut |program| program.clarabel())?),
            ("highs", linear::solve(&problem, 1.0, &mut |program| highs.solve(program))?),
        ];
        for (solver, found) in theirs {
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
        let (name, unit) = ("answers of Clarabel and HiGHS that differ", format!("of {count} portfolios"));
        let figure = Figure::at_most(name, different.len() as f64, unit, 0.0).json();
        println!("{}", json!({ "seed": seed, "instances": count, "different": different, "figures": [figure] }));
    } else {
        different.iter().for_each(|line| println!("{line}"));
        println!("{count} portfolios, seed {seed}: {} answers of Clarabel and HiGHS differ from ours", different.len());
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
