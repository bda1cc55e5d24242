//! Random policies over all cores.

use std::{
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use super::findings::KINDS;

/// What policies were held to, and what was found in them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) cases: usize,
    pub(crate) witnesses: usize,
    pub(crate) undetermined: usize,
    /// Between each policy and another version of it, every one with a request that shows it.
    pub(crate) differences: usize,
    /// Neighbouring rules that are never in scope together.
    pub(crate) swapped: usize,
    /// As [`KINDS`] orders them.
    pub(crate) found: [usize; KINDS.len()],
}

/// A run over seeds.
#[derive(Debug)]
pub(crate) struct Run {
    seeds: Range<u64>,
    pub(crate) tally: Tally,
    /// Seeds of policies about which something is told that is not so, or missed.
    pub(crate) failed: Vec<u64>,
    took: Duration,
}

/// Looks at every seed. Each core takes the next one that is left, so that slow ones hold nobody up.
pub(crate) fn run(seeds: Range<u64>, hold: impl Fn(u64) -> Tally + Sync) -> Run {
    let (next, started) = (AtomicU64::new(seeds.start), Instant::now());
    let told = u64::max(1, (seeds.end - seeds.start) / 200);
    let is_noted = report_file().is_some();
    let shard = || {
        let (mut tally, mut failed) = (Tally::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return (tally, failed);
            }
            match catch_unwind(AssertUnwindSafe(|| hold(seed))) {
                Ok(one) => tally.add(&one),
                Err(_) => failed.push(seed),
            }
            if is_noted && (seed - seeds.start).is_multiple_of(told) {
                eprintln!("progress {}", seed - seeds.start);
            }
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let parts: Vec<_> = thread::scope(|scope| {
        let shards: Vec<_> = (0..threads).map(|_| scope.spawn(shard)).collect();
        shards.into_iter().map(|shard| shard.join().expect("ends")).collect()
    });
    let mut run = Run { seeds: seeds.clone(), tally: Tally::default(), failed: Vec::new(), took: started.elapsed() };
    for (tally, failed) in parts {
        run.tally.add(&tally);
        run.failed.extend(failed);
    }
    run.failed.sort_unstable();
    run
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.witnesses += other.witnesses;
        self.undetermined += other.undetermined;
        self.differences += other.differences;
        self.swapped += other.swapped;
        for (total, more) in self.found.iter_mut().zip(other.found) {
            *total += more;
        }
    }
}

fn report_file() -> Option<String> {
    std::env::var("PORTCULLIS_LINT_REPORT").ok()
}

/// Notes the run where `PORTCULLIS_LINT_REPORT` says.
pub(crate) fn report(run: &Run) {
    let Some(file) = report_file() else { return };
    let found: serde_json::Map<_, _> =
        KINDS.iter().zip(run.tally.found).map(|(kind, count)| (kind.name().to_owned(), count.into())).collect();
    let text = serde_json::json!({
        "seed": run.seeds.start,
        "policies": run.seeds.end - run.seeds.start,
        "requests": run.tally.cases,
        "findings": found,
        "witnesses": run.tally.witnesses,
        "undetermined": run.tally.undetermined,
        "differences": run.tally.differences,
        "wrong": run.failed,
        "seconds": run.took.as_secs(),
    });
    std::fs::write(file, text.to_string()).expect("can be written");
}
