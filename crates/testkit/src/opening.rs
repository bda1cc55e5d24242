//! What is on chain of a module request that consent is asked for: its opening, and what was posted for it, or
//! something close to it.

use alloy_primitives::{B256, U256, keccak256};
use portcullis_attest::{Binding, effects, module_request};
use portcullis_eval::{
    Ask, Evaluation, Obligation, Opening, approval_slot, content, denial_slot, kept_slot, opening_slot,
};

use crate::case::Case;
use crate::dice::Dice;
use crate::obligations::{deadline, deadline_word, everyone, members};
use crate::signing::records;
use crate::state::Turn;
use crate::world;

/// Opens the request and writes what its obligations ask for; every other time something is wrong with it.
pub fn provide(dice: &mut Dice, case: &mut Case, found: &Evaluation, opening: &Opening, epoch: u32, expiry: u32) {
    let flaw =
        if dice.percent(45) { dice.pick(&[0, 1, 2, 3, 4, 5, 6, 7, 7, 8, 8, 8, 9, 9, 10, 10, 11, 11, 11]) } else { 12 };
    let serial = dice.pick(&[U256::ONE, U256::from(2), U256::from(u64::MAX)]);
    let opened_at = Turn { delay: 0, expiry: expiry.into() }.made(dice, case.now) & ((1 << 40) - 1);
    let mut slot = opening.slot;
    match flaw {
        // Of another module, another content, another epoch; or nothing is open.
        0 => slot = opening_slot(case.account, epoch, dice.pick(&world::modules()), opening.content),
        1 => slot = opening_slot(case.account, epoch, opening.module, content(&[])),
        2 => slot = opening_slot(case.account, epoch.wrapping_add(1), opening.module, opening.content),
        3 => return,
        _ => {}
    }
    case.words.insert(slot, serial << 40 | U256::from(opened_at));
    let serial = if flaw == 4 { serial.wrapping_add(U256::ONE) } else { serial };
    let mut binding = Binding {
        chain_id: world::CHAIN_ID,
        hook: world::HOOK,
        account: case.account,
        request: module_request(case.account, epoch, opening.module, opening.content, serial),
        program: keccak256(&case.program),
        epoch,
    };
    match flaw {
        5 => binding.program = B256::from(dice.word()),
        6 => binding.epoch = epoch.wrapping_add(1),
        _ => {}
    }
    for one in &found.obligations {
        match one.ask {
            Ask::Approvals { list, initiator, .. } => {
                approvals(dice, case, &binding, one, list, initiator, flaw == 7);
                if flaw == 8 {
                    case.words.insert(denial_slot(&binding, list), U256::ONE);
                }
            }
            Ask::Attestation { set } => attestation(dice, case, &binding, found, set, flaw),
            Ask::Signatures | Ask::Signers { .. } => {}
        }
    }
}

/// Words of as many members as are needed, or of one less.
fn approvals(
    dice: &mut Dice,
    case: &mut Case,
    binding: &Binding,
    one: &Obligation,
    list: u32,
    initiator: bool,
    lacking: bool,
) {
    let mut pool = members(&case.program, list);
    if !initiator && dice.percent(85) {
        pool.retain(|who| *who != case.initiator);
    }
    while pool.len() > usize::from(one.need) && dice.percent(85) {
        let at = dice.index(pool.len());
        pool.remove(at);
    }
    if lacking {
        pool.pop();
    }
    if dice.percent(10) {
        pool.push(dice.pick(&everyone()));
    }
    for who in pool {
        let last = if dice.percent(25) { deadline_word(dice, case.now) } else { U256::from(case.now + 7) };
        case.words.insert(approval_slot(binding, who), last);
    }
}

fn attestation(dice: &mut Dice, case: &mut Case, binding: &Binding, found: &Evaluation, set: u8, flaw: u64) {
    let base = kept_slot(binding, set);
    let last = match flaw {
        9 => case.now.saturating_sub(dice.below(3)),
        _ if dice.percent(20) => deadline(dice, case.now),
        _ if dice.percent(20) => case.now,
        _ => case.now + 7,
    };
    let (mut length, mut digest) = (0, effects(&records(found)));
    match flaw {
        10 => digest = if dice.percent(30) { B256::ZERO } else { keccak256(digest) },
        11 => length = dice.pick(&[1, 32, 1024]),
        _ => {}
    }
    case.words.insert(base, U256::from(last) << 16 | U256::from(length));
    case.words.insert(base + U256::ONE, digest.into());
    case.words.insert(base + U256::from(2), U256::from(dice.below(3)));
    if length > 0 {
        case.words.insert(base + U256::from(3), dice.word());
    }
}
