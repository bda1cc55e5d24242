//! Which keys a rule's conditions have: no key that cannot match, and none missing.

use std::collections::BTreeSet;

use alloy_primitives::hex;
use portcullis_policy::{Policy, compile};

const BASE: &str = r#"
version = 1
name = "expansion"
account = "eth:0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"
semantics = "first-match"
control = { change_delay = "48h" }
assets.ETH = { standard = "native", decimals = 18 }
assets.USDC = { standard = "erc20", address = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", decimals = 6 }
assets.WETH = { standard = "erc20", address = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", decimals = 18 }
lists.who = ["0x228Cc9cDD34f2f72025c482A374A9fA75b2089d3", "0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8"]
"#;

/// The keys of one rule, as `kind subject selector`.
fn keys(base: &str, when: &str, then: &str) -> String {
    let text = format!("{base}\n[[rules]]\nid = \"rule\"\nwhen = {{ {when} }}\nthen = {{ {then} = true }}\n");
    let policy = Policy::parse(&text, "policy.toml").unwrap_or_else(|error| panic!("{error}"));
    let program = compile(&policy).expect("compiles").program;
    let buckets = 1_usize << program[3];
    let end = u32::from_be_bytes([0, program[64 + 3 * buckets], program[65 + 3 * buckets], program[66 + 3 * buckets]]);
    let entries = &program[64 + 3 * (buckets + 1)..usize::try_from(end).expect("fits")];
    let keys: BTreeSet<_> = entries.chunks(32).filter(|entry| entry[0] & 15 != 0).map(|entry| &entry[..25]).collect();
    let words = keys.into_iter().map(|key| (key[0] & 15, describe(key))).collect::<BTreeSet<_>>();
    words.into_iter().map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

fn describe(key: &[u8]) -> String {
    let kind = ["", "native", "transfer", "approve", "call", "opaque", "delegatecall"][usize::from(key[0] & 15)];
    let subject = match (key[0] & 0x80, key[0] & 0x20, hex::encode(&key[1..21]).as_str()) {
        (0x80, 0, zero) if zero.trim_matches('0').is_empty() => "any",
        (0, 0x20, zero) if zero.trim_matches('0').is_empty() => "account",
        (0, 0, "a0b86991c6218b36c1d19d4a2e9eb0ce3606eb48") => "USDC",
        (0, 0, "c02aaa39b223fe8d0a0e5c4f27ead9083c756cc2") => "WETH",
        (0, 0, "228cc9cdd34f2f72025c482a374a9fa75b2089d3") => "alice",
        other => panic!("subject {other:?}"),
    };
    let selector = match key[0] & 0x40 {
        0 => hex::encode(&key[21..25]),
        _ => "*".to_owned(),
    };
    format!("{kind} {subject} {selector}")
}

#[test]
fn a_rule_has_exactly_the_keys_that_its_conditions_can_match() {
    for (when, expected) in [
        ("", "native any *, transfer any *, approve any *, call any *"),
        ("effect = 'transfer'", "native any *, transfer any *"),
        ("effect = 'approve'", "approve any *"),
        ("effect = 'call'", "call any *"),
        ("operation = 'delegatecall', target = ['account', '@who']", "delegatecall account *, delegatecall alice *"),
        ("operation = 'delegatecall', target = 'USDC', selector = '0x11111111'", "delegatecall USDC 11111111"),
        // Asset, recipient and amount are those of transfers and allowances.
        ("asset = 'ETH'", "native any *"),
        ("asset = 'USDC'", "transfer USDC *, approve USDC *"),
        ("asset = ['ETH', 'USDC']", "native any *, transfer USDC *, approve USDC *"),
        ("recipient = '@who'", "native any *, transfer any *, approve any *"),
        ("effect = 'transfer', asset = 'ETH', recipient = '@who'", "native any *"),
        ("effect = 'transfer', asset = 'USDC', amount = { max = '1' }", "transfer USDC *"),
        // A target is what the action calls: the token, or whoever is sent native value.
        ("target = '@who'", "native account *, native alice *, call account *, call alice *"),
        ("target = '0xe8E0F9B9AD645f5B37E8596b8B78CFC956397bB8'", "native account *, call account *"),
        ("target = 'USDC'", "native USDC *, transfer USDC *, approve USDC *, call USDC *"),
        (
            "target = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'",
            "native USDC *, transfer USDC *, approve USDC *, call USDC *",
        ),
        ("target = 'USDC', asset = 'USDC'", "transfer USDC *, approve USDC *"),
        ("target = 'USDC', asset = 'ETH'", "native USDC *"),
        (
            "target = ['USDC', '@who'], effect = 'transfer'",
            "native USDC *, native account *, native alice *, transfer USDC *",
        ),
        ("target = '@who', asset = 'ETH', recipient = '@who'", "native account *, native alice *"),
        // A selector leaves the effects that a call of that function can have.
        ("selector = 'deposit()'", "native any d0e30db0, call any d0e30db0"),
        ("selector = 'transfer(address,uint256)'", "native any a9059cbb, transfer any a9059cbb, call any a9059cbb"),
        ("selector = 'approve(address,uint256)', asset = 'WETH'", "approve WETH 095ea7b3"),
        (
            "selector = 'transferFrom(address,address,uint256)', target = 'USDC'",
            "native USDC 23b872dd, transfer USDC 23b872dd",
        ),
        ("selector = 'deposit()', target = 'WETH'", "native WETH d0e30db0"),
        ("selector = 'deposit()', asset = 'ETH'", "native any d0e30db0"),
        // Calls to a declared token that do not decode are asked for.
        ("selector = 'deposit()', target = 'WETH', opaque = true", "native WETH d0e30db0, opaque WETH d0e30db0"),
        ("selector = 'deposit()', effect = 'opaque', opaque = true", "opaque any d0e30db0"),
        (
            "selector = 'transferFrom(address,address,uint256)', target = 'USDC', opaque = true, effect = ['opaque', 'transfer']",
            "native USDC 23b872dd, transfer USDC 23b872dd, opaque USDC 23b872dd",
        ),
    ] {
        assert_eq!(keys(BASE, when, "allow"), expected, "{when}");
    }
}

#[test]
fn a_denying_rule_reaches_opaque_calls_unless_it_names_effects() {
    for (when, expected) in [
        ("", "native any *, transfer any *, approve any *, call any *, opaque any *"),
        ("target = 'USDC'", "native USDC *, transfer USDC *, approve USDC *, call USDC *, opaque USDC *"),
        ("target = 'USDC', effect = 'opaque'", "opaque USDC *"),
        ("recipient = '@who'", "native any *, transfer any *, approve any *"),
        ("effect = 'call'", "call any *"),
    ] {
        assert_eq!(keys(BASE, when, "deny"), expected, "{when}");
    }
}

#[test]
fn without_declared_tokens_no_key_is_for_one() {
    let base = BASE.lines().filter(|line| !line.contains("erc20")).collect::<Vec<_>>().join("\n");
    assert_eq!(keys(&base, "", "allow"), "native any *, call any *");
    assert_eq!(keys(&base, "", "deny"), "native any *, call any *");
    assert_eq!(keys(&base, "effect = 'transfer'", "allow"), "native any *");
    let selector = "selector = 'transfer(address,uint256)', effect = 'call'";
    assert_eq!(keys(&base, selector, "allow"), "call any a9059cbb");
}

#[test]
fn a_rule_has_no_key_for_an_effect_that_its_groups_rule_out() {
    let base = BASE
        .replace("lists.who", "lists.sure = { registry = \"0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE\" }\nlists.who");
    for (when, expected) in [
        (
            "any = [{ recipient = '@who' }, { amount = { max = '1' }, asset = 'USDC' }]",
            "native any *, transfer any *, approve any *",
        ),
        ("not = { effect = 'transfer' }", "approve any *, call any *"),
        ("not = { asset = ['ETH', 'WETH'] }, effect = 'transfer'", "transfer any *"),
        ("all = [{ effect = ['call', 'approve'] }, { recipient_is_contract = true }]", "approve any *"),
        ("recipient_is_contract = false", "native any *, transfer any *, approve any *, call any *"),
        ("any = [{ asset = 'USDC' }]", "transfer any *, approve any *"),
        // A registry is no key: it reaches value and calls that keys of any subject lead to.
        ("target = '@sure'", "native any *, call any *"),
        ("target = '@sure', effect = 'call', selector = 'deposit()'", "call any d0e30db0"),
        ("any = [{ target = '@sure' }]", "native any *, transfer any *, approve any *, call any *"),
        // Letting a module in has a recipient; other calls on the account have none.
        (
            "target = 'account', selector = ['enableModule(address)', 'deposit()'], recipient = '@who'",
            "native account 610b5925, native account d0e30db0, call account 610b5925",
        ),
        (
            "target = 'account', effect = 'call', selector = 'enableModule(address)', recipient = '@sure'",
            "call account 610b5925",
        ),
    ] {
        assert_eq!(keys(&base, when, "allow"), expected, "{when}");
    }
}

#[test]
fn a_rule_has_the_keys_of_each_standards_own_functions() {
    let base = BASE
        .replace("assets.WETH = { standard = \"erc20\"", "assets.WETH = { standard = \"erc721\"")
        .replace(", decimals = 18 }\nlists", " }\nlists");
    let many = BASE
        .replace("assets.WETH = { standard = \"erc20\"", "assets.WETH = { standard = \"erc1155\"")
        .replace(", decimals = 18 }\nlists", " }\nlists");
    for (base, selector, expected) in [
        (&base, "safeTransferFrom(address,address,uint256)", "transfer any 42842e0e"),
        (&base, "setApprovalForAll(address,bool)", "approve any a22cb465"),
        (&base, "transferFrom(address,address,uint256)", "transfer any 23b872dd"),
        (&base, "increaseAllowance(address,uint256)", "approve any 39509351"),
        (&base, "approve(address,address,uint160,uint48)", "approve any 87517c45"),
        (&many, "safeTransferFrom(address,address,uint256,uint256,bytes)", "transfer any f242432a"),
        (&many, "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)", "transfer any 2eb2c2d6"),
        (&many, "setApprovalForAll(address,bool)", "approve any a22cb465"),
    ] {
        let when = format!(
            "effect = ['transfer', 'approve'], recipient = '@who', asset = ['USDC', 'WETH'], selector = '{selector}'"
        );
        let when = when.replace(
            "['transfer', 'approve']",
            if expected.starts_with("transfer") { "'transfer'" } else { "'approve'" },
        );
        let name = if ["39509351", "87517c45"].iter().any(|erc20| expected.ends_with(erc20)) { "USDC" } else { "WETH" };
        let pinned = when.replace("['USDC', 'WETH']", &format!("'{name}'"));
        assert_eq!(keys(base, &pinned, "allow"), expected.replace("any", name), "{selector}");
        let open = when.replace("asset = ['USDC', 'WETH'], ", "");
        let found = keys(base, &open, "allow");
        assert!(found.split(", ").any(|key| key == expected), "{selector}: {found}");
    }
}
