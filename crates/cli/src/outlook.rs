//! What the chain will say once attesters have stated what is known.

use crate::output::paint_verdict;
use crate::policy_file::PolicyFile;
use crate::words;
use alloy_primitives::Address;
use portcullis_chain::deploy;
use portcullis_eval::{
    Answer, Effect, Forecast, OnUnknown, Outlook, Projection, Question, Request, State, Undecided, Unstatable,
    forecast, project,
};
use portcullis_policy::{FactVerdict, Judgement, Knowledge, Observations, Scene, SourceMap};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// A forecast, with what is known of each question that came up: by effect, set and rule.
#[derive(Debug)]
pub(crate) struct Foreseen {
    pub(crate) forecast: Forecast,
    asked: BTreeMap<(u32, u8, u16), (String, Judgement)>,
    /// The last second at which attestations of what is known may count; none where nothing was asked that is known.
    deadline: Option<u64>,
}

/// Foresees the verdict on the request at `now`.
pub(crate) fn foresee<S: State>(
    file: &PolicyFile,
    (chain_id, hook): (u64, Address),
    state: &S,
    request: &Request,
    now: u64,
    observations: &Observations,
) -> Result<Foreseen, Undecided> {
    let knowledge = Knowledge::new(&file.policy, &file.compiled.source_map, observations, now);
    let asked = RefCell::new(BTreeMap::new());
    let judge = |question: &Question<'_>| {
        let judgement = knowledge.judge(question.set, question.index, &scene(question, request))?;
        Some((knowledge.rule(question.set, question.index)?.id.clone(), judgement))
    };
    let answer = |question: &Question<'_>| {
        // A rule that the policy does not have is one of another program.
        let Some((rule, judgement)) = judge(question) else { return Answer::Unknown(OnUnknown::Closed) };
        let answer = match judgement.truth {
            Some(true) => Answer::True,
            Some(false) => Answer::False,
            None if judgement.is_held => Answer::Unknown(OnUnknown::Hold),
            None => Answer::Unknown(OnUnknown::Closed),
        };
        asked.borrow_mut().insert((question.at, question.set, question.index), (rule, judgement));
        answer
    };
    let program = &file.compiled.program;
    let forecast = forecast(program, chain_id, hook, state, request, now, answer)?;
    let asked = asked.into_inner();
    let known = asked.values().filter(|(_, judgement)| judgement.truth.is_some());
    let deadline = known.map(|(_, judgement)| judgement.deadline).min();
    Ok(Foreseen { forecast, asked, deadline })
}

/// What attesters can state of the request at `now`, and the last second at which it may count: none where nothing that
/// is known was asked.
pub(crate) fn statable<S: State>(
    file: &PolicyFile,
    chain_id: u64,
    state: &S,
    request: &Request,
    now: u64,
    observations: &Observations,
) -> Result<(Projection, Option<u64>), Unstatable> {
    let knowledge = Knowledge::new(&file.policy, &file.compiled.source_map, observations, now);
    let deadline = Cell::new(None::<u64>);
    let answer = |question: &Question<'_>| {
        let judged = knowledge.judge(question.set, question.index, &scene(question, request));
        let Some((truth, until)) = judged.and_then(|one| Some((one.truth?, one.deadline))) else {
            return Answer::Unknown(OnUnknown::Closed);
        };
        deadline.set(Some(deadline.get().map_or(until, |known| known.min(until))));
        if truth { Answer::True } else { Answer::False }
    };
    let projection = project(&file.compiled.program, chain_id, deploy::hook_at(), state, request, now, answer)?;
    Ok((projection, deadline.get()))
}

/// What a question is about.
fn scene(question: &Question<'_>, request: &Request) -> Scene {
    let Effect { target, asset, recipient, .. } = *question.effect;
    Scene { at: question.at, initiator: request.initiator, target, asset, recipient }
}

impl Foreseen {
    /// `allow`, `deny` or `hold`.
    pub(crate) const fn word(&self) -> &'static str {
        match self.forecast.outlook {
            Outlook::Allowed => "allow",
            Outlook::Denied => "deny",
            Outlook::Hold | Outlook::TooManyUnknowns => "hold",
        }
    }

    /// Why, where something unknown decides; else what the evaluation says.
    pub(crate) fn reason(&self, evaluated: String) -> String {
        if self.forecast.outlook == Outlook::TooManyUnknowns {
            return "it hangs on more unknown facts than can be followed".to_owned();
        }
        if !self.forecast.hangs {
            return evaluated;
        }
        let closed = self.forecast.outlook == Outlook::Denied;
        let met = |key: &(u32, u8, u16)| self.forecast.unknowns.iter().any(|met| (met.at, met.set, met.index) == *key);
        let unknown = self.asked.iter().filter(|(key, _)| met(key)).flat_map(|(_, (_, judgement))| &judgement.facts);
        let unknown = unknown.filter(|one| one.truth.is_none());
        let unknown = unknown.filter(|one| !closed || one.on_unknown.word() == "closed");
        let mut told: Vec<String> = unknown.map(is_unknown).collect();
        told.dedup();
        let told = told.join(", ");
        if closed { format!("{told}, and closed then") } else { format!("{told}: people decide") }
    }

    /// What is foreseen, and what is known of each question: a block of lines.
    pub(crate) fn text(&self, names: &SourceMap) -> String {
        let reason = self.reason(words::outcome(&self.forecast.evaluation, names));
        let mut text = format!("facts  {}: {reason}\n", paint_verdict(self.word()));
        self.lines().iter().for_each(|line| text.push_str(&format!("     {line}\n")));
        text
    }

    /// The same for machines.
    pub(crate) fn told(&self, names: &SourceMap) -> Value {
        let reason = self.reason(words::outcome(&self.forecast.evaluation, names));
        json!({ "verdict": self.word(), "words": reason, "facts": self.object() })
    }

    /// What is known of each question, in lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for ((at, ..), (rule, judgement)) in &self.asked {
            let truth = match judgement.truth {
                Some(true) => "true",
                Some(false) => "false",
                None => "unknown",
            };
            let effect = u64::from(*at).saturating_add(1);
            lines.push(format!("  attested of rule {rule}, effect {effect}: {truth}"));
            lines.extend(judgement.facts.iter().map(|one| format!("     {}", fact(one))));
        }
        lines
    }

    /// The same for machines.
    pub(crate) fn object(&self) -> Value {
        let asked = self.asked.iter().map(|((at, ..), (rule, judgement))| {
            let facts = judgement.facts.iter().map(|one| {
                json!({
                    "fact": one.fact, "subject": one.subject.map(|subject| subject.to_string()), "truth": one.truth,
                    "cause": one.cause.map(portcullis_policy::Cause::word), "on_unknown": one.on_unknown.word(),
                    "assumed_by": one.assumed_by(),
                })
            });
            json!({
                "effect": at, "rule": rule, "truth": judgement.truth, "facts": facts.collect::<Vec<_>>(),
            })
        });
        json!({
            "asked": asked.collect::<Vec<_>>(), "hangs_on_unknown": self.forecast.hangs,
            "completions": self.forecast.evaluations, "deadline": self.deadline,
        })
    }
}

fn is_unknown(one: &FactVerdict) -> String {
    let subject = one.subject.map_or_else(String::new, |subject| format!(" of {subject}"));
    format!("{}{subject} is unknown ({})", one.fact, one.cause.map_or("missing", portcullis_policy::Cause::word))
}

fn fact(one: &FactVerdict) -> String {
    let subject = one.subject.map_or_else(String::new, |subject| format!(" of {subject}"));
    let name = format!("{}{subject}", one.fact);
    let verb = |truth| if truth { "holds" } else { "does not hold" };
    match (one.truth, one.cause, one.assumed_by()) {
        (Some(truth), Some(cause), Some(owner)) => {
            format!("{name}: {}, by a value that {owner} assumes ({})", verb(truth), cause.word())
        }
        (Some(truth), ..) => format!("{name}: {}", verb(truth)),
        (None, ..) => format!("{}: {}", is_unknown(one), one.on_unknown.word()),
    }
}
