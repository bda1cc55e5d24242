//! Calls that change Portcullis itself or the slots that hold it, `docs/program.md` §4. Rules never see them.

use alloy_primitives::{Address, B256, U256, keccak256};

use crate::calldata::{clean_address, clean_number, words};
use crate::layout::{AccountState, Route, StagedKind, Standing, State};
use crate::leaf::MANAGER_CALLS;
use crate::reason::Reason;
use crate::request::{Action, Request};
use crate::verdict::{Denial, Stop};

/// Selectors that control is recognised by.
pub mod selectors {
    /// `setGuard(address)` of the Safe.
    pub const SET_GUARD: [u8; 4] = [0xe1, 0x9a, 0x9d, 0xd9];
    /// `setModuleGuard(address)` of the Safe.
    pub const SET_MODULE_GUARD: [u8; 4] = [0xe0, 0x68, 0xdf, 0x37];
    /// `setFallbackHandler(address)` of the Safe.
    pub const SET_FALLBACK_HANDLER: [u8; 4] = [0xf0, 0x8a, 0x03, 0x23];
    /// `setHooks(address)` of the Safe Protocol manager.
    pub const SET_HOOKS: [u8; 4] = [0xfb, 0x63, 0xda, 0xa1];
    /// `install(address,bytes32,uint32,address,address[])` of the hook.
    pub const INSTALL: [u8; 4] = [0x35, 0xe0, 0xa0, 0x57];
    /// `stage(address,bytes32,uint32)` of the hook.
    pub const STAGE: [u8; 4] = [0x1a, 0x86, 0xd1, 0x5f];
    /// `stageSlots((address,bytes)[])` of the hook.
    pub const STAGE_SLOTS: [u8; 4] = [0xb4, 0xa8, 0x68, 0xf3];
    /// `cancelStaged()` of the hook.
    pub const CANCEL_STAGED: [u8; 4] = [0xbb, 0xcc, 0xa6, 0x8f];
    /// `activate(address)` of the hook.
    pub const ACTIVATE: [u8; 4] = [0x1c, 0x5a, 0x9d, 0x9c];
    /// `announce(address,address,(address,uint256,bytes,uint8)[])` of the hook.
    pub const ANNOUNCE: [u8; 4] = [0x2e, 0x25, 0xf9, 0x4d];
    /// `cancel(address,bytes32)` of the hook.
    pub const CANCEL: [u8; 4] = [0x9e, 0x2e, 0xd6, 0x86];
    /// `approve(address,bytes32,bytes32,uint64)` of the hook.
    pub const APPROVE: [u8; 4] = [0xc1, 0xe9, 0x64, 0x14];
    /// `deny(address,bytes32,uint24)` of the hook.
    pub const DENY: [u8; 4] = [0x9d, 0x9e, 0xa4, 0x4e];
    /// `open(address,address,(address,uint256,bytes,uint8)[])` of the hook.
    pub const OPEN: [u8; 4] = [0xbb, 0x99, 0xd4, 0xb1];
    /// `startUnfreeze()` of the hook.
    pub const START_UNFREEZE: [u8; 4] = [0xea, 0xc2, 0x73, 0x36];
    /// `unfreeze()` of the hook.
    pub const UNFREEZE: [u8; 4] = [0x6a, 0x28, 0xf0, 0x00];
    /// The entries of the hook, which an account never calls by request: `checkTransaction`,
    /// `checkAfterExecution`, `checkModuleTransaction`, `checkAfterModuleExecution`, `preCheck`,
    /// `preCheckRootAccess`, `postCheck`.
    pub const ENTRIES: [[u8; 4]; 7] = [
        [0x75, 0xf0, 0xbb, 0x52],
        [0x93, 0x27, 0x13, 0x68],
        [0x72, 0x8c, 0x29, 0x72],
        [0x2a, 0xcc, 0x37, 0xaa],
        [0x17, 0x6a, 0xe7, 0xb7],
        [0x73, 0x59, 0xb7, 0x42],
        [0xf4, 0x4d, 0x4c, 0xa3],
    ];
}
use selectors::{
    ACTIVATE, ANNOUNCE, APPROVE, CANCEL, CANCEL_STAGED, DENY, ENTRIES, INSTALL, OPEN, SET_FALLBACK_HANDLER, SET_GUARD,
    SET_HOOKS, SET_MODULE_GUARD, STAGE, STAGE_SLOTS, START_UNFREEZE, UNFREEZE,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Slot,
    Control,
    SelfService,
    /// What no request may call: the hook's entries, and most of the manager.
    Closed,
}

/// The slot changes of a request so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SlotChanges {
    first: Option<u32>,
    digest: B256,
    guard: Option<Address>,
    module_guard: Option<Address>,
    hooks: Option<Address>,
}

/// What the slot changes of a request lead to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There were none, or nothing is active.
    Nothing,
    /// The staged list was carried out.
    CarriedOut,
    /// It was, and the route is left.
    Removal,
}

fn classify(hook: Address, account: &Standing, request: &Request, leaf: &Action) -> Option<(Class, [u8; 4])> {
    let managed = account.route == Route::Manager;
    let to_manager = account.managed_by() == Some(leaf.to);
    let Some((selector, arguments)) = leaf.data.split_first_chunk::<4>() else {
        return to_manager.then_some((Class::Closed, [0; 4]));
    };
    let class = match *selector {
        SET_GUARD | SET_MODULE_GUARD | SET_FALLBACK_HANDLER if leaf.to == request.account => Class::Slot,
        SET_HOOKS if to_manager || (managed && leaf.to == request.account) => Class::Slot,
        INSTALL | STAGE | STAGE_SLOTS | CANCEL_STAGED | ACTIVATE | START_UNFREEZE | UNFREEZE if leaf.to == hook => {
            Class::Control
        }
        ANNOUNCE | CANCEL | APPROVE | DENY | OPEN
            if leaf.to == hook && arguments.first_chunk() == Some(&request.account.into_word().0) =>
        {
            Class::SelfService
        }
        selector if leaf.to == hook && ENTRIES.contains(&selector) => Class::Closed,
        selector if to_manager && !MANAGER_CALLS.contains(&selector) => Class::Closed,
        _ => return None,
    };
    Some((class, *selector))
}

/// Whether the call is in exact ABI encoding, as far as its size is fixed.
fn canonical(account: &Standing, request: &Request, leaf: &Action, selector: [u8; 4]) -> bool {
    let Some(arguments) = leaf.data.get(4..) else {
        return false;
    };
    match selector {
        SET_GUARD | SET_MODULE_GUARD | SET_FALLBACK_HANDLER | SET_HOOKS => {
            slot_argument(account, request, leaf).is_some()
        }
        ACTIVATE => words(arguments).is_some_and(|[program]| clean_address(program).is_some()),
        STAGE => words(arguments).is_some_and(|[program, _, delay]| {
            clean_address(program).is_some() && U256::from_be_bytes(*delay) <= U256::from(u32::MAX)
        }),
        CANCEL_STAGED | START_UNFREEZE | UNFREEZE => arguments.is_empty(),
        CANCEL => words::<2>(arguments).is_some(),
        APPROVE => words(arguments).is_some_and(|[_, _, _, deadline]| clean_number(deadline, 64).is_some()),
        DENY => words(arguments).is_some_and(|[_, _, list]| clean_number(list, 24).is_some()),
        _ => true,
    }
}

/// The one address that a slot change names.
fn slot_argument(account: &Standing, request: &Request, leaf: &Action) -> Option<Address> {
    let mut arguments = leaf.data.get(4..)?;
    if leaf.data.starts_with(&SET_HOOKS) && leaf.to == account.manager {
        arguments = arguments.strip_suffix(request.account.as_slice())?;
    }
    words(arguments).and_then(|[word]| clean_address(word))
}

impl SlotChanges {
    /// Judges a leaf that is control or self-service; false for an ordinary one.
    pub(crate) fn judge(
        &mut self,
        hook: Address,
        account: &Standing,
        request: &Request,
        leaf: &Action,
        effect: u32,
    ) -> Result<bool, Denial> {
        let Some((class, selector)) = classify(hook, account, request, leaf) else {
            return Ok(false);
        };
        let denied = |reason| Err(Denial::new(reason, effect).have_selector(selector));
        if class == Class::Closed || request.origin.is_some() || !leaf.value.is_zero() {
            return denied(Reason::ControlDenied);
        }
        if !canonical(account, request, leaf, selector) {
            return denied(Reason::NonCanonicalCalldata);
        }
        let named = slot_argument(account, request, leaf);
        if class == Class::Slot && selector == SET_FALLBACK_HANDLER && named == Some(hook) {
            return denied(Reason::ControlDenied);
        }
        if !account.is_active {
            if class == Class::Slot || selector == INSTALL {
                return Ok(true);
            }
            return Err(Denial::new(Reason::NoProgram, effect));
        }
        if selector == INSTALL {
            return denied(Reason::ControlDenied);
        }
        if class == Class::SelfService && account.is_frozen && selector != CANCEL {
            return Err(Denial::new(Reason::Frozen, effect));
        }
        if class == Class::Slot {
            self.fold(leaf, selector, named, effect);
        }
        Ok(true)
    }

    fn fold(&mut self, leaf: &Action, selector: [u8; 4], named: Option<Address>, effect: u32) {
        self.first.get_or_insert(effect);
        self.digest = keccak256([self.digest, leaf.to.into_word(), keccak256(&leaf.data)].concat());
        match selector {
            SET_GUARD => self.guard = named,
            SET_MODULE_GUARD => self.module_guard = named,
            SET_HOOKS => self.hooks = named,
            _ => {}
        }
    }

    /// Compares the changes with what is staged, once all leaves are judged.
    pub(crate) fn settle<S: State>(
        &self,
        hook: Address,
        account: Address,
        state: &S,
        now: u64,
    ) -> Result<Outcome, Stop> {
        let Some(first) = self.first else {
            return Ok(Outcome::Nothing);
        };
        let account = AccountState::read(account, state)?;
        let denied = |reason, have: U256, need: U256| Err(Denial::new(reason, first).have(have).need(need).into());
        let staged = if account.staged_kind == StagedKind::Slots { account.staged_digest } else { B256::ZERO };
        if account.staged_kind != StagedKind::Slots || staged != self.digest {
            return denied(Reason::SlotsNotStaged, staged.into(), self.digest.into());
        }
        let (matures_at, expires_at) = (account.matures_at(), account.expires_at());
        if now < matures_at {
            return denied(Reason::SlotsNotMatured, U256::from(matures_at), U256::from(now));
        }
        if now >= expires_at {
            return denied(Reason::StagedExpired, U256::from(expires_at), U256::from(now));
        }
        let leaves = |named: Option<Address>, held_by| named.is_some_and(|named| named != held_by);
        let removal = match account.route {
            Route::Guard => leaves(self.guard, hook),
            Route::Guards => {
                let left = leaves(self.guard, hook);
                if left != leaves(self.module_guard, hook) {
                    return denied(Reason::HalfRoute, U256::ZERO, U256::ZERO);
                }
                left
            }
            Route::Manager => leaves(self.guard, account.manager) || leaves(self.hooks, hook),
            Route::None => false,
        };
        Ok(if removal { Outcome::Removal } else { Outcome::CarriedOut })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_selector_is_that_of_its_signature() {
        let signatures: [(&str, [u8; 4]); 16] = [
            ("setGuard(address)", SET_GUARD),
            ("setModuleGuard(address)", SET_MODULE_GUARD),
            ("setFallbackHandler(address)", SET_FALLBACK_HANDLER),
            ("setHooks(address)", SET_HOOKS),
            ("install(address,bytes32,uint32,address,address[])", INSTALL),
            ("stage(address,bytes32,uint32)", STAGE),
            ("stageSlots((address,bytes)[])", STAGE_SLOTS),
            ("cancelStaged()", CANCEL_STAGED),
            ("activate(address)", ACTIVATE),
            ("announce(address,address,(address,uint256,bytes,uint8)[])", ANNOUNCE),
            ("cancel(address,bytes32)", CANCEL),
            ("approve(address,bytes32,bytes32,uint64)", APPROVE),
            ("deny(address,bytes32,uint24)", DENY),
            ("open(address,address,(address,uint256,bytes,uint8)[])", OPEN),
            ("startUnfreeze()", START_UNFREEZE),
            ("unfreeze()", UNFREEZE),
        ];
        let entries = [
            "checkTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes,address)",
            "checkAfterExecution(bytes32,bool)",
            "checkModuleTransaction(address,uint256,bytes,uint8,address)",
            "checkAfterModuleExecution(bytes32,bool)",
            "preCheck(address,((address,uint256,bytes)[],uint256,bytes32),uint256,bytes)",
            "preCheckRootAccess(address,((address,uint256,bytes),uint256,bytes32),uint256,bytes)",
            "postCheck(address,bool,bytes)",
        ];
        for (signature, selector) in signatures.into_iter().chain(entries.into_iter().zip(ENTRIES)) {
            assert_eq!(keccak256(signature)[..4], selector, "{signature}");
        }
    }
}
