//! `audit`: what a policy would let everybody do with a Safe within a day and a week, confirmed on the Safe's state.

use crate::exit::Exit;
use crate::fork::{self, Audit as Found, Most, Row, Taken};
use crate::output::{Output, talk};
use crate::{named, policy_file, units};
use alloy_primitives::{Address, B256, U256};
use clap::Args;
use comfy_table::{ContentArrangement, LineStyle, Table, presets};
use eyre::{Result, WrapErr, bail, eyre};
use portcullis_policy::Policy;
use portcullis_report::Untrusted;
use portcullis_simulate::{Limits, Pinned, Record, Rpc, Trust, seal, unseal};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

const KIND: &str = "audit";
/// What the table says, and does not.
const SCOPE: [&str; 9] = [
    "most: no choice of times, requests and answers of others takes more in any day (24 h) or week (7 d), as long as this program is active",
    "confirmed: what the hook, the Safe and the token really let through from this block on, one execution after the other, out of what the Safe holds",
    "unbounded: no limit counts every such request by amount over time; the Safe's balance is all that bounds it",
    "limits on the number of requests, those for each recipient, and those for each of unnamed initiators bound no amount, since requests are batches and there is no end of recipients",
    "\"other calls\" and \"opaque calls\" may move whatever the called contract lets the Safe move; no amount of them is counted, and they are not tried",
    "\"delegatecalls\" run other code as the Safe, which may then do anything at all; they are not tried",
    "\"leaves\" is what is paid and transferred; an allowance is counted when it is given, not when it is drawn, and what was allowed before this block is not in the table",
    "what has to be announced is announced for \"confirmed\" from this block on, by an owner or the module itself; what else rules ask for (approvals, signers, attesters, answers of other contracts) is taken to be given for \"most\", and as the chain has it for \"confirmed\"",
    "in the owners' rows as many owners as the Safe asks for consent; they can also change the policy, which matures after the change delay and ends every bound",
];

// Arguments of `audit`.
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// The node
    #[arg(long, value_name = "URL", requires = "safe", required_unless_present = "replay")]
    rpc: Option<String>,
    /// The Safe
    #[arg(long, value_name = "ADDRESS", requires = "rpc")]
    safe: Option<String>,
    /// The names of the policy on the chain
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    policy: Option<PathBuf>,
    /// The block on whose state it runs: a number, a hash or `latest`
    #[arg(long, value_name = "BLOCK", default_value = "latest", requires = "rpc")]
    block: String,
    /// The chain that the node must be on
    #[arg(long, value_name = "ID", requires = "rpc")]
    chain_id: Option<u64>,
    /// Take nothing from the node that it does not prove against the block's hash
    #[arg(long, requires = "rpc")]
    proven: bool,
    /// How long the node may take for one request
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "rpc")]
    timeout: u64,
    /// Write a file that --replay audits again without a network
    #[arg(long, value_name = "FILE", requires = "rpc")]
    bundle: Option<PathBuf>,
    /// Audit again out of what --bundle wrote
    #[arg(long, value_name = "FILE", conflicts_with = "rpc")]
    replay: Option<PathBuf>,
    /// Print Markdown
    #[arg(long)]
    markdown: bool,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Bundle {
    safe: Address,
    /// With its names.
    policy: String,
    state: Record,
    report: B256,
}

impl Audit {
    pub(crate) fn run(&self, output: &Output) -> Result<Exit> {
        let (found, hash) = match (&self.replay, &self.rpc, &self.safe) {
            (Some(bundle), ..) => replay(bundle)?,
            (None, Some(url), Some(safe)) => self.on_node(url, safe)?,
            _ => bail!("name a node and a Safe with --rpc and --safe, or a file with --replay"),
        };
        let text = || if self.markdown { markdown(&found, hash) } else { plain(&found, hash) };
        let json = json!({ "audit": found, "report_hash": hash, "scope": SCOPE, "proven": self.proven });
        output.result(text, json)?;
        if self.proven {
            talk("everything that was read of the state is proven against the block's hash");
        }
        Ok(Exit::Done)
    }

    fn on_node(&self, url: &str, safe: &str) -> Result<(Found, B256)> {
        let safe = named::parse(safe).wrap_err("--safe")?;
        let limits = Limits { request: Duration::from_secs(self.timeout), ..Limits::default() };
        let account = safe.address;
        let (wanted, hints) = (fork::of_safe(account), fork::lists(account));
        let (node, at) = (Rpc::new(url, limits)?, super::simulate::block(&self.block)?);
        let trust = if self.proven { Trust::Proofs } else { Trust::Node(None) };
        let pinned = Pinned::open(node, at, self.chain_id, trust, wanted, &hints)?;
        let safe = safe.on(pinned.chain_id()).wrap_err("--safe")?;
        let named = self.policy.as_ref().map(|path| policy_file::read(path)).transpose()?;
        let (found, policy) = fork::audit(&pinned, safe, named)?;
        let hash = found.hash()?;
        if let Some(path) = &self.bundle {
            let bundle = Bundle { safe, policy: policy.to_toml(), state: pinned.used(), report: hash };
            fork::whole(path, &seal(KIND, &bundle)?)?;
        }
        Ok((found, hash))
    }
}

fn replay(path: &Path) -> Result<(Found, B256)> {
    let shown = path.display();
    let broken = || format!("`{shown}` is not replayed");
    let bytes = policy_file::text(path)?;
    let bundle: Bundle = unseal(KIND, bytes.as_bytes()).wrap_err_with(broken)?;
    bundle.state.check().wrap_err_with(broken)?;
    let policy = Policy::parse(&bundle.policy, "the bundle's policy").map_err(|faults| eyre!("{faults}"))?;
    let (found, _) = fork::audit(&Pinned::recorded(bundle.state), bundle.safe, Some(policy)).wrap_err_with(broken)?;
    let hash = found.hash()?;
    if hash != bundle.report {
        bail!(
            "the audit's hash is {hash}, the bundle's is {}: another release made it, or it was forged",
            bundle.report
        );
    }
    talk("the same as when the bundle was made");
    Ok((found, hash))
}

const HEAD: [&str; 7] = ["who", "what", "most in a day", "confirmed", "most in a week", "confirmed", "rules"];

fn cells(row: &Row) -> [String; 7] {
    let names = || row.who.iter().map(Address::to_string).collect::<Vec<_>>().join(" or ");
    let who = match (row.by_module, row.who.is_empty()) {
        (false, true) => "owners, sent by anybody else".to_owned(),
        (false, false) => format!("owners, sent by {}", names()),
        (true, _) if row.enabled => format!("module {}", names()),
        (true, _) => format!("module {} (not enabled)", names()),
    };
    let asset = match (&row.asset, row.address) {
        (Some(name), _) => format!("{} ", Untrusted::new(name)),
        (None, Some(Address::ZERO)) => "wei ".to_owned(),
        (None, Some(token)) => format!("{token} "),
        (None, None) => String::new(),
    };
    let amount = |amount: U256| units::amount(amount, row.decimals);
    let most = |most: Most| match most {
        Most::Unbounded => "unbounded".to_owned(),
        Most::AtMost(most) => amount(most),
    };
    let reached = |reached: Option<U256>| reached.map_or_else(|| "not tried".to_owned(), amount);
    let rules = row.rules.iter().map(|rule| Untrusted::new(rule).to_string()).collect::<Vec<_>>().join(", ");
    let what = format!("{asset}{}", row.what);
    [who, what, most(row.day), reached(row.reached_day), most(row.week), reached(row.reached_week), rules]
}

fn head(found: &Found) -> Vec<String> {
    let delay = units::duration(found.change_delay.into());
    vec![
        format!("Safe {} ({}), {} of {} owners", found.safe, found.safe_version, found.threshold, found.owners.len()),
        format!("policy {}, program {}, change delay {delay}", Untrusted::new(&found.policy), found.program),
        format!("chain {}, block {} ({})", found.chain_id, found.block_number, found.block_hash),
    ]
}

/// What stands behind each row: the requests, what they need, and why no more was let through.
fn behind(row: &Row) -> Vec<String> {
    let amount = |amount: U256| units::amount(amount, row.decimals);
    // Their gas differs, which nobody asks here.
    let key = |one: &Taken| (one.at, one.rule.clone(), one.to, one.value, one.data.clone(), one.amount, one.announced);
    let alike = |requests: &[Taken]| {
        let [one, ..] = requests else { return String::new() };
        let (at, took, data) = (units::time(one.at), amount(one.amount), &one.data);
        let times = if requests.len() == 1 { String::new() } else { format!("{} times ", requests.len()) };
        let rule = Untrusted::new(&one.rule);
        let announced = one.announced.map_or_else(String::new, |at| format!(", announced {}", units::time(at)));
        format!("{at}  {times}{took} by {rule}: to {}, value {}, data {data}{announced}", one.to, one.value)
    };
    let mut lines: Vec<String> = row.taken.chunk_by(|one, next| key(one) == key(next)).map(alike).collect();
    lines.extend(row.needs.iter().map(|need| format!("needs {}", Untrusted::new(need))));
    lines.extend(row.stopped.iter().map(|why| format!("no more by {}", Untrusted::new(why))));
    lines
}

fn plain(found: &Found, hash: B256) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    table.set_content_arrangement(ContentArrangement::Dynamic).set_header(HEAD);
    for row in &found.rows {
        table.add_row(cells(row));
    }
    let mut lines = head(found);
    lines.push(table.to_string());
    for row in &found.rows {
        let [who, what, ..] = cells(row);
        let behind = behind(row);
        if !behind.is_empty() {
            lines.push(format!("{who}: {what}"));
            lines.extend(behind.iter().map(|line| format!("  {line}")));
        }
    }
    lines.push("keys".to_owned());
    lines.extend(found.keys.iter().map(|key| format!("  {}  {}", key.address, key.can)));
    lines.push("what this covers".to_owned());
    lines.extend(SCOPE.iter().map(|line| format!("  {line}")));
    lines.push(format!("report {hash}"));
    lines.join("\n")
}

fn markdown(found: &Found, hash: B256) -> String {
    // Names come from a policy, which may hold anything.
    let plain = |text: &str| text.replace('|', "\\|").replace('<', "&lt;");
    let line =
        |cells: &[String]| format!("| {} |", cells.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(" | "));
    let mut lines = vec!["# What the policy lets through".to_owned(), String::new()];
    lines.extend(head(found).iter().map(|one| format!("- {}", plain(one))));
    lines.extend([String::new(), line(&HEAD.map(str::to_owned)), format!("|{}", " --- |".repeat(HEAD.len()))]);
    lines.extend(found.rows.iter().map(|row| line(&cells(row))));
    lines.extend([String::new(), "## Requests that reach it".to_owned(), String::new()]);
    for row in &found.rows {
        let [who, what, ..] = cells(row);
        let behind = behind(row);
        if !behind.is_empty() {
            lines.push(format!("- {}", plain(&format!("{who}: {what}"))));
            lines.extend(behind.iter().map(|one| format!("  - {}", plain(one))));
        }
    }
    lines.extend([String::new(), "## Keys".to_owned(), String::new()]);
    lines.extend(found.keys.iter().map(|key| format!("- {}: {}", key.address, key.can)));
    lines.extend([String::new(), "## What this covers".to_owned(), String::new()]);
    lines.extend(SCOPE.iter().map(|one| format!("- {one}")));
    lines.extend([String::new(), format!("report {hash}"), String::new()]);
    lines.join("\n")
}
