//! Whether an account signs a message, `docs/program.md` §9.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use portcullis_attest::{BadOwners, SignedMessage, Signers, Signing, safe_message, signed_on_chain, verify_owners_of};

use crate::condition::listed;
use crate::layout::{AccountState, State};
use crate::meet::{Chain, STATIC_PART, number};
use crate::program::{MessageRule, Program};
use crate::reason::Reason;
use crate::verdict::{Denial, Fault, Stop, Undecided, Verdict};

/// What the account is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `isValidSignature(bytes32,bytes)`.
    Digest(B256),
    /// `isValidSignature(bytes,bytes)`: the digest is the data's hash.
    Data(Bytes),
}

/// A question for the signature handler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRequest {
    /// The Safe that is asked.
    pub account: Address,
    /// About what.
    pub asked: Asked,
    /// Owner signatures, and what shows the message behind them.
    pub signature: Bytes,
}

impl Asked {
    /// The digest of what is to be signed.
    #[must_use]
    pub fn digest(&self) -> B256 {
        match self {
            Self::Digest(digest) => *digest,
            Self::Data(data) => keccak256(data),
        }
    }

    /// The bytes that the account's owners sign as a message of their Safe.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        match self {
            Self::Digest(digest) => digest.as_slice(),
            Self::Data(data) => data,
        }
    }
}

/// The verdict of the signature handler on the chain `chain_id`, under `program` where the account has one active.
/// `state` is what the hook stores and contracts answer. Nothing that a message asks for passes with time.
///
/// # Errors
/// [`Undecided`] when something that decides is not known: never an allow.
pub fn evaluate_message<S: State>(
    program: &[u8],
    chain_id: u64,
    state: &S,
    request: &MessageRequest,
) -> Result<Verdict, Undecided> {
    match decide(program, chain_id, state, request) {
        Ok(rule) => Ok(Denial::new(Reason::Allowed, 0).rule(rule).0),
        Err(Stop::Denied(Denial(verdict))) => Ok(verdict),
        Err(Stop::Undecided(undecided)) => Err(undecided),
    }
}

const fn deny(reason: Reason) -> Denial {
    Denial::new(reason, 0)
}

/// The rule that allows.
fn decide<S: State>(program: &[u8], chain_id: u64, state: &S, request: &MessageRequest) -> Result<u16, Stop> {
    let account = AccountState::read(request.account, state)?;
    if !account.active() {
        return Err(deny(Reason::NoProgram).into());
    }
    if account.frozen {
        return Err(deny(Reason::Frozen).into());
    }
    let malformed = |_| Stop::from(deny(Reason::MalformedProgram));
    let program = Program::open(program).map_err(malformed)?;
    let shown = SignedMessage::shown(&request.signature).ok_or(deny(Reason::MessageUnknown))?;
    if shown.message.digest() != request.asked.digest() {
        return Err(deny(Reason::MessageUnknown).into());
    }
    let rule = program.message_rule(shown.message.domain, shown.message.type_hash).map_err(malformed)?;
    let rule = rule.ok_or(deny(Reason::NoMessageRule))?;
    if !rule.allows {
        return Err(deny(Reason::MessageDenied).rule(rule.index).into());
    }
    if !rule.trusted && program.has_everywhere().map_err(malformed)? {
        return Err(deny(Reason::MessageUntrusted).rule(rule.index).into());
    }
    let preimage = safe_message(request.account, chain_id, request.asked.message());
    let asks_more = rule.signatures > 0 || rule.signers.is_some();
    let hash = keccak256(&preimage);
    if shown.owners.is_empty() && !asks_more && signed_on_chain(&Chain(state), request.account, hash)? {
        return Ok(rule.index);
    }
    // Nobody executes a message, so nobody agrees by executing it.
    let signing = Signing { account: request.account, initiator: Address::ZERO, preimage: &preimage };
    let owners = owners(state, &signing, shown.owners, &rule)?;
    named_signers(&program, state, &owners, &rule)?;
    if owners.as_slice().is_empty() {
        // An account without a threshold has nobody who could have signed.
        return Err(deny(Reason::BadOwnerSignatures).rule(rule.index).have(U256::MAX).into());
    }
    Ok(rule.index)
}

fn owners<S: State>(state: &S, signing: &Signing<'_>, signatures: &[u8], rule: &MessageRule) -> Result<Signers, Stop> {
    let bad = |have| Stop::from(deny(Reason::BadOwnerSignatures).rule(rule.index).have(have));
    match verify_owners_of(&Chain(state), signing, signatures, u64::from(rule.signatures)) {
        Ok(owners) => Ok(owners),
        Err(BadOwners::Missing(missing)) => Err(missing.into()),
        Err(BadOwners::UnknownVersion | BadOwners::NoThreshold) => Err(bad(U256::MAX)),
        Err(BadOwners::Signature { index, .. }) => Err(bad(U256::from(index))),
        Err(BadOwners::TooFew { size, need }) => {
            let have = U256::from(number(size / STATIC_PART));
            Err(deny(Reason::TooFewSignatures).rule(rule.index).have(have).need(need).into())
        }
    }
}

fn named_signers<S: State>(program: &Program<'_>, state: &S, owners: &Signers, rule: &MessageRule) -> Result<(), Stop> {
    let Some((list, need)) = rule.signers else {
        return Ok(());
    };
    let members = owners.count_members(&[], |who| listed(program, state, list, who));
    let have = members.map(number).map_err(|fault: Fault| fault.stop(0, rule.index))?;
    if have < u64::from(need) {
        let denial = deny(Reason::TooFewNamedSigners).rule(rule.index);
        return Err(denial.have(U256::from(have)).need(U256::from(need)).into());
    }
    Ok(())
}
