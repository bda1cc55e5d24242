//! The Safe transaction hash is the one that real Safes compute.

use crate::common;

use alloy_primitives::{Address, U256, keccak256};
use common::{CHAIN_ID, World, dice, domainSeparatorCall, encodeTransactionDataCall, random_bytes, who};
use portcullis_attest::{SAFE_DOMAIN_TYPEHASH, SAFE_TX_TYPEHASH, SafeTransaction, SafeVersion, domain_separator};
use portcullis_bindings::safe::Safe;
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

fn any(dice: &mut ChaCha12Rng) -> SafeTransaction {
    let number = |dice: &mut ChaCha12Rng| U256::from_be_bytes(dice.random::<[u8; 32]>());
    SafeTransaction {
        to: Address::from(dice.random::<[u8; 20]>()),
        value: number(dice),
        data: random_bytes(dice, 200),
        operation: dice.random_range(0..=1),
        safe_tx_gas: number(dice),
        base_gas: number(dice),
        gas_price: number(dice),
        gas_token: Address::from(dice.random::<[u8; 20]>()),
        refund_receiver: Address::from(dice.random::<[u8; 20]>()),
        nonce: number(dice),
    }
}

#[test]
fn no_field_account_or_chain_can_change_without_the_hash() {
    let account = who("account");
    let tx = any(&mut dice(1));
    let one = U256::ONE;
    let changed = [
        SafeTransaction { to: who("x"), ..tx.clone() },
        SafeTransaction { value: tx.value ^ one, ..tx.clone() },
        SafeTransaction { data: [tx.data.as_ref(), &[0]].concat().into(), ..tx.clone() },
        SafeTransaction { operation: tx.operation ^ 1, ..tx.clone() },
        SafeTransaction { safe_tx_gas: tx.safe_tx_gas ^ one, ..tx.clone() },
        SafeTransaction { base_gas: tx.base_gas ^ one, ..tx.clone() },
        SafeTransaction { gas_price: tx.gas_price ^ one, ..tx.clone() },
        SafeTransaction { gas_token: who("x"), ..tx.clone() },
        SafeTransaction { refund_receiver: who("x"), ..tx.clone() },
        SafeTransaction { nonce: tx.nonce ^ one, ..tx.clone() },
    ];
    let hash = tx.hash(account, CHAIN_ID);
    for other in &changed {
        assert_ne!(other.hash(account, CHAIN_ID), hash, "{other:?}");
    }
    assert_ne!(tx.hash(who("x"), CHAIN_ID), hash);
    assert_ne!(tx.hash(account, CHAIN_ID + 1), hash);
}

#[test]
fn real_safes_of_every_version_compute_the_same_hash_and_domain() {
    for mut world in World::every() {
        let account = world.safe(&[who("ann")], 1, 0);
        assert_eq!(world.view(account, &domainSeparatorCall {}), domain_separator(account, CHAIN_ID));
        assert_eq!(world.view(account, &Safe::VERSIONCall {}), world.version.name());
        let mut dice = dice(2);
        for _ in 0..50 {
            let tx = any(&mut dice);
            let asked = Safe::getTransactionHashCall {
                to: tx.to,
                value: tx.value,
                data: tx.data.clone(),
                operation: tx.operation,
                safeTxGas: tx.safe_tx_gas,
                baseGas: tx.base_gas,
                gasPrice: tx.gas_price,
                gasToken: tx.gas_token,
                refundReceiver: tx.refund_receiver,
                nonce: tx.nonce,
            };
            assert_eq!(world.view(account, &asked), tx.hash(account, CHAIN_ID), "{tx:?}");
            if world.version < SafeVersion::V1_5_0 {
                let asked = encodeTransactionDataCall {
                    to: tx.to,
                    value: tx.value,
                    data: tx.data.clone(),
                    operation: tx.operation,
                    safeTxGas: tx.safe_tx_gas,
                    baseGas: tx.base_gas,
                    gasPrice: tx.gas_price,
                    gasToken: tx.gas_token,
                    refundReceiver: tx.refund_receiver,
                    nonce: tx.nonce,
                };
                assert_eq!(world.view(account, &asked).as_ref(), tx.encode(account, CHAIN_ID));
            }
        }
    }
}

#[test]
fn the_type_hashes_are_those_of_the_types() {
    let tx = "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,\
              uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)";
    assert_eq!(keccak256(tx), SAFE_TX_TYPEHASH);
    assert_eq!(keccak256("EIP712Domain(uint256 chainId,address verifyingContract)"), SAFE_DOMAIN_TYPEHASH);
}
