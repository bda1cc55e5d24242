//! Delegatecalls that rules allow.

use alloy_primitives::{Address, U256, keccak256};

use super::control::Route;
use super::effects::delegatecall;
use super::reasons::{ACCOUNT_UNREADABLE, DELEGATECALL_MIXED, DELEGATECALL_UNWATCHED};
use super::{Stop, Walk, World};

/// What the account is asked, in this order; of the slots the name that is hashed.
const QUESTIONS: [(&str, &str); 7] = [
    ("masterCopy()", ""),
    ("getStorageAt(uint256,uint256)", "guard_manager.guard.address"),
    ("getStorageAt(uint256,uint256)", "module_manager.module_guard.address"),
    ("getStorageAt(uint256,uint256)", "fallback_manager.handler.address"),
    ("getOwners()", ""),
    ("getThreshold()", ""),
    ("nonce()", ""),
];

impl<W: World> Walk<'_, W> {
    pub(super) fn delegated(&mut self, to: Address, data: &[u8]) -> Result<(), Stop> {
        self.is_open(data)?;
        let at = self.effects;
        self.effect(&delegatecall(to, data))?;
        if self.trusted.is_none() {
            self.trusted = self.last_rule.map(|rule| (at, rule));
        }
        Ok(())
    }

    /// Whether it can be told afterwards what a delegatecall did to the account.
    pub(super) fn watch(&self) -> Result<(), Stop> {
        let Some((effect, rule)) = self.trusted else { return Ok(()) };
        if self.account.route == Route::Manager {
            return Err(Stop::by(DELEGATECALL_UNWATCHED, effect, rule));
        }
        if self.calls_itself {
            return Err(Stop::by(DELEGATECALL_MIXED, effect, rule));
        }
        for (number, (signature, slot)) in (1..).zip(QUESTIONS) {
            let mut question = keccak256(signature).iter().copied().take(4).collect::<Vec<u8>>();
            if !slot.is_empty() {
                question.extend(keccak256(slot));
                question.extend(U256::ONE.to_be_bytes::<32>());
            }
            let answer = self.world.static_call(self.case.account, &question, 300_000).unwrap_or_default();
            if answer.is_empty() || answer.len() % 32 != 0 {
                return Err(Stop::by(ACCOUNT_UNREADABLE, effect, rule).detail(number));
            }
        }
        Ok(())
    }
}
