//! What an executed request says to the hook, and what that changes: `docs/program.md` §4, §6 and §7.
//!
//! The program under test stays, whatever is staged and activated: that it would have been replaced is not its
//! answer to a request. Everything else goes on as on the chain.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolCall;
use portcullis_bindings::IPolicyHook;
use portcullis_eval::{AccountState, Action, Request, Route, StagedKind, announcement_slot, leaves, selectors};

use crate::{
    facts::{Facts, View},
    world::World,
};

/// Kinds of staged changes, as the word has them.
const PROGRAM_KIND: u8 = 1;
const SLOTS_KIND: u8 = 2;

/// The route as the account's word has it.
const fn route(route: Route) -> u8 {
    match route {
        Route::None => 0,
        Route::Guard => 1,
        Route::Guards => 2,
        Route::Manager => 3,
    }
}

impl World {
    pub(crate) fn talk_to_hook(&mut self, facts: &Facts, request: &Request, now: u64) {
        let hook = self.setting.hook;
        // Most requests do not: neither is the hook called nor does a batch hold its address.
        let is_near = |action: &Action| {
            let bytes = hook.as_slice();
            action.to == hook || (action.operation == 1 && action.data.windows(20).any(|window| window == bytes))
        };
        if !request.actions.iter().any(is_near) {
            return;
        }
        let view = View { words: &self.words, facts };
        let Ok(leaves) = leaves(&view, request.account, &request.actions) else { return };
        for leaf in leaves.into_iter().filter(|leaf| leaf.to == hook) {
            let view = View { words: &self.words, facts };
            if let Ok(account) = AccountState::read(request.account, &view) {
                self.call(&account, &leaf.data, now);
            }
        }
    }

    /// A call of the account to the hook. One that would revert changes nothing.
    fn call(&mut self, account: &AccountState, data: &[u8], now: u64) {
        let Some(selector) = data.first_chunk::<4>() else { return };
        let this = self.setting.account;
        match *selector {
            selectors::ANNOUNCE => {
                if let Ok(call) = IPolicyHook::announceCall::abi_decode(data)
                    && call.account == this
                {
                    let action = |one: IPolicyHook::Action| Action {
                        to: one.to,
                        value: one.value,
                        data: one.data,
                        operation: one.operation,
                    };
                    let actions: Vec<Action> = call.actions.into_iter().map(action).collect();
                    self.announce((!call.origin.is_zero()).then_some(call.origin), &actions, now);
                }
            }
            selectors::CANCEL => {
                if let Ok(call) = IPolicyHook::cancelCall::abi_decode(data)
                    && call.account == this
                {
                    self.words.remove(&announcement_slot(call.id));
                }
            }
            selectors::STAGE => {
                if let Ok(call) = IPolicyHook::stageCall::abi_decode(data) {
                    self.stage(PROGRAM_KIND, call.program, call.changeDelay, B256::ZERO, now);
                }
            }
            selectors::STAGE_SLOTS => {
                if let Ok(call) = IPolicyHook::stageSlotsCall::abi_decode(data) {
                    let digest = call.calls.iter().fold(B256::ZERO, |digest, call| {
                        keccak256([digest, call.to.into_word(), keccak256(&call.data)].concat())
                    });
                    self.stage(SLOTS_KIND, Address::ZERO, 0, digest, now);
                }
            }
            selectors::CANCEL_STAGED => self.unstage(),
            selectors::ACTIVATE => {
                let is_staged = account.staged_kind == StagedKind::Program;
                let is_named = IPolicyHook::activateCall::abi_decode(data)
                    .is_ok_and(|call| call.program == account.staged_program);
                let is_time = (account.matures_at()..account.expires_at()).contains(&now);
                if is_staged && is_named && is_time {
                    self.activate(account.staged_change_delay, account.epoch, route(account.route));
                    self.unstage();
                }
            }
            selectors::INSTALL if !account.active() => {
                if let Ok(call) = IPolicyHook::installCall::abi_decode(data) {
                    let route = if call.manager.is_zero() { 2 } else { 3 };
                    self.activate(call.changeDelay, account.epoch, route);
                    self.set(3, U256::from_be_slice(call.manager.as_slice()));
                }
            }
            _ => {}
        }
    }

    fn stage(&mut self, kind: u8, program: Address, change_delay: u32, digest: B256, now: u64) {
        let field = |value: u64, at: usize| U256::from(value).wrapping_shl(at);
        let program = U256::from_be_slice(program.as_slice());
        let word = program | field(change_delay.into(), 160) | field(now, 192) | field(kind.into(), 232);
        self.set(1, word);
        self.set(2, digest.into());
    }

    fn unstage(&mut self) {
        self.set(1, U256::ZERO);
        self.set(2, U256::ZERO);
    }
}
