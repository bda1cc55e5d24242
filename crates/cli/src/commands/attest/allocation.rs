//! The proposal that a request carries out: proved, rebuilt, and next in its order.

use crate::commands::allocate::{Plan, Review, executed};
use crate::config::Ground;
use crate::units;
use alloy_primitives::B256;
use clap::Args;
use eyre::{Result, bail, eyre};
use portcullis_operate::collected::Collected;
use portcullis_policy::{FactSubject, FactValue, Observation, Observations, Policy, Subject};
use std::path::PathBuf;

/// The fact that only `attest` itself observes: that the request is a phase of a proposal that is proved.
const FACT: &str = "proposal";

// A phase of a proposal.
#[derive(Debug, Args)]
pub(super) struct Allocation {
    /// The allocation proposal that the request carries out: its hash goes into the attestation
    #[arg(long, value_name = "FILE", requires_all = ["documents", "mapping"])]
    proposal: Option<PathBuf>,
    /// The folder of the documents that the proposal names
    #[arg(long, value_name = "FOLDER", requires = "proposal")]
    documents: Option<PathBuf>,
    /// The mapping from subjects to calls
    #[arg(long, value_name = "FILE", requires = "proposal")]
    mapping: Option<PathBuf>,
    /// The phase
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "proposal")]
    phase: u32,
    #[command(flatten)]
    review: Review,
}

impl Allocation {
    /// The proposal's hash, with the fact observed at the time of its evaluation; zero where none is named.
    pub(super) fn observe(
        &self,
        ground: &Ground,
        collected: &Collected,
        policy: &Policy,
        now: u64,
        observations: &mut Observations,
    ) -> Result<B256> {
        if observations.keys().any(|(fact, _)| fact == FACT) {
            bail!("the fact `{FACT}` is for `attest` itself to observe: take it out of the file, and give --proposal");
        }
        let (Some(proposal), Some(documents), Some(mapping)) = (&self.proposal, &self.documents, &self.mapping) else {
            return Ok(B256::ZERO);
        };
        let plan = Plan::new(proposal.clone(), documents.clone(), mapping.clone(), self.phase);
        let planned = plan.read()?;
        let (id, body) = (planned.id(), &planned.proposal.body);
        self.review.passed(&planned.proposal, &planned.folder)?;
        if planned.transaction(&collected.account, collected.tx.nonce)? != collected.tx {
            bail!("the request is not what phase {} of proposal {id} leads to: build it anew", self.phase);
        }
        if now < planned.not_before {
            bail!("phase {} must not begin before {}", self.phase, units::time(planned.not_before));
        }
        let done = executed(ground, id)?.len();
        if done.checked_add(1) != Some(usize::try_from(self.phase)?) {
            bail!("{done} phases of proposal {id} are executed, so phase {} is not next", self.phase);
        }
        let evaluated = u64::try_from(body.evaluated_at.as_second());
        let observed_at = evaluated.map_err(|_| eyre!("{}: it was evaluated before 1970", planned.proposal.name))?;
        if let Some(fact) = policy.facts.get(FACT) {
            if fact.subject != FactSubject::Request {
                bail!(
                    "the policy asks for the fact `{FACT}` of something else than the request: write subject = \"request\""
                );
            }
            let value = FactValue::Boolean(true);
            observations.insert((FACT.to_owned(), Subject::Request), Observation::Value { value, observed_at });
        }
        Ok(id)
    }
}
