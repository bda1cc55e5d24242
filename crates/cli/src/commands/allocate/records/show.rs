//! `allocate list` and `allocate show`: what is in a folder of records, and what refers to what.

use super::{Record, read_all};
use crate::exit::Exit;
use crate::output::Output;
use clap::Args;
use eyre::{Result, bail};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The fewest digits by which a hash may be called.
const DIGITS: usize = 8;

// Arguments of `allocate list`.
#[derive(Debug, Args)]
pub(in crate::commands::allocate) struct List {
    /// The folder of records
    #[arg(value_name = "RECORDS")]
    records: PathBuf,
    /// Only this kind: snapshot, risk, policy, compliance, mapping, proposal, decision, request or execution
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
}

// Arguments of `allocate show`.
#[derive(Debug, Args)]
pub(in crate::commands::allocate) struct Show {
    /// The folder of records
    #[arg(value_name = "RECORDS")]
    records: PathBuf,
    /// A document's id or hash, a Safe tx hash or a transaction's; the first digits of one are enough
    #[arg(value_name = "ID")]
    id: String,
}

impl List {
    pub(in crate::commands::allocate) fn run(&self, output: &Output) -> Result<Exit> {
        let mut records: Vec<Record> = read_all(&self.records)?.into_iter().map(|(_, record)| record).collect();
        records.retain(|record| self.kind.as_ref().is_none_or(|kind| record.kind == kind));
        output.result(
            || records.iter().map(Record::line).collect::<Vec<_>>().join("\n"),
            json!({ "records": records.iter().map(Record::object).collect::<Vec<_>>() }),
        )?;
        Ok(Exit::Done)
    }
}

/// A reference between two documents; none where the other one is not there.
struct Link<'a> {
    word: &'static str,
    name: &'a str,
    other: Option<&'a Record>,
}

impl Show {
    pub(in crate::commands::allocate) fn run(&self, output: &Output) -> Result<Exit> {
        let records = read_all(&self.records)?;
        let named: Vec<_> = records.iter().filter(|(_, record)| self.names(record)).collect();
        let shown = self.records.display();
        // Signatures of one request are many documents; otherwise a name is one's.
        let [(_, first), rest @ ..] = &named[..] else {
            bail!("no document of `{shown}` is called `{}`: portcullis allocate list {shown}", self.id);
        };
        if let Some((_, other)) = rest.iter().find(|(_, other)| (other.kind, &other.id) != (first.kind, &first.id)) {
            bail!("`{}` may be {} or {}: name it by its hash", self.id, first.line(), other.line());
        }
        let all = || records.iter().map(|(_, record)| record);
        let parts = named.iter().map(|(file, record)| {
            let to = record.refers.iter().flat_map(|(word, name)| {
                let mut others: Vec<_> = all().filter(|other| other.is_called(name)).map(Some).collect();
                if others.is_empty() {
                    others.push(None);
                }
                others.into_iter().map(move |other| Link { word, name: name.as_str(), other })
            });
            let from = all().flat_map(|other| {
                let about = other.refers.iter().filter(move |(_, name)| record.is_called(name));
                about.map(move |(word, name)| Link { word, name: name.as_str(), other: Some(other) })
            });
            (file, record, to.collect::<Vec<_>>(), from.collect::<Vec<_>>())
        });
        let parts: Vec<_> = parts.collect();
        let text = || {
            let mut lines = Vec::new();
            for (file, record, to, from) in &parts {
                lines.extend([record.line(), format!("  hash {}", record.hash), format!("  file {}", file.display())]);
                lines.extend(to.iter().map(|link| format!("  -> {}: {}", link.word, link.line())));
                lines.extend(from.iter().map(|link| format!("  <- {}: {}", link.word, link.line())));
            }
            lines.join("\n")
        };
        let objects = parts.iter().map(|(file, record, to, from)| {
            let links = |links: &[Link<'_>]| links.iter().map(Link::object).collect::<Vec<_>>();
            let mut object = record.object();
            if let Some(fields) = object.as_object_mut() {
                fields.insert("file".to_owned(), json!(file.display().to_string()));
                fields.insert("refers_to".to_owned(), json!(links(to)));
                fields.insert("referred_to_by".to_owned(), json!(links(from)));
            }
            object
        });
        output.result(text, json!({ "documents": objects.collect::<Vec<Value>>() }))?;
        Ok(Exit::Done)
    }

    fn names(&self, record: &Record) -> bool {
        let digits = self.id.strip_prefix("0x").map_or(0, str::len);
        record.is_called(&self.id)
            || (digits >= DIGITS && record.names.iter().any(|name| name.starts_with(&self.id.to_lowercase())))
    }
}

impl Link<'_> {
    fn line(&self) -> String {
        self.other.map_or_else(|| format!("{}, which is not there", self.name), Record::line)
    }

    fn object(&self) -> Value {
        json!({ "as": self.word, "name": self.name, "document": self.other.map(Record::object) })
    }
}
