//! What the account is asked to do.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_attest::SafeTransaction;

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
    /// Part of what owners sign.
    pub base_gas: U256,
    /// Part of what owners sign.
    pub gas_token: Address,
    /// Part of what owners sign.
    pub refund_receiver: Address,
    /// The Safe's nonce that owners sign for, which during execution is already one higher. Zero for a module.
    pub nonce: U256,
    /// What the owners hand over: their signatures, and material behind them. Not looked at for a module.
    pub signatures: Bytes,
    /// In order.
    pub actions: Vec<Action>,
}

impl Request {
    /// What owners sign. None for a module request and for one of several actions, which nothing can be bound to.
    #[must_use]
    pub fn safe_transaction(&self) -> Option<SafeTransaction> {
        let [action] = self.actions.as_slice() else {
            return None;
        };
        self.origin.is_none().then(|| SafeTransaction {
            to: action.to,
            value: action.value,
            data: action.data.clone(),
            operation: action.operation,
            safe_tx_gas: self.safe_tx_gas,
            base_gas: self.base_gas,
            gas_price: self.gas_price,
            gas_token: self.gas_token,
            refund_receiver: self.refund_receiver,
            nonce: self.nonce,
        })
    }

    /// What approvals and attestations call the request: its Safe transaction hash. None where there is none.
    #[must_use]
    pub fn hash(&self, chain_id: u64) -> Option<B256> {
        self.safe_transaction().map(|transaction| transaction.hash(self.account, chain_id))
    }
}
