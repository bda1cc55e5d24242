//! Owner signatures of every kind, sound or with one fault.

use alloy_primitives::{Address, B256, U256, eip191_hash_message};
use portcullis_attest::sign;
use portcullis_eval::Ask;

use super::{Desk, key_of, twin};
use crate::dice::Dice;
use crate::obligations::{everyone, members};
use crate::safes::{Release, Safe, Verifier};

impl Desk<'_> {
    /// Owner signatures, and the owners.
    pub(super) fn owners(&self, dice: &mut Dice, safe: &mut Safe, flawed: bool) -> (Vec<u8>, Vec<Address>) {
        let mut wanted = safe.threshold;
        let mut chosen: Vec<Address> = Vec::new();
        for one in &self.found.obligations {
            match one.ask {
                Ask::Signatures => wanted = wanted.max(one.need.into()),
                Ask::Signers { list } => {
                    let members = members(&self.case.program, list);
                    let able = members.into_iter().filter(|one| everyone().contains(one));
                    chosen.extend(able.take(usize::from(one.need)));
                }
                _ => {}
            }
        }
        chosen.sort_unstable();
        chosen.dedup();
        let mut wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
        while chosen.len() < wanted && chosen.len() < everyone().len() {
            // Contracts among them, for they are asked in more than one way.
            let contracts = [Verifier::Binds, Verifier::Agrees, Verifier::Modern, Verifier::Modern];
            let one = if dice.percent(30) { dice.pick(&contracts).address() } else { dice.pick(&everyone()) };
            if !chosen.contains(&one) {
                chosen.push(one);
            }
        }
        safe.owners.extend(chosen.iter().copied());
        chosen.sort_unstable();
        let flaw = if flawed { dice.below(14).min(7) } else { 8 };
        match flaw {
            0 => drop(chosen.pop()),
            1 => chosen.reverse(),
            2 => {
                if let (Some(first), Some(second)) = (chosen.first().copied(), chosen.get_mut(1)) {
                    *second = first;
                }
            }
            3 => {
                safe.owners.remove(&dice.pick(&chosen));
            }
            4 => wanted = wanted.saturating_sub(1),
            5 => chosen.insert(0, Address::with_last_byte(1)),
            _ => {}
        }
        let name = if flaw == 6 { B256::from(dice.word()) } else { self.binding.request };
        let bad = if flaw == 7 { Some(dice.index(chosen.len())) } else { None };
        let (mut parts, mut tail) = (Vec::new(), Vec::new());
        for (i, owner) in chosen.iter().enumerate() {
            let mut part = self.part(dice, safe, *owner, name, 65 * chosen.len(), &mut tail);
            if bad == Some(i) {
                let (at, value) = dice.pick(&[
                    (64, 0),
                    (64, 1),
                    (64, 1),
                    (64, 2),
                    (64, 26),
                    (64, 29),
                    (64, 30),
                    (64, 31),
                    (63, 0xff),
                    (33, 1),
                    (0, 1),
                ]);
                if let Some(byte) = part.get_mut(at) {
                    *byte = value;
                }
            }
            parts.extend(part);
        }
        parts.extend(tail);
        if flaw == 4 {
            parts.truncate(65 * wanted + dice.index(65));
        }
        (parts, chosen)
    }

    /// A static part; what it points to goes behind the others.
    fn part(
        &self,
        dice: &mut Dice,
        safe: &mut Safe,
        owner: Address,
        name: B256,
        statics: usize,
        tail: &mut Vec<u8>,
    ) -> [u8; 65] {
        let pointing = |r: Address, s: U256, v: u8| {
            let mut part = [0; 65];
            part[..32].copy_from_slice(r.into_word().as_slice());
            part[32..64].copy_from_slice(&s.to_be_bytes::<32>());
            part[64] = v;
            part
        };
        let agreed = |safe: &mut Safe| {
            safe.approved.insert((owner, name));
            pointing(owner, U256::ZERO, 1)
        };
        if owner == self.case.initiator && dice.percent(30) {
            return pointing(owner, U256::ZERO, 1);
        }
        let Some(key) = key_of(owner) else {
            let verifier = Verifier::at(owner);
            let deaf = verifier == Some(Verifier::Modern) && safe.release != Release::V150;
            if verifier.is_none() || dice.percent(if deaf { 85 } else { 15 }) {
                return if dice.percent(80) { agreed(safe) } else { pointing(owner, U256::ZERO, 1) };
            }
            let at = statics + tail.len();
            tail.extend(U256::from(32).to_be_bytes::<32>());
            tail.extend(name);
            return pointing(owner, U256::from(at), 0);
        };
        match dice.below(10) {
            0 => agreed(safe),
            1..=3 => {
                let mut signature = sign(&key, eip191_hash_message(name)).unwrap_or([0; 65]);
                signature[64] += 4;
                signature
            }
            4 => {
                let mut signature = sign(&key, name).unwrap_or([0; 65]);
                twin(&mut signature);
                signature
            }
            _ => sign(&key, name).unwrap_or([0; 65]),
        }
    }
}
