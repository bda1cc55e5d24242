//! `replay`: a simulation again, out of its bundle.

use crate::exit::Exit;
use crate::fork::{self, ReportFile, Told};
use crate::output::Output;
use clap::Args;
use eyre::{Result, bail};
use std::path::PathBuf;

/// Arguments of `replay`.
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
}

impl Replay {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (series, pinned, report) = fork::load(&self.bundle)?;
        let simulated = fork::simulate_all(&pinned, &series, Told::under(self.policy.as_ref()), self.report.is_some())?;
        let hash = fork::hash(&simulated)?;
        if hash != report {
            bail!("the replay's report is {hash}, the bundle's is {report}: another release made it, or it was forged");
        }
        if let Some(report) = &self.report {
            report.store(&simulated)?;
        }
        fork::report(output, &pinned, &simulated)
    }
}
