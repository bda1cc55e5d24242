//! `evidence`: every figure the project claims, measured now.

use crate::bindings::{self, CONTRACTS, Contract};
use crate::{attacks, demo, link, lint_proof, node, parity, record, setup, stage, suite, tools, wasm};
use clap::Args;
use eyre::{Result, WrapErr, bail};
use serde_json::{Value, json};
use std::process::{Command, Stdio};
use std::time::Instant;

mod allocated;
mod played;
mod recorded;

/// What an EVM chain accepts as one contract's code, in bytes (EIP-170).
const CODE_LIMIT: usize = 24_576;
const ATTACKS: usize = 40;
const MUTANTS: usize = 200;
const LINT_POLICIES: u64 = 2_000;
const LINT_RECORDED: u64 = 100_000;
const WASM_CASES: u64 = 2_000;

#[derive(Debug, Args)]
pub(crate) struct EvidenceArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// The seed of the random runs
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

struct Figure {
    name: String,
    target: String,
    value: String,
    met: bool,
    seed: Option<u64>,
}

pub(crate) fn run(args: &EvidenceArgs) -> Result<()> {
    setup::run()?;
    parity::build()?;
    demo::build()?;
    let mut figures = sizes()?;
    figures.extend(attack_figures()?);
    figures.extend(parity_figures(&REQUESTS, args.seed)?);
    figures.extend(parity_figures(&MESSAGES, args.seed)?);
    figures.extend(parity_figures(&BATCHES, args.seed)?);
    figures.push(self_test(&REQUESTS, args.seed)?);
    figures.push(self_test(&MESSAGES, args.seed)?);
    figures.extend(lint_figures(args.seed)?);
    figures.extend(recorded::figures()?);
    figures.push(wasm_figure(args.seed)?);
    figures.extend(tried_figures()?);
    figures.extend(allocated::figures()?);
    figures.extend(played::figures("embedded", demo::binary()?)?);
    let anvil = node::Anvil::start()?;
    let mut on_node = demo::binary()?;
    on_node.args(["--rpc", anvil.url()]);
    figures.extend(played::figures("anvil", on_node)?);
    drop(anvil);
    let missed: Vec<String> = figures.iter().filter(|figure| !figure.met).map(|figure| figure.name.clone()).collect();
    // What benches found is told with its targets and fails nothing: machines differ.
    figures.extend(recorded::benches()?);
    print(&figures, args.json)?;
    if !missed.is_empty() {
        bail!("missed: {}", missed.join(", "));
    }
    Ok(())
}

/// The hook and every library that it is linked with.
fn sizes() -> Result<Vec<Figure>> {
    CONTRACTS.iter().filter(|contract| contract.source.starts_with("contracts/")).map(size).collect()
}

fn size(contract: &Contract) -> Result<Figure> {
    let artifact = bindings::read(&bindings::committed(contract.name))?;
    let code = tools::at(&artifact, "deployedBytecode").as_str().unwrap_or_default();
    let size = link::bytes(code)?.len();
    Ok(Figure {
        name: format!("{} code, bytes", contract.name),
        target: format!("<= {CODE_LIMIT}"),
        value: size.to_string(),
        met: size != 0 && size <= CODE_LIMIT,
        seed: None,
    })
}

fn attack_figures() -> Result<[Figure; 2]> {
    let board = attacks::measure()?;
    board.is_shown()?;
    board.faults.iter().for_each(|fault| eprintln!("  {fault}"));
    let (named, held) = (board.attacks.len(), board.attacks.iter().filter(|attack| attack.held()).count());
    let figure = |name: &str, target: String, value: String, met: bool| Figure {
        name: format!("attacks: {name}"),
        target,
        value,
        met,
        seed: None,
    };
    Ok([
        figure("named", format!(">= {ATTACKS}"), named.to_string(), named >= ATTACKS),
        figure(
            "work without Portcullis, refused with it",
            "all".to_owned(),
            format!("{held} of {named}"),
            held == named && board.faults.is_empty(),
        ),
    ])
}

/// What is compared, and how much of it must end in allow, in percent.
struct Compared {
    name: &'static str,
    flags: &'static [&'static str],
    cases: u64,
    least_allowed: f64,
}

const REQUESTS: Compared = Compared { name: "parity", flags: &[], cases: 200_000, least_allowed: 30.0 };
const MESSAGES: Compared =
    Compared { name: "parity of messages", flags: &["--messages"], cases: 20_000, least_allowed: 20.0 };
/// Of batches, those that are executed as the mirror says.
const BATCHES: Compared = Compared {
    name: "batches as MultiSend executes them",
    flags: &["--batches"],
    cases: 1_000_000,
    least_allowed: 10.0,
};

fn parity_figures(compared: &Compared, seed: u64) -> Result<Vec<Figure>> {
    let mut command = parity::binary()?;
    command.args(compared.flags);
    command.args(["--cases", &compared.cases.to_string(), "--seed", &seed.to_string(), "--json"]);
    let started = Instant::now();
    let report = measure(compared.name, command)?;
    let taken = started.elapsed();
    let figure = |name: &str, target: String, value: String, met: bool| Figure {
        name: format!("{}: {name}", compared.name),
        target,
        value,
        met,
        seed: Some(seed),
    };
    let cases = tools::at(&report, "cases").as_u64();
    let disagreements = count(tools::at(&report, "disagreements"));
    let uncovered = count(tools::at(&report, "uncovered"));
    let share = tools::at(&report, "allowed_percent").as_f64();
    Ok(vec![
        figure(
            "cases",
            format!(">= {}", compared.cases),
            // How long they took is told and asks for nothing: machines differ.
            format!("{} in {:.1} s", shown(cases), taken.as_secs_f64()),
            cases >= Some(compared.cases),
        ),
        figure("disagreements", "0".to_owned(), shown(disagreements), disagreements == Some(0)),
        figure("uncovered", "0".to_owned(), shown(uncovered), uncovered == Some(0)),
        figure(
            "ends in allow, %",
            format!(">= {}", compared.least_allowed),
            share.map_or_else(|| "missing".to_owned(), |share| share.to_string()),
            share.is_some_and(|share| share >= compared.least_allowed),
        ),
    ])
}

fn self_test(compared: &Compared, seed: u64) -> Result<Figure> {
    let mut command = parity::binary()?;
    command.args(compared.flags);
    command.args(["--self-test", "--seed", &seed.to_string(), "--json"]);
    let report = measure(&format!("{} --self-test", compared.name), command)?;
    let (planted, missed) = (count(tools::at(&report, "planted")), count(tools::at(&report, "missed")));
    Ok(Figure {
        name: format!("{}: planted faults that are missed", compared.name),
        target: "0".to_owned(),
        value: format!("{} of {}", shown(missed), shown(planted)),
        met: planted > Some(0) && missed == Some(0),
        seed: Some(seed),
    })
}

/// What is tried, most of it on real Safes of every version and on real nodes: a figure, the binary of tests, and the
/// module in it, or none for all. Each test is one case.
const TRIED: [(&str, &str, &str); 12] = [
    ("operating: used Safes from plan to removal, and bad input refused", "cli", "operate::"),
    ("operating: faults between plan and end, nothing sent twice", "cli", "operate_faults::"),
    ("operating: status as the chain has it, in 3 round trips", "cli", "status::"),
    ("operating: commands of the page run as written", "cli", "operating::"),
    ("operating: owners sign, Safes own Safes, hashes are the Safe's own", "cli", "owners::"),
    ("operating: a service that checks every field takes what is proposed", "cli", "service::"),
    ("operating: Safe's own SDK on a guarded Safe", "cli", "protocol_kit::"),
    ("operating: 12,000 encodings are those of ethers-core", "encodings", ""),
    ("simulation: what is simulated is what then happens, bundles replay", "cli", "fork::"),
    ("simulation: every form in which transactions come", "cli", "inputs::"),
    ("audit: the most that leaves, reached where the Safe has it", "cli", "audit::"),
    ("allocation: documents to executed batches, every changed field refused", "cli", "attest::"),
];

fn tried_figures() -> Result<Vec<Figure>> {
    let figure = |(name, test, module): (&str, &str, &str)| -> Result<Figure> {
        let command = tools::cargo(&["test", "--workspace", "--test", test, "--color", "never", "--", module]);
        let outcome = stage::run(&format!("try {test} {module}"), command)?;
        let counts = outcome.lines.iter().filter_map(|line| suite::libtest(line));
        let (passed, failed) = counts.fold((0_u64, 0_u64), |(a, b), (c, d)| (a.saturating_add(c), b.saturating_add(d)));
        Ok(Figure {
            name: name.to_owned(),
            target: "all".to_owned(),
            value: format!("{passed} of {}", passed.saturating_add(failed)),
            met: outcome.passed && passed > 0 && failed == 0,
            seed: None,
        })
    };
    TRIED.into_iter().map(figure).collect()
}

/// The linter against brute force: a short run now, and the long one on record, which counts for one source only.
fn lint_figures(seed: u64) -> Result<Vec<Figure>> {
    eprintln!(".... lint against brute force");
    let now = lint_proof::measure(&lint_proof::AS_BUILT, seed, LINT_POLICIES, &indicatif::ProgressBar::hidden(), 0)?;
    let record = lint_proof::recorded().unwrap_or(Value::Null);
    let is_current = tools::at(&record, "source").as_str() == Some(&lint_proof::source()?);
    let figure = |name: &str, target: String, value: String, met: bool, seed: u64| Figure {
        name: format!("lint: {name}"),
        target,
        value,
        met,
        seed: Some(seed),
    };
    let wrong = |report: &Value| count(tools::at(report, "wrong"));
    let policies = record::number(&now, "policies");
    let kinds = tools::at(&now, "findings").as_object();
    let covered = kinds.map_or(0, |kinds| kinds.values().filter(|count| count.as_u64() > Some(0)).count());
    let every = kinds.map_or(0, serde_json::Map::len);
    let recorded = record::number(&record, "policies");
    let first = record::number(&record, "seed");
    let source = if is_current { "" } else { ", of another source" };
    let mut figures = vec![
        figure(
            "policies with a false alarm or a miss, now",
            format!("0 of {LINT_POLICIES}"),
            format!("{} of {policies}", shown(wrong(&now))),
            wrong(&now) == Some(0) && policies == LINT_POLICIES,
            seed,
        ),
        figure(
            "kinds of findings covered",
            "all".to_owned(),
            format!("{covered} of {every}"),
            every > 0 && covered == every,
            seed,
        ),
    ];
    // A record that is still growing claims nothing.
    if recorded >= LINT_RECORDED {
        figures.push(figure(
            "policies with a false alarm or a miss, on record",
            format!("0 of {LINT_RECORDED}"),
            format!("{} of {recorded}{source}", shown(wrong(&record))),
            wrong(&record) == Some(0),
            first,
        ));
    }
    Ok(figures)
}

fn wasm_figure(seed: u64) -> Result<Figure> {
    let report = wasm::measure(WASM_CASES, seed)?;
    let count = |name| tools::at(&report, name).as_u64().unwrap_or_default();
    let (asked, allowed, differences) = (count("cases"), count("allowed"), tools::at(&report, "differences").as_u64());
    Ok(Figure {
        name: "WebAssembly: questions answered otherwise than natively".to_owned(),
        target: format!("0 of at least {WASM_CASES}, with some allowed"),
        value: format!("{} of {asked}, {allowed} allowed", shown(differences)),
        met: differences == Some(0) && asked >= WASM_CASES && allowed > 0,
        seed: Some(seed),
    })
}

/// Runs a measuring command; its exit code is judged by the figures, its talk goes to stderr.
fn measure(name: &str, command: Command) -> Result<Value> {
    run_to_end(name, command).map(|(report, _)| report)
}

/// What a measuring command prints, and whether it succeeds.
fn run_to_end(name: &str, mut command: Command) -> Result<(Value, bool)> {
    eprintln!(".... {name}");
    let output = command.stderr(Stdio::inherit()).output().wrap_err_with(|| format!("cannot start {name}"))?;
    let report = serde_json::from_slice(&output.stdout)
        .wrap_err_with(|| format!("{name} printed no JSON object ({})", output.status))?;
    Ok((report, output.status.success()))
}

/// A number, or how many there are of something listed.
fn count(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_array().and_then(|items| u64::try_from(items.len()).ok()))
}

fn shown(value: Option<u64>) -> String {
    value.map_or_else(|| "missing".to_owned(), |value| value.to_string())
}

fn print(figures: &[Figure], as_json: bool) -> Result<()> {
    let dirty = !tools::capture(tools::command("git", &["status", "--porcelain"]))?.trim().is_empty();
    let mut commit = tools::capture(tools::command("git", &["rev-parse", "HEAD"]))?.trim().to_owned();
    if dirty {
        commit.push_str("-dirty");
    }
    let machine = tools::machine();
    if as_json {
        let rows: Vec<Value> = figures
            .iter()
            .map(|figure| {
                json!({
                    "figure": figure.name, "target": figure.target, "value": figure.value, "met": figure.met,
                    "commit": commit, "seed": figure.seed, "machine": machine,
                })
            })
            .collect();
        println!("{}", json!({ "format_version": "1.0", "figures": rows }));
        return Ok(());
    }
    println!("commit {commit}\nmachine {machine}\n");
    let width = figures.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
    for figure in figures {
        let mark = if figure.met { "ok  " } else { "MISS" };
        let seed = figure.seed.map(|seed| format!("  seed {seed}")).unwrap_or_default();
        println!("{mark} {:width$}  {:>12}  target {}{seed}", figure.name, figure.value, figure.target);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_fails_after_its_report_is_not_taken_for_one_that_passed() {
        let command = |script: &str| tools::command("sh", &["-c", script]);
        assert_eq!(run_to_end("reports", command("echo '{}'")).unwrap(), (json!({}), true));
        assert_eq!(run_to_end("fails", command("echo '{}'; exit 5")).unwrap(), (json!({}), false));
        assert!(run_to_end("says nothing", command("true")).is_err());
    }
}
