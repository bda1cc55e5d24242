//! What is decided of the request as a whole, once each effect is.

use alloc::vec::Vec;

use super::*;

impl<S: State> Walk<'_, '_, S> {
    /// What rules asked for besides must be there.
    pub(super) fn met(&mut self) -> Result<(), Stop> {
        if self.is_met || self.asked.obligations.all.is_empty() {
            return Ok(());
        }
        // An ordinary leaf asked, so the program is open.
        let program = self.program.map_err(|Malformed| self.malformed())?;
        if let Some(module) = self.request.origin
            && self.asked.obligations.all.iter().any(|one| one.ask.is_for_material())
        {
            let expiry = program.announcement_expiry();
            let opening = Opening::read(self.state, self.request, module, self.account.epoch, expiry, self.now)?;
            self.opening = Some(opening);
        }
        let name = self.opening.and_then(|opening| opening.request);
        let setting = self.setting(program);
        let effects = Effects { count: self.effects, digest: self.digest };
        meet(&setting, self.account.epoch, name, effects, &mut self.asked.obligations.all)
    }

    /// With a joined delay, the announcement must be mature and not expired.
    pub(super) fn announced(&mut self) -> Result<(), Stop> {
        let Some(delay) = self.delay else {
            return Ok(());
        };
        // An ordinary leaf asked for the delay, so the program is open.
        let program = self.program.map_err(|Malformed| self.malformed())?;
        let request = self.request;
        let id = announcement_id(request.account, self.account.epoch, request.origin, &request.actions);
        let word = self.state.word(announcement_slot(id))?;
        // Above the low 96 bits stands the account.
        let made_at = word & U256::MAX.wrapping_shr(160);
        self.announcement = Some(Announcement { id, delay: delay.seconds, made_at });
        let denied = |reason| Denial::new(reason, delay.effect).rule(delay.rule);
        let seconds = U256::from(delay.seconds);
        let now = U256::from(self.now);
        if made_at.is_zero() {
            return Err(denied(Reason::NotAnnounced).need(seconds).into());
        }
        // 96 bits and 32 bits.
        let expired_at = made_at.saturating_add(U256::from(program.announcement_expiry()));
        if now >= expired_at {
            return Err(denied(Reason::AnnouncementExpired).have(expired_at).need(now).into());
        }
        let matures_at = made_at.saturating_add(seconds);
        if now < matures_at {
            return Err(denied(Reason::NotMatured).have(matures_at).need(now).into());
        }
        Ok(())
    }

    pub(super) fn writes(&self, outcome: Outcome) -> Vec<(U256, U256)> {
        let mut writes: Vec<_> = self.meters.writes().collect();
        if let Some(announcement) = self.announcement {
            writes.push((announcement_slot(announcement.id), U256::ZERO));
        }
        if let Some(opening) = self.opening {
            writes.push((opening.slot, U256::ZERO));
        }
        let account = self.request.account;
        if outcome != Outcome::Nothing {
            writes.push((account_slot(account, 1), U256::ZERO));
            writes.push((account_slot(account, 2), U256::ZERO));
        }
        if outcome == Outcome::Removal {
            let epoch = U256::from(self.account.epoch.saturating_add(1)).wrapping_shl(192);
            writes.push((account_slot(account, 0), epoch));
            writes.push((account_slot(account, 3), U256::ZERO));
            writes.push((account_slot(account, 5), U256::ZERO));
        }
        writes
    }
}
