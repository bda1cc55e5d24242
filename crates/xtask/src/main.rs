//! Set up, demo, test, check, parity, evidence: every verb of the repository, for both languages.
//!
//! stdout carries a verb's result; progress and talk go to stderr.

mod attacks;
mod bench_backtest;
mod bench_eval;
mod bench_gas;
mod bench_gas_parts;
mod bench_record;
mod bench_simulate;
mod bindings;
mod check;
mod coverage;
mod demo;
mod deps;
mod evidence;
mod figures;
mod fuzz;
mod generated;
mod invariants;
mod link;
mod lint_proof;
mod mutants;
mod node;
mod parity;
mod picture;
mod pypi;
mod readme;
#[cfg(feature = "compilers")]
mod recompile;
mod record;
mod setup;
mod simulations;
mod slither;
mod sources;
mod stage;
mod suite;
mod symbolic;
mod tidy;
mod tools;
mod wasm;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// One verb, two languages.
#[derive(Debug, Parser)]
#[command(name = "xtask", version, about)]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Look for the tools and install the Solidity dependencies
    Setup,
    /// Play a treasury's day on real Safes and compare every verdict
    Demo(demo::DemoArgs),
    /// Run every test: forge, cargo, doctests
    Test,
    /// Format, lint, licences, dependency direction, generated files, file sizes
    Check,
    /// Compare the contract with the Rust evaluator on random cases
    Parity(parity::ParityArgs),
    /// Hold the linter to brute force on random policies, and record it in evidence/
    LintProof(lint_proof::LintProofArgs),
    /// Carry every attack out without Portcullis and with it, and print a scoreboard
    Attacks(attacks::AttacksArgs),
    /// Let random histories of real accounts run, and hold every property against each step
    Invariants(invariants::InvariantsArgs),
    /// Plant small faults in the contracts or the mirror, one at a time, and count those that the tests notice
    Mutants(mutants::MutantsArgs),
    /// Put random bytes to everything that reads what others wrote, and record it in evidence/
    Fuzz(fuzz::FuzzArgs),
    /// Simulate random requests and execute each for real, and record it in evidence/
    Simulations(simulations::SimulationsArgs),
    /// Prove with Halmos what holds for every input: limits, decoding, lifecycle
    Symbolic(symbolic::SymbolicArgs),
    /// Let slither look at the contracts, and hold what it finds to the answers in SECURITY.md
    Slither(slither::SlitherArgs),
    /// Count the lines and branches of the contracts that the tests reach
    Coverage(coverage::CoverageArgs),
    /// Measure beside others; never part of a check
    Bench(bench_eval::BenchArgs),
    /// Write the committed ABI and bytecode
    Bindings(bindings::BindingsArgs),
    /// Write the generated pages of docs/
    Docs(generated::DocsArgs),
    /// Draw the README's picture of the demo
    Picture(demo::PictureArgs),
    /// Ask the mirror as WebAssembly, in Node.js, what it was asked natively
    Wasm(wasm::WasmArgs),
    /// Measure every figure the project claims, and fail on a miss
    Evidence(evidence::EvidenceArgs),
}

fn main() -> ExitCode {
    let outcome = match Args::parse().verb {
        Verb::Setup => setup::run(),
        Verb::Demo(args) => demo::run(&args),
        Verb::Test => suite::run(),
        Verb::Check => check::run(),
        Verb::Parity(args) => parity::run(&args),
        Verb::LintProof(args) => lint_proof::run(&args),
        Verb::Attacks(args) => attacks::run(&args),
        Verb::Invariants(args) => invariants::run(&args),
        Verb::Mutants(args) => mutants::run(&args),
        Verb::Fuzz(args) => fuzz::run(&args),
        Verb::Simulations(args) => simulations::run(&args),
        Verb::Symbolic(args) => symbolic::run(&args),
        Verb::Slither(args) => slither::run(&args),
        Verb::Coverage(args) => coverage::run(&args),
        Verb::Bench(args) => bench_eval::run(&args),
        Verb::Bindings(args) => bindings::run(&args),
        Verb::Docs(args) => generated::run(&args),
        Verb::Picture(args) => demo::picture(&args),
        Verb::Wasm(args) => wasm::run(&args),
        Verb::Evidence(args) => evidence::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(report) => {
            eprintln!("error: {report:#}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_that_a_page_tells_is_understood() {
        let mut told = 0;
        for page in tools::tracked_files().unwrap().iter().filter(|path| path.ends_with(".md")) {
            let text = std::fs::read_to_string(tools::root().join(page)).unwrap();
            for command in text.split("cargo xtask ").skip(1) {
                let command = command.split(['`', '#', '\n']).next().unwrap_or_default();
                let words = ["xtask"].into_iter().chain(command.split_whitespace());
                if let Err(error) = Args::try_parse_from(words) {
                    panic!("{page}: cargo xtask {command}: {error}");
                }
                told += 1;
            }
        }
        assert!(told > 5, "only {told} commands");
    }
}
