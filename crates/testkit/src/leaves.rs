//! Random leaves that rules match, and batches of leaves.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::{SolCall, SolValue};
use portcullis_bindings::safe;

use crate::case::CaseAction;
use crate::conditions::{Cond, ListDraft, suits};
use crate::dice::Dice;
use crate::draft::{
    APPROVE, BATCH_1155, CALL, DELEGATECALL, Draft, ENABLE_MODULE, NATIVE, OPAQUE, OTHERS, PERMIT2_APPROVE, RuleDraft,
    Subjects, TOKEN_APPROVE, TOKEN_TRANSFER, TRANSFER, amount, decoding, pool,
};
use crate::tokens::{TokenCall, head, misplace};
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
    Token(TokenCall),
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
    /// Whether it is a delegatecall.
    pub delegates: bool,
}

impl Leaf {
    /// The calldata.
    #[must_use]
    pub fn data(&self) -> Bytes {
        match &self.call {
            Call::Nothing => Bytes::new(),
            Call::Raw(data) => data.clone(),
            Call::Token(call) => call.data(),
        }
    }

    /// How many effects it has if it is ordinary and decodes; one if it is control.
    #[must_use]
    pub fn effects(&self) -> usize {
        let called = match &self.call {
            Call::Nothing => usize::from(self.value.is_zero()),
            Call::Raw(_) => 1,
            Call::Token(call) => call.effects(),
        };
        usize::from(!self.value.is_zero()) + called
    }

    /// Changes the amount of its `effect`-th effect.
    pub fn set_amount(&mut self, effect: usize, wanted: U256) {
        if effect == 0 && !self.value.is_zero() {
            self.value = wanted;
        } else if let Call::Token(call) = &mut self.call
            && let Some(amount) = call.amounts.get_mut(effect - usize::from(!self.value.is_zero()))
        {
            *amount = wanted;
        }
    }

    /// Who receives something, as far as that is known before it is decoded.
    #[must_use]
    pub fn recipients(&self) -> Vec<Address> {
        match &self.call {
            Call::Token(call) => vec![self.to, call.recipient],
            _ => vec![self.to],
        }
    }

    /// As an action.
    #[must_use]
    pub fn action(&self) -> CaseAction {
        CaseAction { to: self.to, value: self.value, data: self.data(), operation: self.delegates.into() }
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
    let listed = if rule.recipients.is_empty() { &anyone } else { &rule.recipients };
    let suits =
        |one: &Address| rule.conditions.iter().all(|condition| suits(condition, Some(*one), None) != Some(false));
    let suiting: Vec<Address> = listed.iter().filter(|one| suits(one)).copied().collect();
    if !suiting.is_empty() && dice.percent(92) { dice.pick(&suiting) } else { dice.pick(&anyone) }
}

/// Calldata with the words that the conditions ask for, or their neighbours, where it means nothing else.
fn meet(dice: &mut Dice, conditions: &[Cond], data: &mut Vec<u8>) {
    for condition in conditions {
        let (offset, word) = match condition {
            Cond::Word { offset, value, .. } => (*offset, if dice.percent(60) { *value } else { dice.near(*value) }),
            Cond::WordListed(offset, ListDraft::Members(members)) => (*offset, dice.pick(members).into_word().into()),
            Cond::WordListed(offset, ListDraft::Registry(_)) => {
                (*offset, dice.pick(&world::recipients()).into_word().into())
            }
            Cond::Any(inside) | Cond::All(inside) | Cond::NotAll(inside) => {
                meet(dice, inside, data);
                continue;
            }
            _ => continue,
        };
        // The selector stays.
        let at = usize::from(offset).max(4);
        if at < 200 {
            data.resize(data.len().max(at + dice.pick(&[32, 32, 31, 1])), 0);
            for (byte, wanted) in data.iter_mut().skip(at).zip(word.to_be_bytes::<32>()) {
                *byte = wanted;
            }
        }
    }
}

fn token_call(dice: &mut Dice, draft: &Draft, rule: &RuleDraft, to: Address, selector: Option<[u8; 4]>) -> Leaf {
    let standard = draft.tokens.iter().find(|(token, _)| *token == to).map_or(1, |(_, standard)| *standard);
    let pool = decoding(standard, rule.kind);
    let selector = selector.filter(|selector| pool.contains(selector)).unwrap_or_else(|| dice.pick(pool));
    let n = if selector == BATCH_1155 { dice.pick(&[1, 1, 2, 2, 3]) } else { 1 };
    let revokes = standard == 2 && selector == APPROVE && dice.percent(25);
    let call = TokenCall {
        selector,
        source: world::ACCOUNT,
        recipient: if revokes { Address::ZERO } else { recipient_for(dice, rule) },
        amounts: (0..n).map(|_| amount_for(dice, draft, rule)).collect(),
        token: to,
        extra: {
            let length = dice.pick(&[0, 0, 0, 1, 32, 40]);
            dice.bytes(length)
        },
    };
    let to = if selector == PERMIT2_APPROVE { world::PERMIT2 } else { to };
    Leaf { to, value: U256::ZERO, call: Call::Token(call), delegates: false }
}

/// A leaf that the rule is likely to match.
pub fn matching(dice: &mut Dice, draft: &Draft, rule: &RuleDraft) -> Leaf {
    let tokens: Vec<Address> = draft.tokens.iter().map(|(token, _)| *token).collect();
    let to = match (&rule.subjects, rule.kind) {
        (Subjects::Account, _) => world::ACCOUNT,
        (Subjects::These(these), _) => dice.pick(these),
        (Subjects::Any, NATIVE) => recipient_for(dice, rule),
        (Subjects::Any, CALL | DELEGATECALL) => {
            let others = vec![world::MANAGER, Address::ZERO, world::PERMIT2];
            dice.pick(&[world::targets(), world::recipients(), others].concat())
        }
        (Subjects::Any, _) => dice.pick(&tokens),
    };
    let selector = (!rule.selectors.is_empty()).then(|| dice.pick(&rule.selectors));
    let raw = |dice: &mut Dice, selector: [u8; 4]| {
        let length = match selector {
            ENABLE_MODULE => 32,
            _ => dice.pick(&[0, 32, 36, 64, 5]),
        };
        let mut data = [selector.as_slice(), &dice.bytes(length)].concat();
        if selector == ENABLE_MODULE {
            let module = if rule.recipients.is_empty() { world::modules() } else { rule.recipients.clone() };
            data = [selector.as_slice(), &dice.pick(&module).abi_encode()].concat();
        } else {
            meet(dice, &rule.conditions, &mut data);
        }
        Call::Raw(data.into())
    };
    match rule.kind {
        NATIVE => {
            let call = match selector {
                Some(selector) => raw(dice, selector),
                None if dice.percent(12) => raw(dice, OTHERS[0]),
                None => Call::Nothing,
            };
            Leaf { to, value: amount_for(dice, draft, rule), call, delegates: false }
        }
        TOKEN_TRANSFER | TOKEN_APPROVE => token_call(dice, draft, rule, to, selector),
        OPAQUE => {
            let standard = draft.tokens.iter().find(|(token, _)| *token == to).map_or(1, |(_, standard)| *standard);
            let sourced: Vec<[u8; 4]> =
                decoding(standard, TOKEN_TRANSFER).iter().filter(|one| **one != TRANSFER).copied().collect();
            let selector = selector.unwrap_or_else(|| {
                let pool = if dice.percent(50) { sourced.clone() } else { pool(draft, rule) };
                dice.pick(&pool)
            });
            if sourced.contains(&selector) {
                let source = dice.pick(&world::recipients());
                let amounts = vec![amount(dice)];
                let call = TokenCall { selector, source, recipient: source, amounts, ..TokenCall::default() };
                return Leaf { to, value: U256::ZERO, call: Call::Token(call), delegates: false };
            }
            Leaf { to, value: U256::ZERO, call: raw(dice, selector), delegates: false }
        }
        CALL if rule.subjects == Subjects::Any && dice.percent(25) => {
            // An allowance at Permit2 that is none of a declared ERC-20.
            let token = dice.pick(&world::tokens());
            let selector = PERMIT2_APPROVE;
            let call =
                TokenCall { selector, recipient: token, amounts: vec![amount(dice)], token, ..TokenCall::default() };
            Leaf { to: world::PERMIT2, value: U256::ZERO, call: Call::Token(call), delegates: false }
        }
        kind => {
            let call = match selector {
                Some(selector) => raw(dice, selector),
                None if dice.percent(30) => Call::Nothing,
                None => {
                    let selector = dice.pick(&OTHERS);
                    raw(dice, selector)
                }
            };
            Leaf { to, call, delegates: kind == DELEGATECALL, ..Leaf::default() }
        }
    }
}

/// Something is wrong with it, mostly.
pub fn spoil(dice: &mut Dice, leaf: &mut Leaf) {
    let data = leaf.data().to_vec();
    let raw = |data: Vec<u8>| Call::Raw(data.into());
    if let Call::Token(call) = &leaf.call
        && let Some(head) = head(call.selector)
        && dice.percent(60)
    {
        let mut data = data;
        misplace(dice, &mut data, head);
        leaf.call = raw(data);
        return;
    }
    let roll = if matches!(leaf.call, Call::Token(_)) && dice.percent(55) { 3 + dice.below(4) } else { dice.below(11) };
    match roll {
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
            let unused = dice.pick(&[12, 12, 26, 28, 31]);
            let at = 4 + 32 * dice.index(words) + dice.index(unused);
            if let Some(byte) = data.get_mut(at) {
                *byte = 1;
            }
            leaf.call = raw(data);
        }
        7 => leaf.to = dice.pick(&world::tokens()),
        8 => {
            if let Call::Token(call) = &mut leaf.call {
                match dice.below(3) {
                    0 => call.source = dice.pick(&world::recipients()),
                    1 => call.recipient = Address::ZERO,
                    _ => call.amounts.clear(),
                }
            }
        }
        _ => {
            let wanted = amount(dice);
            leaf.set_amount(0, wanted);
            if let Call::Token(call) = &mut leaf.call {
                call.recipient = dice.pick(&world::recipients());
            }
        }
    }
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
