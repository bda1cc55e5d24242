//! What is not a document of this language.

use portcullis_policy::Policy;

use crate::{JSON, Slip, TOML, complaint, tell};

#[test]
fn an_unknown_key_is_refused() {
    assert_eq!(
        complaint(TOML, r#"recipient = "@friends""#, r#"recipent = "@friends""#),
        r#"
error: unknown key `recipent`
  --> policy.toml:23:47
   |
23 | when = { effect = "transfer", asset = "USDC", recipent = "@friends" }
   |                                               ^^^^^^^^
   = help: did you mean `recipient`?
"#
    );
    assert_eq!(
        complaint(JSON, r#""recipient": "@friends""#, r#""recipent": "@friends""#),
        r#"
error: unknown key `recipent`
  --> policy.json:18:56
   |
18 |       "when": { "effect": "transfer", "asset": "USDC", "recipent": "@friends" },
   |                                                        ^^^^^^^^^^
   = help: did you mean `recipient`?
"#
    );
}

#[test]
fn every_error_of_a_document_is_reported_at_once() {
    let text = TOML
        .replace("version = 1", "version = 2")
        .replace("change_delay = \"48h\"", "change_delay = \"two days\"")
        .replace("id = \"ether\"", "id = \"pay\"")
        .replace("[\"usdc-day\"]", "[\"eth-day\"]");
    let Err(diagnostics) = Policy::parse(&text, "policy.toml") else { panic!("four errors were accepted") };
    let places: Vec<_> =
        diagnostics.items().iter().map(|item| (item.line, item.column, item.message.as_str())).collect();
    assert_eq!(
        places,
        [
            (1, 11, "unknown version 2"),
            (7, 16, "`two days` is not a duration"),
            (24, 34, "no limit is named `eth-day`"),
            (27, 6, "another rule has the id `pay`"),
        ]
    );
    assert!(diagnostics.items().iter().all(|item| item.file == "policy.toml" && !item.help.is_empty()));
}

#[test]
fn a_document_cannot_drive_the_terminal_that_shows_its_errors() {
    let rendered = complaint(JSON, "\"bad\"", "\"bad\\u001b[2J\"");
    assert!(rendered.contains("control characters"), "{rendered}");
    let rendered = complaint(TOML, "name = \"bad\"", "\"a\\u001b[2Jb\" = 1\nname = \"bad\"");
    assert!(rendered.contains("unknown key") && !rendered.contains('\u{1b}'), "{rendered}");
}

#[test]
fn json_is_read_strictly() {
    for (from, to) in [
        ("\"bad\",", "\"bad\","),
        ("\"name\"", "'name'"),
        ("\"name\"", "name"),
        ("\"version\": 1", "\"version\": +1"),
        ("{ \"allow\": true }", "{ \"allow\": true, }"),
        ("\"name\": \"bad\"", "\"name\": \"bad\", \"name\": \"bad\""),
        ("\"version\": 1,", "\"version\": 1, // one"),
        ("\"version\": 1", "\"version\": 1.0"),
        ("\"version\": 1", "\"version\": 0x1"),
    ] {
        let read = Policy::parse(&JSON.replace(from, to), "policy.json");
        assert_eq!(read.is_ok(), from == to, "{to}: {read:?}");
    }
    assert!(Policy::parse("", "policy.json").is_err() && Policy::parse("", "policy.toml").is_err());
    assert!(Policy::parse(&"[".repeat(100_000), "policy.json").is_err());
    assert!(Policy::parse(&format!("a = {}", "[".repeat(100_000)), "policy.toml").is_err());
}

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

/// See [`tell`].
const SLIPS: &[Slip] = &[
    (
        "name = \"bad\"",
        "name = bad",
        "this is not TOML: string values must be quoted, expected literal string",
        "correct the TOML here",
    ),
    ("version = 1", "version = 1\nversion = 1", "this is not TOML: duplicate key", "correct the TOML here"),
    ("version = 1", "", "`version` is missing", "write `1`, the version of the policy language"),
    (
        "semantics = \"first-match\"",
        "semantics = \"last-match\"",
        "unknown semantics `last-match`",
        "write one of `first-match`, `all-must-pass`, `allow-overrides`",
    ),
    (
        "\"eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8\"",
        "\"0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8\"",
        "`0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8` names no chain",
        "write the account as chain and address, like `eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8`; known chains are `eth`, `sep`, `base`, `arb1`, `oeth`, `matic`, `gno`, `bnb`, `avax`",
    ),
    (
        "\"eth:",
        "\"foo:",
        "unknown chain `foo`",
        "write one of `eth`, `sep`, `base`, `arb1`, `oeth`, `matic`, `gno`, `bnb`, `avax` before the colon",
    ),
    ("change_delay = \"48h\"", "change_delay = \"31d\"", "the change delay is above 30 days", "write at most `30d`"),
    (
        "change_delay = \"48h\"",
        "",
        "`change_delay` is missing",
        "write how long a staged change waits, like `48h`, at most `30d`",
    ),
    (
        "[assets]",
        "[groups]\n\"the board\" = [\"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\"]\n\n[assets]",
        "`the board` is not a name",
        "start with a letter and use at most 64 letters, digits, `-` and `_`",
    ),
    (
        "asset = \"USDC\"\ncap",
        "asset = \"USDC\"\nper = \"recipient\"\ncap",
        "unknown key `per`",
        "known keys here: `asset`, `cap`, `count`, `window`, `scope`, `everywhere`, `meter`",
    ),
];
