//! Limits that meter the account's balance, `docs/program.md` §11.

use alloc::vec::Vec;

use alloy_primitives::{Address, U256};

use crate::layout::{Missing, State};
use crate::limit::{Meter, Refused};
use crate::reason::Reason;
use crate::verdict::{Denial, Verdict};

/// Gas for each question to a token.
const GAS: u32 = 100_000;
/// `balanceOf(address)`.
const BALANCE_OF: [u8; 4] = [0x70, 0xa0, 0x82, 0x31];

/// What was noted before an execution under limits that meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metering {
    /// How many effects the request has.
    pub effects: u32,
    /// By limit, ascending.
    pub limits: Vec<Balance>,
}

/// What was noted for one limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The limit's index.
    pub limit: u8,
    /// What it caps; native is zero.
    pub asset: Address,
    /// How much of it the account has before the execution, in base units.
    pub before: U256,
    pub(crate) meter: Meter,
}

/// What is charged to a limit after an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excess {
    /// The limit's index.
    pub limit: u8,
    /// What left beyond what calldata declared, in base units.
    pub amount: U256,
    /// The slot and the word that the limit then keeps; none for a window that keeps none.
    pub write: Option<(U256, U256)>,
}

impl Balance {
    /// What the request's calldata declares to leave, in base units. Allowances are none of it.
    #[must_use]
    pub const fn declared(&self) -> U256 {
        self.meter.declared()
    }

    /// What the limit has left for what leaves beyond, in base units.
    #[must_use]
    pub fn remaining(&self) -> U256 {
        self.meter.remaining()
    }
}

impl Metering {
    /// What the check after the execution charges where the account then has what `after` tells; or why it denies.
    ///
    /// # Errors
    /// [`Missing`] when what the account then has is not known.
    pub fn settle<S: State>(&self, account: Address, after: &S) -> Result<Result<Vec<Excess>, Verdict>, Missing> {
        let mut charged = Vec::new();
        for Balance { limit, asset, before, meter } in &self.limits {
            let denied = |reason| Denial::new(reason, self.effects).detail(*limit);
            let Some(now) = balance(account, *asset, after)? else {
                return Ok(Err(denied(Reason::BalanceUnreadable).have_address(*asset).0));
            };
            let amount = before.saturating_sub(now).saturating_sub(meter.declared());
            if amount.is_zero() {
                continue;
            }
            let mut meter = meter.clone();
            if let Err(Refused::Overflow(_) | Refused::Exceeded(_)) = meter.charge(amount) {
                return Ok(Err(denied(Reason::BalanceExceeded).have(meter.remaining()).need(amount).0));
            }
            charged.push(Excess { limit: *limit, amount, write: meter.write() });
        }
        Ok(Ok(charged))
    }
}

/// How much of the asset the account has; none unless that is told in exactly one word.
pub(crate) fn balance<S: State>(account: Address, asset: Address, state: &S) -> Result<Option<U256>, Missing> {
    if asset.is_zero() {
        return state.balance(account).map(Some);
    }
    let question = [BALANCE_OF.as_slice(), account.into_word().as_slice()].concat();
    let answer = state.static_call(asset, &question, GAS)?;
    Ok(answer.and_then(|answer| <[u8; 32]>::try_from(answer.as_ref()).ok()).map(U256::from_be_bytes))
}
