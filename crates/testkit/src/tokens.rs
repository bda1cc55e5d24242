//! Calldata that moves tokens.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolValue;

use crate::dice::Dice;
use crate::draft::{APPROVAL_FOR_ALL, BATCH_1155, PERMIT2_APPROVE, SAFE_721, SAFE_721_DATA, SAFE_1155, TRANSFER_FROM};

/// One of the calls that decode.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TokenCall {
    /// Which.
    pub selector: [u8; 4],
    /// Of those that name one.
    pub source: Address,
    /// Or spender.
    pub recipient: Address,
    /// Base units or ids; more than one in a batch. One at least, but for what is not canonical.
    pub amounts: Vec<U256>,
    /// That an allowance at Permit2 is for.
    pub token: Address,
    /// Passed on to the recipient.
    pub extra: Bytes,
}

impl TokenCall {
    /// How many effects it has.
    #[must_use]
    pub fn effects(&self) -> usize {
        if self.selector == BATCH_1155 { self.amounts.len() } else { 1 }
    }

    /// The calldata.
    #[must_use]
    pub fn data(&self) -> Bytes {
        let Self { selector, source, recipient, amounts, token, extra } = self;
        let amount = amounts.first().copied().unwrap_or_default();
        let id = U256::from(7);
        let arguments = match *selector {
            TRANSFER_FROM | SAFE_721 => (*source, *recipient, amount).abi_encode_params(),
            SAFE_721_DATA => (*source, *recipient, amount, extra.clone()).abi_encode_params(),
            SAFE_1155 => (*source, *recipient, id, amount, extra.clone()).abi_encode_params(),
            BATCH_1155 => {
                let ids: Vec<U256> = (0..amounts.len()).map(U256::from).collect();
                (*source, *recipient, ids, amounts.clone(), extra.clone()).abi_encode_params()
            }
            APPROVAL_FOR_ALL => (*recipient, !amount.is_zero()).abi_encode_params(),
            PERMIT2_APPROVE => (*token, *recipient, amount & (U256::MAX >> 96), id).abi_encode_params(),
            _ => (*recipient, amount).abi_encode_params(),
        };
        [selector.as_slice(), &arguments].concat().into()
    }
}

/// Words in front of the dynamic arguments, of calls that have any.
#[must_use]
pub fn head(selector: [u8; 4]) -> Option<usize> {
    match selector {
        SAFE_721_DATA => Some(4),
        SAFE_1155 | BATCH_1155 => Some(5),
        _ => None,
    }
}

/// Makes dynamic calldata decode to the same values in another encoding, or to none.
pub fn misplace(dice: &mut Dice, data: &mut Vec<u8>, head: usize) {
    let arguments = data.len().saturating_sub(4) / 32;
    let at = |word: usize| 4 + 32 * word;
    let mut bump = |word: usize, by: u8| {
        if let Some(byte) = data.get_mut(at(word) + 31) {
            *byte = byte.wrapping_add(by);
        }
    };
    match dice.below(6) {
        // An offset that points elsewhere.
        0 => bump(head.saturating_sub(1 + dice.index(3)), 32),
        // A length that is not so.
        1 => bump(head + dice.index(arguments.saturating_sub(head)), 1),
        // A tail that stands one word further on.
        2 => {
            bump(head.saturating_sub(1), 32);
            let gap = data.len().min(at(arguments.saturating_sub(1)));
            data.splice(gap..gap, [0; 32]);
        }
        3 => data.extend([0; 32]),
        4 => data.truncate(data.len().saturating_sub(32)),
        // Padding, or the last byte of an argument.
        _ => {
            if let Some(last) = data.last_mut() {
                *last = last.wrapping_add(1);
            }
        }
    }
}
