//! Parity on what accounts sign: the compiled handler behind a real Safe, the mirror, and the plain evaluator.

pub mod coverage;
pub mod faults;
pub mod generate;
pub mod program;

use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use alloy_sol_types::{SolCall, SolError, SolValue};
use eyre::{Result, bail, ensure, eyre};
use portcullis_bindings::{ISignatureHandler as Handler, deployer, safe};
use portcullis_eval::{Asked, MessageRequest, Reason, Verdict, evaluate_message};
use portcullis_simulate::Embedded;

use crate::around::{Around, Surroundings};
use crate::case::Case;
use crate::contract::verdict_of;
use crate::hook::HookCode;
use crate::parity::Disagreement;
use crate::plain::{self, Declined};
use crate::safes::Release;
use crate::world::{self, HOOK, PROGRAM};
use faults::MessageFault;

/// The signature handler.
pub const HANDLER: Address = address!("4a2d000000000000000000000000000000000001");

/// A case whose `signed.signatures` are what somebody shows, and its Safe the account that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageCase {
    /// Program, storage, account and signature; its actions and initiator are nothing.
    pub case: Case,
    /// About what the account is asked.
    pub asked: Asked,
    /// Who asks.
    pub asker: Address,
}

impl MessageCase {
    /// What the mirror is asked.
    #[must_use]
    pub fn request(&self) -> MessageRequest {
        let signature = self.case.signed.signatures.clone();
        MessageRequest { account: self.case.account, asked: self.asked.clone(), signature }
    }
}

/// What they agree on.
#[derive(Clone, Copy, Debug)]
pub struct Agreed {
    /// The mirror's.
    pub verdict: Verdict,
    /// Whether the plain evaluator took no part.
    pub declined: bool,
}

/// The handler, the mirror and the plain evaluator.
#[derive(Debug)]
pub struct Signatories {
    chain: Embedded,
    around: Around,
    fault: Option<MessageFault>,
}

/// The committed handler's code, which knows the hook of the test chain.
///
/// # Errors
/// When it does not deploy.
pub fn handler_code() -> Result<Bytes> {
    let mut chain = world::chain(&HookCode::committed())?;
    let init_code = [Handler::BYTECODE.as_ref(), &HOOK.abi_encode()].concat();
    let at = chain.create2(Address::repeat_byte(0x5e), deployer::ARACHNID, B256::ZERO, &init_code)?;
    Ok(chain.code(at))
}

impl Signatories {
    /// With this handler.
    ///
    /// # Errors
    /// As [`world::chain`].
    pub fn new(handler: Bytes) -> Result<Self> {
        let mut chain = world::chain(&HookCode::committed())?;
        chain.set_code(HANDLER, handler);
        Ok(Self { around: Around::new(chain.clone()), chain, fault: None })
    }

    /// The same with a fault planted in the mirror.
    #[must_use]
    pub fn with_fault(mut self, fault: MessageFault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// Runs a case through all.
    ///
    /// # Errors
    /// [`Disagreement`] on the verdict, or on what the account answers.
    pub fn compare(&self, case: &MessageCase) -> Result<Agreed, Disagreement> {
        let seen = self.fault.map_or_else(|| case.clone(), |fault| fault.plant(case));
        let state = Surroundings::new(&self.around, &seen.case);
        let verdict = evaluate_message(&seen.case.program, world::CHAIN_ID, &state, &seen.request())
            .map_err(|undecided| Disagreement::new(format!("the mirror is undecided: {undecided}")))?;
        let chain = self.contract(case).map_err(|why| Disagreement::new(format!("the contract: {why:#}")))?;
        if chain != verdict {
            return Err(Disagreement::new(format!("chain {chain:?}, mirror {verdict:?}")));
        }
        let around = Surroundings::new(&self.around, &case.case);
        let (digest, message) = (case.asked.digest(), case.asked.message());
        let declined = match plain::evaluate_message(&case.case, HOOK, &around, digest, message) {
            Err(Declined) => true,
            Ok(p) => {
                let (reason, v) = (verdict.reason.number(), verdict);
                if (p.reason, p.effect, p.rule, p.detail, p.have, p.need)
                    != (reason, v.effect, v.rule, v.detail, v.have, v.need)
                {
                    return Err(Disagreement::new(format!("plain {p:?}, mirror {v:?}")));
                }
                false
            }
        };
        Ok(Agreed { verdict, declined })
    }

    /// The verdict of the handler's `check`, once the account has been seen to answer by it.
    fn contract(&self, case: &MessageCase) -> Result<Verdict> {
        let MessageCase { case, asked, asker } = case;
        let mut chain = self.chain.clone();
        chain.set_code(PROGRAM, case.program.clone());
        for (slot, word) in &case.words {
            chain.set_storage(HOOK, *slot, *word);
        }
        let account = case.safe.as_ref().ok_or_else(|| eyre!("nobody is asked"))?;
        account.stand(&mut chain, case.account);
        chain.set_storage(case.account, safe::FALLBACK_HANDLER_SLOT.into(), U256::from_be_slice(HANDLER.as_slice()));

        let signature = case.signed.signatures.clone();
        let (check, question, yes) = match asked {
            Asked::Digest(digest) => (
                Handler::check_0Call { account: case.account, digest: *digest, signature: signature.clone() }
                    .abi_encode(),
                Handler::isValidSignature_0Call { digest: *digest, signature }.abi_encode(),
                [0x16, 0x26, 0xba, 0x7e],
            ),
            Asked::Data(data) => (
                Handler::check_1Call { account: case.account, data: data.clone(), signature: signature.clone() }
                    .abi_encode(),
                Handler::isValidSignature_1Call { data: data.clone(), signature }.abi_encode(),
                [0x20, 0xc1, 0x3b, 0x0b],
            ),
        };
        let called = chain.call(*asker, HANDLER, U256::ZERO, check.into())?;
        ensure!(called.success, "check reverted with `{}`", called.output);
        // Either form of check answers with the same words.
        let v = Handler::check_0Call::abi_decode_returns(&called.output)?;
        let verdict = verdict_of(v.reason, v.effect, v.rule, v.detail, v.have, v.need)?;

        // What is no Safe has no handler.
        if account.release == Release::Stranger {
            return Ok(verdict);
        }
        let answered = chain.call(*asker, case.account, U256::ZERO, question.into())?;
        if answered.success {
            let magic = B256::right_padding_from(&yes);
            ensure!(answered.output[..] == magic[..], "the account answers `{}`", answered.output);
            ensure!(verdict.reason == Reason::Allowed, "the account signs, and check says {verdict:?}");
        } else {
            let Ok(denied) = Handler::MessageDenied::abi_decode(&answered.output) else {
                bail!("the account reverts with `{}`", answered.output);
            };
            let told = (denied.reason, denied.rule);
            let known = (verdict.reason.number(), verdict.rule.unwrap_or(u16::MAX));
            ensure!(told == known && verdict.reason != Reason::Allowed, "the account says {told:?}, check {known:?}");
        }
        Ok(verdict)
    }
}

/// The hash that the account's owners sign.
#[must_use]
pub fn signed_hash(account: Address, asked: &Asked) -> B256 {
    keccak256(portcullis_attest::safe_message(account, world::CHAIN_ID, asked.message()))
}

/// For each of the faulty the first case under `seed`, of so many, that divides it and not the healthy ones.
pub fn catch(healthy: &Signatories, faulty: &[Signatories], seed: u64, cases: u64) -> Vec<Option<u64>> {
    let mut caught = vec![None; faulty.len()];
    for index in 0..cases {
        if caught.iter().all(Option::is_some) {
            break;
        }
        let (case, _) = generate::generate(seed, index);
        if healthy.compare(&case).is_err() {
            continue;
        }
        for (caught, faulty) in caught.iter_mut().zip(faulty) {
            if caught.is_none() && faulty.compare(&case).is_err() {
                *caught = Some(index);
            }
        }
    }
    caught
}
