//! How long the linter takes. Prints medians, or with `--json` one object; `cargo xtask bench lint` runs it.
#![allow(clippy::panic, clippy::expect_used, reason = "a measurement that cannot be made fails by panicking")]

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use portcullis_policy::{Policy, lint};

/// How often each size is measured; the median counts.
const SAMPLES: usize = 7;
const SIZES: [usize; 3] = [10, 100, 1_000];
/// What a policy of the largest size may take.
const TARGET: Duration = Duration::from_secs(1);

fn address(number: usize) -> String {
    let hash = alloy_primitives::keccak256(format!("address {number}"));
    alloy_primitives::Address::from_word(hash).to_string()
}

/// Payments of several tokens to lists of their own, between bounds, by groups, with limits, delays and approvals;
/// every fifth rule denies, every seventh pays those of the one before.
fn policy(rules: usize) -> Policy {
    let mut text = format!(
        "version = 1\nname = \"measured\"\naccount = \"eth:{}\"\nsemantics = \"first-match\"\n\n[control]\n\
         change_delay = \"48h\"\nannouncement_expiry = \"7d\"\n\n[assets]\n",
        address(0)
    );
    let mut add = |line: String| text.push_str(&(line + "\n"));
    for token in 0..8 {
        add(format!("T{token} = {{ standard = \"erc20\", address = \"{}\", decimals = 6 }}", address(1_000 + token)));
    }
    add("\n[groups]".to_owned());
    for group in 0..8 {
        let members: Vec<String> = (0..4).map(|one| format!("\"{}\"", address(2_000 + group * 4 + one))).collect();
        add(format!("g{group} = [{}]", members.join(", ")));
    }
    add("\n[lists]".to_owned());
    for list in 0..rules {
        let members: Vec<String> = (0..4).map(|one| format!("\"{}\"", address(10_000 + list * 3 + one))).collect();
        add(format!("l{list} = [{}]", members.join(", ")));
    }
    for token in 0..8 {
        add(format!(
            "\n[limits.t{token}]\nasset = \"T{token}\"\ncap = \"1_000_000\"\nwindow = {{ rolling = \"24h\" }}"
        ));
    }
    for rule in 0..rules {
        let (token, group) = (rule % 8, rule / 8 % 8);
        let list = if rule % 7 == 6 { rule - 1 } else { rule };
        let most = 1_000 + rule * 37 % 5_000;
        let then = match rule % 5 {
            3 => "deny = true".to_owned(),
            1 => format!("allow = true, limits = [\"t{token}\"], delay = \"24h\""),
            2 => format!("allow = true, limits = [\"t{token}\"], approvals = {{ group = \"g{group}\", at_least = 2 }}"),
            _ => format!("allow = true, limits = [\"t{token}\"]"),
        };
        add(format!(
            "\n[[rules]]\nid = \"r{rule}\"\nwhen = {{ effect = \"transfer\", asset = \"T{token}\", recipient = \
             \"@l{list}\", initiator = \"@g{group}\", amount = {{ min = \"{}\", max = \"{most}\" }} }}\nthen = {{ {then} }}",
            rule % 11
        ));
    }
    Policy::parse_off_chain(&text, "measured.toml").unwrap_or_else(|error| panic!("{error}"))
}

fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let name = name.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!("{name}, {cores} cores, {} {}", std::env::consts::OS, std::env::consts::ARCH)
}

fn main() {
    let mut rows = Vec::new();
    for rules in SIZES {
        eprintln!("{rules} rules");
        let policy = policy(rules);
        let mut samples = Vec::new();
        let mut findings = 0;
        for _ in 0..SAMPLES {
            let started = Instant::now();
            let report = lint(&policy).expect("is analysed");
            samples.push(started.elapsed());
            findings = report.findings.len();
        }
        samples.sort_unstable();
        rows.push((rules, samples.get(SAMPLES / 2).copied().unwrap_or_default(), findings));
    }
    let slowest = rows.last().map_or(Duration::MAX, |(_, median, _)| *median);
    if std::env::args().any(|argument| argument == "--json") {
        let rows: Vec<_> = rows
            .iter()
            .map(|(rules, median, findings)| {
                serde_json::json!({ "rules": rules, "us": u64::try_from(median.as_micros()).unwrap_or(u64::MAX), "findings": findings })
            })
            .collect();
        println!(
            "{}",
            serde_json::json!({ "machine": machine(), "samples": SAMPLES, "rows": rows, "met": slowest < TARGET })
        );
        return;
    }
    let mut text =
        format!("{}\n{SAMPLES} samples, medians\n\n{:>6}  {:>10}  {:>8}\n", machine(), "rules", "ms", "findings");
    for (rules, median, findings) in &rows {
        let us = median.as_micros();
        let _ = writeln!(text, "{rules:>6}  {:>10}  {findings:>8}", format!("{}.{}", us / 1_000, us / 100 % 10));
    }
    let met = if slowest < TARGET { "met" } else { "missed" };
    let _ =
        writeln!(text, "\ntarget: {} rules in {} s: {met}", SIZES.iter().max().copied().unwrap_or(0), TARGET.as_secs());
    print!("{text}");
}
