//! What a Safe did, out of a node; and when it will be allowed what is denied now.

use crate::support;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::{ERC20, Safe};
use portcullis_chain::Ledger;
use portcullis_chain::safe::{self, SafeTx, Version};
use serde_json::{Value, json};
use std::fs;
use support::treasury::{ETHER, Treasury, ether, who};

const DAY: u64 = 86_400;

fn tokens(treasury: &Treasury, amount: u64) -> SafeTx {
    let call = ERC20::transferCall { to: who("payee"), value: U256::from(amount) };
    treasury.call(treasury.token, 0, call.abi_encode())
}

fn exec(treasury: &Treasury, tx: &SafeTx) -> Bytes {
    safe::exec(tx, treasury.signed(tx, &["ann", "bob"]))
}

fn block(treasury: &Treasury) -> (u64, u64) {
    let block = treasury.ask("eth_getBlockByNumber", json!(["latest", false]));
    let number = |key: &str| u64::from_str_radix(block[key].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    (number("number"), number("timestamp"))
}

#[test]
fn what_a_node_tells_of_the_past_is_what_a_backtest_finds_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let mut treasury = Treasury::new(Version::V1_5_0);
    let first = (block(&treasury).0 + 1).to_string();
    let at = treasury.safe;
    let send = |treasury: &mut Treasury, from: Address, to: Address, data: Bytes| {
        treasury.node.send(from, to, U256::ZERO, data).unwrap().success
    };
    // By the owners, alone and as a batch.
    let data = exec(&treasury, &tokens(&treasury, 7_000_000));
    assert!(send(&mut treasury, who("payer"), at, data));
    let parts = [treasury.token, who("vendor")].map(|to| safe::Transaction {
        to,
        value: if to == treasury.token { U256::ZERO } else { U256::from(5) },
        data: if to == treasury.token { tokens(&treasury, 9).data } else { Bytes::new() },
        operation: 0,
    });
    let batch = safe::batch(treasury.contracts.multi_send_call_only, &parts, treasury.nonce());
    let data = exec(&treasury, &batch);
    assert!(send(&mut treasury, who("ann"), at, data));
    // Denied: it leaves no trace.
    let data = exec(&treasury, &treasury.call(who("stranger"), 1, Vec::new()));
    assert!(!send(&mut treasury, who("payer"), at, data));
    // By the module, and through a contract that hands the call on.
    let call = Safe::execTransactionFromModuleCall {
        to: who("payee"),
        value: U256::from(ETHER / 4),
        data: Bytes::new(),
        operation: 0,
    };
    assert!(send(&mut treasury, who("module"), at, call.abi_encode().into()));
    let forwarder = Address::repeat_byte(0x66);
    let code = [
        &[0x36, 0x5f, 0x5f, 0x37, 0x5f, 0x5f, 0x36, 0x5f, 0x5f, 0x73],
        at.as_slice(),
        &[0x5a, 0xf1, 0x15, 0x60, 0x25, 0x57, 0x00, 0x5b, 0x5f, 0x5f, 0xfd],
    ];
    treasury.ask("anvil_setCode", json!([forwarder, Bytes::from(code.concat())]));
    let data = exec(&treasury, &tokens(&treasury, 3));
    assert!(send(&mut treasury, who("payer"), forwarder, data));

    let safe = at.to_string();
    // As the page has it.
    let page = fs::read_to_string(support::root().join("docs/backtest.md")).unwrap();
    let command = page.lines().find_map(|line| line.strip_prefix("portcullis history ")).unwrap();
    let command = command.strip_suffix(" > history.jsonl").unwrap().replace("21000000", &first);
    let command = format!("history {command}").replace("$RPC", &treasury.anvil.url).replace("$SAFE", &safe);
    let asked: Vec<&str> = command.split(' ').collect();
    let (code, shown, talk) = support::run(&asked, &Value::Null);
    assert_eq!(code, 0, "{talk}");
    let lines = shown["history"].as_array().unwrap();
    let brief = |line: &Value| (line["initiator"].clone(), line.get("origin").is_some(), line["happened"].clone());
    let expected = [who("payer"), who("ann"), who("module"), forwarder].map(|who| who.to_string());
    let found: Vec<_> = lines.iter().map(brief).collect();
    let wanted: Vec<_> = expected.iter().enumerate().map(|(n, who)| (json!(who), n == 2, json!("executed"))).collect();
    assert_eq!(found, wanted);

    let text = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let history: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let (history, policy) = (text("history.jsonl", &history), text("policy.toml", &treasury.policy));
    let backtest = |policy: &str| support::run(&["backtest", "--policy", policy, "--history", &history], &Value::Null);
    let (code, shown, talk) = backtest(&policy);
    assert_eq!(
        (code, &shown["summary"]),
        (0, &json!({ "same": 4, "looser": 0, "stricter": 0, "indeterminate": 0 })),
        "{shown} {talk}"
    );
    // A lower limit would have stopped the first payment.
    let lower = text("lower.toml", &treasury.policy.replace("\"1_000\"", "\"5\""));
    let (code, shown, _) = backtest(&lower);
    assert_eq!((code, &shown["summary"]["stricter"]), (2, &json!(1)), "{shown}");
    let wrong = ["history", "--rpc", &treasury.anvil.url, "--safe", &safe, "--from", "9999999"];
    let (code, _, talk) = support::run(&wrong, &Value::Null);
    assert!(code == 1 && talk.contains("there are no blocks from 9999999"), "{talk}");
}

/// Says when, and insists that a second before it is denied.
fn from(treasury: &Treasury, more: &[&str], transaction: &Value) -> u64 {
    let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, more, transaction);
    assert_eq!((code, &shown["allowed_from"]["announced"]), (3, &json!(false)), "{shown} {talk}");
    let from = shown["allowed_from"]["at"].as_u64().unwrap();
    for (at, expected) in [(from - 1, 3), (from, 0)] {
        let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &["--at", &at.to_string()], transaction);
        assert_eq!(code, expected, "{at} {shown} {talk}");
    }
    from
}

const LIMITS: &str = r#"
[limits.tokens]
asset      = "TUSD"
cap        = "500"
window     = { rolling = "24h" }
everywhere = true

[limits.ether]
asset  = "ETH"
cap    = "3"
window = { calendar = "day" }

[[rules]]
id   = "tokens"
when = { effect = "transfer", asset = "TUSD", recipient = "@payees" }
then = { allow = true }

[[rules]]
id   = "ether"
when = { effect = "transfer", asset = "ETH", recipient = "@payees" }
then = { allow = true, limits = ["ether"] }
"#;

#[test]
fn a_used_up_limit_tells_the_second_at_which_enough_of_it_is_free_again() {
    let mut treasury = Treasury::with(Version::V1_4_1, LIMITS);
    treasury.node.fund(treasury.safe, U256::from(9 * ETHER)).unwrap();
    let data = exec(&treasury, &tokens(&treasury, 300_000_000));
    assert!(treasury.node.send(who("payer"), treasury.safe, U256::ZERO, data).unwrap().success);
    let paid = block(&treasury).1;
    let at = from(&treasury, &[], &json!({ "actions": [treasury.tokens("payee", 300_000_000)] }));
    // A day after at the earliest, and a lane of three hours later at the latest.
    assert!(at > paid + DAY && at <= paid + DAY + DAY / 8 && at.is_multiple_of(DAY / 8), "{paid} {at}");
    // The calendar's day ends at midnight, and no day lets so much out in one.
    let four = vec![ether("payee", ETHER); 4];
    let (code, shown, _) = treasury.simulate(&treasury.anvil.url, &[], &json!({ "actions": four }));
    assert_eq!((code, &shown["allowed_from"]), (3, &Value::Null), "{shown}");
    for _ in 0..3 {
        let data = exec(&treasury, &treasury.call(who("payee"), ETHER, Vec::new()));
        assert!(treasury.node.send(who("payer"), treasury.safe, U256::ZERO, data).unwrap().success);
    }
    let now = block(&treasury).1;
    let one = json!({ "actions": [ether("payee", ETHER)] });
    assert_eq!(from(&treasury, &[], &one), (now / DAY + 1) * DAY);
    let (code, _, talk) = treasury.simulate(&treasury.anvil.url, &["--after", "24h"], &one);
    assert_eq!(code, 0, "{talk}");
}

const HOURS: &str = r#"
[[rules]]
id   = "office-hours"
when = { effect = "transfer", asset = "ETH", time = { from = "09:00", to = "17:30" }, weekday = ["mon", "tue", "wed", "thu", "fri"] }
then = { allow = true }

[[rules]]
id   = "with-notice"
when = { effect = "transfer", asset = "TUSD" }
then = { allow = true, delay = "48h" }
"#;

#[test]
fn office_hours_and_notices_tell_their_second_and_what_never_comes_tells_none() {
    let treasury = Treasury::with(Version::V1_4_1, HOURS);
    // A Friday long after, at half past five: the next second inside is Monday at nine.
    let friday = 20_819 * DAY;
    let evening = (friday + 63_000).to_string();
    let one = json!({ "actions": [ether("payee", 1)] });
    assert_eq!(from(&treasury, &["--at", &evening], &one), friday + 3 * DAY + 32_400);
    let (code, _, talk) = treasury.simulate(&treasury.anvil.url, &["--at", "2026-12-31T17:29:59Z"], &one);
    assert_eq!(code, 0, "{talk}");
    let pay = json!({ "actions": [treasury.tokens("payee", 1)] });
    let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &["--at", &evening], &pay);
    let announced = json!({ "at": friday + 63_000 + 2 * DAY, "announced": true });
    assert_eq!((code, &shown["allowed_from"]), (3, &announced), "{talk}");
    let never = json!({ "actions": [treasury.allowance("payee", 1)] });
    let (code, shown, talk) = treasury.simulate(&treasury.anvil.url, &[], &never);
    assert_eq!((code, &shown["allowed_from"]), (3, &Value::Null), "{talk}");
    let (code, _, talk) = treasury.simulate(&treasury.anvil.url, &["--after", "soon"], &never);
    assert!(code == 1 && talk.contains("write a whole number and a unit, like 24h"), "{talk}");
}
