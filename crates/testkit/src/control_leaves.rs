//! Random leaves that no rule sees: those that change Portcullis, or the slots that hold it.

use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue};
use portcullis_bindings::IPolicyHook as Hook;
use portcullis_eval::selectors;

use crate::dice::Dice;
use crate::leaves::{Call, Leaf};
use crate::world;

/// A call of the account to itself that names one address.
#[must_use]
pub fn slot_call(selector: [u8; 4], named: Address) -> Leaf {
    let data = [selector.as_slice(), &named.abi_encode()].concat();
    Leaf { to: world::ACCOUNT, value: U256::ZERO, call: Call::Raw(data.into()), delegates: false }
}

/// A change of a slot that holds the hook, mostly sound.
pub fn slot_change(dice: &mut Dice, managed: bool) -> Leaf {
    let named = dice.pick(&[world::HOOK, Address::ZERO, Address::ZERO, world::MANAGER, Address::repeat_byte(0x99)]);
    let argument = named.abi_encode();
    let common = [selectors::SET_GUARD, selectors::SET_GUARD, selectors::SET_MODULE_GUARD, selectors::SET_MODULE_GUARD];
    let selector = match dice.below(10) {
        0 => selectors::SET_FALLBACK_HANDLER,
        1..=4 if managed => selectors::SET_HOOKS,
        1 => selectors::SET_HOOKS,
        _ => dice.pick(&common),
    };
    let mut data = [selector.as_slice(), &argument].concat();
    let mut to = world::ACCOUNT;
    if selector == selectors::SET_HOOKS && dice.percent(60) {
        to = world::MANAGER;
        if dice.percent(85) {
            data.extend(dice.pick(&[world::ACCOUNT, world::ACCOUNT, world::ACCOUNT, world::HOOK]));
        }
    }
    Leaf { to, value: U256::ZERO, call: Call::Raw(data.into()), delegates: false }
}

/// A call to the hook that rules never see, mostly sound.
pub fn hook_call(dice: &mut Dice) -> Leaf {
    let other = dice.pick(&world::targets());
    let who = dice.pick(&[world::ACCOUNT, world::ACCOUNT, world::ACCOUNT, other]);
    let hash = alloy_primitives::B256::from(dice.word());
    let data = match dice.below(17) {
        11 => Hook::approveCall { account: who, request: hash, program: hash, deadline: 7 }.abi_encode(),
        12 => Hook::denyCall { account: who, request: hash, list: alloy_primitives::Uint::from(77) }.abi_encode(),
        16 => Hook::openCall { account: who, module: other, actions: vec![] }.abi_encode(),
        13 => Hook::startUnfreezeCall {}.abi_encode(),
        14 => Hook::unfreezeCall {}.abi_encode(),
        15 => {
            // Something that does not belong into the words of the two above.
            let (at, mut data) =
                (dice.index(128), Hook::approveCall { account: who, ..Default::default() }.abi_encode());
            if dice.percent(50) {
                data = Hook::denyCall { account: who, ..Default::default() }.abi_encode();
            }
            if let Some(byte) = data.get_mut(4 + at) {
                *byte = 1;
            }
            if dice.percent(30) {
                data.push(0);
            }
            data
        }
        0 => Hook::installCall { program: other, codeHash: hash, changeDelay: 1, manager: other, bypassing: vec![] }
            .abi_encode(),
        1 | 2 => Hook::stageCall { program: other, codeHash: hash, changeDelay: 3_600 }.abi_encode(),
        3 => Hook::stageSlotsCall { calls: vec![Hook::SlotCall { to: other, data: dice.bytes(7) }] }.abi_encode(),
        4 => Hook::cancelStagedCall {}.abi_encode(),
        5 => Hook::activateCall { program: other }.abi_encode(),
        6 | 7 => Hook::announceCall { account: who, origin: Address::ZERO, actions: vec![] }.abi_encode(),
        8 | 9 => Hook::cancelCall { account: who, id: hash }.abi_encode(),
        _ => [dice.pick(&selectors::ENTRIES).as_slice(), &dice.bytes(64)].concat(),
    };
    let mut leaf = Leaf { to: world::HOOK, value: U256::ZERO, call: Call::Raw(data.into()), delegates: false };
    if dice.percent(6) {
        leaf.value = U256::ONE;
    }
    leaf
}
