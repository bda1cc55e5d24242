//! How long one Safe ERC-20 transfer takes to simulate with the hook installed, beside others: on loopback, and with
//! 50 ms added to each request. `cargo xtask bench simulate` runs it, and says where the optimised command is: only that
//! is measured, so this itself need not be.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench that cannot measure ends"
)]

#[path = "simulate/delay.rs"]
mod delay;
#[path = "simulate/figures.rs"]
mod figures;
#[path = "simulate/measure.rs"]
mod measure;
#[path = "simulate/peers.rs"]
mod peers;
#[path = "../tests/cli/support/mod.rs"]
mod support;

use delay::Delay;
use measure::{Question, Row};
use portcullis_chain::safe::Version;
use serde_json::json;
use support::treasury::Treasury;

fn main() {
    let as_json = std::env::args().any(|argument| argument == "--json");
    let treasury = Treasury::new(Version::V1_4_1);
    let question = Question::new(&treasury);
    let folder = tempfile::tempdir().unwrap();
    let bundle = measure::bundle(&question, &treasury, folder.path());
    let mut rows: Vec<Row> = Vec::new();
    for rtt in [0, 50] {
        let delay = Delay::start(&treasury.anvil.url, rtt);
        eprintln!("with {rtt} ms added to each request");
        rows.extend(measure::ours(&question, &delay, &bundle));
        rows.extend(peers::all(&question, &delay));
    }
    let figures = figures::all(&treasury, &bundle, &rows, folder.path());
    if as_json {
        let rows: Vec<_> = rows.iter().map(Row::json).collect();
        let figures: Vec<_> = figures.iter().map(figures::Figure::json).collect();
        println!("{}", json!({ "rows": rows, "figures": figures }));
        return;
    }
    println!("{:<20} {:>6} {:>12} {:>12} {:>9} {:>9}", "path", "rtt", "median", "processor", "requests", "gas");
    for row in &rows {
        let gas = row.gas.map_or_else(String::new, |gas| gas.to_string());
        let busy = row.cpu_ms.map_or_else(String::new, |ms| format!("{ms:.3} ms"));
        println!("{:<20} {:>3} ms {:>9.3} ms {busy:>12} {:>9} {gas:>9}", row.path, row.rtt, row.ms, row.requests);
    }
    figures.iter().for_each(|figure| println!("{figure}"));
}
