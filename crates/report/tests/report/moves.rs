//! What moves and who may draw, out of calls and events as the standards have them.

use alloy_primitives::{Address, B256, Bytes, Log, LogData, U256, address, keccak256};
use alloy_sol_types::SolValue;
use portcullis_report::{Allowance, Standard, Transfer, Who, allowances, transfers};

const TOKEN: Address = address!("A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
const PERMIT2: Address = address!("000000000022D473030F116dDEE9F6B43aC78BA3");

fn who(byte: u8) -> Address {
    Address::repeat_byte(byte)
}

/// An event by its signature, as a contract would emit it.
fn event(by: Address, signature: &str, indexed: &[B256], data: Vec<u8>) -> Log {
    let topics = [&[keccak256(signature)], indexed].concat();
    Log { address: by, data: LogData::new_unchecked(topics, Bytes::from(data)) }
}

fn number(value: u64) -> U256 {
    U256::from(value)
}

fn moved(one: &Transfer) -> (Standard, Address, Address, Option<u64>, u64) {
    (one.standard, one.from.0, one.to.0, one.id.map(|id| id.0.to()), one.amount.0.to())
}

#[test]
fn each_standard_tells_its_transfers() {
    let both = [who(1).into_word(), who(2).into_word()];
    let transfer = "Transfer(address,address,uint256)";
    let logs = [
        event(TOKEN, transfer, &both, number(7).abi_encode()),
        event(TOKEN, transfer, &[both[0], both[1], number(9).into()], Vec::new()),
        event(
            TOKEN,
            "TransferSingle(address,address,address,uint256,uint256)",
            &[both[0], both[0], both[1]],
            (number(3), number(4)).abi_encode_params(),
        ),
        event(
            TOKEN,
            "TransferBatch(address,address,address,uint256[],uint256[])",
            &[both[0], both[0], both[1]],
            (vec![number(1), number(2)], vec![number(5), number(6)]).abi_encode_params(),
        ),
        // Of no standard: too few words, or another event.
        event(TOKEN, transfer, &both, vec![7; 31]),
        event(TOKEN, "Transferred(address,address,uint256)", &both, number(7).abi_encode()),
    ];
    let found: Vec<_> = transfers(&[], &logs).iter().map(moved).collect();
    let (from, to) = (who(1), who(2));
    assert_eq!(
        found,
        [
            (Standard::Erc20, from, to, None, 7),
            (Standard::Erc721, from, to, Some(9), 1),
            (Standard::Erc1155, from, to, Some(3), 4),
            (Standard::Erc1155, from, to, Some(1), 5),
            (Standard::Erc1155, from, to, Some(2), 6),
        ]
    );
}

#[test]
fn each_standard_tells_its_allowances_and_only_permit2_speaks_for_itself() {
    let both = [who(1).into_word(), who(2).into_word()];
    let approval = "Approval(address,address,uint256)";
    let drawn = "Approval(address,address,address,uint160,uint48)";
    let by_token = [both[0], TOKEN.into_word(), both[1]];
    let until = (number(8), number(1_767_225_600)).abi_encode_params();
    let logs = [
        event(TOKEN, approval, &both, number(7).abi_encode()),
        event(TOKEN, approval, &both, number(0).abi_encode()),
        event(TOKEN, "ApprovalForAll(address,address,bool)", &both, true.abi_encode()),
        event(PERMIT2, drawn, &by_token, until.clone()),
        event(who(9), drawn, &by_token, until),
        event(PERMIT2, "Lockdown(address,address,address)", &both[..1], (TOKEN, who(2)).abi_encode_params()),
    ];
    let found = allowances(&logs);
    let shown = |one: &Allowance| {
        (
            one.asset,
            one.owner.0,
            one.spender.0,
            one.permit2,
            one.amount.map(|it| it.0.to::<u64>()),
            one.expires,
            one.revoked,
        )
    };
    let (from, to, token) = (who(1), who(2), Who(TOKEN));
    assert_eq!(
        found.iter().map(shown).collect::<Vec<_>>(),
        [
            (token, from, to, false, Some(7), None, false),
            (token, from, to, false, Some(0), None, true),
            (token, from, to, false, None, None, false),
            (token, from, to, true, Some(8), Some(1_767_225_600), false),
            (token, from, to, true, Some(0), None, true),
        ]
    );
}
