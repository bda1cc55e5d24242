//! `attest verify`: what attesters stated, and whether the chain takes it.

use super::{asked, object, policy};
use crate::commands::sign::ground;
use crate::config::Place;
use crate::exit::Exit;
use crate::output::Output;
use crate::rehearsal::may_come;
use crate::{ending, mirror, named, request, units, words};
use clap::Args;
use eyre::{Result, WrapErr, bail};
use portcullis_chain::Ledger;
use portcullis_eval::Reason;
use serde_json::json;
use std::path::PathBuf;

// Arguments of `attest verify`.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// The file of signatures
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Who will call execTransaction, where the policy asks for it
    #[arg(long, value_name = "ADDRESS")]
    initiator: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Verify {
    /// Ends with 3 where the chain would not take it.
    pub(super) fn run(&self, output: &Output) -> Result<Exit> {
        let (ground, collected) = ground(&self.place, &self.file)?;
        ending::not_past(&ground, &collected)?;
        let (file, program, epoch) = policy(&ground)?;
        if collected.attestations().next().is_none() {
            bail!("`{}` holds no attestation: portcullis attest {}", self.file.display(), self.file.display());
        }
        let hook = request::hook(&ground)?;
        let initiator = self.initiator.as_deref().map(|text| named::parse(text)?.on(ground.node.chain_id()));
        let asked = asked(&collected, initiator.transpose().wrap_err("--initiator")?.unwrap_or_default())?;
        let answers = mirror::ask(&ground.node, hook, &asked)?;
        let names = &file.compiled.source_map;
        let verdict = &answers.chain;
        let attested = !matches!(verdict.reason, Reason::AttestationRequired | Reason::TooFewAttesters);
        let valid = verdict.is_allowed() || (attested && may_come(verdict.reason));
        let bound = collected.attestations().all(|one| (one.binding.program, one.binding.epoch) == (program, epoch));
        let name = |set: u8| names.attesters.get(usize::from(set)).map_or("unknown", String::as_str);
        let reason = words::reason(verdict, names);
        let valid = valid && bound && answers.agree();
        output.result(
            || {
                let mut lines = Vec::new();
                for one in collected.attestations() {
                    let who: Vec<String> = one.attesters().map(|who| who.to_string()).collect();
                    let until = units::time(one.item.deadline);
                    lines.push(format!("`{}`, until {until}: {}", name(one.item.set), who.join(", ")));
                    lines.push(format!("  proposal  {}", one.item.proposal));
                }
                if !bound {
                    lines.push("it is bound to another policy, or to an account that was removed since".to_owned());
                }
                lines.push(format!("{}: {reason}", if valid { "valid" } else { "not valid" }));
                lines.join("\n")
            },
            json!({
                "valid": valid, "reason": verdict.reason.name(), "words": reason, "agree": answers.agree(),
                "request": collected.hash(), "bound": bound,
                "attestations":
                    collected.attestations().map(|one| object(name(one.item.set), one)).collect::<Vec<_>>(),
            }),
        )?;
        Ok(match (answers.agree(), valid) {
            (false, _) => Exit::Disagree,
            (true, true) => Exit::Done,
            (true, false) => Exit::Denied,
        })
    }
}
