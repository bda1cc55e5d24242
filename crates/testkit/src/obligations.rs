//! Random obligations, and who is on the lists that they name.

use alloy_primitives::{Address, B256, Bytes, U256};

use crate::answering::Answering;
use crate::conditions::ListDraft;
use crate::dice::Dice;
use crate::safes::Verifier;
use crate::world;

/// An obligation in the making; see `docs/program.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the page")]
pub enum Ask {
    Approvals {
        list: ListDraft,
        n: u8,
        flags: u8,
    },
    Signatures(u8),
    Signers(ListDraft, u8),
    Attestation(u8),
    Notify(B256),
    /// Bytes as they are.
    Raw(Bytes),
}

/// Who can consent: with a key, or by a contract that answers well.
#[must_use]
pub fn everyone() -> Vec<Address> {
    let contracts = [Verifier::Binds, Verifier::Agrees, Verifier::Modern].map(Verifier::address);
    world::signers().into_iter().chain(contracts).collect()
}

/// A group, mostly of people who can consent.
fn group(dice: &mut Dice) -> ListDraft {
    if dice.percent(16) {
        let any = dice.percent(40);
        return ListDraft::Registry(dice.pick(if any { &Answering::ALL[..] } else { &Answering::SOUND[..] }));
    }
    let chance = dice.pick(&[30, 60, 90]);
    let mut members = dice.some_of(&everyone(), chance);
    if dice.percent(15) {
        members.push(dice.pick(&Verifier::ALL).address());
    }
    if dice.percent(30) {
        members.extend(world::initiators());
    }
    members.sort_unstable();
    members.dedup();
    ListDraft::Members(members)
}

fn count(dice: &mut Dice, list: &ListDraft) -> u8 {
    let most = if let ListDraft::Members(members) = list { members.len() } else { 3 };
    u8::try_from(1 + dice.index(most.min(3))).unwrap_or(1)
}

/// Attester sets of a program.
pub fn attesters(dice: &mut Dice) -> Vec<(ListDraft, u8)> {
    let sets = dice.pick(&[0, 1, 1, 2, 3]);
    let sets = (0..sets).map(|_| {
        let list = group(dice);
        let m = count(dice, &list);
        (list, m)
    });
    sets.collect()
}

/// What a rule asks for, of so many attester sets; ascending by op, mostly well formed.
pub fn asks(dice: &mut Dice, sets: usize, by_module: bool) -> Vec<Ask> {
    let mut asks = Vec::new();
    let real = !by_module || dice.percent(12);
    if real && dice.percent(55) {
        for _ in 0..dice.pick(&[1, 1, 1, 2]) {
            let list = group(dice);
            let n = count(dice, &list);
            asks.push(Ask::Approvals { list, n, flags: dice.pick(&[0, 0, 1, 2, 3]) });
        }
    }
    if real && dice.percent(35) {
        asks.push(Ask::Signatures(dice.pick(&[1, 2, 2, 3])));
    }
    if real && dice.percent(25) {
        let list = group(dice);
        let n = if dice.percent(70) { 1 } else { count(dice, &list) };
        asks.push(Ask::Signers(list, n));
    }
    if real && sets > 0 && dice.percent(40) {
        let set = u8::try_from(dice.index(sets)).unwrap_or(0);
        asks.push(Ask::Attestation(set));
        if dice.percent(30) && usize::from(set) + 1 < sets {
            asks.push(Ask::Attestation(set + 1));
        }
    }
    if dice.percent(if real { 20 } else { 90 }) {
        for name in ["treasury", "watch"].into_iter().skip(dice.index(2)) {
            asks.push(Ask::Notify(B256::right_padding_from(name.as_bytes())));
        }
    }
    if dice.percent(3) {
        asks.push(malformed(dice, sets));
    }
    asks
}

/// One that no program may have.
fn malformed(dice: &mut Dice, sets: usize) -> Ask {
    let list = ListDraft::Members(everyone());
    match dice.below(8) {
        0 => Ask::Approvals { list, n: 0, flags: 0 },
        1 => Ask::Approvals { list, n: 1, flags: 4 },
        2 => Ask::Signatures(0),
        3 => Ask::Signers(list, 0),
        4 => Ask::Attestation(u8::try_from(sets).unwrap_or(u8::MAX)),
        5 => Ask::Raw(vec![dice.pick(&[0, 6, 0xff])].into()),
        6 => Ask::Raw(Bytes::from_static(&[0x05, 1, 2])),
        _ => Ask::Raw(Bytes::from_static(&[0x02])),
    }
}

/// Who of everybody is on the list at this offset of the program.
#[must_use]
pub fn members(program: &[u8], offset: u32) -> Vec<Address> {
    let everybody = [everyone(), world::initiators(), Verifier::ALL.map(Verifier::address).to_vec()].concat();
    let at = usize::try_from(offset).unwrap_or(usize::MAX);
    let list = program.get(at..).unwrap_or_default();
    let [high, low, bits, rest @ ..] = list else { return Vec::new() };
    if *bits == 255 {
        let registry = rest.get(..20).map(Address::from_slice).and_then(Answering::at);
        return everybody.into_iter().filter(|one| registry.is_some_and(|registry| registry.lists(*one))).collect();
    }
    let head = if *bits == 0 { 0 } else { 2 * ((1 << (bits & 15)) + 1) };
    let n = usize::from(*high) << 8 | usize::from(*low);
    let inline = rest.get(head..).unwrap_or_default().chunks_exact(20).take(n);
    let inline: Vec<Address> = inline.map(Address::from_slice).collect();
    everybody.into_iter().filter(|one| inline.contains(one)).collect()
}

/// A time at which something still counts, or just no more.
pub fn deadline(dice: &mut Dice, now: u64) -> u64 {
    match dice.below(16) {
        0 => now.saturating_sub(1),
        1..=3 => now,
        4 => now.saturating_add(1),
        5 => u64::MAX,
        _ => now.saturating_add(1 + dice.below(1_000_000)),
    }
}

/// The same as a word of storage; now and then more than a deadline holds, or none.
pub fn deadline_word(dice: &mut Dice, now: u64) -> U256 {
    if dice.percent(4) { U256::ZERO } else { U256::from(deadline(dice, now)) }
}
