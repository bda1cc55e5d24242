//! Delegatecalls: batches, which are taken apart, and those that a rule allows.

use super::*;
use crate::batch::{MAX_DEPTH, batcher, transactions};
use crate::layout::Route;
use crate::leaf::delegatecall;
use crate::watch::read;

impl<S: State> Walk<'_, '_, S> {
    pub(super) fn delegatecall(&mut self, action: &Action, depth: u8) -> Result<(), Stop> {
        if !action.value.is_zero() {
            return Err(self.deny(Reason::DelegatecallValue).have(action.value).into());
        }
        let Some(batcher) = batcher(action.to, self.state.code_hash(action.to)?) else {
            return self.delegated(action);
        };
        if depth >= MAX_DEPTH {
            return Err(self.deny(Reason::BatchTooDeep).into());
        }
        let Some(actions) = transactions(batcher, self.request.account, &action.data) else {
            return Err(self.deny(Reason::MalformedBatch).into());
        };
        self.actions(&actions, depth.saturating_add(1), batcher.call_only)
    }

    /// A delegatecall that is no batch, which only rules match that name its target.
    fn delegated(&mut self, action: &Action) -> Result<(), Stop> {
        let program = self.opened()?;
        let effect = delegatecall(action).map_err(|why| self.undecodable(action, &why))?;
        let at = self.effects;
        self.effect(program, &effect, &action.data, Reach::NamedSubject)?;
        if let Some(rule) = self.last_rule {
            self.trusted.get_or_insert((at, rule));
        }
        Ok(())
    }

    /// After a delegatecall that a rule allows, what holds the hook in place must be as before: what can tell.
    pub(super) fn watched(&mut self) -> Result<(), Stop> {
        let Some((effect, rule)) = self.trusted else {
            return Ok(());
        };
        let denied = |reason| Denial::new(reason, effect).rule(rule);
        if self.account.route == Route::Manager {
            return Err(denied(Reason::DelegatecallUnwatched).into());
        }
        if self.calls_itself {
            return Err(denied(Reason::DelegatecallMixed).into());
        }
        match read(self.request.account, self.state)? {
            Ok(words) => self.watched = Some(Watched { effect, rule, words }),
            Err(what) => return Err(denied(Reason::AccountUnreadable).detail(what).into()),
        }
        Ok(())
    }
}
