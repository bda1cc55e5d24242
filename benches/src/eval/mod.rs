//! `eval`: decisions side by side, then exactness side by side.

mod cedar;
mod cel;
mod corpus;
mod engines;
mod exact;
mod ours;
mod rego;
mod report;
mod sample;

use crate::machine;
use clap::Args;
use corpus::Corpus;
use eyre::Result;
use std::time::{Duration, Instant};

/// The size whose compile time is told.
const COMPILED: usize = 1_000;
/// How often it is compiled at most.
const COMPILES: usize = 21;

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Rules in a policy
    #[arg(long, value_delimiter = ',', default_values_t = [10, 100, 1_000, 10_000])]
    sizes: Vec<usize>,
    /// What the policies and requests are made from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Ask only this engine: for work on one, as nothing is compared then
    #[arg(long)]
    only: Option<String>,
    /// Samples of each figure, of which the median counts; a third of it from 10,000 rules on
    #[arg(long, default_value_t = 101)]
    samples: usize,
}

/// What a run found.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) machine: String,
    pub(crate) seed: u64,
    /// Answers that were compared before anything was timed.
    pub(crate) compared: usize,
    pub(crate) rows: Vec<sample::Row>,
    pub(crate) compile: Compile,
    pub(crate) exactness: Vec<exact::Row>,
}

/// Medians for the policy of [`COMPILED`] rules.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compile {
    pub(crate) rules: usize,
    pub(crate) program_bytes: usize,
    pub(crate) parse: Duration,
    pub(crate) compile: Duration,
}

pub(crate) fn run(args: &EvalArgs) -> Result<()> {
    let exactness = exact::table()?;
    let compile = compile(args)?;
    let mut rows = Vec::new();
    let mut compared: usize = 0;
    for size in &args.sizes {
        eprintln!("{size} rules: compiling for every engine");
        let corpus = Corpus::new(args.seed, (*size).max(1));
        let mut engines = engines::all(&corpus, args.only.as_deref())?;
        let agreed = engines::agree(&corpus, &mut engines)?;
        compared += agreed;
        let samples = if *size < 10_000 { args.samples } else { args.samples.div_ceil(3) };
        eprintln!("{size} rules: {agreed} answers agree; {samples} samples");
        rows.extend(sample::measure(&corpus, &mut engines, samples.max(1))?);
    }
    let findings = Findings { machine: machine::name(), seed: args.seed, compared, rows, compile, exactness };
    if args.json {
        println!("{}", report::json(&findings));
    } else {
        print!("{}", report::text(&findings));
    }
    Ok(())
}

fn compile(args: &EvalArgs) -> Result<Compile> {
    let document = ours::document(&Corpus::new(args.seed, COMPILED))?;
    let (mut parsed, mut compiled, mut program_bytes) = (Vec::new(), Vec::new(), 0);
    for _ in 0..args.samples.clamp(1, COMPILES) {
        let started = Instant::now();
        let policy = ours::parse(&document)?;
        parsed.push(started.elapsed());
        let started = Instant::now();
        program_bytes = ours::compile_policy(&policy)?.program.len();
        compiled.push(started.elapsed());
    }
    Ok(Compile {
        rules: COMPILED,
        program_bytes,
        parse: sample::median(&mut parsed),
        compile: sample::median(&mut compiled),
    })
}
