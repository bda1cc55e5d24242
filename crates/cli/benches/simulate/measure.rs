//! The paths of this tool, as its command is called: starting the process is part of each, but of `warm`.

use super::delay::Delay;
use super::support::relay::rpc;
use super::support::treasury::{Treasury, who};
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::ERC20;
use portcullis_chain::safe;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs of each path on loopback.
const RUNS: usize = 31;
/// Runs where a request takes long.
const SLOW_RUNS: usize = 11;
/// In one process, from memory.
const WARM: usize = 501;

/// One transfer, signed by two owners.
pub(crate) struct Question {
    pub(crate) safe: String,
    pub(crate) sender: String,
    /// Of `execTransaction`.
    pub(crate) data: Bytes,
    /// The newest block.
    pub(crate) block: Value,
    /// For `--tx`.
    file: tempfile::NamedTempFile,
}

/// A figure: the median of many runs.
pub(crate) struct Row {
    pub(crate) path: &'static str,
    pub(crate) rtt: u64,
    pub(crate) ms: f64,
    /// Processor time of the processes that were started for it, where the system tells: on a machine with other work,
    /// the figure that means something.
    pub(crate) cpu_ms: Option<f64>,
    /// Of HTTP, to the node.
    pub(crate) requests: u32,
    /// What the simulated transaction uses, where the path tells.
    pub(crate) gas: Option<u64>,
}

impl Row {
    pub(crate) fn json(&self) -> Value {
        let Self { path, rtt, ms, cpu_ms, requests, gas } = self;
        json!({ "path": path, "rtt_ms": rtt, "ms": ms, "cpu_ms": cpu_ms, "requests": requests, "gas": gas })
    }
}

impl Question {
    pub(crate) fn new(treasury: &Treasury) -> Self {
        let to = who("payee");
        let data = ERC20::transferCall { to, value: U256::from(5_000_000) }.abi_encode();
        let tx = treasury.call(treasury.token, 0, data);
        let signatures = treasury.signed(&tx, &["bob", "cem"]);
        let sender = who("payer").to_string();
        let actions = [treasury.tokens("payee", 5_000_000)];
        let file = tempfile::NamedTempFile::new().unwrap();
        let content = json!({ "actions": actions, "initiator": sender, "signatures": signatures });
        std::fs::write(&file, content.to_string()).unwrap();
        let block = rpc(&treasury.anvil.url, "eth_getBlockByNumber", json!(["latest", false]));
        Self { safe: treasury.safe.to_string(), sender, data: safe::exec(&tx, signatures), block, file }
    }

    fn hash(&self) -> &str {
        self.block["hash"].as_str().unwrap()
    }

    fn simulate(&self, url: &str, more: &[&str]) -> Value {
        let file = self.file.path().to_str().unwrap();
        portcullis(&[&["simulate", "--rpc", url, "--safe", &self.safe, "--tx", file], more].concat())
    }
}

/// Runs the command, which has to allow, and reads its JSON.
pub(crate) fn portcullis(arguments: &[&str]) -> Value {
    let binary = std::env::var("PORTCULLIS_BENCH_BINARY").expect("run `cargo xtask bench simulate`");
    let mut command = Command::new(binary);
    let output = command.args(arguments).arg("--json").stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The transfer's bundle.
pub(crate) fn bundle(question: &Question, treasury: &Treasury, folder: &Path) -> PathBuf {
    let path = folder.join("transfer.bundle");
    question.simulate(&treasury.anvil.url, &["--bundle", path.to_str().unwrap()]);
    path
}

pub(crate) fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// The median of many runs, with the requests of one. The gas of all has to be the same.
pub(crate) fn row(path: &'static str, delay: &Delay, runs: usize, mut run: impl FnMut() -> (f64, Option<u64>)) -> Row {
    delay.requests();
    let (_, gas) = run();
    let requests = delay.requests();
    let before = children_ms();
    let times = (0..runs).map(|_| {
        let (ms, again) = run();
        assert_eq!(again, gas, "{path}");
        ms
    });
    let ms = median(times.collect());
    let cpu_ms = children_ms().zip(before).map(|(after, before)| (after - before) / runs as f64);
    let row = Row { path, rtt: delay.rtt, ms, cpu_ms, requests, gas };
    eprintln!("{path}: {:.3} ms", row.ms);
    row
}

/// Processor time of all processes that this has waited for, in milliseconds, counted in ticks of ten.
fn children_ms() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which ends in a bracket: user and system time of children are the 14th and 15th field.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(13)? + ticks(14)?) * 10.0)
}

/// One replay after another in one process, beside a process with one. What was read of the block and asked of it,
/// `check` included, is remembered; the execution is run each time, the mirror too, and the report is hashed anew.
fn warm(file: &str, delay: &Delay) -> Row {
    let replay = |times: usize| {
        let before = children_ms();
        let shown = portcullis(&["replay", file, "--times", &times.to_string()]);
        (shown["median_us"].as_f64(), children_ms().zip(before).map(|(after, before)| after - before))
    };
    let ((_, start), (median, all)) = (replay(1), replay(WARM));
    let cpu_ms = all.zip(start).map(|(all, start)| (all - start) / (WARM - 1) as f64);
    let row = Row { path: "warm", rtt: delay.rtt, ms: median.unwrap() / 1_000.0, cpu_ms, requests: 0, gas: None };
    eprintln!("warm: {:.3} ms", row.ms);
    row
}

pub(crate) const fn runs(delay: &Delay) -> usize {
    if delay.rtt == 0 { RUNS } else { SLOW_RUNS }
}

pub(crate) fn ours(question: &Question, delay: &Delay, bundle: &Path) -> Vec<Row> {
    let timed = |run: &dyn Fn() -> Value| {
        let started = Instant::now();
        let shown = run();
        (started.elapsed().as_secs_f64() * 1_000.0, shown["gas"].as_u64())
    };
    let simulate = |path: &'static str, more: &[&str]| {
        row(path, delay, runs(delay), || timed(&|| question.simulate(&delay.url, more)))
    };
    let file = bundle.to_str().unwrap();
    vec![
        simulate("cold", &["--lazy", "--block", question.hash()]),
        simulate("prefetched", &["--block", question.hash()]),
        simulate("prefetched-latest", &[]),
        simulate("proven", &["--proven", "--block", question.hash()]),
        row("bundle", delay, runs(delay), || timed(&|| portcullis(&["replay", file]))),
        warm(file, delay),
    ]
}
