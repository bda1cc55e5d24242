//! Arguments in the one canonical ABI encoding.

use alloy_primitives::{Address, U256};

const WORD: usize = 32;

/// A word of arguments.
pub(crate) type Word = [u8; WORD];

/// The address in the word, if nothing else is.
pub(crate) fn clean_address(word: &Word) -> Option<Address> {
    let (head, tail) = word.split_first_chunk::<12>()?;
    (*head == [0; 12]).then(|| Address::from_slice(tail))
}

/// The boolean in the word, if nothing else is.
pub(crate) fn clean_bool(word: &Word) -> Option<bool> {
    match U256::from_be_bytes(*word) {
        U256::ZERO => Some(false),
        U256::ONE => Some(true),
        _ => None,
    }
}

/// The number in the word, if it has at most so many bits.
pub(crate) fn clean_number(word: &Word, bits: usize) -> Option<U256> {
    Some(U256::from_be_bytes(*word)).filter(|number| number.bit_len() <= bits)
}

/// The arguments, if they are exactly `N` words.
pub(crate) fn words<const N: usize>(arguments: &[u8]) -> Option<[&Word; N]> {
    let (words, rest) = arguments.as_chunks::<WORD>();
    if !rest.is_empty() || words.len() != N {
        return None;
    }
    let mut all = words.iter();
    let mut out = [&[0; WORD]; N];
    for slot in &mut out {
        *slot = all.next()?;
    }
    Some(out)
}

/// The first `N` words, and what is behind them.
fn head<const N: usize>(arguments: &[u8]) -> Option<([&Word; N], &[u8])> {
    let (head, tail) = arguments.split_at_checked(N.checked_mul(WORD)?)?;
    Some((words(head)?, tail))
}

fn length(word: &Word) -> Option<usize> {
    usize::try_from(U256::from_be_bytes(*word)).ok()
}

/// Length, bytes, zero padding to a word and nothing behind: the bytes.
fn last_bytes(tail: &[u8]) -> Option<&[u8]> {
    let (size, rest) = tail.split_first_chunk::<WORD>()?;
    let size = length(size)?;
    let (bytes, padding) = rest.split_at_checked(size)?;
    let padded = rest.len() == size.checked_next_multiple_of(WORD)?;
    (padded && padding.iter().all(|byte| *byte == 0)).then_some(bytes)
}

/// Length and words: the words, and what is behind them.
fn array(tail: &[u8]) -> Option<(&[Word], &[u8])> {
    let (size, rest) = tail.split_first_chunk::<WORD>()?;
    let (words, rest) = rest.split_at_checked(length(size)?.checked_mul(WORD)?)?;
    Some((words.as_chunks().0, rest))
}

/// The `N` words and the bytes behind them, if the last of the words is the offset of those and nothing follows.
pub(crate) fn words_and_bytes<const N: usize>(arguments: &[u8]) -> Option<([&Word; N], &[u8])> {
    let (head, tail) = head::<N>(arguments)?;
    (length(head.last()?)? == N.checked_mul(WORD)?).then_some(())?;
    Some((head, last_bytes(tail)?))
}

/// Two words, and two arrays of words and bytes behind three offsets: the words and the arrays.
pub(crate) fn words_and_arrays(arguments: &[u8]) -> Option<([&Word; 2], [&[Word]; 2])> {
    let ([one, two, first_at, second_at, bytes_at], tail) = head::<5>(arguments)?;
    let (first, behind_first) = array(tail)?;
    let (second, behind_second) = array(behind_first)?;
    let at = |rest: &[u8]| arguments.len().checked_sub(rest.len());
    let placed = [(first_at, tail), (second_at, behind_first), (bytes_at, behind_second)];
    for (offset, rest) in placed {
        (length(offset)? == at(rest)?).then_some(())?;
    }
    last_bytes(behind_second)?;
    Some(([one, two], [first, second]))
}
