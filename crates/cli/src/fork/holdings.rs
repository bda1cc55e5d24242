//! What a report asks of the state: what everyone involved held and holds, how tokens call themselves, who is known.

use super::ANYBODY;
use super::ledger::Forked;
use alloy_primitives::{Address, U256};
use alloy_sol_types::{SolCall, SolValue};
use portcullis_bindings::safe::ERC20;
use portcullis_policy::SourceMap;
use portcullis_report::{Allowance, Amount, Asset, BalanceChange, Standard, Standing, Transfer, Untrusted, Who};
use portcullis_simulate::Ran;
use std::collections::{BTreeMap, BTreeSet};

/// What a token may use to answer.
const GAS: u32 = 200_000;
/// More balances and tokens than these are not asked for.
const MOST: usize = 200;

alloy_sol_types::sol! {
    interface Several {
        function balanceOf(address owner, uint256 id) external view returns (uint256);
    }
}

/// The state before the request, and after.
pub(super) struct Both<'a> {
    pub(super) before: &'a Forked<'a>,
    pub(super) after: &'a Forked<'a>,
}

/// None where nobody answers as asked. That a part of the state was not read fails the whole simulation besides.
fn ask<C: SolCall>(ledger: &Forked<'_>, to: Address, call: &C) -> Option<C::Return> {
    let answer = ledger.0.static_call(ANYBODY, to, &call.abi_encode(), GAS).ok()??;
    C::abi_decode_returns_validate(&answer).ok()
}

/// What everyone held and holds of what moves, and how many balances were not asked for.
pub(super) fn balances(both: &Both<'_>, ran: &Ran, transfers: &[Transfer]) -> (Vec<BalanceChange>, u64) {
    let native = ran.changes.iter().filter_map(|(who, change)| {
        let (before, after) = change.balance?;
        let (before, after) = (Some(Amount(before)), Some(Amount(after)));
        Some(BalanceChange { who: Who(*who), asset: Who(Address::ZERO), id: None, before, after })
    });
    let tokens = transfers.iter().filter(|one| matches!(one.standard, Standard::Erc20 | Standard::Erc1155));
    let held: BTreeSet<_> = tokens.flat_map(|one| [one.from, one.to].map(|who| (one.asset, one.id, who))).collect();
    let held: Vec<_> = held.into_iter().filter(|(.., who)| !who.0.is_zero()).collect();
    let read = |ledger: &Forked<'_>, (asset, id, who): (Who, Option<Amount>, Who)| match id {
        None => ask(ledger, asset.0, &ERC20::balanceOfCall { owner: who.0 }),
        Some(id) => ask(ledger, asset.0, &Several::balanceOfCall { owner: who.0, id: id.0 }),
    };
    let of_tokens = held.iter().take(MOST).map(|one| {
        let (asset, id, who) = *one;
        let (before, after) = (read(both.before, *one).map(Amount), read(both.after, *one).map(Amount));
        BalanceChange { who, asset, id, before, after }
    });
    let left_out = u64::try_from(held.len().saturating_sub(MOST)).unwrap_or(u64::MAX);
    (native.chain(of_tokens).collect(), left_out)
}

/// Every token that moves or may be drawn, by the policy's name or else by its own.
pub(super) fn assets(
    before: &Forked<'_>,
    transfers: &[Transfer],
    drawn: &[Allowance],
    names: &SourceMap,
) -> Vec<Asset> {
    let moved = transfers.iter().map(|one| one.asset).chain(drawn.iter().map(|one| one.asset));
    let mut seen: BTreeSet<Address> = moved.map(|who| who.0).collect();
    // Declared ones too, so that a token that borrows one of their names is told apart.
    let own: Vec<_> = seen.iter().copied().filter(|asset| names.asset(*asset).is_none()).take(MOST).collect();
    seen.extend(names.assets.iter().map(|asset| asset.address));
    let declared = seen.iter().filter_map(|asset| names.asset(*asset)).map(|asset| Asset {
        address: Who(asset.address),
        name: Some(Untrusted::new(&asset.name)),
        decimals: Some(asset.decimals),
        declared: true,
    });
    let told = own.into_iter().filter(|asset| !asset.is_zero()).map(|asset| Asset {
        address: Who(asset),
        name: symbol(before, asset),
        decimals: ask(before, asset, &ERC20::decimalsCall {}),
        declared: false,
    });
    declared.chain(told).collect()
}

/// As the token says; old ones answer with 32 bytes.
fn symbol(ledger: &Forked<'_>, asset: Address) -> Option<Untrusted> {
    let answer = ledger.0.static_call(ANYBODY, asset, &ERC20::symbolCall {}.abi_encode(), GAS).ok()??;
    if let Ok(text) = String::abi_decode_validate(&answer) {
        return Some(Untrusted::new(&text));
    }
    let word: [u8; 32] = answer.as_ref().try_into().ok()?;
    let text = word.split(|byte| *byte == 0).next().unwrap_or_default();
    std::str::from_utf8(text).ok().filter(|text| !text.is_empty()).map(Untrusted::new)
}

/// What the chain knows of these accounts before the request.
pub(super) fn standings(before: &Forked<'_>, accounts: BTreeSet<Address>) -> BTreeMap<Address, Standing> {
    let standing = |who: Address| -> Option<Standing> {
        let has_code = !before.0.code(who).ok()?.is_empty();
        let is_used = has_code || before.0.balance(who).ok()? > U256::ZERO || before.0.nonce(who).ok()? > 0;
        Some(Standing { has_code, is_used })
    };
    accounts.into_iter().take(MOST).filter_map(|who| Some((who, standing(who)?))).collect()
}
