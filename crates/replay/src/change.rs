//! What a request would have come to under one policy and under another.

use std::collections::BTreeMap;

/// How two decisions on one request stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Both allow, and ask for the same; or both deny.
    Same,
    /// The second allows what the first denies, or asks for less.
    Looser,
    /// The second denies what the first allows, or asks for more.
    Stricter,
    /// One of them is not known, or they ask for different things.
    Indeterminate,
}

/// A decision, as far as it is compared. `K` tells what is asked for apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stance<K> {
    /// Denied.
    Denied,
    /// Allowed, if so many of each are there.
    Allowed(BTreeMap<K, u8>),
    /// Not known.
    Unknown,
}

/// Compares the decision `before` with the one `after`.
pub fn compare<K: Ord>(before: &Stance<K>, after: &Stance<K>) -> Change {
    match (before, after) {
        (Stance::Unknown, _) | (_, Stance::Unknown) => Change::Indeterminate,
        (Stance::Denied, Stance::Denied) => Change::Same,
        (Stance::Denied, Stance::Allowed(_)) => Change::Looser,
        (Stance::Allowed(_), Stance::Denied) => Change::Stricter,
        (Stance::Allowed(before), Stance::Allowed(after)) => match (covers(after, before), covers(before, after)) {
            (true, true) => Change::Same,
            (true, false) => Change::Stricter,
            (false, true) => Change::Looser,
            (false, false) => Change::Indeterminate,
        },
    }
}

/// Whether the first asks for everything that the second asks for.
fn covers<K: Ord>(more: &BTreeMap<K, u8>, less: &BTreeMap<K, u8>) -> bool {
    less.iter().all(|(what, need)| more.get(what).is_some_and(|more| more >= need))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(all: &[(&'static str, u8)]) -> Stance<&'static str> {
        Stance::Allowed(all.iter().copied().collect())
    }

    #[test]
    fn what_is_not_known_is_never_called_the_same() {
        for other in [Stance::Unknown, Stance::Denied, asks(&[]), asks(&[("managers", 2)])] {
            assert_eq!(compare(&Stance::Unknown, &other), Change::Indeterminate);
            assert_eq!(compare(&other, &Stance::Unknown), Change::Indeterminate);
        }
        assert_eq!(compare(&asks(&[("managers", 1)]), &asks(&[("signers", 1)])), Change::Indeterminate);
    }

    #[test]
    fn asking_for_less_is_looser_and_the_other_way_round_stricter() {
        let order = [Stance::Denied, asks(&[("managers", 2), ("risk", 1)]), asks(&[("managers", 1)]), asks(&[])];
        for (position, stricter) in order.iter().enumerate() {
            assert_eq!(compare(stricter, stricter), Change::Same);
            for looser in order.iter().skip(position + 1) {
                assert_eq!(compare(stricter, looser), Change::Looser, "{stricter:?} {looser:?}");
                assert_eq!(compare(looser, stricter), Change::Stricter, "{stricter:?} {looser:?}");
            }
        }
    }
}
