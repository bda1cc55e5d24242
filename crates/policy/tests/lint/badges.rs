//! What can be asked of tokens that are told apart.

use alloy_primitives::{Address, U256};
use portcullis_eval::Action;

use super::{
    draft::{ACCOUNT, BADGES},
    universe::{address, call, selector, word},
};

fn badge(signature: &str, words: &[U256]) -> Action {
    call(address(BADGES), selector(signature), words)
}

fn approvals_for_all(people: &[Address]) -> impl Iterator<Item = Action> {
    let flags = |to: &Address| [U256::ZERO, U256::ONE].map(|flag| [word(*to), flag]);
    people.iter().flat_map(flags).map(|words| badge("setApprovalForAll(address,bool)", &words))
}

/// Transfers and approvals to these people; `others` are sources, recipients and ids that are not the account's.
pub(crate) fn erc721(people: &[Address], ids: &[U256], others: &[[U256; 3]]) -> Vec<Action> {
    let own = word(address(ACCOUNT));
    let mut all: Vec<Action> = approvals_for_all(people).collect();
    let moved = people.iter().flat_map(|to| ids.iter().map(move |id| [own, word(*to), *id]));
    for words in moved.chain(others.iter().copied()) {
        all.push(badge("transferFrom(address,address,uint256)", &words));
        all.push(badge("safeTransferFrom(address,address,uint256)", &words));
        let with_data = [words.as_slice(), &[U256::from(0x80), U256::ZERO]].concat();
        all.push(badge("safeTransferFrom(address,address,uint256,bytes)", &with_data));
    }
    for to in people.iter().chain([&Address::ZERO]) {
        all.extend(ids.iter().map(|id| badge("approve(address,uint256)", &[word(*to), *id])));
    }
    all
}

/// Transfers of these amounts, alone and in batches of one, and approvals.
pub(crate) fn erc1155(people: &[Address], amounts: &[U256], ids: &[U256], others: &[[U256; 3]]) -> Vec<Action> {
    let own = word(address(ACCOUNT));
    let mut all: Vec<Action> = approvals_for_all(people).collect();
    let moved = people.iter().flat_map(|to| ids.iter().map(move |id| [own, word(*to), *id]));
    for [source, to, id] in moved.chain(others.iter().copied()) {
        for amount in amounts {
            let tail = [U256::from(0xa0), U256::ZERO];
            let words = [[source, to, id, *amount].as_slice(), &tail].concat();
            all.push(badge("safeTransferFrom(address,address,uint256,uint256,bytes)", &words));
            let heads = [source, to, U256::from(0xa0), U256::from(0xe0), U256::from(0x120)];
            let tails = [U256::ONE, id, U256::ONE, *amount, U256::ZERO];
            let words = [heads, tails].concat();
            all.push(badge("safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)", &words));
        }
    }
    all
}
