//! Documents from a folder: each says what it is.

use crate::policy_file;
use eyre::{Result, WrapErr, bail, eyre};
use jiff::Timestamp;
use portcullis_allocate::documents::{AllocationPolicy, Decision, Document, Fault, Proposal, Risk, Snapshot};
use portcullis_allocate::verify;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// The kind of files that owners and attesters sign.
pub(super) const SIGNATURES: &str = "portcullis signatures 1";

/// What a folder holds, by name of file.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    shown: String,
    pub(super) snapshots: Vec<Document<Snapshot>>,
    pub(super) risks: Vec<Document<Risk>>,
    pub(super) policies: Vec<Document<AllocationPolicy>>,
    pub(super) decisions: Vec<Document<Decision>>,
}

/// What every document begins with.
#[derive(Deserialize)]
struct Head {
    kind: String,
}

impl Folder {
    /// Reads every TOML and JSON file of a folder. Others than these are left to those that ask for them.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display().to_string();
        let entries = fs::read_dir(path).wrap_err_with(|| format!("cannot read the folder `{shown}`"))?;
        let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        files.retain(|file| file.extension().is_some_and(|ending| ending == "toml" || ending == "json"));
        files.sort();
        let mut folder = Self { shown, ..Self::default() };
        for file in files {
            let (name, text) = (file.display().to_string(), policy_file::text(&file)?);
            match kind(&name, &text)?.as_str() {
                "allocation-snapshot" => folder.snapshots.push(Document::read(&name, &text)?),
                "risk-profiles" => folder.risks.push(Document::read(&name, &text)?),
                "allocation-policy" => folder.policies.push(Document::read(&name, &text)?),
                "allocation-decision" => folder.decisions.push(Document::read(&name, &text)?),
                "allocation-proposal"
                | "allocation-mapping"
                | "allocation-execution"
                | "allocation-compliance"
                | SIGNATURES => {}
                other => bail!(
                    "{name}: kind: `{other}` is unknown; write allocation-snapshot, risk-profiles or allocation-policy"
                ),
            }
        }
        Ok(folder)
    }

    /// The documents that a proposal names, once it is proved from them.
    pub(super) fn proved(&self, proposal: &Document<Proposal>) -> Result<(&Document<Snapshot>, &Document<Risk>)> {
        let body = &proposal.body;
        let absent = |what: &str| eyre!("{}: {what} is not in the folder; add the document", proposal.name);
        let snapshot = self.snapshots.iter().find(|snapshot| snapshot.hash == body.snapshot.hash);
        let snapshot = snapshot.ok_or_else(|| absent(&format!("snapshot {}", body.snapshot.hash)))?;
        let risk = self.risks.iter().find(|risk| risk.hash == body.risk.hash);
        let risk = risk.ok_or_else(|| absent(&format!("risk profiles {}", body.risk.hash)))?;
        verify(body, snapshot, risk, &self.policies).map_err(|refused| eyre!("{}: {refused}", proposal.name))?;
        Ok((snapshot, risk))
    }

    /// The newest snapshot that was taken by a time.
    pub(super) fn snapshot(&self, at: Timestamp) -> Result<&Document<Snapshot>> {
        let known = self.snapshots.iter().filter(|snapshot| snapshot.body.taken_at <= at);
        let newest = known.max_by_key(|snapshot| (snapshot.body.taken_at, snapshot.hash));
        newest.ok_or_else(|| {
            eyre!("{}: no allocation-snapshot was taken by {at}; add one, or evaluate later", self.shown)
        })
    }

    /// The newest risk profiles that were computed by a time.
    pub(super) fn risk(&self, at: Timestamp) -> Result<&Document<Risk>> {
        let known = self.risks.iter().filter(|risk| risk.body.computed_at <= at);
        let newest = known.max_by_key(|risk| (risk.body.computed_at, risk.hash));
        newest
            .ok_or_else(|| eyre!("{}: no risk-profiles were computed by {at}; add some, or evaluate later", self.shown))
    }
}

/// The kind that a document says it is.
pub(super) fn kind(name: &str, text: &str) -> Result<String> {
    let head = if text.trim_start().starts_with('{') {
        serde_json::from_str::<Head>(text).map_err(|error| error.to_string())
    } else {
        toml::from_str::<Head>(text).map_err(|error| error.message().to_owned())
    };
    let fault = |what: String| Fault {
        document: name.to_owned(),
        path: "kind".to_owned(),
        what: what.replace('\n', " "),
        remedy: "begin every document with its kind".to_owned(),
    };
    Ok(head.map_err(fault)?.kind)
}
