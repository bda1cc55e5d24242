//! What is too large.

use alloy_primitives::Address;
use portcullis_policy::{
    Amount, AmountRange, CompileError, MAX_PROGRAM_BYTES, Members, Policy, compile, compile_off_chain,
};

use crate::TOML;

#[test]
fn a_program_that_no_contract_holds_is_refused_with_its_size() {
    let many = |count: u64| -> String {
        let members: Vec<_> =
            (1..=count).map(|n| format!("\"{}\"", Address::left_padding_from(&(n << 20).to_be_bytes()))).collect();
        TOML.replace("[\"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\"]", &format!("[\n{}\n]", members.join(",\n")))
    };
    let Err(diagnostics) = Policy::parse(&many(1_300), "policy.toml") else {
        panic!("too large a policy was accepted")
    };
    assert_eq!(
        format!("\n{diagnostics}\n"),
        r#"
error: the program takes 26794 bytes, 2218 more than the 24576 (one STOP byte and 24575 of content) that a contract holds
  --> policy.toml:14:11
   |
14 | friends = [
   |           ^
   = help: shorten `@friends`, which takes the most with 26517 bytes, 20 for each of its 1300 members
"#
    );
}

#[test]
fn a_program_of_24_577_bytes_is_refused_and_one_of_24_576_is_not() {
    let mut policy = Policy::parse(TOML, "policy.toml").expect("parses");
    let friends = policy.lists.get_mut("friends").expect("is a list");
    *friends = Members::Addresses((1..=1_189_u64).map(|n| Address::left_padding_from(&n.to_be_bytes())).collect());
    let sized = |max: &str| {
        let mut policy = policy.clone();
        policy.rules[1].when.amount = Some(AmountRange { min: None, max: Some(Amount::new(max).expect("is decimal")) });
        compile(&policy).map(|compiled| compiled.program.len())
    };
    assert_eq!(sized("0.5"), Ok(MAX_PROGRAM_BYTES - 2));
    assert_eq!(sized("100_000"), Ok(MAX_PROGRAM_BYTES), "an amount of ten bytes");
    let refused = sized("10_000_000");
    assert!(
        matches!(refused, Err(CompileError::TooLarge { size: 24_577, .. })),
        "an amount of eleven bytes: {refused:?}"
    );
    // Off chain only the size makes no difference.
    let off_chain = |policy: &Policy| compile_off_chain(policy).expect("compiles").program;
    assert_eq!(compile(&policy).expect("compiles").program, off_chain(&policy));
    policy.lists.insert(
        "friends".to_owned(),
        Members::Addresses((1..=3_000_u64).map(|n| Address::left_padding_from(&n.to_be_bytes())).collect()),
    );
    assert!(compile(&policy).is_err() && Policy::parse(&policy.to_toml(), "policy.toml").is_err());
    assert_eq!(Policy::parse_off_chain(&policy.to_toml(), "policy.toml").as_ref(), Ok(&policy));
    assert!(off_chain(&policy).len() > 60_000);
}

#[test]
fn a_cap_of_2_192_base_units_is_refused_and_one_less_is_not() {
    let cap = |text| TOML.replace("\"1_000\"", &format!("\"{text}\""));
    let most = "6277101735386680763835789423207666416102355444464034.512895";
    assert!(Policy::parse(&cap(most), "policy.toml").is_ok());
    assert!(Policy::parse(&cap(&most.replace(".512895", ".512896")), "policy.toml").is_err());
}
