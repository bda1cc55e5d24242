//! What the hook stores and where, `docs/program.md` §5 to §7.

use alloc::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_attest::Binding;

use crate::request::Action;

/// Seconds for which a matured staged change can be carried out: 14 days.
pub const CHANGE_WINDOW: u64 = 14 * 86_400;

/// What the evaluation asked for and was not given. Nothing is decided without it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// A word of the hook's storage.
    #[error("the hook's storage at slot `{0:#x}` is not known")]
    Word(U256),
    /// The hash of an address's code.
    #[error("the code hash of `{0}` is not known")]
    CodeHash(Address),
    /// What a static call to this address returns.
    #[error("the answer of `{0}` is not known")]
    StaticCall(Address),
    /// How much native value this address has.
    #[error("the balance of `{0}` is not known")]
    Balance(Address),
}

/// What the evaluation reads of the chain, as of one block.
pub trait State {
    /// A word of the hook's storage.
    ///
    /// # Errors
    /// [`Missing::Word`] when it is not known.
    fn word(&self, slot: U256) -> Result<U256, Missing>;

    /// The EXTCODEHASH of an address; zero where nothing is.
    ///
    /// # Errors
    /// [`Missing::CodeHash`] when it is not known.
    fn code_hash(&self, address: Address) -> Result<B256, Missing>;

    /// What a static call by the hook with this much gas returns; none when it reverts or runs out of gas.
    ///
    /// # Errors
    /// [`Missing::StaticCall`] when it is not known.
    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing>;

    /// How much native value an address has, in wei. Only limits that meter it ask for this.
    ///
    /// # Errors
    /// [`Missing::Balance`] when it is not known, as it never is unless it is told.
    fn balance(&self, address: Address) -> Result<U256, Missing> {
        Err(Missing::Balance(address))
    }
}

/// A state that is known in full: what is not in it is zero, and a static call that is not in it reverts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryState {
    /// The hook's storage.
    pub words: BTreeMap<U256, U256>,
    /// Code hashes.
    pub code_hashes: BTreeMap<Address, B256>,
    /// What static calls return, by target and calldata. None of them uses much gas.
    pub answers: BTreeMap<(Address, Bytes), Bytes>,
    /// How much native value addresses have, in wei.
    pub balances: BTreeMap<Address, U256>,
}

impl State for MemoryState {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        Ok(self.words.get(&slot).copied().unwrap_or_default())
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        Ok(self.code_hashes.get(&address).copied().unwrap_or_default())
    }

    fn static_call(&self, target: Address, data: &[u8], _: u32) -> Result<Option<Bytes>, Missing> {
        Ok(self.answers.get(&(target, Bytes::copy_from_slice(data))).cloned())
    }

    fn balance(&self, address: Address) -> Result<U256, Missing> {
        Ok(self.balances.get(&address).copied().unwrap_or_default())
    }
}

/// How the hook is held in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// It is not.
    None,
    /// The transaction guard of a Safe before 1.5.0.
    Guard,
    /// Transaction and module guard of a Safe 1.5.0.
    Guards,
    /// A Safe Protocol manager.
    Manager,
}

impl Route {
    const fn of(byte: u8) -> Self {
        match byte {
            1 => Self::Guard,
            2 => Self::Guards,
            3 => Self::Manager,
            _ => Self::None,
        }
    }
}

/// What is staged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StagedKind {
    /// Nothing.
    None,
    /// A program and change delay.
    Program,
    /// A list of slot changes.
    Slots,
}

/// An account's words, decoded. Times and delays in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// The data contract of the active program; zero when none is.
    pub program: Address,
    /// How long a staged change waits.
    pub change_delay: u32,
    /// Counts removals.
    pub epoch: u32,
    /// How the hook is held.
    pub route: Route,
    /// Whether a guardian stopped everything but control.
    pub frozen: bool,
    /// The manager of [`Route::Manager`].
    pub manager: Address,
    /// What is staged.
    pub staged_kind: StagedKind,
    /// The staged program.
    pub staged_program: Address,
    /// The staged change delay.
    pub staged_change_delay: u32,
    /// When it was staged.
    pub staged_at: u64,
    /// The digest of the staged slot changes.
    pub staged_digest: B256,
}

/// What every request needs of an account's words: what is staged only matters where slots are changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    pub(crate) is_active: bool,
    pub(crate) is_frozen: bool,
    pub(crate) epoch: u32,
    pub(crate) route: Route,
    /// Zero on any other route than [`Route::Manager`].
    pub(crate) manager: Address,
}

impl Standing {
    #[inline]
    pub(crate) fn read<S: State>(account: Address, state: &S) -> Result<Self, Missing> {
        let control = state.word(account_slot(account, 0))?.to_be_bytes::<32>();
        let [_, _, freeze, route, e0, e1, e2, e3, ..] = control;
        let route = Route::of(route);
        let manager = match route {
            Route::Manager => Address::from_word(state.word(account_slot(account, 3))?.into()),
            _ => Address::ZERO,
        };
        Ok(Self {
            is_active: control.last_chunk::<20>().is_some_and(|program| *program != [0; 20]),
            is_frozen: freeze & 1 == 1,
            epoch: u32::from_be_bytes([e0, e1, e2, e3]),
            route,
            manager,
        })
    }

    /// The manager that holds the hook, if one does.
    pub(crate) fn managed_by(&self) -> Option<Address> {
        (!self.manager.is_zero()).then_some(self.manager)
    }
}

impl AccountState {
    /// Reads the four words of `account`.
    ///
    /// # Errors
    /// [`Missing::Word`] when one is not known.
    pub fn read<S: State>(account: Address, state: &S) -> Result<Self, Missing> {
        let control = state.word(account_slot(account, 0))?.to_be_bytes::<32>();
        let staged = state.word(account_slot(account, 1))?.to_be_bytes::<32>();
        let digest = state.word(account_slot(account, 2))?;
        let manager = state.word(account_slot(account, 3))?.to_be_bytes::<32>();
        let [_, _, freeze, route, e0, e1, e2, e3, d0, d1, d2, d3, ..] = control;
        let [_, _, kind, t0, t1, t2, t3, t4, s0, s1, s2, s3, ..] = staged;
        Ok(Self {
            program: Address::from_word(control.into()),
            change_delay: u32::from_be_bytes([d0, d1, d2, d3]),
            epoch: u32::from_be_bytes([e0, e1, e2, e3]),
            route: Route::of(route),
            frozen: freeze & 1 == 1,
            manager: Address::from_word(manager.into()),
            staged_kind: match kind {
                1 => StagedKind::Program,
                2 => StagedKind::Slots,
                _ => StagedKind::None,
            },
            staged_program: Address::from_word(staged.into()),
            staged_change_delay: u32::from_be_bytes([s0, s1, s2, s3]),
            staged_at: u64::from_be_bytes([0, 0, 0, t0, t1, t2, t3, t4]),
            staged_digest: B256::from(digest),
        })
    }

    /// Whether a program is active.
    #[must_use]
    pub fn active(&self) -> bool {
        !self.program.is_zero()
    }

    /// When the staged change matures, in seconds.
    #[must_use]
    pub fn matures_at(&self) -> u64 {
        // 40 bits and 32 bits: no sum of theirs comes near 64.
        self.staged_at.saturating_add(u64::from(self.change_delay))
    }

    /// When the staged change expires, in seconds.
    #[must_use]
    pub fn expires_at(&self) -> u64 {
        self.matures_at().saturating_add(CHANGE_WINDOW)
    }
}

/// Where word `n` of an account is: `account << 96 | n`.
#[must_use]
pub fn account_slot(account: Address, n: u8) -> U256 {
    let mut slot = [0; 32];
    let (head, tail) = slot.split_at_mut(20);
    head.copy_from_slice(account.as_slice());
    if let Some(last) = tail.last_mut() {
        *last = n;
    }
    U256::from_be_bytes(slot)
}

/// What tells the words of differently kept limits apart: window, lane seconds, scope and whether it counts
/// requests, all as in the program.
#[must_use]
pub fn limit_descriptor(window: u8, lane_seconds: u32, scope: u8, count: bool) -> u64 {
    let [a, b, c, d] = lane_seconds.to_be_bytes();
    u64::from_be_bytes([0, u8::from(count), scope, a, b, c, d, window])
}

/// Where the word of a limit is. `asset` is zero for native value and for counts; `key` is what the limit's scope
/// names, zero for the account.
#[must_use]
pub fn limit_slot(account: Address, id: B256, asset: Address, descriptor: u64, key: Address) -> U256 {
    let descriptor = B256::from(U256::from(descriptor));
    let words = [account.into_word(), id, asset.into_word(), descriptor, key.into_word()];
    keccak256(words.concat()).into()
}

/// Where the deadline of an approval is that was made on chain: the last second at which it counts, 0 for none.
#[must_use]
pub fn approval_slot(binding: &Binding, approver: Address) -> U256 {
    consent_slot(binding, approver.into_word(), 1)
}

/// Where it is noted that a member of the list at this offset of the program has denied the request.
#[must_use]
pub fn denial_slot(binding: &Binding, list: u32) -> U256 {
    consent_slot(binding, U256::from(list).into(), 2)
}

fn consent_slot(binding: &Binding, key: B256, what: u8) -> U256 {
    let Binding { account, epoch, program, request, .. } = *binding;
    let (epoch, what) = (U256::from(epoch).into(), U256::from(what).into());
    keccak256([account.into_word(), epoch, program, request, key, what].concat()).into()
}

/// Where the word of an opened module request is: `serial << 40 | opened at`, 0 for none.
#[must_use]
pub fn opening_slot(account: Address, epoch: u32, module: Address, content: B256) -> U256 {
    let (epoch, what) = (U256::from(epoch).into(), U256::from(5).into());
    keccak256([account.into_word(), epoch, module.into_word(), content, what].concat()).into()
}

/// Where the words of an attestation begin that was posted for a module request: `deadline << 16 | statement length`,
/// 0 for none; the effects' hash; the proposal; the statement.
#[must_use]
pub fn kept_slot(binding: &Binding, set: u8) -> U256 {
    consent_slot(binding, U256::from(set).into(), 6)
}

/// The hash of a request's ordered top-level actions.
#[must_use]
pub fn content(actions: &[Action]) -> B256 {
    portcullis_attest::content(actions.iter().map(|action| portcullis_attest::Action {
        to: action.to,
        value: action.value,
        data: &action.data,
        operation: action.operation,
    }))
}

/// Where an announcement's word is.
#[must_use]
pub fn announcement_slot(id: B256) -> U256 {
    keccak256([id, B256::ZERO].concat()).into()
}

/// The id of a request's announcement: it names account, epoch, origin and the top-level actions.
#[must_use]
pub fn announcement_id(account: Address, epoch: u32, origin: Option<Address>, actions: &[Action]) -> B256 {
    let epoch = B256::from(U256::from(epoch));
    let words = [account.into_word(), epoch, origin.unwrap_or_default().into_word(), content(actions)];
    keccak256(words.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_request_needs_is_what_the_accounts_words_say() {
        let (account, manager) = (Address::repeat_byte(7), Address::repeat_byte(9));
        let mut control = [0; 32];
        let mut state = MemoryState::default();
        state.words.insert(account_slot(account, 3), manager.into_word().into());
        for (route, frozen, program) in [(0, 0, 0), (1, 1, 5), (2, 0, 0), (3, 2, 8), (3, 3, 0), (4, 0, 1)] {
            (control[2], control[3], control[7], control[31]) = (frozen, route, 6, program);
            state.words.insert(account_slot(account, 0), U256::from_be_bytes(control));
            let (whole, standing) = (AccountState::read(account, &state), Standing::read(account, &state));
            let (Ok(whole), Ok(standing)) = (whole, standing) else { panic!("a word is missing") };
            assert_eq!(standing.is_active, whole.active());
            assert_eq!(standing.is_frozen, whole.frozen);
            assert_eq!((standing.epoch, standing.route), (whole.epoch, whole.route));
            assert_eq!(standing.managed_by(), (whole.route == Route::Manager).then_some(manager));
        }
    }
}
