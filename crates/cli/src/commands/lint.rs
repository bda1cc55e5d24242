//! `lint`: what is wrong with a policy that compiles?

use crate::exit::Exit;
use crate::output::Output;
use crate::{policy_file, witness};
use clap::Args;
use eyre::{Result, WrapErr};
use portcullis_policy::{Policy, Severity, lint};
use serde_json::{Value, json};
use std::path::PathBuf;

// Arguments of `lint`.
#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// The policy, in TOML or JSON
    policy: PathBuf,
}

impl Lint {
    /// Errors end with 1; what could be neither shown nor excluded, without errors, with 4.
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (text, name) = (policy_file::text(&self.policy)?, self.policy.display().to_string());
        let policy = Policy::parse(&text, &name)?;
        let report = lint(&policy).wrap_err_with(|| name.clone())?;
        let places = report.locate(&text, &name)?;
        let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let found: Vec<_> = report.findings.iter().zip(&places).collect();
        output.result(
            || {
                let mut parts = Vec::new();
                for (finding, place) in &found {
                    let word = format!("{}[{}]", finding.severity.word(), finding.kind.name());
                    parts.push(place.titled(&word).to_string());
                    if let Some(shown) = &finding.witness {
                        parts.push(format!("  for example:\n{}", indented(&witness::text(shown))));
                    }
                    parts.push(String::new());
                }
                parts.extend(report.undetermined.iter().map(|what| format!("undetermined: {what}")));
                let notes = count(Severity::Note);
                parts.push(format!("{}: {errors} errors, {warnings} warnings, {notes} notes", policy.name));
                parts.join("\n")
            },
            json!({
                "errors": errors,
                "warnings": warnings,
                "undetermined": report.undetermined,
                "findings": found.iter().map(|(finding, place)| json!({
                    "kind": finding.kind.name(), "severity": finding.severity.word(), "rules": finding.rules,
                    "file": place.file, "line": place.line, "column": place.column,
                    "message": finding.message, "help": finding.help,
                    "witness": finding.witness.as_ref().map_or(Value::Null, witness::json),
                })).collect::<Vec<_>>(),
            }),
        )?;
        Ok(match (errors, report.undetermined.is_empty()) {
            (0, true) => Exit::Done,
            (0, false) => Exit::Undecided,
            _ => Exit::Error,
        })
    }
}

/// Lines further in than what they belong to.
pub(crate) fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
