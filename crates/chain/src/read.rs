//! Reading a Safe, and what the hook keeps for it.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;
use portcullis_bindings::IPolicyHook;
use portcullis_bindings::safe::{FALLBACK_HANDLER_SLOT, GUARD_SLOT, MODULE_GUARD_SLOT, SENTINEL, SINGLETON_SLOT, Safe};
use serde::{Deserialize, Serialize};

use crate::safe::{ANYBODY, Version};
use crate::{Error, Ledger, Result};

/// What the hook keeps for an account.
pub use portcullis_bindings::IPolicyHook::AccountState;

/// The most modules that are read; a Safe with more is refused rather than read in part.
const MAX_MODULES: u64 = 1_024;

/// A Safe, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SafeInfo {
    /// Its address.
    pub address: Address,
    /// Its version.
    pub version: Version,
    /// The contract that its proxy delegates to.
    pub singleton: Address,
    /// In the Safe's order.
    pub owners: Vec<Address>,
    /// Signatures needed.
    pub threshold: U256,
    /// Of the next transaction.
    pub nonce: U256,
    /// The transaction guard; zero for none.
    pub guard: Address,
    /// The module guard; zero for none, and before 1.5.0.
    pub module_guard: Address,
    /// The fallback handler; zero for none.
    pub handler: Address,
    /// Enabled modules, in the Safe's order.
    pub modules: Vec<Address>,
}

/// Reads a Safe.
///
/// # Errors
/// [`Error::NoCode`], [`Error::NotASafe`], [`Error::UnsupportedVersion`], and those of the ledger.
pub fn safe(ledger: &dyn Ledger, address: Address) -> Result<SafeInfo> {
    if ledger.code(address, None)?.is_empty() {
        return Err(Error::NoCode { address, chain_id: ledger.chain_id() });
    }
    let ask = Ask { ledger, address };
    let version = ask.call("VERSION()", Safe::VERSIONCall {})?;
    let version: Version = version.parse().map_err(|()| Error::UnsupportedVersion { address, version })?;
    let slot = |slot| ledger.storage(address, slot, None).map(low_address);
    Ok(SafeInfo {
        address,
        version,
        singleton: slot(SINGLETON_SLOT)?,
        owners: ask.call("getOwners()", Safe::getOwnersCall {})?,
        threshold: ask.call("getThreshold()", Safe::getThresholdCall {})?,
        nonce: ask.call("nonce()", Safe::nonceCall {})?,
        guard: slot(GUARD_SLOT.into())?,
        module_guard: if version.has_module_guard() { slot(MODULE_GUARD_SLOT.into())? } else { Address::ZERO },
        handler: slot(FALLBACK_HANDLER_SLOT.into())?,
        modules: ask.modules()?,
    })
}

/// Reads what `hook` keeps for an account.
///
/// # Errors
/// [`Error::NoCode`] when there is no hook, [`Error::BadReturn`], and those of the ledger.
pub fn account(ledger: &dyn Ledger, hook: Address, account: Address) -> Result<AccountState> {
    view(ledger, hook, "accountState(address)", IPolicyHook::accountStateCall { account })
}

/// Calls a view of the hook, or of any contract, and decodes what it returns.
///
/// # Errors
/// [`Error::NoCode`] when nobody is there, [`Error::BadReturn`] when it reverts or returns something else,
/// and those of the ledger.
pub fn view<C: SolCall>(ledger: &dyn Ledger, to: Address, function: &'static str, call: C) -> Result<C::Return> {
    let called = ledger.call(ANYBODY, to, U256::ZERO, call.abi_encode().into())?;
    if called.output.is_empty() && ledger.code(to, None)?.is_empty() {
        return Err(Error::NoCode { address: to, chain_id: ledger.chain_id() });
    }
    decode::<C>(called.success, &called.output).ok_or(Error::BadReturn { address: to, function, output: called.output })
}

fn decode<C: SolCall>(success: bool, output: &Bytes) -> Option<C::Return> {
    if success { C::abi_decode_returns_validate(output).ok() } else { None }
}

fn low_address(word: U256) -> Address {
    Address::from_word(word.into())
}

/// Questions that every Safe answers.
struct Ask<'a> {
    ledger: &'a dyn Ledger,
    address: Address,
}

impl Ask<'_> {
    fn call<C: SolCall>(&self, function: &str, call: C) -> Result<C::Return> {
        let called = self.ledger.call(ANYBODY, self.address, U256::ZERO, call.abi_encode().into())?;
        decode::<C>(called.success, &called.output)
            .ok_or_else(|| Error::NotASafe { address: self.address, why: format!("`{function}` does not answer") })
    }

    /// In one page: the versions disagree on where the next one starts.
    fn modules(&self) -> Result<Vec<Address>> {
        let page = Safe::getModulesPaginatedCall { start: SENTINEL, pageSize: U256::from(MAX_MODULES) };
        let page = self.call("getModulesPaginated(address,uint256)", page)?;
        if page.next == SENTINEL || page.next == Address::ZERO {
            return Ok(page.array);
        }
        Err(Error::NotASafe { address: self.address, why: format!("it has more than {MAX_MODULES} modules") })
    }
}
