//! Code that stands in for a contract to ask what one of its static calls returns.

use alloy_primitives::{Address, Bytes, U256, hex};

/// Its code: of calldata `target as a word ‖ gas as a word ‖ data` it makes the static call of `data`, and returns
/// `1 as a word ‖ what it returned`, or `0 as a word ‖ what it reverted with`.
///
/// ```text
/// PUSH1 64 CALLDATASIZE SUB  DUP1 PUSH1 64 PUSH1 0 CALLDATACOPY
/// PUSH1 0 PUSH1 0 SWAP2 PUSH1 0  PUSH1 0 CALLDATALOAD  PUSH1 32 CALLDATALOAD  STATICCALL
/// PUSH1 0 MSTORE  RETURNDATASIZE PUSH1 0 PUSH1 32 RETURNDATACOPY
/// RETURNDATASIZE PUSH1 32 ADD PUSH1 0 RETURN
/// ```
pub const CODE: [u8; 40] = hex!("6040360380604060003760006000916000600035602035fa6000523d600060203e3d6020016000f3");

/// What the code takes as calldata.
#[must_use]
pub fn calldata(target: Address, gas: u32, data: &[u8]) -> Bytes {
    let gas = U256::from(gas).to_be_bytes::<32>();
    [target.into_word().as_slice(), &gas, data].concat().into()
}

/// More than the code can use, in gas: it passes `gas` on, copies what comes back, and pays for its own calldata.
#[must_use]
pub const fn gas_limit(gas: u32) -> u64 {
    // Calldata is at most 319 bytes; a copy costs less than the callee paid to make the original.
    2 * (gas as u64) + 100_000
}

/// Reads what the code returned: the answer, or none for a call that failed. None within none where it is something
/// else, so the code did not run to its end.
#[must_use]
pub fn answer(output: &Bytes) -> Option<Option<Bytes>> {
    let (success, returned) = output.split_first_chunk::<32>()?;
    Some((U256::from_be_bytes(*success) == U256::ONE).then(|| Bytes::copy_from_slice(returned)))
}
