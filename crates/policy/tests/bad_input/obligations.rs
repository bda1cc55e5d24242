//! What rules ask for, attester sets and guardians.

use portcullis_policy::Policy;

use crate::{Slip, TOML, tell};

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

/// The rule on friends, whose outcome is the first thing to change.
const FRIENDS: &str = "then = { allow = true, limits = [\"usdc-day\"] }";
const LISTS: &str = "[lists]\n";

macro_rules! asks {
    ($what:literal) => {
        concat!("then = { allow = true, ", $what, " }")
    };
}

macro_rules! with_group {
    ($rest:literal) => {
        concat!(
            "[groups]\nmanagement = [\"0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3\", \
             \"0x8D94058064837Cea97Bf0886Ab5CcB619c3AAA63\"]\n",
            $rest,
            "[lists]\n"
        )
    };
}

/// See [`tell`].
const SLIPS: &[Slip] = &[
    (
        FRIENDS,
        asks!("approvals = { group = \"managment\", at_least = 1 }"),
        "no group is named `@managment`",
        "define `managment` in `groups`",
    ),
    (
        FRIENDS,
        asks!("approvals = { group = \"friends\", at_least = 1 }"),
        "no group is named `@friends`",
        "`friends` is a list: move it to `groups`",
    ),
    (
        FRIENDS,
        asks!("approvals = { group = \"@friends\" }"),
        "`at_least` is missing",
        "write how many are needed, from 1 to 255",
    ),
    (
        FRIENDS,
        asks!("approvals = { group = \"friends\", at_least = 256 }"),
        "256 cannot be asked for",
        "write how many are needed, from 1 to 255",
    ),
    (
        FRIENDS,
        asks!("signers = { list = \"@friends\", at_least = 1, owner = true }"),
        "unknown key `owner`",
        "known keys here: `list`, `at_least`",
    ),
    (
        FRIENDS,
        asks!("approvals = []"),
        "the list is empty",
        "write a table with `group` and `at_least`, or an array of them",
    ),
    (
        FRIENDS,
        asks!("signatures = 0"),
        "no signatures are asked for",
        "write how many owners must sign, or leave `signatures` out for the account's threshold",
    ),
    (
        FRIENDS,
        asks!("signatures = \"3\""),
        "an integer is expected, this is a string",
        "write a whole number without quotes",
    ),
    (
        FRIENDS,
        asks!("signers = { list = \"@friends\", at_least = 0 }"),
        "nobody is asked for",
        "write how many are needed, at least 1, or leave the obligation out",
    ),
    (
        FRIENDS,
        asks!("signatures = 2, signers = { list = \"@friends\", at_least = 2 }"),
        "2 of `@friends` are asked for, which has 1",
        "write at most 1, or add members",
    ),
    (
        FRIENDS,
        asks!("signers = { list = [\"@friends\", \"0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3\"], at_least = 2 }"),
        "2 named owners are asked for, and perhaps fewer signatures read",
        "write `signatures = 2` beside `signers`",
    ),
    (
        FRIENDS,
        asks!(
            "signers = [{ list = \"@friends\", at_least = 1 }, \
             { list = \"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\", at_least = 1 }]"
        ),
        "the members of `0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3` are asked twice",
        "ask them once, for the higher number",
    ),
    (
        FRIENDS,
        asks!("signers = { list = \"@freinds\", at_least = 1 }"),
        "no list or group is named `@freinds`",
        "did you mean `@friends`? otherwise define `freinds` in `lists`",
    ),
    (FRIENDS, asks!("attestation = \"risk\""), "no attester set is named `risk`", "define `risk` in `attesters`"),
    (
        FRIENDS,
        asks!("notify = [\"a channel\"]"),
        "`a channel` is not a name",
        "start with a letter and use at most 31 letters, digits, `-` and `_`",
    ),
    (FRIENDS, asks!("notify = [\"a\", \"a\"]"), "`a` is listed twice", "write it once"),
    (
        FRIENDS,
        "then = { deny = true, signatures = 3 }",
        "a denying rule has no `signatures`",
        "leave `signatures` out, or allow",
    ),
    (
        LISTS,
        with_group!("[attesters.risk]\nmembers = \"@management\"\nat_least = 3\n"),
        "3 of `@management` are asked for, which has 2",
        "write at most 2, or add members",
    ),
    (
        LISTS,
        with_group!("[attesters.risk]\nmembers = \"@management\"\nat_least = 0\n"),
        "nobody is asked for",
        "write how many are needed, at least 1, or leave the obligation out",
    ),
    (
        LISTS,
        with_group!("[attesters.risk]\nmembers = \"@risk\"\nat_least = 1\n"),
        "no list or group is named `@risk`",
        "define `risk` in `lists`",
    ),
    (
        LISTS,
        with_group!("[attesters.risk]\nat_least = 1\n"),
        "`members` is missing",
        "write a list's name after `@`, an address, or an array of them",
    ),
    (
        LISTS,
        "[attesters.risk]\nmembers = [\"@friends\", \"@more\"]\nat_least = 1\n[lists]\n\
         more = { registry = \"0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3\" }\n",
        "those asked stand in several lists",
        "name addresses and inline lists, or one registry alone",
    ),
    (
        "change_delay = \"48h\"",
        "change_delay = \"48h\"\nguardians = \"@friends\"",
        "no group is named `@friends`",
        "`friends` is a list: move it to `groups`",
    ),
];

/// The rule on friends for the module of this name, asking for something.
fn of_module(what: &str) -> String {
    let text = TOML.replace(FRIENDS, &format!("then = {{ allow = true, {what} }}"));
    let text = text.replace("recipient = \"@friends\"", "origin = \"@friends\"");
    text.replace(LISTS, with_group!("[attesters.risk]\nmembers = \"@management\"\nat_least = 1\n"))
}

#[test]
fn a_module_is_never_asked_for_what_only_owners_can_bring() {
    for (key, what) in
        [("signatures", "signatures = 2"), ("signers", "signers = { list = \"@friends\", at_least = 1 }")]
    {
        let diagnostics = Policy::parse(&of_module(what), "policy.toml").expect_err("is refused");
        let said: Vec<_> = diagnostics.items().iter().map(|item| (item.message.clone(), item.help.clone())).collect();
        let message = format!("`{key}` of a module's request can never be there");
        let help = format!("leave `{key}` out, or `origin`: only owners' requests carry signatures");
        assert_eq!(said, [(message, help)]);
    }
    for what in [
        "notify = \"treasury\"",
        "approvals = { group = \"management\", at_least = 1 }",
        "attestation = \"risk\"",
        "approvals = { group = \"management\", at_least = 1 }, attestation = [\"risk\"]",
    ] {
        assert!(Policy::parse(&of_module(what), "policy.toml").is_ok(), "{what}");
    }
}

#[test]
fn a_module_is_never_asked_for_members_that_only_a_registry_knows() {
    let registry = "management = { registry = \"0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3\" }";
    for (what, message) in [
        (
            "approvals = { group = \"management\", at_least = 1 }",
            "nobody of `@management`, a registry, can approve a module's request",
        ),
        ("attestation = \"risk\"", "nobody of `risk`, a registry, can attest a module's request"),
    ] {
        let text = of_module(what);
        let members = "management = [\"0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3\", \
                       \"0x8D94058064837Cea97Bf0886Ab5CcB619c3AAA63\"]";
        assert!(text.contains(members), "{text}");
        let text = text.replace(members, registry);
        let diagnostics = Policy::parse(&text, "policy.toml").expect_err("is refused");
        let said: Vec<_> = diagnostics.items().iter().map(|item| (item.message.as_str(), item.help.as_str())).collect();
        let help = "name addresses there, or leave `origin` out: what a module's request needs is posted on chain \
                    before, and only members that the policy lists are looked for";
        assert_eq!(said, [(message, help)]);
        assert!(
            Policy::parse(&text.replace("origin = \"@friends\"", "recipient = \"@friends\""), "policy.toml").is_ok()
        );
    }
}

#[test]
fn a_registry_may_be_asked_for_more_members_than_anybody_knows_of() {
    let text = TOML.replace(FRIENDS, "then = { allow = true, approvals = { group = \"board\", at_least = 255 } }");
    let board = "[groups]\nboard = { registry = \"0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3\" }\n[lists]\n";
    assert!(Policy::parse(&text.replace(LISTS, board), "policy.toml").is_ok());
}
