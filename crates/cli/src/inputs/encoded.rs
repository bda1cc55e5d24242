//! Calldata of a Safe's own entries.

use super::{Input, Terms};
use crate::tx_file::TxFile;
use alloy_primitives::Address;
use alloy_sol_types::SolCall;
use eyre::{Result, eyre};
use portcullis_bindings::safe::Safe;
use portcullis_chain::history::execTransactionFromModuleReturnDataCall as FromModuleReturningData;
use portcullis_eval::Action;

/// Reads a call as the Safe would: bytes behind it count for nothing. `sender` calls for owners, `module` for itself.
pub(super) fn read(data: &[u8], sender: Option<Address>, module: Option<Address>) -> Result<Input> {
    if let Ok(call) = Safe::execTransactionCall::abi_decode(data) {
        let action = Action { to: call.to, value: call.value, data: call.data, operation: call.operation };
        let terms = Terms {
            safe_tx_gas: call.safeTxGas,
            base_gas: call.baseGas,
            gas_price: call.gasPrice,
            gas_token: call.gasToken,
            refund_receiver: call.refundReceiver,
        };
        let (signatures, actions) = (call.signatures, vec![action]);
        let transaction = TxFile { initiator: sender, signatures, actions, ..TxFile::default() };
        return Ok(Input { transaction, terms, ..Input::default() });
    }
    let (to, value, data, operation) = if let Ok(call) = Safe::execTransactionFromModuleCall::abi_decode(data) {
        (call.to, call.value, call.data, call.operation)
    } else {
        let call = FromModuleReturningData::abi_decode(data).map_err(|_| {
            eyre!("it is neither `execTransaction` nor `execTransactionFromModule`; write any other call into a file")
        })?;
        (call.to, call.value, call.data, call.operation)
    };
    let module = module.ok_or_else(|| eyre!("a module sends this call: name it with --module"))?;
    let actions = vec![Action { to, value, data, operation }];
    let transaction = TxFile { origin: Some(module), actions, ..TxFile::default() };
    Ok(Input { transaction, ..Input::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Bytes, U256};

    const TO: Address = Address::repeat_byte(1);

    #[test]
    fn a_module_is_named_and_an_unknown_call_is_none() {
        let call =
            Safe::execTransactionFromModuleCall { to: TO, value: U256::from(5), data: Bytes::new(), operation: 0 };
        let data = call.abi_encode();
        let error = read(&data, None, None).map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(error, Err("a module sends this call: name it with --module".to_owned()));
        let input = read(&data, None, Some(TO));
        assert!(input.is_ok_and(|input| input.transaction.origin == Some(TO)));
        assert!(read(&Safe::nonceCall {}.abi_encode(), None, Some(TO)).is_err());
    }
}
