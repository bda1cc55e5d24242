//! Random cases, led towards the places where evaluators could differ.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};
use portcullis_bindings::safe;
use portcullis_eval::{
    AccountState, Answer, CHANGE_WINDOW, Evaluation, Question, Reason, account_slot, announcement_id,
    announcement_slot, evaluate, forecast, selectors,
};

use crate::around::{Around, Surroundings};
use crate::assemble::assemble;
use crate::case::{Case, CaseAction, Entry, Signed};
use crate::conditions::{Cond, malformed, suits};
use crate::control_leaves::{hook_call, slot_call, slot_change};
use crate::dice::Dice;
use crate::draft::{DELEGATECALL, Draft, RuleDraft, draft};
use crate::encode::damage;
use crate::held;
use crate::leaves::{Leaf, Node, matching, misencode, spoil};
use crate::opening;
use crate::safes::Release;
use crate::signing::{self, Truths};
use crate::state::{Turn, account_words, limit_words, time};
use crate::tame::tame;
use crate::world;

/// A case and where its program comes from.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The case.
    pub case: Case,
    /// Whether the compiler wrote the program.
    pub compiled: bool,
}

/// How often a case is led on before it is taken as it is.
const ROUNDS: u32 = 4;

/// Case `index` under `seed`.
#[must_use]
pub fn generate(seed: u64, index: u64, around: &Around) -> Generated {
    let mut dice = Dice::new(seed, index);
    loop {
        let (generated, reason) = attempt(&mut dice, around);
        // Most of what is thrown together meets no rule at all; that much of it teaches nothing. Nor does a freeze.
        let dull = [
            Reason::Frozen,
            Reason::NoRule,
            Reason::NoProgram,
            Reason::BadOperation,
            Reason::DelegatecallDenied,
            Reason::MalformedBatch,
        ];
        if !reason.is_some_and(|reason| dull.contains(&reason)) || dice.percent(7) {
            return generated;
        }
    }
}

/// A case, and what the mirror makes of it as yet.
fn attempt(dice: &mut Dice, around: &Around) -> (Generated, Option<Reason>) {
    let entry = dice.pick(&[0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 4, 5, 6]);
    let entry = Entry::ALL.get(entry).copied().unwrap_or(Entry::CheckOnly);
    let by_module = if entry == Entry::CheckOnly { dice.percent(20) } else { entry.by_module() };
    let mut draft = draft(dice, if by_module { 75 } else { 20 });
    let route = if entry.managed() { 3 } else { dice.pick(&[1, 2, 2, 2, 3]) };
    held::suit(dice, &mut draft, route);
    let mut compiled = None;
    // What is asked for besides is not written as text.
    if dice.percent(if draft.asking > 0 { 10 } else { 65 }) {
        (draft, compiled) = tame(dice, &draft);
    }
    let theme = theme(dice, &draft, by_module);
    if let Some(rule) = theme.and_then(|theme| draft.rules.get(theme).cloned())
        && dice.percent(7)
    {
        plant(dice, &mut draft, &rule);
        compiled = None;
    }
    let theme = theme.and_then(|theme| draft.rules.get(theme)).cloned();
    // The compiler's draft through the other assembler, too.
    let compiled = compiled.filter(|_| dice.percent(90));
    let by_compiler = compiled.is_some();
    let mut program = compiled.unwrap_or_else(|| assemble(dice, &draft));
    if dice.percent(6) {
        program = damage(dice, &program);
    }
    let now = now(dice, &program, theme.as_ref());

    let member = |dice: &mut Dice, list: Vec<Address>, all: Vec<Address>| {
        if list.is_empty() || dice.percent(10) { dice.pick(&all) } else { dice.pick(&list) }
    };
    let modules = theme.as_ref().and_then(|rule| rule.modules.clone()).unwrap_or_default();
    let origin = by_module.then(|| member(dice, modules, world::modules()));
    let initiators = theme.as_ref().map(|rule| rule.initiators.clone()).unwrap_or_default();
    let initiator = origin.unwrap_or_else(|| member(dice, initiators, world::initiators()));
    let scene = Scene { draft: &draft, theme, by_module, managed: route == 3 };
    let mut nodes = nodes(dice, &scene, entry);

    let mut words = BTreeMap::new();
    account_words(dice, route, &mut words);
    let recipients: BTreeSet<Address> =
        nodes.iter_mut().flat_map(Node::leaves_mut).flat_map(|leaf| leaf.recipients()).collect();
    let recipients: Vec<Address> = recipients.into_iter().collect();
    limit_words(dice, &program, now, (&recipients, initiator), &mut words);
    let gas = |dice: &mut Dice| if origin.is_none() && dice.percent(1) { dice.word() } else { U256::ZERO };
    let nonce = U256::from(dice.below(3));
    let mut case = Case {
        entry,
        program,
        words,
        now,
        account: world::ACCOUNT,
        origin,
        initiator,
        safe_tx_gas: gas(dice),
        gas_price: gas(dice),
        actions: actions(dice, entry, &nodes),
        safe: Some(signing::account(dice, nonce)),
        signed: Signed { nonce, ..Signed::default() },
        held: BTreeMap::new(),
    };
    held::hold(dice, &mut case);
    // Code that runs as the account needs one that tells of itself.
    if scene.delegates()
        && dice.percent(15)
        && let Some(safe) = &mut case.safe
    {
        safe.release = Release::Stranger;
    }
    if dice.percent(10) {
        case.signed.base_gas = dice.word();
        case.signed.gas_token = dice.pick(&world::tokens());
        case.signed.refund_receiver = dice.pick(&world::recipients());
    }
    let mut provided = false;
    let truths = Truths(dice.word());
    let misencoded = case.actions.iter().zip(&nodes).any(|(action, node)| *action != node.action());
    let mut reason = None;
    for _ in 0..ROUNDS {
        let state = Surroundings::new(around, &case);
        let account = AccountState::read(case.account, &state);
        let found = if provided {
            evaluate(&case.program, world::CHAIN_ID, world::HOOK, &state, &case.request(), case.now)
        } else {
            let answer = |asked: &Question<'_>| {
                let at = usize::try_from(asked.at).unwrap_or(usize::MAX);
                if truths.of(asked.set, usize::from(asked.index), at) { Answer::True } else { Answer::False }
            };
            forecast(&case.program, world::CHAIN_ID, world::HOOK, &state, &case.request(), case.now, answer)
                .map(|forecast| forecast.evaluation)
        };
        let (Ok(account), Ok(found)) = (account, found) else { break };
        reason = Some(found.verdict.reason);
        if let Some(metering) = &found.metering {
            held::let_out(dice, &mut case, metering);
        }
        // Nothing is looked at any earlier.
        let told = found.tests.iter().any(|test| test.op == 0x11) && (found.verdict.is_allowed() || dice.percent(60));
        if (found.verdict.reason >= Reason::MalformedMaterial || told) && !provided {
            provided = true;
            if dice.percent(95) {
                match &found.opening {
                    Some(opening) => opening::provide(dice, &mut case, &found, opening, account.epoch, draft.expiry),
                    None => signing::provide(dice, &mut case, &found, account.epoch, truths),
                }
                continue;
            }
        }
        if !lead(dice, &mut case, &mut nodes, &account, &found, draft.expiry) {
            break;
        }
        if !misencoded {
            case.actions = nodes.iter().map(Node::action).collect();
        }
    }
    case.words.retain(|_, word| !word.is_zero());
    (Generated { case, compiled: by_compiler }, reason)
}

/// A time that suits the rule, mostly: near where one of its conditions turns, or any.
fn now(dice: &mut Dice, program: &[u8], theme: Option<&RuleDraft>) -> u64 {
    let conditions = theme.map_or(&[][..], |rule| rule.conditions.as_slice());
    let turns = turns(conditions);
    let mut now = 0;
    for _ in 0..8 {
        now = time(dice, program);
        if !turns.is_empty() && dice.percent(60) {
            let turn = u64::from(dice.pick(&turns));
            now = dice.near_time(now / 86_400 * 86_400 + turn);
        }
        if conditions.iter().all(|condition| suits(condition, None, Some(now)) != Some(false)) || dice.percent(20) {
            break;
        }
    }
    now
}

/// Seconds of the day at which the conditions turn.
fn turns(conditions: &[Cond]) -> Vec<u32> {
    let each = conditions.iter().flat_map(|condition| match condition {
        Cond::Time(from, to) => vec![*from, *to],
        Cond::Days(_) => vec![0],
        Cond::Any(inside) | Cond::All(inside) | Cond::NotAll(inside) => turns(inside),
        _ => Vec::new(),
    });
    each.collect()
}

fn actions(dice: &mut Dice, entry: Entry, nodes: &[Node]) -> Vec<CaseAction> {
    let mut actions: Vec<CaseAction> = nodes.iter().map(Node::action).collect();
    for (action, node) in actions.iter_mut().zip(nodes) {
        if matches!(node, Node::Batch(..)) {
            if dice.percent(7) {
                misencode(dice, action);
            }
            if entry != Entry::RootOwners && entry != Entry::RootPlugin && dice.percent(2) {
                action.value = U256::ONE;
            }
        }
    }
    actions
}

/// Removes one obstacle, mostly; false to leave the case as it is.
fn lead(
    dice: &mut Dice,
    case: &mut Case,
    nodes: &mut [Node],
    account: &AccountState,
    found: &Evaluation,
    expiry: u32,
) -> bool {
    match found.verdict.reason {
        Reason::LimitExceeded if dice.percent(75) => {
            let wanted = if dice.percent(9) { U256::MAX } else { found.verdict.have };
            let wanted = if dice.percent(50) { wanted } else { dice.near(wanted) };
            let mut at = usize::try_from(found.verdict.effect).unwrap_or(usize::MAX);
            for leaf in nodes.iter_mut().flat_map(Node::leaves_mut) {
                if at < leaf.effects() {
                    leaf.set_amount(at, wanted);
                    return true;
                }
                at -= leaf.effects();
            }
            false
        }
        Reason::NotAnnounced if dice.percent(92) => {
            let request = case.request();
            let id = announcement_id(case.account, account.epoch, case.origin, &request.actions);
            let delay = found.announcement.map_or(0, |announcement| announcement.delay);
            let made = Turn { delay: delay.into(), expiry: expiry.into() }.made(dice, case.now);
            let owner = U256::from_be_slice(case.account.as_slice()) << 96;
            case.words.insert(announcement_slot(id), owner | U256::from(made));
            true
        }
        Reason::SlotsNotStaged if dice.percent(95) => {
            let delay = u64::from(account.change_delay);
            let made = Turn { delay, expiry: delay + CHANGE_WINDOW }.made(dice, case.now);
            let kind = dice.pick(&[2_u64, 2, 2, 2, 2, 2, 2, 2, 1]);
            let made = made & ((1 << 40) - 1);
            case.words.insert(account_slot(case.account, 1), U256::from(kind) << 232 | U256::from(made) << 192);
            case.words.insert(account_slot(case.account, 2), found.verdict.need);
            kind == 2
        }
        _ => false,
    }
}

/// What the leaves of a case have in common.
struct Scene<'a> {
    draft: &'a Draft,
    /// The rule that most leaves are made for; origin and initiator suit it.
    theme: Option<RuleDraft>,
    by_module: bool,
    managed: bool,
}

impl Scene<'_> {
    fn delegates(&self) -> bool {
        self.theme.as_ref().is_some_and(|rule| rule.kind == DELEGATECALL)
    }
}

/// A rule that suits the origin, an allowing one mostly.
fn theme(dice: &mut Dice, draft: &Draft, by_module: bool) -> Option<usize> {
    let suiting = (0..).zip(&draft.rules).filter(|(_, rule)| rule.modules.is_some() == by_module);
    let (allowing, denying): (Vec<_>, Vec<_>) = suiting.partition(|(_, rule)| rule.allow);
    let pool = if allowing.is_empty() || dice.percent(6) { denying } else { allowing };
    let stating: Vec<_> = pool.iter().filter(|(_, rule)| rule.states.is_some()).copied().collect();
    let pool = if stating.is_empty() || dice.percent(50) { pool } else { stating };
    pool.get(dice.index(pool.len())).map(|(i, _)| *i).or((!draft.rules.is_empty()).then_some(0))
}

/// Makes the rule malformed at one of its conditions.
fn plant(dice: &mut Dice, draft: &mut Draft, rule: &RuleDraft) {
    let condition = malformed(dice, draft);
    if let Some(rule) = draft.rules.iter_mut().find(|one| *one == rule) {
        let at = dice.index(rule.conditions.len() + 1);
        rule.conditions.insert(at, condition);
    }
}

fn nodes(dice: &mut Dice, scene: &Scene<'_>, entry: Entry) -> Vec<Node> {
    match entry {
        Entry::CheckOnly => (0..few(dice)).map(|_| node(dice, scene, 0)).collect(),
        Entry::PreCheckPlugin => (0..few(dice)).map(|_| Node::Leaf(called(dice, scene))).collect(),
        Entry::PreCheckOwners => vec![Node::Leaf(called(dice, scene))],
        Entry::RootOwners | Entry::RootPlugin if scene.delegates() && dice.percent(60) => {
            vec![Node::Leaf(Leaf { delegates: true, ..leaf(dice, scene) })]
        }
        Entry::RootOwners | Entry::RootPlugin if dice.percent(85) => vec![batch(dice, scene, 0)],
        Entry::RootOwners | Entry::RootPlugin => vec![odd_delegatecall(dice)],
        Entry::Transaction | Entry::Module => vec![node(dice, scene, 0)],
    }
}

/// How many actions: mostly one, now and then none.
fn few(dice: &mut Dice) -> u64 {
    if dice.percent(2) { 0 } else { dice.pick(&[1, 1, 1, 2, 2, 3, 4]) }
}

fn odd_delegatecall(dice: &mut Dice) -> Node {
    let to = dice.pick(&[world::IMPOSTOR, world::HOOK, safe::MULTI_SEND_1_4_1]);
    Node::Raw(CaseAction { to, value: U256::ZERO, data: dice.bytes(68), operation: 1 })
}

fn node(dice: &mut Dice, scene: &Scene<'_>, depth: u32) -> Node {
    match dice.below(50) {
        0 if depth == 0 => odd_delegatecall(dice),
        1 => Node::Raw(CaseAction {
            to: dice.pick(&world::targets()),
            value: U256::from(dice.below(2)),
            data: dice.bytes(4),
            operation: dice.pick(&[1, 1, 2, 255]),
        }),
        2..=14 if depth == 0 || depth < 3 && dice.percent(30) => batch(dice, scene, depth),
        _ => Node::Leaf(leaf(dice, scene)),
    }
}

fn batch(dice: &mut Dice, scene: &Scene<'_>, depth: u32) -> Node {
    let delegating =
        [safe::MULTI_SEND_1_3_0, safe::MULTI_SEND_1_3_0_EIP155, safe::MULTI_SEND_1_4_1, safe::MULTI_SEND_1_5_0];
    let to = if dice.percent(50) { dice.pick(&delegating) } else { dice.pick(&world::batchers()) };
    // A batch in a batch now and then, to reach the bottom and what lies below.
    if depth < 3 && dice.percent(12) {
        return Node::Batch(dice.pick(&delegating), vec![batch(dice, scene, depth + 1)]);
    }
    if !scene.by_module && scene.delegates() && dice.percent(25) {
        // What may not come together.
        let mut both = slot_changes(dice, scene.managed);
        both.push(Node::Leaf(leaf(dice, scene)));
        return Node::Batch(dice.pick(&delegating), both);
    }
    if !scene.by_module && dice.percent(14) {
        return Node::Batch(to, slot_changes(dice, scene.managed));
    }
    Node::Batch(to, (0..few(dice)).map(|_| node(dice, scene, depth + 1)).collect())
}

/// A list that leaves the route, or any.
fn slot_changes(dice: &mut Dice, managed: bool) -> Vec<Node> {
    if dice.percent(40) {
        let mut both = [selectors::SET_GUARD, selectors::SET_MODULE_GUARD];
        if dice.percent(50) {
            both.reverse();
        }
        return both.map(|selector| Node::Leaf(slot_call(selector, Address::ZERO))).to_vec();
    }
    (0..=dice.below(3)).map(|_| Node::Leaf(slot_change(dice, managed))).collect()
}

/// Where the entry leaves no choice.
fn called(dice: &mut Dice, scene: &Scene<'_>) -> Leaf {
    Leaf { delegates: false, ..leaf(dice, scene) }
}

fn leaf(dice: &mut Dice, scene: &Scene<'_>) -> Leaf {
    if dice.percent(if scene.by_module { 2 } else { 10 }) {
        let mut leaf = if dice.percent(50) { slot_change(dice, scene.managed) } else { hook_call(dice) };
        if dice.percent(12) {
            spoil(dice, &mut leaf);
        }
        return leaf;
    }
    let rules = &scene.draft.rules;
    let any = rules.get(dice.index(rules.len()));
    let chosen = if dice.percent(80) { scene.theme.as_ref().or(any) } else { any };
    let Some(rule) = chosen else { return Leaf::default() };
    let mut leaf = matching(dice, scene.draft, rule);
    if dice.percent(9) {
        spoil(dice, &mut leaf);
    }
    leaf
}
