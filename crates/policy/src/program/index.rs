//! The multiplicative hash of directory and lists.

use alloy_primitives::{Address, U256, keccak256};

/// How many multipliers the compiler tries.
const CANDIDATES: u32 = 64;
/// The most bits a directory or list may use.
pub(crate) const MAX_BITS: u32 = 15;

/// `key · M mod 2^256`, its highest `bits` bits.
pub(crate) fn bucket(key: U256, multiplier: U256, bits: u32) -> usize {
    let product = key.wrapping_mul(multiplier);
    let shift = 256_usize.saturating_sub(usize::try_from(bits).unwrap_or(256));
    if bits == 0 { 0 } else { product.wrapping_shr(shift).saturating_to() }
}

/// The bucket of a list's member.
pub(crate) fn address_bucket(address: &Address, multiplier: U256, bits: u32) -> usize {
    bucket(U256::from_be_slice(address.as_slice()), multiplier, bits)
}

/// `2^bits`.
pub(crate) fn buckets(bits: u32) -> usize {
    1_usize.checked_shl(bits).unwrap_or(usize::MAX)
}

/// The least `bits` with `n ≤ load · 2^bits`; may exceed [`MAX_BITS`], when nothing fits anyway.
pub(crate) fn least_bits(n: usize, load: usize) -> u32 {
    (0..usize::BITS).find(|bits| n <= load.saturating_mul(buckets(*bits))).unwrap_or(usize::BITS)
}

/// The candidate whose fullest bucket is least full; the first wins ties.
pub(crate) fn best_multiplier(keys: &[U256], bits: u32) -> U256 {
    (0..CANDIDATES)
        .map(candidate)
        .min_by_key(|multiplier| {
            let mut load = vec![0_usize; buckets(bits)];
            for key in keys {
                if let Some(count) = load.get_mut(bucket(*key, *multiplier, bits)) {
                    *count = count.saturating_add(1);
                }
            }
            load.into_iter().max().unwrap_or(0)
        })
        .unwrap_or_default()
}

fn candidate(n: u32) -> U256 {
    let mut seed = b"portcullis.index".to_vec();
    seed.extend_from_slice(&n.to_be_bytes());
    keccak256(seed).into()
}
