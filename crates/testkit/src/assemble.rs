//! From draft to bytes without the compiler, so that programs occur which it never writes.

use alloy_primitives::{Address, Bytes, U256};

use crate::dice::Dice;
use crate::draft::{Draft, LimitDraft, RuleDraft, Subjects};
use crate::encode::Conditions;

pub(crate) fn be<const N: usize>(value: usize) -> [u8; N] {
    U256::from(value).to_be_bytes::<32>().last_chunk::<N>().copied().unwrap_or([0xff; N])
}

pub(crate) fn bucket(value: U256, multiplier: U256, bits: u8) -> usize {
    if bits == 0 { 0 } else { (value.wrapping_mul(multiplier) >> (256 - usize::from(bits))).saturating_to() }
}

/// Lane seconds and unit exponent of a limit.
fn terms(dice: &mut Dice, limit: &LimitDraft) -> (u32, u8) {
    if limit.window != 4 {
        return (0, 0);
    }
    let mut exponent = 0_u8;
    while limit.cap / U256::from(10).pow(U256::from(exponent)) > U256::from(8_000_000) {
        exponent += 1;
    }
    // Coarser units than needed are well formed, up to the coarsest.
    let coarser = [exponent + 1, exponent + 3, 57, 58];
    (limit.seconds.div_ceil(8), if dice.percent(6) { dice.pick(&coarser) } else { exponent })
}

fn limit_bytes(dice: &mut Dice, index: usize, limit: &LimitDraft) -> Vec<u8> {
    let (lane, exponent) = terms(dice, limit);
    let mut bytes = format!("limit-{index}").into_bytes();
    bytes.resize(32, 0);
    bytes.extend(limit.cap.to_be_bytes::<32>().iter().skip(8));
    let (everywhere, count) = (u8::from(limit.everywhere), u8::from(limit.count));
    bytes.extend([limit.window, everywhere | count << 1 | limit.scope << 2 | u8::from(limit.meters) << 4]);
    bytes.extend(lane.to_be_bytes());
    bytes.extend([exponent, 0]);
    bytes.extend(limit.asset);
    bytes
}

fn keys(rule: &RuleDraft) -> Vec<[u8; 25]> {
    let subjects = match &rule.subjects {
        Subjects::Any => vec![(0x80, Address::ZERO)],
        Subjects::Account => vec![(0x20, Address::ZERO)],
        Subjects::These(these) => these.iter().map(|subject| (0, *subject)).collect(),
    };
    let selectors = match rule.selectors.as_slice() {
        [] => vec![(0x40, [0; 4])],
        some => some.iter().map(|selector| (0, *selector)).collect(),
    };
    let mut keys = Vec::new();
    for (subject_flag, subject) in &subjects {
        for (selector_flag, selector) in &selectors {
            let mut key = [0; 25];
            let bytes = [&[rule.kind | subject_flag | selector_flag], subject.as_slice(), selector].concat();
            key.copy_from_slice(&bytes);
            keys.push(key);
        }
    }
    keys
}

fn classes(all: &[[u8; 25]]) -> u32 {
    all.iter().fold(0, |classes, key| {
        let [kind, ..] = key;
        let class = match (kind & 0x80 != 0, kind & 0x40 != 0) {
            (false, false) => 0,
            (false, true) => 1,
            (true, false) => 2,
            (true, true) => 3,
        };
        classes | 1 << (4 * (kind & 0x0f) + class)
    })
}

/// The bytes, with a directory and lists of arbitrary sizes.
pub fn assemble(dice: &mut Dice, draft: &Draft) -> Bytes {
    let most = [15, 16];
    let bits = if dice.below(500) == 0 { dice.pick(&most) } else { dice.pick(&[0, 1, 2, 3, 4]) };
    let multiplier = dice.word();
    let entry_count: usize = draft.tokens.len() + draft.rules.iter().map(|rule| keys(rule).len()).sum::<usize>();
    let directory_at = 64 + 84 * draft.limits.len();
    let entries_at = directory_at + 3 * ((1 << bits) + 1);
    let bodies_at = entries_at + 32 * entry_count;

    // Lists follow the bodies, so bodies are sized first: each list reference takes 4 bytes.
    let mut bodies = Vec::new();
    for (i, rule) in draft.rules.iter().enumerate() {
        let asking = rule.allow && !rule.asks.is_empty();
        let mut body = vec![u8::from(rule.allow) | u8::from(rule.modules.is_some()) << 1 | u8::from(asking) << 2];
        body.extend(be::<1>(rule.limits.len()));
        body.extend(rule.delay.to_be_bytes());
        body.extend(&rule.limits);
        let mut code = Conditions { body, lists: Vec::new(), multiplier };
        if asking {
            code.asks(dice, &rule.asks);
        }
        code.rule(dice, rule);
        if let Some(set) = rule.states {
            code.body.extend([0x11, set]);
            code.body.extend(be::<2>(draft.hybrid_rules(set, i)));
        }
        let Conditions { body, lists, .. } = code;
        bodies.push((body, lists));
    }
    let table_at = bodies_at + bodies.iter().map(|(body, _)| body.len()).sum::<usize>();
    // The attester table lies behind the bodies, and is filled in as they are.
    let mut table = Conditions { body: Vec::new(), lists: Vec::new(), multiplier };
    for (set, (list, m)) in (0..).zip(&draft.attesters) {
        table.list(dice, list);
        table.body.push(*m);
        table.body.extend(be::<2>(draft.hybrid_rules(set, draft.rules.len())));
    }
    if !draft.attesters.is_empty() {
        bodies.push((table.body, table.lists));
    }
    let mut list_at = bodies_at + bodies.iter().map(|(body, _)| body.len()).sum::<usize>();
    let mut tail = Vec::new();
    let mut placed = Vec::new();
    let mut body_at = bodies_at;
    for (body, lists) in &mut bodies {
        for (position, list) in lists {
            if let Some(field) = body.get_mut(*position..*position + 3) {
                field.copy_from_slice(&be::<3>(list_at));
            }
            list_at += list.len();
            tail.append(list);
        }
        placed.push((be::<3>(body_at), be::<2>(body.len())));
        body_at += body.len();
    }

    let mut entries: Vec<Vec<u8>> = Vec::new();
    let mut all = Vec::new();
    for (token, standard) in &draft.tokens {
        entries.push([&[0], token.as_slice(), &[0; 10], &[*standard]].concat());
    }
    for (i, (rule, (offset, length))) in draft.rules.iter().zip(&placed).enumerate() {
        for key in keys(rule) {
            all.push(key);
            entries.push([key.as_slice(), &be::<2>(i), offset, length].concat());
        }
    }
    let at = |entry: &Vec<u8>| bucket(U256::from_be_slice(entry.get(..25).unwrap_or_default()), multiplier, bits);
    entries.sort_by_key(|entry| (at(entry), entry.clone()));
    let buckets: Vec<usize> = entries.iter().map(at).collect();

    let mut program = vec![0, 1, draft.semantics, bits];
    program.extend(classes(&all).to_be_bytes());
    program.extend(be::<1>(draft.limits.len()));
    program.extend(draft.expiry.to_be_bytes());
    program.extend([0; 6]);
    program.extend(be::<2>(draft.rules.len()));
    program.extend(be::<1>(draft.attesters.len()));
    program.extend(if draft.attesters.is_empty() { [0; 3] } else { be::<3>(table_at) });
    program.extend([0; 7]);
    program.extend(multiplier.to_be_bytes::<32>());
    for (i, limit) in draft.limits.iter().enumerate() {
        program.extend(limit_bytes(dice, i, limit));
    }
    for i in 0..=(1_usize << bits) {
        let before = buckets.partition_point(|bucket| *bucket < i);
        program.extend(be::<3>(entries_at + 32 * before));
    }
    program.extend(entries.into_iter().flatten());
    program.extend(bodies.into_iter().flat_map(|(body, _)| body));
    program.extend(tail);
    program.into()
}
