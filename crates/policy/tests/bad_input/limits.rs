//! Limits.

use portcullis_policy::Policy;

use crate::{Slip, TOML, tell};

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

/// See [`tell`].
const SLIPS: &[Slip] = &[
    (
        "then = { allow = true, limits = [\"usdc-day\"] }",
        "then = { deny = true, limits = [\"usdc-day\"] }",
        "a denying rule has no `limits`",
        "leave `limits` out, or allow",
    ),
    (
        "window = { rolling = \"24h\" }",
        "window = \"day\"",
        "unknown window `day`",
        "write `transaction`, or a table with `calendar` (`day`, `week`, `month`) or `rolling` (a duration)",
    ),
    (
        "cap = \"1_000\"",
        "cap = \"1_000\"\nscope = \"sender\"",
        "unknown scope `sender`",
        "write one of `account`, `recipient`, `initiator`",
    ),
    (
        "cap = \"1_000\"",
        "cap = \"1_000\"\nscope = \"initiator\"",
        "limit `usdc-day` counts for each initiator, and the rule leaves open which",
        "write a list as `initiator` in `when`: anybody else would start with a sum of their own",
    ),
    (
        "cap = \"1_000\"",
        "cap = \"1_000\"\nscope = \"recipient\"\neverywhere = true",
        "an `everywhere` limit cannot count for each recipient",
        "leave `scope` or `everywhere` out: only rules that pin the list may list such a limit",
    ),
    ("cap = \"1_000\"", "cap = \"1_000\"\nmeter = \"outflow\"", "unknown meter `outflow`", "write one of `balance`"),
    (
        "cap = \"1_000\"",
        "cap = \"1_000\"\nmeter = \"balance\"",
        "a balance does not tell which rule let the asset out",
        "write `everywhere = true` beside it, or leave `meter` out",
    ),
    (
        "cap = \"1_000\"",
        "cap = \"1_000\"\nscope = \"recipient\"\nmeter = \"balance\"",
        "a balance does not tell what left for each recipient",
        "leave `scope` or `meter` out: only the account has a balance",
    ),
    (
        "asset = \"USDC\"\ncap = \"1_000\"",
        "count = 3\nmeter = \"balance\"",
        "a count of requests has no balance",
        "leave `meter` out, or cap an amount with `asset` and `cap`",
    ),
    (
        "asset = \"USDC\"\ncap = \"1_000\"",
        "count = 3\neverywhere = true",
        "a count is of no asset, so it is charged by rules only",
        "leave `everywhere` out, and list the limit in the rules that count",
    ),
    (
        "cap = \"1_000\"",
        "count = 3",
        "a count of requests has no `asset`",
        "leave `asset` out, or `count`: a limit caps an amount or a number of requests",
    ),
    (
        "asset = \"USDC\"\ncap = \"1_000\"",
        "count = -1",
        "-1 requests cannot be counted",
        "write how many requests may pass, like 10",
    ),
    (
        "asset = \"USDC\"\ncap = \"1_000\"",
        "count = \"3\"",
        "an integer is expected, this is a string",
        "write a whole number without quotes",
    ),
];

#[test]
fn a_scope_is_refused_unless_every_rule_that_lists_the_limit_pins_it() {
    let scoped = |scope: &str| TOML.replace("cap = ", &format!("scope = \"{scope}\"\ncap = "));
    assert!(Policy::parse(&scoped("recipient"), "policy.toml").is_ok());
    let open = scoped("recipient").replace("recipient = \"@friends\"", "initiator = \"@friends\"");
    assert!(Policy::parse(&open, "policy.toml").is_err());
    assert!(Policy::parse(&open.replace("scope = \"recipient\"", "scope = \"initiator\""), "policy.toml").is_ok());
    // A module's request has the module as its initiator.
    let module = scoped("initiator").replace("recipient = \"@friends\"", "origin = \"@friends\"");
    assert!(Policy::parse(&module, "policy.toml").is_ok());
}
