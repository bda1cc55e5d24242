//! The compiled hook against the mirror on random cases.

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use alloy_primitives::Bytes;
use clap::Parser;
use eyre::Result;
use indicatif::{ProgressBar, ProgressStyle};
use portcullis_testkit::case::{Case, Vector};
use portcullis_testkit::coverage::{Coverage, required};
use portcullis_testkit::faults::{CONTRACT_FAULTS, MirrorFault};
use portcullis_testkit::generate::generate;
use portcullis_testkit::parity::Evaluators;
use portcullis_testkit::{shrink::shrink, world};
use serde_json::json;

/// Cases within which every planted fault must be caught.
const FAULT_CASES: u64 = 20_000;
/// Counterexamples that are shrunk and kept; more say nothing new.
const KEPT: usize = 5;

/// Compare the compiled hook with the Rust evaluator on random cases.
#[derive(Debug, Parser)]
struct Args {
    /// How many cases.
    #[arg(long, default_value_t = 20_000)]
    cases: u64,
    /// The seed; the present time without it.
    #[arg(long)]
    seed: Option<u64>,
    /// One JSON object on stdout.
    #[arg(long)]
    json: bool,
    /// Plant known faults in both evaluators; each must be caught.
    #[arg(long)]
    self_test: bool,
    /// The hook out of this compiler artifact instead of the committed one.
    #[arg(long)]
    artifact: Option<PathBuf>,
    /// Write the first case that reaches each point, made small, to test/vectors/coverage.json.
    #[arg(long)]
    vectors: bool,
    /// Show how often each point was reached.
    #[arg(long)]
    hits: bool,
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(report) => {
            eprintln!("error: {report:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<bool> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let seed = args.seed.unwrap_or(now.as_secs());
    eprintln!("seed {seed}");
    if args.self_test {
        self_test(args, seed)
    } else if args.vectors {
        write_vectors(args, seed)
    } else {
        parity(args, seed)
    }
}

fn hook_code(args: &Args) -> Result<Bytes> {
    let Some(path) = &args.artifact else { return Ok(world::hook_code()) };
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(path)?)?;
    let code = json.pointer("/deployedBytecode/object").and_then(|code| code.as_str());
    Ok(code.ok_or_else(|| eyre::eyre!("no `deployedBytecode.object` in `{}`", path.display()))?.parse()?)
}

fn bar(length: u64) -> Result<ProgressBar> {
    let bar = ProgressBar::new(length);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {per_sec} {eta}")?);
    Ok(bar)
}

fn parity(args: &Args, seed: u64) -> Result<bool> {
    let evaluators = Evaluators::new(hook_code(args)?)?;
    let mut coverage = Coverage::default();
    let (mut disagreements, mut compiled) = (0_u64, 0_u64);
    let mut kept = Vec::new();
    let bar = bar(args.cases)?;
    bar.set_message("parity");
    for index in 0..args.cases {
        let generated = generate(seed, index, evaluators.known_code());
        compiled += u64::from(generated.compiled);
        match evaluators.compare(&generated.case) {
            Ok(evaluation) => {
                let state = generated.case.state(evaluators.known_code());
                coverage.note(&generated.case, &evaluation, &state);
            }
            Err(why) => {
                disagreements += 1;
                if kept.len() < KEPT {
                    bar.suspend(|| eprintln!("case {index}: {why}"));
                    let small = shrink(&generated.case, |case| evaluators.compare(case).is_err());
                    kept.push(save(&evaluators, seed, index, &small)?);
                }
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let mut uncovered = coverage.uncovered();
    if coverage.allowed_percent() < 30 {
        uncovered.push(format!("only {}% of the cases end in allow", coverage.allowed_percent()));
    }
    if args.hits {
        for (point, hits) in coverage.hits() {
            eprintln!("{hits:>7} {point}");
        }
    }
    for path in &kept {
        eprintln!("counterexample: {}", path.display());
    }
    for point in &uncovered {
        eprintln!("uncovered: {point}");
    }
    let report = json!({
        "cases": args.cases,
        "seed": seed,
        "disagreements": disagreements,
        "uncovered": uncovered,
        "allowed_percent": coverage.allowed_percent(),
        "compiled": compiled,
    });
    if args.json {
        println!("{report}");
    } else {
        println!(
            "{} cases, seed {seed}: {disagreements} disagreements, {} uncovered, {}% allowed, {compiled} compiled",
            args.cases,
            uncovered.len(),
            coverage.allowed_percent()
        );
    }
    Ok(disagreements == 0 && uncovered.is_empty())
}

fn directory() -> Result<PathBuf> {
    let mut path = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.extend(["..", "..", "test", "vectors"]);
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// The points that a case reaches, if the evaluators agree on it.
fn points(evaluators: &Evaluators, case: &Case) -> Coverage {
    let mut coverage = Coverage::default();
    if let Ok(evaluation) = evaluators.compare(case) {
        coverage.note(case, &evaluation, &case.state(evaluators.known_code()));
    }
    coverage
}

fn write_vectors(args: &Args, seed: u64) -> Result<bool> {
    let evaluators = Evaluators::new(hook_code(args)?)?;
    let mut missing = required();
    let mut vectors: BTreeMap<String, Vector> = BTreeMap::new();
    let bar = bar(args.cases)?;
    bar.set_message("vectors");
    for index in 0..args.cases {
        if missing.is_empty() {
            break;
        }
        let case = generate(seed, index, evaluators.known_code()).case;
        let reached = points(&evaluators, &case);
        for point in missing.clone() {
            if reached.hits().contains_key(&point) {
                let small = shrink(&case, |case| points(&evaluators, case).hits().contains_key(&point));
                let vector = evaluators.vector(&small).map_err(|why| eyre::eyre!("{why}"))?;
                missing.remove(&point);
                vectors.insert(point, vector);
            }
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    fs::write(directory()?.join("coverage.json"), serde_json::to_string_pretty(&vectors)? + "\n")?;
    eprintln!("{} vectors written, {} points without one", vectors.len(), missing.len());
    Ok(missing.is_empty())
}

fn save(evaluators: &Evaluators, seed: u64, index: u64, case: &Case) -> Result<PathBuf> {
    let mut path = directory()?;
    path.push(format!("parity-{seed}-{index}.json"));
    let vector = evaluators.vector(case).map_err(|why| eyre::eyre!("{why}"))?;
    fs::write(&path, serde_json::to_string_pretty(&vector)? + "\n")?;
    Ok(path)
}

/// The case that gives the fault away, if one does.
fn caught(healthy: &Evaluators, faulty: &Evaluators, seed: u64, bar: &ProgressBar) -> Option<u64> {
    bar.reset();
    (0..FAULT_CASES).find(|index| {
        bar.inc(1);
        let case = generate(seed, *index, healthy.known_code()).case;
        faulty.compare(&case).is_err() && healthy.compare(&case).is_ok()
    })
}

fn self_test(args: &Args, seed: u64) -> Result<bool> {
    let bar = bar(FAULT_CASES)?;
    let healthy = Evaluators::new(hook_code(args)?)?;
    let mut faults = Vec::new();
    let mut missed = 0_u64;
    let mut note = |side: &str, name: String, case: Option<u64>| {
        missed += u64::from(case.is_none());
        let found = case.map_or("MISSED".to_owned(), |case| format!("caught by case {case}"));
        bar.suspend(|| eprintln!("{side}: {name}: {found}"));
        faults.push(json!({ "side": side, "fault": name, "case": case }));
    };
    for fault in MirrorFault::ALL {
        bar.set_message(format!("{fault:?}"));
        let evaluators = Evaluators::new(hook_code(args)?)?.with_fault(fault);
        note("mirror", format!("{fault:?}"), caught(&healthy, &evaluators, seed, &bar));
    }
    for fault in CONTRACT_FAULTS {
        bar.set_message(fault.name);
        let evaluators = Evaluators::new(fault.plant(&hook_code(args)?)?)?;
        note("contract", fault.name.to_owned(), caught(&healthy, &evaluators, seed, &bar));
    }
    bar.finish_and_clear();
    let planted = faults.len();
    if args.json {
        println!("{}", json!({ "seed": seed, "planted": planted, "missed": missed, "faults": faults }));
    } else {
        println!("{planted} faults planted, {missed} missed, seed {seed}");
    }
    Ok(missed == 0)
}
