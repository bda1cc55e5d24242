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

/// Prints what came out of every request, and says how the process ends: with the worst of them.
pub(crate) fn report(output: &Output, pinned: &Pinned, all: &[Simulated]) -> Result<Exit> {
    let hash = super::bundle::hash(all)?;
    let objects = all.iter().map(|one| one.object(pinned)).collect::<Result<Vec<_>>>()?;
    let object = match <[serde_json::Value; 1]>::try_from(objects) {
        Ok([only]) => only,
        Err(several) => json!({ "requests": several, "report_hash": hash }),
    };
    let text = || {
        let several = all.len() > 1;
        let mut text = String::new();
        for (number, one) in (1_usize..).zip(all) {
            if several {
                text.push_str(&format!("request {number} of {}\n", all.len()));
            }
            text.push_str(&one.text(pinned));
            if several {
                text.push('\n');
            }
        }
        text + &format!("report {hash}\n")
    };
    output.result(text, object)?;
    Ok(exit(all))
}

/// How the process ends: with the worst of all. A disagreement is told besides.
pub(crate) fn exit(all: &[Simulated]) -> Exit {
    let exits = all.iter().map(|Simulated { facts, chain, rust, .. }| {
        if !facts.agree {
            let loud = "THE CHAIN AND THE MIRROR DISAGREE: trust neither, and report this transaction";
            talk(paint(loud, AnsiColor::Red));
            talk(format!("chain: {chain:?}\nrust:  {:?}", rust.verdict));
        }
        Conclusion::of(chain.is_allowed(), rust.verdict.is_allowed(), facts.agree, facts.outcome)
    });
    let found: Vec<_> = exits.collect();
    // Allowed, yet the chain would not do it: nothing that reads as success.
    let worst = [
        (Conclusion::Disagreement, Exit::Disagree),
        (Conclusion::Fails, Exit::Error),
        (Conclusion::Denied, Exit::Denied),
        (Conclusion::Allowed, Exit::Done),
    ];
    let worst = worst.into_iter().find(|(conclusion, _)| found.contains(conclusion));
    worst.map_or(Exit::Undecided, |(_, exit)| exit)
}

impl Simulated {
    fn text(&self, pinned: &Pinned) -> String {
        let Self { facts, chain, rust: evaluation, names, .. } = self;
        let mut text = head(facts, pinned);
        for (who, verdict) in [("chain", chain), ("rust ", &evaluation.verdict)] {
            let word = paint_verdict(words::verdict(verdict));
            text.push_str(&format!("{who}  {word}: {}\n", words::reason(verdict, names)));
        }
        for one in &words::asked(evaluation, names) {
            text.push_str(&format!("asks   for {one}\n"));
        }
        if let Some(opening) = &evaluation.opening {
            text.push_str(&format!("needs  {}\n", words::opening(opening)));
        }
        if let Some(foreseen) = &self.foreseen {
            text.push_str(&foreseen.text(names));
        }
        if let Some(from) = self.allowed_from {
            let announced = if from.announced { ", if it is announced now" } else { "" };
            text.push_str(&format!("from   {}{announced}\n", units::time(from.at)));
        }
        text.push_str(&format!("gas    {}\n", facts.gas));
        if let Some(failure) = &facts.failure {
            // A contract's own words, which may hold anything.
            let failure = Untrusted::new(failure);
            text.push_str(&format!("{}: {failure}\n", paint("but the execution fails", AnsiColor::Red)));
        }
        for one in &facts.overrides {
            text.push_str(&format!("unlike the chain: {}\n", one.words()));
        }
        text
    }

    fn object(&self, pinned: &Pinned) -> Result<serde_json::Value> {
        let Self { facts, chain, rust: evaluation, names, .. } = self;
        let rust = &evaluation.verdict;
        let overrides: Vec<String> = facts.overrides.iter().map(Override::words).collect();
        let Reads { trips, from_node, from_file } = pinned.reads();
        Ok(json!({
            "safe": facts.safe, "chain": words::verdict(chain), "rust": words::verdict(rust),
            "reason": rust.reason.name(), "rule": words::rule(rust, names), "rule_index": rust.rule,
            "words": words::reason(rust, names), "asked": words::asked(evaluation, names),
            "opening": evaluation.opening.as_ref().map(words::opening_json), "outcome": facts.outcome,
            "allowed_from": self.allowed_from, "foreseen": self.foreseen.as_ref().map(|one| one.told(names)),
            "gas": facts.gas, "failure": facts.failure, "agree": facts.agree, "overrides": overrides,
            "report": facts, "report_hash": self.hash()?,
            "state": { "trips": trips, "from_node": from_node, "from_file": from_file, "proven": pinned.is_proven() },
        }))
    }
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
