//! The envelope and the payload: what does not have the one right form is an error, never skipped.

use crate::common;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use common::{dice, random_bytes, who};
use portcullis_attest::{
    ApprovalEntry, AttestationItem, MATERIAL_TYPEHASH, MalformedMaterial, Material, Parts, Proof, Unencodable, seal,
    split,
};
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

fn any_proof(dice: &mut ChaCha12Rng) -> Proof {
    if dice.random() {
        let (r, s) = (B256::from(dice.random::<[u8; 32]>()), B256::from(dice.random::<[u8; 32]>()));
        return Proof::Ecdsa { r, s, v: dice.random() };
    }
    Proof::Contract { signer: Address::from(dice.random::<[u8; 20]>()), signature: random_bytes(dice, 100) }
}

fn any_approval(dice: &mut ChaCha12Rng) -> ApprovalEntry {
    if dice.random_range(0..3) == 0 {
        return ApprovalEntry::OnChain { signer: Address::from(dice.random::<[u8; 20]>()) };
    }
    ApprovalEntry::Signed { deadline: dice.random(), proof: any_proof(dice) }
}

fn any_material(dice: &mut ChaCha12Rng) -> Material {
    let approvals = (0..dice.random_range(0..4)).map(|_| any_approval(dice)).collect();
    let mut sets: Vec<u8> = (0..dice.random_range(0..4)).map(|_| dice.random()).collect();
    sets.sort_unstable();
    sets.dedup();
    let attestations = sets
        .into_iter()
        .map(|set| AttestationItem {
            set,
            deadline: dice.random(),
            proposal: B256::from(dice.random::<[u8; 32]>()),
            statement: random_bytes(dice, 20),
            proofs: (0..dice.random_range(0..4)).map(|_| any_proof(dice)).collect(),
        })
        .collect();
    Material { approvals: dice.random::<bool>().then_some(approvals), attestations }
}

/// One of everything, with two attestations.
fn full() -> Material {
    let contract = Proof::Contract { signer: who("contract"), signature: vec![9; 70].into() };
    let ecdsa = Proof::Ecdsa { r: B256::repeat_byte(1), s: B256::repeat_byte(2), v: 27 };
    let attestation = |set| AttestationItem {
        set,
        deadline: 1_800_000_000,
        proposal: B256::repeat_byte(3),
        statement: vec![0b1001_0000].into(),
        proofs: vec![ecdsa.clone(), contract.clone()],
    };
    let approvals = vec![
        ApprovalEntry::Signed { deadline: 1_800_000_000, proof: ecdsa.clone() },
        ApprovalEntry::Signed { deadline: u64::MAX, proof: contract.clone() },
        ApprovalEntry::OnChain { signer: who("on-chain") },
    ];
    Material { approvals: Some(approvals), attestations: vec![attestation(0), attestation(5)] }
}

fn item(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

/// Where items end in the payload.
fn ends(payload: &[u8]) -> Vec<usize> {
    let mut ends = vec![0];
    while let Some(&at) = ends.last().filter(|at| **at < payload.len()) {
        let length = u32::from_be_bytes([0, payload[at + 1], payload[at + 2], payload[at + 3]]);
        ends.push(at + 4 + usize::try_from(length).unwrap());
    }
    ends
}

#[test]
fn an_envelope_cut_off_at_any_byte_is_no_envelope() {
    let signatures = seal(&[7; 130], &full().encode().unwrap());
    for end in 0..signatures.len() {
        let cut = &signatures[..end];
        assert_eq!(split(cut), Ok(Parts { owners: cut, payload: None }), "{end}");
    }
}

#[test]
fn a_payload_cut_off_at_any_byte_within_an_item_is_an_error() {
    let payload = full().encode().unwrap();
    let ends = ends(&payload);
    assert_eq!(ends.len(), 4);
    for end in 0..payload.len() {
        let cut = Material::parse(&payload[..end]);
        assert_eq!(cut.is_ok(), ends.contains(&end), "{end}: {cut:?}");
    }
}

#[test]
fn an_item_cut_off_at_any_byte_within_an_entry_is_an_error() {
    let payload = full().encode().unwrap();
    let approvals = &payload[4..ends(&payload)[1]];
    let signed = 1 + 8 + 65;
    let ends = [0, signed, signed + 1 + 8 + 20 + 2 + 70, approvals.len()];
    for end in 0..approvals.len() {
        let cut = Material::parse(&item(1, &approvals[..end]));
        assert_eq!(cut.is_ok(), ends.contains(&end), "{end}: {cut:?}");
    }
    let attestation = full().attestations[0].clone();
    let payload = Material { attestations: vec![attestation], ..Material::default() }.encode().unwrap();
    let head = 1 + 8 + 32 + 2 + 1;
    let ends = [head, head + 66];
    for end in 0..payload.len() - 4 {
        let cut = Material::parse(&item(2, &payload[4..4 + end]));
        assert_eq!(cut.is_ok(), ends.contains(&end), "{end}: {cut:?}");
    }
}

#[test]
fn a_payload_longer_than_what_precedes_its_length_is_an_error() {
    let payload = [1, 2, 3];
    let signatures = seal(&[7; 65], &payload);
    for length in [U256::from(69), U256::from(u64::MAX), U256::from(1) << 64, U256::MAX] {
        let mut longer = signatures.clone();
        longer[68..100].copy_from_slice(&length.to_be_bytes::<32>());
        assert_eq!(split(&longer), Err(MalformedMaterial::LongPayload { length, available: 68 }));
    }
    let mut whole = signatures;
    whole[68..100].copy_from_slice(&U256::from(68).to_be_bytes::<32>());
    assert!(split(&whole).unwrap().owners.is_empty(), "the owner part may be empty, and is then not enough");
}

#[test]
fn an_item_or_a_signature_longer_than_what_follows_is_an_error() {
    let on_chain = [&[2][..], who("a").as_slice()].concat();
    for length in [[0, 0, 22], [0, 0, 20], [0xff, 0xff, 0xff]] {
        let mut payload = item(1, &on_chain);
        payload[1..4].copy_from_slice(&length);
        let error = Material::parse(&payload).unwrap_err();
        assert!(matches!(error, MalformedMaterial::Truncated { .. }), "{error}");
    }
    let contract = [&[1][..], &[0; 8], who("a").as_slice(), &[0, 3], &[1, 2]].concat();
    assert_eq!(Material::parse(&item(1, &contract)), Err(MalformedMaterial::Truncated { at: 4 + 31 }));
    let statement = [&[0; 41][..], &[0, 1]].concat();
    assert_eq!(Material::parse(&item(2, &statement)), Err(MalformedMaterial::Truncated { at: 4 + 43 }));
}

#[test]
fn items_descending_or_twice_are_an_error() {
    let approvals = item(1, &[]);
    let set = |set: u8| item(2, &[&[set][..], &[0; 42]].concat());
    for (items, at) in [
        ([approvals.clone(), approvals.clone()], 4),
        ([set(0), approvals], 47),
        ([set(1), set(0)], 47),
        ([set(1), set(1)], 47),
    ] {
        assert_eq!(Material::parse(&items.concat()), Err(MalformedMaterial::ItemOrder { at }));
    }
    let mut material = full();
    material.attestations[1].set = 0;
    assert_eq!(material.encode(), Err(Unencodable::SetOrder { set: 0 }));
}

#[test]
fn unknown_kinds_and_tags_are_an_error() {
    for kind in (0..=u8::MAX).filter(|kind| *kind != 1 && *kind != 2) {
        assert_eq!(Material::parse(&item(kind, &[])), Err(MalformedMaterial::UnknownItem { kind, at: 0 }));
    }
    for tag in 3..=u8::MAX {
        assert_eq!(
            Material::parse(&item(1, &[&[tag][..], &[0; 73]].concat())),
            Err(MalformedMaterial::UnknownTag { tag, at: 4 })
        );
    }
    // An approval on chain is no attestation.
    let attested = [&[0; 43][..], &[2], who("a").as_slice()].concat();
    assert_eq!(Material::parse(&item(2, &attested)), Err(MalformedMaterial::UnknownTag { tag: 2, at: 47 }));
}

#[test]
fn what_does_not_fit_its_length_field_cannot_be_written() {
    let mut material = full();
    material.attestations[0].statement = vec![0; 0x1_0000].into();
    assert_eq!(material.encode(), Err(Unencodable::TooLong { length: 0x1_0000, field: 2 }));
    let signature = Bytes::from(vec![0; 0xffff]);
    let entry = ApprovalEntry::Signed { deadline: 0, proof: Proof::Contract { signer: who("a"), signature } };
    let entries = vec![entry; 256];
    let material = Material { approvals: Some(entries), ..Material::default() };
    assert_eq!(material.encode(), Err(Unencodable::TooLong { length: 256 * (31 + 0xffff), field: 3 }));
}

#[test]
fn bytes_that_parse_are_the_only_way_to_write_what_they_hold() {
    let mut dice = dice(4);
    let payload = full().encode().unwrap();
    let mut parsed = 0;
    for at in 0..payload.len() {
        for _ in 0..20 {
            let mut spoilt = payload.clone();
            spoilt[at] = dice.random();
            if let Ok(material) = Material::parse(&spoilt) {
                assert_eq!(material.encode().as_ref(), Ok(&spoilt));
                parsed += 1;
            }
        }
    }
    assert!(parsed > 1_000, "{parsed}");
}

#[test]
fn whatever_is_written_reads_back() {
    let mut dice = dice(5);
    for _ in 0..2_000 {
        let material = any_material(&mut dice);
        let owners = random_bytes(&mut dice, 200);
        let signatures = seal(&owners, &material.encode().unwrap());
        let parts = split(&signatures).unwrap();
        assert_eq!(parts.owners, owners.as_ref());
        assert_eq!(Material::parse(parts.payload.unwrap()), Ok(material));
    }
}

#[test]
fn plain_signatures_are_left_alone() {
    for size in [0, 1, 63, 64, 65, 130] {
        let signatures = vec![7; size];
        assert_eq!(split(&signatures), Ok(Parts { owners: &signatures, payload: None }));
    }
    let alone = [&[0; 31][..], MATERIAL_TYPEHASH.as_slice()].concat();
    assert_eq!(split(&alone), Ok(Parts { owners: &alone, payload: None }), "no room for a length");
}

#[test]
fn the_bytes_are_as_the_specification_lays_them_out() {
    let payload = full().encode().unwrap();
    let deadline = 1_800_000_000_u64.to_be_bytes();
    let contract = who("contract");
    let ecdsa = [&[1; 32][..], &[2; 32], &[27]].concat();
    let shown = [contract.as_slice(), &[0, 70], &[9; 70]].concat();
    let approvals = [
        [&[0][..], &deadline, &ecdsa].concat(),
        [&[1][..], &[0xff; 8], &shown].concat(),
        [&[2][..], who("on-chain").as_slice()].concat(),
    ];
    let attestation = |set: u8| {
        let head = [&[set][..], &deadline, &[3; 32], &[0, 1], &[0b1001_0000]].concat();
        item(2, &[head, vec![0], ecdsa.clone(), vec![1], shown.clone()].concat())
    };
    assert_eq!(payload, [item(1, &approvals.concat()), attestation(0), attestation(5)].concat());
    assert_eq!(MATERIAL_TYPEHASH, keccak256("PortcullisMaterial(bytes payload)"));
    let length = U256::from(payload.len()).to_be_bytes_vec();
    let sealed = [&[7; 65][..], &payload, &length, MATERIAL_TYPEHASH.as_slice()].concat();
    assert_eq!(seal(&[7; 65], &payload), sealed);
}
