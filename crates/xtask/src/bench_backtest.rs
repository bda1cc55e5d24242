//! `bench backtest`: how long a million past requests take, reading included.

use crate::{stage, tools};
use clap::Args;
use eyre::{Result, WrapErr, bail};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::io::BufWriter;
use std::time::Instant;

const POLICY: &str = "examples/payroll/policy.toml";
/// Under this, a month's salaries fit less often.
const CHANGE: (&str, &str) = ("cap    = \"15_000\"", "cap    = \"11_500\"");
const TARGET_SECONDS: f64 = 10.0;
const USDC: &str = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48";
/// A Monday at midnight.
const START: u64 = 1_772_409_600;

#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    /// Print one JSON object on stdout
    #[arg(long)]
    json: bool,
    /// How many requests
    #[arg(long, default_value_t = 1_000_000)]
    requests: u64,
}

pub(crate) fn run(args: &BacktestArgs) -> Result<()> {
    let build = ["build", "--release", "--locked", "--package", "portcullis-cli", "--color", "never"];
    stage::must("build portcullis, optimised", tools::cargo(&build))?;
    let folder = tools::root().join("target/bench");
    fs::create_dir_all(&folder).wrap_err("cannot make target/bench")?;
    let policy = fs::read_to_string(tools::root().join(POLICY)).wrap_err_with(|| format!("cannot read {POLICY}"))?;
    let changed = policy.replacen(CHANGE.0, CHANGE.1, 1);
    if changed == policy {
        bail!("{POLICY} has no `{}` to change", CHANGE.0);
    }
    fs::write(folder.join("policy.toml"), changed).wrap_err("cannot write the changed policy")?;
    let history = folder.join("history.jsonl");
    let file = fs::File::create(&history).wrap_err("cannot write the history")?;
    let bytes = write(&mut BufWriter::new(file), &people(&policy), args.requests)?;

    let portcullis = tools::root().join("target/release/portcullis");
    let paths =
        ["--policy", "target/bench/policy.toml", "--against", POLICY, "--history", "target/bench/history.jsonl"];
    let mut command = tools::command(&portcullis.to_string_lossy(), &["backtest", "--json"]);
    command.args(paths);
    let before = children_seconds();
    let started = Instant::now();
    let output = command.output().wrap_err("cannot start portcullis")?;
    let seconds = started.elapsed().as_secs_f64();
    let busy = children_seconds().zip(before).map(|(after, before)| after - before);
    // 2: something changes, which is what the changed cap is for.
    if output.status.code() != Some(2) {
        bail!("portcullis backtest failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let result: Value =
        serde_json::from_slice(&output.stdout).wrap_err("portcullis printed something else than JSON")?;
    let summary = tools::at(&result, "summary");
    let counted: u64 = summary.as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum();
    if counted != args.requests {
        bail!("{counted} of {} requests were replayed", args.requests);
    }
    let _ = fs::remove_file(&history);
    if args.json {
        let figures = json!({
            "requests": args.requests, "policies": 2, "bytes": bytes, "seconds": seconds, "cpu_seconds": busy,
            "target_seconds": TARGET_SECONDS, "summary": summary,
        });
        println!("{figures}");
    } else {
        let busy = busy.map_or_else(String::new, |busy| format!(", {busy:.2} s of processor time"));
        println!("{} requests under 2 policies, {} MB: {seconds:.2} s{busy}", args.requests, bytes / 1_000_000);
        println!("target: {TARGET_SECONDS} s");
        println!("{summary}");
    }
    Ok(())
}

/// Processor time of the commands that this has waited for, where the system tells: on a machine with other work, the
/// figure that means something.
fn children_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the name, which ends in a bracket: user and system time of children are the 14th and 15th field.
    let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(13)? + ticks(14)?) / 100.0)
}

/// The ten people of the example.
fn people(policy: &str) -> Vec<String> {
    let list = policy.split("people = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap_or_default();
    list.split('"').filter(|text| text.starts_with("0x")).map(str::to_owned).collect()
}

/// Writes requests a minute apart: mostly salaries, some of them in batches, and payments to others, the large ones
/// announced a day and a minute before. Returns how many bytes.
fn write(file: &mut impl std::io::Write, people: &[String], requests: u64) -> Result<u64> {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut dice = move |sides: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % sides
    };
    let mut bytes = 0_u64;
    let mut waiting: Vec<(u64, String)> = Vec::new();
    for minute in 0..requests {
        let at = START + 60 * minute;
        let mut line = String::new();
        let person = |roll: u64| people.get(usize::try_from(roll).unwrap_or_default()).map_or("", String::as_str);
        let actions = match dice(100) {
            0..90 => payment(person(dice(10)), 1 + dice(8)),
            90..95 => [payment(person(dice(10)), 1), payment(person(dice(10)), 2)].join(","),
            95..98 => payment(&other(dice(1_000)), 10 + dice(900)),
            _ => {
                let announced = payment(&other(dice(1_000)), 20_000 + minute);
                writeln!(line, "{{\"at\":{at},\"announce\":{{\"actions\":[{announced}]}}}}")?;
                waiting.push((at + 86_460, announced));
                let is_due = waiting.first().is_some_and(|(due, _)| *due <= at);
                if is_due { waiting.remove(0).1 } else { payment(person(dice(10)), 1) }
            }
        };
        writeln!(line, "{{\"at\":{at},\"actions\":[{actions}],\"happened\":\"executed\"}}")?;
        file.write_all(line.as_bytes())?;
        bytes += line.len() as u64;
    }
    file.flush()?;
    Ok(bytes)
}

fn payment(to: &str, units: u64) -> String {
    let to = to.trim_start_matches("0x").to_lowercase();
    let amount = units * 1_000_000;
    format!("{{\"to\":\"{USDC}\",\"value\":\"0\",\"data\":\"0xa9059cbb{to:0>64}{amount:064x}\",\"operation\":0}}")
}

fn other(number: u64) -> String {
    format!("0x57{number:038x}")
}
