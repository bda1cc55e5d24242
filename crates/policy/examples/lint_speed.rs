//! How long linting takes: `cargo run --release --example lint_speed`, for policies of some numbers of rules.
#![allow(clippy::expect_used, reason = "a measurement stops where it fails")]

use std::{fmt::Write, time::Instant};

use portcullis_policy::{Policy, diff, lint};

/// Rules of one token each pay a list of eight, of which one is shared with the next rule, between two amounts.
fn text(rules: usize, changed: bool) -> String {
    let mut text = String::from(
        "version = 1\nname = \"speed\"\naccount = \"unknown\"\nsemantics = \"first-match\"\n\
         control = { change_delay = \"48h\", announcement_expiry = \"7d\" }\n",
    );
    for token in 1..=20 {
        writeln!(text, "[assets.T{token}]\nstandard = \"erc20\"\naddress = \"{}\"\ndecimals = 6", address(token))
            .expect("fits");
    }
    writeln!(text, "[limits.day]\nasset = \"T1\"\ncap = \"1_000_000\"\nwindow = {{ rolling = \"24h\" }}")
        .expect("fits");
    for rule in 0..rules {
        let token = rule % 20 + 1;
        let list: Vec<String> = (0..8).map(|n| format!("\"{}\"", address(1_000 + 7 * rule + n))).collect();
        let (min, max) = (rule % 50 * 100, 10_000 + rule % 70 * 1_000 + usize::from(changed));
        let more = match rule % 4 {
            0 => ", time = { from = \"08:00\", to = \"18:00\" }",
            1 => ", weekday = [\"mon\", \"tue\", \"wed\"]",
            2 => ", initiator = \"0x000000000000000000000000000000000000dEaD\"",
            _ => "",
        };
        let then = if rule % 7 == 0 { "deny = true" } else { "allow = true" };
        writeln!(
            text,
            "[[rules]]\nid = \"r{rule}\"\nwhen = {{ effect = \"transfer\", asset = \"T{token}\", recipient = [{}], \
             amount = {{ min = \"{min}\", max = \"{max}\" }}{more} }}\nthen = {{ {then} }}",
            list.join(", ")
        )
        .expect("fits");
    }
    text
}

fn address(number: usize) -> String {
    let number = u64::try_from(number).expect("small") + 0x00c0_ffee_0000;
    alloy_primitives::Address::left_padding_from(&number.to_be_bytes()).to_checksum(None)
}

fn main() {
    for rules in [10, 100, 1_000] {
        // A policy of a thousand such rules is too large for a contract, so it is put together here.
        let parse = |changed| off_chain(&text(rules, changed));
        let (old, new) = (parse(false), parse(true));
        let start = Instant::now();
        let report = lint(&old).expect("is analysed");
        let linted = start.elapsed();
        let start = Instant::now();
        let differences = diff(&old, &new).expect("is analysed");
        let compared = start.elapsed();
        println!(
            "{rules} rules: lint {linted:?} ({} findings), diff {compared:?} ({} differences)",
            report.findings.len(),
            differences.len()
        );
    }
}

/// The policy of the text, read in parts that each fit a contract.
fn off_chain(text: &str) -> Policy {
    let (head, rest) = text.split_once("[[rules]]").expect("has rules");
    let rules: Vec<&str> = rest.split("[[rules]]").collect();
    let mut parts = rules.chunks(40).map(|part| {
        let text = format!("{head}[[rules]]{}", part.join("[[rules]]"));
        Policy::parse(&text, "policy.toml").expect("parses")
    });
    let mut policy = parts.next().expect("has rules");
    policy.rules.extend(parts.flat_map(|part| part.rules));
    policy
}
