//! What an effect is charged to.

use alloy_primitives::U256;

use super::bytes::selector_number;
use super::effects::{self, Effect};
use super::limits::{self, Meter, Refused};
use super::program::Limit;
use super::reasons::{AMOUNT_OVERFLOW, LIMIT_EXCEEDED, MALFORMED_PROGRAM, OPAQUE_UNDER_EVERYWHERE};
use super::{Stop, Walk, World, scope};

impl<W: World> Walk<'_, W> {
    pub(super) fn charge(&mut self, effect: &Effect, decision: &scope::Decision) -> Result<(), Stop> {
        let limits = self.program()?.limits.clone();
        let everywhere = |limit: &Limit| limit.everywhere && effect.asset == Some(limit.asset);
        if effect.kind == effects::OPAQUE
            && let Some(first) = limits.iter().position(everywhere)
        {
            let denied = Stop::by(OPAQUE_UNDER_EVERYWHERE, self.effects, decision.rule);
            let first = u8::try_from(first).unwrap_or(u8::MAX);
            return Err(denied.detail(first).have(selector_number(&effect.data)));
        }
        for (index, _) in &decision.limits {
            let limit = self.limit(*index)?;
            if !limit.count && (effect.amount.is_none() || effect.asset != Some(limit.asset)) {
                return Err(self.deny(MALFORMED_PROGRAM));
            }
        }
        for (index, limit) in (0_u8..).zip(&limits) {
            let lister = decision.limits.iter().find(|(listed, _)| *listed == index).map(|(_, rule)| *rule);
            let by_asset = effect.amount.is_some() && everywhere(limit);
            let nothing = !limit.count && effect.amount.is_none_or(|amount| amount.is_zero());
            if lister.is_none() && !by_asset || nothing {
                continue;
            }
            let key = limits::key(limit, effect.recipient, self.case.initiator);
            let key = key.ok_or(self.deny(MALFORMED_PROGRAM))?;
            let (effects, rule) = (self.effects, lister.unwrap_or(decision.rule));
            let meter = self.meter(index, limit, key);
            let adds = meter.adds(effect.amount.unwrap_or_default());
            let denied = |reason, have: U256| Err(Stop::by(reason, effects, rule).detail(index).have(have).need(adds));
            match meter.fits(adds) {
                Ok(()) => {
                    meter.charge(adds);
                    if effect.kind != effects::APPROVE {
                        *self.declared.entry(index).or_default() += adds;
                    }
                }
                Err(Refused::Overflow(pending)) => return denied(AMOUNT_OVERFLOW, pending),
                Err(Refused::Exceeded(remaining)) => return denied(LIMIT_EXCEEDED, remaining),
            }
        }
        Ok(())
    }

    pub(super) fn limit(&mut self, index: u8) -> Result<Limit, Stop> {
        self.program()?.limits.get(usize::from(index)).cloned().ok_or(Stop::Declined)
    }

    /// The limit as this request found it; read when it is first asked for.
    pub(super) fn meter(&mut self, index: u8, limit: &Limit, key: U256) -> &mut Meter {
        let at = self.meters.iter().position(|meter| meter.index == index && meter.key == key);
        let at = at.unwrap_or_else(|| {
            let meter = Meter::open(self.case.account, index, limit, key, |slot| self.stored(slot), self.case.now);
            self.meters.push(meter);
            self.meters.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "found, or just pushed")]
        &mut self.meters[at]
    }
}
