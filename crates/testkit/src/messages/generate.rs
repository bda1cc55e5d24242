//! Random messages, led towards what rules are about.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U256};
use portcullis_attest::{MESSAGE_TYPEHASH, SignedMessage};
use portcullis_eval::{Ask, Asked, Obligation};

use super::program::{Draft, assemble, compiled, damage, drafts, limit, words};
use super::{MessageCase, signed_hash};
use crate::case::{Case, Entry, Signed};
use crate::conditions::ListDraft;
use crate::dice::Dice;
use crate::signing::{self, sign_message, spoil};
use crate::state::account_words;
use crate::world;

/// Case `index` under `seed`, and whether the compiler wrote its program.
#[must_use]
pub fn generate(seed: u64, index: u64) -> (MessageCase, bool) {
    // Another stream than that of requests.
    let mut dice = Dice::new(seed ^ 0x6d65_7373_6167_6573, index);
    let dice = &mut dice;
    let (drafts, limit) = (drafts(dice), limit(dice));
    let by_compiler = if dice.percent(50) { compiled(&drafts, limit) } else { None };
    let is_compiled = by_compiler.is_some();
    let mut program = by_compiler.unwrap_or_else(|| assemble(dice, &drafts, limit));
    if dice.percent(8) {
        program = damage(dice, &program);
    }
    let mut words = BTreeMap::new();
    let route = dice.pick(&[1, 2, 3]);
    account_words(dice, route, &mut words);
    let message = message(dice, &drafts);
    let asked = if dice.percent(60) { Asked::Digest(message.digest()) } else { Asked::Data(message.data().into()) };
    let mut safe = signing::account(dice, U256::ZERO);
    let mut case = Case {
        entry: Entry::CheckOnly,
        program,
        words,
        now: 1_800_000_000,
        account: world::ACCOUNT,
        origin: None,
        initiator: Address::ZERO,
        safe_tx_gas: U256::ZERO,
        gas_price: U256::ZERO,
        actions: Vec::new(),
        safe: None,
        signed: Signed::default(),
        held: BTreeMap::new(),
    };
    let hash = signed_hash(case.account, &asked);
    let owners = if dice.percent(14) {
        if dice.percent(80) {
            safe.signed.insert(hash);
        }
        Vec::new()
    } else {
        let flawed = dice.percent(24);
        // As if who asks executed: an owner who agrees by that has not signed.
        let mut asking = case.clone();
        asking.initiator = if dice.percent(10) { dice.pick(&world::signers()) } else { Address::ZERO };
        sign_message(dice, &asking, &mut safe, obligations(&drafts, &message), hash, flawed)
    };
    if dice.percent(2) {
        safe.threshold = 0;
    }
    case.safe = Some(safe);
    case.signed.signatures = shown(dice, &message, &owners);
    let asked = if dice.percent(3) { other(dice, &asked) } else { asked };
    let asker = dice.pick(&world::signers());
    (MessageCase { case, asked, asker }, is_compiled)
}

/// Mostly one that some rule is about.
fn message(dice: &mut Dice, drafts: &[Draft]) -> SignedMessage {
    let draft = (!drafts.is_empty() && dice.percent(85)).then(|| drafts.get(dice.index(drafts.len()))).flatten();
    let word = |dice: &mut Dice, wanted: Option<B256>| match wanted.filter(|wanted| !wanted.is_zero()) {
        Some(wanted) if dice.percent(95) => wanted,
        _ if dice.percent(90) => dice.pick(&words()),
        _ => B256::ZERO,
    };
    let (domain, type_hash) = (word(dice, draft.map(|one| one.domain)), word(dice, draft.map(|one| one.kind)));
    let length = if dice.percent(97) { 32 * dice.index(5) } else { dice.index(70) };
    SignedMessage { domain, type_hash, encoded: dice.bytes(length) }
}

/// What the first rule that fits asks of the owners.
fn obligations(drafts: &[Draft], message: &SignedMessage) -> Vec<Obligation> {
    let fits = |wanted: B256, is: B256| wanted.is_zero() || wanted == is;
    let rule = drafts.iter().find(|one| fits(one.domain, message.domain) && fits(one.kind, message.type_hash));
    let Some(rule) = rule else { return Vec::new() };
    let asked = |ask: Ask, need: u8| Obligation { ask, need, have: None, rule: 0, effect: 0 };
    let mut all = vec![asked(Ask::Signatures, rule.signatures)];
    // Lists have no offset here, so the members are told by asking for as many signatures.
    if let Some((ListDraft::Members(members), _)) = &rule.signers {
        all.push(asked(Ask::Signatures, u8::try_from(members.len().min(2)).unwrap_or(0)));
    }
    all
}

/// The signature, mostly as it should be.
fn shown(dice: &mut Dice, message: &SignedMessage, owners: &[u8]) -> Bytes {
    let mut signature = message.show(owners);
    match dice.below(90) {
        0 => signature = owners.to_vec(),
        1 => {
            let payload = 64 + message.encoded.len();
            spoil(dice, &mut signature, payload);
        }
        2 => signature.push(0),
        3 => {
            let mut other = message.clone();
            other.encoded = [&message.encoded[..], &[0; 32]].concat().into();
            signature = other.show(owners);
        }
        4 => {
            let at = signature.len() - 32;
            signature.truncate(at);
            signature.extend(portcullis_attest::MATERIAL_TYPEHASH);
        }
        5 => signature = [[0; 32].as_slice(), MESSAGE_TYPEHASH.as_slice()].concat(),
        6 => signature = MESSAGE_TYPEHASH.to_vec(),
        7 => signature = SignedMessage { domain: message.type_hash, ..message.clone() }.show(owners),
        _ => {}
    }
    signature.into()
}

/// About something else.
fn other(dice: &mut Dice, asked: &Asked) -> Asked {
    match asked {
        Asked::Digest(digest) if dice.percent(50) => Asked::Data(digest.0.into()),
        Asked::Digest(_) => Asked::Digest(dice.word().into()),
        Asked::Data(_) if dice.percent(50) => Asked::Digest(asked.digest()),
        Asked::Data(data) => Asked::Data(data.slice(..data.len() - 1)),
    }
}
