//! A random program before it has bytes.

mod naming;
mod selectors;

use alloy_primitives::{Address, U256};

pub use selectors::*;

use crate::answering::Answering;
use crate::conditions::{Cond, ListDraft, Who, condition};
use crate::dice::Dice;
use crate::obligations::{Ask, asks, attesters};
use crate::world;
use naming::{delegating, named};

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
/// See [`NATIVE`].
pub const DELEGATECALL: u8 = 6;

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
    /// Whether it meters the account's balance.
    pub meters: bool,
    /// The rolling window's length.
    pub seconds: u32,
    /// Whether it counts requests; its asset is then zero.
    pub count: bool,
    /// As programs number it.
    pub scope: u8,
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
    /// Besides those above.
    pub conditions: Vec<Cond>,
    /// What is asked for besides limits and delay.
    pub asks: Vec<Ask>,
    /// The attester set that states what the chain cannot see.
    pub states: Option<u8>,
}

impl RuleDraft {
    /// The token, if the rule is about the transfers or allowances of one alone.
    #[must_use]
    pub fn only_token(&self) -> Option<Address> {
        match &self.subjects {
            Subjects::These(tokens) if tokens.len() == 1 && [TOKEN_TRANSFER, TOKEN_APPROVE].contains(&self.kind) => {
                tokens.first().copied()
            }
            _ => None,
        }
    }
}

/// A program in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// As programs number them.
    pub semantics: u8,
    /// Seconds that announcements live.
    pub expiry: u32,
    /// In order.
    pub limits: Vec<LimitDraft>,
    /// Declared, with their standards.
    pub tokens: Vec<(Address, u8)>,
    /// In order.
    pub rules: Vec<RuleDraft>,
    /// Attester sets: the list, and how many of it.
    pub attesters: Vec<(ListDraft, u8)>,
    /// How many in a hundred rules ask for something.
    pub asking: u32,
}

impl Draft {
    /// How many of the first rules ask the set what the chain cannot see.
    #[must_use]
    pub fn hybrid_rules(&self, set: u8, first: usize) -> usize {
        self.rules.iter().take(first).filter(|rule| rule.states == Some(set)).count()
    }
}

/// An amount with a taste for boundaries.
pub fn amount(dice: &mut Dice) -> U256 {
    let power = U256::from(10).pow(U256::from(dice.below(31)));
    match dice.below(12) {
        0 => U256::ZERO,
        1 => U256::ONE,
        2 => U256::MAX,
        3 => {
            let edge = dice.pick(&[96, 128, 160, 192, 255]);
            let edge = U256::ONE << edge;
            dice.near(edge)
        }
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
    let count = dice.percent(30);
    let window = dice.pick(&[0, 1, 2, 3, 4, 4]);
    // One request never exceeds a count of requests in one transaction, unless none is let through.
    let requests =
        U256::from(if window == 0 { dice.pick(&[0, 0, 1, 2]) } else { dice.pick(&[0, 1, 1, 2, 3, 8, 1_000]) });
    let everywhere = dice.percent(if count { 2 } else { 20 });
    let meters = if everywhere && !count { dice.percent(30) } else { dice.below(400) == 0 };
    LimitDraft {
        asset: if count { Address::ZERO } else { dice.pick(assets) },
        cap: if count { requests } else { cap(dice) },
        window,
        everywhere,
        meters,
        seconds: dice.pick(&[60, 3_600, 86_400, 86_401, 7 * 86_400, 30 * 86_400, 1, 9]),
        count,
        scope: if meters && dice.percent(95) { 0 } else { dice.pick(&[0, 1, 2]) },
    }
}

fn members(dice: &mut Dice) -> Vec<Address> {
    let all = world::recipients();
    let n = dice.pick(&[1, 1, 2, 2, 3, 3, 4, 5, 8, 24, 25, 40]);
    all.iter().skip(dice.index(3)).take(n).copied().collect()
}

fn subjects(dice: &mut Dice, kind: u8, tokens: &[(Address, u8)]) -> Subjects {
    let tokens: Vec<Address> = tokens.iter().map(|(token, _)| *token).collect();
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
        _ if roll < 75 => Subjects::These(vec![dice.pick(&tokens)]),
        _ if roll < 85 => Subjects::These(tokens),
        _ => Subjects::Any,
    }
}

/// Selectors of calls that this standard decodes to this kind.
#[must_use]
pub fn decoding(standard: u8, kind: u8) -> &'static [[u8; 4]] {
    match (standard, kind) {
        (1, TOKEN_TRANSFER) => &[TRANSFER, TRANSFER, TRANSFER_FROM],
        (1, TOKEN_APPROVE) => &[APPROVE, INCREASE_ALLOWANCE, PERMIT2_APPROVE],
        (2, TOKEN_TRANSFER) => &[TRANSFER_FROM, SAFE_721, SAFE_721_DATA],
        (2, TOKEN_APPROVE) => &[APPROVE, APPROVAL_FOR_ALL],
        (3, TOKEN_TRANSFER) => &[SAFE_1155, BATCH_1155],
        (3, TOKEN_APPROVE) => &[APPROVAL_FOR_ALL],
        _ => &[],
    }
}

/// Selectors that the rule's effects may have.
#[must_use]
pub fn pool(draft: &Draft, rule: &RuleDraft) -> Vec<[u8; 4]> {
    match rule.kind {
        TOKEN_TRANSFER | TOKEN_APPROVE => {
            let named = |token: &Address| !matches!(&rule.subjects, Subjects::These(these) if !these.contains(token));
            let tokens = draft.tokens.iter().filter(|(token, _)| named(token));
            tokens.flat_map(|(_, standard)| decoding(*standard, rule.kind)).copied().collect()
        }
        OPAQUE => {
            let sourced = [TRANSFER_FROM, SAFE_721, SAFE_721_DATA, SAFE_1155, BATCH_1155];
            [&OTHERS[..3], &sourced].concat()
        }
        _ => OTHERS.to_vec(),
    }
}

fn listed(dice: &mut Dice, draft: &Draft, rule: &RuleDraft) -> Vec<u8> {
    let moves = matches!(rule.kind, NATIVE | TOKEN_TRANSFER | TOKEN_APPROVE);
    let asset = if rule.kind == NATIVE { Some(Address::ZERO) } else { rule.only_token() };
    let mut limits = Vec::new();
    for (i, limit) in (0..).zip(&draft.limits) {
        let suits = (limit.count || Some(limit.asset) == asset) && (limit.scope != 1 || moves);
        if suits && dice.percent(70) || dice.below(150) == 0 {
            limits.push(i);
        }
    }
    if dice.percent(1) {
        limits.push(u8::try_from(draft.limits.len()).unwrap_or(u8::MAX));
    }
    limits
}

fn rule(dice: &mut Dice, draft: &Draft, for_modules: u32) -> RuleDraft {
    let mut kind = dice.pick(&[
        NATIVE,
        NATIVE,
        NATIVE,
        TOKEN_TRANSFER,
        TOKEN_TRANSFER,
        TOKEN_TRANSFER,
        TOKEN_APPROVE,
        TOKEN_APPROVE,
        CALL,
        OPAQUE,
    ]);
    if draft.tokens.is_empty() {
        kind = NATIVE;
    }
    let mut rule = RuleDraft {
        kind,
        subjects: subjects(dice, kind, &draft.tokens),
        selectors: Vec::new(),
        allow: dice.percent(if draft.semantics == 0 { 85 } else { 75 }),
        modules: dice
            .percent(for_modules)
            .then(|| if dice.percent(85) { dice.some_of(&world::modules(), 60) } else { Vec::new() }),
        initiators: if dice.percent(15) { dice.some_of(&world::initiators(), 60) } else { Vec::new() },
        recipients: Vec::new(),
        min: None,
        max: None,
        limits: Vec::new(),
        delay: 0,
        conditions: Vec::new(),
        asks: Vec::new(),
        states: None,
    };
    let moves = matches!(kind, NATIVE | TOKEN_TRANSFER | TOKEN_APPROVE);
    if !dice.percent(if kind == NATIVE { 80 } else { 50 }) {
        rule.selectors = dice.some_of(&pool(draft, &rule), 50);
    }
    if moves && dice.percent(30) {
        rule.recipients = members(dice);
    }
    if dice.percent(8) {
        named(dice, &mut rule);
    }
    if dice.percent(6) {
        delegating(dice, &mut rule);
    }
    let moves = matches!(rule.kind, NATIVE | TOKEN_TRANSFER | TOKEN_APPROVE);
    if moves && dice.percent(20) {
        rule.min = Some(amount(dice));
    }
    if moves && dice.percent(25) {
        rule.max = Some(amount(dice).max(rule.min.unwrap_or_default()));
    }
    if rule.allow && dice.percent(80) {
        rule.limits = listed(dice, draft, &rule);
        if dice.percent(15) {
            rule.delay = dice.pick(&[1, 3_600, 86_400, 172_800]);
        }
    }
    if rule.modules.is_some() && dice.percent(8) {
        rule.modules = Some(Vec::new());
        let registry = dice.pick(&Answering::SOUND);
        rule.conditions.push(Cond::Listed(Who::Origin, ListDraft::Registry(registry)));
    }
    // More of what is asked of modules is missing, and enough of the cases must end in allow.
    let asking = if rule.modules.is_some() { draft.asking / 2 } else { draft.asking };
    if rule.allow && dice.percent(asking) {
        rule.asks = asks(dice, draft.attesters.len(), rule.modules.is_some());
    }
    if dice.percent(if rule.modules.is_some() { 3 } else { 50 }) && !draft.attesters.is_empty() {
        rule.states = u8::try_from(dice.index(draft.attesters.len())).ok();
    }
    for _ in 0..dice.pick(&[0, 0, 0, 1, 1, 2, 3]) {
        let want = dice.percent(88);
        let condition = condition(dice, draft, &rule, want, 0);
        rule.conditions.push(condition);
    }
    rule
}

/// A random program in the making, of whose rules so many in a hundred are for modules.
pub fn draft(dice: &mut Dice, for_modules: u32) -> Draft {
    let tokens = dice.some_of(&world::tokens(), 50);
    let tokens: Vec<_> = tokens.into_iter().map(|token| (token, dice.pick(&[1, 1, 2, 3]))).collect();
    let mut draft = Draft {
        semantics: dice.pick(&[0, 0, 1, 1, 2]),
        expiry: dice.pick(&[1_209_600, 604_800, 200_000, 172_801]),
        limits: Vec::new(),
        tokens: tokens.clone(),
        rules: Vec::new(),
        attesters: Vec::new(),
        // What is posted for modules has more ways to be wrong than its share of the cases.
        asking: if for_modules > 50 { dice.pick(&[0, 60, 75]) } else { dice.pick(&[0, 90]) },
    };
    if draft.asking > 0 {
        draft.attesters = attesters(dice);
    }
    let mut assets = vec![Address::ZERO, Address::ZERO];
    assets.extend(tokens.iter().map(|(token, _)| *token));
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
        // What is attested for one rule is often let through by the next without.
        let otherwise = (rule.states.is_some() && dice.percent(40)).then(|| RuleDraft { states: None, ..rule.clone() });
        draft.rules.push(rule);
        draft.rules.extend(otherwise);
    }
    draft
}
