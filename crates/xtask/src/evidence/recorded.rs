//! Long runs on record, as figures: each counts for the very source that it was made with, and claims something once
//! it is long enough, or has found something.

use super::{Figure, MUTANTS, count};
use crate::bench_record::{AGREE, ALLOCATE, EVAL, Recorded, SIMULATE};
use crate::mutants::mirror::{self, Sum};
use crate::{fuzz, mutants, parity, record, simulations, tools};
use eyre::Result;

pub(super) fn figures() -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    all.extend(mutant_figure()?);
    all.extend(mirror_figure()?);
    all.extend(parity_recorded()?);
    all.extend(fuzz_figures()?);
    all.extend(simulation_figures()?);
    Ok(all)
}

/// The mutants on record, if there are as many as it takes.
fn mutant_figure() -> Result<Option<Figure>> {
    let enough = mutants::figures()?.filter(|(all, _)| *all >= MUTANTS);
    Ok(enough.map(|(all, killed)| Figure {
        name: "mutants of the contracts killed, on record".to_owned(),
        target: format!(">= 90 % of {MUTANTS}"),
        value: format!("{killed} of {all}"),
        met: killed.saturating_mul(100) >= all.saturating_mul(90),
        seed: None,
    }))
}

/// The same of the mirror.
fn mirror_figure() -> Result<Option<Figure>> {
    let Sum { tried, killed, .. } = mirror::recorded()?;
    Ok((tried >= mirror::RECORDED).then(|| Figure {
        name: "mutants of the mirror: killed by its tests, on record".to_owned(),
        target: format!(">= {} %", mirror::KILLED),
        value: format!("{killed} of {tried}"),
        met: killed.saturating_mul(100) >= tried.saturating_mul(mirror::KILLED),
        seed: None,
    }))
}

/// The long run, if it has run its time on this source, or found something.
fn parity_recorded() -> Result<Option<Figure>> {
    let Some(record) = parity::recorded()? else { return Ok(None) };
    let [cases, disagreements] = ["cases", "disagreements"].map(|key| record::number(&record, key));
    let uncovered = count(tools::at(&record, "uncovered"));
    let figure = || Figure {
        name: "parity: disagreements, on record".to_owned(),
        target: format!("0 of {}", parity::RECORDED),
        value: format!("{disagreements} of {cases}"),
        met: disagreements == 0 && uncovered == Some(0),
        seed: tools::at(&record, "first_seed").as_u64(),
    };
    Ok((cases >= parity::RECORDED || disagreements > 0).then(figure))
}

/// What is on record of this very source. A target that has not run its time yet claims nothing, unless it failed.
fn fuzz_figures() -> Result<Vec<Figure>> {
    let figure = |(name, [seconds, executions, failures]): (String, [u64; 3])| Figure {
        name: format!("fuzz {name}: inputs that failed, on record"),
        target: format!("0, in {} s", fuzz::RECORDED),
        value: format!("{failures} of {executions}, in {seconds} s"),
        met: failures == 0 && executions > 0,
        seed: None,
    };
    let tells = |(_, [seconds, _, failures]): &(String, [u64; 3])| *seconds >= fuzz::RECORDED || *failures > 0;
    Ok(fuzz::recorded()?.into_iter().filter(tells).map(figure).collect())
}

/// What is on record of this very source: what happens otherwise than simulated. A version that has not seen all its
/// requests yet claims nothing, unless something differed.
fn simulation_figures() -> Result<Vec<Figure>> {
    let compared = |(version, [requests, differences, _]): (String, [u64; 3])| Figure {
        name: format!("simulation on Safe {version}: requests that happen otherwise, on record"),
        target: format!("0 of {}", simulations::RECORDED),
        value: format!("{differences} of {requests}"),
        met: differences == 0,
        seed: None,
    };
    let tells =
        |(_, [requests, differences, _]): &(String, [u64; 3])| *requests >= simulations::RECORDED || *differences > 0;
    Ok(simulations::recorded()?.into_iter().filter(tells).map(compared).collect())
}

/// What benches found, on record of this very source.
pub(super) fn benches() -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    for bench in [SIMULATE, EVAL, ALLOCATE, AGREE] {
        let figure = |one: Recorded| Figure {
            name: format!("{}: {}, on record", bench.name, one.name),
            target: one.target,
            value: one.value,
            met: one.met,
            seed: None,
        };
        all.extend(bench.recorded()?.into_iter().map(figure));
    }
    Ok(all)
}
