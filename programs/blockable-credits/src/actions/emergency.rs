//! A market is paused and halted.

use {
    crate::{
        errors::{BlockableError, ensure},
        events::MarketChange,
        state::{Market, MarketClock},
        units::after,
    },
    anchor_lang::prelude::*,
};

impl Market {
    /// Pauses the market for a number of seconds. Errors: [`BlockableError::NotGuardian`], those of [`Market::begin_pause`].
    pub fn pause(&mut self, signer: &Pubkey, seconds: u32, clock: &MarketClock) -> Result<MarketChange> {
        self.require_guardian(signer)?;
        self.begin_pause(clock.chain, seconds)?;
        Ok(MarketChange::Paused { until: self.pause_expires_at })
    }

    /// Ends the pause that began at the Unix time `began_at`: the admin at any time, anyone once it has expired. Errors:
    /// [`BlockableError::NotPaused`], [`BlockableError::PauseReplaced`], [`BlockableError::PauseRunning`].
    pub fn unpause(&mut self, signer: &Pubkey, began_at: i64, clock: &MarketClock) -> Result<MarketChange> {
        ensure(self.paused_at != 0, BlockableError::NotPaused)?;
        ensure(self.paused_at == began_at, BlockableError::PauseReplaced)?;
        let by_admin = *signer == self.admin;
        ensure(by_admin || !clock.is_paused, BlockableError::PauseRunning)?;
        self.end_pause(clock.chain)?;
        Ok(MarketChange::Unpaused { paused_seconds: self.paused_seconds })
    }

    /// Stops new business without an end, also while the market is paused: offers, acceptances, issues, assignments of loans,
    /// and purchases by lenders from their own lots. An end that the admin has set is taken back. Errors:
    /// [`BlockableError::NotGuardian`], [`BlockableError::AlreadyHalted`].
    pub fn halt(&mut self, signer: &Pubkey, clock: &MarketClock) -> Result<MarketChange> {
        self.require_guardian(signer)?;
        let is_endless = self.halted_at != 0 && self.halt_lifts_at == 0;
        ensure(!is_endless, BlockableError::AlreadyHalted)?;
        self.halted_at = clock.market;
        self.halt_lifts_at = 0;
        Ok(MarketChange::Halted { by: *signer, halted_at: clock.market })
    }

    /// Sets an end for the halt that began at the market time `halted_at`: the time at which the market's delay has passed.
    /// Until then the guardian can halt again. Errors: the market is paused, [`BlockableError::NotAdmin`],
    /// [`BlockableError::NotHalted`], [`BlockableError::HaltReplaced`], [`BlockableError::HaltEnds`].
    pub fn lift_halt(
        &mut self,
        signer: &Pubkey,
        halted_at: i64,
        clock: &MarketClock,
    ) -> Result<MarketChange> {
        self.begin_by_admin(signer, clock)?;
        ensure(clock.is_halted, BlockableError::NotHalted)?;
        ensure(self.halted_at == halted_at, BlockableError::HaltReplaced)?;
        ensure(self.halt_lifts_at == 0, BlockableError::HaltEnds)?;
        self.halt_lifts_at = after(clock.market, self.change_delay)?;
        Ok(MarketChange::HaltLifted { ends_at: self.halt_lifts_at })
    }

    fn require_guardian(&self, signer: &Pubkey) -> Result<()> {
        ensure(*signer == self.guardian || *signer == self.admin, BlockableError::NotGuardian)
    }
}
