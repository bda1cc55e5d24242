//! The report, for people and for machines.

use super::facts::{Facts, Override};
use super::{Simulated, words};
use crate::exit::Exit;
use crate::output::{Output, paint, paint_verdict, talk};
use crate::units;
use anstyle::AnsiColor;
use eyre::Result;
use portcullis_report::{Conclusion, Untrusted};
use portcullis_simulate::{Pinned, Reads};
use serde_json::json;

/// Prints what came out, and says how the process ends.
pub(crate) fn report(output: &Output, pinned: &Pinned, simulated: &Simulated) -> Result<Exit> {
    let Simulated { facts, chain, rust: evaluation, names, .. } = simulated;
    let rust = &evaluation.verdict;
    let asked = words::asked(evaluation, names);
    let hash = simulated.hash()?;
    let overrides: Vec<String> = facts.overrides.iter().map(Override::words).collect();
    let Reads { trips, from_node, from_file } = pinned.reads();
    output.result(
        || {
            let mut text = head(facts, pinned);
            for (who, verdict) in [("chain", chain), ("rust ", rust)] {
                let word = paint_verdict(words::verdict(verdict));
                text.push_str(&format!("{who}  {word}: {}\n", words::reason(verdict, names)));
            }
            for one in &asked {
                text.push_str(&format!("asks   for {one}\n"));
            }
            if let Some(opening) = &evaluation.opening {
                text.push_str(&format!("needs  {}\n", words::opening(opening)));
            }
            if let Some(from) = simulated.allowed_from {
                let announced = if from.announced { ", if it is announced now" } else { "" };
                text.push_str(&format!("from   {}{announced}\n", units::time(from.at)));
            }
            text.push_str(&format!("gas    {}\n", facts.gas));
            if let Some(failure) = &facts.failure {
                // A contract's own words, which may hold anything.
                let failure = Untrusted::new(failure);
                text.push_str(&format!("{}: {failure}\n", paint("but the execution fails", AnsiColor::Red)));
            }
            for one in &overrides {
                text.push_str(&format!("unlike the chain: {one}\n"));
            }
            text + &format!("report {hash}\n")
        },
        json!({
            "safe": facts.safe, "chain": words::verdict(chain), "rust": words::verdict(rust),
            "reason": rust.reason.name(), "rule": words::rule(rust, names), "rule_index": rust.rule,
            "words": words::reason(rust, names), "asked": asked,
            "opening": evaluation.opening.as_ref().map(words::opening_json), "outcome": facts.outcome,
            "allowed_from": simulated.allowed_from,
            "gas": facts.gas, "failure": facts.failure, "agree": facts.agree, "overrides": overrides,
            "report": facts, "report_hash": hash,
            "state": { "trips": trips, "from_node": from_node, "from_file": from_file, "proven": pinned.is_proven() },
        }),
    )?;
    if !facts.agree {
        talk(paint("THE CHAIN AND THE MIRROR DISAGREE: trust neither, and report this transaction", AnsiColor::Red));
        talk(format!("chain: {chain:?}\nrust:  {rust:?}"));
    }
    Ok(match Conclusion::of(chain.is_allowed(), rust.is_allowed(), facts.agree, facts.outcome) {
        Conclusion::Allowed => Exit::Done,
        Conclusion::Denied => Exit::Denied,
        // Allowed, yet the chain would not do it: nothing that reads as success.
        Conclusion::Fails => Exit::Error,
        Conclusion::Disagreement => Exit::Disagree,
    })
}

impl Simulated {
    /// What it is about and what came out, line by line, for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let Self { facts, chain, rust, names, .. } = self;
        let word = paint_verdict(words::verdict(chain));
        let mut lines = vec![format!("verdict      {word}: {}", words::reason(chain, names))];
        lines.extend(words::asked(rust, names).into_iter().map(|one| format!("asks         for {one}")));
        lines.push(format!("rehearsed    on block {} with the guard on, gas {}", facts.block_number, facts.gas));
        lines.extend(facts.overrides.iter().map(|one| format!("unlike       the chain: {}", one.words())));
        lines
    }

    /// What came out, for machines.
    pub(crate) fn json(&self) -> serde_json::Value {
        let Self { facts, chain, rust, names, .. } = self;
        json!({
            "verdict": words::verdict(chain), "reason": chain.reason.name(), "rule": words::rule(chain, names),
            "words": words::reason(chain, names), "asked": words::asked(rust, names), "block": facts.block_number,
            "outcome": facts.outcome, "failure": facts.failure, "gas": facts.gas,
        })
    }
}

fn head(facts: &Facts, pinned: &Pinned) -> String {
    let nonce = facts.nonce.map_or_else(String::new, |nonce| format!(", nonce {nonce}"));
    let proven = if pinned.is_proven() { ", proven against the block's hash" } else { "" };
    let from = match pinned.reads() {
        Reads { trips: 0, from_file, .. } => format!("{from_file} parts from the bundle"),
        Reads { trips, from_node, from_file: 0 } => format!("{from_node} parts from the node in {trips} round trips"),
        Reads { trips, from_node, from_file } => {
            format!("{from_file} parts from the cache, {from_node} from the node in {trips} round trips")
        }
    };
    let program = facts.program;
    format!(
        "Safe   {} ({}{nonce}), under program {program}\nstate  chain {}, block {} ({}): {from}{proven}\ntime   {}\n",
        facts.safe,
        facts.safe_version,
        facts.chain_id,
        facts.block_number,
        facts.block_hash,
        units::time(facts.time)
    )
}
