//! Regorus, on its virtual machine, which is faster than its interpreter: a set of the rules that hold, of which the
//! first decides.
//!
//! An `else` chain would stop at the first, but its machine has 255 registers for a rule, and chains of chains take
//! more than twice as long where the last rule decides.

use super::corpus::{Answer, Ask, Corpus};
use super::engines::Engine;
use alloy_primitives::Address;
use eyre::{Result, eyre};
use regorus::languages::rego::compiler::Compiler;
use regorus::rvm::vm::RegoVM;
use regorus::{Engine as Interpreter, PolicyLengthConfig, Value};
use std::fmt::Write;
use std::num::{NonZeroU32, NonZeroUsize};

/// Rules of one program: its machine takes 65,535 instructions, and a rule of the corpus has 25.
const PROGRAM: usize = 2_000;
const DECISION: &str = "data.policy.decision";

pub(crate) struct Rego {
    /// In order: the first that has a decision makes it.
    machines: Vec<RegoVM>,
    requests: Vec<Value>,
    allows: Vec<bool>,
}

impl Rego {
    pub(crate) fn new(corpus: &Corpus) -> Result<Self> {
        let starts = (0..corpus.rules.len()).step_by(PROGRAM);
        let machines = starts.map(|start| machine(&policy(corpus, start)?)).collect::<Result<_>>()?;
        Ok(Self {
            machines,
            requests: corpus.asks.iter().map(|(_, ask)| input(ask)).collect::<Result<_>>()?,
            allows: corpus.rules.iter().map(|rule| rule.allow).collect(),
        })
    }
}

impl Engine for Rego {
    fn name(&self) -> &'static str {
        "regorus"
    }

    fn decide(&mut self, ask: usize) -> Result<Answer> {
        for machine in &mut self.machines {
            machine.set_input(self.requests[ask].clone());
            let value = machine.execute().map_err(|error| eyre!("{error}"))?;
            if value != Value::Undefined {
                let at = usize::try_from(value.as_u64().map_err(|error| eyre!("{error}"))?)?;
                return Ok(Answer { allow: self.allows[at], rule: Some(at) });
            }
        }
        Ok(Answer { allow: false, rule: None })
    }

    /// Its machine keeps no trace in this release: the `explanations` feature has the report's types only.
    fn explain(&mut self, _: usize) -> Result<Option<(Answer, String)>> {
        Ok(None)
    }
}

fn machine(text: &str) -> Result<RegoVM> {
    let mut engine = Interpreter::new();
    engine.set_policy_length_config(PolicyLengthConfig {
        max_col: NonZeroU32::MAX,
        max_file_bytes: NonZeroUsize::MAX,
        max_lines: NonZeroUsize::MAX,
    });
    engine.add_policy("policy.rego".to_owned(), text.to_owned()).map_err(|error| eyre!("{error}"))?;
    let compiled = engine.compile_with_entrypoint(&DECISION.into()).map_err(|error| eyre!("{error}"))?;
    let program = Compiler::compile_from_policy(&compiled, &[DECISION]).map_err(|error| eyre!("{error}"))?;
    let mut machine = RegoVM::new();
    machine.load_program(program);
    Ok(machine)
}

/// The rules from `start` on, and the one that picks the first.
fn policy(corpus: &Corpus, start: usize) -> Result<String> {
    let mut text = "package policy\nimport rego.v1\n".to_owned();
    for (at, rule) in corpus.rules.iter().enumerate().skip(start).take(PROGRAM) {
        writeln!(
            text,
            "hits contains {at} if {{\n input.token == \"{}\"\n input.initiator in {}\n input.recipient in {}\n \
             input.amount >= {}\n input.amount <= {}\n}}",
            rule.token,
            set(&corpus.groups[rule.group]),
            set(&rule.recipients),
            rule.min,
            rule.max
        )?;
    }
    text.push_str("decision := min(hits)\n");
    Ok(text)
}

fn set(members: &[Address]) -> String {
    let members = members.iter().map(|member| format!("{:?}", member.to_string())).collect::<Vec<_>>();
    format!("{{{}}}", members.join(", "))
}

fn input(ask: &Ask) -> Result<Value> {
    let json = serde_json::json!({
        "token": ask.token.to_string(),
        "initiator": ask.initiator.to_string(),
        "recipient": ask.recipient.to_string(),
        "amount": ask.amount,
    });
    Value::from_json_str(&json.to_string()).map_err(|error| eyre!("{error}"))
}
