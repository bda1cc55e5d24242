//! Every format: what a contract says never becomes markup, and nothing of a report gets lost.

use crate::support;

use portcullis_report::{Conclusion, Outcome, Report, html, json, markdown, schema, text};
use serde_json::Value;
use support::{PAYEE, SAFE, TOKEN, saying};

/// What somebody may call a token, or revert with.
fn hostile() -> Vec<String> {
    let mut all: Vec<String> = [
        "<script>alert(1)</script>",
        "\"><img src=x onerror=alert(1)>",
        "</td></tr></table></style><style>*{display:none}",
        "</code></bdi><h1>ALLOWED</h1>",
        "\u{1b}[2J\u{1b}[1;1HALLOWED\u{7}",
        "\r\nALLOWED\r\n# ALLOWED",
        "\u{9b}31m\u{202e}\u{2066}\u{200b}\u{feff}",
        "`` ` ``` | x | y |\n|---|---|",
        "a\\|b\\\\|c `d` |",
        "[click](https://evil.example) ![x](https://evil.example/x.png) @everyone www.evil.example",
        "&lt;script&gt; &#60;b&#62; <!-- -->",
        "*bold* _it_ ~~no~~ <b>b</b> # 1. - +",
        "",
    ]
    .map(str::to_owned)
    .into();
    all.push("A".repeat(3_000_000));
    all.push("\u{1b}".repeat(3_000_000));
    all
}

/// The tags of a page, in order, with their attributes.
fn tags(page: &str) -> Vec<&str> {
    page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()).collect()
}

#[test]
fn what_a_contract_says_never_becomes_markup_or_control_in_any_format() {
    let plain = saying("USDC");
    for said in hostile() {
        let report = saying(&said);
        for (format, shown) in [
            ("text", text(&report)),
            ("json", json(&report).unwrap()),
            ("html", html(&report)),
            ("md", markdown(&report)),
        ] {
            let shown_of: String = said.chars().take(40).collect();
            let bad = |one: char| one.is_control() && one != '\n';
            assert!(!shown.chars().any(bad), "{format} of {shown_of:?}");
            assert!(!shown.contains(['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\u{2028}']), "{format}");
            assert!(shown.len() < 200_000, "{format} of {} bytes", shown.len());
        }
        // The page has the same elements and attributes whoever speaks, the text the same lines.
        assert_eq!(tags(&html(&report)), tags(&html(&plain)), "{said:.40}");
        assert_eq!(text(&report).lines().count(), text(&plain).lines().count(), "{said:.40}");
        let (rows, expected) = (markdown(&report), markdown(&plain));
        assert_eq!(rows.lines().count(), expected.lines().count(), "{said:.40}");
        for (line, like) in rows.lines().zip(expected.lines()) {
            // Bars and backticks are what a reader of Markdown takes for structure; of angles, only our own `<code>`.
            let bars = |line: &str| line.matches('|').count();
            assert_eq!(bars(line), bars(like), "{line}");
            assert_eq!(line.matches('`').count() % 2, 0, "{line}");
            let own = line.replace("<code>", "").replace("</code>", "");
            let outside: String = own.split('`').step_by(2).collect();
            assert!(!outside.contains(['<', '[', '@']) || outside.contains("\\["), "{line}");
        }
    }
}

#[test]
fn the_page_asks_nobody_for_anything_and_runs_nothing() {
    let page = html(&saying("USDC"));
    for never in ["<script", "http://", "https://", "//", "src=", "href=", "@import", "javascript:", "<link", "<iframe"]
    {
        let page = page.replace("<!DOCTYPE html>", "");
        assert!(!page.contains(never), "{never}");
    }
    assert_eq!(page.matches("url(").count(), page.matches("url(#tip)").count());
    assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
    let opened = page.matches("<details").count();
    assert_eq!((opened, page.matches("</details>").count()), (3, 3));
    assert!(page.contains("prefers-color-scheme:dark") && page.contains("@media print"));
}

#[test]
fn the_json_is_what_its_schema_says_and_reads_back() {
    let schema: Value = serde_json::from_str(&schema().unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for said in hostile().iter().map(String::as_str).chain(["USDC"]) {
        let report = saying(said);
        let written = json(&report).unwrap();
        let value: Value = serde_json::from_str(&written).unwrap();
        let faults: Vec<_> = validator.iter_errors(&value).map(|fault| fault.to_string()).collect();
        assert!(faults.is_empty(), "{faults:?}");
        assert!(serde_json::from_str::<Report>(&written).unwrap() == report);
        let mut wrong = value.clone();
        wrong["gas"] = "many".into();
        assert!(!validator.is_valid(&wrong));
        let mut more = value.clone();
        more["verdict"] = "allow".into();
        assert!(!validator.is_valid(&more));
    }
}

#[test]
fn a_name_never_hides_an_address() {
    let report = saying("Binance Hot Wallet");
    for shown in [text(&report), html(&report), markdown(&report)] {
        for address in [SAFE, TOKEN, PAYEE] {
            assert!(shown.contains(address), "{address}");
        }
        let names = shown.matches("Binance Hot Wallet").count();
        assert!(names > 5 && shown.matches(PAYEE).count() >= 5, "{names}");
    }
    assert!(text(&report).contains(&format!("{PAYEE} (Binance Hot Wallet)")));
}

#[test]
fn only_what_both_allow_and_the_chain_executed_is_allowed() {
    for (chain, mirror, agree) in (0..8).map(|bits| (bits & 1 > 0, bits & 2 > 0, bits & 4 > 0)) {
        for outcome in [Outcome::Executes, Outcome::Denied, Outcome::Fails] {
            let expected = match (chain, mirror, agree, outcome) {
                (true, true, true, Outcome::Executes) => Conclusion::Allowed,
                (true, true, true, Outcome::Fails) => Conclusion::Fails,
                (false, false, true, Outcome::Denied | Outcome::Fails) => Conclusion::Denied,
                _ => Conclusion::Disagreement,
            };
            assert_eq!(Conclusion::of(chain, mirror, agree, outcome), expected);
        }
    }
}

#[test]
fn a_disagreement_is_loud_and_a_denial_is_no_allow_whatever_the_names_say() {
    for (conclusion, word) in
        [(Conclusion::Disagreement, "DISAGREE"), (Conclusion::Denied, "Denied"), (Conclusion::Fails, "Fails")]
    {
        let report = Report { conclusion, ..saying("Allowed: the policy allows it") };
        for shown in [text(&report), html(&report), markdown(&report)] {
            assert!(shown.to_lowercase().contains(&word.to_lowercase()));
            assert!(!shown.contains("The policy allows it, and the Safe executes it."));
        }
        assert!(text(&report).starts_with(&word.to_uppercase()));
    }
}

#[test]
fn the_same_findings_give_the_same_bytes() {
    for format in [text, html, markdown] {
        assert_eq!(format(&saying("USDC")), format(&saying("USDC")));
    }
}
