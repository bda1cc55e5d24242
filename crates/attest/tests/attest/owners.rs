//! Owner signatures count exactly when the real Safe executes with them.

use crate::common;

use alloy_primitives::{Address, B256, Bytes, U256, eip191_hash_message, keccak256};
use alloy_sol_types::{SolCall, SolValue};
use common::{
    ANYBODY, CHAIN_ID, Real, World, approveHashCall, ascending, dice, malleated, safe_message, signature, who,
};
use portcullis_attest::{
    BadOwners, Calls, OwnerFault, OwnerRequest, SafeTransaction, SafeVersion, Signers, verify_owners,
};
use portcullis_simulate::Invalid;
use rand::RngExt;

/// A Safe of two out of two keys, a Safe, and two more keys.
struct Treasury {
    world: World,
    account: Address,
    nested: Address,
    tx: SafeTransaction,
}

/// One owner's signature: 65 bytes, and for a contract what stands behind.
#[derive(Clone)]
struct Part {
    owner: Address,
    fixed: [u8; 65],
    behind: Option<Vec<u8>>,
}

type Verified = Result<Signers, BadOwners<Invalid>>;

impl Treasury {
    fn new(mut world: World) -> Self {
        let nested = world.safe(&[who("nested-1"), who("nested-2")], 2, 7);
        let owners = [who("ann"), who("bob"), who("cem"), nested];
        let account = world.safe(&owners, 2, 0);
        let tx = SafeTransaction { to: who("payee"), data: vec![1, 2, 3, 4].into(), ..SafeTransaction::default() };
        Self { world, account, nested, tx }
    }

    fn every() -> impl Iterator<Item = Self> {
        World::every().map(Self::new)
    }

    fn hash(&self) -> B256 {
        self.tx.hash(self.account, CHAIN_ID)
    }

    fn verify_by(&self, initiator: Address, signatures: &[u8], at_least: u64) -> Verified {
        let request = OwnerRequest { chain_id: CHAIN_ID, account: self.account, initiator, transaction: &self.tx };
        verify_owners(&Real(&self.world.chain), &request, signatures, at_least)
    }

    /// Verifies, and holds the answer against what the Safe does.
    fn agreed(&self, initiator: Address, signatures: &[u8]) -> Verified {
        let ours = self.verify_by(initiator, signatures, 0);
        let safe = self.world.executes(initiator, self.account, &self.tx, signatures);
        assert_eq!(ours.is_ok(), safe, "{:?}: {ours:?} for {}", self.world.version, Bytes::copy_from_slice(signatures));
        ours
    }

    fn fault(&self, signatures: &[u8]) -> (usize, OwnerFault) {
        match self.agreed(ANYBODY, signatures) {
            Err(BadOwners::Signature { index, fault }) => (index, fault),
            other => panic!("{other:?}"),
        }
    }

    fn ecdsa(&self, name: &str) -> Part {
        Part { owner: who(name), fixed: signature(name, self.hash()), behind: None }
    }

    fn eth_sign(&self, name: &str) -> Part {
        let mut fixed = signature(name, eip191_hash_message(self.hash()));
        fixed[64] += 4;
        Part { owner: who(name), fixed, behind: None }
    }

    /// By the nested Safe, as its compatibility handler reads it in this version.
    fn contract(&self) -> Part {
        let message = if self.world.version < SafeVersion::V1_5_0 {
            self.tx.encode(self.account, CHAIN_ID)
        } else {
            self.hash().abi_encode()
        };
        let digest = safe_message(self.nested, &message);
        let behind = ascending(["nested-1", "nested-2"]).map(|name| signature(name, digest)).concat();
        Part { owner: self.nested, fixed: named(self.nested, 0), behind: Some(behind) }
    }
}

fn named(owner: Address, v: u8) -> [u8; 65] {
    let mut fixed = [0; 65];
    fixed[12..32].copy_from_slice(owner.as_slice());
    fixed[64] = v;
    fixed
}

fn approved(owner: Address) -> Part {
    Part { owner, fixed: named(owner, 1), behind: None }
}

/// In this order, with contract signatures directly behind the fixed parts.
fn assemble(parts: &[Part]) -> Vec<u8> {
    let mut behind = Vec::new();
    let mut bytes = Vec::new();
    for part in parts {
        let mut fixed = part.fixed;
        if let Some(signature) = &part.behind {
            let offset = U256::from(parts.len() * 65 + behind.len());
            fixed[32..64].copy_from_slice(&offset.to_be_bytes::<32>());
            behind.extend(U256::from(signature.len()).to_be_bytes::<32>());
            behind.extend(signature);
        }
        bytes.extend(fixed);
    }
    [bytes, behind].concat()
}

fn sorted(mut parts: Vec<Part>) -> Vec<u8> {
    parts.sort_by_key(|part| part.owner);
    assemble(&parts)
}

/// Every pair of ways to sign, and who has to send the transaction.
fn pairs(treasury: &mut Treasury) -> Vec<(Address, Vec<u8>)> {
    let (account, hash) = (treasury.account, treasury.hash());
    let approve = approveHashCall { hash }.abi_encode();
    assert!(treasury.world.chain.send(who("cem"), account, U256::ZERO, approve.into()).unwrap().success);
    let (ann, bob) = (treasury.ecdsa("ann"), treasury.ecdsa("bob"));
    vec![
        (ANYBODY, sorted(vec![ann.clone(), bob.clone()])),
        (ANYBODY, sorted(vec![ann.clone(), treasury.eth_sign("bob")])),
        (ANYBODY, sorted(vec![ann.clone(), approved(who("cem"))])),
        (who("bob"), sorted(vec![ann.clone(), approved(who("bob"))])),
        (ANYBODY, sorted(vec![ann, treasury.contract()])),
        (who("bob"), sorted(vec![approved(who("bob")), treasury.contract()])),
    ]
}

#[test]
fn nobody_is_counted_twice_or_out_of_order() {
    for treasury in Treasury::every() {
        let [low, high] = ascending(["ann", "bob"]).map(|name| treasury.ecdsa(name));
        let twice = assemble(&[low.clone(), low.clone()]);
        assert_eq!(treasury.fault(&twice), (1, OwnerFault::Order { owner: low.owner }));
        let twin = Part { fixed: malleated(low.fixed), ..low.clone() };
        let twins = assemble(&[low.clone(), twin]);
        assert_eq!(treasury.fault(&twins), (1, OwnerFault::Order { owner: low.owner }));
        let by_two_ways = assemble(&[low.clone(), approved(low.owner)]);
        let ours = treasury.agreed(low.owner, &by_two_ways);
        let again = OwnerFault::Order { owner: low.owner };
        assert!(matches!(ours, Err(BadOwners::Signature { index: 1, fault }) if fault == again), "{ours:?}");
        let descending = assemble(&[high, low.clone()]);
        assert_eq!(treasury.fault(&descending), (1, OwnerFault::Order { owner: low.owner }));
    }
}

#[test]
fn strangers_zero_and_the_sentinel_never_count() {
    for treasury in Treasury::every() {
        let ann = treasury.ecdsa("ann");
        let stranger = treasury.ecdsa("stranger");
        let at = usize::from(stranger.owner > ann.owner);
        let found = treasury.fault(&sorted(vec![ann.clone(), stranger.clone()]));
        assert_eq!(found, (at, OwnerFault::NotAnOwner { owner: stranger.owner }));
        for (owner, fault) in [
            (Address::ZERO, OwnerFault::Order { owner: Address::ZERO }),
            (Address::with_last_byte(1), OwnerFault::NotAnOwner { owner: Address::with_last_byte(1) }),
        ] {
            // Each may send the transaction and so approve it.
            let signatures = assemble(&[approved(owner), ann.clone()]);
            let Err(BadOwners::Signature { index, fault: found }) = treasury.verify_by(owner, &signatures, 0) else {
                panic!("{owner} counts");
            };
            assert_eq!((index, found), (0, fault));
        }
    }
}

#[test]
fn signatures_for_another_account_chain_nonce_or_call_do_not_count() {
    for mut treasury in Treasury::every() {
        let signatures = sorted(vec![treasury.ecdsa("ann"), treasury.ecdsa("bob")]);
        treasury.agreed(ANYBODY, &signatures).unwrap();
        let twin = treasury.world.safe(&[who("ann"), who("bob"), who("cem"), treasury.nested], 2, 1);
        let elsewhere =
            OwnerRequest { chain_id: CHAIN_ID, account: twin, initiator: ANYBODY, transaction: &treasury.tx };
        let real = Real(&treasury.world.chain);
        assert!(verify_owners(&real, &elsewhere, &signatures, 0).is_err(), "another account");
        let forked = OwnerRequest { chain_id: CHAIN_ID + 1, account: treasury.account, ..elsewhere };
        assert!(verify_owners(&real, &forked, &signatures, 0).is_err(), "another chain");
        let transactions = [
            SafeTransaction { nonce: U256::ONE, ..treasury.tx.clone() },
            SafeTransaction { value: U256::ONE, ..treasury.tx.clone() },
            SafeTransaction { data: Bytes::new(), ..treasury.tx.clone() },
        ];
        for transaction in &transactions {
            let other = OwnerRequest { account: treasury.account, transaction, ..elsewhere };
            assert!(verify_owners(&real, &other, &signatures, 0).is_err(), "{transaction:?}");
        }
    }
}

#[test]
fn a_contract_signature_for_another_transaction_does_not_count() {
    for mut treasury in Treasury::every() {
        let old = treasury.contract();
        treasury.tx.value = U256::ONE;
        let signatures = sorted(vec![treasury.ecdsa("ann"), old.clone()]);
        let (_, fault) = treasury.fault(&signatures);
        assert_eq!(fault, OwnerFault::Refused { owner: treasury.nested });
        // A key has no code to ask, and a Safe that is no owner may confirm what it likes.
        let key = Part { owner: who("bob"), fixed: named(who("bob"), 0), behind: Some(vec![1; 65]) };
        let (_, fault) = treasury.fault(&sorted(vec![treasury.ecdsa("ann"), key]));
        assert_eq!(fault, OwnerFault::Refused { owner: who("bob") });
    }
}

#[test]
fn a_contract_signature_must_lie_whole_behind_every_part_that_is_asked_for() {
    for treasury in Treasury::every() {
        let parts = sorted(vec![treasury.ecdsa("ann"), treasury.contract()]);
        let at = usize::from(treasury.nested > who("ann")) * 65;
        let huge = U256::MAX.to_be_bytes::<32>();
        let near = (U256::from(2 * 65 - 1)).to_be_bytes::<32>();
        let end = U256::from(parts.len()).to_be_bytes::<32>();
        for offset in [near, end, huge, [0; 32]] {
            let mut moved = parts.clone();
            moved[at + 32..at + 64].copy_from_slice(&offset);
            assert_eq!(treasury.fault(&moved), (at / 65, OwnerFault::OutOfBounds));
        }
        let length = U256::from(131).to_be_bytes::<32>();
        for length in [length, huge] {
            let mut longer = parts.clone();
            longer[130..162].copy_from_slice(&length);
            assert_eq!(treasury.fault(&longer), (at / 65, OwnerFault::OutOfBounds));
        }
        // A third part is asked for where the contract's signature starts.
        let ours = treasury.verify_by(ANYBODY, &parts, 3);
        assert!(matches!(ours, Err(BadOwners::Signature { fault: OwnerFault::OutOfBounds, .. })), "{ours:?}");
    }
}

#[test]
fn signatures_cut_off_anywhere_never_count() {
    for mut treasury in Treasury::every() {
        for (initiator, signatures) in pairs(&mut treasury) {
            for end in 0..signatures.len() {
                let cut = treasury.agreed(initiator, &signatures[..end]);
                assert!(cut.is_err(), "{end} of {}", signatures.len());
            }
        }
    }
}

#[test]
fn every_v_reads_as_the_safe_reads_it() {
    for treasury in Treasury::every() {
        for part in [treasury.ecdsa("ann"), treasury.eth_sign("ann"), approved(who("ann")), treasury.contract()] {
            let mut parts = vec![part, treasury.ecdsa("bob")];
            let mut counted = 0;
            for v in 0..=u8::MAX {
                parts[0].fixed[64] = v;
                counted += usize::from(treasury.agreed(ANYBODY, &sorted(parts.clone())).is_ok());
            }
            let approval = parts[0].behind.is_none() && parts[0].fixed[32..64] == [0; 32];
            assert_eq!(counted, usize::from(!approval));
        }
    }
}

#[test]
fn signatures_spoilt_at_random_count_exactly_when_the_safe_executes() {
    for mut treasury in Treasury::every() {
        let mut dice = dice(3);
        let mut refused = 0;
        for (initiator, signatures) in pairs(&mut treasury) {
            for _ in 0..300 {
                let mut spoilt = signatures.clone();
                let at = dice.random_range(0..spoilt.len());
                spoilt[at] ^= 1 << dice.random_range(0..8);
                refused += usize::from(treasury.agreed(initiator, &spoilt).is_err());
            }
        }
        assert!((1_400..1_800).contains(&refused), "{refused}");
    }
}

#[test]
fn an_approval_counts_for_the_initiator_and_on_chain_for_that_hash_alone() {
    for mut treasury in Treasury::every() {
        let signatures = sorted(vec![treasury.ecdsa("ann"), approved(who("bob"))]);
        let (_, fault) = treasury.fault(&signatures);
        assert_eq!(fault, OwnerFault::NotApproved { owner: who("bob") });
        treasury.agreed(who("bob"), &signatures).unwrap();
        let hash = B256::repeat_byte(1);
        for hash in [hash, treasury.hash()] {
            assert!(treasury.agreed(ANYBODY, &signatures).is_err());
            let approve = approveHashCall { hash }.abi_encode();
            let account = treasury.account;
            assert!(treasury.world.chain.send(who("bob"), account, U256::ZERO, approve.into()).unwrap().success);
        }
        treasury.agreed(ANYBODY, &signatures).unwrap();
    }
}

#[test]
fn more_can_be_asked_for_than_the_threshold() {
    for treasury in Treasury::every() {
        let all = vec![treasury.ecdsa("ann"), treasury.eth_sign("bob"), approved(who("cem")), treasury.contract()];
        let signatures = sorted(all.clone());
        let signers = treasury.verify_by(who("cem"), &signatures, 4).unwrap();
        let mut owners = all.iter().map(|part| part.owner).collect::<Vec<_>>();
        owners.sort();
        assert_eq!(signers.as_slice(), owners);
        assert_eq!(treasury.verify_by(who("cem"), &signatures, 0).unwrap().as_slice(), &owners[..2]);
        for at_least in [7, u64::MAX] {
            let ours = treasury.verify_by(who("cem"), &signatures, at_least);
            assert!(matches!(ours, Err(BadOwners::TooFew { need, .. }) if need == U256::from(at_least)), "{ours:?}");
        }
        // One that the Safe does not look at is looked at as soon as it is asked for.
        let mut spoilt = sorted(vec![treasury.ecdsa("ann"), treasury.ecdsa("bob"), treasury.ecdsa("cem")]);
        spoilt[2 * 65] ^= 1;
        treasury.agreed(ANYBODY, &spoilt).unwrap();
        let ours = treasury.verify_by(ANYBODY, &spoilt, 3);
        assert!(matches!(ours, Err(BadOwners::Signature { index: 2, .. })), "{ours:?}");
    }
}

#[test]
fn every_kind_of_signature_counts_where_the_safe_takes_it() {
    for mut treasury in Treasury::every() {
        for (initiator, signatures) in pairs(&mut treasury) {
            let signers = treasury.agreed(initiator, &signatures).unwrap();
            assert_eq!(signers.as_slice().len(), 2);
        }
        let ann = treasury.ecdsa("ann");
        let high = Part { fixed: malleated(ann.fixed), ..ann };
        let signers = treasury.agreed(ANYBODY, &sorted(vec![high, treasury.ecdsa("bob")])).unwrap();
        assert!(signers.contains(who("ann")) && signers.contains(who("bob")), "a Safe takes a high s");
    }
}

/// A Safe with one answer exchanged.
struct Altered<'a> {
    real: Real<'a>,
    selector: [u8; 4],
    answer: Option<Bytes>,
}

impl Calls for Altered<'_> {
    type Missing = Invalid;

    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Invalid> {
        if data.starts_with(&self.selector) {
            Ok(self.answer.clone())
        } else {
            self.real.static_call(target, data, gas)
        }
    }
}

#[test]
fn an_account_that_answers_anything_else_than_a_safe_cannot_meet_it() {
    let treasury = Treasury::new(World::new(SafeVersion::V1_4_1));
    let signatures = sorted(vec![treasury.ecdsa("ann"), treasury.ecdsa("bob")]);
    let request =
        OwnerRequest { chain_id: CHAIN_ID, account: treasury.account, initiator: ANYBODY, transaction: &treasury.tx };
    let with = |signature: &str, answer: Option<Vec<u8>>| {
        let [a, b, c, d, ..] = keccak256(signature).0;
        let real = Real(&treasury.world.chain);
        let altered = Altered { real, selector: [a, b, c, d], answer: answer.map(Bytes::from) };
        verify_owners(&altered, &request, &signatures, 0).map_err(|error| format!("{error}"))
    };
    let one = U256::ONE.to_be_bytes_vec();
    assert!(with("VERSION()", Some("1.4.1".to_owned().abi_encode())).is_ok());
    let unknown = Err("the account's version is unknown".to_owned());
    assert_eq!(with("VERSION()", None), unknown);
    assert_eq!(with("VERSION()", Some(vec![])), unknown);
    assert_eq!(with("VERSION()", Some("1.4.0".to_owned().abi_encode())), unknown);
    assert_eq!(with("VERSION()", Some(["1.4.1".to_owned().abi_encode(), vec![0; 32]].concat())), unknown);
    let silent = Err("the account does not tell its threshold".to_owned());
    assert_eq!(with("getThreshold()", None), silent);
    assert_eq!(with("getThreshold()", Some([one.clone(), one.clone()].concat())), silent);
    let first = ascending(["ann", "bob"])[0];
    let stranger = Err(format!("signature 0: `{}` is not an owner", who(first)));
    for answer in [None, Some(vec![]), Some(vec![0; 32]), Some(vec![1; 32]), Some([one.clone(), one].concat())] {
        assert_eq!(with("isOwner(address)", answer), stranger);
    }
}

#[test]
fn the_sentinel_is_no_owner_even_if_the_account_says_so() {
    let treasury = Treasury::new(World::new(SafeVersion::V1_4_1));
    let [a, b, c, d, ..] = keccak256("isOwner(address)").0;
    let answer = Some(U256::ONE.to_be_bytes_vec().into());
    let altered = Altered { real: Real(&treasury.world.chain), selector: [a, b, c, d], answer };
    for (owner, fault) in [
        (Address::with_last_byte(1), OwnerFault::NotAnOwner { owner: Address::with_last_byte(1) }),
        (Address::ZERO, OwnerFault::Order { owner: Address::ZERO }),
    ] {
        let request =
            OwnerRequest { chain_id: CHAIN_ID, account: treasury.account, initiator: owner, transaction: &treasury.tx };
        let found = verify_owners(&altered, &request, &assemble(&[approved(owner), treasury.ecdsa("ann")]), 0);
        assert!(matches!(found, Err(BadOwners::Signature { index: 0, fault: by }) if by == fault), "{found:?}");
    }
}

#[test]
fn an_unknown_answer_is_told_apart_from_a_refusal() {
    struct Blind;
    impl Calls for Blind {
        type Missing = &'static str;

        fn static_call(&self, _: Address, _: &[u8], _: u32) -> Result<Option<Bytes>, Self::Missing> {
            Err("not known")
        }
    }
    let transaction = SafeTransaction::default();
    let request = OwnerRequest { chain_id: CHAIN_ID, account: ANYBODY, initiator: ANYBODY, transaction: &transaction };
    assert_eq!(verify_owners(&Blind, &request, &[], 1), Err(BadOwners::Missing("not known")));
}
