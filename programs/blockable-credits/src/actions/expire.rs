//! Unused units expire.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        metering::{finishing, held_by_jobs},
        state::{Credit, MarketClock},
        transitions::Action,
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Expires unused units past their lifetime; running jobs keep the units they hold. All that is held back is given back
    /// first: it was kept for units that nobody will serve. Errors: the market is paused, the status,
    /// [`BlockableError::NothingToExpire`].
    pub fn expire_units(&mut self, clock: &MarketClock) -> Result<Change> {
        self.begin_by_anyone(Action::Expire, clock)?;
        let lifetime_has_passed = self.require_unexpired(clock.market).is_err();
        ensure(lifetime_has_passed, BlockableError::NothingToExpire)?;
        self.accrue(clock.market)?;
        let (mut collateral, meter) = (self.collateral, self.meter);
        let units = collateral.expire(held_by_jobs(&collateral, &meter), finishing(&collateral, &meter))?;
        ensure(units > 0, BlockableError::NothingToExpire)?;
        self.collateral = collateral;
        let paid = self.holdback_left;
        if paid > 0 {
            self.give_back(paid)?;
            self.end_if_paid()?;
        }
        Ok(Change::Expired { units, paid, debt: self.debt.total() })
    }
}
