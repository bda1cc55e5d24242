//! Random conditions, made to hold or not to hold, for the leaf that their rule is made for.

use alloy_primitives::{Address, Bytes, U256};

use crate::answering::Answering;
use crate::dice::Dice;
use crate::draft::{CALL, Draft, NATIVE, RuleDraft, Subjects, amount, pool};
use crate::world;

/// Which address a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Who {
    /// The module that asks; zero for owners.
    #[default]
    Origin,
    /// Who calls `execTransaction`.
    Initiator,
    /// Who receives.
    Recipient,
    /// Whom the action calls.
    Target,
    /// What moves.
    Asset,
}

/// A list in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListDraft {
    /// Inline.
    Members(Vec<Address>),
    /// A contract to ask.
    Registry(Answering),
}

/// A condition in the making; see `docs/program.md`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the page")]
pub enum Cond {
    Listed(Who, ListDraft),
    AtLeast(U256),
    AtMost(U256),
    HasCode,
    Selectors(Vec<[u8; 4]>),
    Kinds(u8),
    Time(u32, u32),
    Days(u8),
    Word {
        offset: u16,
        cmp: u8,
        mask: Option<U256>,
        value: U256,
    },
    WordListed(u16, ListDraft),
    Call {
        target: Answering,
        gas: u32,
        words: u8,
        index: u8,
        cmp: u8,
        value: U256,
        data: Bytes,
    },
    Fits(u8),
    Any(Vec<Self>),
    All(Vec<Self>),
    NotAll(Vec<Self>),
    /// As it is, for what no compiler writes.
    Raw(Bytes),
}

/// Lists that a leaf of this kind is likely to be in, or not.
fn list(dice: &mut Dice, draft: &Draft, rule: &RuleDraft, who: Who, want: bool) -> ListDraft {
    if dice.percent(if who == Who::Recipient { 50 } else { 35 }) {
        let sound = Answering::SOUND;
        let failing = [Answering::Reverts, Answering::NoCode, Answering::Silent, Answering::Two, Answering::Short];
        let worse = [Answering::Long, Answering::Burner, Answering::Bomb, Answering::Writer];
        let one = match dice.below(16) {
            0 => dice.pick(&failing),
            1 => dice.pick(&worse),
            _ => dice.pick(&sound),
        };
        return ListDraft::Registry(one);
    }
    let suiting = match who {
        Who::Origin if rule.modules.is_none() => vec![Address::ZERO],
        Who::Origin => world::modules(),
        Who::Initiator if rule.modules.is_some() => world::modules(),
        Who::Initiator => world::initiators(),
        Who::Recipient => world::recipients(),
        Who::Target => match &rule.subjects {
            Subjects::These(these) if rule.kind != NATIVE => [these.as_slice(), &[world::PERMIT2]].concat(),
            Subjects::Account => vec![world::ACCOUNT],
            _ => [world::targets(), world::recipients(), world::tokens()].concat(),
        },
        Who::Asset if rule.kind == NATIVE => vec![Address::ZERO],
        Who::Asset => draft.tokens.iter().map(|(token, _)| *token).collect(),
    };
    let most = if suiting.len() > 8 && dice.percent(85) { 8 } else { 80 };
    ListDraft::Members(if want { dice.some_of(&suiting, most) } else { vec![Address::repeat_byte(0x77)] })
}

fn word(dice: &mut Dice, want: bool) -> Cond {
    let offset = dice.pick(&[0, 4, 4, 4, 36, 36, 68, 16, 5, 60, 100, 2_000, u16::MAX]);
    let mask = match dice.below(6) {
        0 => Some(U256::MAX >> 96),
        1 => Some(dice.word()),
        2 => Some(U256::ZERO),
        3 => Some(U256::from(0xff)),
        _ => None,
    };
    let value = match dice.below(4) {
        0 => U256::ZERO,
        1 => amount(dice),
        2 => U256::from(dice.below(256)),
        _ => U256::MAX >> dice.index(200),
    };
    let value = if dice.percent(85) { value & mask.unwrap_or(U256::MAX) } else { value };
    let cmp = if want { dice.pick(&[0, 1, 1, 2, 3, 3, 4, 5, 5]) } else { dice.pick(&[0, 0, 2, 4]) };
    Cond::Word { offset, cmp, mask, value }
}

fn call(dice: &mut Dice, want: bool) -> Cond {
    let gas: u32 = dice.pick(&[100_000, 100_000, 30_000, 5_000]);
    let selector = [0x5c, 0x97, 0x5a, 0xbb];
    let arguments = dice.bytes(32 * 8);
    let words = 1 + u8::try_from(dice.below(8)).unwrap_or(0);
    let index = dice.pick(&(0..words).collect::<Vec<_>>());
    // 255 bytes of calldata hold a selector and seven words.
    let fits = words.min(7);
    let echo = [selector.as_slice(), arguments.get(..32 * usize::from(fits)).unwrap_or_default()].concat();
    let echoed = arguments.chunks(32).nth(usize::from(index)).map(U256::from_be_slice).unwrap_or_default();
    let roll = dice.below(60);
    let (target, words, index, answer, data) = match roll {
        0..=6 => {
            let failing = [Answering::Reverts, Answering::NoCode, Answering::Silent, Answering::Short, Answering::Long];
            let worse = [Answering::Burner, Answering::Bomb, Answering::Writer, Answering::Echo];
            let target = if dice.percent(50) { dice.pick(&failing) } else { dice.pick(&worse) };
            (target, 1, 0, U256::ONE, selector.to_vec())
        }
        7..=9 => (Answering::Long, 2, dice.pick(&[0, 1]), U256::ONE, selector.to_vec()),
        10..=18 => (Answering::Two, 1, 0, U256::from(2), selector.to_vec()),
        19..=26 => (Answering::Caller, 1, 0, U256::from_be_slice(world::HOOK.as_slice()), selector.to_vec()),
        27..=34 => (Answering::Gas, 1, 0, U256::from(gas.saturating_sub(2)), selector.to_vec()),
        _ if index < fits => (Answering::Echo, fits, index, echoed, echo),
        _ => (Answering::Two, 1, 0, U256::from(2), selector.to_vec()),
    };
    let value = if dice.percent(80) { dice.near(answer) } else { answer };
    let any = dice.percent(40);
    let holding: Vec<u8> = (0..6).filter(|cmp| any || compares(*cmp, answer, value) == want).collect();
    Cond::Call { target, gas, words, index, cmp: dice.pick(&holding), value, data: data.into() }
}

fn compares(cmp: u8, left: U256, right: U256) -> bool {
    match cmp {
        0 => left == right,
        1 => left != right,
        2 => left < right,
        3 => left <= right,
        4 => left > right,
        _ => left >= right,
    }
}

/// Seconds of the day with a taste for its ends.
fn second(dice: &mut Dice) -> u32 {
    match dice.below(4) {
        0 => dice.pick(&[0, 1, 86_399, 86_400]),
        _ => u32::try_from(dice.below(86_401)).unwrap_or(0),
    }
}

/// What a compiler never writes, and evaluation refuses when it comes to it.
pub fn malformed(dice: &mut Dice, draft: &Draft) -> Cond {
    let limits = u8::try_from(draft.limits.len()).unwrap_or(u8::MAX);
    let list = [0xff, 0xff, 0xf0];
    let zeros = |n: usize| vec![0; n];
    let call = |words: u8, index: u8, cmp: u8, vlen: u8, dlen: u8| {
        let target = Answering::Two.address();
        let value = zeros(usize::from(vlen));
        let data = zeros(usize::from(dlen));
        [&[0x0f], target.as_slice(), &[0, 0x40, 0, words, index, cmp, vlen], &value, &[dlen], &data].concat()
    };
    let all: [Vec<u8>; 39] = [
        [&[1], list.as_slice()].concat(),
        vec![1, 0],
        [&[2], list.as_slice()].concat(),
        [&[3], list.as_slice()].concat(),
        vec![3, 0, 0],
        vec![4, 0],
        vec![4, 2, 1],
        vec![5, 33],
        [&[5, 33], zeros(33).as_slice()].concat(),
        [&[7], list.as_slice()].concat(),
        [&[8], list.as_slice()].concat(),
        vec![9],
        vec![9, 2, 1, 2, 3, 4],
        vec![0x0a],
        vec![0x0b, 1, 0x51, 0x81, 0, 0, 1],
        vec![0x0b, 0, 0, 1, 1, 0x51, 0x81],
        vec![0x0b, 0, 0, 1],
        vec![0x0c, 0],
        vec![0x0c, 128],
        vec![0x0d, 0, 0, 6, 0, 1, 0],
        vec![0x0d, 0, 0, 0, 0, 0],
        [&[0x0d, 0, 0, 0, 33], zeros(33).as_slice(), &[1, 0]].concat(),
        [&[0x0d, 0, 0, 0, 0, 33], zeros(33).as_slice()].concat(),
        // Behind any calldata the word is zero, which an address may be.
        [&[0x0e, 0xf0, 0], list.as_slice()].concat(),
        call(0, 0, 0, 1, 4),
        call(9, 0, 0, 1, 4),
        call(1, 1, 0, 1, 4),
        call(1, 0, 6, 1, 4),
        call(1, 0, 0, 0, 4),
        call(1, 0, 0, 1, 3),
        vec![0x10, limits],
        vec![0x20, 0, 4, 6],
        vec![0x21, 0, 9],
        vec![0x22, 0],
        vec![0x11],
        vec![0x11, 16, 0, 0],
        vec![0x11, 0, 0xff, 0xff],
        vec![0x21, 0, 4, 0x11, 0, 0, 0],
        vec![0],
    ];
    Cond::Raw(dice.pick(&all).into())
}

/// One that holds nowhere deeper than the table allows, in so many groups.
fn deep(dice: &mut Dice, inside: Cond, groups: u64) -> Cond {
    (0..groups).fold(inside, |inside, _| match dice.below(3) {
        0 => Cond::Any(vec![inside]),
        1 => Cond::All(vec![inside]),
        _ => Cond::NotAll(vec![inside]),
    })
}

/// A condition of the rule that its leaves will meet, mostly, or that they will not.
pub fn condition(dice: &mut Dice, draft: &Draft, rule: &RuleDraft, want: bool, depth: u32) -> Cond {
    if depth == 0 && dice.percent(5) {
        let groups = dice.pick(&[3, 7, 8, 8, 9]);
        let inside = condition(dice, draft, rule, want, 7);
        return deep(dice, inside, groups);
    }
    if depth < 3 && dice.percent(22) {
        return group(dice, draft, rule, want, depth);
    }
    let moves = matches!(rule.kind, 1..=3);
    match dice.below(34) {
        0 => Cond::Listed(Who::Origin, list(dice, draft, rule, Who::Origin, want)),
        1 => Cond::Listed(Who::Initiator, list(dice, draft, rule, Who::Initiator, want)),
        2..=5 if moves || !want => Cond::Listed(Who::Recipient, list(dice, draft, rule, Who::Recipient, want)),
        6 | 7 => Cond::Listed(Who::Target, list(dice, draft, rule, Who::Target, want)),
        8 if rule.kind != CALL || !want => Cond::Listed(Who::Asset, list(dice, draft, rule, Who::Asset, want)),
        9 | 10 if moves || !want => Cond::HasCode,
        11 => {
            let suiting = if rule.selectors.is_empty() { pool(draft, rule) } else { rule.selectors.clone() };
            let suiting = if want { dice.some_of(&suiting, 80) } else { vec![[0x99; 4]] };
            Cond::Selectors(if !want && dice.percent(10) { Vec::new() } else { suiting })
        }
        12 => {
            let others = dice.byte() & 0x3f;
            Cond::Kinds(if want { others | 1 << rule.kind } else { others & !(1 << rule.kind) })
        }
        13 | 14 => Cond::Time(second(dice), second(dice)),
        15 | 31 => Cond::Days(1 + u8::try_from(dice.below(127)).unwrap_or(0)),
        16 | 17 => word(dice, want),
        18 => {
            let offset = dice.pick(&[4, 4, 36, 4, 0]);
            let who = if dice.percent(80) { Who::Recipient } else { Who::Initiator };
            Cond::WordListed(offset, list(dice, draft, rule, who, want))
        }
        19 | 20 | 29 | 30 | 32 => call(dice, want),
        21 if moves => Cond::AtLeast(if want { U256::from(dice.below(2)) } else { amount(dice) }),
        22 if moves => Cond::AtMost(if want { U256::MAX >> dice.index(3) } else { amount(dice) }),
        _ if !draft.limits.is_empty() => {
            let asset = if rule.kind == NATIVE { Some(Address::ZERO) } else { rule.only_token() };
            let suiting: Vec<u8> = (0..)
                .zip(&draft.limits)
                .filter(|(_, limit)| limit.count || moves && Some(limit.asset) == asset)
                .map(|(i, _)| i)
                .collect();
            let any = u8::try_from(dice.index(draft.limits.len())).unwrap_or(0);
            Cond::Fits(if suiting.is_empty() || dice.percent(15) { any } else { dice.pick(&suiting) })
        }
        _ => word(dice, want),
    }
}

fn group(dice: &mut Dice, draft: &Draft, rule: &RuleDraft, want: bool, depth: u32) -> Cond {
    let inside = |dice: &mut Dice, all: bool| -> Vec<Cond> {
        let n = dice.pick(&[0, 1, 1, 2, 2, 3]);
        let odd = dice.below(n);
        // Either all are alike, or one is other than the rest.
        (0..n).map(|i| condition(dice, draft, rule, if all { true } else { i != odd }, depth + 1)).collect()
    };
    match (dice.below(3), want) {
        (0, true) => Cond::All(inside(dice, true)),
        (0, false) => Cond::All(inside(dice, false)),
        (1, true) => {
            let mut all = inside(dice, false);
            all.push(condition(dice, draft, rule, true, depth + 1));
            Cond::Any(all)
        }
        (1, false) => Cond::Any(Vec::new()),
        (_, true) => {
            let mut all = inside(dice, true);
            all.push(condition(dice, draft, rule, false, depth + 1));
            Cond::NotAll(all)
        }
        _ => Cond::NotAll(inside(dice, true)),
    }
}

/// Whether the condition holds for this recipient and time, as far as those alone decide it.
#[must_use]
pub fn suits(cond: &Cond, recipient: Option<Address>, now: Option<u64>) -> Option<bool> {
    let listed = |list: &ListDraft, member: Address| match list {
        ListDraft::Members(members) => members.contains(&member),
        ListDraft::Registry(registry) => registry.lists(member),
    };
    let each = |all: &[Cond]| all.iter().map(|one| suits(one, recipient, now)).collect::<Vec<_>>();
    let all = |all: &[Cond]| {
        let each = each(all);
        if each.contains(&Some(false)) {
            Some(false)
        } else {
            each.into_iter().collect::<Option<Vec<_>>>().map(|_| true)
        }
    };
    match cond {
        Cond::Listed(Who::Recipient, list) => recipient.map(|one| listed(list, one)),
        Cond::HasCode => {
            recipient.map(|one| world::recipients().iter().position(|known| *known == one).is_some_and(|i| i % 4 == 1))
        }
        Cond::Time(from, to) => now.map(|now| {
            let (from, to, time) = (u64::from(*from), u64::from(*to), now % 86_400);
            if from < to { from <= time && time < to } else { time >= from || time < to }
        }),
        Cond::Days(days) => now.map(|now| days >> ((now / 86_400 + 3) % 7) & 1 == 1),
        Cond::All(inside) => all(inside),
        Cond::NotAll(inside) => all(inside).map(|all| !all),
        Cond::Any(inside) => {
            let each = each(inside);
            if each.contains(&Some(true)) {
                Some(true)
            } else {
                each.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
            }
        }
        _ => None,
    }
}
