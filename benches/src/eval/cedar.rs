//! Cedar. It knows no order, so every rule is a `permit`, and the first of those that hold decides.
//!
//! The token is the resource, tested first: of the ways to write these rules that were tried it is the fastest.

use super::corpus::{Answer, Ask, Corpus};
use super::engines::Engine;
use cedar_policy::{
    Authorizer, Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PolicyId, PolicySet, Request,
    Response, RestrictedExpression,
};
use eyre::{Result, eyre};
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

pub(crate) struct Cedar {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
    /// Index and outcome of each policy.
    rules: HashMap<PolicyId, (usize, bool)>,
}

impl Cedar {
    pub(crate) fn new(corpus: &Corpus) -> Result<Self> {
        let mut policies = PolicySet::new();
        let mut rules = HashMap::new();
        for (at, rule) in corpus.rules.iter().enumerate() {
            let id = PolicyId::new(format!("rule-{at}"));
            let text = format!(
                "permit(principal, action, resource == Token::\"{}\") when {{ principal in Group::\"{}\" \
                 && {:?}.contains(context.recipient) && context.amount >= {} && context.amount <= {} }};",
                rule.token,
                rule.group,
                rule.recipients.iter().map(ToString::to_string).collect::<Vec<_>>(),
                rule.min,
                rule.max
            );
            policies.add(Policy::parse(Some(id.clone()), text)?)?;
            rules.insert(id, (at, rule.allow));
        }
        let mut entities = Vec::new();
        for (at, group) in corpus.groups.iter().enumerate() {
            let parent = uid("Group", &at.to_string())?;
            entities.push(Entity::new_no_attrs(parent.clone(), HashSet::new()));
            for member in group {
                entities.push(Entity::new_no_attrs(
                    uid("Initiator", &member.to_string())?,
                    HashSet::from([parent.clone()]),
                ));
            }
        }
        Ok(Self {
            authorizer: Authorizer::new(),
            policies,
            entities: Entities::from_entities(entities, None)?,
            requests: corpus.asks.iter().map(|(_, ask)| request(ask)).collect::<Result<_>>()?,
            rules,
        })
    }

    fn ask(&self, ask: usize) -> Response {
        self.authorizer.is_authorized(&self.requests[ask], &self.policies, &self.entities)
    }

    fn first(&self, response: &Response) -> Answer {
        let hits = response.diagnostics().reason().filter_map(|id| self.rules.get(id));
        let first = hits.min();
        Answer { allow: first.is_some_and(|(_, allow)| *allow), rule: first.map(|(at, _)| *at) }
    }
}

impl Engine for Cedar {
    fn name(&self) -> &'static str {
        "cedar-policy"
    }

    fn decide(&mut self, ask: usize) -> Result<Answer> {
        let response = self.ask(ask);
        if let Some(error) = response.diagnostics().errors().next() {
            return Err(eyre!("{error}"));
        }
        Ok(self.first(&response))
    }

    /// Its diagnostics name the policies that held, and errors.
    fn explain(&mut self, ask: usize) -> Result<Option<(Answer, String)>> {
        let response = self.ask(ask);
        let answer = self.first(&response);
        let mut words = format!("{:?}", response.decision());
        for id in response.diagnostics().reason() {
            write!(words, "; {id} held")?;
        }
        for error in response.diagnostics().errors() {
            write!(words, "; {error}")?;
        }
        Ok(Some((answer, words)))
    }
}

fn uid(kind: &str, id: &str) -> Result<EntityUid> {
    Ok(EntityUid::from_type_name_and_id(kind.parse::<EntityTypeName>()?, EntityId::new(id)))
}

fn request(ask: &Ask) -> Result<Request> {
    let context = Context::from_pairs([
        ("recipient".to_owned(), RestrictedExpression::new_string(ask.recipient.to_string())),
        ("amount".to_owned(), RestrictedExpression::new_long(i64::try_from(ask.amount)?)),
    ])?;
    Ok(Request::new(
        uid("Initiator", &ask.initiator.to_string())?,
        uid("Action", "transfer")?,
        uid("Token", &ask.token.to_string())?,
        context,
        None,
    )?)
}
