//! Who compares large amounts rightly: `amount <= bound` at the edges of the numbers that engines use.

use super::ours;
use alloy_primitives::{Address, U256};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request as CedarRequest, RestrictedExpression,
};
use cel::{Context as CelContext, Env, Value as CelValue};
use eyre::{Result, eyre};
use portcullis_eval::{Action, MemoryState, Reason, Request, account_slot, evaluate};
use regorus::{Engine as Interpreter, Value};
use std::fmt;
use std::sync::Arc;

/// How an engine does at one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// Every comparison is right.
    Right,
    /// Some are refused with an error, and none is wrong.
    Refuses,
    /// Something was denied that is within the bound, and nothing worse.
    WronglyDenies,
    /// Something passed that is above the bound.
    WronglyAllows,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Right => "right",
            Self::Refuses => "refuses",
            Self::WronglyDenies => "wrong: denies",
            Self::WronglyAllows => "wrong: allows",
        })
    }
}

/// An engine's outcomes, in the order of [`edges`].
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) engine: &'static str,
    /// How the amount is given to it.
    pub(crate) form: &'static str,
    pub(crate) outcomes: Vec<Outcome>,
}

/// Whether `amount <= bound`; an error when the engine takes one of them not, or not the comparison.
type Compare = fn(U256, U256) -> Result<bool>;

const WAYS: [(&str, &str, Compare); 7] = [
    ("portcullis", "amount of a policy", portcullis),
    ("cedar-policy", "Long", cedar_long),
    ("cedar-policy", "two Longs, 10^9 and rest", cedar_two_longs),
    ("regorus", "JSON number", rego_json),
    ("regorus", "number built from a string", rego_built),
    ("cel", "int or uint", cel_number),
    ("cel", "string of 78 digits", cel_string),
];

/// The edges, with their names.
pub(crate) fn edges() -> [(&'static str, U256); 6] {
    let two_to = |power: usize| U256::ONE << power;
    [
        ("2^53-1", two_to(53) - U256::ONE),
        ("2^53+1", two_to(53) + U256::ONE),
        ("2^63-1", two_to(63) - U256::ONE),
        ("2^63+1", two_to(63) + U256::ONE),
        ("10^24", U256::from(10).pow(U256::from(24))),
        ("2^256-1", U256::MAX),
    ]
}

/// Every way at every edge.
pub(crate) fn table() -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (engine, form, compare) in WAYS {
        let outcomes = edges().map(|(_, edge)| at(edge, compare)).to_vec();
        rows.push(Row { engine, form, outcomes });
    }
    Ok(rows)
}

/// Bounds at the edge and one below, amounts around both.
fn at(edge: U256, compare: Compare) -> Outcome {
    let below = edge - U256::ONE;
    let mut worst = Outcome::Right;
    for bound in [below, edge] {
        for amount in [Some(below), Some(edge), edge.checked_add(U256::ONE)].into_iter().flatten() {
            let outcome = match (compare(amount, bound), amount <= bound) {
                (Err(_), _) => Outcome::Refuses,
                (Ok(true), false) => Outcome::WronglyAllows,
                (Ok(false), true) => Outcome::WronglyDenies,
                (Ok(_), _) => Outcome::Right,
            };
            worst = worst.max(outcome);
        }
    }
    worst
}

fn portcullis(amount: U256, bound: U256) -> Result<bool> {
    let [account, token, recipient, hook] = [1, 2, 3, 4].map(Address::repeat_byte);
    let document = format!(
        "version = 1\nname = \"edge\"\naccount = \"eth:{account}\"\nsemantics = \"first-match\"\n\
         control = {{ change_delay = \"48h\" }}\n\
         assets = {{ T = {{ standard = \"erc20\", address = \"{token}\", decimals = 18 }} }}\n\
         [[rules]]\nid = \"edge\"\n\
         when = {{ effect = \"transfer\", asset = \"T\", amount = {{ max = \"{}\" }} }}\nthen = {{ allow = true }}\n",
        alloy_primitives::utils::format_units(bound, 18)?
    );
    let program = ours::compile_policy(&ours::parse(&document)?)?.program;
    let action = Action { to: token, data: ours::transfer(recipient, amount), ..Action::default() };
    let request = Request { account, actions: vec![action], ..Request::default() };
    let mut state = MemoryState::default();
    state.words.insert(account_slot(account, 0), U256::from_be_bytes(hook.into_word().0));
    let verdict = evaluate(&program, ours::CHAIN_ID, hook, &state, &request, 0)?.verdict;
    Ok(verdict.reason == Reason::Allowed)
}

fn cedar(policy: &str, values: Vec<(String, RestrictedExpression)>) -> Result<bool> {
    let policies: PolicySet = policy.parse()?;
    let uid: EntityUid = "Thing::\"one\"".parse()?;
    let context = Context::from_pairs(values)?;
    let request = CedarRequest::new(uid.clone(), uid.clone(), uid, context, None)?;
    let response = Authorizer::new().is_authorized(&request, &policies, &Entities::empty());
    if let Some(error) = response.diagnostics().errors().next() {
        return Err(eyre!("{error}"));
    }
    Ok(response.decision() == Decision::Allow)
}

fn long(value: U256) -> Result<RestrictedExpression> {
    Ok(RestrictedExpression::new_long(i64::try_from(value)?))
}

fn cedar_long(amount: U256, bound: U256) -> Result<bool> {
    let policy = format!("permit(principal, action, resource) when {{ context.amount <= {bound} }};");
    cedar(&policy, vec![("amount".to_owned(), long(amount)?)])
}

/// As a provider whose policies are Cedar documents it: whole units of 10^9, and the rest.
fn cedar_two_longs(amount: U256, bound: U256) -> Result<bool> {
    let unit = U256::from(1_000_000_000_u64);
    let (high, low) = bound.div_rem(unit);
    let policy = format!(
        "permit(principal, action, resource) when {{ context.scaled < {high} || \
         (context.scaled == {high} && context.dust <= {low}) }};"
    );
    let (scaled, dust) = amount.div_rem(unit);
    cedar(&policy, vec![("scaled".to_owned(), long(scaled)?), ("dust".to_owned(), long(dust)?)])
}

fn rego(bound: U256, amount: Value) -> Result<bool> {
    let mut engine = Interpreter::new();
    let policy = format!("package edge\nimport rego.v1\nallow if input.amount <= {bound}\n");
    engine.add_policy("edge.rego".to_owned(), policy).map_err(|error| eyre!("{error}"))?;
    let input = Value::from(std::collections::BTreeMap::from([(Value::from("amount"), amount)]));
    engine.set_input(input);
    let answer = engine.eval_rule("data.edge.allow".to_owned()).map_err(|error| eyre!("{error}"))?;
    Ok(answer == Value::from(true))
}

fn rego_json(amount: U256, bound: U256) -> Result<bool> {
    rego(bound, Value::from_json_str(&amount.to_string()).map_err(|error| eyre!("{error}"))?)
}

fn rego_built(amount: U256, bound: U256) -> Result<bool> {
    rego(bound, Value::from_numeric_string(&amount.to_string()).map_err(|error| eyre!("{error}"))?)
}

fn cel(expression: &str, amount: CelValue) -> Result<bool> {
    let env = Arc::new(Env::stdlib());
    let program = env.compile(expression).map_err(|error| eyre!("{error}"))?;
    let mut context = CelContext::with_env(env);
    context.add_variable_from_value("amount", amount);
    match program.execute(&context)? {
        CelValue::Bool(answer) => Ok(answer),
        other => Err(eyre!("{other:?}")),
    }
}

fn cel_number(amount: U256, bound: U256) -> Result<bool> {
    let suffix = if i64::try_from(bound).is_ok() { "" } else { "u" };
    let amount = match i64::try_from(amount) {
        Ok(amount) => CelValue::Int(amount),
        Err(_) => CelValue::UInt(u64::try_from(amount)?),
    };
    cel(&format!("amount <= {bound}{suffix}"), amount)
}

/// Strings have an order, so digits padded to one length have that of their numbers.
fn cel_string(amount: U256, bound: U256) -> Result<bool> {
    let padded = |value: U256| format!("{:0>78}", value.to_string());
    cel(&format!("amount <= '{}'", padded(bound)), CelValue::from(padded(amount)))
}
