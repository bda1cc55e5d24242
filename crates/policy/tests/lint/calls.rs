//! What the linter says is held to every call that moves something, whatever its selector.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use portcullis_eval::EffectKind;
use portcullis_policy::{Direction, diff};

use super::{
    differences::{summary, told},
    draft::{BADGES, Draft, TOKEN, head},
    expected::Reader,
    universe::{address, cases, selector},
    witness,
};

const PAGE: &str = include_str!("../../../../docs/effects.md");
/// What drafts declare and where it is called; none of them has ERC-1155 tokens.
const SECTIONS: [(&str, &str); 3] =
    [("ERC-20", TOKEN), ("ERC-721", BADGES), ("Permit2", "0x000000000022D473030F116dDEE9F6B43aC78BA3")];

/// Whom an action calls, by which selector, and the kind of its effect.
type Call = (Address, String, &'static str);

fn draft(semantics: &str, rules: &[&str]) -> Draft {
    let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
    Draft { head: head(semantics, true, false), rules, extras: Vec::new(), badges: true, asks: false }
}

/// Every call that the page says moves something.
fn documented() -> BTreeSet<Call> {
    let mut all = BTreeSet::new();
    for (name, called) in SECTIONS {
        let section = PAGE.split("\n## ").find(|text| text.starts_with(name)).expect("a section");
        for row in section.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = row.split(" | ").collect();
            let kind = ["transfer", "approve"].into_iter().find(|kind| cells[2].starts_with(&format!("`{kind}`")));
            all.extend(kind.map(|kind| (address(called), cells[1].trim_matches('`').to_owned(), kind)));
        }
    }
    all
}

#[test]
fn no_call_that_moves_something_is_missing_from_the_worlds_that_findings_are_held_to() {
    let draft = draft("first-match", &["when = { effect = \"transfer\" }\nthen = { allow = true }"]);
    let policy = draft.policy();
    let reader = Reader::new(&policy);
    let mut tried = BTreeSet::new();
    for case in cases(&draft) {
        let effect = reader.evaluate(&case).decisions.first().map(|decision| decision.effect.kind);
        let kind = match effect {
            Some(EffectKind::Transfer) => "transfer",
            Some(EffectKind::Approve) => "approve",
            _ => continue,
        };
        let action = &case.request.actions[0];
        tried.insert((action.to, action.data[..4].iter().map(|byte| format!("{byte:02x}")).collect(), kind));
    }
    assert_eq!(tried.len(), 10);
    assert_eq!(tried, documented());
}

/// A rule for one of three calls that transfer a badge leaves the two others to the rules behind it.
#[test]
fn what_only_a_safe_transfer_of_a_badge_shows_is_told_and_shown_by_one() {
    let any = "when = { effect = \"transfer\", asset = \"N\" }\nthen = { allow = true }";
    let plain = "when = { selector = \"transferFrom(address,address,uint256)\" }\nthen = { allow = true }";
    let none = "when = { effect = \"transfer\", asset = \"N\" }\nthen = { deny = true }";
    let (draft, next) = (draft("first-match", &[any, plain]), draft("first-match", &[plain, none]));
    let (old, new) = (draft.policy(), next.policy());
    let (before, after) = (Reader::new(&old), Reader::new(&new));
    let differences = diff(&old, &new).expect("is analysed");
    let wanted = (Direction::Stricter, "verdict".to_owned(), Some("r0".to_owned()), Some("r1".to_owned()));
    assert_eq!(summary(&differences), BTreeSet::from([wanted.clone()]));
    let case = witness::case(differences[0].witness.as_ref().expect("a request"));
    let safe = ["", ",bytes"].map(|rest| selector(&format!("safeTransferFrom(address,address,uint256{rest})")));
    assert!(safe.iter().any(|one| case.request.actions[0].data.starts_with(one)), "{case:?}");
    let (was, is) = (before.evaluate(&case).verdict, after.evaluate(&case).verdict);
    assert!(was.is_allowed() && !is.is_allowed(), "{was:?} {is:?}");
    let shown = cases(&draft).into_iter().filter(|case| {
        let (was, is) = (before.read(case), after.read(case));
        told((&old, &was), (&new, &is)).contains(&wanted)
    });
    let called: BTreeSet<_> = shown.map(|case| case.request.actions[0].data[..4].to_vec()).collect();
    assert_eq!(called, safe.map(Vec::from).into_iter().collect());
}
