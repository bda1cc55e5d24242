//! Portcullis: the policy as a person writes it, compiled to program bytes, evaluated as the hook does.

use super::corpus::{Answer, Ask, Corpus};
use super::engines::Engine;
use alloy_primitives::{Address, Bytes, U256};
use eyre::{Result, eyre};
use portcullis_eval::{Action, Evaluation, MemoryState, Reason, Request, Verdict, account_slot, evaluate, verdict};
use portcullis_policy::{Compiled, Policy, compile_off_chain};
use std::cmp::Ordering;
use std::fmt::Write;

/// Any chain: nothing of the corpus is signed.
pub(crate) const CHAIN_ID: u64 = 1;
/// Any time: no condition of the corpus asks for it.
const NOW: u64 = 1_790_000_000;
const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

pub(crate) struct Portcullis {
    compiled: Compiled,
    hook: Address,
    state: MemoryState,
    requests: Vec<Request>,
}

impl Portcullis {
    pub(crate) fn new(corpus: &Corpus) -> Result<Self> {
        let compiled = compile_policy(&parse(&document(corpus)?)?)?;
        let mut state = MemoryState::default();
        // The guard route, and some data contract.
        let control = U256::from_be_bytes(corpus.hook.into_word().0) | U256::ONE << 224;
        state.words.insert(account_slot(corpus.account, 0), control);
        let requests = corpus.asks.iter().map(|(_, ask)| request(corpus.account, ask)).collect();
        Ok(Self { compiled, hook: corpus.hook, state, requests })
    }

    fn ask(&self, ask: usize) -> Result<Evaluation> {
        Ok(evaluate(&self.compiled.program, CHAIN_ID, self.hook, &self.state, &self.requests[ask], NOW)?)
    }
}

impl Engine for Portcullis {
    fn name(&self) -> &'static str {
        "portcullis"
    }

    fn decide(&mut self, ask: usize) -> Result<Answer> {
        Ok(answer(&verdict(&self.compiled.program, CHAIN_ID, self.hook, &self.state, &self.requests[ask], NOW)?))
    }

    fn explain(&mut self, ask: usize) -> Result<Option<(Answer, String)>> {
        let evaluation = self.ask(ask)?;
        Ok(Some((answer(&evaluation.verdict), self.words(&evaluation)?)))
    }
}

impl Portcullis {
    /// Verdict, effects, and every condition that was tested.
    fn words(&self, evaluation: &Evaluation) -> Result<String> {
        let verdict = &evaluation.verdict;
        let names = &self.compiled.source_map;
        let id = |rule: u16| names.rule(rule).map_or("?", |rule| rule.id.as_str());
        let mut words = format!("{:?}", verdict.reason);
        if let Some(rule) = verdict.rule {
            write!(words, " by {}", id(rule))?;
        }
        for decision in &evaluation.decisions {
            let effect = &decision.effect;
            write!(words, "; {}", effect.kind.name())?;
            if let Some(amount) = effect.amount {
                write!(words, " of {amount}")?;
            }
            write!(words, " of {:#x}", effect.subject)?;
            if let Some(recipient) = effect.recipient {
                write!(words, " to {recipient:#x}")?;
            }
        }
        for test in &evaluation.tests {
            let (held, order) = (if test.held { "holds" } else { "fails" }, test.order);
            let order = match order {
                None => "",
                Some(Ordering::Less) => " (below the bound)",
                Some(Ordering::Equal) => " (at the bound)",
                Some(Ordering::Greater) => " (above the bound)",
            };
            write!(words, "; {} {} {held}{order}", id(test.rule), condition(test.op))?;
        }
        Ok(words)
    }
}

fn condition(op: u8) -> &'static str {
    match op {
        0x02 => "initiator",
        0x03 => "recipient",
        0x04 => "least amount",
        0x05 => "greatest amount",
        _ => "condition",
    }
}

fn answer(verdict: &Verdict) -> Answer {
    Answer { allow: verdict.reason == Reason::Allowed, rule: verdict.rule.map(usize::from) }
}

fn request(account: Address, ask: &Ask) -> Request {
    Request {
        account,
        initiator: ask.initiator,
        actions: vec![Action {
            to: ask.token,
            data: transfer(ask.recipient, U256::from(ask.amount)),
            ..Action::default()
        }],
        ..Request::default()
    }
}

/// The calldata of a transfer.
pub(crate) fn transfer(recipient: Address, amount: U256) -> Bytes {
    [TRANSFER.as_slice(), recipient.into_word().as_slice(), &amount.to_be_bytes::<32>()].concat().into()
}

/// The policy as a document.
pub(crate) fn document(corpus: &Corpus) -> Result<String> {
    let mut text = format!(
        "version = 1\nname = \"corpus\"\naccount = \"eth:{}\"\nsemantics = \"first-match\"\n\
         control = {{ change_delay = \"48h\" }}\n[assets]\n",
        corpus.account
    );
    for (at, rule) in corpus.rules.iter().enumerate() {
        writeln!(text, "T{at} = {{ standard = \"erc20\", address = \"{}\", decimals = 0 }}", rule.token)?;
    }
    text.push_str("[groups]\n");
    for (at, group) in corpus.groups.iter().enumerate() {
        writeln!(text, "group-{at} = {}", list(group))?;
    }
    for (at, rule) in corpus.rules.iter().enumerate() {
        write!(
            text,
            "[[rules]]\nid = \"rule-{at}\"\nwhen = {{ effect = \"transfer\", asset = \"T{at}\", \
             initiator = \"@group-{}\", recipient = {}, amount = {{ min = \"{}\", max = \"{}\" }} }}\n\
             then = {{ {} = true }}\n",
            rule.group,
            list(&rule.recipients),
            rule.min,
            rule.max,
            if rule.allow { "allow" } else { "deny" }
        )?;
    }
    Ok(text)
}

fn list(members: &[Address]) -> String {
    format!("{:?}", members.iter().map(ToString::to_string).collect::<Vec<_>>())
}

pub(crate) fn parse(document: &str) -> Result<Policy> {
    Policy::parse_off_chain(document, "policy.toml").map_err(|error| eyre!("{error}"))
}

pub(crate) fn compile_policy(policy: &Policy) -> Result<Compiled> {
    compile_off_chain(policy).map_err(|error| eyre!("{error}"))
}
