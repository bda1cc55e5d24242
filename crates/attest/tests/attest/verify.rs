//! Material counts for those who really signed it, or for nobody.

use crate::common;

use std::cell::RefCell;
use std::convert::Infallible;

use alloy_primitives::{Address, B256, Bytes, U256, address, b256};
use alloy_sol_types::SolValue;
use common::{CHAIN_ID, HOOK, Real, World, ascending, dice, key, malleated, safe_message, signature, who};
use portcullis_attest::{
    ApprovalEntry, AttestationItem, BadMaterial, Binding, Calls, Fault, Material, Proof, SIGNATURE_GAS, Signers,
    recover, seal, sign, signer, split, verify_approvals, verify_attestation,
};
use portcullis_simulate::Embedded;
use rand::RngExt;

const NOW: u64 = 1_800_000_000;
const LATER: u64 = NOW + 3_600;

/// A chain whose every contract answers the same.
struct Answer(Option<Bytes>);

impl Calls for Answer {
    type Missing = Infallible;

    fn static_call(&self, _: Address, _: &[u8], _: u32) -> Result<Option<Bytes>, Infallible> {
        Ok(self.0.clone())
    }
}

const NOBODY: Answer = Answer(None);

fn binding() -> Binding {
    Binding {
        chain_id: CHAIN_ID,
        hook: HOOK,
        account: who("account"),
        request: B256::repeat_byte(1),
        program: B256::repeat_byte(2),
        epoch: 3,
    }
}

/// Everything that a message binds to, changed one at a time.
fn elsewhere() -> [Binding; 6] {
    let binding = binding();
    [
        Binding { chain_id: CHAIN_ID + 1, ..binding },
        Binding { hook: who("other"), ..binding },
        Binding { account: who("other"), ..binding },
        Binding { request: B256::ZERO, ..binding },
        Binding { program: B256::ZERO, ..binding },
        Binding { epoch: 4, ..binding },
    ]
}

fn approval(name: &str) -> ApprovalEntry {
    let proof = Proof::ecdsa(signature(name, binding().approval_digest(LATER)));
    ApprovalEntry::Signed { deadline: LATER, proof }
}

fn shown(signer: Address, signature: impl Into<Bytes>) -> ApprovalEntry {
    ApprovalEntry::Signed { deadline: LATER, proof: Proof::Contract { signer, signature: signature.into() } }
}

fn verify(entries: &[ApprovalEntry]) -> Result<Signers, BadMaterial<Infallible>> {
    verify_approvals(&NOBODY, &binding(), entries, NOW, |_| Ok(false))
}

fn fault(index: usize, fault: Fault) -> Result<Signers, BadMaterial<Infallible>> {
    Err(BadMaterial::Entry { index, fault })
}

fn attestation(names: &[&str]) -> (B256, AttestationItem) {
    let effects = B256::repeat_byte(5);
    let mut item = AttestationItem {
        set: 1,
        deadline: LATER,
        proposal: B256::ZERO,
        statement: vec![0b1000_0000].into(),
        proofs: vec![],
    };
    let digest = binding().attestation_digest(effects, &item);
    item.proofs = names.iter().map(|name| Proof::ecdsa(signature(name, digest))).collect();
    (effects, item)
}

#[test]
fn a_malleated_signature_is_no_signature() {
    let digest = binding().approval_digest(LATER);
    let twin = malleated(signature("ann", digest));
    let (r, s) = (B256::from_slice(&twin[..32]), B256::from_slice(&twin[32..64]));
    assert_eq!(recover(digest, twin[64], r, s), Some(who("ann")), "the chain recovers the same signer");
    let entry = ApprovalEntry::Signed { deadline: LATER, proof: Proof::ecdsa(twin) };
    assert_eq!(verify(&[entry]), fault(0, Fault::HighS));
    let half = b256!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    let above = b256!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1");
    for (s, high) in [(half, false), (above, true)] {
        let entry =
            ApprovalEntry::Signed { deadline: LATER, proof: Proof::Ecdsa { r: B256::repeat_byte(1), s, v: 27 } };
        assert_eq!(verify(&[entry]) == fault(0, Fault::HighS), high);
    }
}

#[test]
fn no_v_but_27_and_28_is_a_signature() {
    let digest = binding().approval_digest(LATER);
    for v in (0..=u8::MAX).filter(|v| *v != 27 && *v != 28) {
        let mut bytes = signature("ann", digest);
        bytes[64] = v;
        let entry = ApprovalEntry::Signed { deadline: LATER, proof: Proof::ecdsa(bytes) };
        assert_eq!(verify(&[entry]), fault(0, Fault::BadV { v }));
    }
}

#[test]
fn what_recovers_to_nobody_or_zero_is_no_signer() {
    let order = b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    // No point of the curve has the first coordinate 5.
    for (r, s) in [
        (B256::ZERO, B256::repeat_byte(1)),
        (B256::repeat_byte(1), B256::ZERO),
        (order, B256::repeat_byte(1)),
        (B256::with_last_byte(5), B256::repeat_byte(1)),
    ] {
        let entry = ApprovalEntry::Signed { deadline: LATER, proof: Proof::Ecdsa { r, s, v: 27 } };
        assert_eq!(verify(&[entry]), fault(0, Fault::NoSigner));
    }
    let order = Fault::Order { signer: Address::ZERO };
    assert_eq!(verify(&[ApprovalEntry::OnChain { signer: Address::ZERO }]), fault(0, order));
    let magic = Answer(Some([&[0x16, 0x26, 0xba, 0x7e][..], &[0; 28]].concat().into()));
    let zero = verify_approvals(&magic, &binding(), &[shown(Address::ZERO, vec![])], NOW, |_| Ok(true));
    assert_eq!(zero, fault(0, order));
}

#[test]
fn a_signer_twice_or_descending_spoils_everything() {
    let [low, high] = ascending(["ann", "bob"]);
    let order = |name| Fault::Order { signer: who(name) };
    assert_eq!(verify(&[approval(low), approval(low)]), fault(1, order(low)));
    assert_eq!(verify(&[approval(high), approval(low)]), fault(1, order(low)));
    assert_eq!(verify(&[approval(low), approval(high), approval(low)]), fault(2, order(low)));
    // Not by two ways either, and nobody is asked about it.
    let on_chain = ApprovalEntry::OnChain { signer: who(low) };
    let by_two_ways = verify_approvals(&NOBODY, &binding(), &[approval(low), on_chain], NOW, |_| panic!("asked"));
    assert_eq!(by_two_ways, fault(1, order(low)));
    assert_eq!(verify(&[approval(low), shown(who(low), vec![])]), fault(1, order(low)));
    let (effects, item) = attestation(&[low, low]);
    assert_eq!(verify_attestation(&NOBODY, &binding(), effects, &item, NOW), fault(1, order(low)));
}

#[test]
fn one_bad_entry_spoils_the_good_ones() {
    let [low, high] = ascending(["ann", "bob"]);
    let bad = ApprovalEntry::OnChain { signer: who(high) };
    assert_eq!(verify(&[approval(low), bad]), fault(1, Fault::NotApproved { signer: who(high) }));
}

#[test]
fn nothing_counts_after_its_deadline_and_everything_in_its_last_second() {
    let at = |now| verify_approvals(&NOBODY, &binding(), &[approval("ann")], now, |_| Ok(false));
    assert_eq!(at(LATER).unwrap().as_slice(), [who("ann")]);
    for now in [LATER + 1, u64::MAX] {
        assert_eq!(at(now), fault(0, Fault::Expired { deadline: LATER }));
    }
    let (effects, item) = attestation(&["ann"]);
    let at = |now| verify_attestation(&NOBODY, &binding(), effects, &item, now);
    assert_eq!(at(LATER).unwrap().as_slice(), [who("ann")]);
    assert_eq!(at(LATER + 1), Err(BadMaterial::Expired { deadline: LATER }));
}

#[test]
fn a_deadline_that_nobody_signed_names_nobody_known() {
    let ApprovalEntry::Signed { proof, .. } = approval("ann") else { panic!("not signed") };
    let signers = verify(&[ApprovalEntry::Signed { deadline: LATER + 1, proof }]).unwrap_or_default();
    assert!(!signers.contains(who("ann")));
}

#[test]
fn an_approval_is_worth_nothing_for_another_chain_hook_account_request_program_or_epoch() {
    for other in elsewhere() {
        let found = verify_approvals(&NOBODY, &other, &[approval("ann")], NOW, |_| Ok(false));
        assert!(!found.unwrap_or_default().contains(who("ann")), "{other:?}");
    }
}

#[test]
fn an_attestation_is_worth_nothing_for_anything_that_it_does_not_say() {
    let (effects, item) = attestation(&["ann"]);
    let known = |binding: &Binding, effects: B256, item: &AttestationItem| {
        verify_attestation(&NOBODY, binding, effects, item, NOW).unwrap_or_default().contains(who("ann"))
    };
    assert!(known(&binding(), effects, &item));
    for other in elsewhere() {
        assert!(!known(&other, effects, &item), "{other:?}");
    }
    assert!(!known(&binding(), B256::ZERO, &item));
    for other in [
        AttestationItem { set: 2, ..item.clone() },
        AttestationItem { deadline: LATER + 1, ..item.clone() },
        AttestationItem { proposal: effects, ..item.clone() },
        AttestationItem { statement: vec![0b0100_0000].into(), ..item },
    ] {
        assert!(!known(&binding(), effects, &other), "{other:?}");
    }
    // What approves does not attest, and the other way round.
    let digest = binding().approval_digest(LATER);
    let (effects, mut item) = attestation(&[]);
    item.proofs = vec![Proof::ecdsa(signature("ann", digest))];
    assert!(!known(&binding(), effects, &item));
}

#[test]
fn a_contract_that_answers_anything_but_the_one_word_has_not_signed() {
    let magic = [0x16, 0x26, 0xba, 0x7e];
    let word = |tail: u8| [&magic[..], &[0; 27], &[tail]].concat();
    let answers = [
        None,
        Some(vec![]),
        Some(magic.to_vec()),
        Some(vec![0; 32]),
        Some(vec![0xff; 32]),
        Some(word(1)),
        Some([word(0), word(0)].concat()),
        Some([&[0; 28][..], &magic].concat()),
        Some(U256::ONE.to_be_bytes_vec()),
        Some([&[0x20, 0xc1, 0x3b, 0x0b][..], &[0; 28]].concat()),
    ];
    for answer in answers {
        let chain = Answer(answer.map(Bytes::from));
        let found = verify_approvals(&chain, &binding(), &[shown(who("c"), vec![])], NOW, |_| Ok(true));
        assert_eq!(found, fault(0, Fault::Refused { signer: who("c") }));
    }
    let yes = Answer(Some(word(0).into()));
    let found = verify_approvals(&yes, &binding(), &[shown(who("c"), vec![])], NOW, |_| Ok(false)).unwrap();
    assert_eq!(found.as_slice(), [who("c")]);
}

#[test]
fn keys_precompiles_and_contracts_of_other_kinds_have_not_signed() {
    let mut world = World::every().last().unwrap();
    let account = world.safe(&[who("ann")], 1, 0);
    let mut signers = vec![account, who("nobody"), address!("4e59b44847b379578588920cA78FbF26c0B4956C")];
    signers.extend((1..=0x11).map(Address::with_last_byte));
    for signer in signers {
        for signature in [vec![], vec![0; 65], signature("ann", binding().approval_digest(LATER)).to_vec()] {
            let real = Real(&world.chain);
            let found = verify_approvals(&real, &binding(), &[shown(signer, signature)], NOW, |_| Ok(true));
            assert!(
                matches!(found, Err(BadMaterial::Entry { index: 0, fault: Fault::Refused { signer: by } }) if by == signer),
                "{found:?}"
            );
        }
    }
}

#[test]
fn real_safes_of_every_version_approve_and_attest_for_that_digest_alone() {
    for mut world in World::every() {
        let safe = world.safe(&[who("ann")], 1, 0);
        let signed = |digest: B256| signature("ann", safe_message(safe, &digest.abi_encode()));
        let entry = shown(safe, signed(binding().approval_digest(LATER)));
        let approve = |binding: &Binding| {
            verify_approvals(&Real(&world.chain), binding, std::slice::from_ref(&entry), NOW, |_| Ok(false)).ok()
        };
        assert_eq!(approve(&binding()).unwrap().as_slice(), [safe]);
        for other in elsewhere() {
            assert!(approve(&other).is_none(), "{other:?}");
        }

        let (effects, mut item) = attestation(&[]);
        let signature = signed(binding().attestation_digest(effects, &item)).into();
        item.proofs = vec![Proof::Contract { signer: safe, signature }];
        let attest = |effects| verify_attestation(&Real(&world.chain), &binding(), effects, &item, NOW).ok();
        assert_eq!(attest(effects).unwrap().as_slice(), [safe]);
        assert!(attest(B256::ZERO).is_none());
    }
}

#[test]
fn an_answer_that_is_not_known_is_neither_yes_nor_no() {
    struct Blind;
    impl Calls for Blind {
        type Missing = u8;

        fn static_call(&self, _: Address, _: &[u8], gas: u32) -> Result<Option<Bytes>, u8> {
            assert_eq!(gas, SIGNATURE_GAS);
            Err(1)
        }
    }
    let found = verify_approvals(&Blind, &binding(), &[shown(who("c"), vec![])], NOW, |_| Ok(true));
    assert_eq!(found, Err(BadMaterial::Missing(1)));
    let on_chain = ApprovalEntry::OnChain { signer: who("c") };
    let found = verify_approvals(&Blind, &binding(), &[on_chain], NOW, |_| Err(2));
    assert_eq!(found, Err(BadMaterial::Missing(2)));
}

#[test]
fn only_members_count_and_nobody_who_is_excluded() {
    let names = ascending(["ann", "bob", "cem", "dee"]);
    let signers = verify(&names.map(approval)).unwrap();
    assert_eq!(signers.as_slice(), names.map(who));
    let asked = RefCell::new(Vec::new());
    let member = |who: Address| {
        asked.borrow_mut().push(who);
        Ok::<_, Infallible>(names[1..].iter().any(|name| common::who(name) == who))
    };
    assert_eq!(signers.count_members(&[], member), Ok(3));
    assert_eq!(signers.count_members(&[who(names[3]), who("stranger")], member), Ok(2));
    assert_eq!(asked.take(), [&names[..], &names[..3]].concat().into_iter().map(who).collect::<Vec<_>>());
    assert_eq!(signers.count_members(signers.as_slice(), member), Ok(0));
    assert_eq!(signers.count_members(&[], |_| Err("registry")), Err("registry"));
}

#[test]
fn nobody_signed_is_a_good_answer_that_counts_nobody() {
    assert!(verify(&[]).unwrap().as_slice().is_empty());
    let (effects, item) = attestation(&[]);
    assert!(verify_attestation(&NOBODY, &binding(), effects, &item, NOW).unwrap().as_slice().is_empty());
}

#[test]
fn keys_and_chain_mix_in_ascending_order_through_the_envelope() {
    let names = ascending(["ann", "bob", "cem"]);
    let entries = vec![approval(names[0]), ApprovalEntry::OnChain { signer: who(names[1]) }, approval(names[2])];
    let material = Material { approvals: Some(entries), ..Material::default() };
    let signatures = seal(&[0; 65], &material.encode().unwrap());
    let read = Material::parse(split(&signatures).unwrap().payload.unwrap()).unwrap().approvals.unwrap();
    let found = verify_approvals(&NOBODY, &binding(), &read, NOW, |signer| Ok(signer == who(names[1])));
    assert_eq!(found.unwrap().as_slice(), names.map(who));
}

#[test]
fn recovery_agrees_with_the_precompile() {
    let chain = Embedded::new(CHAIN_ID);
    let mut dice = dice(8);
    let order = b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    let mut recovered = 0;
    for case in 0..1_500_u32 {
        let digest = B256::from(dice.random::<[u8; 32]>());
        let mut bytes = sign(&B256::from(dice.random::<[u8; 32]>()), digest).unwrap();
        match case % 6 {
            0 => bytes = malleated(bytes),
            1 => bytes[64] = dice.random_range(0..=40),
            2 => bytes[dice.random_range(0..64)] = dice.random(),
            3 => bytes[..32].copy_from_slice(&[order, B256::ZERO, B256::with_last_byte(1)][dice.random_range(0..3)].0),
            4 => {
                bytes[32..64].copy_from_slice(&[order, B256::ZERO, B256::with_last_byte(1)][dice.random_range(0..3)].0)
            }
            _ => {}
        }
        let (r, s, v) = (B256::from_slice(&bytes[..32]), B256::from_slice(&bytes[32..64]), bytes[64]);
        let input = (digest, U256::from(v), r, s).abi_encode();
        let answer = chain.static_call(HOOK, Address::with_last_byte(1), &input, 100_000).unwrap().unwrap();
        let expected = (answer.len() == 32).then(|| Address::from_word(B256::from_slice(&answer)));
        assert_eq!(recover(digest, v, r, s), expected, "{digest} {r} {s} {v}");
        recovered += usize::from(expected.is_some());
    }
    assert!((750..1_400).contains(&recovered), "{recovered}");
}

#[test]
fn a_key_of_zero_or_beyond_the_order_signs_nothing() {
    let order = b256!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    for key in [B256::ZERO, order, B256::repeat_byte(0xff)] {
        assert_eq!((sign(&key, B256::ZERO), signer(&key)), (None, None));
    }
    assert_eq!(signer(&B256::with_last_byte(1)), Some(address!("7E5F4552091A69125d5DfCb7b8C2659029395Bdf")));
    assert_eq!(sign(&key("ann"), B256::ZERO), sign(&key("ann"), B256::ZERO));
}
