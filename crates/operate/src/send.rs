//! Sending, one step at a time, so that nothing is ever sent twice.
//!
//! A step is signed with a fixed nonce and written down before it is sent. Whatever is unclear afterwards, the same
//! bytes are sent again: a chain executes them once at most. Only when they can no longer succeed is a step signed anew.

use std::time::{Duration, Instant};

use alloy_primitives::{B256, keccak256};
use alloy_sol_types::SolValue;
use portcullis_chain::{Call, EthereumWallet, Ledger, Mined, Node};

use crate::journal::{Attempt, Journal, Standing};
use crate::{Error, Result};

/// How often in a row a node says what ends the waiting: what lags behind is asked again.
const TRIES: u32 = 8;

/// How long sending waits, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Blocks, its own included, that a transaction must be deep.
    pub confirmations: u64,
    /// The most time for each step.
    pub limit: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { confirmations: 1, limit: Duration::from_secs(180) }
    }
}

/// What happens while a step is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Signed, written down, and about to be sent.
    Sending(B256),
    /// It was sent before: its bytes are looked up, and sent again if need be.
    Resuming(B256),
    /// It was done before, and still is.
    WasDone(B256),
    /// A reorganisation undid it: the same bytes are sent again.
    Undone(B256),
    /// It is in this block, and has to get deeper.
    InBlock(B256, u64),
}

/// A step that is in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Of the transaction.
    pub hash: B256,
    /// Where and how.
    pub mined: Mined,
}

/// Sends steps through a journal.
#[derive(Debug)]
pub struct Sender<'a> {
    node: &'a Node,
    journal: &'a mut Journal,
    payer: &'a EthereumWallet,
    patience: Patience,
}

/// What of a transaction is known while it is waited for.
enum Found {
    /// Nothing yet; what the node said last.
    Nothing(String),
    /// In a block, not deep enough.
    Shallow(Mined),
    /// As deep as asked for.
    Deep(Mined),
    /// Another transaction has its nonce.
    NonceUsed,
}

impl<'a> Sender<'a> {
    /// Sends through `node`, written down in `journal`, paid by the wallet's default signer.
    #[must_use]
    pub const fn new(node: &'a Node, journal: &'a mut Journal, payer: &'a EthereumWallet, patience: Patience) -> Self {
        Self { node, journal, payer, patience }
    }

    /// How far a step came, as the journal tells.
    #[must_use]
    pub fn standing(&self, step: &str) -> Standing {
        self.journal.standing(step)
    }

    /// Takes up a step that was sent before, from what is written down; none where nothing was.
    ///
    /// # Errors
    /// [`Error::Reverted`], [`Error::Replaced`], [`Error::Waiting`], each of which a later call takes up where it stood.
    pub fn resume(&mut self, step: &str, tell: &mut dyn FnMut(Event)) -> Result<Option<Done>> {
        let attempt = match self.journal.standing(step) {
            Standing::Open => return Ok(None),
            Standing::Done(attempt) => {
                if let Some(mined) = self.node.mined_at(attempt.hash)? {
                    tell(Event::WasDone(attempt.hash));
                    return Ok(Some(Done { hash: attempt.hash, mined }));
                }
                tell(Event::Undone(attempt.hash));
                self.journal.undone(step, attempt.hash)?;
                attempt
            }
            Standing::Sent(attempt) => {
                tell(Event::Resuming(attempt.hash));
                attempt
            }
        };
        self.finish(step, &attempt, tell).map(Some)
    }

    /// Sends a step and waits until it is as deep in the chain as asked for. One that is there already is not sent; one
    /// that was sent is looked up, and its same bytes are sent again where the chain does not have them.
    ///
    /// # Errors
    /// As [`Sender::resume`]; [`Error::OtherCall`], and those of the node before anything is sent.
    pub fn send(&mut self, step: &str, call: &Call, tell: &mut dyn FnMut(Event)) -> Result<Done> {
        let name = keccak256((call.to, call.value, call.data.clone()).abi_encode());
        if let Standing::Sent(attempt) | Standing::Done(attempt) = self.journal.standing(step)
            && attempt.call != name
        {
            return Err(Error::OtherCall { step: step.to_owned() });
        }
        if let Some(done) = self.resume(step, tell)? {
            return Ok(done);
        }
        let signed = self.node.sign(self.payer, call)?;
        let (from, nonce, hash) = (signed.from, signed.nonce, signed.hash);
        let attempt = Attempt { call: name, from, nonce, hash, raw: signed.raw };
        self.journal.signed(step, &attempt)?;
        tell(Event::Sending(hash));
        self.finish(step, &attempt, tell)
    }

    fn finish(&mut self, step: &str, attempt: &Attempt, tell: &mut dyn FnMut(Event)) -> Result<Done> {
        let mined = self.settle(step, attempt, tell)?;
        let Mined { block, block_hash, success, .. } = mined;
        self.journal.mined(step, attempt.hash, block, block_hash, success)?;
        if success {
            return Ok(Done { hash: attempt.hash, mined });
        }
        let why = match self.node.why_reverted(attempt.from, &attempt.raw, block) {
            Ok(output) if output.is_empty() => "it reverted without a reason".to_owned(),
            Ok(output) => alloy_sol_types::decode_revert_reason(&output).unwrap_or_else(|| format!("`{output}`")),
            Err(error) => format!("it reverted, and the node does not say why ({error})"),
        };
        Err(Error::Reverted { step: step.to_owned(), hash: attempt.hash, why })
    }

    /// Sends the bytes, again and again if need be, until they are deep enough or can no longer succeed.
    fn settle(&mut self, step: &str, attempt: &Attempt, tell: &mut dyn FnMut(Event)) -> Result<Mined> {
        let (started, hash) = (Instant::now(), attempt.hash);
        let mut pause = Duration::from_millis(20);
        let mut shallow: Option<B256> = None;
        let (mut overtaken, mut refused) = (0_u32, 0_u32);
        loop {
            let (state, why) = match self.look(attempt) {
                Found::Deep(mined) => return Ok(mined),
                Found::Shallow(mined) => {
                    if shallow.is_some_and(|block| block != mined.block_hash) {
                        tell(Event::Undone(hash));
                    }
                    if shallow != Some(mined.block_hash) {
                        tell(Event::InBlock(hash, mined.block));
                    }
                    shallow = Some(mined.block_hash);
                    ("is not deep enough", format!("block {}", mined.block))
                }
                Found::NonceUsed => {
                    overtaken = overtaken.saturating_add(1);
                    // A node may count a transaction before it shows its receipt, so it is asked more than once.
                    if overtaken >= TRIES {
                        self.journal.replaced(step, hash)?;
                        let (from, nonce) = (attempt.from, attempt.nonce);
                        return Err(Error::Replaced { step: step.to_owned(), hash, from, nonce });
                    }
                    ("is in no block", "its nonce is used".to_owned())
                }
                Found::Nothing(why) => {
                    overtaken = 0;
                    if shallow.take().is_some() {
                        tell(Event::Undone(hash));
                    }
                    let answer = match self.node.broadcast(&attempt.raw) {
                        Ok(()) => "the node has it".to_owned(),
                        Err(error) => {
                            // Also how a node says that it has it already; one that will never take it is not waited for.
                            let lacks = matches!(error, portcullis_chain::Error::Refused { .. })
                                && self.node.knows(hash).is_ok_and(|knows| !knows);
                            refused = if lacks { refused.saturating_add(1) } else { 0 };
                            error.to_string()
                        }
                    };
                    ("is in no block", if why.is_empty() { answer } else { why })
                }
            };
            let waited = started.elapsed();
            if waited >= self.patience.limit || refused >= TRIES {
                return Err(Error::Waiting { step: step.to_owned(), hash, state, waited, why });
            }
            std::thread::sleep(pause);
            pause = pause.saturating_mul(2).min(Duration::from_secs(2));
        }
    }

    /// What the node says of a transaction now. A node that says nothing is asked again later.
    fn look(&self, attempt: &Attempt) -> Found {
        let look = || -> portcullis_chain::Result<Found> {
            if let Some(mined) = self.node.mined_at(attempt.hash)? {
                let depth = self.node.latest()?.saturating_sub(mined.block).saturating_add(1);
                let on_chain = self.node.block_hash(mined.block)? == Some(mined.block_hash);
                let deep = on_chain && depth >= self.patience.confirmations;
                return Ok(if deep { Found::Deep(mined) } else { Found::Shallow(mined) });
            }
            let used = self.node.transactions(attempt.from, false)? > attempt.nonce;
            Ok(if used { Found::NonceUsed } else { Found::Nothing(String::new()) })
        };
        look().unwrap_or_else(|error| Found::Nothing(error.to_string()))
    }

    /// The chain that is sent to.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.node.chain_id()
    }
}
