//! What the account is asked to do.

use alloy_primitives::{Address, Bytes, U256};

/// One call that the account is asked to make.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Action {
    /// Whom it calls.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// 0 call, 1 delegatecall; anything else is denied.
    pub operation: u8,
}

/// One thing that the account is asked to execute.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Request {
    /// The Safe.
    pub account: Address,
    /// The module that asks; none for the owners.
    pub origin: Option<Address>,
    /// Who calls `execTransaction`; the module for a module request.
    pub initiator: Address,
    /// Anything but zero is denied.
    pub safe_tx_gas: U256,
    /// Anything but zero is denied.
    pub gas_price: U256,
    /// In order.
    pub actions: Vec<Action>,
}
