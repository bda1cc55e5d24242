//! Where the amount of an effect stands in a request, and which other amounts are worth trying.

use alloc::vec::Vec;

use alloy_primitives::{Bytes, U256};

use crate::effect::Effect;
use crate::obligation::Obligation;
use crate::request::{Action, Request};

/// Arguments that may be an amount: the first five words behind the selector.
const ARGUMENTS: [usize; 5] = [4, 36, 68, 100, 132];
/// Of a batch's calldata: selector, offset and length.
const BATCH_HEAD: usize = 68;
/// Of a batched transaction: operation, target, value and length.
const HEAD: usize = 85;
/// Operation and target.
const VALUE: usize = 21;

/// Where an amount stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// An action's value.
    Value(usize),
    /// A word of an action's calldata.
    Word(usize, usize),
}

impl Field {
    fn read(self, request: &Request) -> Option<U256> {
        match self {
            Self::Value(action) => request.actions.get(action).map(|action| action.value),
            Self::Word(action, at) => {
                let word = request.actions.get(action)?.data.get(at..)?.first_chunk::<32>()?;
                Some(U256::from_be_bytes(*word))
            }
        }
    }

    /// The request with another amount there.
    pub(super) fn with(self, request: &Request, amount: U256) -> Option<Request> {
        let mut changed = request.clone();
        match self {
            Self::Value(action) => changed.actions.get_mut(action)?.value = amount,
            Self::Word(action, at) => {
                let action = changed.actions.get_mut(action)?;
                let mut data = action.data.to_vec();
                *data.get_mut(at..)?.first_chunk_mut()? = amount.to_be_bytes::<32>();
                action.data = Bytes::from(data);
            }
        }
        Some(changed)
    }
}

/// Where the amount of the effect stands: where another number changes that amount and nothing else.
pub(super) fn field(
    request: &Request,
    effect: u32,
    effects: impl Fn(&Request) -> Option<Vec<Effect>>,
) -> Option<(Field, U256)> {
    let at = usize::try_from(effect).ok()?;
    let listed = effects(request)?;
    let amount = listed.get(at)?.amount?;
    let other = amount ^ U256::ONE;
    let mut expected = listed;
    expected.get_mut(at)?.amount = Some(other);
    let is_it = |field: &Field| {
        field.read(request) == Some(amount)
            && field.with(request, other).and_then(|changed| effects(&changed)).as_ref() == Some(&expected)
    };
    let mut fields = Vec::new();
    for (index, action) in request.actions.iter().enumerate() {
        fields.push(Field::Value(index));
        if action.operation == 0 {
            fields.extend(ARGUMENTS.map(|at| Field::Word(index, at)));
        } else {
            words(action, index, &mut fields);
        }
    }
    fields.into_iter().find(is_it).map(|field| (field, amount))
}

/// The words of a batch's transactions that may be amounts.
fn words(batch: &Action, index: usize, fields: &mut Vec<Field>) {
    let mut at = BATCH_HEAD;
    while let Some(head) = batch.data.get(at..).and_then(<[u8]>::first_chunk::<HEAD>) {
        fields.push(Field::Word(index, at.saturating_add(VALUE)));
        let data = at.saturating_add(HEAD);
        fields.extend(ARGUMENTS.map(|argument| Field::Word(index, data.saturating_add(argument))));
        let length = head.last_chunk::<32>().map(|word| U256::from_be_bytes(*word));
        let Some(length) = length.and_then(|length| usize::try_from(length).ok()) else { return };
        at = data.saturating_add(length);
    }
}

/// Amounts at which something may turn: what bounds of the program look like, and powers of two from the amount on.
pub(super) fn tastes(program: &[u8], amount: U256) -> Vec<U256> {
    let mut found: Vec<U256> = (1..256_usize).map(|bits| amount.wrapping_shr(bits)).collect();
    found.extend((1..256_usize).map(|bits| amount.saturating_mul(U256::ONE.wrapping_shl(bits))));
    let bounds = program.windows(2).zip(2_usize..).filter_map(|(head, at)| match *head {
        [4 | 5, length @ 1..=32] => {
            let end = at.checked_add(usize::from(length))?;
            program.get(at..end).map(U256::from_be_slice)
        }
        _ => None,
    });
    found.extend(bounds);
    found
}

/// The amount next to one that is not allowed, between one that is and one that is not.
pub(super) fn boundary(
    mut allowed: U256,
    mut denied: U256,
    mut missing: Vec<Obligation>,
    allows: &impl Fn(U256) -> Option<Vec<Obligation>>,
) -> (U256, Vec<Obligation>) {
    while allowed.abs_diff(denied) > U256::ONE {
        let least = allowed.min(denied);
        let middle = least.saturating_add(allowed.abs_diff(denied).wrapping_shr(1));
        match allows(middle) {
            Some(known) => (allowed, missing) = (middle, known),
            None => denied = middle,
        }
    }
    (allowed, missing)
}
