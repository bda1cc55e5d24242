//! Calldata of witnesses.

use alloy_primitives::{Address, Bytes, U256};

use super::{
    arguments::{Argument, argument_at},
    dimension::within_mask,
    space::Space,
};
use crate::program::expand::{
    APPROVE_SELECTOR, ENABLE_MODULE, ERC20, ERC721, PERMIT2_APPROVE_SELECTOR, SAFE_TRANSFER_WITH_DATA_SELECTOR,
    SET_APPROVAL_FOR_ALL_SELECTOR, TRANSFER_ID_SELECTOR, TRANSFER_IDS_SELECTOR, TRANSFER_SELECTOR, approves, transfers,
};

/// The word of calldata from `offset` on, zero beyond its end.
pub(super) fn word_at(data: &[u8], offset: u16) -> U256 {
    let mut word = [0; 32];
    for (to, from) in word.iter_mut().zip(data.iter().skip(usize::from(offset))) {
        *to = *from;
    }
    U256::from_be_bytes(word)
}

/// The one encoding of a call that decodes; none for other calls.
pub(super) fn token_call(
    selector: [u8; 4],
    token: Option<(Address, u8)>,
    source: Address,
    recipient: Address,
    amount: U256,
) -> Option<Bytes> {
    let word = |address: Address| U256::from_be_slice(address.as_slice());
    let (from, to) = (word(source), word(recipient));
    let number = |value: u16| U256::from(value);
    let flag = U256::from(!amount.is_zero());
    let words: Vec<U256> = match token {
        None if selector == ENABLE_MODULE => vec![to],
        Some((token, ERC20)) if selector == PERMIT2_APPROVE_SELECTOR => vec![word(token), to, amount, U256::ZERO],
        Some((_, standard)) if transfers(standard).contains(&selector) => match (standard, selector) {
            (ERC20, TRANSFER_SELECTOR) => vec![to, amount],
            (ERC20, _) => vec![from, to, amount],
            (ERC721, SAFE_TRANSFER_WITH_DATA_SELECTOR) => vec![from, to, U256::ONE, number(0x80), U256::ZERO],
            (ERC721, _) => vec![from, to, U256::ONE],
            (_, TRANSFER_ID_SELECTOR) => vec![from, to, U256::ONE, amount, number(0xa0), U256::ZERO],
            (_, TRANSFER_IDS_SELECTOR) => {
                let heads = [from, to, number(0xa0), number(0xe0), number(0x120)];
                let tails = [U256::ONE, U256::ONE, U256::ONE, amount, U256::ZERO];
                heads.into_iter().chain(tails).collect()
            }
            _ => return None,
        },
        Some((_, standard)) if approves(standard).contains(&selector) => match (standard, selector) {
            (_, SET_APPROVAL_FOR_ALL_SELECTOR) => vec![to, flag],
            (ERC721, APPROVE_SELECTOR) => vec![to, U256::ONE],
            _ => vec![to, amount],
        },
        _ => return None,
    };
    let mut data = selector.to_vec();
    data.extend(words.iter().flat_map(|word| word.to_be_bytes::<32>()));
    Some(data.into())
}

/// A call whose words are as assigned.
pub(super) fn free_call(selector: [u8; 4], space: &Space, assignment: &[bool]) -> Option<Bytes> {
    let mut data = selector.to_vec();
    for (((offset, mask), line), dimension) in space.classes.words.iter().zip(space.dims.words.values()) {
        let (first, last) = line.bounds(dimension.class(assignment));
        let masked = within_mask(first, *mask).filter(|number| number <= &last)?;
        if masked.is_zero() {
            continue;
        }
        let at = usize::from(*offset);
        let end = at.saturating_add(32);
        if data.len() < end {
            data.resize(end, 0);
        }
        let word = word_at(&data, *offset) | masked;
        data.get_mut(at..end)?.copy_from_slice(&word.to_be_bytes::<32>());
    }
    // A word below offset 4 begins within the selector.
    (data.first_chunk() == Some(&selector)).then(|| data.into())
}

/// The call with its free arguments as assigned; none where they cannot be.
pub(super) fn fill(
    data: Bytes,
    written: &(Vec<Argument>, Argument),
    space: &Space,
    assignment: &[bool],
) -> Option<Bytes> {
    let mut data = data.to_vec();
    for (((offset, mask), line), dimension) in space.classes.words.iter().zip(space.dims.words.values()) {
        let bits = match argument_at(written, *offset) {
            Some(Argument::Free) => 256,
            Some(Argument::Bits(bits)) => bits,
            Some(Argument::AnyBut(_)) => 160,
            _ => continue,
        };
        let (at, bits) = (usize::from(*offset), U256::MAX.wrapping_shr(256_usize.saturating_sub(bits)));
        let (first, last) = line.bounds(dimension.class(assignment));
        let Some(place) = data.get_mut(at..at.saturating_add(32)) else { continue };
        if (first..=last).contains(&(U256::from_be_slice(place) & *mask)) {
            continue;
        }
        let mut number = within_mask(first, *mask & bits).filter(|number| number <= &last)?;
        if let Some(Argument::AnyBut(other)) = argument_at(written, *offset)
            && number == U256::from_be_slice(other.as_slice())
        {
            number = number.checked_add(U256::ONE).filter(|number| number <= &last)?;
        }
        let kept = U256::from_be_slice(place) & !*mask & bits;
        place.copy_from_slice(&(kept | number).to_be_bytes::<32>());
    }
    Some(data.into())
}
