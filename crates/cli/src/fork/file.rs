//! A report as a file.

use super::Simulated;
use eyre::{Result, WrapErr, eyre};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file whose name says in which format it is written.
#[derive(Clone, Debug)]
pub(crate) struct ReportFile {
    path: PathBuf,
    format: Format,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Html,
    Markdown,
    Json,
    Text,
}

impl std::str::FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        let format = match path.extension().and_then(|extension| extension.to_str()) {
            Some("html") => Format::Html,
            Some("md") => Format::Markdown,
            Some("json") => Format::Json,
            Some("txt") => Format::Text,
            _ => return Err("end its name with .html, .md, .json or .txt".to_owned()),
        };
        Ok(Self { path, format })
    }
}

impl ReportFile {
    /// Writes it, whole or not at all; of several requests, each in a file with its number before the ending.
    pub(crate) fn store(&self, all: &[Simulated]) -> Result<()> {
        for (number, one) in (1_usize..).zip(all) {
            let mut path = self.path.clone();
            if all.len() > 1 {
                let ending = self.path.extension().unwrap_or_default().to_string_lossy();
                path.set_extension(format!("{number}.{ending}"));
            }
            self.store_one(&path, one)?;
        }
        Ok(())
    }

    fn store_one(&self, path: &Path, simulated: &Simulated) -> Result<()> {
        let report = simulated.report.as_ref().ok_or_else(|| eyre!("there is no report to write"))?;
        let text = match self.format {
            Format::Html => portcullis_report::html(report),
            Format::Markdown => portcullis_report::markdown(report),
            Format::Json => portcullis_report::json(report).wrap_err("the report does not fit in JSON")?,
            Format::Text => portcullis_report::text(report),
        };
        whole(path, text.as_bytes())
    }
}

/// Writes a file whole or not at all: one that was cut off would be taken for all there is.
pub(crate) fn whole(path: &Path, content: &[u8]) -> Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::metadata(folder).wrap_err_with(cannot)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).wrap_err_with(cannot)?;
    file.write_all(content).wrap_err_with(cannot)?;
    file.persist(path).wrap_err_with(cannot)?;
    Ok(())
}
