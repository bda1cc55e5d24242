//! Others, with the same transaction on the same node.

use super::delay::Delay;
use super::measure::{Question, Row, row, runs};
use super::support::Anvil;
use super::support::relay::rpc;
use serde_json::{Value, json};
use std::process::Command;
use std::time::Instant;

/// Starting a node takes long.
const FORKS: usize = 5;

pub(crate) fn all(question: &Question, delay: &Delay) -> Vec<Row> {
    vec![
        row("anvil-fork", delay, FORKS, || anvil(question, delay)),
        row("eth_call", delay, runs(delay), || timed(|| called(&delay.url, question))),
        row("eth_simulateV1", delay, runs(delay), || timed(|| simulated(&delay.url, question))),
        row("foundry-fork-db", delay, runs(delay), || fork_db(question, delay)),
    ]
}

fn timed(run: impl FnOnce() -> Option<u64>) -> (f64, Option<u64>) {
    let started = Instant::now();
    let gas = run();
    (started.elapsed().as_secs_f64() * 1_000.0, gas)
}

fn call(question: &Question) -> Value {
    json!({ "from": question.sender, "to": question.safe, "data": question.data, "gas": "0x1000000" })
}

/// From the start of the process to the answer.
fn anvil(question: &Question, delay: &Delay) -> (f64, Option<u64>) {
    let block = question.block["number"].as_str().unwrap();
    let number = u64::from_str_radix(block.trim_start_matches("0x"), 16).unwrap().to_string();
    timed(|| {
        let fork = Anvil::with(&["--fork-url", &delay.url, "--fork-block-number", &number, "--no-storage-caching"]);
        called(&fork.url, question)
    })
}

/// The transfer runs to its end, which is all that this tells.
fn called(url: &str, question: &Question) -> Option<u64> {
    let answer = rpc(url, "eth_call", json!([call(question), "latest"]));
    assert_eq!(answer, format!("{:#066x}", 1));
    None
}

fn simulated(url: &str, question: &Question) -> Option<u64> {
    let what = json!([{ "blockStateCalls": [{ "calls": [call(question)] }] }, "latest"]);
    let answer = rpc(url, "eth_simulateV1", what);
    let told = &answer[0]["calls"][0];
    assert_eq!(told["status"], "0x1", "{answer}");
    u64::from_str_radix(told["gasUsed"].as_str()?.trim_start_matches("0x"), 16).ok()
}

/// As the program itself measures it: without the start of its process.
fn fork_db(question: &Question, delay: &Delay) -> (f64, Option<u64>) {
    let program = std::env::var("PORTCULLIS_BENCH_FORK_DB").expect("run `cargo xtask bench simulate`");
    let number = |key: &str| u64::from_str_radix(question.block[key].as_str().unwrap().trim_start_matches("0x"), 16);
    let (block, time) = (number("number").unwrap().to_string(), (number("timestamp").unwrap() + 1).to_string());
    let miner = question.block["miner"].as_str().unwrap();
    let data = question.data.to_string();
    let arguments = [&delay.url, &block, "31337", &time, miner, &question.sender, &question.safe, &data];
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    (told["ms"].as_f64().unwrap(), told["gas"].as_u64())
}
