//! What accounts sign, on random cases.

use eyre::Result;
use indicatif::ProgressBar;
use portcullis_testkit::messages::coverage::Coverage;
use portcullis_testkit::messages::faults::{HANDLER_FAULTS, MessageFault, plant};
use portcullis_testkit::messages::generate::generate;
use portcullis_testkit::messages::{Signatories, catch, handler_code};
use serde_json::json;

use super::{Args, FAULT_CASES, KEPT, bar};

#[derive(Default)]
struct Share {
    coverage: Coverage,
    disagreements: u64,
    compiled: u64,
    /// The first few that divide the evaluators, and how.
    dividing: Vec<(u64, String)>,
}

fn share(seed: u64, indices: impl Iterator<Item = u64>, bar: &ProgressBar) -> Result<Share> {
    let evaluators = Signatories::new(handler_code()?)?;
    let mut share = Share::default();
    for index in indices {
        let (case, compiled) = generate(seed, index);
        share.compiled += u64::from(compiled);
        match evaluators.compare(&case) {
            Ok(agreed) => share.coverage.note(&case, &agreed),
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

/// All cases, on as many threads as there are processors.
pub(crate) fn parity(args: &Args, seed: u64) -> Result<bool> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let bar = bar(args.cases)?;
    bar.set_message("messages");
    let shares = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|first| {
                let (bar, indices) = (bar.clone(), (0..args.cases).skip(first).step_by(threads));
                scope.spawn(move || share(seed, indices, &bar))
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
    for (index, why) in whole.dividing.iter().take(KEPT) {
        eprintln!("message case {index}: {why}");
    }
    let mut uncovered = whole.coverage.uncovered();
    let allowed_percent = (whole.coverage.allowed * 100).checked_div(args.cases).unwrap_or_default();
    if allowed_percent < 20 {
        uncovered.push(format!("only {allowed_percent}% of the cases end in allow"));
    }
    if args.hits {
        for (point, hits) in whole.coverage.hits() {
            eprintln!("{hits:>7} {point}");
        }
    }
    for point in &uncovered {
        eprintln!("uncovered: {point}");
    }
    let Share { coverage, disagreements, compiled, .. } = whole;
    if args.json {
        let report = json!({
            "cases": args.cases,
            "seed": seed,
            "disagreements": disagreements,
            "uncovered": uncovered,
            "allowed_percent": allowed_percent,
            "compiled": compiled,
            "declined": coverage.declined,
        });
        println!("{report}");
    } else {
        println!(
            "{} messages, seed {seed}: {disagreements} disagreements, {} uncovered, {allowed_percent}% allowed, \
             {compiled} compiled, {} without the plain evaluator",
            args.cases,
            uncovered.len(),
            coverage.declined
        );
    }
    Ok(disagreements == 0 && uncovered.is_empty())
}

pub(crate) fn self_test(args: &Args, seed: u64) -> Result<bool> {
    let code = handler_code()?;
    let mut names = Vec::new();
    let mut faulty = Vec::new();
    for fault in MessageFault::ALL {
        names.push(("mirror", format!("{fault:?}")));
        faulty.push(Signatories::new(code.clone())?.with_fault(fault));
    }
    for fault in &HANDLER_FAULTS {
        names.push(("handler", fault.name.to_owned()));
        faulty.push(Signatories::new(plant(fault, &code)?)?);
    }
    let cases = catch(&Signatories::new(code)?, &faulty, seed, FAULT_CASES);
    let mut faults = Vec::new();
    let mut missed = 0_u64;
    for ((side, name), case) in names.into_iter().zip(cases) {
        missed += u64::from(case.is_none());
        let found = case.map_or("MISSED".to_owned(), |case| format!("caught by message case {case}"));
        eprintln!("{side}: {name}: {found}");
        faults.push(json!({ "side": side, "fault": name, "case": case }));
    }
    let planted = faults.len();
    if args.json {
        println!("{}", json!({ "seed": seed, "planted": planted, "missed": missed, "faults": faults }));
    } else {
        println!("{planted} message faults planted, {missed} missed, seed {seed}");
    }
    Ok(missed == 0)
}
