//! A folder of records: every document that was ever put there, as it was, by time and hash.
//!
//! A file's name is the document's time, its kind and its hash, and its content is the document's canonical JSON
//! (RFC 8785). Nothing in it is ever changed; what is put there twice is there once. As it is a folder of documents, the
//! other commands take it as one.

pub(super) mod put;
pub(super) mod show;

use super::decide::{authentic, signer};
use super::folder::{SIGNATURES, kind};
use crate::policy_file;
use alloy_primitives::{B256, keccak256};
use eyre::{Result, WrapErr, bail};
use jiff::Timestamp;
use portcullis_allocate::documents::{
    AllocationPolicy, Body, Compliance, Decision, Document, Execution, Mapping, PolicyReference, Proposal, Reference,
    Risk, Snapshot, canonical,
};
use portcullis_allocate::identity;
use portcullis_operate::collected::Collected;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// A document, with what it is called and what it refers to.
#[derive(Clone, Debug)]
struct Record {
    kind: &'static str,
    /// None for signatures, which say none.
    at: Option<Timestamp>,
    /// Keccak-256 of the canonical JSON.
    hash: B256,
    /// As people and other documents call it.
    id: String,
    /// What it says in short.
    note: String,
    /// Everything by which others may refer to it.
    names: BTreeSet<String>,
    /// What it refers to, by what the reference is for.
    refers: Vec<(&'static str, String)>,
    /// The canonical JSON.
    text: Vec<u8>,
    /// Whether another document of the same kind and id is a mistake.
    is_alone: bool,
}

impl Record {
    fn of<T: Body>(
        kind: &'static str,
        document: &Document<T>,
        at: Timestamp,
        id: String,
        note: String,
    ) -> Result<Self> {
        let names = [document.hash.to_string(), id.clone()].into();
        let text = canonical(&document.name, &document.body)?;
        let at = Some(at);
        Ok(Self { kind, at, hash: document.hash, id, note, names, refers: Vec::new(), text, is_alone: true })
    }

    /// Reads and checks any document that `allocate`, `attest` and `sign` know.
    fn read(path: &Path) -> Result<Self> {
        let (name, text) = (path.display().to_string(), policy_file::text(path)?);
        Ok(match kind(&name, &text)?.as_str() {
            "allocation-snapshot" => {
                let document: Document<Snapshot> = Document::read(&name, &text)?;
                let Snapshot { id, taken_at, .. } = &document.body;
                Self::of("snapshot", &document, *taken_at, id.clone(), String::new())?
            }
            "risk-profiles" => {
                let document: Document<Risk> = Document::read(&name, &text)?;
                let Risk { id, computed_at, model, .. } = &document.body;
                Self::of("risk", &document, *computed_at, id.clone(), format!("model {model}"))?
            }
            "allocation-policy" => {
                let document: Document<AllocationPolicy> = Document::read(&name, &text)?;
                let body = &document.body;
                Self::of("policy", &document, body.created_at, body.version(), format!("by {}", body.author))?
            }
            "allocation-mapping" => {
                let document: Document<Mapping> = Document::read(&name, &text)?;
                let body = &document.body;
                Self::of("mapping", &document, body.created_at, body.version(), format!("by {}", body.author))?
            }
            "allocation-compliance" => compliance(&Document::read(&name, &text)?)?,
            "allocation-proposal" => proposal(&Document::read(&name, &text)?)?,
            "allocation-decision" => decision(&Document::read(&name, &text)?)?,
            "allocation-execution" => execution(&Document::read(&name, &text)?)?,
            SIGNATURES => signatures(&name, &text)?,
            other => {
                bail!("{name}: kind: `{other}` is unknown; give a document of `allocate`, or a file of signatures")
            }
        })
    }

    /// The file's name.
    fn file(&self, put: Timestamp) -> String {
        let time = self.at.unwrap_or(put).strftime("%Y%m%dT%H%M%SZ").to_string();
        format!("{time}-{}-{:x}.json", self.kind, self.hash)
    }

    /// For people, in one line.
    fn line(&self) -> String {
        let note = if self.note.is_empty() { String::new() } else { format!(", {}", self.note) };
        let at = self.at.map_or_else(String::new, |at| format!(" of {at}"));
        format!("{} {}{at}{note}", self.kind, self.id)
    }

    fn object(&self) -> Value {
        json!({ "kind": self.kind, "id": self.id, "hash": self.hash, "at": self.at.map(|at| at.to_string()), "note": self.note })
    }

    fn is_called(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}

/// Whose id is not its hash is refused: others refer to it by its id.
fn proposal(document: &Document<Proposal>) -> Result<Record> {
    let body = &document.body;
    if identity(body)? != body.id {
        bail!("{}: the id is not the hash of the proposal; propose again", document.name);
    }
    let (at, phases) = (body.evaluated_at, body.phases.len());
    let review = if body.manual_review { ", a person must review it" } else { "" };
    let note = format!("portfolio {}, {phases} phases{review}", body.portfolio);
    let mut record = Record::of("proposal", document, at, body.id.to_string(), note)?;
    record.refers = sources(&body.snapshot, &body.risk, &body.policies);
    Ok(record)
}

fn compliance(document: &Document<Compliance>) -> Result<Record> {
    let body = &document.body;
    let (checks, broken) = (body.records.len(), body.breaches().count());
    let note = format!("portfolio {}, {checks} checks, {broken} violated", body.portfolio);
    let mut record = Record::of("compliance", document, body.evaluated_at, document.hash.to_string(), note)?;
    record.refers = sources(&body.snapshot, &body.risk, &body.policies);
    Ok(record)
}

/// The documents that something was computed from.
fn sources(snapshot: &Reference, risk: &Reference, policies: &[PolicyReference]) -> Vec<(&'static str, String)> {
    let mut sources = vec![("snapshot", snapshot.hash.to_string()), ("risk", risk.hash.to_string())];
    sources.extend(policies.iter().map(|policy| ("policy", policy.hash.to_string())));
    sources
}

/// Whose signature is not theirs is refused.
fn decision(document: &Document<Decision>) -> Result<Record> {
    authentic(document)?;
    let body = &document.body;
    let note = format!("{} by {}, {}: {}", body.verdict.name(), body.by, signer(body), body.why);
    let mut record = Record::of("decision", document, body.at, document.hash.to_string(), note)?;
    record.refers = vec![("decides on", body.proposal.to_string())];
    Ok(record)
}

fn execution(document: &Document<Execution>) -> Result<Record> {
    let body = &document.body;
    let word = if body.succeeded { "succeeded" } else { "failed" };
    let note = format!("phase {} {word}, of request {}", body.phase, body.request);
    let mut record = Record::of("execution", document, body.executed_at, body.transaction.to_string(), note)?;
    record.refers = vec![("carries out", body.proposal.to_string()), ("executes", body.request.to_string())];
    Ok(record)
}

/// The same transaction with more signatures is another document, and none of them is a mistake.
fn signatures(name: &str, text: &str) -> Result<Record> {
    let collected = Collected::parse(text).map_err(|why| eyre::eyre!("{name}: {why}"))?;
    let value: Value = serde_json::from_str(&collected.text()?).wrap_err("a file of signatures is JSON")?;
    let text = canonical(name, &value)?;
    let (id, hash) = (collected.hash().to_string(), keccak256(&text));
    let (owners, attested) = (collected.signatures().count(), collected.attestations().count());
    let note = match (attested, owners) {
        (0, 0) => "nobody has signed".to_owned(),
        (0, owners) => format!("{owners} owners signed"),
        (_, owners) => {
            let attesters: BTreeSet<_> = collected.attestations().flat_map(|one| one.attesters()).collect();
            format!("{} attesters and {owners} owners signed", attesters.len())
        }
    };
    let proposals: BTreeSet<B256> = collected.attestations().map(|one| one.item.proposal).collect();
    let refers = proposals.iter().filter(|one| !one.is_zero()).map(|one| ("attested for", one.to_string()));
    let names = [hash.to_string(), id.clone()].into();
    let refers = refers.collect();
    Ok(Record { kind: "request", at: None, hash, id, note, names, refers, text, is_alone: false })
}

/// Every document of a folder of records, oldest first; one that was edited is an error.
fn read_all(folder: &Path) -> Result<Vec<(PathBuf, Record)>> {
    let shown = folder.display();
    let entries = fs::read_dir(folder).wrap_err_with(|| format!("cannot read the folder `{shown}`"))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let mut records = Vec::new();
    for file in files {
        let record = Record::read(&file)?;
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.ends_with(&format!("-{}-{:x}.json", record.kind, record.hash)) {
            bail!(
                "{}: it is not the document that its name says; restore it, or put it into a new folder",
                file.display()
            );
        }
        records.push((file, record));
    }
    Ok(records)
}
