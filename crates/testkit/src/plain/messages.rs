//! What the account signs.

use alloy_primitives::{Address, B256, U256, keccak256};

use super::bytes::Reader;
use super::consent::{Name, envelope_of};
use super::control::Account;
use super::obligations::{Ask, Joined};
use super::program::parse;
use super::reasons::{ALLOWED, BAD_OWNER_SIGNATURES, FROZEN, NO_PROGRAM};
use super::{Declined, PlainVerdict, Stop, Walk, World};
use crate::case::Case;
use crate::world;

const MESSAGE_DENIED: u8 = 37;
const NO_MESSAGE_RULE: u8 = 38;
const MESSAGE_UNTRUSTED: u8 = 39;
const MESSAGE_UNKNOWN: u8 = 40;

/// Whether the account of the case signs what hashes to the digest; its Safe knows it as `message`.
///
/// # Errors
/// [`Declined`] when the program had to be read and is not sound from end to end.
pub fn evaluate_message<W: World>(
    case: &Case,
    hook: Address,
    around: &W,
    digest: B256,
    message: &[u8],
) -> Result<PlainVerdict, Declined> {
    match decide(case, hook, around, digest, message) {
        Ok(rule) => {
            let nothing = U256::ZERO;
            Ok(PlainVerdict { reason: ALLOWED, effect: 0, rule: Some(rule), detail: 0, have: nothing, need: nothing })
        }
        Err(Stop::Denied(verdict)) => Ok(verdict),
        Err(Stop::Declined) => Err(Declined),
    }
}

/// Domain, type, and what both are said to be of.
fn shown(payload: &[u8]) -> Option<(U256, U256, B256)> {
    let mut parts = Reader(payload);
    let (domain, kind) = (parts.value(32)?, parts.value(32)?);
    let inner = keccak256(payload.get(32..)?);
    let digest = keccak256([&[0x19, 0x01], payload.get(..32)?, inner.as_slice()].concat());
    (parts.0.len() % 32 == 0).then_some((domain, kind, digest))
}

fn decide<W: World>(case: &Case, hook: Address, around: &W, digest: B256, message: &[u8]) -> Result<u16, Stop> {
    let account = Account::read(case);
    if !account.active {
        return Err(Stop::at(NO_PROGRAM, 0));
    }
    if account.frozen {
        return Err(Stop::at(FROZEN, 0));
    }
    let program = parse(&case.program).ok_or(Stop::Declined)?;
    let unknown = Stop::at(MESSAGE_UNKNOWN, 0);
    let (owners, payload) = envelope_of(&case.signed.signatures, "PortcullisMessage(bytes payload)").ok_or(unknown)?;
    let (domain, kind, of) = payload.and_then(shown).ok_or(unknown)?;
    if of != digest {
        return Err(unknown);
    }
    let fits = |wanted: U256, is: U256| [U256::ZERO, is].contains(&wanted);
    let mut rules = (0_u16..).zip(&program.messages);
    let found = rules.find(|(_, rule)| fits(rule.domain, domain) && fits(rule.kind, kind));
    let (at, rule) = found.ok_or(Stop::at(NO_MESSAGE_RULE, 0))?;
    if !rule.allows {
        return Err(Stop::by(MESSAGE_DENIED, 0, at));
    }
    if program.limits.iter().any(|limit| limit.everywhere) && !rule.trusted {
        return Err(Stop::by(MESSAGE_UNTRUSTED, 0, at));
    }
    let name = Name::of_message(case.account, hook, world::CHAIN_ID, message);
    let mut asked = vec![Joined::by_message(Ask::Signatures(rule.signatures), rule.signatures, at)];
    if let Some((list, need)) = &rule.signers {
        asked.push(Joined::by_message(Ask::Signers { at: 1, list: list.clone(), n: *need }, *need, at));
    }
    let plain = asked.len() == 1 && rule.signatures == 0;
    let walk = Walk { account, asked, ..Walk::new(case, hook, around) };
    let signed = walk.account_number("signedMessages(bytes32)", &[name.request]);
    if owners.is_empty() && plain && signed.is_some_and(|signed| !signed.is_zero()) {
        return Ok(at);
    }
    let owners = walk.owners(Some(&name), owners)?;
    walk.named_signed(&owners)?;
    if owners.is_empty() {
        return Err(Stop::by(BAD_OWNER_SIGNATURES, 0, at).have(U256::MAX));
    }
    Ok(at)
}
