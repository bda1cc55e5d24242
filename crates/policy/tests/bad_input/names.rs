//! Names that nothing defines, or two things.

use crate::{JSON, Slip, TOML, complaint, tell};

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
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

/// See [`tell`].
const SLIPS: &[Slip] = &[(
    "recipient = \"@friends\"",
    "recipient = \"friends\"",
    "`friends` is not an address",
    "write `@friends` for a list or group, or an address",
)];
