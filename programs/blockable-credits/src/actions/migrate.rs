//! A credit of an earlier version moves to this one.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock},
        units::after,
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Moves a credit of an earlier version to this one. Errors: the market is paused, [`BlockableError::VersionCurrent`].
    pub fn migrate(&mut self, clock: &MarketClock) -> Result<Change> {
        clock.require_open()?;
        let from = self.version;
        ensure(from < Credit::VERSION, BlockableError::VersionCurrent)?;
        self.version = Credit::VERSION;
        let has_units = self.collateral.granted > 0;
        if has_units && self.terms.unit_lifetime > 0 {
            self.units_expire_at = after(self.issued_at, self.terms.unit_lifetime)?;
        }
        if self.collateral.frozen > 0 && self.frozen_at_market == 0 {
            // Version 1 kept the chain's time alone, in markets that could not pause.
            self.frozen_at_market = self.meter.frozen_at_chain.min(clock.market);
        }
        Ok(Change::Migrated { from })
    }
}
