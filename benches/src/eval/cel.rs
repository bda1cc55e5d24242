//! CEL. It has expressions, not policies: one program for each rule, tried in order until one holds.

use super::corpus::{Answer, Ask, Corpus};
use super::engines::Engine;
use alloy_primitives::Address;
use cel::{Context, Env, Program, Value};
use eyre::{Result, bail, eyre};
use std::sync::Arc;

pub(crate) struct Cel {
    rules: Vec<(Program, bool)>,
    requests: Vec<Context<'static, 'static>>,
}

impl Cel {
    pub(crate) fn new(corpus: &Corpus) -> Result<Self> {
        let env = Arc::new(Env::stdlib());
        let rules = corpus.rules.iter().map(|rule| {
            let text = format!(
                "token == '{}' && initiator in {} && recipient in {} && amount >= {} && amount <= {}",
                rule.token,
                list(&corpus.groups[rule.group]),
                list(&rule.recipients),
                rule.min,
                rule.max
            );
            Ok((env.compile(&text).map_err(|error| eyre!("{error}"))?, rule.allow))
        });
        let rules = rules.collect::<Result<_>>()?;
        let requests = corpus.asks.iter().map(|(_, ask)| context(&env, ask)).collect::<Result<_>>()?;
        Ok(Self { rules, requests })
    }
}

impl Engine for Cel {
    fn name(&self) -> &'static str {
        "cel"
    }

    fn decide(&mut self, ask: usize) -> Result<Answer> {
        let context = &self.requests[ask];
        for (at, (program, allow)) in self.rules.iter().enumerate() {
            match program.execute(context)? {
                Value::Bool(true) => return Ok(Answer { allow: *allow, rule: Some(at) }),
                Value::Bool(false) => {}
                other => bail!("a rule is {other:?}"),
            }
        }
        Ok(Answer { allow: false, rule: None })
    }

    /// It keeps no trace.
    fn explain(&mut self, _: usize) -> Result<Option<(Answer, String)>> {
        Ok(None)
    }
}

fn list(members: &[Address]) -> String {
    let members = members.iter().map(|member| format!("'{member}'")).collect::<Vec<_>>();
    format!("[{}]", members.join(", "))
}

fn context(env: &Arc<Env>, ask: &Ask) -> Result<Context<'static, 'static>> {
    let mut context = Context::with_env(Arc::clone(env));
    context.add_variable_from_value("token", ask.token.to_string());
    context.add_variable_from_value("initiator", ask.initiator.to_string());
    context.add_variable_from_value("recipient", ask.recipient.to_string());
    context.add_variable_from_value("amount", i64::try_from(ask.amount)?);
    Ok(context)
}
