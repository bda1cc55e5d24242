//! Several requests, each on the state that the one before left; a change of the policy may come first.

use super::facts::Override;
use super::ledger::Forked;
use super::{Asked, Simulated, Told, rehearsal, run};
use eyre::Result;
use portcullis_operate::steps::Goal;
use portcullis_report::Decoder;
use portcullis_simulate::{Fork, Pinned};

/// What is simulated, in order.
#[derive(Debug)]
pub(crate) struct Series {
    /// What the account is brought to first.
    pub(crate) change: Option<Goal>,
    /// What a chain ran before these in its own block, which is not run here; none where the block is new.
    pub(crate) past: Option<Past>,
    /// At least one, all of one Safe.
    pub(crate) requests: Vec<Asked>,
}

/// Where in its block a transaction is that the chain has executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Past {
    /// How many transactions stand before it.
    pub(crate) before: u64,
    /// Whether it called the Safe itself.
    pub(crate) is_direct: bool,
}

impl Past {
    fn overrides(self) -> Vec<Override> {
        let before = (self.before > 0).then_some(Override::EarlierInBlock { count: self.before });
        before.into_iter().chain((!self.is_direct).then_some(Override::WithinTransaction)).collect()
    }
}

/// As [`super::simulate`], for each.
pub(crate) fn simulate_all(
    pinned: &Pinned,
    series: &Series,
    told: &Told,
    decoder: Option<&Decoder>,
) -> Result<Vec<Simulated>> {
    let came_out = run_all(pinned, series, told, decoder);
    pinned.complete()?;
    came_out
}

fn run_all(pinned: &Pinned, series: &Series, told: &Told, decoder: Option<&Decoder>) -> Result<Vec<Simulated>> {
    let Some(first) = series.requests.first() else { return Ok(Vec::new()) };
    let mut ledger = Forked(Fork::new(pinned, first.at));
    let mut overrides = series.past.map(Past::overrides).unwrap_or_default();
    if let Some(goal) = &series.change {
        overrides.push(rehearsal::bring(&mut ledger, first.safe, goal)?);
    }
    let mut all = Vec::new();
    for (before, asked) in (0_u64..).zip(&series.requests) {
        let mut overrides = overrides.clone();
        if before > 0 {
            overrides.push(Override::AfterRequests { count: before });
        }
        all.push(run(&mut ledger, asked, told, decoder, overrides)?);
    }
    Ok(all)
}
