//! What rules ask for, byte for byte: no other test of this crate reads it but the decompiler, which undoes whatever the
//! compiler does.

use alloy_primitives::hex;
use portcullis_policy::{Policy, compile};

const POLICY: &str = r#"
version = 1
name = "asked"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "all-must-pass"
control = { change_delay = "48h", guardians = "@board" }
assets.ETH = { standard = "native", decimals = 18 }
groups.board = ["0x3A492A4B22aB8a26f74294c2aC053220c8ce88A3", "0x8D94058064837Cea97Bf0886Ab5CcB619c3AAA63"]
attesters.fast = { members = "0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3", at_least = 1 }
attesters.slow = { members = "@board", at_least = 2 }

[[rules]]
id = "everything"
when = { effect = "transfer", asset = "ETH" }
[rules.then]
allow = true
approvals = { group = "board", at_least = 2, initiator = true }
signatures = 3
signers = { list = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE", at_least = 1 }
attestation = "slow"
notify = "risk"

[[rules]]
id = "owners-count"
when = { effect = "transfer", asset = "ETH" }
then = { allow = true, approvals = { group = "board", at_least = 1, owners = true } }
"#;

/// The number in the three bytes at an offset.
fn offset(program: &[u8], at: usize) -> usize {
    program[at..at + 3].iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}

#[test]
fn no_number_flag_or_list_of_what_is_asked_for_stands_for_another() {
    let policy = Policy::parse(POLICY, "policy.toml").unwrap_or_else(|error| panic!("{error}"));
    let program = compile(&policy).expect("compiles").program;
    // One bucket of two entries.
    assert_eq!((program[3], offset(&program, 64)), (0, 70));
    let body = |entry: usize| {
        let (at, size) = (offset(&program, entry + 27), u16::from_be_bytes([program[entry + 30], program[entry + 31]]));
        &program[at..at + usize::from(size)]
    };
    let (first, second) = (body(70), body(102));

    let list = |at: usize, members: &[&str]| {
        let bytes = hex::decode(members.concat()).expect("hexadecimal");
        let count = u8::try_from(members.len()).expect("few");
        assert_eq!(program[at..at + 3 + bytes.len()], [&[0, count, 0], bytes.as_slice()].concat());
    };
    let (board, signers, table) = (offset(&program, 25), offset(first, 17), offset(&program, 22));
    list(board, &["3a492a4b22ab8a26f74294c2ac053220c8ce88a3", "8d94058064837cea97bf0886ab5ccb619c3aaa63"]);
    list(signers, &["5aeda56215b167893e80b4fe645ba6d5bab767de"]);
    list(offset(&program, table), &["228cc9cdd34f2f72025c482a374a9fa75b2089d3"]);
    assert_eq!((program[21], program[table + 3]), (2, 1), "two sets, of which the first takes one");

    let everything = [
        "0500000000000030".to_owned(),
        format!("01{board:06x}0201"),
        "0203".to_owned(),
        format!("03{signers:06x}01"),
        "0401".to_owned(),
        format!("05{:0<64}", hex::encode("risk")),
    ];
    assert_eq!(hex::encode(first), everything.concat());
    assert_eq!(hex::encode(second), format!("050000000000000601{board:06x}0102"));
}
