//! Calls that no rule sees: those that change Portcullis, or the slots that hold it in place.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256, keccak256};

use super::bytes::{address, calls, hash, selector_number, word, words};
use super::effects::names;
use super::{
    CONTROL_DENIED, FROZEN, HALF_ROUTE, NO_PROGRAM, NON_CANONICAL, SLOTS_NOT_MATURED, SLOTS_NOT_STAGED, STAGED_EXPIRED,
    Stop, Walk, World,
};
use crate::case::Case;

const FOURTEEN_DAYS: u64 = 1_209_600;

/// How the hook is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    None,
    Guard,
    Guards,
    Manager,
}

/// The account's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    pub(super) active: bool,
    pub(super) epoch: u32,
    pub(super) route: Route,
    pub(super) manager: Address,
    pub(super) frozen: bool,
    change_delay: u64,
    staged_slots: bool,
    staged_at: u64,
    digest: U256,
}

impl Account {
    pub(super) fn read(case: &Case) -> Self {
        let slot = |n: u8| (word(case.account) << 96) | U256::from(n);
        let stored = |n| case.words.get(&slot(n)).copied().unwrap_or_default();
        let field = |word: U256, from: usize, bits: usize| (word >> from) & ((U256::ONE << bits) - U256::ONE);
        let (control, staged) = (stored(0), stored(1));
        Self {
            active: !field(control, 0, 160).is_zero(),
            change_delay: field(control, 160, 32).saturating_to(),
            epoch: field(control, 192, 32).saturating_to(),
            route: match field(control, 224, 8).saturating_to::<u8>() {
                1 => Route::Guard,
                2 => Route::Guards,
                3 => Route::Manager,
                _ => Route::None,
            },
            frozen: !field(control, 232, 1).is_zero(),
            manager: Address::from_word(stored(3).into()),
            staged_slots: field(staged, 232, 8) == U256::from(2),
            staged_at: field(staged, 192, 40).saturating_to(),
            digest: stored(2),
        }
    }
}

/// One change of a slot that holds the hook.
#[derive(Clone, Debug)]
pub(super) struct SlotChange {
    effect: u32,
    to: Address,
    data: Vec<u8>,
    named: Address,
}

const ENTRIES: [&str; 7] = [
    "checkTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes,address)",
    "checkAfterExecution(bytes32,bool)",
    "checkModuleTransaction(address,uint256,bytes,uint8,address)",
    "checkAfterModuleExecution(bytes32,bool)",
    "preCheck(address,((address,uint256,bytes)[],uint256,bytes32),uint256,bytes)",
    "preCheckRootAccess(address,((address,uint256,bytes),uint256,bytes32),uint256,bytes)",
    "postCheck(address,bool,bytes)",
];
const PLUGINS: [&str; 3] =
    ["enablePlugin(address,uint8)", "disablePlugin(address,address)", "setFunctionHandler(bytes4,address)"];
const INSTALL: &str = "install(address,bytes32,uint32,address,address[])";
const STAGE: &str = "stage(address,bytes32,uint32)";
const STAGE_SLOTS: &str = "stageSlots((address,bytes)[])";
const CANCEL_STAGED: &str = "cancelStaged()";
const ACTIVATE: &str = "activate(address)";
const ANNOUNCE: &str = "announce(address,address,(address,uint256,bytes,uint8)[])";
const CANCEL: &str = "cancel(address,bytes32)";
const APPROVE: &str = "approve(address,bytes32,bytes32,uint64)";
const DENY: &str = "deny(address,bytes32,uint24)";
const START_UNFREEZE: &str = "startUnfreeze()";
const UNFREEZE: &str = "unfreeze()";
const SET_GUARD: &str = "setGuard(address)";
const SET_MODULE_GUARD: &str = "setModuleGuard(address)";
const SET_HANDLER: &str = "setFallbackHandler(address)";
const SET_HOOKS: &str = "setHooks(address)";

impl<W: World> Walk<'_, W> {
    /// Whether the leaf changes plugins or handlers of the manager that holds the hook.
    pub(super) fn changes_plugins(&self, to: Address, data: &[u8]) -> bool {
        self.account.route == Route::Manager
            && (to == self.case.account || to == self.account.manager)
            && PLUGINS.iter().any(|signature| calls(data, signature))
    }

    /// Whether the leaf is control or self-service, and passes.
    pub(super) fn control(&mut self, to: Address, value: U256, data: &[u8]) -> Result<bool, Stop> {
        let any = |signatures: &[&'static str]| signatures.iter().any(|signature| calls(data, signature));
        let managed = self.account.route == Route::Manager;
        let to_account = to == self.case.account;
        let to_manager = managed && to == self.account.manager;
        let slot = to_account && any(&[SET_GUARD, SET_MODULE_GUARD, SET_HANDLER])
            || managed && (to_account || to_manager) && calls(data, SET_HOOKS);
        let bare = any(&[CANCEL_STAGED, START_UNFREEZE, UNFREEZE]);
        let control = to == self.hook && (bare || any(&[INSTALL, STAGE, STAGE_SLOTS, ACTIVATE]));
        let own = to == self.hook && any(&[ANNOUNCE, CANCEL, APPROVE, DENY]) && names(data, self.case.account);
        let denied = self.deny(CONTROL_DENIED).have(selector_number(data));
        if to == self.hook && any(&ENTRIES) || to_manager && !slot && !any(&PLUGINS) {
            return Err(denied);
        }
        if !slot && !control && !own {
            return Ok(false);
        }
        if self.case.origin.is_some() || !value.is_zero() {
            return Err(denied);
        }
        let not_canonical = self.deny(NON_CANONICAL).have(selector_number(data));
        let named = self.named(to_manager, data);
        let canonical = if slot || calls(data, ACTIVATE) {
            named.is_some()
        } else if calls(data, STAGE) {
            words(data).is_some_and(|[program, _, delay]| address(program).is_some() && delay < U256::ONE << 32)
        } else if bare {
            data.len() == 4
        } else if calls(data, APPROVE) {
            words(data).is_some_and(|[_, _, _, deadline]| deadline < U256::ONE << 64)
        } else if calls(data, DENY) {
            words(data).is_some_and(|[_, _, list]| list < U256::ONE << 24)
        } else {
            !calls(data, CANCEL) || data.len() == 68
        };
        if !canonical {
            return Err(not_canonical);
        }
        if slot && calls(data, SET_HANDLER) && named == Some(self.hook) {
            return Err(denied);
        }
        if !self.account.active {
            return if slot || calls(data, INSTALL) { Ok(true) } else { Err(self.deny(NO_PROGRAM)) };
        }
        if calls(data, INSTALL) {
            return Err(denied);
        }
        if own && self.account.frozen && !calls(data, CANCEL) {
            return Err(self.deny(FROZEN));
        }
        if slot {
            let named = named.unwrap_or_default();
            self.slot_changes.push(SlotChange { effect: self.effects, to, data: data.to_vec(), named });
        }
        Ok(true)
    }

    /// The one address among the arguments, behind which the manager's calls carry the account.
    fn named(&self, to_manager: bool, data: &[u8]) -> Option<Address> {
        let suffix = if to_manager { self.case.account.as_slice() } else { &[] };
        words(data.strip_suffix(suffix)?).and_then(|[named]| address(named))
    }

    /// Compares the slot changes with what is staged; the words that carrying them out writes.
    pub(super) fn settle(&self) -> Result<BTreeMap<U256, U256>, Stop> {
        let Some(first) = self.slot_changes.first() else { return Ok(BTreeMap::new()) };
        let now = self.case.now;
        let denied = |reason, have: U256, need: U256| Err(Stop::at(reason, first.effect).have(have).need(need));
        let digest = self
            .slot_changes
            .iter()
            .fold(U256::ZERO, |digest, change| hash(&[digest, word(change.to), keccak256(&change.data).into()]));
        if !self.account.staged_slots {
            return denied(SLOTS_NOT_STAGED, U256::ZERO, digest);
        }
        if self.account.digest != digest {
            return denied(SLOTS_NOT_STAGED, self.account.digest, digest);
        }
        let matures = self.account.staged_at + self.account.change_delay;
        if now < matures {
            return denied(SLOTS_NOT_MATURED, U256::from(matures), U256::from(now));
        }
        if now >= matures + FOURTEEN_DAYS {
            return denied(STAGED_EXPIRED, U256::from(matures + FOURTEEN_DAYS), U256::from(now));
        }
        let last = |signature: &'static str, holder: Address| {
            let change = self.slot_changes.iter().rfind(|change| calls(&change.data, signature));
            change.is_some_and(|change| change.named != holder)
        };
        let removal = match self.account.route {
            Route::None => false,
            Route::Guard => last(SET_GUARD, self.hook),
            Route::Guards => {
                let leaves = (last(SET_GUARD, self.hook), last(SET_MODULE_GUARD, self.hook));
                if leaves.0 != leaves.1 {
                    return denied(HALF_ROUTE, U256::ZERO, U256::ZERO);
                }
                leaves.0
            }
            Route::Manager => last(SET_GUARD, self.account.manager) || last(SET_HOOKS, self.hook),
        };
        let slot = |n: u8| (word(self.case.account) << 96) | U256::from(n);
        let mut writes = BTreeMap::from([(slot(1), U256::ZERO), (slot(2), U256::ZERO)]);
        if removal {
            writes.insert(slot(0), U256::from(self.account.epoch.saturating_add(1)) << 192);
            writes.insert(slot(3), U256::ZERO);
            writes.insert(slot(5), U256::ZERO);
        }
        Ok(writes)
    }
}
