//! `bench gas`: what treasury work costs without a guard, under others, and under Portcullis.
//!
//! Gas is exact, so the snapshot and the README's table are held to it: `--check` fails on any difference.

use crate::{bench_gas_parts, bindings, readme, setup, stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;

/// The tests that measure are compiled and run apart from the others.
pub(crate) const PROFILE: &str = "gas";
const SNAPSHOT: &str = "snapshots/gas.json";
const PEER: &str = "peer ";

/// The works in the order in which they are shown, what they are, and the most that Portcullis is to cost over no guard.
pub(crate) const WORKS: [(&str, &str, u64); 6] = [
    ("erc20-whitelist", "ERC-20 transfer, whitelist", 11_500),
    ("erc20-limit", "the same with a strict rolling limit", 17_000),
    ("module-limit", "that by a module", 17_000),
    ("batch5-limit", "a batch of five of them", 24_000),
    ("erc20-large-policy", "whitelist, 200 rules and 500 addresses", 12_000),
    ("erc20-attested", "whitelist, limit and one attestation", 28_000),
];

#[derive(Debug, Args)]
pub(crate) struct GasArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Compare with the committed snapshot and the README instead of writing them
    #[arg(long)]
    check: bool,
    /// Say instead what the gas is used for, by the sources that the instructions come from
    #[arg(long, conflicts_with = "check")]
    parts: bool,
}

/// One work: gas used without a guard, and by column what each guard adds.
#[derive(Debug, PartialEq, Eq)]
struct Work {
    id: &'static str,
    what: &'static str,
    ceiling: u64,
    unguarded: u64,
    noop: u64,
    portcullis: u64,
    peers: BTreeMap<String, u64>,
}

pub(crate) fn run(args: &GasArgs) -> Result<()> {
    setup::run()?;
    if args.parts {
        return bench_gas_parts::run(args.json);
    }
    let works = measure()?;
    if args.json {
        println!("{}", snapshot(&works));
    } else {
        print!("{}", table(&works, true));
    }
    if args.check { compare(&works) } else { write(&works) }
}

/// Fails where the snapshot or the README say something else than what is measured.
pub(crate) fn check() -> Result<()> {
    compare(&measure()?)
}

fn write(works: &[Work]) -> Result<()> {
    let text = serde_json::to_string_pretty(&snapshot(works)).wrap_err("cannot write JSON")?;
    fs::write(tools::root().join(SNAPSHOT), format!("{text}\n"))
        .wrap_err_with(|| format!("cannot write {SNAPSHOT}"))?;
    readme::table(readme::PAGE, "gas", &table(works, false), false)
}

fn compare(works: &[Work]) -> Result<()> {
    let committed = bindings::read(&tools::root().join(SNAPSHOT))?;
    let differing = differences(&committed, works);
    if !differing.is_empty() {
        bail!("{}; if that is meant, run `cargo xtask bench gas`", differing.join("; "));
    }
    readme::table(readme::PAGE, "gas", &table(works, false), true)
}

/// What costs more than in the snapshot first.
fn differences(committed: &Value, works: &[Work]) -> Vec<String> {
    let rows = tools::at(committed, "works").as_array().cloned().unwrap_or_default();
    let mut worse = Vec::new();
    let mut other = Vec::new();
    for work in works {
        let row = rows.iter().find(|row| tools::at(row, "id").as_str() == Some(work.id));
        let known = row.and_then(|row| tools::at(row, "portcullis").as_u64());
        match known {
            Some(known) if work.portcullis > known => {
                worse.push(format!("{} costs {}, {} before", work.id, work.portcullis, known));
            }
            _ if row == Some(&line(work)) => {}
            _ => other.push(format!("{SNAPSHOT} says something else of {}", work.id)),
        }
    }
    if rows.len() != works.len() {
        other.push(format!("{SNAPSHOT} has {} works, not {}", rows.len(), works.len()));
    }
    worse.append(&mut other);
    worse
}

fn snapshot(works: &[Work]) -> Value {
    json!({ "works": works.iter().map(line).collect::<Vec<_>>() })
}

fn line(work: &Work) -> Value {
    json!({
        "id": work.id, "unguarded": work.unguarded, "noop": work.noop, "portcullis": work.portcullis,
        "peers": work.peers,
    })
}

fn measure() -> Result<Vec<Work>> {
    let mut build = tools::foundry("forge", &["build", "--color", "never"])?;
    build.env("FOUNDRY_PROFILE", PROFILE);
    stage::must("forge build (gas)", build)?;
    // Without -vv forge keeps the logs to itself.
    let mut command = tools::foundry("forge", &["test", "--json", "-vv"])?;
    command.env("FOUNDRY_PROFILE", PROFILE);
    let output = command.stderr(Stdio::inherit()).output().wrap_err("cannot start forge")?;
    let report = serde_json::from_slice(&output.stdout)
        .wrap_err_with(|| format!("forge test printed no JSON object ({})", output.status))?;
    works(&gas(&report)?)
}

/// Gas by work and column.
type Gas = BTreeMap<(String, String), u64>;

fn gas(report: &Value) -> Result<Gas> {
    let mut gas = Gas::new();
    for suite in report.as_object().ok_or_else(|| eyre!("forge's report is no object"))?.values() {
        for (name, result) in tools::at(suite, "test_results").as_object().into_iter().flatten() {
            if tools::at(result, "status").as_str() != Some("Success") {
                let reason = tools::at(result, "reason").as_str().unwrap_or("no reason given");
                bail!("{name} fails: {reason}");
            }
            for line in tools::at(result, "decoded_logs").as_array().into_iter().flatten() {
                let Some(line) = line.as_str().and_then(|line| line.strip_prefix("gas: ")) else { continue };
                let parts: Vec<&str> = line.split("; ").collect();
                let [id, column, used] = parts.as_slice() else { bail!("{name} logged `{line}`") };
                let used = used.parse().wrap_err_with(|| format!("{name} logged `{line}`"))?;
                if gas.insert(((*id).to_owned(), (*column).to_owned()), used).is_some() {
                    bail!("{id} was measured twice under {column}");
                }
            }
        }
    }
    Ok(gas)
}

fn works(gas: &Gas) -> Result<Vec<Work>> {
    WORKS
        .into_iter()
        .map(|(id, what, ceiling)| {
            let used = |column: &str| {
                let key = (id.to_owned(), column.to_owned());
                gas.get(&key).copied().ok_or_else(|| eyre!("{id} was not measured: {column}"))
            };
            let unguarded = used("unguarded")?;
            let over = |used: u64| used.checked_sub(unguarded).ok_or_else(|| eyre!("{id} costs less under a guard"));
            let peers = gas.iter().filter(|((of, column), _)| of == id && column.starts_with(PEER));
            let peers = peers
                .map(|((_, column), used)| Ok((column.trim_start_matches(PEER).to_owned(), over(*used)?)))
                .collect::<Result<_>>()?;
            let (noop, portcullis) = (over(used("noop")?)?, over(used("portcullis")?)?);
            Ok(Work { id, what, ceiling, unguarded, noop, portcullis, peers })
        })
        .collect()
}

/// A table in Markdown; on a terminal with what each is to cost at most.
fn table(works: &[Work], ceilings: bool) -> String {
    let peers: Vec<&String> = works.first().map(|work| work.peers.keys().collect()).unwrap_or_default();
    let over = |gas: u64| format!("+{}", readme::thousands(gas));
    let mut rows = Vec::new();
    let mut head =
        vec!["work".to_owned(), "no guard".to_owned(), "no-op guard".to_owned(), "**Portcullis**".to_owned()];
    if ceilings {
        head.push("at most".to_owned());
    }
    head.extend(peers.iter().map(|peer| (*peer).clone()));
    let columns = head.len();
    rows.push(head);
    rows.push((0..columns).map(|at| if at == 0 { "---" } else { "---:" }.to_owned()).collect());
    for work in works {
        let mut row = vec![
            work.what.to_owned(),
            readme::thousands(work.unguarded),
            over(work.noop),
            format!("**{}**", over(work.portcullis)),
        ];
        if ceilings {
            let missed = if work.portcullis > work.ceiling { ", missed" } else { "" };
            row.push(format!("{}{missed}", over(work.ceiling)));
        }
        row.extend(peers.iter().map(|peer| work.peers.get(*peer).map_or_else(|| "–".to_owned(), |gas| over(*gas))));
        rows.push(row);
    }
    rows.iter().map(|row| format!("| {} |\n", row.join(" | "))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: &str, logs: &[&str]) -> Value {
        json!({ "W.t.sol:W": { "test_results": { "test_a()": { "status": status, "decoded_logs": logs } } } })
    }

    fn whole() -> Gas {
        let columns = [("unguarded", 100), ("noop", 110), ("portcullis", 150), ("peer A", 120)];
        let each = |id: &str| columns.map(|(column, used)| ((id.to_owned(), column.to_owned()), used));
        WORKS.iter().flat_map(|(id, ..)| each(id)).collect()
    }

    #[test]
    fn a_work_that_failed_or_was_measured_twice_or_not_is_an_error() {
        assert!(gas(&report("Failure", &["gas: a; noop; 1"])).is_err());
        assert!(gas(&report("Success", &["gas: a; noop; 1", "gas: a; noop; 1"])).is_err());
        assert!(gas(&report("Success", &["gas: a; noop"])).is_err());
        let mut lacking = whole();
        lacking.remove(&("module-limit".to_owned(), "portcullis".to_owned()));
        assert_eq!(works(&lacking).unwrap_err().to_string(), "module-limit was not measured: portcullis");
    }

    #[test]
    fn whatever_differs_from_the_snapshot_is_told_and_what_costs_more_first() {
        let before = works(&whole()).unwrap();
        let committed = snapshot(&before);
        assert!(differences(&committed, &before).is_empty());
        let mut gas = whole();
        gas.insert(("erc20-limit".to_owned(), "portcullis".to_owned()), 151);
        gas.insert(("erc20-whitelist".to_owned(), "peer A".to_owned()), 121);
        assert_eq!(
            differences(&committed, &works(&gas).unwrap()),
            ["erc20-limit costs 51, 50 before", "snapshots/gas.json says something else of erc20-whitelist"]
        );
        assert_eq!(differences(&json!({}), &before).len(), 7);
    }

    #[test]
    fn the_table_has_a_row_for_each_work_and_a_dash_where_nothing_was_measured() {
        let mut gas = whole();
        gas.remove(&("batch5-limit".to_owned(), "peer A".to_owned()));
        let table = table(&works(&gas).unwrap(), true);
        assert_eq!(table.lines().count(), 8);
        assert!(table.contains("| a batch of five of them | 100 | +10 | **+50** | +24,000 | – |"), "{table}");
    }
}
