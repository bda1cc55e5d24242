//! `replay`: a simulation again, out of its bundle.

use crate::abi_file::{self, AbiFile};
use crate::exit::Exit;
use crate::fork::{self, ReportFile, Told};
use crate::output::Output;
use alloy_primitives::B256;
use clap::Args;
use eyre::{Result, bail};
use serde_json::json;
use std::path::PathBuf;
use std::time::{Duration, Instant};

// Arguments of `replay`.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// What `simulate --bundle` wrote
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// The names of the policy on the chain
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Write a report of everything that was found; the name ends with .html, .md, .json or .txt
    #[arg(long, value_name = "FILE")]
    report: Option<ReportFile>,
    /// Names for the report: a JSON ABI or an artifact, of one contract (ADDRESS=FILE) or for all
    #[arg(long, value_name = "[ADDRESS=]FILE", requires = "report")]
    abi: Vec<AbiFile>,
    /// Replay it so many times, insist on the same report each time, and tell how long it took instead
    #[arg(long, value_name = "COUNT", conflicts_with = "report", value_parser = clap::value_parser!(u32).range(1..))]
    times: Option<u32>,
}

impl Replay {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let started = Instant::now();
        let (series, pinned, report) = fork::load(&self.bundle)?;
        let decoder = self.report.as_ref().map(|_| abi_file::decoder(&self.abi)).transpose()?;
        let told = Told::new(self.policy.as_ref());
        let simulate = || {
            let simulated = fork::simulate_all(&pinned, &series, &told, decoder.as_ref())?;
            same(fork::hash(&simulated)?, report)?;
            Ok(simulated)
        };
        let simulated = simulate()?;
        if let Some(times) = self.times {
            let first = started.elapsed();
            let again = |_| {
                let started = Instant::now();
                simulate().map(|_| started.elapsed())
            };
            let warm = (1..times).map(again).collect::<Result<Vec<_>>>()?;
            timed(output, report, first, warm)?;
            return Ok(fork::exit(&simulated));
        }
        if let Some(report) = &self.report {
            report.store(&simulated)?;
        }
        fork::report(output, &pinned, &simulated)
    }
}

fn same(hash: B256, report: B256) -> Result<()> {
    if hash != report {
        bail!("the replay's report is {hash}, the bundle's is {report}: another release made it, or it was forged");
    }
    Ok(())
}

/// The first replay reads the file; those after it find everything in memory.
fn timed(output: &Output, report: B256, first: Duration, mut warm: Vec<Duration>) -> Result<()> {
    warm.sort_unstable();
    let median = warm.get(warm.len() / 2).map(Duration::as_micros);
    let times = warm.len().saturating_add(1);
    output.result(
        || {
            let median = median.map_or_else(String::new, |median| format!(", then {median} µs at the median"));
            format!("report {report}, {times} times the same\nfirst  {} µs with the file{median}\n", first.as_micros())
        },
        json!({ "report_hash": report, "times": times, "first_us": first.as_micros(), "median_us": median }),
    )
}
