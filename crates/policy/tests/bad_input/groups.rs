//! Groups: `any`, `all`, `not`.

use portcullis_policy::Policy;

use crate::{Slip, TOML, tell};

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

const AMOUNT: &str = "amount = { max = \"0.5\" }";
const CONDITIONS: &str = "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }";
const NEVER: &str = "leave them out, or change them: calls have no asset, recipient or amount, and what the rule itself \
                     names limits what its groups can be about";

/// See [`tell`].
const SLIPS: &[Slip] = &[
    (AMOUNT, "any = []", "`any` is empty", "write at least one table of conditions"),
    (AMOUNT, "all = []", "`all` is empty", "write at least one table of conditions"),
    (AMOUNT, "any = [{}]", "this table has no conditions", "write at least one, or leave it out"),
    (AMOUNT, "not = {}", "this table has no conditions", "write at least one, or leave it out"),
    (
        AMOUNT,
        "any = { recipient = \"@friends\" }",
        "an array of tables is expected, this is a table",
        "write `any = [{ … }, { … }]`",
    ),
    (
        AMOUNT,
        "any = [{ recipient = \"@friends\" }, { recipient = \"@friends\" }]",
        "this says what another one here says already",
        "write it once",
    ),
    (
        AMOUNT,
        "any = [{ recipient = \"@friends\" }, { target = \"account\" }]",
        "`account` stands in the rule's own `target` only",
        "name the account as the rule's own `target`",
    ),
    (
        AMOUNT,
        "any = [{ target = \"ETH\" }]",
        "`ETH` is native and has no address",
        "write `ETH` as `asset`, and whom it goes to as `recipient`",
    ),
    (
        AMOUNT,
        "not = { opaque = true }",
        "`opaque` stands in the rule itself only",
        "write it in the rule's `when`, and `effect = \"opaque\"` here",
    ),
    (
        AMOUNT,
        "not = { origin = \"owners\", recipient = \"@friends\" }",
        "`owners` stands in the rule itself only",
        "leave it out here: a rule that names modules matches no request of the owners",
    ),
    (
        AMOUNT,
        "not = { origin = \"@friends\" }",
        "the rule matches requests of the owners only",
        "name modules in the rule's own `origin` first",
    ),
    (
        CONDITIONS,
        "any = [{ amount = { max = \"1\" } }]",
        "`amount` without one pinned asset",
        "name exactly one asset in `asset`: an amount is in its units",
    ),
    (
        AMOUNT,
        "any = [{ asset = \"USDC\", amount = { max = \"1\" } }, { recipient = \"@friends\" }]",
        "these conditions can never hold in rule 2",
        NEVER,
    ),
    (
        AMOUNT,
        "any = [{ asset = \"USDC\" }, { recipient = \"@friends\" }]",
        "these conditions can never hold in rule 2",
        NEVER,
    ),
    (
        CONDITIONS,
        "effect = \"call\", any = [{ asset = \"ETH\", amount = { max = \"1\" } }, { time = { from = \"09:00\", to = \"17:00\" } }]",
        "these conditions can never hold in rule 2",
        NEVER,
    ),
    (
        CONDITIONS,
        "any = [{ any = [{ effect = \"approve\", asset = \"ETH\" }, { asset = \"USDC\" }] }, { asset = \"ETH\" }]",
        "these conditions can never hold in rule 2",
        NEVER,
    ),
    (
        AMOUNT,
        "any = [{ recipient = \"@freinds\" }]",
        "no list or group is named `@freinds`",
        "did you mean `@friends`? otherwise define `freinds` in `lists`",
    ),
    (AMOUNT, "not = { within = \"usdc-week\" }", "no limit is named `usdc-week`", "define `usdc-week` in `limits`"),
    (
        AMOUNT,
        "within = \"usdc-day\"",
        "limit `usdc-day` caps USDC, and this can be about other effects",
        "write `USDC` alone as `asset` beside `within`, or around it",
    ),
    (AMOUNT, "any = [{ recipent = \"@friends\" }]", "unknown key `recipent`", "did you mean `recipient`?"),
];

fn nested(levels: usize, innermost: &str) -> Result<Policy, portcullis_policy::Diagnostics> {
    let conditions = format!("{}{innermost}{}", "not = { ".repeat(levels), " }".repeat(levels));
    Policy::parse(&TOML.replace(AMOUNT, &conditions), "policy.toml")
}

#[test]
fn a_ninth_level_is_refused_and_an_eighth_is_not() {
    let leaf = "recipient = \"@friends\"";
    assert!(nested(8, leaf).is_ok());
    let error = nested(9, leaf).expect_err("nine levels");
    assert_eq!(error.items()[0].message, "conditions nest deeper than 8 groups");
    // The two conditions of an alternative are a group of their own, and so is `recipient_is_contract = false`.
    let two = |levels| nested(levels, "any = [{ recipient = \"@friends\", recipient_is_contract = true }]");
    assert!(two(6).is_ok());
    assert_eq!(two(7).expect_err("nine levels").items()[0].message, "conditions nest deeper than 8 groups");
    assert!(nested(7, "recipient_is_contract = false").is_ok());
    assert!(nested(8, "recipient_is_contract = false").is_err());
    assert!(nested(1_000, leaf).is_err());
}
