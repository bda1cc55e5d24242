//! `diff`: what does another version of a policy change?

use super::lint::indented;
use crate::exit::Exit;
use crate::output::Output;
use crate::{policy_file, units, witness};
use clap::Args;
use eyre::Result;
use portcullis_policy::{Change, Difference, Direction, diff};
use serde_json::{Value, json};
use std::path::PathBuf;

// Arguments of `diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The policy in force, in TOML or JSON
    old: PathBuf,
    /// The one that is to replace it
    new: PathBuf,
}

impl Diff {
    /// Ends with 0 where nothing changes and 2 where something does.
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (old, new) = (policy_file::read(&self.old)?, policy_file::read(&self.new)?);
        let differences = diff(&old, &new)?;
        let of = |direction| list(of(&differences, direction));
        output.result(
            || text(&differences),
            json!({ "looser": of(Direction::Looser), "stricter": of(Direction::Stricter) }),
        )?;
        Ok(if differences.is_empty() { Exit::Done } else { Exit::Changed })
    }
}

/// The differences of one direction.
pub(super) fn of(differences: &[Difference], direction: Direction) -> impl Iterator<Item = &Difference> {
    differences.iter().filter(move |one| one.direction == direction)
}

/// Every difference in a sentence, with a request that shows it.
pub(super) fn text(differences: &[Difference]) -> String {
    let mut parts = Vec::new();
    for (title, direction) in [("looser", Direction::Looser), ("stricter", Direction::Stricter)] {
        for one in of(differences, direction) {
            parts.push(format!("{title}: {}", sentence(one)));
            if let Some(shown) = &one.witness {
                parts.push(format!("  for example:\n{}", indented(&witness::text(shown))));
            }
            parts.push(String::new());
        }
    }
    let count = |direction| of(differences, direction).count();
    parts.push(format!("{} looser, {} stricter", count(Direction::Looser), count(Direction::Stricter)));
    parts.join("\n")
}

pub(super) fn list<'a>(differences: impl Iterator<Item = &'a Difference>) -> Vec<Value> {
    let one = |one: &Difference| {
        let (change, detail) = match &one.change {
            Change::Verdict => ("verdict", Value::Null),
            Change::Delay(old, new) => ("delay", json!({ "old": old, "new": new })),
            Change::Limit(id) => ("limit", json!(id)),
            Change::Cap(id) => ("cap", json!(id)),
            Change::Restart(id) => ("restart", json!(id)),
            Change::Meter(id) => ("meter", json!(id)),
            Change::Obligation { what, old, new } => ("obligation", json!({ "what": what, "old": old, "new": new })),
        };
        json!({
            "change": change, "detail": detail, "old_rule": one.old_rule, "new_rule": one.new_rule,
            "message": sentence(one), "witness": one.witness.as_ref().map_or(Value::Null, witness::json),
        })
    };
    differences.map(one).collect()
}

fn sentence(one: &Difference) -> String {
    let name = |rule: &Option<String>| rule.as_ref().map_or("no rule".to_owned(), |id| format!("`{id}`"));
    let (old, new) = (name(&one.old_rule), name(&one.new_rule));
    let looser = one.direction == Direction::Looser;
    let change = match &one.change {
        Change::Verdict if looser => "denied before and allowed now".to_owned(),
        Change::Verdict => "allowed before and denied now".to_owned(),
        Change::Delay(before, now) => {
            format!("waited {} and now {}", units::duration(u64::from(*before)), units::duration(u64::from(*now)))
        }
        Change::Limit(id) if looser => format!("no longer charged to limit `{id}`"),
        Change::Limit(id) => format!("now charged to limit `{id}`"),
        Change::Cap(id) if looser => format!("charged to limit `{id}`, whose cap rises"),
        Change::Cap(id) => format!("charged to limit `{id}`, whose cap falls"),
        Change::Obligation { what, old, new } if old == new => {
            format!("asked for {old} {what}, of which others count now")
        }
        Change::Obligation { what, old: 0, new } => format!("now asked for {new} {what}"),
        Change::Obligation { what, old, new: 0 } => format!("no longer asked for {old} {what}"),
        Change::Obligation { what, old, new } => format!("asked for {old} {what} before and {new} now"),
        Change::Meter(id) if looser => format!("limit `{id}` no longer meters what leaves beyond what is declared"),
        Change::Meter(id) => format!("limit `{id}` now meters what leaves beyond what is declared"),
        Change::Restart(id) => {
            format!("charged to limit `{id}`, which starts empty: its asset, scope or window changes")
        }
    };
    // Listed all the same: whoever reviews a policy must not miss what may loosen it.
    let perhaps = if one.witness.is_none() { "perhaps " } else { "" };
    format!("{perhaps}{change} ({old} decided, {new} decides)")
}

#[cfg(test)]
mod tests {
    use super::{Change, Difference, Direction, sentence};

    #[test]
    fn nothing_that_no_request_shows_is_said_for_certain() {
        let unshown = |direction| Difference {
            direction,
            change: Change::Verdict,
            old_rule: None,
            new_rule: Some("pay".to_owned()),
            witness: None,
        };
        let said = [Direction::Looser, Direction::Stricter].map(|direction| sentence(&unshown(direction)));
        assert_eq!(
            said,
            [
                "perhaps denied before and allowed now (no rule decided, `pay` decides)",
                "perhaps allowed before and denied now (no rule decided, `pay` decides)",
            ]
        );
    }
}
