//! `audit`: no bound is too low, what is confirmed is what the chain lets through, and unbounded is said.

use crate::support;

use alloy_primitives::{Address, U256};
use portcullis_chain::Ledger;
use portcullis_chain::safe::Version;
use serde_json::{Value, json};
use std::fs;
use support::treasury::{ETHER, Treasury, who};

fn audit(arguments: &[&str]) -> (i32, Value, String) {
    support::run(&[&["audit"], arguments].concat(), &Value::Null)
}

fn units(value: &Value) -> U256 {
    value.as_str().map_or(U256::MAX, |text| text.parse().unwrap())
}

fn ether(amount: u64) -> U256 {
    U256::from(amount) * U256::from(ETHER)
}

#[test]
fn the_most_that_leaves_is_reached_where_the_safe_has_it_and_unbounded_where_nothing_counts_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle");
    let bundle = file.to_str().unwrap();
    let mut treasury = Treasury::new(Version::V1_5_0);
    treasury.node.fund(treasury.safe, ether(30)).unwrap();
    // The root of the newest block knows nothing of funds that came after it.
    treasury.ask("evm_mine", json!([]));
    let safe = treasury.safe.to_string();
    let policy = folder.path().join("policy.toml");
    fs::write(&policy, &treasury.policy).unwrap();
    let on_node = ["--rpc", &treasury.anvil.url, "--safe", &safe, "--policy", policy.to_str().unwrap()];
    let (code, shown, talk) = audit(&[&on_node[..], &["--bundle", bundle]].concat());
    assert_eq!(code, 0, "{talk}");
    let rows = shown["audit"]["rows"].as_array().unwrap();
    let row = |by_module: bool, asset: &str| {
        rows.iter()
            .find(|row| row["by_module"] == by_module && row["asset"] == asset)
            .unwrap_or_else(|| panic!("{shown:#}"))
    };

    // Three ether a day, one at a time: on both sides of every midnight.
    let owners = row(false, "ETH");
    assert_eq!((units(&owners["day"]["at_most"]), units(&owners["reached_day"])), (ether(6), ether(6)), "{owners:#}");
    assert_eq!((units(&owners["week"]["at_most"]), units(&owners["reached_week"])), (ether(24), ether(24)));
    // A thousand dollars in any day, of which the Safe has seven hundred.
    let tokens = row(false, "TUSD");
    let dollars = |amount: u64| U256::from(amount * 1_000_000);
    assert_eq!(
        (units(&tokens["day"]["at_most"]), units(&tokens["reached_day"])),
        (dollars(1_000), dollars(700)),
        "{tokens:#}"
    );
    assert_eq!(units(&tokens["week"]["at_most"]), dollars(7_000));
    // Nothing counts what the module takes, half an ether at a time.
    let module = row(true, "ETH");
    assert_eq!(
        (&module["day"], &module["who"][0]),
        (&json!("unbounded"), &json!(who("module").to_string().to_lowercase()))
    );
    assert_eq!(units(&module["reached_week"]), ether(30));
    let key = shown["audit"]["keys"].as_array().unwrap().iter().find(|key| key["address"] == module["who"][0]);
    assert!(key.unwrap()["can"].as_str().unwrap().contains("it is a key"));

    // The same block by its number, with nothing taken that is not proven.
    let block = shown["audit"]["block_number"].to_string();
    let at = |chain| [&on_node[..], &["--block", &block, "--chain-id", chain, "--proven"]].concat();
    let (code, proven, talk) = audit(&at("31337"));
    assert_eq!((code, &proven["report_hash"], &proven["proven"]), (0, &shown["report_hash"], &json!(true)), "{talk}");
    let (code, _, talk) = audit(&at("1"));
    assert!(code == 4 && talk.contains("the node is on chain 31337, not on chain 1"), "{talk}");

    let (code, replayed, talk) = audit(&["--replay", bundle]);
    assert_eq!((code, &replayed["report_hash"]), (0, &shown["report_hash"]), "{talk}");
    let mut flipped = fs::read(&file).unwrap();
    let place = flipped.len() / 2;
    flipped[place] ^= 1;
    fs::write(&file, flipped).unwrap();
    assert_eq!(audit(&["--replay", bundle]).0, 1);

    // Another policy's names are refused.
    fs::write(&policy, treasury.policy.replace("\"1_000\"", "\"500\"")).unwrap();
    assert_eq!(audit(&on_node).0, 1);
}

/// Up to an ether at a time and three in any day, a day after it was announced.
const LATER: &str = "[limits.slow]\nasset = \"ETH\"\ncap = \"3\"\nwindow = { rolling = \"24h\" }\n\
    [[rules]]\nid = \"later\"\nwhen = { effect = \"transfer\", asset = \"ETH\", recipient = \"@payees\", \
    amount = { max = \"1\" } }\nthen = { allow = true, delay = \"24h\", limits = [\"slow\"] }\n";

#[test]
fn what_has_to_wait_is_announced_and_taken_when_its_delay_is_over_and_never_before() {
    let mut treasury = Treasury::with(Version::V1_3_0, LATER);
    treasury.node.fund(treasury.safe, ether(30)).unwrap();
    let safe = treasury.safe.to_string();
    let (code, shown, talk) = audit(&["--rpc", &treasury.anvil.url, "--safe", &safe]);
    assert_eq!(code, 0, "{talk}");
    let rows = shown["audit"]["rows"].as_array().unwrap();
    // Without the policy's file nothing has the names in it.
    let native = json!(format!("{:#x}", Address::ZERO));
    let row = rows.iter().find(|row| row["address"] == native && row["what"] == "leaves").unwrap();
    assert_eq!((units(&row["day"]["at_most"]), units(&row["reached_day"])), (ether(3), U256::ZERO), "{row:#}");
    let (most, reached) = (units(&row["week"]["at_most"]), units(&row["reached_week"]));
    assert!(reached <= most && reached > ether(17), "{row:#}");
    let taken = row["taken"].as_array().unwrap();
    assert!(!taken.is_empty());
    for one in taken {
        let [at, announced] = ["at", "announced"].map(|key| one[key].as_u64().unwrap());
        assert!(at >= announced + 86_400, "{one:#}");
    }
}
