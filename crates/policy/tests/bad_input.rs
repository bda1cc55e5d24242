//! What a person gets wrong, and the exact words they read: file, line, column, excerpt and what to write.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use portcullis_policy::{Amount, AmountRange, CompileError, MAX_PROGRAM_BYTES, Members, Policy, compile};

const TOML: &str = r#"version = 1
name = "bad"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "first-match"

[control]
change_delay = "48h"

[assets]
ETH = { standard = "native", decimals = 18 }
USDC = { standard = "erc20", address = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", decimals = 6 }

[lists]
friends = ["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"]

[limits.usdc-day]
asset = "USDC"
cap = "1_000"
window = { rolling = "24h" }

[[rules]]
id = "pay"
when = { effect = "transfer", asset = "USDC", recipient = "@friends" }
then = { allow = true, limits = ["usdc-day"] }

[[rules]]
id = "ether"
when = { effect = "transfer", asset = "ETH", amount = { max = "0.5" } }
then = { allow = true }
"#;

const JSON: &str = r#"{
  "version": 1,
  "name": "bad",
  "account": "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8",
  "semantics": "first-match",
  "control": { "change_delay": "48h" },
  "assets": {
    "ETH": { "standard": "native", "decimals": 18 },
    "USDC": { "standard": "erc20", "address": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "decimals": 6 }
  },
  "lists": { "friends": ["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"] },
  "limits": {
    "usdc-day": { "asset": "USDC", "cap": "1_000", "window": { "rolling": "24h" } }
  },
  "rules": [
    {
      "id": "pay",
      "when": { "effect": "transfer", "asset": "USDC", "recipient": "@friends" },
      "then": { "allow": true, "limits": ["usdc-day"] }
    },
    {
      "id": "ether",
      "when": { "effect": "transfer", "asset": "ETH", "amount": { "max": "0.5" } },
      "then": { "allow": true }
    }
  ]
}
"#;

/// What is said about the document after `from` became `to`.
fn complaint(document: &str, from: &str, to: &str) -> String {
    assert_eq!(document.matches(from).count(), 1, "`{from}` stands once in the document");
    let file = if document.starts_with('{') { "policy.json" } else { "policy.toml" };
    match Policy::parse(&document.replace(from, to), file) {
        Ok(_) => panic!("`{to}` was accepted"),
        Err(diagnostics) => format!("\n{diagnostics}\n"),
    }
}

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
fn a_wrong_checksum_is_refused() {
    assert_eq!(
        complaint(TOML, r#"0xA0b86991c"#, r#"0xa0b86991c"#),
        r#"
error: address `0xa0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48` has a wrong checksum
  --> policy.toml:11:40
   |
11 | USDC = { standard = "erc20", address = "0xa0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", decimals = 6 }
   |                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: compare every digit with its source; if they are right, write `0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48`
"#
    );
    assert_eq!(
        complaint(JSON, r#"0xA0b86991c"#, r#"0xa0b86991c"#),
        r#"
error: address `0xa0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48` has a wrong checksum
 --> policy.json:9:47
  |
9 |     "USDC": { "standard": "erc20", "address": "0xa0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "decimals": 6 }
  |                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  = help: compare every digit with its source; if they are right, write `0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48`
"#
    );
}

#[test]
fn an_address_without_checksum_is_refused() {
    assert_eq!(
        complaint(
            TOML,
            r#"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"#,
            r#"0x228cc9cdd34f2f72025c482a374a9fa75b2089d3"#
        ),
        r#"
error: address `0x228cc9cdd34f2f72025c482a374a9fa75b2089d3` has no checksum
  --> policy.toml:14:12
   |
14 | friends = ["0x228cc9cdd34f2f72025c482a374a9fa75b2089d3"]
   |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: if the digits are right, write `0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3`
"#
    );
    assert_eq!(
        complaint(
            JSON,
            r#"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"#,
            r#"0x228cc9cdd34f2f72025c482a374a9fa75b2089d3"#
        ),
        r#"
error: address `0x228cc9cdd34f2f72025c482a374a9fa75b2089d3` has no checksum
  --> policy.json:11:26
   |
11 |   "lists": { "friends": ["0x228cc9cdd34f2f72025c482a374a9fa75b2089d3"] },
   |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
   = help: if the digits are right, write `0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3`
"#
    );
}

#[test]
fn too_many_decimals_is_refused() {
    assert_eq!(
        complaint(TOML, r#""1_000""#, r#""1_000.0000005""#),
        r#"
error: `1_000.0000005` has 7 decimals, USDC has 6
  --> policy.toml:18:7
   |
18 | cap = "1_000.0000005"
   |       ^^^^^^^^^^^^^^^
   = help: write at most 6 digits behind the point, like `1000.000000`
"#
    );
    assert_eq!(
        complaint(JSON, r#""1_000""#, r#""1_000.0000005""#),
        r#"
error: `1_000.0000005` has 7 decimals, USDC has 6
  --> policy.json:13:43
   |
13 |     "usdc-day": { "asset": "USDC", "cap": "1_000.0000005", "window": { "rolling": "24h" } }
   |                                           ^^^^^^^^^^^^^^^
   = help: write at most 6 digits behind the point, like `1000.000000`
"#
    );
}

#[test]
fn an_amount_with_too_many_decimals_is_refused() {
    assert_eq!(
        complaint(TOML, r#""0.5""#, r#""0.5000000000000000001""#),
        r#"
error: `0.5000000000000000001` has 19 decimals, ETH has 18
  --> policy.toml:28:63
   |
28 | when = { effect = "transfer", asset = "ETH", amount = { max = "0.5000000000000000001" } }
   |                                                               ^^^^^^^^^^^^^^^^^^^^^^^
   = help: write at most 18 digits behind the point, like `0.500000000000000000`
"#
    );
    assert_eq!(
        complaint(JSON, r#""0.5""#, r#""0.5000000000000000001""#),
        r#"
error: `0.5000000000000000001` has 19 decimals, ETH has 18
  --> policy.json:23:74
   |
23 |       "when": { "effect": "transfer", "asset": "ETH", "amount": { "max": "0.5000000000000000001" } },
   |                                                                          ^^^^^^^^^^^^^^^^^^^^^^^
   = help: write at most 18 digits behind the point, like `0.500000000000000000`
"#
    );
}

#[test]
fn an_empty_list_is_refused() {
    assert_eq!(
        complaint(TOML, r#"["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"]"#, r#"[]"#),
        r#"
error: `friends` is empty
  --> policy.toml:14:11
   |
14 | friends = []
   |           ^^
   = help: write at least one address
"#
    );
    assert_eq!(
        complaint(JSON, r#"["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3"]"#, r#"[]"#),
        r#"
error: `friends` is empty
  --> policy.json:11:25
   |
11 |   "lists": { "friends": [] },
   |                         ^^
   = help: write at least one address
"#
    );
}

#[test]
fn a_duplicate_id_is_refused() {
    assert_eq!(
        complaint(TOML, r#"id = "ether""#, r#"id = "pay""#),
        r#"
error: another rule has the id `pay`
  --> policy.toml:27:6
   |
27 | id = "pay"
   |      ^^^^^
   = help: give every rule an id of its own
"#
    );
    assert_eq!(
        complaint(JSON, r#""id": "ether""#, r#""id": "pay""#),
        r#"
error: another rule has the id `pay`
  --> policy.json:22:13
   |
22 |       "id": "pay",
   |             ^^^^^
   = help: give every rule an id of its own
"#
    );
}

#[test]
fn a_list_that_nothing_defines_is_refused() {
    assert_eq!(
        complaint(TOML, r#""@friends""#, r#""@freinds""#),
        r#"
error: no list or group is named `@freinds`
  --> policy.toml:23:59
   |
23 | when = { effect = "transfer", asset = "USDC", recipient = "@freinds" }
   |                                                           ^^^^^^^^^^
   = help: did you mean `@friends`? otherwise define `freinds` in `lists`
"#
    );
    assert_eq!(
        complaint(JSON, r#""@friends""#, r#""@freinds""#),
        r#"
error: no list or group is named `@freinds`
  --> policy.json:18:69
   |
18 |       "when": { "effect": "transfer", "asset": "USDC", "recipient": "@freinds" },
   |                                                                     ^^^^^^^^^^
   = help: did you mean `@friends`? otherwise define `freinds` in `lists`
"#
    );
}

#[test]
fn an_asset_that_nothing_defines_is_refused() {
    assert_eq!(
        complaint(TOML, r#"asset = "ETH""#, r#"asset = "WETH""#),
        r#"
error: no asset is named `WETH`
  --> policy.toml:28:39
   |
28 | when = { effect = "transfer", asset = "WETH", amount = { max = "0.5" } }
   |                                       ^^^^^^
   = help: did you mean `ETH`? otherwise define `WETH` in `assets`
"#
    );
    assert_eq!(
        complaint(JSON, r#""asset": "ETH""#, r#""asset": "WETH""#),
        r#"
error: no asset is named `WETH`
  --> policy.json:23:48
   |
23 |       "when": { "effect": "transfer", "asset": "WETH", "amount": { "max": "0.5" } },
   |                                                ^^^^^^
   = help: did you mean `ETH`? otherwise define `WETH` in `assets`
"#
    );
}

#[test]
fn a_limit_that_nothing_defines_is_refused() {
    assert_eq!(
        complaint(TOML, r#"["usdc-day"]"#, r#"["usdc-week"]"#),
        r#"
error: no limit is named `usdc-week`
  --> policy.toml:24:34
   |
24 | then = { allow = true, limits = ["usdc-week"] }
   |                                  ^^^^^^^^^^^
   = help: define `usdc-week` in `limits`
"#
    );
    assert_eq!(
        complaint(JSON, r#"["usdc-day"]"#, r#"["usdc-week"]"#),
        r#"
error: no limit is named `usdc-week`
  --> policy.json:19:43
   |
19 |       "then": { "allow": true, "limits": ["usdc-week"] }
   |                                           ^^^^^^^^^^^
   = help: define `usdc-week` in `limits`
"#
    );
}

#[test]
fn a_program_that_no_contract_holds_is_refused_with_its_size() {
    let many = |count: u64| -> String {
        let members: Vec<_> = (1..=count)
            .map(|n| format!("\"{}\"", alloy_primitives::Address::left_padding_from(&(n << 20).to_be_bytes())))
            .collect();
        TOML.replace("[\"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\"]", &format!("[\n{}\n]", members.join(",\n")))
    };
    let Err(diagnostics) = Policy::parse(&many(1_300), "policy.toml") else {
        panic!("too large a policy was accepted")
    };
    assert_eq!(
        format!("\n{diagnostics}\n"),
        r#"
error: the program takes 26794 bytes, 2218 more than the 24576 (one STOP byte and 24575 of content) that a contract holds
  --> policy.toml:14:11
   |
14 | friends = [
   |           ^
   = help: shorten `@friends`, which takes the most with 26517 bytes, 20 for each of its 1300 members
"#
    );
}

#[test]
fn a_program_of_24_577_bytes_is_refused_and_one_of_24_576_is_not() {
    let mut policy = Policy::parse(TOML, "policy.toml").expect("parses");
    let friends = policy.lists.get_mut("friends").expect("is a list");
    *friends = Members::Addresses(
        (1..=1_189_u64).map(|n| alloy_primitives::Address::left_padding_from(&n.to_be_bytes())).collect(),
    );
    let sized = |max: &str| {
        let mut policy = policy.clone();
        policy.rules[1].when.amount = Some(AmountRange { min: None, max: Some(Amount::new(max).expect("is decimal")) });
        compile(&policy).map(|compiled| compiled.program.len())
    };
    assert_eq!(sized("0.5"), Ok(MAX_PROGRAM_BYTES - 2));
    assert_eq!(sized("100_000"), Ok(MAX_PROGRAM_BYTES), "an amount of ten bytes");
    let refused = sized("10_000_000");
    assert!(
        matches!(refused, Err(CompileError::TooLarge { size: 24_577, .. })),
        "an amount of eleven bytes: {refused:?}"
    );
}

#[test]
fn a_cap_of_2_192_base_units_is_refused_and_one_less_is_not() {
    let cap = |text| TOML.replace("\"1_000\"", &format!("\"{text}\""));
    let most = "6277101735386680763835789423207666416102355444464034.512895";
    assert!(Policy::parse(&cap(most), "policy.toml").is_ok());
    assert!(Policy::parse(&cap(&most.replace(".512895", ".512896")), "policy.toml").is_err());
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

/// `from → to` in the TOML document, then the message and the help that follow.
const SLIPS: &[(&str, &str, &str, &str)] = &[
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
    ("\"48h\"", "\"0h\"", "the duration is zero", "write at least `1s`, or leave the key out"),
    (
        "\"48h\"",
        "\"48h\"\nannouncers = \"@friends\"",
        "no group is named `@friends`",
        "`friends` is a list: move it to `groups`",
    ),
    (
        "then = { allow = true }",
        "then = { allow = true, delay = \"24h\" }",
        "`announcement_expiry` is missing, and rule `ether` has a delay",
        "write how long an announcement lives, longer than `24h`",
    ),
    (
        "decimals = 18",
        "decimals = 18.0",
        "an integer is expected, this is a float",
        "write a whole number without quotes",
    ),
    (
        "decimals = 18",
        "decimals = 78",
        "decimals are from 0 to 77",
        "write how many digits the asset has behind the point, like 18",
    ),
    (
        "\"1_000\"",
        "\"1,000\"",
        "`1,000` is not a decimal amount",
        "write digits with at most one point, like `50_000` or `0.5`",
    ),
    (
        "\"1_000\"",
        "\"1e3\"",
        "`1e3` is not a decimal amount",
        "write digits with at most one point, like `50_000` or `0.5`",
    ),
    (
        "\"1_000\"",
        "\"-1\"",
        "`-1` is not a decimal amount",
        "write digits with at most one point, like `50_000` or `0.5`",
    ),
    (
        "\"1_000\"",
        "\"6277101735386680763835789423207666416102355444464034.512896\"",
        "the cap `6277101735386680763835789423207666416102355444464034.512896` is not below 2^192 base units",
        "write a smaller cap",
    ),
    (
        "max = \"0.5\"",
        "max = 0.5",
        "a string is expected, this is a float",
        "write the amount as a decimal in quotes, like `50_000` or `0.5`: it is read exactly",
    ),
    ("max = \"0.5\"", "min = \"2\", max = \"0.5\"", "`min` is above `max`", "swap them: both bounds are inclusive"),
    (
        "asset = \"ETH\", amount",
        "amount",
        "`amount` without one pinned asset",
        "name exactly one asset in `asset`: an amount is in its units",
    ),
    (
        "recipient = \"@friends\"",
        "recipient = []",
        "the list is empty",
        "write a list's name after `@`, an address, or an array of them",
    ),
    (
        "recipient = \"@friends\"",
        "recipient = \"friends\"",
        "`friends` is not an address",
        "write `@friends` for a list or group, or an address",
    ),
    (
        "recipient = \"@friends\"",
        "target = \"@friends\"",
        "this rule can never match",
        "a token's effects are calls to the token: leave `target` out and write whom it goes to as `recipient`",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\"",
        "effect = \"approve\", asset = \"ETH\"",
        "this rule can never match",
        "native value cannot be approved: write `transfer` as the effect",
    ),
    (
        "asset = \"USDC\", recipient",
        "recipient",
        "limit `usdc-day` counts USDC, and the rule can match other effects",
        "write `USDC` alone as `asset` in `when`",
    ),
    ("then = { allow = true }", "then = { allow = false }", "`allow` is false", "set `deny` to true, or `allow`"),
    (
        "then = { allow = true }",
        "then = { allow = true, deny = true }",
        "a rule either allows or denies",
        "set exactly one of `allow` and `deny` to true",
    ),
    (
        "then = { allow = true, limits = [\"usdc-day\"] }",
        "then = { deny = true, limits = [\"usdc-day\"] }",
        "a denying rule has no `limits`",
        "leave `limits` out, or allow",
    ),
    (
        "id = \"ether\"",
        "id = \"ether\"\nupdated_at = \"31.3.2026\"",
        "`31.3.2026` is not an RFC 3339 date",
        "write a date like `2026-03-31`, or a date-time like `2026-03-31T09:00:00Z`",
    ),
    (
        "window = { rolling = \"24h\" }",
        "window = \"day\"",
        "unknown window `day`",
        "write `transaction`, or a table with `calendar` (`day`, `week`, `month`) or `rolling` (a duration)",
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
        "known keys here: `asset`, `cap`, `count`, `window`, `scope`, `everywhere`",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }",
        "target = \"USDC\", selector = \"mint(address,uint)\"",
        "`uint` is not an ABI type",
        "write `uint256`: a selector is the hash of the full type name",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }",
        "target = \"ETH\"",
        "`ETH` is native and has no address",
        "write `ETH` as `asset`, and whom it goes to as `recipient`",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }",
        "target = \"USDC\", opaque = true",
        "`opaque` without a selector would accept any call",
        "name the functions it accepts in `selector`",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }",
        "target = \"USDC\", effect = \"opaque\", selector = \"mint(address,uint256)\"",
        "an allowing rule names the effect `opaque` only",
        "set `opaque` to true in `when`: the rule trusts calldata that nobody decodes",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }",
        "effect = \"call\", target = \"USDC\", selector = \"mint(address,uint256)\"",
        "this rule can never match",
        "calls to a declared token decode or are opaque: write `opaque` as the effect and set `opaque` to true",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\"",
        "effect = [\"transfer\", \"call\"], asset = \"ETH\"",
        "`call` can never match together with the rule's other conditions",
        "calls have no asset, recipient or amount: name the token or contract in `target`",
    ),
];

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    for (from, to, message, help) in SLIPS {
        assert_eq!(TOML.matches(from).count(), 1, "`{from}` stands once in the document");
        let Err(diagnostics) = Policy::parse(&TOML.replace(from, to), "policy.toml") else {
            panic!("`{to}` was accepted")
        };
        let said: Vec<_> = diagnostics.items().iter().map(|item| (item.message.as_str(), item.help.as_str())).collect();
        assert_eq!(said, [(*message, *help)], "{from} -> {to}");
    }
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
fn a_limit_that_counts_everywhere_leaves_no_opaque_rule_for_its_token() {
    let text = TOML.replace("window = {", "everywhere = true\nwindow = {").replace(
        "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }",
        "target = \"USDC\", selector = \"mint(address,uint256)\", opaque = true",
    );
    let Err(diagnostics) = Policy::parse(&text, "policy.toml") else { panic!("an opaque rule was accepted") };
    let said: Vec<_> = diagnostics.items().iter().map(|item| (item.message.as_str(), item.help.as_str())).collect();
    assert_eq!(
        said,
        [(
            "opaque calls to USDC are always denied: limit `usdc-day` counts it everywhere",
            "leave USDC out of the rule, or `everywhere` out of the limit"
        )]
    );
}
