//! The multiplicative hash of directory and lists.

use alloy_primitives::{Address, U256, keccak256};
use std::array;
use std::sync::LazyLock;

/// The multipliers that the compiler tries, in this order.
static CANDIDATES: LazyLock<[U256; 64]> = LazyLock::new(|| {
    array::from_fn(|n| {
        let number = u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
        keccak256([&b"portcullis.index"[..], &number].concat()).into()
    })
});
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
    let mut load = vec![0_usize; buckets(bits)];
    let mut fullest = |multiplier: U256| {
        load.fill(0);
        for key in keys {
            if let Some(count) = load.get_mut(bucket(*key, multiplier, bits)) {
                *count = count.saturating_add(1);
            }
        }
        load.iter().copied().max().unwrap_or(0)
    };
    // No multiplier does better than this, so the first that does as well is the one.
    let least = keys.len().div_ceil(buckets(bits));
    let mut best = (usize::MAX, U256::ZERO);
    for multiplier in CANDIDATES.iter().copied() {
        let found = fullest(multiplier);
        if found < best.0 {
            best = (found, multiplier);
        }
        if found == least {
            break;
        }
    }
    best.1
}
