//! Rules that can never match, or say what they must not.

use portcullis_policy::Policy;

use crate::{Slip, TOML, tell};

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

#[test]
fn a_delegatecall_without_a_named_target_is_refused() {
    let ether = "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }";
    let help = "name the contracts as `target`: addresses, or a list that stands in the policy. Each is trusted fully, \
                for its code runs as the account";
    for (when, message, help) in [
        ("operation = \"delegatecall\"", "a delegatecall whose target is not named", help),
        (
            "operation = \"delegatecall\", target = \"account\", effect = \"call\"",
            "a delegatecall has no other effect",
            "leave `effect` or `operation` out",
        ),
        (
            "effect = \"call\", any = [{ operation = \"delegatecall\" }]",
            "`operation` stands in the rule itself only",
            "write it beside `any`, `all` and `not`: a rule is about delegatecalls or about calls",
        ),
        (
            "operation = \"delegatecall\", target = \"account\", asset = \"ETH\"",
            "this rule can never match",
            "a delegatecall has no asset, recipient or amount: name its code in `target`",
        ),
    ] {
        let Err(diagnostics) = Policy::parse(&TOML.replace(ether, when), "policy.toml") else {
            panic!("`{when}` was accepted")
        };
        let said: Vec<_> = diagnostics.items().iter().map(|item| (item.message.as_str(), item.help.as_str())).collect();
        assert!(said.contains(&(message, help)), "{when}: {said:?}");
    }
}

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

/// See [`tell`].
const SLIPS: &[Slip] = &[
    (
        "then = { allow = true }",
        "then = { allow = true, delay = \"24h\" }",
        "`announcement_expiry` is missing, and rule `ether` has a delay",
        "write how long an announcement lives, longer than `24h`",
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
