//! A report as a file.

use super::Simulated;
use eyre::{Result, WrapErr, eyre};
use portcullis_report::Report;
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
    /// Writes it, whole or not at all: several requests on one page, but in JSON each in a file with its number before
    /// the ending, since a report's schema is of one.
    pub(crate) fn store(&self, all: &[Simulated]) -> Result<()> {
        let reports = all.iter().map(|one| one.report.clone()).collect::<Option<Vec<_>>>();
        let reports = reports.ok_or_else(|| eyre!("there is no report to write"))?;
        let text = match (self.format, &reports[..]) {
            (Format::Html, all) => portcullis_report::html_series(all),
            (Format::Markdown, all) => pages(all, portcullis_report::markdown),
            (Format::Text, all) => pages(all, portcullis_report::text),
            (Format::Json, [only]) => json(only)?,
            (Format::Json, several) => return self.numbered(several),
        };
        whole(&self.path, text.as_bytes())
    }

    fn numbered(&self, reports: &[Report]) -> Result<()> {
        for (number, report) in (1_usize..).zip(reports) {
            let mut path = self.path.clone();
            path.set_extension(format!("{number}.json"));
            whole(&path, json(report)?.as_bytes())?;
        }
        Ok(())
    }
}

fn json(report: &Report) -> Result<String> {
    portcullis_report::json(report).wrap_err("the report does not fit in JSON")
}

/// One below the other, with their numbers where there are several.
fn pages(reports: &[Report], page: impl Fn(&Report) -> String) -> String {
    let count = reports.len();
    let numbered = |(number, report): (usize, &Report)| match count {
        1 => page(report),
        _ => format!("Request {number} of {count}\n\n{}", page(report)),
    };
    (1..).zip(reports).map(numbered).collect::<Vec<_>>().join("\n")
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
