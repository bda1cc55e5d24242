//! Random cases, led towards the places where evaluators could differ.

use std::collections::BTreeMap;

use alloy_primitives::U256;
use portcullis_bindings::safe;
use portcullis_eval::{
    AccountState, CHANGE_WINDOW, Evaluation, MemoryState, Reason, account_slot, announcement_id, announcement_slot,
    evaluate,
};

use crate::assemble::{assemble, damage};
use crate::case::{Case, CaseAction, Entry};
use crate::dice::Dice;
use crate::draft::{Draft, RuleDraft, draft};
use crate::leaves::{Leaf, Node, hook_call, matching, misencode, slot_change, spoil};
use crate::state::{Turn, account_words, limit_words, time};
use crate::{policy_text, world};

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
pub fn generate(seed: u64, index: u64, known_code: &MemoryState) -> Generated {
    let mut dice = Dice::new(seed, index);
    let draft = draft(&mut dice);
    let compiled = if dice.percent(50) { policy_text::compiled(&draft) } else { None };
    let by_compiler = compiled.is_some();
    let mut program = compiled.unwrap_or_else(|| assemble(&mut dice, &draft));
    if dice.percent(8) {
        program = damage(&mut dice, &program);
    }
    let entry = dice.pick(&[0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 3, 4, 4, 5, 6]);
    let entry = Entry::ALL.get(entry).copied().unwrap_or(Entry::CheckOnly);
    let route = if entry.managed() { 3 } else { dice.pick(&[1, 2, 2, 2, 3]) };
    let now = time(&mut dice, &program);
    let mut words = BTreeMap::new();
    account_words(&mut dice, route, &mut words);
    limit_words(&mut dice, &program, now, &mut words);

    let origin = if entry == Entry::CheckOnly { dice.percent(20) } else { entry.by_module() };
    let origin = origin.then(|| dice.pick(&world::modules()));
    let mut nodes = nodes(&mut dice, &draft, entry, origin.is_some(), route == 3);
    let gas = |dice: &mut Dice| if origin.is_none() && dice.percent(1) { dice.word() } else { U256::ZERO };
    let mut case = Case {
        entry,
        program,
        words,
        now,
        account: world::ACCOUNT,
        origin,
        initiator: origin.unwrap_or_else(|| dice.pick(&world::initiators())),
        safe_tx_gas: gas(&mut dice),
        gas_price: gas(&mut dice),
        actions: actions(&mut dice, entry, &nodes),
    };
    let misencoded = case.actions.iter().zip(&nodes).any(|(action, node)| *action != node.action());
    for _ in 0..ROUNDS {
        let state = case.state(known_code);
        let Ok(found) = evaluate(&case.program, world::HOOK, &state, &case.request(), case.now) else { break };
        if !lead(&mut dice, &mut case, &mut nodes, &state, &found, draft.expiry) {
            break;
        }
        if !misencoded {
            case.actions = nodes.iter().map(Node::action).collect();
        }
    }
    case.words.retain(|_, word| !word.is_zero());
    Generated { case, compiled: by_compiler }
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
    state: &MemoryState,
    found: &Evaluation,
    expiry: u32,
) -> bool {
    let Ok(account) = AccountState::read(case.account, state) else { return false };
    match found.verdict.reason {
        Reason::LimitExceeded if dice.percent(75) => {
            let wanted = dice.near(found.verdict.have);
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

fn nodes(dice: &mut Dice, draft: &Draft, entry: Entry, by_module: bool, managed: bool) -> Vec<Node> {
    match entry {
        Entry::CheckOnly => (0..few(dice)).map(|_| node(dice, draft, by_module, managed, 0)).collect(),
        Entry::PreCheckPlugin => (0..few(dice)).map(|_| Node::Leaf(leaf(dice, draft, by_module, managed))).collect(),
        Entry::PreCheckOwners => vec![Node::Leaf(leaf(dice, draft, by_module, managed))],
        Entry::RootOwners | Entry::RootPlugin => {
            vec![if dice.percent(85) { batch(dice, draft, by_module, managed, 0) } else { odd_delegatecall(dice) }]
        }
        Entry::Transaction | Entry::Module => vec![node(dice, draft, by_module, managed, 0)],
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

fn node(dice: &mut Dice, draft: &Draft, by_module: bool, managed: bool, depth: u32) -> Node {
    match dice.below(40) {
        0 if depth == 0 => odd_delegatecall(dice),
        1 => Node::Raw(CaseAction {
            to: dice.pick(&world::targets()),
            value: U256::from(dice.below(2)),
            data: dice.bytes(4),
            operation: dice.pick(&[1, 1, 2, 255]),
        }),
        2..=12 if depth < 3 && (depth == 0 || dice.percent(40)) => batch(dice, draft, by_module, managed, depth),
        _ => Node::Leaf(leaf(dice, draft, by_module, managed)),
    }
}

fn batch(dice: &mut Dice, draft: &Draft, by_module: bool, managed: bool, depth: u32) -> Node {
    let delegating =
        [safe::MULTI_SEND_1_3_0, safe::MULTI_SEND_1_3_0_EIP155, safe::MULTI_SEND_1_4_1, safe::MULTI_SEND_1_5_0];
    let to = if dice.percent(50) { dice.pick(&delegating) } else { dice.pick(&world::batchers()) };
    let n = few(dice);
    // A chain of batches now and then, to reach the bottom and what lies below.
    if depth > 0 && depth < 3 && dice.percent(50) {
        return Node::Batch(dice.pick(&delegating), vec![batch(dice, draft, by_module, managed, depth + 1)]);
    }
    let mut nodes: Vec<Node> = (0..n).map(|_| node(dice, draft, by_module, managed, depth + 1)).collect();
    if managed && dice.percent(5) || dice.percent(4) {
        nodes = (0..=dice.below(3)).map(|_| Node::Leaf(slot_change(dice, managed))).collect();
    }
    Node::Batch(to, nodes)
}

fn suits(rule: &RuleDraft, by_module: bool) -> bool {
    rule.modules.is_some() == by_module
}

fn leaf(dice: &mut Dice, draft: &Draft, by_module: bool, managed: bool) -> Leaf {
    let control = if by_module { 2 } else { 12 };
    if dice.percent(control) {
        let mut leaf = if dice.percent(50) { slot_change(dice, managed) } else { hook_call(dice) };
        if dice.percent(12) {
            spoil(dice, &mut leaf);
        }
        return leaf;
    }
    let allowing: Vec<&RuleDraft> = draft.rules.iter().filter(|rule| suits(rule, by_module) && rule.allow).collect();
    let suiting: Vec<&RuleDraft> = draft.rules.iter().filter(|rule| suits(rule, by_module)).collect();
    let some = if dice.percent(90) { &allowing } else { &suiting };
    let all: Vec<&RuleDraft> = draft.rules.iter().collect();
    let chosen = some.get(dice.index(some.len())).or_else(|| all.get(dice.index(all.len())));
    let Some(rule) = chosen else { return Leaf::default() };
    let mut leaf = matching(dice, draft, rule);
    if dice.percent(8) {
        spoil(dice, &mut leaf);
    }
    leaf
}
