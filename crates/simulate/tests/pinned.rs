//! What was not read is not zero, and no contract can make it so.
#![allow(clippy::unwrap_used, reason = "a test fails where its helpers do")]

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use portcullis_simulate::{BrokenFile, Fork, Pinned, Record, Unread, seal, unseal};
use serde_json::json;

const CALLER: Address = Address::repeat_byte(0xca);
const READER: Address = Address::repeat_byte(0x5e);
const UNKNOWN: Address = Address::repeat_byte(0x99);
const SENDER: Address = Address::repeat_byte(0x11);

/// Code that calls an address, and returns whatever comes of it.
fn calls(target: Address) -> Bytes {
    [&hex!("5f5f5f5f73")[..], target.as_slice(), &hex!("5afa505f5ff3")].concat().into()
}

/// Code that reads slot 7 and returns nothing.
const READS: [u8; 5] = hex!("60075450 00");

/// One account calls another, which reads its storage.
fn record(target: Address) -> Record {
    let (calls, reads) = (calls(target), Bytes::from_static(&READS));
    let account = |code: &[u8]| json!({ "balance": "0x0", "nonce": 1, "code_hash": keccak256(code) });
    let nobody = json!({ "balance": "0x0", "nonce": 0, "code_hash": keccak256([]) });
    let record = json!({
        "chain_id": 1,
        "block": {
            "number": 100, "hash": B256::repeat_byte(1), "parent": B256::repeat_byte(2), "timestamp": 1_000,
            "gas_limit": 30_000_000, "beneficiary": Address::ZERO, "prevrandao": B256::ZERO,
        },
        "accounts": { CALLER.to_string(): account(&calls), READER.to_string(): account(&reads),
            SENDER.to_string(): nobody, Address::ZERO.to_string(): nobody },
        "words": {},
        "codes": { keccak256(&calls).to_string(): calls, keccak256(&reads).to_string(): reads },
    });
    serde_json::from_value(record).unwrap()
}

#[test]
fn no_contract_catches_a_read_that_fails() {
    for target in [UNKNOWN, READER] {
        let pinned = Pinned::recorded(record(target));
        let mut fork = Fork::new(&pinned, 1_001);
        let error = fork.send(SENDER, CALLER, U256::ZERO, Bytes::new()).unwrap_err();
        assert!(error.to_string().contains("the bundle does not hold"), "{error}");
        assert!(matches!(pinned.complete(), Err(Unread::NotRecorded { .. })));
        // Nor does anything that is known count afterwards.
        fork.code(CALLER).unwrap_err();
        fork.call(SENDER, SENDER, U256::ZERO, Bytes::new()).unwrap_err();
    }
}

#[test]
fn what_is_known_runs_and_what_was_used_runs_again() {
    let mut whole = serde_json::to_value(record(READER)).unwrap();
    whole["words"] = json!({ READER.to_string(): { B256::from(U256::from(7)).to_string(): B256::ZERO } });
    let pinned = Pinned::recorded(serde_json::from_value(whole).unwrap());
    let first = Fork::new(&pinned, 1_001).send(SENDER, CALLER, U256::ZERO, Bytes::new()).unwrap();
    assert!(first.receipt.success);
    pinned.complete().unwrap();
    let again = Pinned::recorded(pinned.used());
    let second = Fork::new(&again, 1_001).send(SENDER, CALLER, U256::ZERO, Bytes::new()).unwrap();
    assert_eq!((first, again.used()), (second, pinned.used()));
}

/// Code that returns slot 7 and the time.
const TELLS: [u8; 13] = hex!("600754 5f52 42 602052 60405f f3");

#[test]
fn a_call_is_answered_from_memory_only_on_the_state_and_at_the_time_that_it_was_asked_on() {
    let mut known = serde_json::to_value(record(READER)).unwrap();
    let tells = Bytes::from_static(&TELLS);
    known["accounts"][format!("{READER:#x}")]["code_hash"] = json!(keccak256(&tells));
    known["codes"][keccak256(&tells).to_string()] = json!(tells);
    known["words"] = json!({ READER.to_string(): { B256::from(U256::from(7)).to_string(): B256::ZERO } });
    let pinned = Pinned::recorded(serde_json::from_value(known).unwrap());
    let told = |fork: &Fork<'_>| {
        let output = fork.call(SENDER, READER, U256::ZERO, Bytes::new()).unwrap().output;
        [0, 32].map(|at| U256::from_be_slice(&output[at..at + 32]).to::<u64>())
    };
    let first = Fork::new(&pinned, 1_001);
    let mut changed = first.clone();
    assert_eq!([told(&first), told(&first), told(&changed)], [[0, 1_001]; 3]);
    assert_eq!(told(&Fork::new(&pinned, 1_002)), [0, 1_002]);
    changed.set_storage(READER, U256::from(7), U256::from(5)).unwrap();
    assert_eq!([told(&changed), told(&first)], [[5, 1_001], [0, 1_001]]);
    changed.set_now(1_003);
    assert_eq!(told(&changed), [5, 1_003]);
    // Nor is it an answer once something could not be read.
    first.code(UNKNOWN).unwrap_err();
    first.call(SENDER, READER, U256::ZERO, Bytes::new()).unwrap_err();
}

#[test]
fn code_is_what_its_hash_says_or_the_record_is_refused() {
    let good = record(READER);
    good.check().unwrap();
    let mut other = serde_json::to_value(&good).unwrap();
    let codes = other["codes"].as_object_mut().unwrap();
    let (hash, _) = codes.iter().next().map(|(hash, code)| (hash.clone(), code.clone())).unwrap();
    codes.insert(hash.clone(), json!("0x00"));
    let read: Record = serde_json::from_value(other.clone()).unwrap();
    assert!(matches!(read.check(), Err(BrokenFile::Content(_))));
    other["codes"].as_object_mut().unwrap().remove(&hash);
    let read: Record = serde_json::from_value(other).unwrap();
    assert!(matches!(read.check(), Err(BrokenFile::Content(_))));
}

#[test]
fn a_sealed_file_with_any_bit_changed_is_refused() {
    let sealed = seal("bundle", &record(READER)).unwrap();
    assert_eq!(unseal::<Record>("bundle", &sealed).unwrap(), record(READER));
    unseal::<Record>("cache", &sealed).unwrap_err();
    for place in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            *changed.get_mut(place).unwrap() ^= 1 << bit;
            assert!(unseal::<Record>("bundle", &changed).is_err(), "bit {bit} of byte {place}");
        }
    }
    for length in 0..sealed.len() {
        assert!(unseal::<Record>("bundle", sealed.get(..length).unwrap()).is_err(), "{length} bytes");
    }
}
