//! Addresses, amounts, durations and dates.

use crate::{JSON, Slip, TOML, complaint, tell};

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
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

/// See [`tell`].
const SLIPS: &[Slip] = &[
    ("\"48h\"", "\"0h\"", "the duration is zero", "write at least `1s`, or leave the key out"),
    (
        "\"48h\"",
        "\"48h\"\nannouncers = \"@friends\"",
        "no group is named `@friends`",
        "`friends` is a list: move it to `groups`",
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
    (
        "id = \"ether\"",
        "id = \"ether\"\nupdated_at = \"31.3.2026\"",
        "`31.3.2026` is not an RFC 3339 date",
        "write a date like `2026-03-31`, or a date-time like `2026-03-31T09:00:00Z`",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }",
        "target = \"USDC\", selector = \"mint(address,uint)\"",
        "`uint` is not an ABI type",
        "write `uint256`: a selector is the hash of the full type name",
    ),
];
