//! Signatures and material for a case: what the obligations ask for, or something close to it.

mod attestations;
mod owners;

use std::collections::BTreeSet;

use alloy_primitives::{Address, B256, U256, uint};
use portcullis_attest::{ApprovalEntry, AttestationItem, Binding, EffectRecord, Material, Proof, effects, seal, sign};
use portcullis_eval::{Ask, Evaluation, Obligation, Reason, Verdict, approval_slot, denial_slot};

use crate::case::Case;
use crate::dice::Dice;
use crate::obligations::{deadline, deadline_word, everyone, members};
use crate::safes::{Release, Safe};
use crate::world;

/// The order of the curve.
pub(crate) const ORDER: U256 = uint!(0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141_U256);

/// The account, before anything was signed.
pub fn account(dice: &mut Dice, nonce: U256) -> Safe {
    Safe {
        release: if dice.percent(4) { Release::Stranger } else { dice.pick(&Release::ALL[..3]) },
        owners: dice.some_of(&everyone(), 40).into_iter().collect(),
        threshold: dice.pick(&[1, 1, 2, 2, 3]),
        nonce: nonce.saturating_add(U256::ONE),
        approved: Default::default(),
        signed: Default::default(),
    }
}

/// What is true of what the chain cannot see, mostly.
#[derive(Clone, Copy, Debug)]
pub struct Truths(pub U256);

impl Truths {
    /// Of an effect and a rule, by its place among those that ask the set.
    #[must_use]
    pub fn of(self, set: u8, rule: usize, effect: usize) -> bool {
        let about =
            [self.0, U256::from(set), U256::from(rule), U256::from(effect)].map(|word| word.to_be_bytes::<32>());
        let [first, ..] = alloy_primitives::keccak256(about.concat()).0;
        first % 8 > 3
    }
}

/// What is signed for.
struct Desk<'a> {
    case: &'a Case,
    found: &'a Evaluation,
    truths: Truths,
    binding: Binding,
}

/// Where something is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Flaw {
    #[default]
    Bytes,
    Approvals,
    Attestations,
    Owners,
}

/// Signs what the obligations found ask for; now and then something is wrong with it.
pub fn provide(dice: &mut Dice, case: &mut Case, found: &Evaluation, epoch: u32, truths: Truths) {
    let request = case.request();
    let Some(transaction) = request.safe_transaction() else {
        let length = dice.pick(&[0, 65, 130, 300]);
        case.signed.signatures = dice.bytes(length);
        return;
    };
    let binding = Binding {
        chain_id: world::CHAIN_ID,
        hook: world::HOOK,
        account: case.account,
        request: transaction.hash(case.account, world::CHAIN_ID),
        program: alloy_primitives::keccak256(&case.program),
        epoch,
    };
    // Of what is looked at one thing is wrong, if anything.
    let mut flaws = vec![Flaw::Bytes];
    for one in &found.obligations {
        flaws.extend(match one.ask {
            Ask::Approvals { owners: true, .. } => [Flaw::Approvals; 2],
            Ask::Approvals { .. } => [Flaw::Approvals, Flaw::Owners],
            Ask::Attestation { .. } => [Flaw::Attestations; 2],
            Ask::Signatures | Ask::Signers { .. } => [Flaw::Owners; 2],
        });
    }
    let flaw = dice.percent(40).then(|| dice.pick(&flaws));
    let before = case.clone();
    let desk = Desk { case: &before, found, binding, truths };
    let mut safe = before.safe.clone().unwrap_or_default();
    let (owners, signed_by) = desk.owners(dice, &mut safe, flaw == Some(Flaw::Owners));
    let approvals = desk.approvals(dice, case, &signed_by, flaw == Some(Flaw::Approvals));
    let attestations = desk.attestations(dice, flaw == Some(Flaw::Attestations));
    let material = Material { approvals, attestations };
    case.safe = Some(safe);
    let payload = material.encode().unwrap_or_default();
    let mut signatures = if payload.is_empty() && dice.percent(80) { owners } else { seal(&owners, &payload) };
    if flaw == Some(Flaw::Bytes) {
        spoil(dice, &mut signatures, payload.len());
    }
    case.signed.signatures = signatures.into();
}

/// Owner signatures over a message, as many and of whom these ask for, or something close to it.
pub fn sign_message(
    dice: &mut Dice,
    case: &Case,
    safe: &mut Safe,
    obligations: Vec<Obligation>,
    hash: B256,
    flawed: bool,
) -> Vec<u8> {
    let nothing =
        Verdict { reason: Reason::Allowed, effect: 0, rule: None, detail: 0, have: U256::ZERO, need: U256::ZERO };
    let found = Evaluation {
        verdict: nothing,
        decisions: Vec::new(),
        tests: Vec::new(),
        in_scope: Vec::new(),
        charges: Vec::new(),
        writes: Vec::new(),
        removal: false,
        obligations,
        notices: Vec::new(),
        announcement: None,
        opening: None,
        watched: None,
        metering: None,
    };
    let binding = Binding {
        chain_id: world::CHAIN_ID,
        hook: world::HOOK,
        account: case.account,
        request: hash,
        program: B256::ZERO,
        epoch: 0,
    };
    Desk { case, found: &found, truths: Truths(U256::ZERO), binding }.owners(dice, safe, flawed).0
}

/// Bytes that are missing, wrong or too many.
pub(crate) fn spoil(dice: &mut Dice, signatures: &mut Vec<u8>, payload: usize) {
    let start = signatures.len().saturating_sub(64 + payload);
    let at = match dice.below(3) {
        0 => start + dice.index(payload.min(44)),
        1 => start + dice.index(payload),
        _ => dice.index(signatures.len()),
    };
    match dice.below(7) {
        0 => signatures.truncate(at),
        1 => signatures.push(0),
        2 => {
            // Something is missing in the middle, and the rest is still found from the end.
            signatures.drain(at.min(signatures.len())..(at + 1).min(signatures.len()));
        }
        3 => {
            let most = U256::from(start + payload);
            let length = dice.pick(&[most, most + U256::ONE, U256::MAX, U256::ZERO, U256::from(payload + 1)]);
            let end = signatures.len().saturating_sub(32);
            if let Some(field) = signatures.get_mut(..end).and_then(|head| head.last_chunk_mut::<32>()) {
                *field = length.to_be_bytes();
            }
        }
        _ => {
            let value = dice.pick(&[0, 1, 2, 3, 0xff]);
            if let Some(byte) = signatures.get_mut(at) {
                *byte = if *byte == value { value.wrapping_add(1) } else { value };
            }
        }
    }
}

/// The same signature as it is also valid; no Safe minds, material may not have it.
fn twin(signature: &mut [u8; 65]) {
    let (_, rest) = signature.split_at_mut(32);
    if let Some((s, [v, ..])) = rest.split_first_chunk_mut::<32>() {
        *s = (ORDER - U256::from_be_bytes(*s)).to_be_bytes();
        *v = 55 - *v;
    }
}

fn key_of(who: Address) -> Option<B256> {
    world::signers().iter().zip(world::keys()).find(|(one, _)| **one == who).map(|(_, key)| key)
}

impl Desk<'_> {
    /// What is signed instead, where something is wrong.
    fn binding(&self, dice: &mut Dice, flawed: bool) -> Binding {
        let mut binding = self.binding;
        match if flawed { dice.below(12) } else { 12 } {
            0 => binding.chain_id += 1,
            1 => binding.hook = world::ACCOUNT,
            2 => binding.account = world::HOOK,
            3 => binding.request = B256::from(dice.word()),
            4 => binding.program = B256::from(dice.word()),
            5 => binding.epoch = binding.epoch.wrapping_add(1),
            _ => {}
        }
        binding
    }

    fn proof(&self, dice: &mut Dice, who: Address, digest: B256, flawed: bool) -> Proof {
        let Some(key) = key_of(who) else {
            let other = B256::from(dice.word());
            let shown = if flawed && dice.percent(30) { other } else { digest };
            return Proof::Contract { signer: who, signature: shown.0.into() };
        };
        let mut signature = sign(&key, digest).unwrap_or([0; 65]);
        match if flawed { dice.below(8) } else { 8 } {
            0..=2 => twin(&mut signature),
            3 => signature[64] = dice.pick(&[0, 26, 29, 31]),
            5 | 6 => signature[64] -= 27,
            4 => signature[..32].fill(0),
            7 if dice.percent(20) => signature[32..64].fill(0),
            7 => signature[64] -= 27,
            _ => {}
        }
        Proof::ecdsa(signature)
    }

    /// Who is asked, as many as are needed, without some.
    fn chosen(&self, dice: &mut Dice, list: u32, need: u8, without: &[Address]) -> Vec<Address> {
        let mut pool = members(&self.case.program, list);
        let kept: Vec<Address> = pool.iter().filter(|one| !without.contains(one)).copied().collect();
        if dice.percent(85) {
            pool = kept;
        }
        let bad = dice.percent(6);
        pool.retain(|one| bad || everyone().contains(one) || key_of(*one).is_some());
        while pool.len() > usize::from(need) && dice.percent(85) {
            let at = dice.index(pool.len());
            pool.remove(at);
        }
        pool
    }

    fn approvals(
        &self,
        dice: &mut Dice,
        case: &mut Case,
        owners: &[Address],
        flawed: bool,
    ) -> Option<Vec<ApprovalEntry>> {
        let mut who = Vec::new();
        let mut lists = Vec::new();
        for one in &self.found.obligations {
            let Ask::Approvals { list, initiator, owners: count } = one.ask else { continue };
            let mut without = if count { Vec::new() } else { owners.to_vec() };
            if !initiator {
                without.push(case.initiator);
            }
            who.extend(self.chosen(dice, list, one.need, &without));
            lists.push(list);
        }
        if lists.is_empty() && !dice.percent(3) {
            return None;
        }
        who.sort_unstable();
        who.dedup();
        if flawed && dice.percent(12) {
            let list = dice.pick(&lists);
            case.words.insert(denial_slot(&self.binding, list), U256::ONE);
        }
        let mut flawed = flawed;
        if flawed && dice.percent(15) {
            who.pop();
            flawed = dice.percent(20);
        }
        if dice.percent(18) {
            let lacking = flawed.then(|| dice.index(who.len()));
            for (i, who) in who.iter().enumerate() {
                if lacking != Some(i) {
                    case.words.insert(approval_slot(&self.binding(dice, flawed), *who), deadline_word(dice, case.now));
                }
            }
            return None;
        }
        let bad = flawed.then(|| dice.index(who.len()));
        let mut entries = Vec::new();
        for (i, who) in who.into_iter().enumerate() {
            let flawed = bad == Some(i);
            if dice.percent(20) {
                if !flawed {
                    case.words.insert(approval_slot(&self.binding, who), deadline_word(dice, case.now));
                }
                entries.push(ApprovalEntry::OnChain { signer: who });
                continue;
            }
            // One thing at a time, or nothing of it would show.
            let what = if flawed { dice.below(5) } else { 5 };
            let until = if what == 0 || dice.percent(12) { deadline(dice, case.now) } else { case.now + 7 };
            let digest = self.binding(dice, what == 1).approval_digest(until);
            entries.push(ApprovalEntry::Signed {
                deadline: until,
                proof: self.proof(dice, who, digest, what > 1 && flawed),
            });
        }
        if flawed && dice.percent(40) {
            disorder(dice, &mut entries);
        }
        Some(entries)
    }
}

/// The effects, as they are hashed.
pub fn records(found: &Evaluation) -> Vec<EffectRecord> {
    let records = found.decisions.iter().map(|decision| EffectRecord {
        kind: decision.effect.kind.number(),
        target: decision.effect.target,
        selector: decision.effect.selector,
        asset: decision.effect.asset.unwrap_or_default(),
        recipient: decision.effect.recipient.unwrap_or_default(),
        amount: decision.effect.amount.unwrap_or_default(),
    });
    records.collect()
}

/// Turns the entries around, or brings one twice; or not.
fn disorder<T: Clone>(dice: &mut Dice, entries: &mut Vec<T>) {
    match dice.below(4) {
        0 => entries.reverse(),
        1 => entries.extend(entries.first().cloned()),
        _ => {}
    }
}
