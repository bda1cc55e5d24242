//! An indexer that sees transactions, events and the mirror, and never the hook's storage, knows that storage.

mod index;
mod traffic;

use index::Index;
use portcullis_chain::safe::Version;
use traffic::Traffic;

/// Of what happened, so that none of it can be missing.
const WANTED: [&str; 18] = [
    "Activated",
    "Announced",
    "AnnouncementCancelled",
    "ApprovalDenied",
    "Approved",
    "Frozen",
    "Installed",
    "Notified",
    "Removed",
    "SlotsStaged",
    "Staged",
    "StagedCancelled",
    "UnfreezeStarted",
    "Unfrozen",
    "allowed",
    "charged",
    "denied",
    "failed",
];

fn a_week_is_rebuilt(version: Version, seed: u64) {
    let mut traffic = Traffic::new(version, seed);
    let mut index = Index::new(traffic.hook, traffic.safe());
    for sent in traffic.week() {
        index.read(&traffic.ledger, &sent);
    }
    let missing: Vec<_> = WANTED.iter().filter(|name| !index.seen.contains_key(**name)).collect();
    assert!(missing.is_empty(), "never happened: {missing:?}, of {:?}", index.seen);
    assert_eq!(index.words(), traffic.ledger.chain.words(traffic.hook), "seed {seed}: {:?}", index.seen);
}

#[test]
fn a_week_behind_one_guard_is_rebuilt() {
    a_week_is_rebuilt(Version::V1_4_1, 1);
}

#[test]
fn a_week_behind_both_guards_is_rebuilt() {
    a_week_is_rebuilt(Version::V1_5_0, 2);
}

/// So that agreeing means something.
#[test]
fn an_event_that_is_missed_is_noticed() {
    let mut traffic = Traffic::new(Version::V1_5_0, 3);
    let mut index = Index::new(traffic.hook, traffic.safe());
    for mut sent in traffic.week() {
        sent.receipt.logs.retain(|log| log.topics().first() != Some(&index::ANNOUNCEMENT_CANCELLED));
        index.read_loosely(&traffic.ledger, &sent);
    }
    assert_ne!(index.words(), traffic.ledger.chain.words(traffic.hook));
}
