//! Limits that meter what left the account.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256, keccak256};

use super::control::Route;
use super::limits::Meter;
use super::reasons::{AMOUNT_OVERFLOW, BALANCE_EXCEEDED, BALANCE_UNREADABLE, BALANCE_UNWATCHED};
use super::{Declined, PlainVerdict, Stop, Walk, World};
use crate::case::Case;
use crate::plain::bytes::word;

/// What a limit noted: its index, the asset, how much of it there was, and what the request charged.
pub(super) struct Noted(u8, Address, U256, Meter);

/// The hook's storage behind an execution that leaves what `after` tells, or why that undoes it; of a request that is
/// allowed before.
///
/// # Errors
/// As for [`super::evaluate`].
pub fn executed<W: World>(
    case: &Case,
    hook: Address,
    before: &W,
    after: &W,
) -> Result<Result<BTreeMap<U256, U256>, PlainVerdict>, Declined> {
    let mut walk = Walk::new(case, hook, before);
    let answer = walk.run().map_err(|_| Declined)?;
    let noted = walk.balances().map_err(|_| Declined)?;
    let mut words = case.words.clone();
    words.extend(answer.writes);
    for Noted(index, asset, had, mut meter) in noted {
        let deny = |reason| Stop::at(reason, walk.effects).detail(index);
        let stop = match has(case.account, asset, after) {
            None => deny(BALANCE_UNREADABLE).have(word(asset)),
            Some(has) => {
                let declared = walk.declared.get(&index).copied().unwrap_or_default();
                // Both sides without a difference that could be negative.
                let Some(beyond) = had.checked_sub(has).and_then(|left| left.checked_sub(declared)) else { continue };
                if beyond.is_zero() {
                    continue;
                }
                if meter.fits(beyond).is_ok() {
                    meter.charge(beyond);
                    words.extend(meter.write());
                    continue;
                }
                deny(BALANCE_EXCEEDED).have(meter.remaining()).need(beyond)
            }
        };
        let Stop::Denied(verdict) = stop else { return Err(Declined) };
        return Ok(Err(verdict));
    }
    words.retain(|_, word| !word.is_zero());
    Ok(Ok(words))
}

fn has<W: World>(account: Address, asset: Address, world: &W) -> Option<U256> {
    if asset.is_zero() {
        return Some(world.balance(account));
    }
    let mut question = keccak256("balanceOf(address)").iter().copied().take(4).collect::<Vec<u8>>();
    question.extend(word(account).to_be_bytes::<32>());
    let answer = world.static_call(asset, &question, 100_000)?;
    (answer.len() == 32).then(|| U256::from_be_slice(&answer))
}

impl<W: World> Walk<'_, W> {
    /// What there is of all assets that limits meter, where rules allowed anything at all.
    pub(super) fn balances(&mut self) -> Result<Vec<Noted>, Stop> {
        let mut noted = Vec::new();
        if !self.ruled {
            return Ok(noted);
        }
        let limits = self.program()?.limits.clone();
        for (index, limit) in (0_u8..).zip(&limits).filter(|(_, limit)| limit.meters) {
            let deny = |reason| Stop::at(reason, self.effects).detail(index);
            let denials = [deny(BALANCE_UNWATCHED), deny(AMOUNT_OVERFLOW), deny(BALANCE_UNREADABLE)];
            let [unwatched, overflow, unreadable] = denials;
            if self.account.route == Route::Manager {
                return Err(unwatched);
            }
            let meter = self.meter(index, limit, U256::ZERO).clone();
            if meter.endless {
                return Err(overflow);
            }
            let had = has(self.case.account, limit.asset, self.world).ok_or(unreadable.have(word(limit.asset)))?;
            noted.push(Noted(index, limit.asset, had, meter));
        }
        Ok(noted)
    }
}
