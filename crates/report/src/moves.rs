//! What moves, and who may draw: native value by the calls, tokens by their events.
//!
//! An event is a contract's own word. What balances say stands beside it in a report.

use alloy_primitives::{Address, Log, U256, address};
use alloy_sol_types::{SolEvent, sol};

use crate::{Allowance, Call, CallKind, Standard, Transfer, Who};

/// Permit2, at the same address on every chain.
const PERMIT2: Address = address!("000000000022D473030F116dDEE9F6B43aC78BA3");

sol! {
    interface Fungible {
        event Transfer(address indexed from, address indexed to, uint256 value);
        event Approval(address indexed owner, address indexed spender, uint256 value);
    }

    interface Single {
        event Transfer(address indexed from, address indexed to, uint256 indexed id);
        event Approval(address indexed owner, address indexed spender, uint256 indexed id);
    }

    interface Several {
        event TransferSingle(
            address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value
        );
        event TransferBatch(
            address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values
        );
    }

    /// ERC-721 and ERC-1155 alike.
    event ApprovalForAll(address indexed owner, address indexed operator, bool approved);

    interface Permit2 {
        event Approval(
            address indexed owner, address indexed token, address indexed spender, uint160 amount, uint48 expiration
        );
        event Permit(
            address indexed owner, address indexed token, address indexed spender, uint160 amount, uint48 expiration,
            uint48 nonce
        );
        event Lockdown(address indexed owner, address token, address spender);
    }
}

/// Everything that moves: native value first, then tokens, each in the order of the execution.
#[must_use]
pub fn transfers(calls: &[Call], logs: &[Log]) -> Vec<Transfer> {
    let carries = |kind| !matches!(kind, CallKind::StaticCall | CallKind::DelegateCall);
    let moved = calls.iter().filter(|call| !call.undone && carries(call.kind) && !call.value.0.is_zero());
    // A call to oneself moves nothing, and an old-style callcode pays oneself.
    let native = moved.filter_map(|call| {
        let to = call.to.filter(|to| *to != call.from && call.kind != CallKind::CallCode)?;
        let (standard, asset) = (Standard::Native, Who(Address::ZERO));
        Some(Transfer { standard, asset, from: call.from, to, id: None, amount: call.value })
    });
    native.chain(logs.iter().flat_map(tokens)).collect()
}

fn tokens(log: &Log) -> Vec<Transfer> {
    let one = |standard, from: Address, to: Address, id: Option<U256>, amount: U256| Transfer {
        standard,
        asset: log.address.into(),
        from: from.into(),
        to: to.into(),
        id: id.map(Into::into),
        amount: amount.into(),
    };
    if let Ok(event) = Fungible::Transfer::decode_log_validate(log) {
        return vec![one(Standard::Erc20, event.from, event.to, None, event.value)];
    }
    if let Ok(event) = Single::Transfer::decode_log_validate(log) {
        return vec![one(Standard::Erc721, event.from, event.to, Some(event.id), U256::ONE)];
    }
    if let Ok(event) = Several::TransferSingle::decode_log_validate(log) {
        return vec![one(Standard::Erc1155, event.from, event.to, Some(event.id), event.value)];
    }
    let Ok(event) = Several::TransferBatch::decode_log_validate(log) else { return Vec::new() };
    let both = event.ids.iter().zip(&event.values);
    both.map(|(id, value)| one(Standard::Erc1155, event.from, event.to, Some(*id), *value)).collect()
}

/// Every allowance that is given or taken away, in order.
#[must_use]
pub fn allowances(logs: &[Log]) -> Vec<Allowance> {
    logs.iter().filter_map(allowance).collect()
}

fn allowance(log: &Log) -> Option<Allowance> {
    let plain = |standard, owner: Address, spender: Address| Allowance {
        standard,
        asset: log.address.into(),
        owner: owner.into(),
        spender: spender.into(),
        permit2: false,
        id: None,
        amount: None,
        expires: None,
        revoked: false,
    };
    if let Ok(event) = Fungible::Approval::decode_log_validate(log) {
        let (amount, revoked) = (Some(event.value.into()), event.value.is_zero());
        return Some(Allowance { amount, revoked, ..plain(Standard::Erc20, event.owner, event.spender) });
    }
    if let Ok(event) = Single::Approval::decode_log_validate(log) {
        let (id, amount, revoked) = (Some(event.id.into()), Some(U256::ONE.into()), event.spender.is_zero());
        return Some(Allowance { id, amount, revoked, ..plain(Standard::Erc721, event.owner, event.spender) });
    }
    if let Ok(event) = ApprovalForAll::decode_log_validate(log) {
        return Some(Allowance { revoked: !event.approved, ..plain(Standard::Erc721, event.owner, event.operator) });
    }
    if log.address != PERMIT2 {
        return None;
    }
    let drawn = |token: Address, owner, spender, amount: U256, expires| Allowance {
        asset: token.into(),
        permit2: true,
        amount: Some(amount.into()),
        expires,
        revoked: amount.is_zero(),
        ..plain(Standard::Erc20, owner, spender)
    };
    if let Ok(event) = Permit2::Approval::decode_log_validate(log) {
        let expires = Some(event.expiration.to());
        return Some(drawn(event.token, event.owner, event.spender, event.amount.to(), expires));
    }
    if let Ok(event) = Permit2::Permit::decode_log_validate(log) {
        let expires = Some(event.expiration.to());
        return Some(drawn(event.token, event.owner, event.spender, event.amount.to(), expires));
    }
    let event = Permit2::Lockdown::decode_log_validate(log).ok()?;
    Some(drawn(event.token, event.owner, event.spender, U256::ZERO, None))
}
