//! Random questions with their answers on this machine, a JSON object a line, for comparing another platform's.

use std::io::{BufWriter, Write};

use clap::Parser;
use eyre::Result;
use portcullis_testkit::hook::HookCode;
use portcullis_testkit::parity::Evaluators;
use portcullis_testkit::questions::ask;

/// Write questions and their answers.
#[derive(Debug, Parser)]
struct Args {
    /// How many cases; most give two questions.
    #[arg(long, default_value_t = 2_000)]
    cases: u64,
    /// The seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let evaluators = Evaluators::new(&HookCode::committed())?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for index in 0..args.cases {
        for asking in ask(&evaluators, args.seed, index)? {
            serde_json::to_writer(&mut out, &asking)?;
            out.write_all(b"\n")?;
        }
    }
    out.flush()?;
    Ok(())
}
