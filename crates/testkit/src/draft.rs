//! A random program before it has bytes.

use alloy_primitives::{Address, U256, uint};

use crate::dice::Dice;
use crate::world;

/// `transfer(address,uint256)`.
pub const TRANSFER: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
/// `transferFrom(address,address,uint256)`.
pub const TRANSFER_FROM: [u8; 4] = [0x23, 0xb8, 0x72, 0xdd];
/// `approve(address,uint256)`.
pub const APPROVE: [u8; 4] = [0x09, 0x5e, 0xa7, 0xb3];
/// `increaseAllowance(address,uint256)`.
pub const INCREASE_ALLOWANCE: [u8; 4] = [0x39, 0x50, 0x93, 0x51];
/// Selectors that mean nothing; one is all zero, which is a call like any other.
pub const OTHERS: [[u8; 4]; 4] = [[0x11; 4], [0x22; 4], [0, 0, 0, 0], [0xff; 4]];

/// Kinds of effects, as programs number them.
pub const NATIVE: u8 = 1;
/// See [`NATIVE`].
pub const TOKEN_TRANSFER: u8 = 2;
/// See [`NATIVE`].
pub const TOKEN_APPROVE: u8 = 3;
/// See [`NATIVE`].
pub const CALL: u8 = 4;
/// See [`NATIVE`].
pub const OPAQUE: u8 = 5;

/// What a rule's keys name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subjects {
    /// Anything but the account and the hook.
    Any,
    /// The account.
    Account,
    /// These.
    These(Vec<Address>),
}

/// A limit in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitDraft {
    /// Zero for native.
    pub asset: Address,
    /// Base units.
    pub cap: U256,
    /// As programs number it.
    pub window: u8,
    /// Whether it meets every outflow.
    pub everywhere: bool,
    /// The rolling window's length.
    pub seconds: u32,
}

/// A rule in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleDraft {
    /// Of its effects.
    pub kind: u8,
    /// Of its keys.
    pub subjects: Subjects,
    /// Of its keys; any when empty.
    pub selectors: Vec<[u8; 4]>,
    /// The outcome.
    pub allow: bool,
    /// For requests of these modules; of any when empty; of the owners when none.
    pub modules: Option<Vec<Address>>,
    /// Initiators.
    pub initiators: Vec<Address>,
    /// Recipients.
    pub recipients: Vec<Address>,
    /// Least amount.
    pub min: Option<U256>,
    /// Greatest amount.
    pub max: Option<U256>,
    /// Indices.
    pub limits: Vec<u8>,
    /// Seconds.
    pub delay: u32,
}

/// A program in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Seconds that announcements live.
    pub expiry: u32,
    /// In order.
    pub limits: Vec<LimitDraft>,
    /// Declared.
    pub tokens: Vec<Address>,
    /// In order.
    pub rules: Vec<RuleDraft>,
}

/// An amount with a taste for boundaries.
pub fn amount(dice: &mut Dice) -> U256 {
    let power = U256::from(10).pow(U256::from(dice.below(31)));
    match dice.below(12) {
        0 => U256::ZERO,
        1 => U256::ONE,
        2 => U256::MAX,
        3 => uint!(0x1000000000000000000000000000000000000000000000000_U256).saturating_sub(U256::from(dice.below(3))),
        4..=6 => power,
        7..=9 => power.saturating_mul(U256::from(dice.below(1_000_000))),
        _ => dice.word() >> dice.index(256),
    }
}

fn cap(dice: &mut Dice) -> U256 {
    // The most units that a rolling limit may have, and its neighbours.
    let most = U256::from(8_000_000).saturating_mul(U256::from(10).pow(U256::from(dice.below(25))));
    let cap = if dice.percent(12) { dice.near(most) } else { amount(dice) };
    cap.min(U256::MAX >> 64)
}

fn limit(dice: &mut Dice, assets: &[Address]) -> LimitDraft {
    LimitDraft {
        asset: dice.pick(assets),
        cap: cap(dice),
        window: dice.pick(&[0, 1, 2, 3, 4, 4, 4]),
        everywhere: dice.percent(25),
        seconds: dice.pick(&[60, 3_600, 86_400, 86_401, 7 * 86_400, 30 * 86_400, 1, 9]),
    }
}

fn members(dice: &mut Dice) -> Vec<Address> {
    let all = world::recipients();
    let n = dice.pick(&[1, 1, 2, 3, 24, 25, 40]);
    all.iter().skip(dice.index(3)).take(n).copied().collect()
}

fn subjects(dice: &mut Dice, kind: u8, tokens: &[Address]) -> Subjects {
    let roll = dice.below(100);
    match kind {
        NATIVE if roll < 65 => Subjects::Any,
        NATIVE if roll < 85 => Subjects::These(members(dice).into_iter().take(3).collect()),
        NATIVE if roll < 93 => Subjects::Account,
        NATIVE => Subjects::These(vec![world::HOOK]),
        CALL if roll < 45 => Subjects::These(dice.some_of(&world::targets(), 50)),
        CALL if roll < 65 => Subjects::Account,
        CALL if roll < 85 => Subjects::Any,
        CALL => Subjects::These(vec![dice.pick(&[world::HOOK, world::MANAGER])]),
        _ if roll < 75 => Subjects::These(vec![dice.pick(tokens)]),
        _ if roll < 85 => Subjects::These(tokens.to_vec()),
        _ => Subjects::Any,
    }
}

fn selectors(dice: &mut Dice, kind: u8) -> Vec<[u8; 4]> {
    let any = if kind == NATIVE { 80 } else { 45 };
    if dice.percent(any) {
        return Vec::new();
    }
    match kind {
        TOKEN_TRANSFER => dice.some_of(&[TRANSFER, TRANSFER_FROM], 60),
        TOKEN_APPROVE => dice.some_of(&[APPROVE, INCREASE_ALLOWANCE], 60),
        OPAQUE => dice.some_of(&[OTHERS[0], OTHERS[1], OTHERS[2], TRANSFER_FROM], 50),
        _ => dice.some_of(&OTHERS, 40),
    }
}

fn rule(dice: &mut Dice, draft: &Draft, for_modules: u32) -> RuleDraft {
    let kind = dice.pick(&[
        NATIVE,
        NATIVE,
        NATIVE,
        TOKEN_TRANSFER,
        TOKEN_TRANSFER,
        TOKEN_TRANSFER,
        TOKEN_APPROVE,
        CALL,
        CALL,
        OPAQUE,
    ]);
    let subjects = subjects(dice, kind, &draft.tokens);
    let allow = dice.percent(85);
    let asset = match (&subjects, kind) {
        (_, NATIVE) => Some(Address::ZERO),
        (Subjects::These(tokens), TOKEN_TRANSFER | TOKEN_APPROVE) if tokens.len() == 1 => tokens.first().copied(),
        _ => None,
    };
    let moves = matches!(kind, NATIVE | TOKEN_TRANSFER | TOKEN_APPROVE);
    let (mut min, mut max) = (None, None);
    if moves && dice.percent(25) {
        min = Some(amount(dice));
    }
    if moves && dice.percent(30) {
        max = Some(amount(dice).max(min.unwrap_or_default()));
    }
    let mut limits = Vec::new();
    if allow && dice.percent(80) {
        for (i, limit) in (0..).zip(&draft.limits) {
            if Some(limit.asset) == asset && dice.percent(70) || dice.percent(1) {
                limits.push(i);
            }
        }
        if dice.percent(1) {
            limits.push(u8::try_from(draft.limits.len()).unwrap_or(u8::MAX));
        }
    }
    RuleDraft {
        kind,
        subjects,
        selectors: selectors(dice, kind),
        allow,
        modules: dice
            .percent(for_modules)
            .then(|| if dice.percent(85) { dice.some_of(&world::modules(), 60) } else { Vec::new() }),
        initiators: if dice.percent(15) { dice.some_of(&world::initiators(), 60) } else { Vec::new() },
        recipients: if moves && dice.percent(40) { members(dice) } else { Vec::new() },
        min,
        max,
        limits,
        delay: if allow && dice.percent(15) { dice.pick(&[1, 3_600, 86_400, 172_800]) } else { 0 },
    }
}

/// A random program in the making, of whose rules so many in a hundred are for modules.
pub fn draft(dice: &mut Dice, for_modules: u32) -> Draft {
    let tokens = dice.some_of(&world::tokens(), 50);
    let mut draft = Draft {
        expiry: dice.pick(&[1_209_600, 604_800, 200_000, 172_801]),
        limits: Vec::new(),
        tokens: tokens.clone(),
        rules: Vec::new(),
    };
    let assets = [tokens, vec![Address::ZERO, Address::ZERO]].concat();
    // As many limits as there may be, one more, or a few.
    let limits = dice.pick(&[32, 33]);
    for _ in 0..(if dice.percent(2) { limits } else { dice.below(7) }) {
        let limit = limit(dice, &assets);
        draft.limits.push(limit);
    }
    if dice.percent(1) {
        // Nothing behind the directory.
        draft.tokens.clear();
        return draft;
    }
    for _ in 0..=dice.below(7) {
        let rule = rule(dice, &draft, for_modules);
        draft.rules.push(rule);
    }
    draft
}
