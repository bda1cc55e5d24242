//! Makes a counterexample small: what can go without ending the disagreement, goes.

use alloy_primitives::{Bytes, U256};

use crate::case::{Case, CaseAction, Entry};
use crate::leaves::multi_send;

/// The smallest case found for which `fails` still holds.
pub fn shrink(case: &Case, fails: impl Fn(&Case) -> bool) -> Case {
    let mut best = case.clone();
    loop {
        let smaller = candidates(&best).into_iter().find(|candidate| *candidate != best && fails(candidate));
        match smaller {
            Some(candidate) => best = candidate,
            None => return best,
        }
    }
}

fn candidates(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    let with = |change: &dyn Fn(&mut Case)| {
        let mut candidate = case.clone();
        change(&mut candidate);
        candidate
    };
    all.push(with(&|c| c.entry = Entry::CheckOnly));
    if case.actions.len() > 1 && matches!(case.entry, Entry::CheckOnly | Entry::PreCheckPlugin) {
        for i in 0..case.actions.len() {
            all.push(with(&|c| drop(c.actions.remove(i))));
        }
    }
    for (i, action) in case.actions.iter().enumerate() {
        for simpler in simpler(action) {
            all.push(with(&|c| {
                if let Some(action) = c.actions.get_mut(i) {
                    action.clone_from(&simpler);
                }
            }));
        }
    }
    for slot in case.words.keys() {
        all.push(with(&|c| c.words.retain(|other, _| other != slot)));
    }
    for program in smaller_programs(&case.program) {
        all.push(with(&|c| c.program.clone_from(&program)));
    }
    all
}

fn simpler(action: &CaseAction) -> Vec<CaseAction> {
    let mut all = Vec::new();
    if !action.value.is_zero() {
        all.push(CaseAction { value: U256::ZERO, ..action.clone() });
        all.push(CaseAction { value: U256::ONE, ..action.clone() });
    }
    if let Some(inner) = (action.operation == 1).then(|| transactions(&action.data)).flatten() {
        if let [only] = inner.as_slice() {
            all.push(only.clone());
        }
        for i in 0..inner.len() {
            let mut fewer = inner.clone();
            let dropped = fewer.remove(i);
            if !fewer.is_empty() {
                all.push(CaseAction { data: multi_send(&fewer), ..action.clone() });
            }
            for simpler in simpler(&dropped) {
                let mut changed = inner.clone();
                if let Some(slot) = changed.get_mut(i) {
                    *slot = simpler;
                }
                all.push(CaseAction { data: multi_send(&changed), ..action.clone() });
            }
        }
    } else if let Some((head, last)) = action.data.split_last_chunk::<32>() {
        for word in [U256::ZERO, U256::ONE] {
            if U256::from_be_bytes(*last) > word {
                let data = [head, &word.to_be_bytes::<32>()].concat();
                all.push(CaseAction { data: data.into(), ..action.clone() });
            }
        }
    }
    all
}

/// The transactions of canonical `multiSend(bytes)` calldata.
pub(crate) fn transactions(data: &Bytes) -> Option<Vec<CaseAction>> {
    let mut rest = data.get(68..)?;
    let mut all = Vec::new();
    while rest.len() >= 85 {
        let (head, tail) = rest.split_at_checked(85)?;
        let length = usize::try_from(U256::from_be_slice(head.get(53..)?)).ok()?;
        let (body, tail) = tail.split_at_checked(length)?;
        all.push(CaseAction {
            to: alloy_primitives::Address::from_slice(head.get(1..21)?),
            value: U256::from_be_slice(head.get(21..53)?),
            data: Bytes::copy_from_slice(body),
            operation: *head.first()?,
        });
        rest = tail;
    }
    (multi_send(&all) == *data).then_some(all)
}

/// Programs with one entry of the index out of use, or with nothing behind some point.
fn smaller_programs(program: &Bytes) -> Vec<Bytes> {
    let mut all = Vec::new();
    for keep in [program.len() / 2, program.len() / 4 * 3, program.len().saturating_sub(20)] {
        all.push(program.slice(..keep));
    }
    let number = |at: usize, n: usize| {
        program.get(at..at + n).map_or(0, |bytes| U256::from_be_slice(bytes).saturating_to::<usize>())
    };
    let directory = 64 + 84 * number(8, 1).min(32);
    let buckets = 1 << number(3, 1).min(15);
    let start = directory + 3 * (buckets + 1);
    let end = number(directory + 3 * buckets, 3).min(program.len());
    for at in (start..end).step_by(32) {
        let mut fewer = program.to_vec();
        if let Some(kind) = fewer.get_mut(at)
            && *kind != 0x0f
        {
            // No effect has this kind.
            *kind = 0x0f;
            all.push(fewer.into());
        }
    }
    all
}
