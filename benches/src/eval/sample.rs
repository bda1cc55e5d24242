//! Times decisions: every engine in turn, many times over, so that a slow moment of the machine meets them all.

use super::corpus::{Corpus, Hit};
use super::engines::Engine;
use eyre::Result;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// What a sample of a fast engine should last at least.
const SAMPLE: Duration = Duration::from_micros(500);
/// The most rounds through the requests that a sample takes.
const MOST: u32 = 10_000;

/// A median.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) engine: &'static str,
    pub(crate) rules: usize,
    pub(crate) hit: Hit,
    pub(crate) explain: bool,
    /// Picoseconds for one decision.
    pub(crate) ps: u64,
}

/// One row in the making.
struct Series {
    engine: usize,
    hit: Hit,
    explain: bool,
    asks: Vec<usize>,
    rounds: u32,
    samples: Vec<Duration>,
}

/// The median of some durations; zero of none.
pub(crate) fn median(durations: &mut [Duration]) -> Duration {
    durations.sort_unstable();
    durations.get(durations.len() / 2).copied().unwrap_or_default()
}

/// Medians for every engine, what is hit, and with explanation where the engine has one.
pub(crate) fn measure(corpus: &Corpus, engines: &mut [Box<dyn Engine>], samples: usize) -> Result<Vec<Row>> {
    let mut all = Vec::new();
    for (engine, asked) in engines.iter_mut().enumerate() {
        for hit in Hit::ALL {
            let asks = corpus.timed(hit);
            for explain in [false, true] {
                if explain && asked.explain(asks[0])?.is_none() {
                    continue;
                }
                let mut series = Series { engine, hit, explain, asks: asks.clone(), rounds: 1, samples: Vec::new() };
                series.rounds = rounds(asked.as_mut(), &series)?;
                all.push(series);
            }
        }
    }
    for sample in 0..samples {
        // Another one begins each time.
        for turn in 0..all.len() {
            let at = (turn + sample) % all.len();
            let series = &mut all[at];
            let took = time(engines[series.engine].as_mut(), series)?;
            series.samples.push(took);
        }
    }
    Ok(all.iter_mut().map(|series| row(corpus, engines, series)).collect())
}

fn row(corpus: &Corpus, engines: &[Box<dyn Engine>], series: &mut Series) -> Row {
    let decisions = u128::from(series.rounds) * series.asks.len() as u128;
    let ps = median(&mut series.samples).as_nanos() * 1_000 / decisions;
    Row {
        engine: engines[series.engine].name(),
        rules: corpus.rules.len(),
        hit: series.hit,
        explain: series.explain,
        ps: u64::try_from(ps).unwrap_or(u64::MAX),
    }
}

/// How many rounds make a sample long enough to time.
fn rounds(engine: &mut dyn Engine, series: &Series) -> Result<u32> {
    time(engine, series)?;
    let once = time(engine, series)?.max(Duration::from_nanos(50));
    Ok(u32::try_from(SAMPLE.as_nanos() / once.as_nanos()).unwrap_or(MOST).clamp(1, MOST))
}

fn time(engine: &mut dyn Engine, series: &Series) -> Result<Duration> {
    let started = Instant::now();
    for _ in 0..series.rounds {
        for ask in &series.asks {
            if series.explain {
                black_box(engine.explain(black_box(*ask))?);
            } else {
                black_box(engine.decide(black_box(*ask))?);
            }
        }
    }
    Ok(started.elapsed())
}
