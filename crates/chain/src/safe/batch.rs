//! The canonical encoding of a MultiSend batch, which the hook's decoder insists on.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::safe::MultiSend;

/// One transaction of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The target.
    pub to: Address,
    /// Native units, in wei.
    pub value: U256,
    /// Calldata.
    pub data: Bytes,
    /// 0 for a call, 1 for a delegatecall.
    pub operation: u8,
}

impl Transaction {
    /// A plain call without value.
    pub fn call(to: Address, data: impl Into<Bytes>) -> Self {
        Self { to, value: U256::ZERO, data: data.into(), operation: 0 }
    }
}

/// The calldata of `multiSend(bytes)`, padded to whole words and with nothing behind it.
#[must_use]
pub fn multi_send(transactions: &[Transaction]) -> Bytes {
    let mut packed = Vec::new();
    for transaction in transactions {
        packed.push(transaction.operation);
        packed.extend_from_slice(transaction.to.as_slice());
        packed.extend_from_slice(&transaction.value.to_be_bytes::<32>());
        packed.extend_from_slice(&U256::from(transaction.data.len()).to_be_bytes::<32>());
        packed.extend_from_slice(&transaction.data);
    }
    MultiSend::multiSendCall { transactions: packed.into() }.abi_encode().into()
}
