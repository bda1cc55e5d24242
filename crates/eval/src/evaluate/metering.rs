//! Limits that meter: what is noted before the execution.

use alloc::vec::Vec;

use super::*;
use crate::balances::{Balance, balance};
use crate::layout::Route;
use crate::limit::Unopened;

impl<S: State> Walk<'_, '_, S> {
    /// Whatever rules allowed may let an asset out, so every limit that meters is looked at.
    pub(super) fn metered(&mut self) -> Result<(), Stop> {
        if !self.ruled {
            return Ok(());
        }
        let program = self.opened()?;
        let malformed = self.malformed();
        let mut limits = Vec::new();
        for index in 0..program.limit_count() {
            let limit = program.limit(index).map_err(|Malformed| malformed)?;
            if !limit.meters() {
                continue;
            }
            let limit = limit.checked().map_err(|Malformed| malformed)?;
            let denied = |reason| Denial::new(reason, self.effects).detail(index);
            let (unwatched, overflow) = (denied(Reason::BalanceUnwatched), denied(Reason::AmountOverflow));
            let unreadable = denied(Reason::BalanceUnreadable).have_address(limit.asset);
            let setting = self.setting(program);
            let opened = match self.meters.open(&setting, index, &limit, Address::ZERO) {
                Ok(meter) => Some(meter.clone()),
                Err(Unopened::Malformed) => return Err(malformed.into()),
                Err(Unopened::Missing(missing)) => return Err(missing.into()),
                Err(Unopened::Overflow) => None,
            };
            if self.account.route == Route::Manager {
                return Err(unwatched.into());
            }
            let meter = opened.ok_or(overflow)?;
            let before = balance(self.request.account, limit.asset, self.state)?.ok_or(unreadable)?;
            limits.push(Balance { limit: index, asset: limit.asset, before, meter });
        }
        if !limits.is_empty() {
            self.metering = Some(Metering { effects: self.effects, limits });
        }
        Ok(())
    }
}
