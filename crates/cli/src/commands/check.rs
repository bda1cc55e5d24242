//! `check`: is this policy sound, and what does it hold?

use crate::exit::Exit;
use crate::output::Output;
use crate::policy_file::{self, PolicyFile};
use alloy_primitives::keccak256;
use clap::Args;
use eyre::Result;
use portcullis_policy::{Diagnostics, MAX_PROGRAM_BYTES};
use serde_json::{Value, json};
use std::path::PathBuf;

// Arguments of `check`.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The policy, in TOML or JSON
    policy: PathBuf,
}

impl Check {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let file = match policy_file::load(&self.policy) {
            Ok(file) => file,
            Err(report) => return faulty(report, output),
        };
        let (policy, program) = (&file.policy, &file.compiled.program);
        let version = keccak256(program);
        let lists = policy.lists.len().saturating_add(policy.groups.len());
        output.result(
            || {
                format!(
                    "{}: sound\n  {} rules, {} limits, {} lists and groups, {} assets\n  program: {} of {} bytes, version {version}",
                    policy.name,
                    policy.rules.len(),
                    policy.limits.len(),
                    lists,
                    policy.assets.len(),
                    program.len(),
                    MAX_PROGRAM_BYTES,
                )
            },
            json!({
                "sound": true, "name": policy.name, "rules": policy.rules.len(), "limits": policy.limits.len(),
                "lists": lists, "assets": policy.assets.len(), "bytes": program.len(), "version": version,
                "conditions": conditions(&file), "errors": [],
            }),
        )?;
        Ok(Exit::Done)
    }
}

/// Each rule's conditions, each marked by who tests it: `chain` or `attested`.
fn conditions(file: &PolicyFile) -> Vec<Value> {
    let rules = file.compiled.source_map.rules.iter();
    rules.map(|rule| json!({ "rule": rule.id, "conditions": rule.conditions })).collect()
}

/// With `--json`, faults are the result.
fn faulty(report: eyre::Report, output: &Output) -> Result<Exit> {
    match report.downcast_ref::<Diagnostics>() {
        Some(diagnostics) if output.json => {
            output.result(String::new, json!({ "sound": false, "errors": diagnostics }))?;
            Ok(Exit::Error)
        }
        _ => Err(report),
    }
}
