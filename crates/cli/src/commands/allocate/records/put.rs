//! `allocate put`: documents into a folder of records.

use super::{Record, read_all};
use crate::exit::Exit;
use crate::output::Output;
use clap::Args;
use eyre::{Result, WrapErr, bail};
use jiff::Timestamp;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

// Arguments of `allocate put`.
#[derive(Debug, Args)]
pub(in crate::commands::allocate) struct Put {
    /// The folder of records; made if it is not there
    #[arg(value_name = "RECORDS")]
    records: PathBuf,
    /// Documents, and folders whose documents are put there
    #[arg(value_name = "DOCUMENT", required = true)]
    documents: Vec<PathBuf>,
}

impl Put {
    /// Puts all of them there, or none.
    pub(in crate::commands::allocate) fn run(&self, output: &Output) -> Result<Exit> {
        let shown = self.records.display();
        fs::create_dir_all(&self.records).wrap_err_with(|| format!("cannot make the folder `{shown}`"))?;
        let mut known: Vec<Record> = read_all(&self.records)?.into_iter().map(|(_, record)| record).collect();
        let (put, mut fresh, mut count) = (Timestamp::now(), Vec::new(), 0_usize);
        for path in files(&self.documents)? {
            let record = Record::read(&path)?;
            count = count.saturating_add(1);
            if known.iter().any(|one| one.hash == record.hash) {
                continue;
            }
            if let Some(other) = known.iter().find(|one| is_other(one, &record)) {
                bail!(
                    "{}: the {} `{}` is there with other content, {}; give a changed document another id or revision",
                    path.display(),
                    record.kind,
                    record.id,
                    other.hash
                );
            }
            known.push(record.clone());
            fresh.push(record);
        }
        for record in &fresh {
            write(&self.records.join(record.file(put)), &record.text)?;
        }
        output.result(
            || {
                let mut lines: Vec<String> = fresh.iter().map(|record| format!("put {}", record.line())).collect();
                lines.push(format!("{} of {count} documents are new in `{shown}`", fresh.len()));
                lines.join("\n")
            },
            json!({
                "records": shown.to_string(), "documents": count,
                "put": fresh.iter().map(Record::object).collect::<Vec<_>>(),
            }),
        )?;
        Ok(Exit::Done)
    }
}

fn is_other(known: &Record, record: &Record) -> bool {
    record.is_alone && (known.kind, &known.id) == (record.kind, &record.id)
}

/// The files that are named, and those of folders that are.
fn files(named: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = fs::read_dir(path).wrap_err_with(|| format!("cannot read the folder `{}`", path.display()))?;
        let mut within = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
        within.retain(|file| file.extension().is_some_and(|ending| ending == "toml" || ending == "json"));
        within.sort();
        files.extend(within);
    }
    Ok(files)
}

/// Writes a file that is not there yet, whole or not at all.
fn write(path: &Path, text: &[u8]) -> Result<()> {
    let about = || format!("cannot write `{}` anew", path.display());
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).wrap_err_with(about)?;
    file.write_all(text).and_then(|()| file.as_file().sync_all()).wrap_err_with(about)?;
    file.persist_noclobber(path).wrap_err_with(about)?;
    Ok(())
}
