//! `allocate approve` and `allocate reject`: who decided on a proposal, and why; and what that means for it.

use super::folder::Folder;
use super::{object, verify};
use crate::config::{Keys, Place};
use crate::exit::Exit;
use crate::output::{Output, talk};
use crate::{named, policy_file};
use alloy_primitives::{Address, B256};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use jiff::Timestamp;
use portcullis_allocate::documents::{Decision, Document, Kind, Proposal, Signed, Verdict};
use portcullis_attest::recover;
use serde_json::json;
use std::fs;
use std::path::PathBuf;

// Arguments of `allocate approve` and `allocate reject`.
#[derive(Debug, Args)]
pub(super) struct Decide {
    /// The proposal
    proposal: PathBuf,
    /// Who decides
    #[arg(long, value_name = "NAME")]
    by: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    why: String,
    /// When, as 2026-11-20T12:00:00Z; now, if not given
    #[arg(long)]
    at: Option<Timestamp>,
    /// Write the decision there
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    keys: Keys,
}

// What people decided, and whose word counts.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Review {
    /// What somebody decided on the proposal, besides the decisions in the folder; may be given more than once
    #[arg(long, value_name = "FILE", requires = "proposal")]
    decision: Vec<PathBuf>,
    /// Whose signed approval it needs; may be given more than once, for one of them. Without, anybody's word counts
    #[arg(long, value_name = "ADDRESS", requires = "proposal")]
    reviewer: Vec<String>,
}

impl Decide {
    pub(super) fn run(&self, verdict: Verdict, output: &Output) -> Result<Exit> {
        let proposal = verify::read(&self.proposal)?.body.id;
        let mut decision = Decision {
            kind: Kind("allocation-decision".to_owned()),
            format: 1,
            proposal,
            verdict,
            by: self.by.clone(),
            why: self.why.clone(),
            at: self.at.unwrap_or_else(Timestamp::now),
            signed: None,
        };
        decision.signed = self.signed(decision.digest())?;
        let shown = self.out.display();
        let decision = Document::of(&shown.to_string(), decision)?.body;
        let text = serde_json::to_string_pretty(&decision).wrap_err("the decision does not fit in JSON")?;
        // A decision is never edited: another one is another file.
        let mut file = fs::File::create_new(&self.out).wrap_err_with(|| format!("cannot write `{shown}` anew"))?;
        std::io::Write::write_all(&mut file, (text + "\n").as_bytes())
            .wrap_err_with(|| format!("cannot write `{shown}`"))?;
        let word = if verdict == Verdict::Approved { "approves" } else { "rejects" };
        output.result(
            || format!("{} {word} proposal {proposal}: {} ({})", decision.by, decision.why, signer(&decision)),
            json!({ "decision": object(&decision)?, "file": shown.to_string() }),
        )?;
        Ok(Exit::Done)
    }

    /// The signature of the one key that is given; none without a key.
    fn signed(&self, digest: B256) -> Result<Option<Signed>> {
        if !self.keys.are_given() {
            return Ok(None);
        }
        let signers = Place::default().settings()?.signers(&self.keys, 1)?;
        let [signer] = signers.addresses()[..] else { bail!("a decision is one person's: give one key") };
        let signature = signers.sign_as(signer, digest)?.to_vec().into();
        Ok(Some(Signed { signer, signature }))
    }
}

impl Review {
    /// Refuses a proposal that somebody rejected, or that nobody approved although its policies or this ask for it.
    pub(crate) fn passed(&self, proposal: &Document<Proposal>, folder: &Folder) -> Result<()> {
        let reviewers = self.reviewer.iter().map(|text| Ok(named::parse(text)?.address));
        let reviewers = reviewers.collect::<Result<Vec<Address>>>().wrap_err("--reviewer")?;
        let mut decisions = Vec::new();
        for path in &self.decision {
            let decision: Document<Decision> = Document::read(&path.display().to_string(), &policy_file::text(path)?)?;
            if decision.body.proposal != proposal.body.id {
                bail!("{}: it decides on another proposal, `{}`", decision.name, decision.body.proposal);
            }
            decisions.push(decision);
        }
        let kept = folder.decisions.iter().filter(|decision| decision.body.proposal == proposal.body.id);
        decisions.extend(kept.cloned());
        let mut approved = false;
        for decision in &decisions {
            authentic(decision)?;
            let Document { name, body, .. } = decision;
            if body.verdict == Verdict::Rejected {
                bail!("{name}: {} rejected the proposal: {}", body.by, body.why);
            }
            let counts =
                reviewers.is_empty() || body.signed.as_ref().is_some_and(|signed| reviewers.contains(&signed.signer));
            if counts {
                approved = true;
                talk(format!("{name}: {} approved, {}", body.by, signer(body)));
            } else {
                talk(format!("{name}: {} approved, {}, which no reviewer signed", body.by, signer(body)));
            }
        }
        if !approved && !reviewers.is_empty() {
            bail!(
                "{}: no reviewer approved it with their key: portcullis allocate approve, then --decision FILE",
                proposal.name
            );
        }
        if !approved && proposal.body.manual_review {
            bail!(
                "{}: a person must review it first: portcullis allocate approve, then --decision FILE",
                proposal.name
            );
        }
        Ok(())
    }
}

/// Refuses a decision whose signature is not its signer's.
pub(super) fn authentic(decision: &Document<Decision>) -> Result<()> {
    let Some(Signed { signer, signature }) = &decision.body.signed else { return Ok(()) };
    let recovered = match signature.as_ref() {
        [scalars @ .., v] if scalars.len() == 64 => {
            let (r, s) = scalars.split_at(32);
            recover(decision.body.digest(), *v, B256::from_slice(r), B256::from_slice(s))
        }
        _ => None,
    };
    if recovered == Some(*signer) {
        return Ok(());
    }
    Err(eyre!("{}: signed: the signature is not that of {signer}; decide anew", decision.name))
}

/// Whose key signed it, in words.
pub(super) fn signer(decision: &Decision) -> String {
    decision.signed.as_ref().map_or_else(|| "unsigned".to_owned(), |signed| format!("signed by {}", signed.signer))
}
