//! The batch that puts a Safe under a program.

use alloy_primitives::{Address, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::Safe;

use crate::deploy::Program;
use crate::read::SafeInfo;
use crate::safe::{self, SafeTx, Transaction};
use crate::{Error, Result};

/// What is installed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    /// The hook.
    pub hook: Address,
    /// The program.
    pub program: Program,
    /// Seconds before a staged change matures.
    pub change_delay: u32,
    /// On Safes older than 1.5.0, which do not guard modules: every enabled one, in the Safe's order.
    pub bypassing: Vec<Address>,
    /// The signature handler ([`crate::deploy::deploy_handler`]), where it is to answer for what the Safe signs; none
    /// leaves the Safe's fallback handler as it is.
    pub handler: Option<Address>,
}

/// The calls of the installing batch: the guards first, then the handler, `install` last, for it checks them.
///
/// # Errors
/// [`Error::GuardTaken`] over another guard; [`Error::ModulesNotAcknowledged`] when the modules that would
/// bypass the guard are not exactly the ones acknowledged.
pub fn calls(safe: &SafeInfo, what: &Installation) -> Result<Vec<Transaction>> {
    for guard in [safe.guard, safe.module_guard] {
        if guard != Address::ZERO && guard != what.hook {
            return Err(Error::GuardTaken { safe: safe.address, guard });
        }
    }
    let guarded = safe.version.has_module_guard();
    let bypassing: &[Address] = if guarded { &[] } else { &safe.modules };
    if bypassing != what.bypassing {
        return Err(Error::ModulesNotAcknowledged { enabled: bypassing.to_vec() });
    }
    let mut calls = vec![Transaction::call(safe.address, Safe::setGuardCall { guard: what.hook }.abi_encode())];
    if guarded {
        let set = Safe::setModuleGuardCall { moduleGuard: what.hook };
        calls.push(Transaction::call(safe.address, set.abi_encode()));
    }
    // Afterwards it is a slot change, which has to be staged.
    if let Some(handler) = what.handler.filter(|handler| *handler != safe.handler) {
        let set = Safe::setFallbackHandlerCall { handler };
        calls.push(Transaction::call(safe.address, set.abi_encode()));
    }
    let install = IPolicyHook::installCall {
        program: what.program.address,
        codeHash: what.program.code_hash,
        changeDelay: what.change_delay,
        manager: Address::ZERO,
        bypassing: what.bypassing.clone(),
    };
    calls.push(Transaction::call(what.hook, install.abi_encode()));
    Ok(calls)
}

/// The installing batch as a Safe transaction with the Safe's present nonce, through the MultiSend (or
/// MultiSendCallOnly) at `multi_send`.
///
/// # Errors
/// As [`calls`].
pub fn transaction(safe: &SafeInfo, multi_send: Address, what: &Installation) -> Result<SafeTx> {
    let nonce: U256 = safe.nonce;
    Ok(safe::batch(multi_send, &calls(safe, what)?, nonce))
}
