//! Reading bytes from the left.

use std::cell::RefCell;
use std::collections::HashMap;

use alloy_primitives::{Address, U256, keccak256};

/// What is left to read. Each read is none where too little is left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// A number of up to 8 bytes.
    pub(super) fn number(&mut self, n: usize) -> Option<usize> {
        usize::try_from(self.value(n)?).ok()
    }

    /// A number of up to 32 bytes.
    pub(super) fn value(&mut self, n: usize) -> Option<U256> {
        U256::try_from_be_slice(self.take(n)?)
    }

    pub(super) fn address(&mut self) -> Option<Address> {
        Address::try_from(self.take(20)?).ok()
    }

    pub(super) fn selector(&mut self) -> Option<[u8; 4]> {
        self.take(4)?.first_chunk().copied()
    }
}

/// The selector of calldata of at least four bytes.
pub(super) fn selector(data: &[u8]) -> Option<[u8; 4]> {
    data.first_chunk().copied()
}

thread_local! {
    /// Signatures that were hashed before.
    static HASHED: RefCell<HashMap<&'static str, [u8; 4]>> = RefCell::default();
}

/// Whether the calldata calls this function.
pub(super) fn calls(data: &[u8], signature: &'static str) -> bool {
    let hash = || keccak256(signature).first_chunk().copied().unwrap_or_default();
    let wanted = HASHED.with_borrow_mut(|known| *known.entry(signature).or_insert_with(hash));
    selector(data) == Some(wanted)
}

/// The words behind the selector, if there are exactly `N`.
pub(super) fn words<const N: usize>(data: &[u8]) -> Option<[U256; N]> {
    let mut reader = Reader(data.get(4..)?);
    let mut words = [U256::ZERO; N];
    for word in &mut words {
        *word = reader.value(32)?;
    }
    reader.0.is_empty().then_some(words)
}

/// The word as an address, if nothing but an address is in it.
pub(super) fn address(word: U256) -> Option<Address> {
    (word < U256::ONE << 160).then(|| Address::from_word(word.into()))
}

/// The address as a word.
pub(super) fn word(address: Address) -> U256 {
    address.into_word().into()
}

/// The selector as a number.
pub(super) fn selector_number(data: &[u8]) -> U256 {
    U256::from(u32::from_be_bytes(selector(data).unwrap_or_default()))
}

/// The hash of words end to end.
pub(super) fn hash(words: &[U256]) -> U256 {
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect();
    keccak256(bytes).into()
}
