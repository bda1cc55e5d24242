//! `mutants`: small faults planted in the contracts, or in the mirror, one at a time, and whether the tests notice; what
//! became of each is kept in `evidence/`.

pub(crate) mod mirror;
mod points;
mod source;
mod workshop;

use crate::{link, record, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail, eyre};
use indicatif::{ProgressBar, ProgressStyle};
use points::Mutant;
use serde_json::{Map, Value, json};
use source::Sources;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;
use workshop::{Fate, Workshop};

/// Where what was found is kept, for as long as the contracts stay the same.
const RECORD: &str = "evidence/mutants.json";

#[derive(Debug, Args)]
pub(crate) struct MutantsArgs {
    /// How many mutants that compile are to be tried, in all shards together
    #[arg(long, default_value_t = 200)]
    count: usize,
    /// What they are drawn by
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Which part of them, such as `1/4`: each part has its own process and its own copy of the tree
    #[arg(long, default_value = "1/1")]
    shard: Shard,
    /// Plant them in the mirror, and record what its own tests notice in evidence/
    #[arg(long)]
    mirror: bool,
    /// Only tell what earlier runs with this seed found
    #[arg(long)]
    report: bool,
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// One of so many, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shard {
    index: usize,
    of: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if 1 <= index && index <= of => Ok(Self { index, of }),
            _ => Err("write it as 1/4".to_owned()),
        }
    }
}

/// What became of each mutant, by id: kept between runs, so that a run can be broken off.
type Results = BTreeMap<String, Fate>;

pub(crate) fn run(args: &MutantsArgs) -> Result<()> {
    if args.mirror {
        return mirror::run(args);
    }
    let sources = Sources::read()?;
    let hash = sources.hash()?;
    let place = tools::root().join("target/mutants");
    fs::create_dir_all(&place).wrap_err("cannot create target/mutants")?;
    let trees = sources.trees()?;
    let all = points::enumerate(&sources, &trees);
    eprintln!("{} mutants can be made", all.len());
    let drawn = draw(all.into_iter().collect(), args.seed)?;
    let known = recorded(&hash, args.seed)?;
    if !args.report {
        examine(args, &sources, &place, &hash, &drawn, &known)?;
    }

    let mut results = read_all(&place, &format!("{hash}-{}-", args.seed))?;
    results.extend(known);
    if !args.report {
        let kept = json!({
            "format_version": "1.0", "source": hash, "seed": args.seed, "fates": told(&results),
            "date": record::today()?, "machine": tools::machine(),
        });
        record::write(RECORD, &kept)?;
    }
    let mutants = results.values().filter(|fate| **fate != Fate::Invalid).count();
    let survivors: Vec<&Mutant> =
        drawn.iter().filter(|mutant| results.get(&mutant.id()) == Some(&Fate::Survived)).collect();
    let killed = mutants.saturating_sub(survivors.len());
    let mut lines = Vec::new();
    for mutant in survivors {
        lines.push(mutant.diff(sources.text(&mutant.file)?).unwrap_or_else(|| mutant.id()));
    }
    if args.json {
        println!("{}", json!({ "mutants": mutants, "killed": killed, "survivors": lines, "source": hash }));
    } else {
        lines.iter().for_each(|line| println!("survived {line}"));
        println!("{killed} of {mutants} mutants killed (seed {}, source {hash})", args.seed);
    }
    Ok(())
}

/// In an order that only the seed decides.
fn draw(mut mutants: Vec<Mutant>, seed: u64) -> Result<Vec<Mutant>> {
    let key = |mutant: &Mutant| link::keccak(&[seed.to_be_bytes().as_slice(), mutant.id().as_bytes()].concat());
    mutants.sort_by_cached_key(key);
    if mutants.is_empty() {
        bail!("there is nothing to mutate");
    }
    Ok(mutants)
}

/// What the record says of these contracts and this seed.
fn recorded(hash: &str, seed: u64) -> Result<Results> {
    let Some(record) = record::read(RECORD) else { return Ok(Results::new()) };
    let current = tools::at(&record, "source").as_str() == Some(hash) && record::number(&record, "seed") == seed;
    let fates = tools::at(&record, "fates").as_object().filter(|_| current);
    fates.map_or_else(|| Ok(Results::new()), |fates| understood(fates.clone()))
}

/// How many mutants are on record of the contracts as they are, and how many of them were killed.
pub(crate) fn figures() -> Result<Option<(usize, usize)>> {
    let Some(record) = record::read(RECORD) else { return Ok(None) };
    let results = recorded(&Sources::read()?.hash()?, record::number(&record, "seed"))?;
    let count = |wanted: fn(&Fate) -> bool| results.values().filter(|fate| wanted(fate)).count();
    let (killed, survived) = (count(|fate| matches!(fate, Fate::Killed(_))), count(|fate| *fate == Fate::Survived));
    Ok((!results.is_empty()).then_some((killed.saturating_add(survived), killed)))
}

fn examine(
    args: &MutantsArgs,
    sources: &Sources,
    place: &Path,
    hash: &str,
    drawn: &[Mutant],
    known: &Results,
) -> Result<()> {
    let Shard { index, of } = args.shard;
    let state = place.join(format!("{hash}-{}-{index}-of-{of}.json", args.seed));
    let mut results = if state.exists() { read(&state)? } else { Results::new() };
    let own = drawn.iter().skip(index.saturating_sub(1)).step_by(of).map(Mutant::id);
    results.extend(own.filter_map(|id| known.get(&id).map(|fate| (id, fate.clone()))));
    let wanted = args.count.div_ceil(of);
    let counted = |results: &Results| results.values().filter(|fate| **fate != Fate::Invalid).count();
    if counted(&results) >= wanted {
        return Ok(());
    }
    let shop = Workshop::open(sources, &place.join(format!("{hash}-{index}-of-{of}")))?;
    let bar = ProgressBar::new(u64::try_from(wanted).unwrap_or(u64::MAX));
    bar.set_style(ProgressStyle::with_template("{wide_bar} {pos}/{len} [{elapsed}, {eta} left] {msg}")?);
    for mutant in drawn.iter().skip(index.saturating_sub(1)).step_by(of) {
        let done = counted(&results);
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
        if done >= wanted {
            break;
        }
        if results.contains_key(&mutant.id()) {
            continue;
        }
        let started = Instant::now();
        let fate = shop.examine(mutant).wrap_err_with(|| mutant.id())?;
        let what = match &fate {
            Fate::Invalid => "does not compile".to_owned(),
            Fate::Killed(by) => format!("killed by {by}"),
            Fate::Survived => "SURVIVED".to_owned(),
        };
        let diff = mutant.diff(sources.text(&mutant.file)?).unwrap_or_default();
        let line = format!("{:>5.1} s  {what}: {diff}", started.elapsed().as_secs_f64());
        if bar.is_hidden() {
            eprintln!("{line}")
        } else {
            bar.println(line)
        }
        results.insert(mutant.id(), fate);
        write(&state, &results)?;
    }
    bar.finish_and_clear();
    Ok(())
}

fn told(results: &Results) -> Value {
    results
        .iter()
        .map(|(id, fate)| {
            let fate = match fate {
                Fate::Invalid => json!("invalid"),
                Fate::Killed(by) => json!({ "killed": by }),
                Fate::Survived => json!("survived"),
            };
            (id.clone(), fate)
        })
        .collect::<Map<String, Value>>()
        .into()
}

fn write(path: &Path, results: &Results) -> Result<()> {
    // Whole or not at all, should the run be broken off here.
    let next = path.with_extension("next");
    fs::write(&next, told(results).to_string()).wrap_err("cannot write the state file")?;
    fs::rename(&next, path).wrap_err("cannot write the state file")
}

fn read(path: &Path) -> Result<Results> {
    let text = fs::read_to_string(path).wrap_err("cannot read a state file")?;
    understood(serde_json::from_str(&text).wrap_err("a state file is not JSON")?)
}

fn understood(entries: Map<String, Value>) -> Result<Results> {
    entries
        .into_iter()
        .map(|(id, fate)| {
            let killed = tools::at(&fate, "killed").as_str();
            let fate = match (fate.as_str(), killed) {
                (Some("invalid"), _) => Fate::Invalid,
                (Some("survived"), _) => Fate::Survived,
                (_, Some(by)) => Fate::Killed(by.to_owned()),
                _ => return Err(eyre!("a state file holds no fate for {id}")),
            };
            Ok((id, fate))
        })
        .collect()
}

/// What all shards found.
fn read_all(place: &Path, prefix: &str) -> Result<Results> {
    let mut all = Results::new();
    let files: Vec<PathBuf> = fs::read_dir(place)
        .wrap_err("cannot read target/mutants")?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix)))
        .collect();
    for file in files {
        all.extend(read(&file)?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_one_of_so_many() {
        assert_eq!("2/4".parse(), Ok(Shard { index: 2, of: 4 }));
        for wrong in ["0/4", "5/4", "1", "a/b", "/"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_seed_alone_decides_the_order() {
        let mutants: Vec<Mutant> = (0..9)
            .map(|start| Mutant { file: "a.sol".to_owned(), start, length: 1, replacement: "x".to_owned() })
            .collect();
        let reversed = mutants.iter().rev().cloned().collect();
        let drawn = draw(mutants.clone(), 1).unwrap();
        assert_eq!(drawn, draw(reversed, 1).unwrap());
        assert_ne!(drawn, draw(mutants, 2).unwrap());
        assert!(draw(Vec::new(), 1).is_err());
    }

    #[test]
    fn what_was_found_is_read_again() {
        let results = Results::from([
            ("a".to_owned(), Fate::Invalid),
            ("b".to_owned(), Fate::Killed("table_b(uint8)".to_owned())),
            ("c".to_owned(), Fate::Survived),
        ]);
        let path = std::env::temp_dir().join(format!("mutants-{}.json", std::process::id()));
        write(&path, &results).unwrap();
        assert_eq!(read(&path).unwrap(), results);
        fs::remove_file(&path).unwrap();
    }
}
