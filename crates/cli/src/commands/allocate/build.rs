//! `allocate build`: a phase of a proposal as one Safe transaction.

use super::decide::Review;
use super::folder::Folder;
use super::verify;
use crate::config::Place;
use crate::exit::Exit;
use crate::output::{Output, talk};
use crate::{calldata, policy_file, request, tx_file};
use alloy_primitives::{B256, U256};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_allocate::documents::{Document, Mapping, Proposal};
use portcullis_allocate::{Call, calls};
use portcullis_bindings::safe::SafeTx;
use portcullis_eval::Action;
use portcullis_operate::collected::Collected;
use portcullis_operate::hash::{Account, SafeVersion};
use serde_json::json;
use std::path::PathBuf;

// A phase of a proposal, the documents that prove it, and the mapping that carries it out.
#[derive(Clone, Debug, Args)]
pub(crate) struct Plan {
    /// The proposal
    #[arg(value_name = "PROPOSAL")]
    proposal: PathBuf,
    /// The folder of the documents that it names
    #[arg(value_name = "DOCUMENTS")]
    documents: PathBuf,
    /// The mapping from subjects to calls
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// The phase
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    phase: u32,
}

/// What a plan comes to, once its proposal is proved.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) proposal: Document<Proposal>,
    pub(crate) mapping: Document<Mapping>,
    pub(crate) calls: Vec<Call>,
    /// The documents, decisions among them.
    pub(crate) folder: Folder,
    /// Seconds since 1970 before which the phase must not be carried out.
    pub(crate) not_before: u64,
}

// Arguments of `allocate build`.
#[derive(Debug, Args)]
pub(super) struct Build {
    #[command(flatten)]
    plan: Plan,
    #[command(flatten)]
    review: Review,
    /// Write a file of signatures, which `attest`, `sign` and `execute` take
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// The nonce; needed without --rpc
    #[arg(long, value_name = "NONCE")]
    nonce: Option<String>,
    /// The Safe's version, 1.3.0 to 1.5.0; needed without --rpc
    #[arg(long, value_name = "VERSION")]
    safe_version: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Plan {
    /// The phase of a proposal, by files.
    pub(crate) const fn new(proposal: PathBuf, documents: PathBuf, mapping: PathBuf, phase: u32) -> Self {
        Self { proposal, documents, mapping, phase }
    }

    /// Proves the proposal, and maps the phase to calls.
    pub(crate) fn read(&self) -> Result<Planned> {
        let (proposal, folder) = (verify::read(&self.proposal)?, Folder::read(&self.documents)?);
        let (snapshot, _) = folder.proved(&proposal)?;
        let shown = self.mapping.display().to_string();
        let mapping: Document<Mapping> = Document::read(&shown, &policy_file::text(&self.mapping)?)?;
        let calls = calls(&proposal.body, self.phase, snapshot, &mapping)?;
        let phase = proposal.body.phases.iter().find(|known| known.number == self.phase);
        let begins = phase.and_then(|phase| u64::try_from(phase.not_before.as_second()).ok());
        let not_before = begins.ok_or_else(|| eyre!("{}: phase {} has no time", proposal.name, self.phase))?;
        Ok(Planned { proposal, mapping, calls, folder, not_before })
    }
}

impl Planned {
    /// The calls as actions; none is an error, since nothing would be executed.
    pub(crate) fn actions(&self) -> Result<Vec<Action>> {
        if self.calls.is_empty() {
            bail!("{}: the phase moves nothing between routes, so there is nothing to execute", self.mapping.name);
        }
        let action = |call: &Call| Action { to: call.to, value: call.value, data: call.data.clone(), operation: 0 };
        Ok(self.calls.iter().map(action).collect())
    }

    /// The Safe transaction of the phase, which is the same for everybody who makes it.
    pub(crate) fn transaction(&self, account: &Account, nonce: U256) -> Result<SafeTx> {
        let mapping = &self.mapping.body;
        if (mapping.chain_id, mapping.account) != (account.chain_id, account.safe) {
            bail!(
                "{}: it maps to the account {} on chain {}, and this is {} on chain {}",
                self.mapping.name,
                mapping.account,
                mapping.chain_id,
                account.safe,
                account.chain_id
            );
        }
        Ok(request::safe_tx(&self.actions()?, account.version, nonce))
    }

    /// What attestations and executions name.
    pub(crate) const fn id(&self) -> B256 {
        self.proposal.body.id
    }
}

impl Build {
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let planned = self.plan.read()?;
        self.review.passed(&planned.proposal, &planned.folder)?;
        let (account, nonce) = self.account(&planned)?;
        let collected = Collected::new(account, planned.transaction(&account, nonce)?);
        collected.write(&self.out)?;
        let (hash, shown) = (collected.hash(), self.out.display());
        talk(format!("wrote {shown}"));
        let lines: Vec<(String, String)> = planned
            .calls
            .iter()
            .map(|call| (call.route.clone(), calldata::words(call.to, call.value, &call.data)))
            .collect();
        let calls: Vec<_> = planned
            .calls
            .iter()
            .map(|call| {
                json!({ "route": call.route, "to": call.to, "value": call.value.to_string(), "data": call.data })
            })
            .collect();
        output.result(
            || {
                let mut text: Vec<String> = lines.iter().map(|(route, words)| format!("{route}: {words}")).collect();
                text.push(format!("proposal      {}", planned.id()));
                text.push(format!("Safe tx hash  {hash}"));
                text.join("\n")
            },
            json!({
                "proposal": planned.id(), "phase": self.plan.phase, "not_before": planned.not_before,
                "mapping": { "version": planned.mapping.body.version(), "hash": planned.mapping.hash },
                "safe": account.safe, "chain_id": account.chain_id, "nonce": nonce.to_string(), "hash": hash,
                "calls": calls, "file": shown.to_string(),
            }),
        )?;
        Ok(Exit::Done)
    }

    /// The Safe and its nonce: from the chain, or from flags alone.
    fn account(&self, planned: &Planned) -> Result<(Account, U256)> {
        let nonce = self.nonce.as_deref().map(|text| tx_file::decimal(text).wrap_err("--nonce")).transpose()?;
        let mapping = &planned.mapping.body;
        if let (Some(nonce), Some(version)) = (nonce, &self.safe_version) {
            let version: SafeVersion = version.parse().map_err(|why: String| eyre!(why))?;
            return Ok((Account { chain_id: mapping.chain_id, safe: mapping.account, version }, nonce));
        }
        if !self.place.settings()?.names_node() {
            bail!("give --nonce and --safe-version, or a node with --rpc");
        }
        let mut place = self.place.clone();
        place.safe = place.safe.or_else(|| Some(mapping.account.to_string()));
        let ground = place.open()?;
        Ok((ground.account(), nonce.unwrap_or(ground.info.nonce)))
    }
}
