//! `allocate approve` and `allocate reject`: who decided on a proposal, and why.

use super::{object, verify};
use crate::exit::Exit;
use crate::output::Output;
use crate::policy_file;
use clap::Args;
use eyre::{Result, WrapErr, bail};
use jiff::Timestamp;
use portcullis_allocate::documents::{Decision, Document, Kind, Proposal, Verdict};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

/// Arguments of `allocate approve` and `allocate reject`.
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
}

impl Decide {
    pub(super) fn run(&self, verdict: Verdict, output: &Output) -> Result<Exit> {
        let proposal = verify::read(&self.proposal)?.body.id;
        let decision = Decision {
            kind: Kind("allocation-decision".to_owned()),
            format: 1,
            proposal,
            verdict,
            by: self.by.clone(),
            why: self.why.clone(),
            at: self.at.unwrap_or_else(Timestamp::now),
        };
        let shown = self.out.display();
        let decision = Document::of(&shown.to_string(), decision)?.body;
        let text = serde_json::to_string_pretty(&decision).wrap_err("the decision does not fit in JSON")?;
        // A decision is never edited: another one is another file.
        let mut file = fs::File::create_new(&self.out).wrap_err_with(|| format!("cannot write `{shown}` anew"))?;
        std::io::Write::write_all(&mut file, (text + "\n").as_bytes())
            .wrap_err_with(|| format!("cannot write `{shown}`"))?;
        let word = if verdict == Verdict::Approved { "approves" } else { "rejects" };
        output.result(
            || format!("{} {word} proposal {proposal}: {}", decision.by, decision.why),
            json!({ "decision": object(&decision)?, "file": shown.to_string() }),
        )?;
        Ok(Exit::Done)
    }
}

/// Refuses a proposal that somebody rejected, or that nobody approved although a person has to.
pub(crate) fn decided(proposal: &Document<Proposal>, files: &[PathBuf]) -> Result<()> {
    let mut approved = false;
    for path in files {
        let shown = path.display().to_string();
        let decision: Document<Decision> = Document::read(&shown, &policy_file::text(path)?)?;
        let Decision { proposal: about, verdict, by, why, .. } = decision.body;
        if about != proposal.body.id {
            bail!("{shown}: it decides on another proposal, `{about}`");
        }
        if verdict == Verdict::Rejected {
            bail!("{shown}: {by} rejected the proposal: {why}");
        }
        approved = true;
    }
    if proposal.body.manual_review && !approved {
        bail!("{}: a person must review it first: portcullis allocate approve, then --decision FILE", proposal.name);
    }
    Ok(())
}
