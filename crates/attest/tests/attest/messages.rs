//! Names and digests, against a second way to compute each.

use crate::common;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;
use common::{dice, who};
use portcullis_attest::{Action, AttestationItem, Binding, EffectRecord, content, effects, module_request};
use rand::RngExt;

fn binding() -> Binding {
    Binding {
        chain_id: 5,
        hook: who("hook"),
        account: who("account"),
        request: B256::repeat_byte(1),
        program: B256::repeat_byte(2),
        epoch: 3,
    }
}

fn item() -> AttestationItem {
    AttestationItem {
        set: 7,
        deadline: 1_800_000_000,
        proposal: B256::repeat_byte(4),
        statement: vec![0b0110_0000].into(),
        proofs: vec![],
    }
}

fn signed(binding: &Binding, hash: B256) -> B256 {
    let domain = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    let words =
        (keccak256(domain), keccak256("Portcullis"), keccak256("1"), U256::from(binding.chain_id), binding.hook);
    keccak256([&[0x19, 0x01], keccak256(words.abi_encode()).as_slice(), hash.as_slice()].concat())
}

#[test]
fn no_part_of_what_a_message_binds_to_can_change_without_the_digest() {
    let binding = binding();
    let x = B256::repeat_byte(9);
    let others = [
        Binding { chain_id: 6, ..binding },
        Binding { hook: who("x"), ..binding },
        Binding { account: who("x"), ..binding },
        Binding { request: x, ..binding },
        Binding { program: x, ..binding },
        Binding { epoch: 4, ..binding },
    ];
    for other in others {
        assert_ne!(other.approval_digest(9), binding.approval_digest(9), "{other:?}");
        assert_ne!(other.attestation_digest(x, &item()), binding.attestation_digest(x, &item()), "{other:?}");
    }
    assert_ne!(binding.approval_digest(10), binding.approval_digest(9));
    assert_ne!(binding.attestation_digest(B256::ZERO, &item()), binding.attestation_digest(x, &item()));
    let items = [
        AttestationItem { set: 8, ..item() },
        AttestationItem { deadline: 1, ..item() },
        AttestationItem { proposal: x, ..item() },
        AttestationItem { statement: Bytes::new(), ..item() },
    ];
    for other in &items {
        assert_ne!(binding.attestation_digest(x, other), binding.attestation_digest(x, &item()), "{other:?}");
    }
}

#[test]
fn no_effect_can_change_move_or_go_without_the_hash_of_all() {
    let one = EffectRecord {
        kind: 2,
        target: who("token"),
        selector: Some([0xa9, 5, 0x9c, 0xbb]),
        asset: who("token"),
        recipient: who("payee"),
        amount: U256::from(5),
    };
    let two = EffectRecord { amount: U256::from(6), ..one };
    let hash = effects([&one, &two]);
    let changed = [
        EffectRecord { kind: 3, ..one },
        EffectRecord { target: who("x"), ..one },
        EffectRecord { selector: None, ..one },
        EffectRecord { asset: Address::ZERO, ..one },
        EffectRecord { recipient: who("x"), ..one },
        EffectRecord { amount: U256::from(7), ..one },
    ];
    for other in &changed {
        assert_ne!(effects([other, &two]), hash, "{other:?}");
    }
    for others in [vec![], vec![&one], vec![&two], vec![&two, &one], vec![&one, &two, &two]] {
        assert_ne!(effects(others), hash);
    }
}

#[test]
fn digests_are_those_of_the_specified_types() {
    let binding = binding();
    let Binding { account, request, program, epoch, .. } = binding;
    let typehash = keccak256("Approval(address account,bytes32 request,bytes32 program,uint32 epoch,uint64 deadline)");
    let hash = keccak256((typehash, account, request, program, epoch, 9_u64).abi_encode());
    assert_eq!(binding.approval_digest(9), signed(&binding, hash));

    let typehash = keccak256(
        "Attestation(address account,bytes32 request,bytes32 effects,bytes32 program,uint32 epoch,uint8 set,\
         bytes statement,bytes32 proposal,uint64 deadline)",
    );
    let (item, folded) = (item(), B256::repeat_byte(8));
    let words = (typehash, account, request, folded, program, epoch, U256::from(item.set), keccak256(&item.statement));
    let hash = keccak256([words.abi_encode(), (item.proposal, item.deadline).abi_encode()].concat());
    assert_eq!(binding.attestation_digest(folded, &item), signed(&binding, hash));
}

#[test]
fn contents_ids_and_effects_hash_as_solidity_encodes_them() {
    let mut dice = dice(7);
    for _ in 0..100 {
        let (to, value, data) = (Address::from(dice.random::<[u8; 20]>()), U256::from(dice.random::<u64>()), [1, 2, 3]);
        let hash = |operation: u8| keccak256((to, value, keccak256(data), U256::from(operation)).abi_encode());
        let action = |operation| Action { to, value, data: &data, operation };
        let content = content([action(0), action(1)]);
        assert_eq!(content, keccak256([hash(0), hash(1)].concat()));

        let (epoch, serial) = (dice.random::<u32>(), U256::from_be_bytes(dice.random::<[u8; 32]>()));
        let id = keccak256((who("account"), epoch, to, content, serial, U256::from(4)).abi_encode());
        assert_eq!(module_request(who("account"), epoch, to, content, serial), id);

        let (kind, selector) = (dice.random_range(0..6), dice.random::<[u8; 4]>());
        let (asset, recipient) = (who("asset"), who("recipient"));
        let effect = EffectRecord { kind, target: to, selector: Some(selector), asset, recipient, amount: value };
        let bare = EffectRecord { target: to, ..EffectRecord::default() };
        let number = u32::from_be_bytes(selector);
        let first = (B256::ZERO, U256::from(kind), to, number, asset, recipient, value).abi_encode();
        let none = (U256::ZERO, to, 0_u32, Address::ZERO, Address::ZERO, U256::ZERO);
        let second = [keccak256(first).to_vec(), none.abi_encode()].concat();
        assert_eq!(effects([&effect, &bare]), keccak256(second));
    }
    assert_eq!(effects([]), B256::ZERO);
}
