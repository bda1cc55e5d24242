//! Every example of the policy reference parses and compiles.
#![allow(clippy::panic, reason = "a test fails by panicking")]

use portcullis_policy::{Policy, compile, decompile};

const REFERENCE: &str = include_str!("../../../docs/policy-reference.md");

fn blocks() -> Vec<&'static str> {
    let mut parts = REFERENCE.split("```toml\n").skip(1);
    parts.by_ref().map(|part| part.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn no_example_of_the_reference_fails_to_compile() {
    let blocks = blocks();
    let (first, rest) = blocks.split_first().expect("has examples");
    assert!(rest.len() >= 6, "{} examples", rest.len());
    let all = rest.concat();
    for fragment in std::iter::once("").chain(rest.iter().copied()).chain([all.as_str()]) {
        let text = format!("{first}\n{fragment}");
        let policy = Policy::parse(&text, "example.toml").unwrap_or_else(|error| panic!("{error}"));
        let program = compile(&policy).expect("compiles").program;
        assert_eq!(compile(&decompile(&program).expect("decompiles")).expect("compiles").program, program);
    }
}

#[test]
fn every_key_of_the_language_has_an_example() {
    let examples = blocks().concat();
    let policy = Policy::parse(&examples, "all.toml").unwrap_or_else(|error| panic!("{error}"));
    // What the examples use, written out, has each key that the writer knows.
    let text = policy.to_toml();
    for key in [
        "version",
        "name",
        "account",
        "semantics",
        "change_delay",
        "announcement_expiry",
        "announcers",
        "cancellers",
        "guardians",
        "standard",
        "address",
        "decimals",
        "asset",
        "cap",
        "window",
        "calendar",
        "rolling",
        "everywhere",
        "id",
        "owner",
        "updated_at",
        "priority",
        "when",
        "then",
        "origin",
        "initiator",
        "target",
        "selector",
        "effect",
        "recipient",
        "amount",
        "max",
        "opaque",
        "registry",
        "method",
        "count",
        "scope",
        "recipient_is_contract",
        "time",
        "from",
        "to",
        "weekday",
        "word",
        "offset",
        "mask",
        "equals",
        "not_equals",
        "less_than",
        "at_most",
        "more_than",
        "at_least",
        "in",
        "static_call",
        "call",
        "data",
        "gas",
        "words",
        "index",
        "within",
        "any",
        "all",
        "not",
        "allow",
        "deny",
        "limits",
        "delay",
        "attesters",
        "members",
        "at_least",
        "approvals",
        "group",
        "initiator",
        "owners",
        "signatures",
        "signers",
        "list",
        "attestation",
        "notify",
        "facts",
        "type",
        "subject",
        "timeout",
        "ttl",
        "max_age",
        "on_unknown",
        "assume",
    ] {
        let used = text.contains(&format!("{key} = ")) || text.contains(&format!("[{key}"));
        assert!(used && examples.contains(key), "`{key}` has no example");
    }
}
