//! The examples compile, in both formats to the same bytes, and go round.

use portcullis_policy::{Policy, compile, decompile};

const MINIMAL: &str = include_str!("../../../examples/minimal/policy.toml");
const TREASURY: &str = include_str!("../../../examples/treasury/policy.toml");

fn parse(text: &str, file: &str) -> Policy {
    Policy::parse(text, file).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_example_is_never_changed_by_writing_it_out() {
    for text in [MINIMAL, TREASURY] {
        let policy = parse(text, "policy.toml");
        assert_eq!(parse(&policy.to_toml(), "out.toml"), policy);
        assert_eq!(parse(&policy.to_json(), "out.json"), policy);
    }
}

#[test]
fn an_example_decompiles_to_a_policy_that_compiles_to_it() {
    for text in [MINIMAL, TREASURY] {
        let program = compile(&parse(text, "policy.toml")).expect("compiles").program;
        let again = decompile(&program).expect("decompiles");
        println!("{}", again.to_toml());
        assert_eq!(compile(&again).expect("compiles").program, program);
        let written = parse(&again.to_toml(), "again.toml");
        assert_eq!(compile(&written).expect("compiles").program, program);
        let written = parse(&again.to_json(), "again.json");
        assert_eq!(compile(&written).expect("compiles").program, program);
    }
}
