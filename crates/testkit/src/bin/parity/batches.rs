//! Batches, against what Safe's real contracts make of them.

use std::collections::BTreeMap;

use eyre::Result;
use indicatif::ProgressBar;
use portcullis_testkit::hook::HookCode;
use portcullis_testkit::multisend::{Came, Stage};
use portcullis_testkit::world;
use serde_json::json;

use super::{Args, KEPT, bar};

#[derive(Default)]
struct Share {
    came: BTreeMap<Came, u64>,
    disagreements: u64,
    /// The first few that are executed otherwise, and how.
    dividing: Vec<String>,
}

fn share(stage: &Stage, seed: u64, indices: impl Iterator<Item = u64>, bar: &ProgressBar) -> Share {
    let mut share = Share::default();
    for index in indices {
        match stage.compare(seed, index) {
            Ok(came) => *share.came.entry(came).or_default() += 1,
            Err(why) => {
                share.disagreements += 1;
                if share.dividing.len() < KEPT {
                    share.dividing.push(why.to_string());
                }
            }
        }
        bar.inc(1);
    }
    share
}

/// All cases, on as many threads as there are processors.
pub(crate) fn parity(args: &Args, seed: u64) -> Result<bool> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let stage = Stage::new(&world::chain(&HookCode::committed())?);
    let bar = bar(args.cases)?;
    bar.set_message("batches");
    let shares = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|first| {
                let (stage, bar, indices) = (&stage, bar.clone(), (0..args.cases).skip(first).step_by(threads));
                scope.spawn(move || share(stage, seed, indices, &bar))
            })
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join().map_err(|_| eyre::eyre!("a thread panicked")));
        ended.collect::<Result<Vec<Share>>>()
    })?;
    bar.finish_and_clear();
    let (mut came, mut disagreements) = (BTreeMap::<Came, u64>::new(), 0_u64);
    for share in shares {
        share.came.into_iter().for_each(|(one, count)| *came.entry(one).or_default() += count);
        disagreements += share.disagreements;
        share.dividing.iter().for_each(|why| eprintln!("{why}"));
    }
    let count = |one| came.get(&one).copied().unwrap_or_default();
    let all = [Came::Refused, Came::Executed, Came::Reverted];
    let uncovered: Vec<String> = all.iter().filter(|one| count(**one) == 0).map(|one| format!("{one:?}")).collect();
    let executed_percent = (count(Came::Executed) * 100).checked_div(args.cases).unwrap_or_default();
    if args.json {
        let report = json!({
            "cases": args.cases,
            "seed": seed,
            "disagreements": disagreements,
            "uncovered": uncovered,
            "allowed_percent": executed_percent,
        });
        println!("{report}");
    } else {
        println!(
            "{} batches, seed {seed}: {disagreements} executed otherwise than the mirror says, {} executed as it says, \
             {} reverted, {} not taken apart",
            args.cases,
            count(Came::Executed),
            count(Came::Reverted),
            count(Came::Refused)
        );
    }
    Ok(disagreements == 0 && uncovered.is_empty())
}
