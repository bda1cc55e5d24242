//! What the account may sign.

use crate::{Slip, tell};

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

/// The last rule, behind which a message rule is written.
const LAST: &str =
    "when = { effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" } }\nthen = { allow = true }\n";

macro_rules! with {
    ($($field:literal),* $(,)?) => {
        concat!(
            "when = { effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" } }\nthen = { allow = true }\n",
            "[[messages]]\n", $($field, "\n"),*
        )
    };
}

const DOMAIN_HELP: &str = "write a table with some of `name`, `version`, `chain`, `contract` and `salt`, or a domain \
                           separator as `0x` and 64 hexadecimal digits, or `any`";
const TYPE_HELP: &str = "write the type as the contract hashes it, like `Order(address token,uint256 amount)`, or its \
                         hash as `0x` and 64 hexadecimal digits, or `any`";
const WRITTEN_HELP: &str = "write it as the contract hashes it, like `Mail(Person from,string text)Person(string \
                            name)`: the type first, then those it refers to by name, with one space in each field \
                            and none elsewhere";
const THRESHOLD_HELP: &str = "write how many owners must sign, or leave `signatures` out for the account's threshold";

/// See [`tell`].
const SLIPS: &[Slip] = &[
    (
        LAST,
        with!("domain = \"any\"", "type = \"any\"", "then = { deny = true }"),
        "`id` is missing",
        "write an id that no other message rule has",
    ),
    (LAST, with!("id = \"a\"", "type = \"any\"", "then = { deny = true }"), "`domain` is missing", DOMAIN_HELP),
    (LAST, with!("id = \"a\"", "domain = \"any\"", "then = { deny = true }"), "`type` is missing", TYPE_HELP),
    (
        LAST,
        with!("id = \"a\"", "domain = \"any\"", "type = \"any\""),
        "`then` is missing",
        "write a table that sets `allow` or `deny` to true",
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = \"any\"", "type = \"any\"", "then = { allow = false }"),
        "a message rule either allows or denies",
        "set exactly one of `allow` and `deny` to true",
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = \"any\"", "type = \"any\"", "then = { deny = true, trusted = true }"),
        "a denying rule has no `trusted`",
        "leave `trusted` out, or allow",
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = {}", "type = \"any\"", "then = { deny = true }"),
        "the domain is empty",
        DOMAIN_HELP,
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = \"Gnosis Protocol\"", "type = \"any\"", "then = { deny = true }"),
        "`Gnosis Protocol` is not a hash",
        DOMAIN_HELP,
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = { nam = \"x\" , chain = 1 }", "type = \"any\"", "then = { deny = true }"),
        "unknown key `nam`",
        "did you mean `name`?",
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = { chain = -1 }", "type = \"any\"", "then = { deny = true }"),
        "no chain has the id -1",
        "write its id",
    ),
    (
        LAST,
        with!(
            "id = \"a\"",
            "domain = \"0x0000000000000000000000000000000000000000000000000000000000000000\"",
            "type = \"any\"",
            "then = { deny = true }"
        ),
        "`0x0000000000000000000000000000000000000000000000000000000000000000` is not a hash",
        DOMAIN_HELP,
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = \"any\"", "type = \"0x12\"", "then = { deny = true }"),
        "`0x12` is not a hash",
        TYPE_HELP,
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = \"any\"", "type = \"Permit\"", "then = { deny = true }"),
        "`Permit` is not an EIP-712 type",
        WRITTEN_HELP,
    ),
    (
        LAST,
        with!(
            "id = \"a\"",
            "domain = \"any\"",
            "type = \"Permit(address owner, uint256 value)\"",
            "then = { deny = true }"
        ),
        "`Permit(address owner, uint256 value)` is not an EIP-712 type",
        WRITTEN_HELP,
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = \"any\"", "type = \"Permit(Details details)\"", "then = { deny = true }"),
        "`Details` is not written out",
        WRITTEN_HELP,
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = \"any\"", "type = \"Permit(uint value)\"", "then = { deny = true }"),
        "`uint` is not an ABI type",
        "write `uint256`: a selector is the hash of the full type name",
    ),
    (
        LAST,
        with!("id = \"a\"", "domain = \"any\"", "type = \"any\"", "then = { allow = true, signatures = 0 }"),
        "no signatures are asked for",
        THRESHOLD_HELP,
    ),
    (
        LAST,
        with!(
            "id = \"a\"",
            "domain = \"any\"",
            "type = \"any\"",
            "then = { allow = true, signers = { list = \"@freinds\", at_least = 1 } }"
        ),
        "no list or group is named `@freinds`",
        "did you mean `@friends`? otherwise define `freinds` in `lists`",
    ),
    (
        LAST,
        with!(
            "id = \"a\"",
            "domain = \"any\"",
            "type = \"any\"",
            "then = { allow = true, signatures = 2, signers = { list = \"@friends\", at_least = 2 } }"
        ),
        "2 of `@friends` are asked for, which has 1",
        "write at most 1, or add members",
    ),
    (
        LAST,
        with!(
            "id = \"a\"",
            "domain = { chain = 2 }",
            "type = \"any\"",
            "then = { deny = true }",
            "[[messages]]",
            "id = \"a\"",
            "domain = { chain = 1 }",
            "type = \"any\"",
            "then = { allow = true }"
        ),
        "another message rule has the id `a`",
        "give every message rule an id of its own",
    ),
    (
        LAST,
        with!(
            "id = \"a\"",
            "domain = \"any\"",
            "type = \"any\"",
            "then = { deny = true }",
            "[[messages]]",
            "id = \"b\"",
            "domain = { chain = 1 }",
            "type = \"any\"",
            "then = { allow = true }"
        ),
        "message rule `a` decides whatever this one is about",
        "put it before, or leave it out",
    ),
];
