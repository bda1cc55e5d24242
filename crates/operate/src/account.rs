//! A Safe and what the hook keeps for it, as of one block.

use alloy_primitives::{Address, B256, U256, keccak256};
use portcullis_bindings::IPolicyHook;
use portcullis_chain::read::{self, AccountState, SafeInfo};
use portcullis_chain::{Ledger, deploy};
use portcullis_eval::CHANGE_WINDOW;
use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The route of Safes that a Safe Protocol manager holds, as the hook numbers it.
const MANAGER: u8 = 3;

/// Everything that a plan depends on. A plan is applied only while all of it is as it was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The chain.
    pub chain_id: u64,
    /// The Safe.
    pub safe: SafeInfo,
    /// The MultiSendCallOnly of the Safe's version, where the chain has it.
    pub multi_send: Option<Address>,
    /// What the hook keeps.
    pub kept: Kept,
}

/// What the hook keeps for an account. Times and delays in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// The data contract of the active program, and its code hash; none while nothing is installed.
    pub program: Option<(Address, B256)>,
    /// How long a staged change waits.
    pub change_delay: u32,
    /// Counts removals.
    pub epoch: u32,
    /// How often a program was activated.
    pub activations: u64,
    /// What is staged.
    pub staged: Option<Staged>,
    /// Who froze the account, and when that can end, once the end is started.
    pub frozen: Option<(Address, Option<u64>)>,
}

/// A staged change.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Staged {
    /// What it is.
    pub what: Change,
    /// When it was staged.
    pub at: u64,
}

/// What a staged change changes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// The program and the change delay.
    Program {
        /// Its data contract.
        address: Address,
        /// Of the data contract.
        code_hash: B256,
        /// The change delay that it brings.
        change_delay: u32,
    },
    /// The slots that hold the hook in place.
    Slots {
        /// Of the ordered calls.
        digest: B256,
    },
}

impl Kept {
    /// When the staged change matures, and when it expires.
    #[must_use]
    pub fn window(&self) -> Option<(u64, u64)> {
        let matures = self.staged.as_ref()?.at.saturating_add(u64::from(self.change_delay));
        Some((matures, matures.saturating_add(CHANGE_WINDOW)))
    }
}

impl Account {
    /// Reads a Safe, and what the hook keeps for it.
    ///
    /// # Errors
    /// [`Error::NoHook`], [`Error::Manager`], [`Error::HalfInstalled`], and those of reading: an address without code,
    /// what is no Safe, another version.
    pub fn read(ledger: &dyn Ledger, address: Address) -> Result<Self> {
        let safe = read::safe(ledger, address)?;
        let hook = deploy::hook_at();
        let chain_id = ledger.chain_id();
        let code = ledger.code(hook, None)?;
        if keccak256(&code) != keccak256(&IPolicyHook::DEPLOYED_BYTECODE) {
            return Err(Error::NoHook { hook, chain_id });
        }
        let state = read::account(ledger, hook, address)?;
        if state.route == MANAGER {
            return Err(Error::Manager { safe: address });
        }
        let multi_send = safe.version.multi_send_call_only();
        let multi_send = (!ledger.code(multi_send, None)?.is_empty()).then_some(multi_send);
        let account = Self { chain_id, safe, multi_send, kept: kept(ledger, &state)? };
        account.check_whole(hook)?;
        Ok(account)
    }

    /// The hook stands in every slot and has a program, or in none and has none.
    fn check_whole(&self, hook: Address) -> Result<()> {
        let safe = &self.safe;
        let half = |why| Err(Error::HalfInstalled { safe: safe.address, why });
        let guard = safe.guard == hook;
        match (guard, self.kept.program.is_some()) {
            (true, false) => return half("the hook is the guard, but no program is active"),
            (false, true) => return half("a program is active, but the hook is not the guard"),
            _ => {}
        }
        if safe.version.has_module_guard() && guard != (safe.module_guard == hook) {
            return half("the hook is only one of the two guards");
        }
        if safe.handler == hook {
            return half("the hook is the fallback handler, which it must never be");
        }
        Ok(())
    }

    /// The parts in which another reading of the same Safe differs, in words.
    #[must_use]
    pub fn moved(&self, now: &Self) -> Vec<&'static str> {
        let (a, b) = (&self.safe, &now.safe);
        let parts = [
            ("the chain", self.chain_id != now.chain_id),
            ("the Safe", a.address != b.address),
            ("the nonce", a.nonce != b.nonce),
            ("the owners", a.owners != b.owners),
            ("the threshold", a.threshold != b.threshold),
            ("the modules", a.modules != b.modules),
            ("the guard", a.guard != b.guard),
            ("the module guard", a.module_guard != b.module_guard),
            ("the fallback handler", a.handler != b.handler),
            ("the singleton", a.singleton != b.singleton || a.version != b.version),
            ("the MultiSend", self.multi_send != now.multi_send),
            ("the active program", self.kept.program != now.kept.program),
            ("the staged change", self.kept.staged != now.kept.staged),
            ("the freeze", self.kept.frozen != now.kept.frozen),
        ];
        let mut moved: Vec<_> = parts.into_iter().filter_map(|(name, differs)| differs.then_some(name)).collect();
        if moved.is_empty() && self != now {
            moved.push("what the hook keeps");
        }
        moved
    }

    /// Whether the other reading is the same but for the nonce and for when something was staged: as a rehearsal, which
    /// runs at another time, foresees it.
    #[must_use]
    pub fn is_as_foreseen(&self, foreseen: &Self) -> bool {
        let mut foreseen = foreseen.clone();
        if let (Some(here), Some(there)) = (&self.kept.staged, &mut foreseen.kept.staged) {
            there.at = here.at;
        }
        *self == foreseen
    }
}

fn kept(ledger: &dyn Ledger, state: &AccountState) -> Result<Kept> {
    let program = if state.program.is_zero() {
        None
    } else {
        Some((state.program, keccak256(ledger.code(state.program, None)?)))
    };
    let what = match state.stagedKind {
        1 => Some(Change::Program {
            address: state.stagedProgram,
            code_hash: keccak256(ledger.code(state.stagedProgram, None)?),
            change_delay: state.stagedChangeDelay,
        }),
        2 => Some(Change::Slots { digest: state.stagedDigest }),
        _ => None,
    };
    let seconds = |time: U256| time.saturating_to::<u64>();
    let ends = seconds(U256::from(state.unfreezesAt));
    Ok(Kept {
        program,
        change_delay: state.changeDelay,
        epoch: state.epoch,
        activations: state.activations,
        staged: what.map(|what| Staged { what, at: seconds(U256::from(state.stagedAt)) }),
        frozen: state.frozen.then_some((state.guardian, (ends > 0).then_some(ends))),
    })
}
