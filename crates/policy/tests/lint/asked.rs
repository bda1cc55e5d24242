//! What rules ask for besides limits and delays, read as `docs/policy-reference.md` tells it, and who could give it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use alloy_primitives::{Address, Bytes, U256, keccak256};
use portcullis_attest::Binding;
use portcullis_eval::{Evaluation, Reason, approval_slot, evaluate};
use portcullis_policy::{AddressRef, Members, Outcome, Policy, Rule, compile_off_chain};

use super::{
    draft::{ACCOUNT, ALICE, BOB, MODULE},
    universe::{Case, HOOK, address},
};

/// How much is asked for, and who counts besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Level {
    pub(crate) count: u8,
    initiator: bool,
    owners: bool,
}

impl Level {
    /// Whether this is harder to meet in some way.
    pub(crate) const fn asks_more(&self, other: &Self) -> bool {
        let lenient = (other.initiator && !self.initiator) || (other.owners && !self.owners);
        self.count > other.count || (self.count > 0 && other.count > 0 && lenient)
    }
}

/// By what it is called, and who is asked.
pub(crate) type Asks = BTreeMap<(String, BTreeSet<Address>), Level>;

fn members(policy: &Policy, name: &str) -> BTreeSet<Address> {
    match policy.lists.get(name).or_else(|| policy.groups.get(name)) {
        Some(Members::Addresses(members)) => members.iter().copied().collect(),
        other => panic!("{name}: {other:?}"),
    }
}

fn named(list: &[AddressRef]) -> &str {
    match list {
        [AddressRef::Named(name)] => name,
        other => panic!("{other:?}"),
    }
}

/// What the rule asks for.
pub(crate) fn asks_of(policy: &Policy, rule: &Rule) -> Asks {
    let mut all = Asks::new();
    let Outcome::Allow { obligations, .. } = &rule.then else { return all };
    let plain = |count| Level { count, ..Level::default() };
    for one in &obligations.approvals {
        let level = Level { count: one.at_least, initiator: one.initiator, owners: one.owners };
        all.insert((format!("approvals of `@{}`", one.group), members(policy, &one.group)), level);
    }
    if let Some(count) = obligations.signatures {
        all.insert(("owner signatures".to_owned(), BTreeSet::new()), plain(count));
    }
    for one in &obligations.signers {
        let name = named(&one.list);
        all.insert((format!("signatures of `@{name}`"), members(policy, name)), plain(one.at_least));
    }
    for set in &obligations.attestation {
        let set = &policy.attesters[set];
        let name = named(&set.members);
        all.insert((format!("attestations of `@{name}`"), members(policy, name)), plain(set.at_least));
    }
    for channel in &obligations.notify {
        all.insert((format!("notices to `{channel}`"), BTreeSet::new()), plain(1));
    }
    all
}

pub(crate) fn join(mut one: Asks, other: Asks) -> Asks {
    for (ask, level) in other {
        let known = one.entry(ask).or_insert(level);
        *known = Level {
            count: known.count.max(level.count),
            initiator: known.initiator && level.initiator,
            owners: known.owners && level.owners,
        };
    }
    one
}

/// Everybody who could sign: whom lists name, and some whom nobody names.
static SETS_OF_OWNERS: LazyLock<Vec<BTreeSet<Address>>> = LazyLock::new(|| {
    let strangers = [0x71, 0x72, 0x73].map(Address::repeat_byte);
    let known = [ALICE, BOB, MODULE].map(address);
    let sets = (0..8_usize).map(|mask| known.into_iter().enumerate().filter(move |(at, _)| mask >> at & 1 == 1));
    sets.map(|set| set.map(|(_, one)| one).chain(strangers).collect()).collect()
});

/// Whether some owners could sign and some members approve so that all of it is given, found by trying all.
pub(crate) fn can_be_met(asks: &Asks, initiator: Address) -> bool {
    SETS_OF_OWNERS.iter().any(|owners| {
        asks.iter().all(|((what, members), level)| {
            let have = if what.starts_with("approvals") {
                let out =
                    |one: &&Address| !level.initiator && **one == initiator || !level.owners && owners.contains(*one);
                members.iter().filter(|one| !out(one)).count()
            } else if what.starts_with("signatures of") {
                members.intersection(owners).count()
            } else {
                return true;
            };
            have >= usize::from(level.count)
        })
    })
}

/// What the mirror says of the case when these owners sign and every member approves. Nothing waits, and nobody
/// attests: both are taken out of the policy.
fn signed(program: &[u8], case: &Case, owners: &BTreeSet<Address>) -> Evaluation {
    let mut case = case.clone();
    let account = address(ACCOUNT);
    let answer = |word: U256| Bytes::from(word.to_be_bytes_vec());
    let call = |signature: &str, words: &[U256]| {
        let mut data = keccak256(signature)[..4].to_vec();
        data.extend(words.iter().flat_map(|word| word.to_be_bytes::<32>()));
        (account, Bytes::from(data))
    };
    let hash = case.request.hash(1).expect("one action of the owners");
    let version = [U256::from(32), U256::from(5), U256::from_be_slice(b"1.4.1") << 216];
    let version: Vec<u8> = version.iter().flat_map(|word| word.to_be_bytes::<32>()).collect();
    let answers = &mut case.world.answers;
    answers.insert(call("VERSION()", &[]), version.into());
    answers.insert(call("getThreshold()", &[]), answer(U256::from(owners.len())));
    let mut signatures = Vec::new();
    for owner in owners {
        let word = U256::from_be_slice(owner.as_slice());
        answers.insert(call("isOwner(address)", &[word]), answer(U256::ONE));
        answers.insert(call("approvedHashes(address,bytes32)", &[word, hash.into()]), answer(U256::ONE));
        signatures.extend(word.to_be_bytes::<32>());
        signatures.extend([[0; 32].as_slice(), &[1]].concat());
    }
    case.request.signatures = signatures.into();
    let binding = Binding { chain_id: 1, hook: HOOK, account, request: hash, program: keccak256(program), epoch: 0 };
    for approver in [ALICE, BOB, MODULE].map(address) {
        Arc::make_mut(&mut case.world.words).insert(approval_slot(&binding, approver), U256::MAX);
    }
    evaluate(program, 1, HOOK, &case.world, &case.request, case.now).expect("is decided")
}

/// Whether the mirror allows the case for some owners; else it must deny it for want of approvers or signers.
pub(crate) fn mirror_can_meet(policy: &Policy, case: &Case) -> bool {
    let mut policy = policy.clone();
    for rule in &mut policy.rules {
        if let Outcome::Allow { delay, obligations, limits } = &mut rule.then {
            *delay = None;
            limits.clear();
            obligations.attestation.clear();
        }
    }
    policy.limits.values_mut().for_each(|limit| limit.everywhere = false);
    let program = compile_off_chain(&policy).expect("compiles").program;
    SETS_OF_OWNERS.iter().any(|owners| {
        let reason = signed(&program, case, owners).verdict.reason;
        assert!(matches!(reason, Reason::Allowed | Reason::TooFewApprovals | Reason::TooFewNamedSigners), "{reason:?}");
        reason == Reason::Allowed
    })
}
