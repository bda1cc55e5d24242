//! The examples compile, in both formats to the same bytes, and go round.

use alloy_primitives::{Address, hex};
use portcullis_policy::{Policy, SourceMap, compile, decompile};

const MINIMAL: &str = include_str!("../../../../examples/minimal/policy.toml");
const TREASURY: &str = include_str!("../../../../examples/treasury/policy.toml");
const ALL: [&str; 12] = [
    MINIMAL,
    TREASURY,
    include_str!("../../../../examples/payroll/policy.toml"),
    include_str!("../../../../examples/two-managers/policy.toml"),
    include_str!("../../../../examples/market-maker/policy.toml"),
    include_str!("../../../../examples/grants/policy.toml"),
    include_str!("../../../../examples/backtest/policy.toml"),
    include_str!("../../../../examples/templates/small-company.toml"),
    include_str!("../../../../examples/templates/dao-treasury.toml"),
    include_str!("../../../../examples/templates/market-maker.toml"),
    include_str!("../../../../examples/templates/grants.toml"),
    include_str!("../../../../examples/templates/staking.toml"),
];

fn parse(text: &str, file: &str) -> Policy {
    Policy::parse(text, file).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn an_example_is_never_changed_by_writing_it_out() {
    for text in ALL {
        let policy = parse(text, "policy.toml");
        assert_eq!(parse(&policy.to_toml(), "out.toml"), policy);
        assert_eq!(parse(&policy.to_json(), "out.json"), policy);
    }
}

#[test]
fn an_example_decompiles_to_a_policy_that_compiles_to_it() {
    for text in ALL {
        let program = compile(&parse(text, "policy.toml")).expect("compiles").program;
        let again = decompile(&program).expect("decompiles");
        assert_eq!(compile(&again).expect("compiles").program, program);
        let written = parse(&again.to_toml(), "again.toml");
        assert_eq!(compile(&written).expect("compiles").program, program);
        let written = parse(&again.to_json(), "again.json");
        assert_eq!(compile(&written).expect("compiles").program, program);
    }
}

/// Read off the layout in `docs/program.md`, field by field.
const MINIMAL_PROGRAM: &[&str] = &[
    // STOP, format, first-match, 1 directory bit
    "00010001",
    // key classes of native, transfer, approve and call
    "00018290",
    // 1 limit, announcements expire after 3 days
    "010003f480",
    // neither announcers nor cancellers
    "000000000000",
    // 5 rules
    "00050000000000000000000000",
    // multiplier
    "4ac6f2bcf7c066991121be8b65cea81b5ccf2b0335d7025f8b6455d1ef9eee31",
    // limit eth-day
    "6574682d64617900000000000000000000000000000000000000000000000000",
    // 1.5 ether
    "0000000000000000000000000000000014d1120d7b160000",
    // calendar day, not everywhere
    "0100000000000000",
    // native
    "0000000000000000000000000000000000000000",
    // directory
    "00009d0000fd00017d",
    // call swapOwner on the account: owners
    "240000000000000000000000000000000000000000e318b52b00040001ae0006",
    // any native: ether
    "c1000000000000000000000000000000000000000000000000000300019d0011",
    // any approve: no-allowances
    "c3000000000000000000000000000000000000000000000000000000017d0006",
    // USDC is an ERC-20
    "00a0b86991c6218b36c1d19d4a2e9eb0ce3606eb480000000000000000000001",
    // native with swapOwner to the account: owners
    "210000000000000000000000000000000000000000e318b52b00040001ae0006",
    // USDC transfer: pay-friends
    "42a0b86991c6218b36c1d19d4a2e9eb0ce3606eb480000000000010001830010",
    // USDC transfer: pay-friends-more
    "42a0b86991c6218b36c1d19d4a2e9eb0ce3606eb48000000000002000193000a",
    // no-allowances: deny
    "000000000000",
    // pay-friends: list, at most 1,000 USDC
    "010000000000030001b405043b9aca00",
    // pay-friends-more: 24 hours, list
    "010000015180030001b4",
    // ether: limit 0, at most 1 ether
    "0101000000000005080de0b6b3a7640000",
    // owners: 48 hours
    "01000002a300",
    // friends
    "00020015a97b508879afed7eff8069c8dde948113e8474228cc9cdd34f2f72025c482a374a9fa75b2089d3",
];

#[test]
fn the_minimal_policy_has_exactly_these_bytes() {
    let program = compile(&parse(MINIMAL, "policy.toml")).expect("compiles").program;
    assert_eq!(hex::encode(program), MINIMAL_PROGRAM.concat());
}

#[test]
fn json_and_toml_give_the_same_program_and_names() {
    let json = parse(include_str!("../../../../examples/treasury/policy.json"), "policy.json");
    let toml = parse(TREASURY, "policy.toml");
    assert_eq!(compile(&json), compile(&toml));
    assert_eq!(toml.to_json(), include_str!("../../../../examples/treasury/policy.json"));
}

#[test]
fn the_order_in_which_names_are_defined_changes_no_byte() {
    let text = TREASURY.replace(
        "  \"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\",\n  \"0x15a97b508879afed7eFF8069C8DDE948113E8474\",",
        "  \"0x15a97b508879afed7eFF8069C8DDE948113E8474\",\n  \"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\",",
    );
    assert_ne!(text, TREASURY);
    let (one, other) = (parse(&text, "policy.toml"), parse(TREASURY, "policy.toml"));
    assert_eq!(compile(&one).expect("compiles").program, compile(&other).expect("compiles").program);
}

#[test]
fn priority_sorts_rules_and_keeps_the_order_of_equals() {
    let mut policy = parse(MINIMAL, "policy.toml");
    policy.rules[3].priority = 1;
    policy.rules[4].priority = 1;
    policy.rules[0].priority = -1;
    let names = compile(&policy).expect("compiles").source_map;
    let ids: Vec<_> = names.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["ether", "owners", "pay-friends", "pay-friends-more", "no-allowances"]);
}

#[test]
fn the_source_map_names_what_the_program_numbers() {
    let names = compile(&parse(TREASURY, "policy.toml")).expect("compiles").source_map;
    assert_eq!(names.rule(1).map(|rule| rule.owner.as_deref()), Some(Some("finance")));
    assert_eq!(names.rule(0xffff), None);
    assert_eq!(names.limit(1).map(|limit| (limit.id.as_str(), limit.decimals)), Some(("usdc-day", 6)));
    assert_eq!(names.limit(2), None);
    let first = names.lists.first().expect("has lists");
    assert_eq!(names.list(first.offset).map(|list| list.name.as_str()), Some("@operations"));
    let text = serde_json::to_string(&names).expect("serialises");
    assert_eq!(serde_json::from_str::<SourceMap>(&text).expect("reads back"), names);
}

#[test]
fn another_account_never_keeps_the_former_one_as_itself() {
    let other = Address::repeat_byte(7);
    let policy = parse(
        &MINIMAL.replace("target = \"account\"", "target = \"0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8\""),
        "policy.toml",
    );
    let own = compile(&policy).expect("compiles").program;
    assert_eq!(hex::encode(&own), MINIMAL_PROGRAM.concat(), "the account's address means the account");
    let moved = compile(&policy.clone().with_account(other)).expect("compiles").program;
    assert_ne!(moved, own);
    let word = parse(MINIMAL, "policy.toml").with_account(other);
    assert_eq!(compile(&word).expect("compiles").program, own, "the word follows the account");
}

#[test]
fn only_a_declared_token_can_be_given_another_address() {
    let other = Address::repeat_byte(7);
    let policy = parse(MINIMAL, "policy.toml").with_asset_address("USDC", other).expect("is a token");
    let names = compile(&policy).expect("compiles").source_map;
    assert_eq!(names.asset(other).map(|asset| asset.name.as_str()), Some("USDC"));
    assert!(policy.clone().with_asset_address("ETH", other).is_err());
    assert!(policy.with_asset_address("DAI", other).is_err());
}

#[test]
fn a_rolling_window_never_shrinks_when_decompiled() {
    for (window, lane) in [("7s", 1), ("9s", 2), ("24h", 10_800), ("4294967295s", 536_870_912)] {
        let policy = parse(&MINIMAL.replace("calendar = \"day\"", &format!("rolling = \"{window}\"")), "policy.toml");
        let program = compile(&policy).expect("compiles").program;
        assert_eq!(program[64 + 58..64 + 62], u32::to_be_bytes(lane), "{window}");
        assert_eq!(compile(&decompile(&program).expect("decompiles")).expect("compiles").program, program, "{window}");
    }
}
