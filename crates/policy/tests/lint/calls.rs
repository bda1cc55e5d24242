//! What the linter says is held to every call that moves something, whatever its selector.

use std::collections::BTreeSet;

use alloy_primitives::Address;
use portcullis_eval::EffectKind;
use portcullis_policy::{Direction, diff};

use super::{
    differences::{summary, told},
    draft::{BADGES, Draft, Extra, TOKEN, head},
    expected::Reader,
    universe::{address, cases, selector},
    witness,
};

const PAGE: &str = include_str!("../../../../docs/effects.md");
/// Sections of the page, and where their calls go.
const SECTIONS: [(&str, &str); 4] = [
    ("ERC-20", TOKEN),
    ("ERC-721", BADGES),
    ("ERC-1155", BADGES),
    ("Permit2", "0x000000000022D473030F116dDEE9F6B43aC78BA3"),
];

/// Whom an action calls, by which selector, and the kind of its effect.
type Call = (Address, String, &'static str);

fn draft(badges: &'static str, rules: &[&str]) -> Draft {
    let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
    let badges = Some(badges);
    Draft { head: head("first-match", badges, false), rules, extras: Vec::new(), badges, asks: false }
}

/// Every call that the page says moves something, but for tokens of the standard that is not declared.
fn documented(without: &str) -> BTreeSet<Call> {
    let mut all = BTreeSet::new();
    for (name, called) in SECTIONS.into_iter().filter(|(name, _)| *name != without) {
        let section = PAGE.split("\n## ").find(|text| text.starts_with(name)).expect("a section");
        for row in section.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<_> = row.split(" | ").collect();
            let kind = ["transfer", "approve"].into_iter().find(|kind| cells[2].contains(&format!("`{kind}`")));
            all.extend(kind.map(|kind| (address(called), cells[1].trim_matches('`').to_owned(), kind)));
        }
    }
    all
}

/// Every call that moves something in some world.
fn tried(badges: &'static str) -> BTreeSet<Call> {
    let draft = draft(badges, &["when = { effect = \"transfer\" }\nthen = { allow = true }"]);
    let policy = draft.policy();
    let reader = Reader::new(&policy);
    let mut tried = BTreeSet::new();
    for case in cases(&draft) {
        let kind = match reader.evaluate(&case).decisions.first().map(|decision| decision.effect.kind) {
            Some(EffectKind::Transfer) => "transfer",
            Some(EffectKind::Approve) => "approve",
            _ => continue,
        };
        let action = &case.request.actions[0];
        tried.insert((action.to, action.data[..4].iter().map(|byte| format!("{byte:02x}")).collect(), kind));
    }
    tried
}

#[test]
fn no_call_that_moves_something_is_missing_from_the_worlds_that_findings_are_held_to() {
    let (tokens, amounts) = (tried("erc721"), tried("erc1155"));
    assert_eq!((tokens.len(), amounts.len()), (10, 8));
    assert_eq!(tokens, documented("ERC-1155"));
    assert_eq!(amounts, documented("ERC-721"));
}

/// A rule for one of three calls that transfer a badge leaves the two others to the rules behind it.
#[test]
fn what_only_a_safe_transfer_of_a_badge_shows_is_told_and_shown_by_one() {
    let any = "when = { effect = \"transfer\", asset = \"N\" }\nthen = { allow = true }";
    let plain = "when = { selector = \"transferFrom(address,address,uint256)\" }\nthen = { allow = true }";
    let none = "when = { effect = \"transfer\", asset = \"N\" }\nthen = { deny = true }";
    let (draft, next) = (draft("erc721", &[any, plain]), draft("erc721", &[plain, none]));
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

/// Whether words that overlap exclude each other is not followed, so nothing about them is told for certain.
#[test]
fn no_request_is_made_up_for_a_difference_that_words_which_overlap_exclude() {
    let calls = "when = { effect = \"call\", target = \"@alice\" }\nthen = { allow = true }";
    // Zero from byte 4 on, so what begins a byte later is below 256.
    let never = "when = { effect = \"call\", target = \"@alice\", word = { offset = 4, equals = \"0\" }, \
                 all = [{ word = { offset = 5, equals = \"256\" } }] }\nthen = { deny = true }";
    let (one, other) = (draft("erc721", &[calls]).policy(), draft("erc721", &[never, calls]).policy());
    for (old, new) in [(&one, &other), (&other, &one)] {
        let differences = diff(old, new).expect("is analysed");
        assert_eq!(differences.iter().map(|one| one.witness.clone()).collect::<Vec<_>>(), [None]);
    }
}

/// The recipient is the word: below 8 and not 5 are others than 5.
#[test]
fn what_only_a_recipient_between_two_numbers_shows_is_told_and_in_the_worlds() {
    let five = "when = { word = { offset = 36, equals = \"5\" } }\nthen = { allow = true }";
    let small = |then: &str| {
        let when = "selector = \"transferFrom(address,address,uint256)\", word = { offset = 36, at_most = \"7\" }";
        format!("when = {{ effect = \"transfer\", asset = \"T\", {when} }}\nthen = {{ {then} }}")
    };
    let with = |then| Draft { extras: vec![Extra::Word], ..draft("erc721", &[five, &small(then)]) };
    let (one, other) = (with("allow = true"), with("deny = true"));
    let (old, new) = (one.policy(), other.policy());
    let (before, after) = (Reader::new(&old), Reader::new(&new));
    let all = cases(&one);
    let differ = all.iter().flat_map(|case| told((&old, &before.read(case)), (&new, &after.read(case))));
    let expected: BTreeSet<_> = differ.collect();
    assert_eq!(expected.len(), 1);
    assert_eq!(summary(&diff(&old, &new).expect("is analysed")), expected);
}
