//! Times, words, static calls, registries and modules.

use crate::{Slip, TOML, complaint, tell};

#[test]
fn each_slip_is_told_with_what_to_write_instead() {
    tell(SLIPS);
}

#[test]
fn a_word_is_pointed_at_within_its_array() {
    assert_eq!(
        complaint(
            TOML,
            r#"amount = { max = "0.5" }"#,
            r#"word = [{ offset = 4, equals = "1" }, { offset = 70_000, equals = "1" }]"#
        ),
        r#"
error: calldata has no word at 70000
  --> policy.toml:28:95
   |
28 | when = { effect = "transfer", asset = "ETH", word = [{ offset = 4, equals = "1" }, { offset = 70_000, equals = "1" }] }
   |                                                                                               ^^^^^^
   = help: write where the word starts, in bytes, from 0 to 65535: the first argument is at 4
"#
    );
}

const AMOUNT: &str = "amount = { max = \"0.5\" }";
const CONDITIONS: &str = "effect = \"transfer\", asset = \"ETH\", amount = { max = \"0.5\" }";
const FRIENDS: &str = "friends = [\"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\"]";

/// See [`tell`].
const SLIPS: &[Slip] = &[
    (
        AMOUNT,
        "weekday = [\"mon\", \"tues\"]",
        "unknown weekday `tues`",
        "write one or more of `mon`, `tue`, `wed`, `thu`, `fri`, `sat`, `sun`",
    ),
    (AMOUNT, "weekday = [\"mon\", \"mon\"]", "`mon` is listed twice", "write it once"),
    (
        AMOUNT,
        "time = { from = \"09:00\", to = \"09:00\" }",
        "`from` is `to`",
        "write when it begins and ends, or leave `time` out for the whole day",
    ),
    (AMOUNT, "time = { from = \"00:00\", to = \"24:00\" }", "this is the whole day", "leave `time` out"),
    (
        AMOUNT,
        "time = { from = \"24:00\", to = \"09:00\" }",
        "a day has 24 hours",
        "write times from `00:00` to `24:00`, which only `to` can be",
    ),
    (
        AMOUNT,
        "time = { from = \"9:00\", to = \"17:00\" }",
        "`9:00` is not a time of the day",
        "write hours and minutes of the UTC day, like `09:00`, with seconds where they matter",
    ),
    (AMOUNT, "time = { from = \"09:00\" }", "`to` is missing", "write a time of the UTC day in quotes, like `09:00`"),
    (
        AMOUNT,
        "word = { offset = 4 }",
        "exactly one comparison is expected",
        "write one of `equals`, `not_equals`, `less_than`, `at_most`, `more_than`, `at_least` with a number in quotes",
    ),
    (
        AMOUNT,
        "word = { offset = 4, at_least = \"1\", at_most = \"2\" }",
        "exactly one comparison is expected",
        "write one of `equals`, `not_equals`, `less_than`, `at_most`, `more_than`, `at_least` with a number in quotes",
    ),
    (
        AMOUNT,
        "word = { offset = 4, equals = 1 }",
        "a string is expected, this is an integer",
        "write a number in quotes, decimal or as `0x` and at most 64 hexadecimal digits",
    ),
    (
        AMOUNT,
        "word = { offset = 4, equals = \"0x10000000000000000000000000000000000000000000000000000000000000000\" }",
        "`0x10000000000000000000000000000000000000000000000000000000000000000` is wider than 32 bytes",
        "write a number in quotes, decimal or as `0x` and at most 64 hexadecimal digits",
    ),
    (
        AMOUNT,
        "word = { offset = 4, mask = \"0xff\", equals = \"0x100\" }",
        "`equals` never holds",
        "compare with a value that has only bits of the mask",
    ),
    (
        AMOUNT,
        "word = { offset = 4, mask = \"0xff\", not_equals = \"0x100\" }",
        "`not_equals` always holds",
        "compare with a value that has only bits of the mask",
    ),
    (
        AMOUNT,
        "word = { offset = 4, mask = \"0xff\", more_than = \"0xff\" }",
        "`more_than` never holds",
        "compare with another value: none is below 0 or above the mask",
    ),
    (
        AMOUNT,
        "word = { offset = 4, less_than = \"0\" }",
        "`less_than` never holds",
        "compare with another value: none is below 0 or above 2^256 - 1",
    ),
    (
        AMOUNT,
        "word = { offset = 4, mask = \"0\", equals = \"0\" }",
        "the mask leaves no bits",
        "set the bits that count, or leave it out",
    ),
    (
        AMOUNT,
        "word = { offset = 4, in = \"@friends\", equals = \"0\" }",
        "`in` and `equals` exclude each other",
        "write `in` with `offset` alone, or a comparison",
    ),
    (
        AMOUNT,
        "word = { offset = 4, in = \"@freinds\" }",
        "no list or group is named `@freinds`",
        "did you mean `@friends`? otherwise define `freinds` in `lists`",
    ),
    (
        AMOUNT,
        "word = [{ offset = 4, equals = \"16\" }, { offset = 4, equals = \"0x10\" }]",
        "this says what another one here says already",
        "write it once",
    ),
    (
        AMOUNT,
        "static_call = { target = \"USDC\", data = \"0x5c975a\", equals = \"0\" }",
        "calldata of 3 bytes",
        "write from 4 bytes, which are the selector, to 255",
    ),
    (
        AMOUNT,
        "static_call = { target = \"USDC\", data = \"paused()\", equals = \"0\" }",
        "`paused()` is not calldata",
        "write `0x` and the calldata's hexadecimal digits",
    ),
    (
        AMOUNT,
        "static_call = { target = \"USDC\", call = \"balanceOf(address)\", equals = \"0\" }",
        "`balanceOf(address)` takes arguments",
        "write the whole calldata as `data`, selector first",
    ),
    (
        AMOUNT,
        "static_call = { target = \"USDC\", equals = \"0\" }",
        "a static call has either `call` or `data`",
        "write `call` for a function without arguments, like `paused()`, else `data`",
    ),
    (
        AMOUNT,
        "static_call = { target = \"ETH\", call = \"paused()\", equals = \"0\" }",
        "`ETH` is native and has no address",
        "write a token's name or a contract's address",
    ),
    (
        AMOUNT,
        "static_call = { target = \"DAI\", call = \"paused()\", equals = \"0\" }",
        "no asset is named `DAI`",
        "define `DAI` in `assets`",
    ),
    (
        AMOUNT,
        "static_call = { target = \"USDC\", call = \"paused()\", words = 2, index = 2, equals = \"0\" }",
        "the answer has no word 2",
        "write a number below `words`: the first word is 0",
    ),
    (
        AMOUNT,
        "static_call = { target = \"USDC\", call = \"paused()\", words = 9, equals = \"0\" }",
        "`words` cannot be 9",
        "write a whole number up to 8",
    ),
    (
        AMOUNT,
        "static_call = { target = \"USDC\", call = \"paused()\", gas = 0, equals = \"0\" }",
        "0 gas cannot be given",
        "write from 1 to 5000000",
    ),
    (
        AMOUNT,
        "static_call = { target = \"USDC\", call = \"paused()\", gas = 5_000_001, equals = \"0\" }",
        "`gas` cannot be 5000001",
        "write a whole number up to 5000000",
    ),
    (
        FRIENDS,
        "friends = { registry = \"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\", method = \"isSanctioned(uint256)\" }",
        "`isSanctioned(uint256)` does not take one address",
        "write a function of one address that returns a boolean, like `isSanctioned(address)`, or leave `method` out \
         for `contains(address)`",
    ),
    (
        FRIENDS,
        "friends = { method = \"isSanctioned(address)\" }",
        "`registry` is missing",
        "write the address of the contract that keeps the list",
    ),
    (
        FRIENDS,
        "friends = { registry = \"0x0000000000000000000000000000000000000000\" }",
        "no registry is at the zero address",
        "write the address of the contract that keeps the list",
    ),
    (
        CONDITIONS,
        "target = \"account\", selector = \"enableModule(address)\"",
        "`enableModule(address)` without the module",
        "name the modules as `recipient`: addresses, or one registry; no other rule matches the call",
    ),
    (
        CONDITIONS,
        "effect = \"call\", recipient_is_contract = true",
        "this rule can never match",
        "calls have no asset, recipient or amount: name the token or contract in `target`",
    ),
    (
        "decimals = 6 }",
        "decimals = 6 }\nART = { standard = \"erc721\", address = \"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2\", \
         decimals = 18 }",
        "such tokens are counted in whole units",
        "leave `decimals` out",
    ),
    (
        "standard = \"erc20\"",
        "standard = \"erc777\"",
        "unknown standard `erc777`",
        "write one of `native`, `erc20`, `erc721`, `erc1155`",
    ),
];

#[test]
fn a_registry_never_stands_beside_other_targets() {
    let text = TOML
        .replace(FRIENDS, "friends = { registry = \"0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3\" }")
        .replace(CONDITIONS, "target = [\"@friends\", \"account\"]");
    let error = portcullis_policy::Policy::parse(&text, "policy.toml").expect_err("two kinds of targets");
    let said: Vec<_> = error.items().iter().map(|item| (item.message.as_str(), item.help.as_str())).collect();
    assert_eq!(
        said,
        [(
            "registries and other targets stand in one rule",
            "write one rule for the registries and one for the other targets"
        )]
    );
}

#[test]
fn modules_to_enable_never_stand_in_several_lists() {
    let text = TOML
        .replace(
            "[limits.usdc-day]",
            "more = { registry = \"0x15a97b508879afed7eFF8069C8DDE948113E8474\" }\n\n[limits.usdc-day]",
        )
        .replace(
            CONDITIONS,
            "target = \"account\", selector = \"enableModule(address)\", recipient = [\"@friends\", \"@more\"]",
        );
    let error = portcullis_policy::Policy::parse(&text, "policy.toml").expect_err("two lists of modules");
    let said: Vec<_> = error.items().iter().map(|item| (item.message.as_str(), item.help.as_str())).collect();
    assert_eq!(
        said,
        [(
            "the modules that may be enabled stand in several lists",
            "name the modules as `recipient`: addresses, or one registry; no other rule matches the call"
        )]
    );
}
