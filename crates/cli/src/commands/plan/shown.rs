//! A plan as people and machines read it.

use super::linted::Linted;
use crate::commands::diff;
use crate::fork::{Rehearsed, Run};
use crate::units;
use alloy_primitives::{Address, B256, keccak256};
use portcullis_chain::deploy as addresses;
use portcullis_operate::account::{Account, Change};
use portcullis_operate::deploy::Piece;
use portcullis_operate::plan::Block;
use portcullis_operate::steps::{Goal, Step};
use portcullis_policy::{Difference, Direction};
use serde_json::{Value, json};

/// What two policies differ in.
pub(super) enum Compared {
    Nothing,
    First { rules: usize, limits: usize },
    With(Vec<Difference>),
    Not(String),
}

impl Compared {
    fn text(&self) -> String {
        match self {
            Self::Nothing => "every rule ends: the owners and all modules are free again\n".to_owned(),
            Self::First { rules, limits } => {
                format!("from unguarded to {rules} rules and {limits} limits; whatever no rule allows is denied\n")
            }
            Self::With(differences) => diff::text(differences),
            Self::Not(why) => format!("what gets looser or stricter cannot be told: {why}\n"),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Nothing => json!({ "removes": true }),
            Self::First { rules, limits } => json!({ "installs": { "rules": rules, "limits": limits } }),
            Self::With(differences) => json!({
                "looser": diff::list(diff::of(differences, Direction::Looser)),
                "stricter": diff::list(diff::of(differences, Direction::Stricter)),
            }),
            Self::Not(why) => json!({ "unknown": why }),
        }
    }
}

/// A plan as a person reads it.
pub(super) struct Shown<'a> {
    pub(super) account: &'a Account,
    pub(super) goal: &'a Goal,
    pub(super) block: Block,
    pub(super) step: &'a Step,
    pub(super) program: Option<&'a Piece>,
    pub(super) rehearsed: &'a Rehearsed,
    pub(super) linted: &'a Linted,
    /// Whether the policy says what may be signed.
    pub(super) asks_messages: bool,
}

impl Shown<'_> {
    fn wanted(&self) -> (Option<B256>, u32) {
        match self.goal {
            Goal::Enforced { program, change_delay, .. } => (Some(keccak256(program)), *change_delay),
            Goal::Removed { .. } => (None, 0),
        }
    }

    /// The fallback handler in the end.
    fn handler(&self) -> Address {
        let (Goal::Enforced { handler, .. } | Goal::Removed { handler }) = self.goal;
        handler.unwrap_or(self.account.safe.handler)
    }

    /// What becomes of the fallback handler, where that needs words.
    fn about_handler(&self) -> Option<String> {
        let (now, wanted, ours) = (self.account.safe.handler, self.handler(), addresses::handler_at());
        let named =
            |handler| if handler == ours { format!("{handler}, the signature handler") } else { format!("{handler}") };
        let removes = matches!(self.goal, Goal::Removed { .. });
        if now != wanted {
            Some(format!("handler {} now, {} wanted", named(now), named(wanted)))
        } else if removes && now == ours {
            Some(format!(
                "handler {} stays, and signs nothing without a policy: name another with --handler",
                named(now)
            ))
        } else if self.asks_messages && now != ours {
            Some(format!("handler {now} stays, and asks no message rule: plan with --handler for those to hold"))
        } else {
            None
        }
    }

    /// When what the step stages matures, if it is executed at once.
    fn matures(&self) -> Option<u64> {
        let delay = u64::from(self.account.kept.change_delay);
        self.step.doing.stages().then(|| self.block.timestamp.saturating_add(delay))
    }

    pub(super) fn text(&self, compared: &Compared) -> String {
        let (account, safe) = (self.account, &self.account.safe);
        let program = |hash: Option<B256>, delay: u32| {
            hash.map_or("no program".to_owned(), |hash| {
                format!("program {hash}, change delay {}", units::duration(u64::from(delay)))
            })
        };
        let (hash, delay) = self.wanted();
        let mut lines = vec![
            format!(
                "Safe    {} (version {}, {} of {} owners) on chain {}",
                safe.address,
                safe.version,
                safe.threshold,
                safe.owners.len(),
                account.chain_id
            ),
            format!("block   {} {} of {}", self.block.number, self.block.hash, units::time(self.block.timestamp)),
            format!("now     {}", program(account.kept.program.map(|(_, hash)| hash), account.kept.change_delay)),
            format!("wanted  {}", program(hash, delay)),
        ];
        lines.extend(self.about_handler());
        if let Some(staged) = &account.kept.staged {
            let what = match &staged.what {
                Change::Program { code_hash, .. } => format!("program {code_hash}"),
                Change::Slots { .. } => "a change of guards or handler".to_owned(),
            };
            lines.push(format!("staged  {what}, since {}", units::time(staged.at)));
        }
        if account.kept.frozen.is_some() {
            lines.push("frozen  yes: a plan changes nothing about that".to_owned());
        }
        if !safe.version.has_module_guard() && !safe.modules.is_empty() {
            let modules = safe.modules.iter().map(Address::to_string).collect::<Vec<_>>().join(", ");
            lines.push(format!("bypass  these modules are not guarded by Safe {}: {modules}", safe.version));
        }
        lines.push(format!("\n{}\n", compared.text().trim_end()));
        let linted = self.linted.lines();
        if !linted.is_empty() {
            lines.push(linted.join("\n") + "\n");
        }
        if let (Some(gas), Some(piece)) = (self.rehearsed.deployment, self.program) {
            lines.push(format!("1. anyone: put the program at {} (gas {gas})", piece.address));
        }
        let first = self.rehearsed.runs.first();
        lines.push(format!(
            "{}. Safe transaction with nonce {}: {} (gas {})\n   hash {}",
            if self.rehearsed.deployment.is_some() { 2 } else { 1 },
            self.step.nonce,
            self.step.doing.words(),
            first.map_or(0, |run| run.gas),
            self.step.hash
        ));
        let mut earliest = self.block.timestamp;
        for run in self.rehearsed.runs.iter().skip(1) {
            earliest = earliest.saturating_add(run.waited);
            let from =
                if run.waited == 0 { "then".to_owned() } else { format!("not before {}", units::time(earliest)) };
            lines.push(format!("   {from}: {} (gas {}), which is another plan", run.doing.words(), run.gas));
        }
        if !self.rehearsed.way_out.is_empty() {
            let waits = self.rehearsed.way_out.iter().map(|run| run.waited).fold(0, u64::saturating_add);
            lines.push(format!(
                "\nrehearsed with the guard on, to its end; removal works after it, in {}",
                units::duration(waits)
            ));
        } else {
            lines.push("\nrehearsed with the guard on, to its end".to_owned());
        }
        lines.join("\n")
    }

    pub(super) fn json(&self, compared: &Compared) -> Value {
        let runs = |runs: &[Run]| -> Vec<Value> {
            runs.iter().map(|run| json!({ "step": run.doing, "gas": run.gas, "waited": run.waited })).collect()
        };
        let (hash, change_delay) = self.wanted();
        json!({
            "safe": self.account.safe.address, "chain_id": self.account.chain_id, "block": self.block, "changes": true,
            "before": { "program": self.account.kept.program.map(|(_, hash)| hash), "change_delay": self.account.kept.change_delay, "handler": self.account.safe.handler },
            "wanted": { "program": hash, "change_delay": change_delay, "handler": self.handler() },
            "differences": compared.json(), "lint": self.linted.json(),
            "deployment": self.rehearsed.deployment.zip(self.program).map(|(gas, piece)| json!({ "address": piece.address, "gas": gas })),
            "step": self.step, "matures": self.matures(),
            "rehearsal": runs(&self.rehearsed.runs), "way_out": runs(&self.rehearsed.way_out),
        })
    }
}
