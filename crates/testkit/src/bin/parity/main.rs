//! The compiled hook, the mirror and the plain evaluator on random cases.

mod batches;
mod messages;

use std::{collections::BTreeMap, fs, path::PathBuf, process::ExitCode};

use clap::Parser;
use eyre::Result;
use indicatif::{ProgressBar, ProgressStyle};
use portcullis_testkit::case::{Case, Vector};
use portcullis_testkit::coverage::{Coverage, required};
use portcullis_testkit::faults::{CONTRACT_FAULTS, MirrorFault};
use portcullis_testkit::generate::generate;
use portcullis_testkit::hook::HookCode;
use portcullis_testkit::parity::{Evaluators, catch};
use portcullis_testkit::shrink::shrink;
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
    /// Compare what accounts sign instead of what they execute.
    #[arg(long)]
    messages: bool,
    /// Compare batches with what Safe's contracts execute, instead of verdicts.
    #[arg(long, conflicts_with_all = ["messages", "self_test", "vectors"])]
    batches: bool,
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
    if args.batches {
        batches::parity(args, seed)
    } else if args.messages {
        if args.self_test { messages::self_test(args, seed) } else { messages::parity(args, seed) }
    } else if args.self_test {
        self_test(args, seed)
    } else if args.vectors {
        write_vectors(args, seed)
    } else {
        parity(args, seed)
    }
}

fn hook_code(args: &Args) -> Result<HookCode> {
    args.artifact.as_deref().map_or_else(|| Ok(HookCode::committed()), HookCode::of_artifact)
}

fn bar(length: u64) -> Result<ProgressBar> {
    let bar = ProgressBar::new(length);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} {per_sec} {eta}")?);
    Ok(bar)
}

/// What a share of the cases came to.
#[derive(Default)]
struct Share {
    coverage: Coverage,
    disagreements: u64,
    compiled: u64,
    /// The first few that divide the evaluators, and how.
    dividing: Vec<(u64, String)>,
}

fn share(code: &HookCode, seed: u64, indices: impl Iterator<Item = u64>, bar: &ProgressBar) -> Result<Share> {
    let evaluators = Evaluators::new(code)?;
    let mut share = Share::default();
    for index in indices {
        let generated = generate(seed, index, evaluators.around());
        share.compiled += u64::from(generated.compiled);
        match evaluators.compare(&generated.case) {
            Ok(agreement) => share.coverage.note(&generated.case, &agreement),
            Err(why) => {
                share.disagreements += 1;
                if share.dividing.len() < KEPT {
                    share.dividing.push((index, why.to_string()));
                }
            }
        }
        bar.inc(1);
    }
    Ok(share)
}

/// All cases, on as many threads as there are processors. The outcome does not depend on how many.
fn all(args: &Args, seed: u64) -> Result<Share> {
    let code = hook_code(args)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let bar = bar(args.cases)?;
    bar.set_message("parity");
    let shares = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|first| {
                let (code, bar) = (code.clone(), bar.clone());
                let indices = (0..args.cases).skip(first).step_by(threads);
                scope.spawn(move || share(&code, seed, indices, &bar))
            })
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join().map_err(|_| eyre::eyre!("a thread panicked"))?);
        ended.collect::<Result<Vec<Share>>>()
    })?;
    bar.finish_and_clear();
    let mut whole = Share::default();
    for share in shares {
        whole.coverage.join(share.coverage);
        whole.disagreements += share.disagreements;
        whole.compiled += share.compiled;
        whole.dividing.extend(share.dividing);
    }
    whole.dividing.sort();
    whole.dividing.truncate(KEPT);
    Ok(whole)
}

fn parity(args: &Args, seed: u64) -> Result<bool> {
    let Share { coverage, disagreements, compiled, dividing } = all(args, seed)?;
    let evaluators = Evaluators::new(&hook_code(args)?)?;
    for (index, why) in dividing {
        eprintln!("case {index}: {why}");
        let case = generate(seed, index, evaluators.around()).case;
        let small = shrink(&case, |case| evaluators.compare(case).is_err());
        if let Err(why) = evaluators.compare(&small) {
            eprintln!("  made small: {why}");
        }
        eprintln!("counterexample: {}", save(&evaluators, seed, index, &small)?);
    }
    let uncovered = coverage.gaps();
    if args.hits {
        for (point, hits) in coverage.hits() {
            eprintln!("{hits:>7} {point}");
        }
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
        "declined": coverage.declined(),
    });
    if args.json {
        println!("{report}");
    } else {
        println!(
            "{} cases, seed {seed}: {disagreements} disagreements, {} uncovered, {}% allowed, {compiled} compiled, \
             {} without the plain evaluator",
            args.cases,
            uncovered.len(),
            coverage.allowed_percent(),
            coverage.declined()
        );
    }
    Ok(disagreements == 0 && uncovered.is_empty())
}

/// Where vectors are kept, from the repository's root.
const VECTORS: &str = "test/vectors";

fn directory() -> Result<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = root.ancestors().nth(2).ok_or_else(|| eyre::eyre!("the crate lies in no repository"))?;
    let path = root.join(VECTORS);
    fs::create_dir_all(&path)?;
    Ok(path)
}

/// The points that a case reaches, if the evaluators agree on it.
fn points(evaluators: &Evaluators, case: &Case) -> Coverage {
    let mut coverage = Coverage::default();
    if let Ok(agreement) = evaluators.compare(case) {
        coverage.note(case, &agreement);
    }
    coverage
}

fn write_vectors(args: &Args, seed: u64) -> Result<bool> {
    let evaluators = Evaluators::new(&hook_code(args)?)?;
    let mut missing = required();
    let mut vectors: BTreeMap<String, Vector> = BTreeMap::new();
    let path = directory()?.join("coverage.json");
    // What still reaches its point stays as it is, but for what it comes to.
    let before: BTreeMap<String, Vector> = match fs::read_to_string(&path) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => BTreeMap::new(),
    };
    for (point, Vector { case, .. }) in before {
        let reached = points(&evaluators, &case);
        if required().contains(&point) && reached.hits().contains_key(&point) {
            missing.retain(|other| !reached.hits().contains_key(other));
            vectors.insert(point, evaluators.vector(&case).map_err(|why| eyre::eyre!("{why}"))?);
        }
    }
    let bar = bar(args.cases)?;
    bar.set_message("vectors");
    for index in 0..args.cases {
        if missing.is_empty() {
            break;
        }
        let case = generate(seed, index, evaluators.around()).case;
        let reached = points(&evaluators, &case);
        while let Some(point) = missing.iter().find(|point| reached.hits().contains_key(*point)).cloned() {
            let small = shrink(&case, |case| points(&evaluators, case).hits().contains_key(&point));
            let vector = evaluators.vector(&small).map_err(|why| eyre::eyre!("{why}"))?;
            // What it reaches besides needs no case of its own.
            let besides = points(&evaluators, &small);
            missing.retain(|other| *other != point && !besides.hits().contains_key(other));
            vectors.insert(point, vector);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    fs::write(path, serde_json::to_string_pretty(&vectors)? + "\n")?;
    eprintln!("{} vectors written, {} points without one", vectors.len(), missing.len());
    Ok(missing.is_empty())
}

/// Keeps a counterexample; its path from the repository's root.
fn save(evaluators: &Evaluators, seed: u64, index: u64, case: &Case) -> Result<String> {
    let name = format!("parity-{seed}-{index}.json");
    let vector = evaluators.vector(case).map_err(|why| eyre::eyre!("{why}"))?;
    fs::write(directory()?.join(&name), serde_json::to_string_pretty(&vector)? + "\n")?;
    Ok(format!("{VECTORS}/{name}"))
}

fn self_test(args: &Args, seed: u64) -> Result<bool> {
    let code = hook_code(args)?;
    let mut names = Vec::new();
    let mut faulty = Vec::new();
    for fault in MirrorFault::ALL {
        names.push(("mirror", format!("{fault:?}")));
        faulty.push(Evaluators::new(&code)?.with_fault(*fault));
    }
    for fault in CONTRACT_FAULTS {
        names.push(("contract", fault.name.to_owned()));
        faulty.push(Evaluators::new(&fault.plant(&code)?)?);
    }
    let bar = bar(u64::try_from(faulty.len())?)?;
    bar.set_message("faults");
    let cases = catch(&Evaluators::new(&code)?, &faulty, seed, FAULT_CASES, || bar.inc(1));
    bar.finish_and_clear();
    let mut faults = Vec::new();
    let mut missed = 0_u64;
    for ((side, name), case) in names.into_iter().zip(cases) {
        missed += u64::from(case.is_none());
        let found = case.map_or("MISSED".to_owned(), |case| format!("caught by case {case}"));
        eprintln!("{side}: {name}: {found}");
        faults.push(json!({ "side": side, "fault": name, "case": case }));
    }
    let planted = faults.len();
    if args.json {
        println!("{}", json!({ "seed": seed, "planted": planted, "missed": missed, "faults": faults }));
    } else {
        println!("{planted} faults planted, {missed} missed, seed {seed}");
    }
    Ok(missed == 0)
}
