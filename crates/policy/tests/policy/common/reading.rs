//! What a program says, read by its bytes alone.

use alloy_primitives::{Address, U256};

use super::{
    ACCOUNT, ENABLE_MODULE,
    cases::{Case, compare},
};
use portcullis_policy::Comparison;

/// The rules in scope, in order, found the way an evaluator would: by class and bucket.
pub(crate) fn in_scope(program: &[u8], case: &Case) -> Vec<u16> {
    let bits = usize::from(program[3]);
    let classes = u32::from_be_bytes(program[4..8].try_into().expect("four")) >> (4 * case.kind) & 15;
    let directory = 64 + 84 * usize::from(program[8]);
    let offset = |at: usize| number(&program[directory + 3 * at..directory + 3 * at + 3]);
    let multiplier = U256::from_be_slice(&program[32..64]);
    let lets_in = case.kind == 4 && case.to == ACCOUNT && case.selector == Some(ENABLE_MODULE);
    let mut found = Vec::new();
    for class in 0..4 {
        let (any_subject, any_selector) = (class >= 2, class % 2 == 1);
        if classes >> class & 1 == 0
            || (any_subject && (case.subject == ACCOUNT || case.to == ACCOUNT))
            || (!any_selector && case.selector.is_none())
            || (lets_in && class != 0)
        {
            continue;
        }
        let is_account = !any_subject && case.subject == ACCOUNT;
        let mut key =
            vec![case.kind | u8::from(any_subject) << 7 | u8::from(any_selector) << 6 | u8::from(is_account) << 5];
        key.extend(if any_subject || is_account { Address::ZERO } else { case.subject });
        key.extend(if any_selector { [0; 4] } else { case.selector.expect("has one") });
        let product = U256::from_be_slice(&key).wrapping_mul(multiplier);
        let bucket = if bits == 0 { 0 } else { (product >> (256 - bits)).to::<usize>() };
        for entry in program[offset(bucket)..offset(bucket + 1)].chunks(32).filter(|entry| entry[..25] == key) {
            let rule = u16::from_be_bytes([entry[25], entry[26]]);
            let (at, length) = (number(&entry[27..30]), number(&entry[30..32]));
            let body = &program[at..at + length];
            let asked = 6 + usize::from(body[1]);
            let conditions = match body[0] & 4 {
                0 => &body[asked..],
                _ => &body[asked + 2 + number(&body[asked..asked + 2])..],
            };
            let fits = (body[0] & 2 == 0) == case.origin.is_zero() && (!lets_in || conditions.first() == Some(&3));
            if fits && all(program, conditions, case) {
                found.push(rule);
            }
        }
    }
    found.sort_unstable();
    found
}

/// Whether every condition holds. Groups decide by those within them.
fn all(program: &[u8], conditions: &[u8], case: &Case) -> bool {
    each(program, conditions, case).into_iter().all(|holds| holds)
}

fn each(program: &[u8], conditions: &[u8], case: &Case) -> Vec<bool> {
    let mut rest = conditions;
    let mut found = Vec::new();
    while let [op, tail @ ..] = rest {
        let list = |at: usize, who: Option<Address>| {
            who.is_some_and(|who| contains(program, number(&tail[at..at + 3]), who, case))
        };
        let (length, holds) = match op {
            1 => (3, list(0, Some(case.origin))),
            2 => (3, list(0, Some(case.initiator))),
            3 => (3, list(0, case.recipient)),
            4 | 5 => {
                let (value, length) = sized(tail);
                let holds = case.amount.is_some_and(|amount| if *op == 4 { amount >= value } else { amount <= value });
                (length, holds)
            }
            6 => (0, case.recipient.is_some_and(|recipient| case.has_code(recipient))),
            7 => (3, list(0, Some(case.to))),
            8 => (3, list(0, case.asset)),
            9 => {
                let count = usize::from(tail[0]);
                let holds = tail[1..1 + 4 * count].chunks(4).any(|one| case.selector.is_some_and(|own| own == one));
                (1 + 4 * count, holds)
            }
            10 => (1, tail[0] >> case.kind & 1 == 1),
            11 => {
                let (from, to, now) = (number(&tail[..3]), number(&tail[3..6]), case.now as usize % 86_400);
                (6, if from < to { from <= now && now < to } else { now >= from || now < to })
            }
            12 => (1, tail[0] >> ((case.now / 86_400 + 3) % 7) & 1 == 1),
            13 => {
                let (mask, masked) = if tail[3] == 0 { (U256::MAX, 1) } else { sized(&tail[3..]) };
                let (value, length) = sized(&tail[3 + masked..]);
                let word = case.word_at(u16::from_be_bytes([tail[0], tail[1]])) & mask;
                (3 + masked + length, compare(Comparison::ALL[usize::from(tail[2])], word, value))
            }
            14 => {
                let word = case.word_at(u16::from_be_bytes([tail[0], tail[1]]));
                let who = (word.bit_len() <= 160).then(|| Address::from_word(word.into()));
                (5, list(2, who))
            }
            15 => {
                let (target, index, how) = (Address::from_slice(&tail[..20]), tail[24], tail[25]);
                let (value, length) = sized(&tail[26..]);
                let data = &tail[26 + length + 1..][..usize::from(tail[26 + length])];
                let answer = case.call(target, data, index);
                (26 + length + 1 + data.len(), compare(Comparison::ALL[usize::from(how)], answer, value))
            }
            16 => {
                let at = 64 + 84 * usize::from(tail[0]);
                let (flags, asset) = (program[at + 57], Address::from_slice(&program[at + 64..at + 84]));
                let applies = flags & 2 != 0 || (case.amount.is_some() && case.asset == Some(asset));
                let scoped = flags >> 2 != 1 || case.recipient.is_some();
                (1, applies && scoped && case.fits(tail[0]))
            }
            17 => (3, case.attests(tail[0], u16::from_be_bytes([tail[1], tail[2]]))),
            0x20..=0x22 => {
                let length = number(&tail[..2]);
                let inner = each(program, &tail[2..2 + length], case);
                let holds = match op {
                    0x20 => inner.contains(&true),
                    0x21 => !inner.contains(&false),
                    _ => inner.contains(&false),
                };
                (2 + length, holds)
            }
            op => panic!("op {op}"),
        };
        found.push(holds);
        rest = &tail[length..];
    }
    found
}

/// A number after its length, and how many bytes both take.
fn sized(bytes: &[u8]) -> (U256, usize) {
    let length = usize::from(bytes[0]);
    (U256::from_be_slice(&bytes[1..1 + length]), 1 + length)
}

fn contains(program: &[u8], at: usize, who: Address, case: &Case) -> bool {
    let (count, bits) = (number(&program[at..at + 2]), usize::from(program[at + 2]));
    let counts = at + 3;
    if bits == 255 {
        let selector = program[counts + 20..counts + 24].try_into().expect("four");
        return case.registry(Address::from_slice(&program[counts..counts + 20]), selector, who);
    }
    let (from, to, start) = if bits == 0 {
        (0, count, counts)
    } else {
        let product = U256::from_be_slice(who.as_slice()).wrapping_mul(U256::from_be_slice(&program[32..64]));
        let bucket = (product >> (256 - bits)).to::<usize>();
        let read = |n: usize| number(&program[counts + 2 * n..counts + 2 * n + 2]);
        (read(bucket), read(bucket + 1), counts + 2 * ((1 << bits) + 1))
    };
    (from..to).any(|n| program[start + 20 * n..start + 20 * n + 20] == who)
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
}
