//! Every example of the policy reference parses and compiles.

use portcullis_policy::{Policy, compile, decompile};

const REFERENCE: &str = include_str!("../../../../docs/policy-reference.md");

fn blocks() -> Vec<&'static str> {
    let mut parts = REFERENCE.split("```toml\n").skip(1);
    parts.by_ref().map(|part| part.split("```").next().unwrap_or_default()).collect()
}

/// The files that the reference shows.
fn load(path: &str) -> Result<Vec<u8>, String> {
    let shown = REFERENCE.split(&format!("`{path}`:\n\n```text\n")).nth(1).and_then(|rest| rest.split("```").next());
    shown.map(|text| text.as_bytes().to_vec()).ok_or_else(|| "the page does not show it".to_owned())
}

#[test]
fn no_example_of_the_reference_fails_to_compile() {
    let blocks = blocks();
    let (first, rest) = blocks.split_first().expect("has examples");
    assert!(rest.len() >= 6, "{} examples", rest.len());
    let all = rest.concat();
    for fragment in std::iter::once("").chain(rest.iter().copied()).chain([all.as_str()]) {
        let text = format!("{first}\n{fragment}");
        let policy = Policy::parse_with(&text, "example.toml", &load).unwrap_or_else(|error| panic!("{error}"));
        let program = compile(&policy).expect("compiles").program;
        assert_eq!(compile(&decompile(&program).expect("decompiles")).expect("compiles").program, program);
    }
}
