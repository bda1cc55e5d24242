//! Random leaves and batches of them.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use portcullis_bindings::{IPolicyHook as Hook, safe};
use portcullis_eval::selectors;

use crate::case::CaseAction;
use crate::dice::Dice;
use crate::draft::{
    APPROVE, CALL, Draft, INCREASE_ALLOWANCE, NATIVE, OPAQUE, OTHERS, RuleDraft, Subjects, TOKEN_APPROVE,
    TOKEN_TRANSFER, TRANSFER, TRANSFER_FROM, amount,
};
use crate::world;

/// Calldata in the making.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Call {
    /// None.
    #[default]
    Nothing,
    /// As it is.
    Raw(Bytes),
    /// One of the calls that decode.
    Token {
        /// Which.
        selector: [u8; 4],
        /// Of `transferFrom`.
        source: Address,
        /// Or spender.
        recipient: Address,
        /// Base units.
        amount: U256,
    },
}

/// A call in the making.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Leaf {
    /// Target.
    pub to: Address,
    /// Wei.
    pub value: U256,
    /// Calldata.
    pub call: Call,
}

impl Leaf {
    /// The calldata.
    #[must_use]
    pub fn data(&self) -> Bytes {
        match &self.call {
            Call::Nothing => Bytes::new(),
            Call::Raw(data) => data.clone(),
            Call::Token { selector: TRANSFER_FROM, source, recipient, amount } => {
                [TRANSFER_FROM.as_slice(), &(*source, *recipient, *amount).abi_encode()].concat().into()
            }
            Call::Token { selector, recipient, amount, .. } => {
                [selector.as_slice(), &(*recipient, *amount).abi_encode()].concat().into()
            }
        }
    }

    /// How many effects it has if it is ordinary and decodes; one if it is control.
    #[must_use]
    pub fn effects(&self) -> usize {
        usize::from(!self.value.is_zero()) + usize::from(self.call != Call::Nothing || self.value.is_zero())
    }

    /// Changes the amount of its `effect`-th effect.
    pub fn set_amount(&mut self, effect: usize, wanted: U256) {
        match &mut self.call {
            _ if effect == 0 && !self.value.is_zero() => self.value = wanted,
            Call::Token { amount, .. } => *amount = wanted,
            _ => {}
        }
    }

    /// As an action.
    #[must_use]
    pub fn action(&self) -> CaseAction {
        CaseAction { to: self.to, value: self.value, data: self.data(), operation: 0 }
    }
}

fn amount_for(dice: &mut Dice, draft: &Draft, rule: &RuleDraft) -> U256 {
    let mut taste: Vec<U256> = [rule.min, rule.max].into_iter().flatten().collect();
    if taste.is_empty() || dice.percent(20) {
        taste.extend(rule.limits.iter().filter_map(|i| Some(draft.limits.get(usize::from(*i))?.cap)));
        taste.push(amount(dice));
    }
    let wanted = dice.pick(&taste);
    let wanted = if dice.percent(60) { dice.near(wanted) } else { wanted };
    if dice.percent(80) { wanted.clamp(rule.min.unwrap_or_default(), rule.max.unwrap_or(U256::MAX)) } else { wanted }
}

fn recipient_for(dice: &mut Dice, rule: &RuleDraft) -> Address {
    let anyone = [world::recipients(), vec![Address::ZERO, world::ACCOUNT, world::HOOK]].concat();
    if !rule.recipients.is_empty() && dice.percent(90) { dice.pick(&rule.recipients) } else { dice.pick(&anyone) }
}

/// A leaf that the rule is likely to match.
pub fn matching(dice: &mut Dice, draft: &Draft, rule: &RuleDraft) -> Leaf {
    let recipient = recipient_for(dice, rule);
    let to = match (&rule.subjects, rule.kind) {
        (Subjects::Account, _) => world::ACCOUNT,
        (Subjects::These(these), _) => dice.pick(these),
        (Subjects::Any, NATIVE) => recipient,
        (Subjects::Any, CALL) => {
            dice.pick(&[world::targets(), world::recipients(), vec![world::MANAGER, Address::ZERO]].concat())
        }
        (Subjects::Any, _) => dice.pick(&draft.tokens),
    };
    let amount = amount_for(dice, draft, rule);
    let selector = (!rule.selectors.is_empty()).then(|| dice.pick(&rule.selectors));
    let raw = |dice: &mut Dice, selector: [u8; 4]| {
        let length = dice.pick(&[0, 32, 36, 64, 5]);
        Call::Raw([selector.as_slice(), &dice.bytes(length)].concat().into())
    };
    match rule.kind {
        NATIVE => {
            let call = match selector {
                Some(selector) => raw(dice, selector),
                None if dice.percent(8) => raw(dice, OTHERS[0]),
                None => Call::Nothing,
            };
            Leaf { to, value: amount, call }
        }
        TOKEN_TRANSFER | TOKEN_APPROVE => {
            let pool = if rule.kind == TOKEN_TRANSFER {
                [TRANSFER, TRANSFER, TRANSFER_FROM]
            } else {
                [APPROVE, APPROVE, INCREASE_ALLOWANCE]
            };
            let selector = selector.unwrap_or_else(|| dice.pick(&pool));
            let call = Call::Token { selector, source: world::ACCOUNT, recipient, amount };
            Leaf { to, value: U256::ZERO, call }
        }
        OPAQUE => {
            let selector = selector.unwrap_or_else(|| dice.pick(&[OTHERS[0], OTHERS[1], TRANSFER_FROM]));
            let call = if selector == TRANSFER_FROM {
                Call::Token { selector, source: dice.pick(&world::recipients()), recipient, amount }
            } else {
                raw(dice, selector)
            };
            Leaf { to, value: U256::ZERO, call }
        }
        _ => {
            let call = match selector {
                Some(selector) => raw(dice, selector),
                None if dice.percent(30) => Call::Nothing,
                None => {
                    let selector = dice.pick(&OTHERS);
                    raw(dice, selector)
                }
            };
            Leaf { to, value: U256::ZERO, call }
        }
    }
}

/// Something is wrong with it, mostly.
pub fn spoil(dice: &mut Dice, leaf: &mut Leaf) {
    let data = leaf.data().to_vec();
    let raw = |data: Vec<u8>| Call::Raw(data.into());
    match dice.below(10) {
        0 => {
            let length = 1 + dice.index(3);
            leaf.call = Call::Raw(dice.bytes(length));
        }
        1 => leaf.to = dice.pick(&[world::ACCOUNT, world::HOOK, world::MANAGER, Address::ZERO]),
        2 => leaf.value = amount(dice),
        3 => leaf.call = raw([data.as_slice(), &[0]].concat()),
        4 => leaf.call = raw(data.get(..data.len().saturating_sub(1)).unwrap_or_default().to_vec()),
        5 | 6 => {
            let mut data = data;
            let words = data.len() / 32;
            let unused = dice.pick(&[12, 12, 28]);
            let at = 4 + 32 * dice.index(words) + dice.index(unused);
            if let Some(byte) = data.get_mut(at) {
                *byte = 1;
            }
            leaf.call = raw(data);
        }
        7 => leaf.to = dice.pick(&world::tokens()),
        _ => {
            let wanted = amount(dice);
            leaf.set_amount(0, wanted);
            if let Call::Token { recipient, .. } = &mut leaf.call {
                *recipient = dice.pick(&world::recipients());
            }
        }
    }
}

/// A call of the account to itself that names one address.
#[must_use]
pub fn slot_call(selector: [u8; 4], named: Address) -> Leaf {
    let data = [selector.as_slice(), &named.abi_encode()].concat();
    Leaf { to: world::ACCOUNT, value: U256::ZERO, call: Call::Raw(data.into()) }
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
    Leaf { to, value: U256::ZERO, call: Call::Raw(data.into()) }
}

/// A call to the hook that rules never see, mostly sound.
pub fn hook_call(dice: &mut Dice) -> Leaf {
    let other = dice.pick(&world::targets());
    let who = dice.pick(&[world::ACCOUNT, world::ACCOUNT, world::ACCOUNT, other]);
    let hash = alloy_primitives::B256::from(dice.word());
    let data = match dice.below(11) {
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
    let mut leaf = Leaf { to: world::HOOK, value: U256::ZERO, call: Call::Raw(data.into()) };
    if dice.percent(6) {
        leaf.value = U256::ONE;
    }
    leaf
}

/// What an action is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A call.
    Leaf(Leaf),
    /// A batch through this contract.
    Batch(Address, Vec<Node>),
    /// As it is.
    Raw(CaseAction),
}

impl Node {
    /// Its leaves, in order.
    pub fn leaves_mut(&mut self) -> Vec<&mut Leaf> {
        match self {
            Self::Leaf(leaf) => vec![leaf],
            Self::Batch(_, nodes) => nodes.iter_mut().flat_map(Self::leaves_mut).collect(),
            Self::Raw(_) => Vec::new(),
        }
    }

    /// As an action.
    #[must_use]
    pub fn action(&self) -> CaseAction {
        match self {
            Self::Leaf(leaf) => leaf.action(),
            Self::Raw(action) => action.clone(),
            Self::Batch(to, nodes) => {
                let zero = [safe::MULTI_SEND_1_5_0, safe::MULTI_SEND_CALL_ONLY_1_5_0].contains(to);
                let mut actions: Vec<CaseAction> = nodes.iter().map(Self::action).collect();
                for action in &mut actions {
                    if zero && action.to == world::ACCOUNT {
                        action.to = Address::ZERO;
                    }
                }
                CaseAction { to: *to, value: U256::ZERO, data: multi_send(&actions), operation: 1 }
            }
        }
    }
}

/// `multiSend(bytes)` calldata.
#[must_use]
pub fn multi_send(actions: &[CaseAction]) -> Bytes {
    let mut transactions = Vec::new();
    for a in actions {
        transactions.push(a.operation);
        transactions.extend(a.to);
        transactions.extend(a.value.to_be_bytes::<32>());
        transactions.extend(U256::from(a.data.len()).to_be_bytes::<32>());
        transactions.extend(&a.data);
    }
    safe::MultiSend::multiSendCall { transactions: transactions.into() }.abi_encode().into()
}

/// A batch that is not what `multiSend(bytes)` encodes.
pub fn misencode(dice: &mut Dice, action: &mut CaseAction) {
    let mut data = action.data.to_vec();
    match dice.below(6) {
        0 => data.push(0),
        1 => data.truncate(dice.index(data.len())),
        2 => {
            // The last byte is padding, or belongs to a transaction.
            if let Some(last) = data.last_mut() {
                *last = last.wrapping_add(1);
            }
        }
        3 => data.extend([0; 32]),
        _ => {
            let at = dice.index(data.len().min(160));
            if let Some(byte) = data.get_mut(at) {
                *byte = byte.wrapping_add(1);
            }
        }
    }
    action.data = data.into();
}
