//! Accounts and words with their Merkle proofs, against the state root of a header that has the block's hash.

use std::collections::{BTreeMap, BTreeSet};

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use alloy_trie::proof::verify_proof;
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles, TrieAccount};
use serde::Deserialize;
use serde_json::{Value, json};

use super::record::{Account, Block};
use super::rpc::{Answer, Call};
use super::{Wanted, hash_of, parse};

/// Calls for one account: its proof with those of its words, and its code.
const OF_ACCOUNT: usize = 2;

/// What `eth_getProof` answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Proof {
    balance: U256,
    nonce: U256,
    code_hash: B256,
    storage_hash: B256,
    account_proof: Vec<Bytes>,
    storage_proof: Vec<Word>,
}

#[derive(Deserialize)]
struct Word {
    /// The slot, as a number or as a word.
    key: U256,
    value: U256,
    proof: Vec<Bytes>,
}

/// What one account's answers prove.
pub(super) struct Proven {
    pub(super) account: Account,
    pub(super) code: Bytes,
    pub(super) words: BTreeMap<B256, B256>,
}

/// The state root of a block whose whole header hashes to the block's hash.
pub(super) fn state_root(answer: &Value, block: &Block) -> Result<B256, String> {
    let header: Header =
        serde_json::from_value(answer.clone()).map_err(|error| format!("its header is not Ethereum's: {error}"))?;
    let hash = header.hash_slow();
    if hash != block.hash {
        return Err(format!("its header hashes to `{hash}`, not to `{}`", block.hash));
    }
    // What was read of it field by field is what was hashed.
    let same = header.number == block.number
        && header.timestamp == block.timestamp
        && header.parent_hash == block.parent
        && header.gas_limit == block.gas_limit
        && header.beneficiary == block.beneficiary
        && header.mix_hash == block.prevrandao;
    same.then_some(header.state_root).ok_or_else(|| "its header tells two stories".to_owned())
}

/// The words wanted of each account that anything is wanted of.
pub(super) fn by_account(wanted: &Wanted) -> BTreeMap<Address, BTreeSet<B256>> {
    let mut grouped: BTreeMap<Address, BTreeSet<B256>> = BTreeMap::new();
    for who in &wanted.accounts {
        grouped.entry(*who).or_default();
    }
    for (who, slot) in &wanted.words {
        grouped.entry(*who).or_default().insert(*slot);
    }
    grouped
}

/// The calls that prove them, at a block.
pub(super) fn calls(grouped: &BTreeMap<Address, BTreeSet<B256>>, at: &Value) -> Vec<Call> {
    let of = |(who, slots): (&Address, &BTreeSet<B256>)| {
        [
            Call { method: "eth_getProof", parameters: json!([who, slots, at]) },
            Call { method: "eth_getCode", parameters: json!([who, at]) },
        ]
    };
    grouped.iter().flat_map(of).collect()
}

/// What the answers to [`calls`] prove, account by account.
pub(super) fn answers<'a>(
    root: B256,
    grouped: &'a BTreeMap<Address, BTreeSet<B256>>,
    answers: &'a [Answer],
) -> impl Iterator<Item = (Address, Result<Proven, String>)> + 'a {
    let all = grouped.iter().zip(answers.chunks(OF_ACCOUNT));
    all.map(move |((who, slots), answers)| (*who, account(root, *who, slots, answers)))
}

fn account(root: B256, who: Address, slots: &BTreeSet<B256>, answers: &[Answer]) -> Result<Proven, String> {
    let [proof, code] = answers else {
        return Err("it does not answer".to_owned());
    };
    let proof: Proof = serde_json::from_value(proof.clone()?).map_err(|error| format!("it is no proof: {error}"))?;
    let code = parse::bytes(&code.clone()?)?;
    let nonce = u64::try_from(proof.nonce).map_err(|_| "its nonce is too large".to_owned())?;
    // Nodes name the code of an account that is not there by zero or by the hash of nothing.
    let code_hash = if proof.code_hash.is_zero() { KECCAK256_EMPTY } else { proof.code_hash };
    if hash_of(&code) != code_hash {
        return Err(format!("its code does not hash to `{code_hash}`"));
    }
    let storage_root = if proof.storage_hash.is_zero() { EMPTY_ROOT_HASH } else { proof.storage_hash };
    let told = TrieAccount { nonce, balance: proof.balance, storage_root, code_hash };
    let is_empty = nonce == 0 && proof.balance.is_zero() && code_hash == KECCAK256_EMPTY;
    let key = Nibbles::unpack(keccak256(who));
    let absent = || verify_proof(root, key, None, &proof.account_proof).is_ok();
    if !(is_empty && storage_root == EMPTY_ROOT_HASH && absent()) {
        let expected = Some(alloy_rlp::encode(told));
        verify_proof(root, key, expected, &proof.account_proof).map_err(|error| error.to_string())?;
    }
    let mut words = BTreeMap::new();
    // Nodes answer in an order of their own; what a word's proof proves is of the slot that was asked for.
    for slot in slots {
        let word = proof.storage_proof.iter().find(|word| B256::from(word.key) == *slot);
        let word = word.ok_or_else(|| format!("it has none of slot `{slot}`"))?;
        let key = Nibbles::unpack(keccak256(slot));
        // Zero is a word that is not there; some nodes for tests keep the zero.
        let is_absent = word.value.is_zero() && verify_proof(storage_root, key, None, &word.proof).is_ok();
        if !is_absent {
            let expected = Some(alloy_rlp::encode(word.value));
            verify_proof(storage_root, key, expected, &word.proof)
                .map_err(|error| format!("slot `{slot}`: {error}"))?;
        }
        words.insert(*slot, B256::from(word.value));
    }
    Ok(Proven { account: Account { balance: proof.balance, nonce, code_hash }, code, words })
}
