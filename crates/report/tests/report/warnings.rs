//! What a report tells its reader to look at twice.

use crate::support;

use alloy_primitives::{Address, U256};
use portcullis_report::{Amount, Asset, Report, Standing, Surroundings, Untrusted, WarningKind, Who, warnings};
use support::{PAYEE, SAFE, TOKEN, saying};

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

/// A report of one payment of a declared token, in which there is nothing to see.
fn quiet() -> (Report, Surroundings) {
    let mut report = saying("USDC");
    report.actions[0].operation = 0;
    report.transfers.truncate(1);
    report.transfers[0].amount = Amount(U256::ONE);
    report.balances.truncate(1);
    report.allowances.clear();
    report.configuration.clear();
    report.calls.clear();
    report.assets[0].declared = true;
    let known = [address(TOKEN), address(SAFE)];
    let old = Standing { has_code: false, is_used: true };
    let contract = Standing { has_code: true, is_used: true };
    let around = Surroundings {
        standings: [(address(PAYEE), old), (address(TOKEN), contract)].into(),
        known: known.into(),
        relied_on: [address(SAFE), address(TOKEN), address(PAYEE)].into(),
    };
    (report, around)
}

/// The kinds of the warnings, and all their words.
fn found(report: &Report, around: &Surroundings) -> (Vec<WarningKind>, String) {
    let found = warnings(report, around);
    let words: Vec<_> = found.iter().map(|warning| warning.words.to_string()).collect();
    (found.iter().map(|warning| warning.kind).collect(), words.join("\n"))
}

#[test]
fn an_ordinary_payment_warns_of_nothing() {
    let (report, around) = quiet();
    assert_eq!(found(&report, &around), (Vec::new(), String::new()));
}

#[test]
fn a_recipient_that_only_looks_like_a_known_one_is_told_with_both_addresses() {
    let (mut report, mut around) = quiet();
    // The payee's first and last four digits, and others between.
    let poisoned = address("0x28C6ffffffffffffffffffffffffffffffff1d60");
    report.transfers[0].to = Who(poisoned);
    around.standings.insert(poisoned, Standing { has_code: false, is_used: true });
    let (kinds, words) = found(&report, &around);
    assert_eq!(kinds, [WarningKind::LookAlike]);
    assert!(words.contains(&poisoned.to_string()) && words.contains(PAYEE), "{words}");
    // Three digits are no likeness.
    let (mut report, around) = quiet();
    report.transfers[0].to = Who(address("0x28C7ffffffffffffffffffffffffffffffff1d60"));
    assert_eq!(found(&report, &around).0, []);
}

#[test]
fn foreign_code_unknown_contracts_and_calls_into_nothing_are_told() {
    let (mut report, mut around) = quiet();
    report.actions[0].operation = 1;
    around.known.remove(&address(TOKEN));
    let (kinds, words) = found(&report, &around);
    assert_eq!(kinds, [WarningKind::Delegatecall, WarningKind::UnverifiedTarget], "{words}");
    let (mut report, around) = quiet();
    report.actions[0].to = Who(address(PAYEE));
    assert_eq!(found(&report, &around).0, [WarningKind::NoCode]);
}

#[test]
fn first_payments_unlimited_allowances_and_changes_of_the_safe_are_told() {
    let (mut report, mut around) = quiet();
    around.standings.insert(address(PAYEE), Standing { has_code: false, is_used: false });
    assert_eq!(found(&report, &around).0, [WarningKind::FirstTimeRecipient]);
    let sample = saying("USDC");
    report.allowances = sample.allowances.clone();
    report.configuration = sample.configuration.clone();
    let kinds = found(&report, &around).0;
    assert_eq!(kinds, [WarningKind::Configuration, WarningKind::FirstTimeRecipient, WarningKind::Unlimited]);
    report.allowances[0].revoked = true;
    assert!(!found(&report, &around).0.contains(&WarningKind::Unlimited));
}

#[test]
fn a_token_that_borrows_a_name_or_moves_unlike_its_events_is_told() {
    let (mut report, around) = quiet();
    let borrowed = |name: &str| Asset {
        address: Who(Address::repeat_byte(9)),
        name: Some(Untrusted::new(name)),
        decimals: Some(6),
        declared: false,
    };
    report.assets.push(borrowed("usdc"));
    let (kinds, words) = found(&report, &around);
    assert_eq!(kinds, [WarningKind::Name]);
    assert!(words.contains(TOKEN) && words.contains("0x0909090909090909090909090909090909090909"), "{words}");
    report.assets[1] = borrowed("USDС");
    assert!(found(&report, &around).1.contains("letters that may look like others"));
    report.assets.truncate(1);
    // The events tell of one unit, the balances of two.
    report.balances[0].before = Some(Amount(U256::from(3)));
    assert_eq!(found(&report, &around).0, [WarningKind::Balances]);
}

#[test]
fn what_is_left_out_is_told_and_many_alike_are_a_number() {
    let (mut report, around) = quiet();
    report.left_out.calls = 7;
    assert_eq!(found(&report, &around), (vec![WarningKind::LeftOut], "7 more calls are not listed".to_owned()));
    report.left_out.calls = 0;
    let one = saying("USDC").configuration[0].clone();
    report.configuration = vec![one; 60];
    let (kinds, words) = found(&report, &around);
    assert_eq!(kinds.len(), 51);
    assert!(words.ends_with("and 10 more like these"), "{words}");
}
