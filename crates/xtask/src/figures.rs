//! The figures of a decision against the snapshot that they are taken from.

use crate::readme::thousands;
use crate::{bindings, tools};
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::Value;
use std::fs;

const SNAPSHOT: &str = "snapshots/Layout.json";
const PAGE: &str = "docs/decisions/0001-storage-layout.md";

/// Fails with every line that the page lacks.
pub(crate) fn check() -> Result<()> {
    let page = fs::read_to_string(tools::root().join(PAGE)).wrap_err_with(|| format!("cannot read {PAGE}"))?;
    let snapshot = bindings::read(&tools::root().join(SNAPSHOT))?;
    let missing: Vec<String> = lines(&snapshot)?.into_iter().filter(|line| !page.contains(line)).collect();
    if !missing.is_empty() {
        bail!("{PAGE} does not say what {SNAPSHOT} measures: {}", missing.join("; "));
    }
    Ok(())
}

/// What the page must say.
fn lines(snapshot: &Value) -> Result<Vec<String>> {
    let figure = |name: &str| -> Result<u64> {
        let text = tools::at(snapshot, name).as_str().ok_or_else(|| eyre!("{SNAPSHOT} has no `{name}`"))?;
        text.parse().wrap_err_with(|| format!("{SNAPSHOT}: `{name}` is no number"))
    };
    let over = |more: &str, less: &str| -> Result<String> {
        let more_gas = figure(more)?.checked_sub(figure(less)?);
        more_gas.map(thousands).ok_or_else(|| eyre!("{SNAPSHOT}: `{more}` costs less than `{less}`"))
    };
    let mut lines = Vec::new();
    for row in [
        "no-op guard",
        "whitelist, 5 rules",
        "whitelist, 160 rules",
        "whitelist and daily limit, 5 rules",
        "whitelist and daily limit, 160 rules",
        "whitelist and rolling limit, 5 rules",
        "whitelist and rolling limit, 160 rules",
    ] {
        let mut line = format!("| {row} |");
        for column in ["transfer", "batch of 5 transfers", "transfer by a module"] {
            line += &format!(" +{} |", over(&format!("{column}: {row}"), &format!("{column}: no guard"))?);
        }
        lines.push(line);
    }
    let cost = |row: &str| over(&format!("transfer: {row}"), "transfer: no-op guard");
    lines.push(format!(
        "a transfer costs {} under a whitelist of 5 rules and {} under one of 160; with a rolling limit {} and {}.",
        cost("whitelist, 5 rules")?,
        cost("whitelist, 160 rules")?,
        cost("whitelist and rolling limit, 5 rules")?,
        cost("whitelist and rolling limit, 160 rules")?
    ));
    let growth = over("transfer: whitelist, 160 rules", "transfer: whitelist, 5 rules")?;
    lines.push(format!("{growth} gas between 5 rules and 160"));
    for size in ["5", "160"] {
        let both = |what: &str| -> Result<String> {
            let way = |way: &str| figure(&format!("{what} a program as {way}, {size} rules")).map(thousands);
            Ok(format!("{} | {} |", way("code")?, way("words")?))
        };
        lines.push(format!("| {size} rules: storing it | {}", both("store")?));
        lines.push(format!("| {size} rules: reading what decides, cold | {}", both("open")?));
    }
    lines.push(format!("| raw slot | {} |", thousands(figure("an account's word, raw slot")?)));
    lines.push(format!("| mapping | {} |", thousands(figure("an account's word, mapping")?)));
    lines.push(format!("has {} of 24,576 bytes", thousands(figure("bytes of the hook")?)));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_that_lacks_a_figure_is_an_error() {
        let error = lines(&serde_json::json!({ "transfer: no-op guard": "7" })).unwrap_err();
        assert_eq!(error.to_string(), "snapshots/Layout.json has no `transfer: no guard`");
    }
}
