//! What a delegatecall must leave as it is, `docs/program.md` §10.

use alloy_primitives::{Address, U256, b256, keccak256};

use crate::layout::{Missing, State};
use crate::reason::Reason;
use crate::verdict::{Denial, Verdict};

/// Gas for each question to the account.
const GAS: u32 = 300_000;

/// `masterCopy()`, which Safe's proxies answer themselves.
const MASTER_COPY: [u8; 4] = [0xa6, 0x19, 0x48, 0x6e];
/// `getStorageAt(uint256,uint256)`.
const GET_STORAGE_AT: [u8; 4] = [0x56, 0x24, 0xb2, 0x5b];
/// `getOwners()`.
const GET_OWNERS: [u8; 4] = [0xa0, 0xe6, 0x7e, 0x2b];
/// `getThreshold()`.
const GET_THRESHOLD: [u8; 4] = [0xe7, 0x52, 0x35, 0xb8];
/// `nonce()`.
const NONCE: [u8; 4] = [0xaf, 0xfe, 0xd0, 0xe0];

/// Where a Safe keeps guard, module guard and fallback handler.
const SLOTS: [U256; 3] = [
    U256::from_be_bytes(b256!("4a204f620c8c5ccdca3fd54d003badd85ba500436a431f0cbda4f558c93c34c8").0),
    U256::from_be_bytes(b256!("b104e0b93118902c651344349b610029d694cfdec91c589c91ebafbcd0289947").0),
    U256::from_be_bytes(b256!("6c9a6c4a39284e37ed1cf53d337577d14212a4870fb976a4366c693b939918d5").0),
];

/// Singleton, guard, module guard, fallback handler, the hash of all owners, threshold and nonce.
pub(crate) type Words = [U256; 7];

/// What was noted before an execution with a delegatecall that a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watched {
    /// The index of the first such effect.
    pub effect: u32,
    /// The rule that allows it.
    pub rule: u16,
    /// Singleton, guard, module guard, fallback handler, the hash of all owners, threshold and nonce.
    pub words: [U256; 7],
}

impl Watched {
    /// What the check after the execution says where the chain is then as `after` tells; none when it lets it pass.
    ///
    /// # Errors
    /// [`Missing::StaticCall`] when what the account then answers is not known.
    pub fn verdict<S: State>(&self, account: Address, after: &S) -> Result<Option<Verdict>, Missing> {
        for (what, before) in (1_u8..).zip(self.words) {
            let now = word(account, what, after)?;
            let holds = now.is_some_and(|now| now == before || (what == 7 && now > before));
            if !holds {
                let denial = Denial::new(Reason::AccountChanged, self.effect).rule(self.rule).detail(what);
                return Ok(Some(denial.have(now.unwrap_or_default()).need(before).0));
            }
        }
        Ok(None)
    }
}

/// What the account tells of itself, or the number of the first that it does not tell.
pub(crate) fn read<S: State>(account: Address, state: &S) -> Result<Result<Words, u8>, Missing> {
    let mut words = Words::default();
    for (what, place) in (1_u8..).zip(&mut words) {
        match word(account, what, state)? {
            Some(word) => *place = word,
            None => return Ok(Err(what)),
        }
    }
    Ok(Ok(words))
}

/// The last word that the account answers, of its owners the hash of all; none unless it answers in whole words.
fn word<S: State>(account: Address, what: u8, state: &S) -> Result<Option<U256>, Missing> {
    let slot =
        |slot: U256| [GET_STORAGE_AT.as_slice(), &slot.to_be_bytes::<32>(), &U256::ONE.to_be_bytes::<32>()].concat();
    let [guard, module_guard, handler] = SLOTS;
    let question = match what {
        1 => MASTER_COPY.to_vec(),
        2 => slot(guard),
        3 => slot(module_guard),
        4 => slot(handler),
        5 => GET_OWNERS.to_vec(),
        6 => GET_THRESHOLD.to_vec(),
        _ => NONCE.to_vec(),
    };
    let Some(answer) = state.static_call(account, &question, GAS)? else {
        return Ok(None);
    };
    let (words, rest) = answer.as_chunks::<32>();
    Ok(match words.last() {
        Some(last) if rest.is_empty() => {
            Some(if what == 5 { keccak256(&answer).into() } else { U256::from_be_bytes(*last) })
        }
        _ => None,
    })
}
