//! The covenant on utilisation is applied.

use {
    crate::{
        covenant::{call_top_up, outcome, utilisation_bps},
        errors::{BlockableError, ensure},
        events::Change,
        state::{Credit, MarketClock},
        transitions::Action,
        units::{after, elapsed, sub},
    },
    anchor_lang::prelude::*,
};

impl Credit {
    /// Applies the covenant to the window that the latest usage report ends. Errors: the market is paused, the status,
    /// [`BlockableError::CovenantNotAgreed`], [`BlockableError::InArrears`], [`BlockableError::CovenantWindowRunning`].
    pub fn apply_covenant(&mut self, clock: &MarketClock) -> Result<Change> {
        self.begin_by_anyone(Action::ApplyCovenant, clock)?;
        ensure(self.rider.has_covenant(), BlockableError::CovenantNotAgreed)?;
        self.accrue(clock.market)?;
        ensure(self.debt.arrears_since == 0, BlockableError::InArrears)?;
        let rider = self.rider;
        let seconds = elapsed(self.covenant.measured_at, self.meter.reported_at)?;
        ensure(seconds >= u64::from(rider.covenant_window), BlockableError::CovenantWindowRunning)?;
        let used = sub(self.collateral.consumed, self.covenant.consumed)?;
        let utilisation_bps = utilisation_bps(used, rider.planned_units, rider.covenant_window, seconds)?;
        let can_fall_short = !self.was_frozen_in_window() && self.collateral.available() > 0;
        let outcome =
            outcome(&rider, self.covenant.apr_bps, utilisation_bps, self.debt.principal, can_fall_short)?;
        let (top_up, due_at) = self.call_top_up(outcome.top_up, clock)?;
        self.covenant.apr_bps = outcome.apr_bps;
        self.covenant.began_frozen = u8::from(self.collateral.frozen() > 0);
        self.covenant.measured_at = self.meter.reported_at;
        self.covenant.consumed = self.collateral.consumed;
        Ok(Change::CovenantApplied { utilisation_bps, apr_bps: outcome.apr_bps, top_up, due_at })
    }

    /// Returns true when units were frozen at some time in the covenant's window, so that the borrower may have been unable
    /// to use them. A freeze in the second of a reading counts in the window that begins with the reading, because a reading
    /// counts as from before a freeze in its second.
    fn was_frozen_in_window(&self) -> bool {
        self.collateral.frozen() > 0
            || self.covenant.began_frozen == 1
            || self.meter.frozen_at_chain >= self.covenant.measured_at
    }

    /// Moves up to `amount` micro-USDC of principal from the last instalments to the first one that falls due at least the
    /// delinquency grace from now: so nobody can apply the covenant so late that the top-up cannot be paid in time. Returns the
    /// sum moved and its due date in market time, zeros where no later instalment carries principal.
    fn call_top_up(&mut self, amount: u64, clock: &MarketClock) -> Result<(u64, i64)> {
        let earliest = after(clock.market, self.terms.delinquency_grace)?;
        let mut next = usize::from(self.debt.instalments_billed);
        let mut due_at = self.schedule().due_date(next)?;
        while due_at.is_some_and(|due_at| due_at < earliest) {
            next = next.saturating_add(1);
            due_at = self.schedule().due_date(next)?;
        }
        let count = usize::from(self.instalment_count);
        let mut principal_due = self.principal_due;
        let moved = call_top_up(principal_due.get_mut(..count).unwrap_or_default(), next, amount)?;
        self.principal_due = principal_due;
        Ok((moved, if moved > 0 { due_at.unwrap_or_default() } else { 0 }))
    }
}
