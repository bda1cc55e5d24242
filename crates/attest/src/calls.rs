//! What the chain is asked.

use alloy_primitives::{Address, Bytes};

/// Gas for asking a contract whether a signature is its own.
pub const SIGNATURE_GAS: u32 = 300_000;

/// Gas for asking the account about itself: its version, threshold, owners and approved hashes.
pub const ACCOUNT_GAS: u32 = 100_000;

/// Static calls, made by the hook.
pub trait Calls {
    /// Why an answer is not known.
    type Missing;

    /// What a static call with this much gas returns; none when it reverts or runs out of gas.
    ///
    /// # Errors
    /// [`Calls::Missing`] when it is not known.
    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Self::Missing>;
}

/// Whether the answer is this selector, padded on the right to exactly one word.
pub(crate) fn is_magic(answer: Option<&Bytes>, magic: [u8; 4]) -> bool {
    let word = answer.and_then(|answer| <[u8; 32]>::try_from(answer.as_ref()).ok());
    word.is_some_and(|[a, b, c, d, rest @ ..]| [a, b, c, d] == magic && rest == [0; 28])
}
