//! What limits an effect is charged to, `docs/program.md` §2.6 and §5.

use alloc::vec::Vec;

use core::cmp::Ordering;

use alloy_primitives::{Address, U256};

use crate::condition::{Act, Setting, Trace};
use crate::decide::Joined;
use crate::effect::EffectKind;
use crate::layout::State;
use crate::limit::{Meter, Refused, Unopened};
use crate::program::{Limit, Malformed};
use crate::reason::Reason;
use crate::verdict::{Charge, Denial, Fault, Stop};

/// The limits that a request has read, by index and by what their scope names. They are few.
#[derive(Debug, Default)]
pub(crate) struct Meters(Vec<((u8, Address), Meter)>);

impl Meters {
    /// The slots and words to commit, in the order in which they are written: the last read first.
    pub(crate) fn writes(&self) -> impl Iterator<Item = (U256, U256)> {
        self.0.iter().rev().filter_map(|(_, meter)| meter.write())
    }

    pub(crate) fn open<S: State>(
        &mut self,
        setting: &Setting<'_, S>,
        index: u8,
        limit: &Limit,
        key: Address,
    ) -> Result<&mut Meter, Unopened> {
        let which = (index, key);
        let known = self.0.iter().position(|(known, _)| *known == which);
        let at = match known {
            Some(at) => at,
            None => {
                let meter = Meter::open(limit, setting.request.account, key, setting.state, setting.now)?;
                self.0.push((which, meter));
                self.0.len().saturating_sub(1)
            }
        };
        // It was just found or pushed.
        self.0.get_mut(at).map(|(_, meter)| meter).ok_or(Unopened::Malformed)
    }

    /// Whether the effect would still fit the limit, and how what it adds stands to what is left. No for a limit
    /// that is not about such an effect.
    pub(crate) fn fits<S: State>(
        &mut self,
        setting: &Setting<'_, S>,
        act: &Act<'_>,
        index: u8,
    ) -> Result<(bool, Option<Ordering>), Fault> {
        let limit = setting.program.limit(index)?.checked()?;
        let effect = act.effect;
        let about = limit.counts() || (effect.amount.is_some() && effect.asset == Some(limit.asset));
        let (true, Some(key)) = (about, key(&limit, setting, act)) else {
            return Ok((false, None));
        };
        if free(&limit, act) {
            return Ok((true, None));
        }
        let meter = match self.open(setting, index, &limit, key) {
            Ok(meter) => meter,
            Err(Unopened::Malformed) => return Err(Fault::Malformed),
            Err(Unopened::Missing(missing)) => return Err(missing.into()),
            Err(Unopened::Overflow) => return Ok((false, None)),
        };
        let adds = adds(&limit, act, Some(meter));
        Ok((meter.with(adds).is_ok(), Some(adds.cmp(&meter.remaining()))))
    }

    /// Charges the effect to the limits that its rules list and to those that meet every outflow of its asset.
    pub(crate) fn charge<S: State>(
        &mut self,
        setting: &Setting<'_, S>,
        act: &Act<'_>,
        joined: &Joined<'_>,
        trace: &mut Trace,
    ) -> Result<(), Stop> {
        let deny = |reason| Denial::new(reason, act.at);
        let malformed = |Malformed| deny(Reason::MalformedProgram);
        let everywhere = match act.effect.asset {
            Some(asset) => setting.program.everywhere(asset).map_err(malformed)?,
            None => 0,
        };
        if act.effect.kind == EffectKind::Opaque && everywhere != 0 {
            let denial = deny(Reason::OpaqueUnderEverywhere).rule(joined.first()).detail(lowest(everywhere));
            return Err(denial.have_selector(act.effect.selector.unwrap_or_default()).into());
        }
        if !joined.sound {
            return Err(malformed(Malformed).into());
        }
        let mut left = joined.limits | everywhere;
        while left != 0 {
            let index = lowest(left);
            left &= left.wrapping_sub(1);
            let limit = setting.program.limit(index).map_err(malformed)?;
            if !free(&limit, act) {
                self.charge_one(setting, act, index, limit, joined.lister(index), trace)?;
            }
        }
        Ok(())
    }

    fn charge_one<S: State>(
        &mut self,
        setting: &Setting<'_, S>,
        act: &Act<'_>,
        index: u8,
        limit: Limit,
        rule: u16,
        trace: &mut Trace,
    ) -> Result<(), Stop> {
        let malformed = Denial::new(Reason::MalformedProgram, act.at);
        let limit = limit.checked().map_err(|Malformed| malformed)?;
        let key = key(&limit, setting, act).ok_or(malformed)?;
        let refuse =
            |reason, have, need| Stop::from(Denial::new(reason, act.at).rule(rule).detail(index).have(have).need(need));
        let meter = self.open(setting, index, &limit, key).map_err(|why| match why {
            Unopened::Malformed => malformed.into(),
            Unopened::Overflow => refuse(Reason::AmountOverflow, U256::ZERO, adds(&limit, act, None)),
            Unopened::Missing(missing) => missing.into(),
        })?;
        let amount = adds(&limit, act, Some(meter));
        let remaining_before = meter.remaining();
        meter.charge(amount).map_err(|refused| match refused {
            Refused::Overflow(pending) => refuse(Reason::AmountOverflow, pending, amount),
            Refused::Exceeded(remaining) => refuse(Reason::LimitExceeded, remaining, amount),
        })?;
        if act.effect.kind != EffectKind::Approve {
            meter.declare(amount);
        }
        if !amount.is_zero() {
            trace.charge(Charge { limit: index, key, effect: act.at, amount, remaining_before });
        }
        Ok(())
    }
}

/// The index of the lowest bit; a mask of limits has 32 bits.
fn lowest(mask: u32) -> u8 {
    u8::try_from(mask.trailing_zeros()).unwrap_or(u8::MAX)
}

/// What the limit's scope names; none where the effect lacks it.
fn key<S>(limit: &Limit, setting: &Setting<'_, S>, act: &Act<'_>) -> Option<Address> {
    match limit.scope() {
        0 => Some(Address::ZERO),
        1 => act.effect.recipient,
        _ => Some(setting.request.initiator),
    }
}

/// Whether charging the effect to the limit charges nothing.
fn free(limit: &Limit, act: &Act<'_>) -> bool {
    !limit.counts() && act.effect.amount.is_none_or(|amount| amount.is_zero())
}

/// What the effect adds to the limit: its amount, or for a count one for the request's first charge.
fn adds(limit: &Limit, act: &Act<'_>, meter: Option<&Meter>) -> U256 {
    if limit.counts() { U256::from(!meter.is_some_and(Meter::charged)) } else { act.effect.amount.unwrap_or_default() }
}
