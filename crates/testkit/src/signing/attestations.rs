//! The attestations of a case.

use super::*;

impl Desk<'_> {
    /// How many rules ask the set what the chain cannot see.
    fn rules(&self, set: u8) -> usize {
        let number = |at: usize, n: usize| {
            self.case.program.get(at..at + n).map_or(0, |bytes| U256::from_be_slice(bytes).saturating_to::<usize>())
        };
        number(number(22, 3) + 6 * usize::from(set) + 4, 2)
    }

    /// What the set states of so many effects.
    fn statement(&self, dice: &mut Dice, set: u8, effects: usize, flawed: bool) -> Vec<u8> {
        let rules = self.rules(set);
        let mut bytes = vec![0_u8; (2 * effects * rules).div_ceil(8)];
        for effect in 0..effects {
            for rule in 0..rules {
                let pair = match self.truths.of(set, rule, effect) {
                    _ if dice.percent(1) => 0,
                    true => 2_u8,
                    false => 1,
                };
                let place = effect * rules + rule;
                if let Some(byte) = bytes.get_mut(place / 4) {
                    *byte |= pair << (6 - 2 * (place % 4));
                }
            }
        }
        if flawed {
            let at = dice.index(bytes.len());
            match (dice.below(5), bytes.get_mut(at)) {
                (0, _) => bytes.push(0),
                (1, _) => drop(bytes.pop()),
                (2, Some(byte)) => *byte |= 3 << (2 * dice.below(4)),
                (3, Some(byte)) => *byte |= 1,
                _ => bytes = dice.bytes(3).to_vec(),
            }
        }
        bytes
    }

    pub(super) fn attestations(&self, dice: &mut Dice, flawed: bool) -> Vec<AttestationItem> {
        let table = self.case.program.get(22..25).map_or(0, |at| U256::from_be_slice(at).saturating_to::<usize>());
        let records = records(self.found);
        let mut all = effects(&records);
        let mut items = Vec::new();
        let asked = self.found.obligations.iter().filter_map(|one| match one.ask {
            Ask::Attestation { set } => Some(set),
            _ => None,
        });
        // Those that were told something need not have been asked yet.
        let told = (0..self.case.program.get(21).copied().unwrap_or_default()).filter(|set| self.rules(*set) > 0);
        let sets: BTreeSet<u8> = asked.chain(told).collect();
        for set in sets {
            let at = table + 6 * usize::from(set);
            let record = self.case.program.get(at..at + 3).map_or(U256::ZERO, U256::from_be_slice);
            // Of a statement more can be wrong than of a signature.
            let states = flawed && self.rules(set) > 0 && dice.percent(40);
            let flaw = if states {
                1
            } else if flawed {
                dice.below(7)
            } else {
                7
            };
            let need = self.case.program.get(at + 3).copied().unwrap_or_default();
            let mut who = self.chosen(dice, record.saturating_to(), need, &[]);
            who.sort_unstable();
            let mut item = AttestationItem {
                set,
                deadline: if flaw < 7 || dice.percent(45) { deadline(dice, self.case.now) } else { self.case.now + 7 },
                proposal: B256::from(U256::from(dice.below(3))),
                statement: self.statement(dice, set, records.len(), flaw == 1).into(),
                proofs: Vec::new(),
            };
            match flaw {
                0 => continue,
                2 => drop(who.pop()),
                3 => all = B256::from(dice.word()),
                _ => {}
            }
            let digest = self.binding(dice, flaw == 4).attestation_digest(all, &item);
            let bad = (flaw == 5).then(|| dice.index(who.len()));
            for (i, who) in who.into_iter().enumerate() {
                item.proofs.push(self.proof(dice, who, digest, bad == Some(i)));
            }
            if flaw == 6 {
                disorder(dice, &mut item.proofs);
            }
            items.push(item);
        }
        items.sort_by_key(|item| item.set);
        items
    }
}
