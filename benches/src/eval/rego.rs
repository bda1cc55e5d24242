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

const DECISION: &str = "data.policy.decision";

pub(crate) struct Rego {
    machine: RegoVM,
    requests: Vec<Value>,
    allows: Vec<bool>,
}

impl Rego {
    pub(crate) fn new(corpus: &Corpus) -> Result<Self> {
        let text = policy(corpus)?;
        let mut engine = Interpreter::new();
        engine.set_policy_length_config(PolicyLengthConfig {
            max_col: NonZeroU32::MAX,
            max_file_bytes: NonZeroUsize::MAX,
            max_lines: NonZeroUsize::MAX,
        });
        engine.add_policy("policy.rego".to_owned(), text).map_err(|error| eyre!("{error}"))?;
        let compiled = engine.compile_with_entrypoint(&DECISION.into()).map_err(|error| eyre!("{error}"))?;
        let program = Compiler::compile_from_policy(&compiled, &[DECISION]).map_err(|error| eyre!("{error}"))?;
        let mut machine = RegoVM::new();
        machine.load_program(program);
        Ok(Self {
            machine,
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
        self.machine.set_input(self.requests[ask].clone());
        let value = self.machine.execute().map_err(|error| eyre!("{error}"))?;
        if value == Value::Undefined {
            return Ok(Answer { allow: false, rule: None });
        }
        let at = usize::try_from(value.as_u64().map_err(|error| eyre!("{error}"))?)?;
        Ok(Answer { allow: self.allows[at], rule: Some(at) })
    }

    /// Its machine keeps no trace in this release: the `explanations` feature has the report's types only.
    fn explain(&mut self, _: usize) -> Result<Option<(Answer, String)>> {
        Ok(None)
    }
}

/// The policy, and the rule that picks the first.
fn policy(corpus: &Corpus) -> Result<String> {
    let mut text = "package policy\nimport rego.v1\n".to_owned();
    for (at, rule) in corpus.rules.iter().enumerate() {
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
