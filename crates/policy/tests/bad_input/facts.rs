//! Facts, and what rules ask of them.

use portcullis_policy::{Policy, compile, decompile};

use crate::{Slip, TOML};

const ETHER: &str = "when = { effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" } }";
const ASKING: &str = "when = { effect = \"transfer\", asset = \"ETH\", facts = { score = { at_most = \"50.5\" } } }";
const FACTS: &str = r#"[attesters.risk]
members = "@friends"
at_least = 1

[attesters.other]
members = "0x8D94058064837Cea97Bf0886Ab5CcB619c3AAA63"
at_least = 1

[facts.score]
type = "number"
decimals = 1
subject = "recipient"
attesters = "risk"
timeout = "3s"
ttl = "10m"
max_age = "24h"
on_unknown = "closed"

[facts.role]
type = "text"
subject = "initiator"
attesters = "other"
timeout = "4s"
ttl = "10m"
max_age = "24h"
on_unknown = "hold"

[facts.quiet]
type = "boolean"
subject = "request"
attesters = "risk"
timeout = "5s"
ttl = "10m"
max_age = "24h"
on_unknown = "open"
owner = "desk"
assume = true

[lists]
"#;

fn document() -> String {
    TOML.replace("[lists]\n", FACTS).replace(ETHER, ASKING)
}

/// `from → to` in a document whose last rule asks for a score, then the message and the help that follow.
const SLIPS: &[Slip] = &[
    ("on_unknown = \"closed\"\n", "", "`on_unknown` is missing", "write one of `closed`, `open`, `hold`"),
    (
        "ttl = \"10m\"\nmax_age = \"24h\"\non_unknown = \"closed\"",
        "max_age = \"24h\"\non_unknown = \"closed\"",
        "`ttl` is missing",
        "write how long a statement made of it may live, like `10m`",
    ),
    ("timeout = \"3s\"\n", "", "`timeout` is missing", "write how long asking may take, like `3s`"),
    (
        "max_age = \"24h\"\non_unknown = \"hold\"",
        "on_unknown = \"hold\"",
        "`max_age` is missing",
        "write how old an observation may be, like `24h`",
    ),
    (
        "on_unknown = \"hold\"",
        "on_unknown = \"maybe\"",
        "unknown on_unknown `maybe`",
        "write one of `closed`, `open`, `hold`",
    ),
    ("owner = \"desk\"\n", "", "`owner` is missing", "write who answers for taking a value that nobody observed"),
    ("assume = true\n", "", "`assume` is missing", "write the value that is taken where none is known"),
    ("assume = true", "assume = \"true\"", "`quiet` is a boolean", "write `true` or `false` without quotes"),
    (
        "on_unknown = \"hold\"",
        "on_unknown = \"hold\"\nowner = \"desk\"",
        "only an `open` fact has `owner`",
        "leave `owner` out, or write `on_unknown = \"open\"`",
    ),
    ("type = \"text\"", "type = \"float\"", "unknown type `float`", "write one of `number`, `text`, `boolean`"),
    (
        "type = \"text\"",
        "type = \"text\"\ndecimals = 2",
        "only numbers have decimals",
        "leave `decimals` out, or write `number` as the type",
    ),
    ("decimals = 1\n", "decimals = 78\n", "78 decimals are too many", "write at most 77"),
    (
        "decimals = 1\n",
        "decimals = 300\n",
        "300 decimals cannot be counted",
        "write how many digits its values may have behind the point, like 2",
    ),
    (
        "subject = \"recipient\"",
        "subject = \"payee\"",
        "unknown subject `payee`",
        "write one of `request`, `effect`, `recipient`, `initiator`, `asset`, `target`",
    ),
    (
        "attesters = \"other\"",
        "attesters = \"othr\"",
        "no attester set is named `othr`",
        "did you mean `other`? otherwise define `othr` in `attesters`",
    ),
    (
        "facts = { score",
        "facts = { skore",
        "no fact is named `skore`",
        "did you mean `score`? otherwise define `skore` in `facts`",
    ),
    (
        "{ at_most = \"50.5\" }",
        "{ at_most = \"50.55\" }",
        "`50.55` has 2 decimals, `score` has 1",
        "write at most 1 digits behind the point, like `50.5`",
    ),
    (
        "{ at_most = \"50.5\" }",
        "{ at_most = \"-1\" }",
        "`-1` is not a decimal amount",
        "write digits with at most one point, like `50_000` or `0.5`",
    ),
    (
        "{ at_most = \"50.5\" }",
        "{ at_most = 50 }",
        "a string is expected, this is an integer",
        "write the amount as a decimal in quotes, like `50_000` or `0.5`: it is read exactly",
    ),
    ("{ at_most = \"50.5\" }", "{ at_most = true }", "`score` is a number", "write a decimal in quotes, like \"50\""),
    (
        "{ at_most = \"50.5\" }",
        "{ in = [\"50\"] }",
        "`score` is a number, which has no `in`",
        "write `equals`, `not_equals`, `less_than`, `at_most`, `more_than` or `at_least`",
    ),
    (
        "score = { at_most = \"50.5\" }",
        "role = { at_most = \"b\" }",
        "`role` is a text, which has no `at_most`",
        "write `equals`, `not_equals` or `in`",
    ),
    ("score = { at_most = \"50.5\" }", "role = { in = [\"a\", \"a\"] }", "`a` is listed twice", "write it once"),
    (
        "score = { at_most = \"50.5\" }",
        "role = { in = [] }",
        "the list is empty",
        "write texts in quotes, in square brackets",
    ),
    (
        "score = { at_most = \"50.5\" }",
        "role = {}",
        "nothing is asked of `role`",
        "write a comparison, like `{ at_most = \"50\" }`",
    ),
    (
        "score = { at_most = \"50.5\" }",
        "quiet = { not_equals = true }",
        "`quiet` is a boolean, which has no `not_equals`",
        "write `equals = true` or `equals = false`",
    ),
    (
        "score = { at_most = \"50.5\" }",
        "quiet = { same = true }",
        "unknown key `same`",
        "known keys here: `equals`, `not_equals`, `less_than`, `at_most`, `more_than`, `at_least`, `in`",
    ),
    (
        "facts = { score = { at_most = \"50.5\" } }",
        "facts = {}",
        "`facts` is empty",
        "write at least one fact and what is asked of it, or leave `facts` out",
    ),
    (
        "score = { at_most = \"50.5\" }",
        "score = { at_most = \"50.5\" }, role = { equals = \"a\" }",
        "`role` is stated by `other`, `score` by `risk`",
        "write two rules: each attester set states one truth for a rule",
    ),
    (
        "effect = \"transfer\", asset = \"ETH\"",
        "origin = \"@friends\", effect = \"transfer\", asset = \"ETH\"",
        "attestations of a module's request state nothing of facts: the hook would deny every one",
        "leave `facts` out and write `then.attestation = \"risk\"`: who attests the opened request vouches for it",
    ),
    (
        "facts = { score = { at_most = \"50.5\" } }",
        "not = { facts = { score = { at_most = \"50.5\" } } }",
        "`facts` stands in the rule itself only",
        "write it beside `any`, `all` and `not`, or split the rule: attesters state one truth for each rule",
    ),
];

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    for (from, to, message, help) in SLIPS {
        let text = document();
        assert_eq!(text.matches(from).count(), 1, "`{from}` stands once in the document");
        let Err(diagnostics) = Policy::parse(&text.replace(from, to), "policy.toml") else {
            panic!("`{to}` was accepted")
        };
        let said: Vec<_> = diagnostics.items().iter().map(|item| (item.message.as_str(), item.help.as_str())).collect();
        assert_eq!(said, [(*message, *help)], "{from} -> {to}");
    }
}

#[test]
fn what_a_program_cannot_hold_of_facts_reads_as_one_fact_for_each_rule() {
    let policy = Policy::parse(&document(), "policy.toml").expect("parses");
    let program = compile(&policy).expect("compiles").program;
    let again = decompile(&program).expect("decompiles");
    let text = again.to_toml();
    assert!(text.contains("facts = { attesters-02-1 = { equals = true } }"), "{text}");
    assert!(text.contains("[facts.attesters-02-1]"), "{text}");
    assert_eq!(compile(&again).expect("compiles").program, program);
}
