//! What surrounds the hook in every case: code, and contracts that answer.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};

use alloy_primitives::{Address, B256, Bytes, KECCAK256_EMPTY, U256, keccak256};
use portcullis_eval::{Missing, State};
use portcullis_simulate::Embedded;

use crate::case::{Case, Held};
use crate::faults::MirrorFault;
use crate::safes::Safe;
use crate::{plain, world};

/// Answers that are kept before they are forgotten.
const KEPT: usize = 50_000;

/// The chain around the hook. Nothing on it changes, so answers are kept.
#[derive(Debug)]
pub struct Around {
    chain: Embedded,
    answers: RefCell<HashMap<(Address, Bytes, u32), Option<Bytes>>>,
}

impl Around {
    /// On a chain prepared by [`world::chain`].
    #[must_use]
    pub fn new(chain: Embedded) -> Self {
        Self { chain, answers: RefCell::default() }
    }

    /// What the static call by the hook returns; none if it fails.
    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
        let key = (target, Bytes::copy_from_slice(data), gas);
        if let Some(known) = self.answers.borrow().get(&key) {
            return Ok(known.clone());
        }
        let answer = self.chain.static_call(world::HOOK, target, data, gas).map_err(|_| Missing::StaticCall(target))?;
        let mut answers = self.answers.borrow_mut();
        if answers.len() >= KEPT {
            answers.clear();
        }
        answers.insert(key, answer.clone());
        Ok(answer)
    }
}

/// A static call that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Whom.
    pub target: Address,
    /// What came back; none if it failed.
    pub answer: Option<Bytes>,
}

/// A case's state, as both evaluators of this crate's tests read it.
#[derive(Debug)]
pub struct Surroundings<'a> {
    around: &'a Around,
    /// The hook's storage.
    pub words: &'a BTreeMap<U256, U256>,
    program: B256,
    account: Address,
    /// The chain on which the account is a Safe; once it was asked for.
    safe: Option<(&'a Safe, OnceCell<Embedded>)>,
    fault: Option<MirrorFault>,
    asked: RefCell<Vec<Asked>>,
    held: &'a BTreeMap<Address, Held>,
    /// Whether the request has been executed.
    executed: bool,
}

impl<'a> Surroundings<'a> {
    /// Of this case.
    #[must_use]
    pub fn new(around: &'a Around, case: &'a Case) -> Self {
        Self {
            around,
            words: &case.words,
            program: keccak256(&case.program),
            account: case.account,
            safe: case.safe.as_ref().map(|safe| (safe, OnceCell::new())),
            fault: None,
            asked: RefCell::default(),
            held: &case.held,
            executed: false,
        }
    }

    /// The same after the execution.
    #[must_use]
    pub fn after(self) -> Self {
        Self { executed: true, ..self }
    }

    fn held(&self, asset: Address) -> Option<U256> {
        self.held.get(&asset).map(|held| if self.executed { held.after } else { held.before })
    }

    /// The same as an evaluator with this fault reads it.
    #[must_use]
    pub fn with_fault(self, fault: Option<MirrorFault>) -> Self {
        Self { fault, ..self }
    }

    /// The static calls made so far, in order.
    #[must_use]
    pub fn asked(self) -> Vec<Asked> {
        self.asked.into_inner()
    }
}

impl State for Surroundings<'_> {
    fn word(&self, slot: U256) -> Result<U256, Missing> {
        Ok(self.words.get(&slot).copied().unwrap_or_default())
    }

    fn code_hash(&self, address: Address) -> Result<B256, Missing> {
        let hash = match &self.safe {
            Some((safe, _)) if address == self.account => keccak256(safe.code()),
            _ if address == world::PROGRAM => self.program,
            _ => self.around.chain.code_hash(address),
        };
        Ok(if self.fault == Some(MirrorFault::AnyoneHasCode) && hash == KECCAK256_EMPTY {
            B256::repeat_byte(1)
        } else {
            hash
        })
    }

    fn static_call(&self, target: Address, data: &[u8], gas: u32) -> Result<Option<Bytes>, Missing> {
        let answer = match &self.safe {
            // It differs from case to case, so its answers are not kept.
            Some((safe, chain)) if target == self.account => {
                let chain = chain.get_or_init(|| {
                    let mut chain = self.around.chain.clone();
                    safe.stand(&mut chain, self.account);
                    chain
                });
                chain.static_call(world::HOOK, target, data, gas).map_err(|_| Missing::StaticCall(target))?
            }
            _ => match self.held(target).filter(|_| world::is_balance(data)) {
                Some(balance) => (balance != Held::UNTOLD).then(|| balance.to_be_bytes::<32>().into()),
                None => self.around.static_call(target, data, gas)?,
            },
        };
        let answer = match self.fault {
            Some(MirrorFault::FailureIsNo) if answer.is_none() => Some(Bytes::from_static(&[0; 32])),
            Some(MirrorFault::LooseAnswers) => answer.map(|answer| answer.slice(..answer.len().min(32))),
            _ => answer,
        };
        self.asked.borrow_mut().push(Asked { target, answer: answer.clone() });
        Ok(answer)
    }

    fn balance(&self, address: Address) -> Result<U256, Missing> {
        let held = self.held(Address::ZERO).filter(|_| address == self.account);
        Ok(held.unwrap_or_else(|| self.around.chain.balance(address)))
    }
}

impl plain::World for Surroundings<'_> {
    fn code_hash(&self, of: Address) -> B256 {
        State::code_hash(self, of).unwrap_or_default()
    }

    fn static_call(&self, target: Address, data: &[u8], gas: u64) -> Option<Vec<u8>> {
        let gas = u32::try_from(gas).unwrap_or(u32::MAX);
        State::static_call(self, target, data, gas).ok().flatten().map(|answer| answer.to_vec())
    }

    fn balance(&self, of: Address) -> U256 {
        State::balance(self, of).unwrap_or_default()
    }
}
