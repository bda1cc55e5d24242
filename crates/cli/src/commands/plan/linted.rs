//! What lint says of a policy before it is in force, and what of it is in the way.

use eyre::{Result, WrapErr, bail};
use portcullis_policy::{FindingKind, LintError, Policy, Report, Severity, lint};
use serde_json::{Value, json};

/// The name of a policy that is too much for lint.
const TOO_COMPLEX: &str = "too-complex";

/// What locks an account as far as a policy can, or may do so: only what is acknowledged by name is planned.
pub(super) const IN_THE_WAY: [&str; 3] =
    [FindingKind::NothingAllowed.name(), FindingKind::NoOwnerManagement.name(), TOO_COMPLEX];

/// What was found.
pub(super) struct Linted(Report);

impl Linted {
    /// Nothing, of a policy that is in force already, or of none.
    pub(super) fn nothing() -> Self {
        Self(Report::default())
    }

    /// Lints a policy; fails on what is in the way and not acknowledged.
    pub(super) fn of(policy: &Policy, acknowledged: &[String]) -> Result<Self> {
        let is_acknowledged = |name: &str| acknowledged.iter().any(|one| one == name);
        let report = match lint(policy) {
            Err(error @ LintError::TooComplex) if is_acknowledged(TOO_COMPLEX) => {
                Report { undetermined: vec![error.to_string()], ..Report::default() }
            }
            Err(error @ LintError::TooComplex) => bail!(
                "{error}, so nobody knows whether it locks the account; simplify it, or accept that with \
                 --acknowledge-finding {TOO_COMPLEX}"
            ),
            report => report.wrap_err("lint")?,
        };
        let in_the_way = |name: &str| IN_THE_WAY.contains(&name) && !is_acknowledged(name);
        match report.findings.iter().find(|finding| in_the_way(finding.kind.name())) {
            Some(found) => bail!(
                "{}; {}, or accept that with --acknowledge-finding {}",
                found.message,
                found.help,
                found.kind.name()
            ),
            None => Ok(Self(report)),
        }
    }

    /// Errors and warnings, a line each, and how many notes there are.
    pub(super) fn lines(&self) -> Vec<String> {
        let Report { findings, undetermined } = &self.0;
        let (notes, serious): (Vec<_>, Vec<_>) =
            findings.iter().partition(|finding| finding.severity == Severity::Note);
        let mut lines: Vec<String> = serious
            .iter()
            .map(|one| format!("{}[{}]: {}; {}", one.severity.word(), one.kind.name(), one.message, one.help))
            .collect();
        lines.extend(undetermined.iter().map(|what| format!("undetermined: {what}")));
        if !notes.is_empty() {
            lines.push(format!("and {} notes, which `portcullis lint` shows", notes.len()));
        }
        lines
    }

    /// All of it, for machines.
    pub(super) fn json(&self) -> Value {
        let findings = self.0.findings.iter().map(|one| {
            json!({
                "kind": one.kind.name(), "severity": one.severity.word(), "rules": one.rules,
                "message": one.message, "help": one.help,
            })
        });
        json!({ "findings": findings.collect::<Vec<_>>(), "undetermined": self.0.undetermined })
    }
}
