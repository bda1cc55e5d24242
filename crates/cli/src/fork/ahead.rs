//! What a simulation will most likely read, asked for before it runs.

use super::ANYBODY;
use crate::mirror;
use crate::tx_file::TxFile;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolCall;
use portcullis_bindings::libraries;
use portcullis_bindings::safe::{
    self, FALLBACK_HANDLER_SLOT, GUARD_SLOT, MODULE_GUARD_SLOT, MODULES_SLOT, NONCE_SLOT, OWNERS_SLOT, SENTINEL,
    SINGLETON_SLOT, Safe, THRESHOLD_SLOT,
};
use portcullis_chain::deploy;
use portcullis_eval::{Request, account_slot};
use portcullis_simulate::Wanted;

/// Words that the hook keeps for an account.
const WORDS: u8 = 7;
/// The precompile that recovers signers; revm looks at its account as at any other.
const RECOVERS: Address = safe::SENTINEL;

/// What every simulation of a Safe's transaction reads.
pub(crate) fn wanted(account: Address, transaction: &TxFile) -> Wanted {
    let mut wanted = of_safe(account);
    wanted.accounts.extend(transaction.origin.or(transaction.initiator));
    wanted.accounts.extend(transaction.actions.iter().map(|action| action.to));
    if transaction.actions.len() > 1 {
        let batches =
            [safe::MULTI_SEND_CALL_ONLY_1_3_0, safe::MULTI_SEND_CALL_ONLY_1_4_1, safe::MULTI_SEND_CALL_ONLY_1_5_0];
        wanted.accounts.extend(batches);
    }
    wanted
}

/// What everything about a Safe reads.
pub(crate) fn of_safe(account: Address) -> Wanted {
    let hook = deploy::hook_at();
    let mut wanted = Wanted::default();
    wanted.accounts.extend([account, hook, ANYBODY, RECOVERS, Address::ZERO]);
    wanted.accounts.extend(libraries::ALL.iter().map(libraries::Library::address));
    let first = |slot: U256| keccak256([SENTINEL.into_word(), slot.into()].concat());
    let words = [SINGLETON_SLOT, THRESHOLD_SLOT, NONCE_SLOT].map(B256::from);
    let slots = [GUARD_SLOT, MODULE_GUARD_SLOT, FALLBACK_HANDLER_SLOT, first(MODULES_SLOT), first(OWNERS_SLOT)];
    wanted.words.extend(words.into_iter().chain(slots).map(|slot| (account, slot)));
    wanted.words.extend((0..WORDS).map(|n| (hook, account_slot(account, n).into())));
    wanted
}

/// Calls that touch the rest: the Safe's lists, the verdict, and what each action does.
pub(crate) fn hints(account: Address, transaction: &TxFile) -> Vec<(Address, Address, Bytes)> {
    let request = Request {
        account,
        origin: transaction.origin,
        initiator: transaction.origin.or(transaction.initiator).unwrap_or(ANYBODY),
        signatures: transaction.signatures.clone(),
        actions: transaction.actions.clone(),
        ..Request::default()
    };
    let mut hints = lists(account);
    hints.push((ANYBODY, deploy::hook_at(), mirror::question(&request).abi_encode().into()));
    let calls = transaction.actions.iter().filter(|action| action.operation == 0 && !action.data.is_empty());
    hints.extend(calls.map(|action| (account, action.to, action.data.clone())));
    hints
}

/// Calls that touch a Safe's owners and modules.
pub(crate) fn lists(account: Address) -> Vec<(Address, Address, Bytes)> {
    let page = Safe::getModulesPaginatedCall { start: SENTINEL, pageSize: U256::from(1_024) };
    vec![(ANYBODY, account, Safe::getOwnersCall {}.abi_encode().into()), (ANYBODY, account, page.abi_encode().into())]
}
