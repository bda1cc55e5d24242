//! What approvals and attestations call a module request, `docs/program.md` §8.9.

use alloy_primitives::{Address, B256, U256};
use portcullis_attest::module_request;

use crate::layout::{Missing, State, content, opening_slot};
use crate::request::Request;

/// A module request that approvals or attestations are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The module.
    pub module: Address,
    /// The hash of the ordered actions, under which it is opened.
    pub content: B256,
    /// What it is called; none where it is not open.
    pub request: Option<B256>,
    /// When it was opened last, in seconds; 0 for never, or never since it was executed.
    pub opened_at: u64,
    /// Where that is stored.
    pub slot: U256,
}

impl Opening {
    /// Looks for the open request of this content by this module, which is open for `expiry` seconds.
    ///
    /// # Errors
    /// When its word is not known.
    pub fn read<S: State>(
        state: &S,
        request: &Request,
        module: Address,
        epoch: u32,
        expiry: u32,
        now: u64,
    ) -> Result<Self, Missing> {
        let content = content(&request.actions);
        let slot = opening_slot(request.account, epoch, module, content);
        let word = state.word(slot)?;
        let [.., a, b, c, d, e] = word.to_be_bytes::<32>();
        let opened_at = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
        // 40 bits and 32 bits: no sum of theirs comes near 64.
        let is_open = !word.is_zero() && now < opened_at.saturating_add(u64::from(expiry));
        let serial: U256 = word.wrapping_shr(40);
        let request = is_open.then(|| module_request(request.account, epoch, module, content, serial));
        Ok(Self { module, content, request, opened_at, slot })
    }
}
