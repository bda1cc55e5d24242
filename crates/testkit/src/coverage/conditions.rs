//! Which conditions were tested, and on which side of their bounds.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use portcullis_eval::{Decision, EffectKind, Evaluation, Reason, Test};

use super::limits::name;
use super::required::{COMPARISONS, LISTING, OPS, UNSOUND};
use super::{Coverage, side};
use crate::answering::Answering;
use crate::case::Case;
use crate::parity::Agreement;
use crate::scan::{Body, Found, bodies};
use crate::state::limits_of;
use crate::world;

impl Coverage {
    pub(super) fn conditions(&mut self, case: &Case, agreement: &Agreement, bodies: &BTreeMap<u16, Body>) {
        let evaluation = &agreement.evaluation;
        for test in &evaluation.tests {
            let Some((_, op)) = OPS.iter().find(|(number, _)| *number == test.op) else { continue };
            self.hit(format!("condition {op} {}", held(test)));
            if let Some(order) = test.order.filter(|_| ["at-least", "at-most"].contains(op)) {
                self.hit(format!("amount {} {op}", side(order)));
            }
            if test.depth == 8 {
                self.hit("condition eight deep tested");
            }
            // Where the rule has only one of the kind, it is this one.
            let conditions = bodies.get(&test.rule).map_or(&[][..], |body| &body.conditions);
            let mut alike = conditions.iter().filter(|found| found.op == test.op);
            if let (Some(found), None) = (alike.next(), alike.next()) {
                self.only(case, evaluation, test, op, found);
            }
        }
        self.stated(case, evaluation);
        if evaluation.verdict.reason == Reason::MalformedProgram {
            for malformed in bodies.values().filter_map(|body| body.malformed) {
                let op = OPS.iter().find(|(number, _)| *number == malformed).map_or("of no number", |(_, op)| op);
                self.hit(format!("condition {} malformed", if malformed == 0xff { "nine deep" } else { op }));
            }
        }
        for asked in &agreement.asked {
            if let Some(answering) = Answering::at(asked.target) {
                self.hit(format!("asked {answering:?}"));
            }
        }
        let what = match evaluation.verdict.reason {
            Reason::RegistryFailed => "registry",
            Reason::StaticCallFailed => "static call of",
            _ => return,
        };
        let culprit = Answering::at(Address::from_word(evaluation.verdict.have.into()));
        if let Some(culprit) = culprit.filter(|one| UNSOUND.contains(one) || *one == Answering::Two) {
            self.hit(format!("{what} {culprit:?} denied"));
        }
    }

    /// What attesters stated, or did not.
    fn stated(&mut self, case: &Case, evaluation: &Evaluation) {
        let verdict = evaluation.verdict;
        let semantics = case.program.get(2).copied().unwrap_or_default();
        let told = || evaluation.tests.iter().filter(|test| test.op == 0x11);
        let asks = |rule: u16| {
            bodies(&case.program).get(&rule).is_some_and(|body| body.conditions.iter().any(|found| found.op == 0x11))
        };
        match verdict.reason {
            Reason::Allowed => {
                if told().any(|test| test.held) {
                    self.hit(format!("truth allows under semantics {semantics}"));
                }
                if told().any(|test| test.held && test.effect > 0) {
                    self.hit("truth of a later effect");
                }
                if told().any(|test| !test.held) {
                    self.hit("falsehood attested");
                }
            }
            Reason::AttestationRequired if verdict.rule.is_some_and(asks) => {
                self.hit(format!("nothing stated under semantics {semantics}"));
                if case.origin.is_some() {
                    self.hit("a module states nothing");
                }
            }
            Reason::MalformedMaterial if told().next().is_some() => self.hit("statement out of form"),
            _ => {}
        }
    }

    /// A test of the condition that stands there.
    fn only(&mut self, case: &Case, evaluation: &Evaluation, test: &Test, op: &str, found: &Found) {
        let number = |at: usize, n: usize| {
            let bytes = case.program.get(at..at + n).unwrap_or_default();
            U256::from_be_slice(bytes).saturating_to::<u64>()
        };
        if let Some(list) = found.list.filter(|_| LISTING.contains(&op)) {
            let list = if number(list + 2, 1) == 255 { "registry" } else { "inline" };
            self.hit(format!("{op} by {list} {}", held(test)));
        }
        let ordinary = |decision: &&Decision| decision.effect.kind != EffectKind::Control;
        let effect = evaluation.decisions.iter().rfind(ordinary).map(|decision| decision.effect);
        let comparison = |at: usize| COMPARISONS.get(usize::try_from(number(at, 1)).unwrap_or(usize::MAX));
        match op {
            "word" | "static-call" => {
                let at = if op == "word" { 3 } else { 26 };
                if let (Some(comparison), Some(order)) = (comparison(found.at + at), test.order) {
                    self.hit(format!("{op} {comparison} {}", side(order)));
                }
                if op == "word" {
                    self.word(case, number(found.at + 1, 2), number(found.at + 4, 1) > 0);
                }
            }
            "time" => self.time(case.now, number(found.at + 1, 3), number(found.at + 4, 3), test),
            "weekday" => self.hit(format!("weekday {} {}", (case.now / 86_400 + 3) % 7, held(test))),
            "has-code" => {
                let recipient = effect.and_then(|effect| effect.recipient);
                let place = recipient.and_then(|one| world::recipients().iter().position(|known| *known == one));
                match place.map(|place| place % 4) {
                    Some(1) => self.hit("recipient's code: some"),
                    Some(2) => self.hit("recipient's code: none, on chain"),
                    Some(_) => self.hit("recipient's code: none"),
                    None => {}
                }
            }
            "within" => {
                let limits = limits_of(&case.program);
                if let Some(limit) = limits.get(usize::try_from(number(found.at + 1, 1)).unwrap_or(usize::MAX)) {
                    self.hit(format!("within {} {}", name(limit), held(test)));
                }
            }
            _ => {}
        }
    }

    /// Where the word stands in the calldata of a request of one call.
    fn word(&mut self, case: &Case, offset: u64, masked: bool) {
        if masked {
            self.hit("word masked");
        }
        if let [action] = case.actions.as_slice()
            && action.operation == 0
        {
            let length = u64::try_from(action.data.len()).unwrap_or(u64::MAX);
            self.hit(if offset + 32 <= length {
                "word within calldata"
            } else if offset < length {
                "word across its end"
            } else {
                "word behind it"
            });
        }
    }

    fn time(&mut self, now: u64, from: u64, to: u64, test: &Test) {
        let time = now % 86_400;
        self.hit(format!("time {} its start", side(time.cmp(&from))));
        self.hit(format!("time {} its end", side(time.cmp(&to))));
        self.hit(format!("time {} {}", if from < to { "within a day" } else { "over midnight" }, held(test)));
        if time == 0 {
            self.hit("first second of a day");
        }
        if time == 86_399 {
            self.hit("last second of a day");
        }
    }
}

fn held(test: &Test) -> &'static str {
    if test.held { "holds" } else { "fails" }
}
