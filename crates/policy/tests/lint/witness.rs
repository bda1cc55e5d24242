//! From witnesses to cases for the mirror.

use alloy_primitives::{Address, Bytes, U256};
use portcullis_eval::{Action, Request};
use portcullis_policy::{Window, Witness};

use super::universe::{Case, Spent, active, spend};

pub(crate) fn case(witness: &Witness) -> Case {
    let action =
        Action { to: witness.to, value: witness.value, data: witness.data.clone(), operation: witness.operation };
    let request = Request {
        account: witness.account,
        origin: witness.origin,
        initiator: witness.initiator,
        actions: vec![action],
        ..Request::default()
    };
    let mut world = active();
    for ((registry, method, member), listed) in &witness.listed {
        let data = [method.as_slice(), member.into_word().as_slice()].concat();
        world.answers.insert((*registry, data.into()), Bytes::from(U256::from(*listed).to_be_bytes_vec()));
    }
    for (asked, words) in &witness.answers {
        let answer: Vec<u8> = words.iter().flat_map(|word| word.to_be_bytes::<32>()).collect();
        world.answers.insert(asked.clone(), answer.into());
    }
    world.code.extend(witness.code.iter().filter(|(_, has)| **has).map(|(address, _)| *address));
    for used in &witness.used {
        let window = match used.window {
            Window::Transaction => panic!("keeps nothing"),
            Window::Day => 1,
            Window::Week => 2,
            Window::Month => 3,
            Window::Rolling(seconds) => seconds,
        };
        let spent = Spent {
            id: &used.limit,
            key: used.key,
            asset: used.asset.unwrap_or(Address::ZERO),
            window,
            scope: used.scope as u8,
            count: used.asset.is_none(),
            used: used.used,
        };
        spend(&mut world, spent, witness.now);
    }
    Case { request, now: witness.now, world }
}
